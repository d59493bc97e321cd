//! Faults of others in names, paths, caches and time, each as a test of ours. `advisories.rs` has the list.

use std::fs;
use std::path::{Path, PathBuf};

use rootline_client::store::{FileStore, Layout, LocalFile, MemoryStore, Store, TargetPlace};
use rootline_client::transport::{Http, HttpBlocking, HttpSettings, TransportError};
use rootline_client::workflow::Check;
use rootline_client::{Client, Error, Instance};
use rootline_tests::adversary::{self, Misbehaving, Misbehaviour};
use rootline_tests::binaries::rootline_repo;
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};
use rootline_tests::simulator::{Delegation, Simulator};
use rootline_tests::verifier::Verifier;

/// Names that lead out of a folder, onto other files, or to devices.
const HOSTILE: [&str; 17] = [
    "../evil",
    "../../evil",
    "a/../../evil",
    "/evil",
    "//evil",
    "..",
    ".",
    ".lock",
    "root.json",
    "..\\..\\evil",
    "C:\\evil",
    "con",
    "a/b",
    "%2e%2e%2fevil",
    "evil\0.json",
    "evil\n",
    "\u{202e}live",
];

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        match entry.file_type().expect("a type").is_dir() {
            true => files.extend(files_below(&entry.path())),
            false => files.push(entry.path()),
        }
    }
    files
}

/// CVE-2021-41131, CVE-2021-41150: a delegated role's name was used as a file name.
#[test]
fn a_delegated_role_s_name_is_never_a_path() {
    let long = "x".repeat(5000);
    let names: Vec<&str> = HOSTILE.into_iter().chain(["Root", "TIMESTAMP", long.as_str()]).collect();
    let mut sim = Simulator::default();
    for (number, name) in names.iter().enumerate() {
        let mut delegation = Delegation::to(name);
        delegation.scope = rootline_tests::simulator::Scope::Paths(vec![format!("target-{number}")]);
        sim.delegate("targets", delegation).add_target(name, &format!("target-{number}"), name.as_bytes());
    }
    sim.publish();

    let temporary = tempfile::tempdir().unwrap();
    let home = temporary.path().join("home/copy");
    let mut verifier = Verifier::with_store(sim.root_bytes(1), FileStore::open(&home).unwrap());
    for (number, name) in names.iter().enumerate() {
        let content = verifier.download(sim.files(), sim.day(1), &format!("target-{number}")).unwrap();
        assert_eq!(content, name.as_bytes());
    }
    // One file each, beside the four and the history, and nowhere else.
    let files = files_below(temporary.path());
    assert!(files.iter().all(|file| file.starts_with(&home)), "{files:?}");
    let top: Vec<_> = files.iter().filter(|file| file.parent() == Some(&home)).collect();
    assert_eq!(top.len(), 4 + names.len() + files.iter().filter(|file| file.ends_with(".lock")).count());
    assert_eq!(fs::read(home.join("root.json")).unwrap(), sim.root_bytes(1));
    assert_eq!(fs::read(home.join("timestamp.json")).unwrap(), sim.files().metadata("timestamp.json").unwrap());
    // They are found again under the same names.
    verifier.download(sim.files(), sim.day(1), "target-0").unwrap();
    assert_eq!(verifier.requests()[..2], ["2.root.json", "timestamp.json"]);
    assert_eq!(verifier.requests().len(), 3, "and the target");
}

/// CVE-2021-41149, CVE-2026-6968, CVE-2026-24137: a target's name left the target folder, by itself or through links.
#[test]
fn a_target_never_leaves_the_target_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let (folder, outside) = (temporary.path().join("targets"), temporary.path().join("outside"));
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("victim"), "untouched").unwrap();
    let hostile = HOSTILE.iter().map(|name| name.to_string());
    let names: Vec<String> = hostile.chain([outside.join("victim").display().to_string()]).collect();
    for name in &names {
        let flat = TargetPlace::new(&folder, name, Layout::Flat).unwrap();
        assert_eq!(flat.path().parent(), Some(&*folder), "{name:?}");
        // In sub-folders, either refused or below the folder.
        if let Ok(nested) = TargetPlace::new(&folder, name, Layout::Nested) {
            let below = nested.path().strip_prefix(&folder).unwrap().to_owned();
            assert!(below.components().all(|part| matches!(part, std::path::Component::Normal(_))), "{name:?}");
        }
    }
    #[cfg(unix)]
    {
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&outside, folder.join("dir")).unwrap();
        std::os::unix::fs::symlink(outside.join("victim"), folder.join("file")).unwrap();
        let through_parent = TargetPlace::new(&folder, "dir/victim", Layout::Nested).unwrap();
        assert!(through_parent.write(b"owned").is_err());
        // The link itself is replaced; what it leads to is not.
        TargetPlace::new(&folder, "file", Layout::Nested).unwrap().write(b"the target").unwrap();
        assert_eq!(fs::read(folder.join("file")).unwrap(), b"the target");
    }
    assert_eq!(fs::read(outside.join("victim")).unwrap(), b"untouched");
}

