//! Every rule from both sides: what breaks it, and with the least change what does not.

mod fixture;

use std::collections::BTreeSet;

use rootline_metadata::file_name;
use serde_json::{Value, json};

use super::metadata::lint_metadata;
use super::*;
use fixture::{Repository, id, now, object, role};

/// A change of the repository before it is signed, or of its files afterwards.
#[derive(Clone, Copy)]
enum Change {
    Signed(fn(&mut Repository)),
    Files(fn(&mut RepositoryView)),
    /// The repository is compared with one that was published before it.
    Published(fn(&mut RepositoryView)),
}

use Change::{Files, Published, Signed};

/// A rule, a change that breaks it, and one that does not.
type Row = (&'static str, Change, Change);

fn findings(change: Change) -> Vec<FileFinding> {
    let mut repository = Repository::new();
    match change {
        Signed(edit) => {
            edit(&mut repository);
            lint_repository(&repository.view(), now())
        }
        Files(edit) => {
            let mut view = repository.view();
            edit(&mut view);
            lint_repository(&view, now())
        }
        Published(edit) => {
            let mut view = repository.view();
            let published = view.clone();
            edit(&mut view);
            view.lint_against(&published, now())
        }
    }
}

fn ids(found: &[FileFinding]) -> BTreeSet<&'static str> {
    found.iter().map(|found| found.finding.rule.id).collect()
}

/// A server that answered as the files are, with these answers besides.
fn served(view: &mut RepositoryView, answers: &[(&str, u16, Option<&str>)]) {
    let mut answered = RepositoryView::of_server();
    let wanted = |path: &str| Answer {
        status: if path == "root.json" || view.files.contains_key(path) { 200 } else { 404 },
        cache_control: Some("no-store".to_owned()),
        longer_than: None,
    };
    loop {
        let next = answered.wanted();
        if next.is_empty() {
            break;
        }
        for Wanted { path, .. } in next {
            answered.answered(&path, wanted(&path), view.files.get(&path).cloned());
        }
    }
    for (path, status, cache_control) in answers {
        let answer = Answer { status: *status, cache_control: cache_control.map(str::to_owned), longer_than: None };
        let page = (*status == 200 && !answered.files.contains_key(*path)).then(|| b"<html>".to_vec());
        answered.answered(path, answer, page);
    }
    *view = answered;
}

/// The file of that name as JSON, changed.
fn edit_file(view: &mut RepositoryView, name: &str, edit: fn(&mut Value)) {
    let bytes = view.files.get_mut(name).unwrap();
    let mut value = serde_json::from_slice(bytes).unwrap();
    edit(&mut value);
    *bytes = value.to_string().into_bytes();
}

fn padded(view: &mut RepositoryView, name: &str, length: usize) {
    view.files.get_mut(name).unwrap().resize(length, b' ');
}

/// Root 3 to root `last`, each signed by the same keys.
fn more_roots(repository: &mut Repository, last: u64) {
    for version in 3..=last {
        let mut next = repository.roots[1].clone();
        next.0["version"] = version.into();
        repository.roots.push(next);
    }
}

fn custom_of(repository: &mut Repository, path: &str) {
    repository.delegated["targets"][path] = json!({ "length": 0, "hashes": { "sha256": "00".repeat(32) } });
}

