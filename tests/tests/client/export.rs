//! The trust root for other programs: in the places where they look, byte for byte as they would have written it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use rootline_client::bundle::Contents;
use rootline_client::export::{
    ClientUrl, ExportError, PemIndex, client_trust_config, cosign, pem, sigstore_js, sigstore_python, trust_root,
    trusted_root_line, write_all,
};
use rootline_client::store::MemoryStore;
use rootline_client::workflow::TargetQuery;
use rootline_client::{Client, Limits};
use rootline_metadata::json::Value;
use rootline_metadata::parse_instant;
use rootline_metadata::sigstore::{ClientTrustConfig, TrustedRoot};
use rootline_tests::peers::{self, Reading};
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};
use rootline_tests::simulator::{Delegation, Simulator};
use rootline_tests::verifier::target_path;

/// What Sigstore ships, so that other clients can read it.
const TRUSTED_ROOT: &[u8] = rootline_ceremonies::SIGSTORE_TRUSTED_ROOT;
const SIGNING_CONFIG: &[u8] = br#"{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "caUrls": [],
  "oidcUrls": [], "rekorTlogUrls": [], "tsaUrls": [], "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}}"#;
const SIGNING_CONFIG_NAME: &str = "signing_config.v0.2.json";
const DELEGATED: &str = "more/some notes.txt";
const ALL: [&str; 3] = ["trusted_root.json", SIGNING_CONFIG_NAME, DELEGATED];

/// A repository with two roots, whose delegated role lists a target in a folder.
fn repository() -> Simulator {
    let mut sim = Simulator::default();
    sim.never_expire();
    sim.add_target("targets", ALL[0], TRUSTED_ROOT).add_target("targets", ALL[1], SIGNING_CONFIG);
    sim.delegate("targets", Delegation::to("more/notes").paths(["more/*"]));
    sim.add_target("more/notes", DELEGATED, b"notes");
    sim.publish_root().publish();
    sim
}

fn contents(sim: &Simulator, names: &[&str]) -> Contents {
    let wanted: Vec<TargetQuery> = names.iter().map(|name| TargetQuery::required(target_path(name))).collect();
    let (root, store) = (sim.root_bytes(1), MemoryStore::new());
    Client::new(root.clone(), sim.files(), &store).recording_checks().update(sim.day(1), &wanted).unwrap();
    Contents::of_cache(&root, &store, sim.day(1), &wanted, &Limits::default()).unwrap()
}

/// The files of a bundle on a web server.
fn serve(contents: &Contents) -> ScriptedServer {
    let files = contents.files().unwrap().into_iter();
    let files: BTreeMap<String, Vec<u8>> = files.map(|(name, bytes)| (name, bytes.to_vec())).collect();
    ScriptedServer::answering(move |request| {
        let name = request.target.trim_start_matches('/').replace("%20", " ");
        files.get(&name).map_or_else(|| Reply::status(404, "not found"), Reply::ok)
    })
}

/// Every file below a folder; links are what they lead to.
fn all_files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// What a peer keeps after it has read all of it.
fn cache_of(peer: &str, sim: &Simulator, url: &str, folder: &Path, targets: &[&str], at: Option<&str>) {
    let root = folder.join("pinned.json");
    fs::write(&root, sim.root_bytes(1)).unwrap();
    let cache = folder.join("theirs");
    peers::read(peer, &Reading { root: &root, url, at, cache: &cache, targets })
        .unwrap_or_else(|why| panic!("{peer} refuses: {why}"));
}

/// The first day of these repositories; the peers' clocks go no further than 2038.
const AT: Option<&str> = Some("2030-01-02T00:00:00Z");

#[test]
fn sigstore_python_finds_what_python_tuf_would_have_written() {
    if !peers::installed() {
        return;
    }
    let (sim, folder) = (repository(), tempfile::tempdir().unwrap());
    let contents = contents(&sim, &ALL);
    let server = serve(&contents);
    cache_of("python", &sim, &server.url(), folder.path(), &ALL, AT);
    let ours = folder.path().join("ours");
    write_all(&ours, &sigstore_python(&contents, &ClientUrl::new(&server.url()).unwrap()).unwrap()).unwrap();
    let name = server.url().trim_end_matches('/').replace(':', "%3A").replace('/', "%2F");
    for (theirs, place) in [("metadata", ".local/share"), ("targets", ".cache")] {
        let ours = all_files(&ours.join(place).join("sigstore-python/tuf").join(&name));
        assert!(ours == all_files(&folder.path().join("theirs").join(theirs)), "{theirs}");
    }
    // With our files in place of its own it asks for nothing but what may be new.
    let before = server.targets().len();
    fs::remove_dir_all(folder.path().join("theirs")).unwrap();
    fs::create_dir(folder.path().join("theirs")).unwrap();
    for (theirs, place) in [("metadata", ".local/share"), ("targets", ".cache")] {
        let from = ours.join(place).join("sigstore-python/tuf").join(&name);
        fs::rename(from, folder.path().join("theirs").join(theirs)).unwrap();
    }
    cache_of("python", &sim, &server.url(), folder.path(), &ALL, AT);
    assert_eq!(server.targets()[before..], ["/3.root.json", "/timestamp.json"]);
}

