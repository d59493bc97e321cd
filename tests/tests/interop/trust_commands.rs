//! A private instance by command, from its files to a verifier: five clients take the trust root that comes out at the end, before and after
//! everything was rotated.

use chrono::{DateTime, Utc};
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::fixtures::sigstore::Chain;
use rootline_tests::peers;
use rootline_tests::pem::block;

use super::sigstore_eras::{Era, Eras, check_retired_keys, refused_by};

/// When every verifier can have what is planned on day 1, and when what it replaces is closed.
const OPEN: &str = "2030-02-24T03:00:00Z";
const CLOSED: &str = "2030-03-03T05:10:00Z";

/// A year later, when somebody verifies.
const NOW: Option<&str> = Some("2031-01-01T00:00:00Z");

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

/// Writes the keys and certificates of an era to `FOLDER/`. Chains begin with their roots, as files of others do.
fn write(fixture: &RepositoryFixture, folder: &str, era: &Era) {
    std::fs::create_dir(fixture.path(folder)).unwrap();
    let root_first = |chain: &Chain| {
        let certificates = chain.certificates();
        certificates.iter().rev().map(|der| block("CERTIFICATE", der)).collect::<String>()
    };
    fixture.write(&format!("{folder}/fulcio.pem"), root_first(&era.fulcio.chain));
    fixture.write(&format!("{folder}/tsa.pem"), root_first(&era.tsa.chain));
    fixture.write(&format!("{folder}/rekor.pub"), era.rekor.key.public_pem());
    fixture.write(&format!("{folder}/ct.pub"), era.ct_log.key.public_pem());
}

/// The trust root that a verifier takes from what is published.
fn published(fixture: &RepositoryFixture, day: &str) -> String {
    fixture.verify("public", 1, day).unwrap().trusted_root().to_json()
}

#[test]
fn five_clients_take_what_a_private_instance_has_made_published_and_rotated_by_command() {
    if !peers::verifiers_installed() {
        return;
    }
    let eras = Eras::new(at("2029-06-01T00:00:00Z"), at("2029-12-01T00:00:00Z"));
    let Eras { old, new } = &eras;
    let (old_log, new_log) = (old.rekor.url(), new.rekor.url());
    let fixture = RepositoryFixture::new();
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    write(&fixture, "old", old);
    write(&fixture, "new", new);
    let trust = |day: &str, arguments: &str| {
        let arguments: Vec<&str> = ["trust"].into_iter().chain(arguments.split(' ')).collect();
        fixture.done_at(day, &arguments)
    };

    trust(DAY_0, "create");
    trust(DAY_0, "add-ca --url https://fulcio.acme.example --chain old/fulcio.pem --name fulcio");
    trust(DAY_0, "add-tsa --url https://tsa.acme.example/api/v1/timestamp --chain old/tsa.pem --name tsa");
    trust(DAY_0, &format!("add-log --url {old_log} --public-key old/rekor.pub --name rekor"));
    let ct = |era: &str, log: &str| format!("--kind ct --url {log} --public-key {era}/ct.pub");
    trust(DAY_0, &format!("add-log {} --name ct", ct("old", &old.ct_log.url)));
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let signed = (old.services(), at("2030-01-10T00:00:00Z"));
    assert_eq!(refused_by(NOW, &published(&fixture, DAY_0), &[signed]), [[""; 0]]);

    // What succeeds opens once caches have forgotten what was there before.
    fixture.behind_caches();
    trust(DAY_1, "rotate fulcio --chain new/fulcio.pem");
    trust(DAY_1, "rotate tsa --chain new/tsa.pem");
    trust(DAY_1, &format!("rotate rekor --url {new_log} --public-key new/rekor.pub"));
    trust(DAY_1, &format!("rotate ct {}", ct("new", &new.ct_log.url)));
    fixture.without_caches();
    fixture.hold("second", &[], &["alice", "bob", "carol"], DAY_1);
    let root = published(&fixture, DAY_1);
    let signatures = [
        signed,
        // While both are open.
        (old.services(), at("2030-03-01T00:00:00Z")),
        (new.services(), at(OPEN)),
        (new.services(), at("2030-08-01T00:00:00Z")),
    ];
    assert_eq!(refused_by(NOW, &root, &signatures), [[""; 0]; 4]);
    check_retired_keys(NOW, &eras, &root, at(CLOSED));
}
