//! A repository made with python-tuf's own library is read by our client: top-level and delegated roles, path patterns, hash prefixes,
//! hash bins, terminating roles, three kinds of keys, two rotations of root.

use std::fs;

use rootline_client::store::MemoryStore;
use rootline_client::transport::Folder;
use rootline_client::{Client, Error};
use rootline_metadata::{Role, TargetPath, hex, parse_instant, sha256};
use rootline_tests::peers;

const AT: &str = "2030-05-01T00:00:00Z";

#[test]
fn every_target_of_a_repository_made_by_python_tuf_is_found_and_nothing_else() {
    if !peers::installed() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    peers::repository_by_python(scratch.path(), AT);
    let expected: serde_json::Value =
        serde_json::from_slice(&fs::read(scratch.path().join("expected.json")).unwrap()).unwrap();
    let root = fs::read(scratch.path().join(expected["initial_root"].as_str().unwrap())).unwrap();
    let folder = Folder::new(scratch.path().join("metadata"), scratch.path().join("targets"));
    let mut client = Client::new(root, folder, MemoryStore::new());
    let trusted = client.refresh(parse_instant(AT).unwrap()).unwrap();

    let versions = &expected["versions"];
    assert_eq!(trusted.root().version().number(), versions["root"]);
    assert_eq!(trusted.timestamp().version().number(), versions["timestamp"]);
    assert_eq!(trusted.snapshot().version().number(), versions["snapshot"]);
    assert_eq!(trusted.targets().version().number(), versions["targets"]);

    let targets = expected["targets"].as_object().unwrap();
    assert!(targets.len() > 30, "{} targets", targets.len());
    for (name, digest) in targets {
        let bytes = client.target(&trusted, &TargetPath::new(name).unwrap());
        let bytes = bytes.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(hex::encode(&sha256(&bytes)), digest.as_str().unwrap(), "{name}");
    }
    let absent = expected["not_found"].as_object().unwrap();
    assert!(!absent.is_empty());
    for (name, why) in absent {
        match client.find(&trusted, &TargetPath::new(name).unwrap()) {
            Err(Error::Refused(refusal)) => assert_eq!(refusal.check.section(), "5.7.2", "{name} ({why}): {refusal}"),
            other => panic!("{name} ({why}): {other:?}"),
        }
    }
}