const ROWS: &[Row] = &[
    (
        "tuf-unreadable",
        Files(|view| _ = view.files.insert("timestamp.json".to_owned(), b"{".to_vec())),
        Files(|view| edit_file(view, "timestamp.json", |value| value["signed"]["_more"] = json!(1))),
    ),
    (
        "tuf-unsigned",
        Signed(|repository| _ = repository.signers.insert("targets", vec!["alice"])),
        Signed(|repository| _ = repository.signers.insert("targets", vec!["alice", "carol"])),
    ),
    (
        "tuf-expired",
        Signed(|repository| repository.timestamp["expires"] = json!("2030-01-01T00:00:00Z")),
        Signed(|repository| repository.timestamp["expires"] = json!("2030-01-01T00:00:01Z")),
    ),
    (
        "tuf-size",
        Files(|view| padded(view, "timestamp.json", 16_385)),
        Files(|view| padded(view, "timestamp.json", 16_384)),
    ),
    (
        "tuf-threshold-unreachable",
        Signed(|repository| repository.newest_root()["roles"]["snapshot"]["threshold"] = json!(2)),
        Signed(|repository| repository.newest_root()["roles"]["targets"]["threshold"] = json!(3)),
    ),
    (
        "tuf-expiry-order",
        Signed(|repository| repository.delegated["expires"] = json!("2030-01-31T23:59:59Z")),
        Signed(|repository| repository.delegated["expires"] = json!("2030-02-01T00:00:00Z")),
    ),
    (
        "tuf-target-shadowed",
        Signed(|repository| custom_of(repository, "other/file")),
        Signed(|repository| custom_of(repository, "team/file")),
    ),
    (
        "tuf-roots-256",
        Signed(|repository| more_roots(repository, 258)),
        Signed(|repository| more_roots(repository, 257)),
    ),
    (
        "tuf-keyid",
        Signed(|repository| repository.newest_root()["keys"][id("carol")]["scheme"] = json!("other")),
        Signed(|repository| repository.newest_root()["keys"][id("carol")]["scheme"] = json!("ed25519")),
    ),
    (
        "tuf-keytype",
        Signed(|repository| repository.newest_root()["keys"][id("carol")]["keytype"] = json!("ecdsa-sha2-nistp384")),
        Signed(|repository| repository.newest_root()["keys"][id("carol")]["keytype"] = json!("ecdsa-sha2-nistp256")),
    ),
    (
        "tuf-key-extra",
        Signed(|repository| repository.newest_root()["keys"][id("carol")]["x-owner"] = json!("carol")),
        Signed(|repository| repository.newest_root()["keys"]["more"] = object("stranger")),
    ),
    (
        "tuf-missing-length",
        Signed(|repository| {
            repository.pinned =
                |snapshot| _ = snapshot["meta"]["targets.json"].as_object_mut().unwrap().remove("length")
        }),
        Signed(|repository| repository.pinned = |snapshot| snapshot["meta"]["targets.json"]["more"] = json!(1)),
    ),
    (
        "tuf-role-name",
        Signed(|repository| rename_role(repository, "te.am")),
        Signed(|repository| rename_role(repository, "te-am")),
    ),
    (
        "tuf-sig-empty",
        Signed(|repository| repository.signatures = |signatures| add_signature(signatures, &id("carol"), "")),
        Signed(|repository| _ = repository.signers.insert("targets", vec!["alice", "bob", "carol"])),
    ),
    (
        "tuf-sig-foreign",
        Signed(|repository| _ = repository.signers.insert("targets", vec!["alice", "bob", "stranger"])),
        Signed(|repository| _ = repository.signers.insert("targets", vec!["alice", "bob", "carol"])),
    ),
    (
        "tuf-sig-twice",
        Signed(|repository| {
            repository.signatures = |signatures| {
                let sig = signatures[0]["sig"].as_str().unwrap().to_owned();
                add_signature(signatures, &id("carol"), &sig);
            }
        }),
        Signed(|repository| {
            repository.signatures = |signatures| add_signature(signatures, &id("carol"), &"0a".repeat(64))
        }),
    ),
    (
        "tuf-sig-bad",
        Signed(|repository| {
            repository.signatures = |signatures| add_signature(signatures, &id("carol"), &"0a".repeat(64))
        }),
        Signed(|repository| {
            repository.signatures = |signatures| add_signature(signatures, &id("stranger"), &"0a".repeat(64))
        }),
    ),
    (
        "tuf-no-spare",
        Signed(|repository| repository.newest_root()["roles"]["root"] = role(&["alice", "bob"], 2)),
        Signed(|repository| repository.newest_root()["roles"]["root"] = role(&["alice", "bob", "carol"], 2)),
    ),
    (
        "tuf-single",
        Signed(|repository| repository.newest_root()["roles"]["targets"]["threshold"] = json!(1)),
        Signed(|repository| repository.newest_root()["roles"]["targets"]["threshold"] = json!(2)),
    ),
    (
        "tuf-key-shared",
        Signed(|repository| repository.newest_root()["roles"]["timestamp"] = role(&["carol"], 1)),
        Signed(|repository| repository.newest_root()["roles"]["timestamp"] = role(&["stranger"], 1)),
    ),
    (
        "tuf-date",
        Signed(|repository| repository.timestamp["expires"] = json!("2030-01-08T00:00:00.5Z")),
        Signed(|repository| repository.timestamp["expires"] = json!("2030-01-08T00:00:01Z")),
    ),
    (
        "tuf-dead-meta",
        Signed(|repository| {
            repository.pinned = |snapshot| snapshot["meta"]["gone.json"] = snapshot["meta"]["team.json"].clone()
        }),
        Signed(|repository| repository.pinned = |snapshot| snapshot["more"] = snapshot["meta"]["team.json"].clone()),
    ),
    (
        "repo-chain",
        Signed(|repository| repository.roots[1].1 = vec!["alice"]),
        Signed(|repository| repository.roots[1].1 = vec!["alice", "carol"]),
    ),
    (
        "repo-missing",
        Files(|view| _ = view.files.remove("1.team.json")),
        Files(|view| _ = view.files.insert("2.team.json".to_owned(), b"{}".to_vec())),
    ),
    ("repo-plain-target", Files(|view| rename_target(view, "targets/notes.txt")), Files(copy_target)),
    (
        "repo-version-reuse",
        Published(|view| edit_file(view, "1.team.json", |value| value["more"] = json!(1))),
        Published(|view| _ = view.files.insert("2.team.json".to_owned(), b"{}".to_vec())),
    ),
    (
        "repo-soft-404",
        Files(|view| served(view, &[("3.root.json", 200, None)])),
        Files(|view| served(view, &[("3.root.json", 404, None)])),
    ),
    (
        "repo-403",
        Files(|view| served(view, &[("3.root.json", 403, None)])),
        Files(|view| served(view, &[("3.root.json", 404, None)])),
    ),
    (
        "repo-cache",
        Files(|view| served(view, &[("timestamp.json", 200, None)])),
        Files(|view| served(view, &[("timestamp.json", 200, Some("max-age=60"))])),
    ),
    (
        "repo-stray",
        Files(|view| _ = view.files.insert("1.targets.json~".to_owned(), Vec::new())),
        Files(|view| _ = view.files.insert("index.html".to_owned(), Vec::new())),
    ),
    (
        "repo-root-json",
        Files(|view| _ = view.files.remove("root.json")),
        Files(|view| _ = view.files.insert("root.json".to_owned(), view.files["2.root.json"].clone())),
    ),
];