#[test]
fn sigstore_js_finds_what_tuf_js_would_have_written() {
    if !peers::installed() {
        return;
    }
    let (sim, folder) = (repository(), tempfile::tempdir().unwrap());
    let contents = contents(&sim, &ALL);
    let server = serve(&contents);
    cache_of("node", &sim, &server.url(), folder.path(), &ALL, AT);
    let ours = folder.path().join("ours");
    write_all(&ours, &sigstore_js(&contents, &ClientUrl::new(&server.url()).unwrap()).unwrap()).unwrap();
    let host = server.url().trim_end_matches('/').replace("http://", "").replace(':', "%3A");
    let ours = all_files(&ours.join(host));
    let mut theirs = BTreeMap::new();
    for (path, bytes) in all_files(&folder.path().join("theirs")) {
        theirs.insert(path.strip_prefix("metadata").unwrap_or(&path).to_owned(), bytes);
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    assert!(ours == theirs);
}

#[test]
fn cosign_finds_what_it_would_have_written_and_asks_for_nothing_but_what_may_be_new() {
    if !peers::installed() {
        return;
    }
    let (sim, folder) = (repository(), tempfile::tempdir().unwrap());
    let contents = contents(&sim, &ALL[..2]);
    let server = serve(&contents);
    let url = server.url();
    let url = url.trim_end_matches('/');
    cache_of("cosign", &sim, url, folder.path(), &ALL[..2], None);
    let ours = folder.path().join("ours");
    write_all(&ours, &cosign(&contents, &ClientUrl::new(url).unwrap()).unwrap()).unwrap();
    let (written, theirs) = (all_files(&ours), all_files(&folder.path().join("theirs")));
    assert_eq!(written.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (path, bytes) in &written {
        let json = |bytes: &[u8]| Value::parse(bytes, 1 << 20).unwrap();
        match json(bytes).get("lastTimestamp") {
            Some(instant) => assert_eq!(instant.as_text(), AT),
            None => assert_eq!(json(bytes), json(&theirs[path]), "{}", path.display()),
        }
    }
    let before = server.targets().len();
    let out = folder.path().join("out.json");
    let mut command = Command::new(peers::cosign());
    command.args(["trusted-root", "create", "--with-default-services", "--out"]).arg(&out).env("TUF_ROOT", &ours);
    let created = command.output().unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    assert_eq!(server.targets()[before..], ["/3.root.json", "/timestamp.json"]);
    let created = TrustedRoot::parse(&fs::read(out).unwrap(), 1 << 20).unwrap();
    assert_eq!(created.certificate_authorities(), parsed(TRUSTED_ROOT).certificate_authorities());
}

#[test]
fn a_newer_cache_of_another_client_is_not_taken_back_and_what_else_it_keeps_is_left_alone() {
    let mut sim = repository();
    let url = ClientUrl::new("https://tuf.example/prod").unwrap();
    let older = cosign(&contents(&sim, &ALL), &url).unwrap();
    sim.publish();
    let newer = cosign(&contents(&sim, &ALL), &url).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("tuf.other/root.json");
    fs::create_dir_all(foreign.parent().unwrap()).unwrap();
    fs::write(&foreign, "theirs").unwrap();
    write_all(folder.path(), &older).unwrap();
    write_all(folder.path(), &newer).unwrap();
    let before = all_files(folder.path());
    let refused = write_all(folder.path(), &older).unwrap_err();
    assert!(matches!(refused, ExportError::Newer { present, offered, .. } if present > offered), "{refused}");
    assert_eq!(all_files(folder.path()), before);
    assert_eq!(fs::read(&foreign).unwrap(), b"theirs");
    // The same again is fine, and what cannot be read is replaced.
    let timestamp = folder.path().join("tuf.example-prod/timestamp.json");
    for damaged in ["", "{}", "[1", r#"{"signed": {"version": "9"}}"#] {
        fs::write(&timestamp, damaged).unwrap();
        write_all(folder.path(), &newer).unwrap();
        assert_eq!(all_files(folder.path()), before, "{damaged}");
    }
}

#[test]
fn documents_say_what_the_repository_says() {
    let sim = repository();
    let whole = trust_root(&contents(&sim, &ALL)).unwrap();
    let line = trusted_root_line(&whole);
    assert!(line.ends_with('\n') && line.lines().count() == 1);
    assert_eq!(parsed(line.as_bytes()), parsed(TRUSTED_ROOT));
    let config = client_trust_config(&whole).unwrap();
    let config = ClientTrustConfig::parse(config.as_bytes(), 1 << 20).unwrap();
    assert_eq!(config.trusted_root(), &parsed(TRUSTED_ROOT));
    assert_eq!(Some(config.signing_config()), whole.signing_config());
    let without = trust_root(&contents(&sim, &ALL[..1])).unwrap();
    assert!(matches!(client_trust_config(&without), Err(ExportError::NoSigningConfig)));
    assert!(matches!(trust_root(&contents(&sim, &ALL[1..])), Err(ExportError::NoTrustedRoot)));
}

fn parsed(bytes: &[u8]) -> TrustedRoot {
    TrustedRoot::parse(bytes, 1 << 20).unwrap()
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    Some(parse_instant(text).unwrap())
}

#[test]
fn pem_files_are_those_of_the_time_and_others_can_read_them() {
    let root = parsed(TRUSTED_ROOT);
    let names = |at| {
        let files = pem(&root, at);
        files.into_iter().map(|file| file.path.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let entries = root.certificate_authorities().len()
        + root.transparency_logs().len()
        + root.certificate_transparency_logs().len()
        + root.timestamp_authorities().len();
    assert_eq!(names(None).len(), entries + 1);
    assert_eq!(names(at("2000-01-01T00:00:00Z")), ["index.json"]);
    // One step either side of the end of an authority's window.
    let ended = root.certificate_authorities().iter().find_map(|authority| authority.valid_for().end()).unwrap();
    let within = names(Some(ended));
    let after = names(Some(ended + chrono::TimeDelta::seconds(1)));
    assert!(within.contains(&"certificate-authority-01.pem".to_owned()), "{within:?}");
    assert!(!after.contains(&"certificate-authority-01.pem".to_owned()), "{after:?}");

    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path(), &pem(&root, None)).unwrap();
    for (path, _) in all_files(folder.path()) {
        let name = path.to_str().unwrap();
        let arguments: &[&str] = match name {
            "index.json" => continue,
            _ if name.contains("-log-") => &["pkey", "-pubin", "-noout"],
            _ => &["x509", "-noout"],
        };
        let read = Command::new("openssl").args(arguments).arg("-in").arg(folder.path().join(&path)).output().unwrap();
        assert!(read.status.success(), "{name}: {}", String::from_utf8_lossy(&read.stderr));
    }
    let authority = root.certificate_authorities().last().unwrap();
    let text = authority.chain_pem();
    assert_eq!(text.matches("-----BEGIN CERTIFICATE-----\n").count(), authority.chain().len());
}

#[test]
fn what_is_no_longer_trusted_does_not_stay_in_the_folder_and_strangers_do() {
    let root = parsed(TRUSTED_ROOT);
    let folder = tempfile::tempdir().unwrap();
    let export = |at| {
        let before = PemIndex::read(folder.path())?;
        let files = pem(&root, at);
        write_all(folder.path(), &files)?;
        before.remove_all_but(&files)
    };
    export(None).unwrap();
    fs::write(folder.path().join("mine.pem"), "mine").unwrap();
    export(at("2000-01-01T00:00:00Z")).unwrap();
    let left =
        || all_files(folder.path()).into_keys().map(|path| path.to_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(left(), ["index.json", "mine.pem"]);
    // Nothing outside of the folder is removed, whatever the index says.
    let outside = tempfile::NamedTempFile::with_suffix(".pem").unwrap();
    let index = format!(r#"{{"files": [{{"file": "{}"}}, {{"file": "..\\x.pem"}}]}}"#, outside.path().display());
    fs::write(folder.path().join("index.json"), index.replace('\\', "\\\\")).unwrap();
    export(None).unwrap();
    assert!(outside.path().exists());
    // A folder that was not exported before is somebody's.
    for index in [None, Some("{}"), Some("nonsense"), Some(r#"{"files": [1]}"#)] {
        match index {
            None => fs::remove_file(folder.path().join("index.json")).unwrap(),
            Some(text) => fs::write(folder.path().join("index.json"), text).unwrap(),
        }
        assert!(matches!(PemIndex::read(folder.path()), Err(ExportError::Foreign { .. })), "{index:?}");
    }
}