/// CVE-2026-24686: an instance's name became part of a cache path; and two URLs shared one cache folder.
#[test]
fn an_instance_s_cache_is_one_folder_of_its_own() {
    let is_one_folder = |instance: &Instance| {
        let (folder, url) = (instance.cache_name(), &instance.metadata_url);
        assert_eq!(Path::new(&folder).components().count(), 1, "{url:?}: {folder}");
        assert!(!folder.starts_with('.') && folder.len() <= 255 && folder.is_ascii(), "{url:?}: {folder}");
        assert!(!folder.contains(['/', '\\', ':', '\0']), "{url:?}: {folder}");
        folder
    };
    let urls = ["https://a.example", "https://a.example/b", "https://a.example-b", "http://a.example"];
    let mut seen = std::collections::BTreeMap::new();
    for name in HOSTILE.into_iter().chain(["", "https://a.example", &"x".repeat(5000)]) {
        for url in urls {
            for root in [&b"one root"[..], b"another"] {
                // The name has no part in it, nor has the root: see the decision on caches.
                let folder = is_one_folder(&Instance::at(url, root.to_vec()).with_name(name));
                assert_eq!(seen.entry(folder).or_insert(url), &url, "{name:?}");
            }
        }
        for url in [name.to_owned(), format!("https://a.example/{name}"), format!("https://{name}")] {
            is_one_folder(&Instance::at(&url, Vec::new()));
        }
    }
    assert_eq!(seen.len(), urls.len());
}

/// CVE-2022-29173: rollback was compared with version 0 because the cache was not loaded, and files were stored before their pins were
/// checked. Here in the folder that is shipped, each run with a client of its own.
#[test]
fn the_next_run_knows_what_the_last_one_saw() {
    let mut sim = Simulator::default();
    let before = sim.files().clone();
    sim.publish();
    let home = tempfile::tempdir().unwrap();
    let run = |files: &rootline_tests::simulator::Files| {
        let mut verifier = Verifier::with_store(sim.root_bytes(1), FileStore::open(home.path()).unwrap());
        let refreshed = verifier.refresh(files, sim.day(1));
        (refreshed.err().map(|error| error.refusal().expect("a refusal").check), verifier.holds())
    };
    let held = "root 1, timestamp 2, snapshot 2, targets 2".to_owned();
    assert_eq!(run(sim.files()), (None, held.clone()));
    assert_eq!(run(&before), (Some(Check::TimestampVersion), held.clone()));
    let mut next = sim.clone();
    next.publish();
    let mixed = adversary::mix(next.files(), "3.snapshot.json", "2.snapshot.json");
    assert_eq!(run(&mixed), (Some(Check::SnapshotMetaFile), held.replace("timestamp 2", "timestamp 3")));
    assert_eq!(run(next.files()), (None, held.replace('2', "3")));
}

/// CVE-2025-2888: the timestamp was stored before its snapshot passed, and the client was stuck; also with a timestamp that lacks its
/// entry. What is stored leaves the way open.
#[test]
fn a_timestamp_whose_snapshot_does_not_pass_does_not_stand_in_the_way() {
    let mut sim = Simulator::default();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    // Signed, newer, and it names a snapshot that goes back, or none: not stored.
    sim.issue("snapshot").publish();
    let good = sim.timestamp.snapshot.clone();
    sim.timestamp.snapshot.version = u64::MAX >> 1;
    sim.issue("timestamp").edited(|signed| rootline_tests::simulator::unset(signed, "meta/snapshot.json")).publish();
    assert_eq!(verifier.refused_by(sim.files(), sim.day(1)), Check::Form);
    assert_eq!(verifier.holds(), "root 1, timestamp 1, snapshot 1, targets 1");
    // One whose snapshot is not as it says: stored, and whoever publishes the right snapshot goes on from there.
    sim.timestamp.snapshot = good.clone();
    sim.timestamp.snapshot.length = Some(1);
    sim.issue("timestamp").publish();
    let carelessly = adversary::Careless(sim.files().clone());
    assert_eq!(verifier.refused_by(&carelessly, sim.day(1)), Check::SnapshotMetaFile);
    assert_eq!(verifier.holds(), "root 1, timestamp 3, snapshot 1, targets 1");
    sim.timestamp.snapshot = good;
    sim.issue("timestamp").publish();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), "root 1, timestamp 4, snapshot 2, targets 1");
}