fn rename_role(repository: &mut Repository, name: &'static str) {
    repository.role = name;
    repository.targets["delegations"]["roles"][0]["name"] = json!(name);
}

fn add_signature(signatures: &mut Value, key_id: &str, sig: &str) {
    signatures.as_array_mut().unwrap().push(json!({ "keyid": key_id, "sig": sig }));
}

fn notes(view: &RepositoryView) -> String {
    view.files.keys().find(|name| name.ends_with(".notes.txt")).unwrap().clone()
}

fn rename_target(view: &mut RepositoryView, name: &str) {
    let bytes = view.files.remove(&notes(view)).unwrap();
    view.files.insert(name.to_owned(), bytes);
}

fn copy_target(view: &mut RepositoryView) {
    let bytes = view.files[&notes(view)].clone();
    view.files.insert("targets/notes.txt".to_owned(), bytes);
}

#[test]
fn a_repository_as_it_should_be_breaks_no_rule() {
    assert_eq!(lint_repository(&Repository::new().view(), now()), []);
}

#[test]
fn every_rule_is_found_where_it_is_broken_and_not_where_it_is_not() {
    for (rule, breaks, holds) in ROWS {
        let found = findings(*breaks);
        assert!(ids(&found).contains(rule), "{rule} is broken: {found:#?}");
        let found = findings(*holds);
        assert!(!ids(&found).contains(rule), "{rule} is not broken: {found:#?}");
    }
}

#[test]
fn every_rule_has_a_row() {
    let rows: Vec<&str> = ROWS.iter().map(|(rule, ..)| *rule).collect();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(rows, rules);
}

#[test]
fn a_server_is_asked_for_everything_once_and_for_no_more() {
    let mut view = Repository::new().view();
    let files = view.files.clone();
    served(&mut view, &[]);
    let answers = view.answers.as_ref().unwrap();
    assert_eq!(view.files, files);
    let absent: Vec<&str> = answers.keys().map(String::as_str).filter(|path| !files.contains_key(*path)).collect();
    assert_eq!(absent, ["3.root.json"]);
    assert_eq!(lint_repository(&view, now()), []);
}

#[test]
fn a_chain_whose_beginning_is_gone_is_found_by_root_json() {
    let mut repository = Repository::new();
    more_roots(&mut repository, 5);
    let mut view = repository.view();
    for version in 1..3 {
        view.files.remove(&format!("{version}.root.json"));
    }
    let files = view.files.clone();
    served(&mut view, &[]);
    assert_eq!(view.files, files);
}

#[test]
fn a_server_is_asked_for_a_bounded_number_of_files() {
    let mut repository = Repository::new();
    for number in 0..2 * MAX_CRAWLED_FILES {
        let file = json!({ "length": 1, "hashes": { "sha256": format!("{number:064x}") } });
        repository.targets["targets"][format!("file-{number}")] = file;
    }
    let mut view = repository.view();
    served(&mut view, &[]);
    assert_eq!(view.answers.unwrap().len(), MAX_CRAWLED_FILES);
}

#[test]
fn a_missing_root_and_one_with_two_contents_break_the_chain() {
    let chain = |edit: fn(&mut RepositoryView)| {
        let mut repository = Repository::new();
        more_roots(&mut repository, 4);
        let mut view = repository.view();
        edit(&mut view);
        let found = lint_repository(&view, now()).into_iter().filter(|found| found.finding.rule.id == "repo-chain");
        found.map(|found| format!("{}: {}", found.file, found.finding.detail)).collect::<Vec<_>>()
    };
    assert_eq!(chain(|_| {}), [""; 0]);
    assert_eq!(chain(|view| _ = view.files.remove("2.root.json")), ["2.root.json: it is missing"]);
    assert_eq!(
        chain(|view| _ = (view.files.remove("2.root.json"), view.files.remove("3.root.json"))),
        ["2.root.json: it is missing, and the roots after it up to 3"]
    );
    assert_eq!(
        chain(|view| edit_file(view, "root.json", |value| value["more"] = json!(1))),
        ["root.json: it is root 4 with other bytes than 4.root.json"]
    );
    assert_eq!(
        chain(|view| edit_file(view, "3.root.json", |value| value["signed"]["version"] = json!(7))),
        [
            "3.root.json: it states version 7",
            "3.root.json: its own root keys have given 0 of 2 signatures",
            "3.root.json: the keys of the root before it have given 0 of 2 signatures"
        ]
    );
}

#[test]
fn what_is_pinned_has_the_stated_length_digest_and_version() {
    let missing = |edit: fn(&mut RepositoryView)| {
        let mut view = Repository::new().view();
        edit(&mut view);
        let found = lint_repository(&view, now()).into_iter().filter(|found| found.finding.rule.id == "repo-missing");
        found.map(|found| found.finding.detail).collect::<Vec<_>>()
    };
    let timestamp = missing(|view| _ = view.files.remove(file_name::TIMESTAMP));
    assert_eq!(timestamp, ["it is not there"]);
    let other = missing(|view| edit_file(view, "1.team.json", |value| value["signed"]["version"] = json!(2)));
    assert_eq!(
        other,
        ["its digest is not the one that 1.snapshot.json states", "it states version 2, and 1.snapshot.json pins 1"]
    );
    let longer = missing(|view| view.files.get_mut("1.team.json").unwrap().push(b' '));
    assert!(longer[0].starts_with("it has ") && longer.len() == 1, "{longer:?}");
    let target = missing(|view| {
        let name = notes(view);
        view.files.get_mut(&name).unwrap()[0] = b' ';
    });
    assert_eq!(target, ["its digest is not the one that 1.targets.json states"]);
}

#[test]
fn a_search_ends_with_a_terminating_role_and_begins_with_the_delegating_one() {
    let shadowed = |edit: fn(&mut Repository)| {
        let mut repository = Repository::new();
        custom_of(&mut repository, "team/file");
        edit(&mut repository);
        let found = lint_repository(&repository.view(), now()).into_iter();
        let found = found.filter(|found| found.finding.rule.id == "tuf-target-shadowed");
        found.map(|found| found.finding.detail).collect::<Vec<_>>()
    };
    fn before(repository: &mut Repository, is_terminating: bool) {
        let roles = repository.targets["delegations"]["roles"].as_array_mut().unwrap();
        let mut first = roles[0].clone();
        (first["name"], first["terminating"]) = (json!("first"), json!(is_terminating));
        roles.insert(0, first);
    }
    assert_eq!(shadowed(|_| {}), [""; 0]);
    assert_eq!(shadowed(|repository| before(repository, false)), [""; 0]);
    assert_eq!(shadowed(|repository| before(repository, true)), ["the search ends with the role first before it"]);
    let listed = shadowed(|repository| {
        let file = repository.delegated["targets"]["team/file"].clone();
        repository.targets["targets"]["team/file"] = file;
    });
    assert_eq!(listed, ["targets lists it itself"]);
}