/// CVE-2024-51491: an error while writing a cache made verification impossible. Over memory, a copy that cannot be written still counts,
/// and still forbids.
#[test]
fn a_cache_that_cannot_be_written_does_not_stop_verification() {
    let mut sim = Simulator::default();
    let before = sim.files().clone();
    sim.publish();
    let home = tempfile::tempdir().unwrap();
    let on_disk = FileStore::open(home.path()).unwrap();
    Verifier::with_store(sim.root_bytes(1), on_disk.clone()).refresh(sim.files(), sim.day(1)).unwrap();
    let listed = files_below(home.path());

    sim.publish();
    let mut verifier = Verifier::with_store(sim.root_bytes(1), MemoryStore::over(on_disk));
    assert_eq!(verifier.refused_by(&before, sim.day(1)), Check::TimestampVersion, "what was seen is known");
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "3.snapshot.json", "3.targets.json"]);
    assert_eq!(files_below(home.path()), listed);
    let on_disk = fs::read(home.path().join("timestamp.json")).unwrap();
    assert_ne!(on_disk, sim.files().metadata("timestamp.json").unwrap(), "nothing was written there");
}

/// CVE-2023-47122: a trusted key came from another place than TUF. What lies in the cache is a trust root only as long as the
/// metadata vouches for it.
#[test]
fn a_trust_root_that_the_metadata_does_not_vouch_for_is_never_used() {
    const SHIPPED: &[u8] = br#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
    const PLANTED: &[u8] = br#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "x": 1}"#;
    let mut sim = Simulator::default();
    sim.add_target("targets", "trusted_root.json", SHIPPED);
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    for planted in [PLANTED, &SHIPPED[..SHIPPED.len() - 1], b""] {
        verifier.store().save(&LocalFile::Target("trusted_root.json".to_owned()), planted).unwrap();
        let root = verifier.with_client(sim.files(), |client| client.trust_root(sim.day(1)).unwrap());
        assert_eq!(root.trusted_root().value().get("x"), None);
        assert_eq!(verifier.stored(&LocalFile::Target("trusted_root.json".to_owned())).unwrap(), SHIPPED);
    }
    // Where nothing vouches for it any more, there is none, though the file is there.
    sim.targets.targets.clear();
    sim.publish();
    let error = verifier.with_client(sim.files(), |client| client.trust_root(sim.day(1)).unwrap_err());
    assert_eq!(error.refusal().unwrap().check, Check::TargetKnown);
}

/// CVE-2024-45395, CVE-2023-46737, CVE-2026-48702: unbounded loops and decompression over untrusted input.
#[test]
fn nothing_that_a_mirror_sends_is_unbounded() {
    let sim = Simulator::default();
    // An answer without an end, and one that unpacks to more than it is.
    for (what, reply) in [
        ("endless", Reply::head(200, &[]).send_forever([b' '; 4096])),
        (
            "packed",
            Reply::with_headers(200, &[("Content-Encoding", "gzip")], b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\xcf\x07\0"),
        ),
    ] {
        let server = ScriptedServer::answering(move |_| reply.clone());
        let settings = HttpSettings::default().with_backoff(std::time::Duration::ZERO);
        let transport = HttpBlocking::new(Http::new(&server.url(), &server.url(), settings).unwrap()).unwrap();
        let mut client = Client::new(sim.root_bytes(1), transport, MemoryStore::new());
        let error = client.refresh(sim.day(1)).unwrap_err();
        let bounded =
            matches!(error, Error::Transport(TransportError::TooLong { .. } | TransportError::Encoded { .. }));
        assert!(bounded, "{what}: {error}");
    }
    // A chain of roots, of delegations and of pins has its limits as well: see the tests of the workflow.
    let endless = Misbehaving::new(sim.files(), "1.targets.json", Misbehaviour::Endless);
    assert!(matches!(Verifier::of(&sim).refresh(&endless, sim.day(1)), Err(Error::Transport(_))));
}

/// TUF-CR-22-01..04: private keys were created readable by all. Here with a umask that would let them be.
#[cfg(unix)]
#[test]
fn a_private_key_is_created_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for kind in ["p256", "ed25519"] {
        let key = folder.path().join(format!("{kind}.pem"));
        let generate = "umask 000; exec \"$0\" key generate --plain --kind \"$1\" --out \"$2\"";
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", generate]).arg(rootline_repo()).arg(kind).arg(&key).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// Clock: one run with the clock far ahead made every later run fail.
#[test]
fn one_run_with_the_clock_far_ahead_spoils_nothing() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("a")).add_target("a", "x", b"x");
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    // First of all runs, and between others; each expiry in turn is passed.
    for day in [365_000, 365, 100, 30, 8] {
        verifier.download(sim.files(), sim.day(day), "x").unwrap_err();
        verifier.download(sim.files(), sim.day(1), "x").unwrap();
        let held = verifier.holds();
        verifier.download(sim.files(), sim.day(day), "x").unwrap_err();
        assert_eq!(verifier.holds(), held);
        verifier.download(sim.files(), sim.day(1), "x").unwrap();
        assert_eq!(verifier.requests()[..2], ["2.root.json", "timestamp.json"]);
        assert_eq!(verifier.requests().len(), 3, "nothing was forgotten, so only the target is fetched");
    }
    // Nor does one far behind: what it sees is not expired, and what it keeps is no newer than what is public.
    verifier.download(sim.files(), sim.day(-36_500), "x").unwrap();
    sim.publish();
    verifier.download(sim.files(), sim.day(1), "x").unwrap();
}