#[test]
fn the_documents_that_a_repository_ships_are_linted_together() {
    let found = |edit: fn(&mut Repository)| {
        let mut repository = Repository::new();
        repository.files.insert("trusted_root.json", crate::SIGSTORE_TRUSTED_ROOT.to_vec());
        edit(&mut repository);
        let found = lint_repository(&repository.view(), now()).into_iter();
        found.map(|found| (found.file, found.finding.rule.id)).collect::<Vec<_>>()
    };
    let has = |found: &[(String, &str)], file: &str, rule: &str| {
        found.iter().any(|(path, id)| path.ends_with(file) && *id == rule)
    };
    let plain = found(|_| {});
    assert!(has(&plain, "1.targets.json", "sc-missing"), "{plain:?}");
    assert!(!has(&plain, ".trusted_root.json", "doc-not-json"), "{plain:?}");
    let broken = found(|repository| _ = repository.files.insert("trusted_root.json", b"[]".to_vec()));
    assert!(has(&broken, ".trusted_root.json", "doc-not-json"), "{broken:?}");
    let config = found(|repository| _ = repository.files.insert("signing_config.v0.2.json", b"{}".to_vec()));
    assert!(has(&config, ".signing_config.v0.2.json", "sc-media-type"), "{config:?}");
    assert!(!has(&config, "1.targets.json", "sc-missing"), "{config:?}");
    let legacy = found(|repository| _ = repository.files.insert("rekor.pub", b"no key".to_vec()));
    assert!(has(&legacy, "1.targets.json", "lg-name"), "{legacy:?}");
}

#[test]
fn a_trust_root_that_trusts_less_than_the_published_one_is_found() {
    let view = |root: &str| {
        let mut repository = Repository::new();
        repository.files.insert("trusted_root.json", root.as_bytes().to_vec());
        repository.view()
    };
    let sigstore = std::str::from_utf8(crate::SIGSTORE_TRUSTED_ROOT).unwrap();
    let (before, same) = (view(sigstore), view(&sigstore.replace('\n', "\n ")));
    let later = sigstore.replace("2021-01-12T11:53:27", "2022-01-12T11:53:27");
    assert_ne!(later, sigstore);
    let shrunk = |after: &RepositoryView| ids(&after.lint_against(&before, now())).contains("tr-shrunk");
    assert!(!shrunk(&same));
    assert!(shrunk(&view(&later)));
}

#[test]
fn what_opens_while_the_published_timestamp_holds_is_found() {
    let sigstore = std::str::from_utf8(crate::SIGSTORE_TRUSTED_ROOT).unwrap();
    let before = Repository::new().view();
    let kept_until = before.kept_until().unwrap();
    assert!(kept_until > now());
    // A log of another key from that instant on.
    let with_log = |start: chrono::DateTime<chrono::Utc>| {
        let mut root: serde_json::Value = serde_json::from_str(sigstore).unwrap();
        let logs = root["tlogs"].as_array_mut().unwrap();
        let mut log = logs[0].clone();
        log["baseUrl"] = json!("https://new.example");
        log["publicKey"] = logs[1]["publicKey"].clone();
        log["logId"]["keyId"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        log["publicKey"]["validFor"] = json!({ "start": rootline_metadata::instant_text(start) });
        logs.push(log);
        root.to_string().into_bytes()
    };
    let found = |start, kept_until| {
        let found = lint_trust_against("x", &with_log(start), (sigstore.as_bytes(), kept_until), now());
        ids(&found).contains("tr-too-early")
    };
    let second = chrono::TimeDelta::seconds(1);
    assert!(found(kept_until - second, Some(kept_until)));
    assert!(!found(kept_until, Some(kept_until)));
    // A timestamp that has expired is kept by nobody, and of a file alone nothing is known.
    assert!(found(now() - second, Some(now() - second * 9)));
    assert!(!found(now(), Some(now() - second * 9)));
    assert!(!found(now() - second, None));
}

#[test]
fn one_metadata_file_is_linted_by_itself() {
    let mut repository = Repository::new();
    repository.newest_root()["roles"]["root"]["threshold"] = json!(1);
    let view = repository.view();
    let root = lint_metadata("2.root.json", &view.files["2.root.json"], now()).unwrap();
    assert_eq!(ids(&root), BTreeSet::from(["tuf-single"]));
    for file in ["timestamp.json", "1.snapshot.json", "1.targets.json", "1.team.json"] {
        assert_eq!(lint_metadata(file, &view.files[file], now()), Some(Vec::new()), "{file}");
    }
    for bytes in ["", "{}", "{\"signed\":{\"_type\":\"mirrors\"}}"] {
        assert_eq!(lint_metadata("x.json", bytes.as_bytes(), now()), None, "{bytes}");
    }
}

#[test]
fn hostile_files_do_not_end_the_lint() {
    let view = Repository::new().view();
    for name in view.files.keys() {
        for bytes in [&b""[..], b"[", b"null", b"{\"signed\":{},\"signatures\":[]}", &[0xff; 9], &[b'['; 100_000]] {
            let mut view = view.clone();
            view.files.insert(name.clone(), bytes.to_vec());
            let found = lint_repository(&view, now());
            assert!(!found.is_empty(), "{name}");
        }
    }
}
