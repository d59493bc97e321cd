//! `rootline-repo lint`: what it finds in folders, on servers, in bundles and in documents, and how it tells of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::{rootline, rootline_repo};
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::real_data::sigstore_prod;
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};
use serde_json::Value;

/// An instant at which Sigstore's repository, as it is kept for tests, was current.
const SIGSTORE_DAY: &str = "2026-08-22T00:00:00Z";

fn lint(fixture: &RepositoryFixture, arguments: &[&str]) -> Output {
    fixture.at(DAY_0, &[&["lint"], arguments].concat())
}

/// The rules that were broken, each with the file.
fn found(output: &Output) -> BTreeSet<(String, String)> {
    let text = |finding: &Value, member: &str| finding[member].as_str().unwrap().to_owned();
    let findings = output.json();
    let findings = findings["findings"].as_array().unwrap();
    findings.iter().map(|finding| (text(finding, "file"), text(finding, "rule"))).collect()
}

fn breaks(output: &Output, file: &str, rule: &str) -> bool {
    found(output).contains(&(file.to_owned(), rule.to_owned()))
}

/// It found this, and perhaps more.
#[track_caller]
fn shows(output: &Output, text: &str) {
    assert!(output.status == 1 && output.stdout.contains(text), "{output:?}");
}

/// A repository that is published to `public`, and served with this header on everything, absent files too.
fn server(fixture: &RepositoryFixture, cache_control: &'static str, absent: u16) -> ScriptedServer {
    let folder = fixture.path("public");
    ScriptedServer::answering(move |request| {
        let headers = [("Cache-Control", cache_control)];
        match fs::read(folder.join(request.target.trim_start_matches('/'))) {
            Ok(bytes) => Reply::with_headers(200, &headers, bytes),
            Err(_) => Reply::with_headers(absent, &headers, "<html>"),
        }
    })
}

#[test]
fn what_we_publish_has_no_errors_and_the_folder_is_linted_without_a_place() {
    let fixture = RepositoryFixture::after_the_first();
    let folder = lint(&fixture, &["--json"]);
    assert_eq!(folder.status, 0, "{folder:?}");
    assert!(breaks(&folder, "metadata/root.json", "repo-root-json"), "{folder:?}");
    let public = lint(&fixture, &["public", "--json"]);
    assert_eq!(public.status, 0, "{public:?}");
    assert!(breaks(&public, "root.json", "repo-root-json"), "{public:?}");
    assert_eq!(public.json()["counts"]["error"], 0);
    assert_eq!(public.json()["place"], "public");
}

#[test]
fn an_error_is_exit_status_1_and_is_told_with_its_file_rule_and_place() {
    let fixture = RepositoryFixture::after_the_first();
    fs::remove_file(fixture.path("public/1.targets.json")).unwrap();
    let output = lint(&fixture, &["public"]);
    assert_eq!((output.status, &*output.stderr), (1, ""), "{output:?}");
    shows(&output, "1.targets.json\n  error  repo-missing  1.snapshot.json pins it, and it is not there\n");
    let last = output.stdout.lines().last().unwrap();
    assert!(last.starts_with("1 error, "), "{last}");
    assert!(last.ends_with("what a rule means: rootline-repo lint --explain repo-missing"), "{last}");
}

#[test]
fn what_an_open_ceremony_has_frozen_is_linted_with_the_folder() {
    let fixture = RepositoryFixture::frozen();
    let output = lint(&fixture, &["--json"]);
    assert_eq!(output.json()["files"], 2 + fixture.list("targets").len());
    assert_eq!(output.status, 0, "{output:?}");
    fixture.write("ceremonies/first/frozen/1.root.json", br#"{"signed":{"_type":"root"}}"#);
    let output = lint(&fixture, &["--json"]);
    assert!(breaks(&output, "ceremonies/first/frozen/1.root.json", "tuf-unreadable"), "{output:?}");
}

#[test]
fn a_policy_changes_severities_with_a_reason_and_it_is_said() {
    let fixture = RepositoryFixture::after_the_first();
    let policy = fixture.read("rootline.toml");
    let with = |line: &str| fixture.write("rootline.toml", format!("{policy}\n[lint]\n{line}\n"));
    fs::remove_file(fixture.path("public/1.targets.json")).unwrap();
    with(
        "repo-missing = { severity = \"warning\", why = \"we are moving it\" }\nrepo-root-json = { severity = \"off\", why = \"nobody asks for it\" }",
    );
    let output = lint(&fixture, &["public"]);
    assert_eq!(output.status, 0, "{output:?}");
    output.says("  warning  repo-missing");
    output.says("the policy says warning of repo-missing in place of error: we are moving it\n");
    assert!(output.stdout.contains("1 warning, 1 switched off in "), "{output:?}");
    lint(&fixture, &["--explain", "repo-missing"]).says("we are moving it");
    let json = lint(&fixture, &["public", "--json"]).json();
    assert_eq!(json["counts"]["off"], 1);
    assert_eq!(json["policy"][0]["why"], "we are moving it");

    for (line, found) in [
        ("repo-mising = { severity = \"note\", why = \"x\" }", "did you mean repo-missing?"),
        ("repo-chain = { severity = \"note\", why = \"x\" }", "repo-chain cannot be changed"),
        ("repo-missing = { severity = \"note\" }", "missing field `why`"),
    ] {
        with(line);
        let output = lint(&fixture, &["public"]);
        assert!(output.status == 1 && output.stderr.contains(found), "{output:?}");
        assert!(output.stderr.contains("rootline.toml:"), "{output:?}");
    }
}

#[test]
fn a_rule_is_explained_by_its_id_and_a_mistyped_id_leads_to_it() {
    let fixture = RepositoryFixture::empty();
    let output = lint(&fixture, &["--explain", "repo-soft-404"]);
    output.says("repo-soft-404: error\n  the next root is answered with 200 and something else.\n");
    output.says("  Who breaks: All clients refuse the repository.\n");
    lint(&fixture, &["--explain", "repo-chain"]).says("No policy can change its severity.");
    lint(&fixture, &["--explain", "repo-soft404"]).refuses(
        "there is no rule \"repo-soft404\"",
        "",
        "did you mean repo-soft-404?",
    );
    let list = lint(&fixture, &["--list"]);
    list.says("  tuf-keyid ");
    let rules = lint(&fixture, &["--list", "--json"]).json();
    assert_eq!(rules["rules"].as_array().unwrap().len(), list.stdout.lines().count() - 1);
    // They exclude each other and a place.
    assert_eq!(lint(&fixture, &["--list", "public"]).status, 2);
}

#[test]
fn a_server_is_judged_by_what_it_answers() {
    let fixture = RepositoryFixture::after_the_first();
    for (cache_control, absent, rules) in [
        ("no-store", 404, &[][..]),
        ("max-age=86400", 404, &[("2.root.json", "repo-cache"), ("timestamp.json", "repo-cache")]),
        ("no-store", 403, &[("2.root.json", "repo-403")]),
        ("no-store", 200, &[("2.root.json", "repo-soft-404")]),
    ] {
        let served = server(&fixture, cache_control, absent);
        let output = lint(&fixture, &[&served.url(), "--json"]);
        let found = found(&output).into_iter().filter(|(_, rule)| {
            ["repo-cache", "repo-403", "repo-soft-404", "repo-missing", "repo-chain"].contains(&&**rule)
        });
        let expected = rules.iter().map(|(file, rule)| ((*file).to_owned(), (*rule).to_owned()));
        assert!(found.eq(expected), "{cache_control}, {absent}: {output:?}");
        assert_eq!(output.status, i32::from(absent == 200), "{cache_control}, {absent}");
        let asked = served.targets();
        let once: BTreeSet<&String> = asked.iter().collect();
        assert_eq!(asked.len(), once.len(), "{asked:?}");
    }
    // One document by its URL.
    let served = server(&fixture, "no-store", 404);
    let output = lint(&fixture, &[&format!("{}/1.root.json", served.url()), "--json"]);
    assert_eq!((output.status, output.json()["files"].as_u64()), (0, Some(1)), "{output:?}");
}

#[test]
fn a_server_that_is_not_there_or_has_nothing_is_said_to_be_so() {
    let fixture = RepositoryFixture::empty();
    let nothing = ScriptedServer::answering(|_| Reply::status(404, ""));
    lint(&fixture, &[&nothing.url()]).refuses("there is no TUF repository at", "", "name the URL");
    lint(&fixture, &["http://127.0.0.1:1/", "--tries", "1"])
        .reaches_nothing("http://127.0.0.1:1/1.root.json cannot be reached", "check the URL");
}

#[test]
fn a_version_that_was_published_with_other_bytes_is_found_against_what_is_published() {
    let fixture = RepositoryFixture::after_the_first();
    assert_eq!(lint(&fixture, &["--against", "public"]).status, 0);
    let text = fixture.read("public/1.targets.json");
    fixture.write("public/1.targets.json", text + "\n");
    let output = lint(&fixture, &["--against", "public", "--json"]);
    assert!(breaks(&output, "metadata/1.targets.json", "repo-version-reuse"), "{output:?}");
    let output = lint(&fixture, &["public/1.root.json", "--against", "public"]);
    output.refuses("a repository can only be compared with a repository", "", "name the same kind");
}

#[test]
fn single_files_and_bundles_are_linted_and_others_are_refused() {
    let fixture = RepositoryFixture::after_the_first();
    let output = lint(&fixture, &["public/1.root.json", "--json"]);
    assert_eq!((output.status, output.json()["files"].as_u64()), (0, Some(1)));
    let key = lint(&fixture, &["keys/alice.pub", "--json"]);
    assert_eq!((key.status, found(&key)), (0, BTreeSet::new()), "{key:?}");
    fixture.write("keys/cut.pub", &fixture.read("keys/alice.pub")[..60]);
    assert!(breaks(&lint(&fixture, &["keys/cut.pub", "--json"]), "cut.pub", "lg-unreadable"));
    lint(&fixture, &["rootline.toml"]).refuses("rootline.toml is not a document that can be linted", "", "name a");
    lint(&fixture, &["keys"]).refuses("keys has neither a root nor a timestamp", "", "name the folder");
    lint(&fixture, &["nowhere.json"]).refuses("cannot read nowhere.json", "", "check the path");
    let bundle = fixture.path("bundle");
    let create = ["bundle", "create", "--url", "public", "--root", "public/1.root.json", "--at", DAY_0, "--output"];
    let mut command = Command::new(rootline());
    command.args(create).arg(&bundle).current_dir(fixture.folder()).env("ROOTLINE_CACHE", fixture.path("cache"));
    Output::of(&mut command).succeeds();
    let output = lint(&fixture, &["bundle", "--json"]);
    // Neither root.json nor anything else that a bundle leaves out is missing.
    let rules: BTreeSet<String> = found(&output).into_iter().map(|(_, rule)| rule).collect();
    assert!(rules.contains("sc-missing"), "{output:?}");
    assert!(!rules.iter().any(|rule| rule.starts_with("repo-") || rule.starts_with("tuf-")), "{output:?}");
    assert_eq!(output.status, 0);
    assert!(output.json()["files"].as_u64() >= Some(5), "{output:?}");
    fixture.write("odd.tar", "no bundle");
    lint(&fixture, &["odd.tar"]).refuses("odd.tar: ", "", "name a bundle");
}

#[test]
fn sarif_has_what_its_readers_need() {
    let fixture = RepositoryFixture::after_the_first();
    fs::remove_file(fixture.path("public/1.targets.json")).unwrap();
    let output = lint(&fixture, &["public", "--sarif", "-"]);
    let log: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((output.status, log["version"].as_str()), (1, Some("2.1.0")));
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "rootline-repo");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    let missing = results.iter().find(|result| result["ruleId"] == "repo-missing").unwrap();
    assert_eq!(missing["level"], "error");
    assert_eq!(missing["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "1.targets.json");
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
    }
    // Into a file, beside the report.
    let report = lint(&fixture, &["public", "--sarif", "findings.sarif"]);
    shows(&report, "repo-missing");
    assert_eq!(fixture.read("findings.sarif"), output.stdout);
}

fn lint_at(place: &Path, at: &str) -> Output {
    Output::of(Command::new(rootline_repo()).arg("lint").arg(place).args(["--json", "--at", at]))
}

/// Each is true: the comments say why.
#[test]
fn sigstores_own_repository_has_exactly_these_findings() {
    let Some(folder) = sigstore_prod() else { return };
    let output = lint_at(&folder, SIGSTORE_DAY);
    let findings = output.json();
    let text = |finding: &Value| {
        let member = |name: &str| finding[name].as_str().unwrap();
        let file = member("file").split_once('/').map_or(member("file"), |(_, target)| &target[65..]);
        format!("{file} {} {}", member("rule"), member("subject"))
    };
    let found: Vec<String> = findings["findings"].as_array().unwrap().iter().map(text).collect();
    let expected = [
        // tuf-on-ci keeps the keyholder's name in the key object, and older objects have keyid_hash_algorithms.
        "15.root.json tuf-key-extra key 0c87432c3bf09fd99189",
        "15.root.json tuf-key-extra key 183e64f37670dc13ca0d",
        "15.root.json tuf-key-extra key 22f4caec6d8e6f9555af",
        "15.root.json tuf-key-extra key 61643838125b440b40db",
        "15.root.json tuf-key-extra key a687e5bf4fab82b0ee58",
        "15.root.json tuf-key-extra key e71a54d543835ba86ada",
        // Targets hold until 9 May 2036, the snapshot until 15 May.
        "14.targets.json tuf-expiry-order ",
        "14.targets.json tuf-key-extra key 5e3a4021b11a425fd0a4",
        // npm has one key, and its role is called registry.npmjs.org.
        "14.targets.json tuf-no-spare registry.npmjs.org",
        "14.targets.json tuf-role-name registry.npmjs.org",
        // Its window in the trust root ended on 31 October 2022.
        "14.targets.json lg-status target `ctfe.pub`",
        // Version alone is stated of what tuf-on-ci writes; the roles that are gone were written by another tool.
        "165.snapshot.json tuf-missing-length registry.npmjs.org.json",
        "165.snapshot.json tuf-missing-length targets.json",
        "165.snapshot.json tuf-dead-meta rekor.json",
        "165.snapshot.json tuf-dead-meta revocation.json",
        "165.snapshot.json tuf-dead-meta root.json",
        "165.snapshot.json tuf-dead-meta staging.json",
        // npm's keys expire on 13 October 2026, the snapshot in 2036.
        "8.registry.npmjs.org.json tuf-expiry-order ",
        "root.json repo-root-json ",
        "timestamp.json tuf-missing-length snapshot.json",
        // It lists Rekor v1 and v2, both open.
        "signing_config_rekor_v2.v0.2.json sc-version-mix log services",
        // The Rekor v2 shard of 2025 signs with Ed25519.
        "trusted_root.json log-ed25519 transparency log https://log2025-1.rekor.sigstore.dev from 2025-09-23",
        // The certificate of the first CA holds until 2031, its window ended with 2022.
        "trusted_root.json ca-windows-unused certificate authority https://fulcio.sigstore.dev from 2021-03-07",
    ];
    assert_eq!(found, expected);
}

#[test]
fn publish_stops_at_errors_that_are_new_unless_the_policy_has_a_reason() {
    let fixture = RepositoryFixture::after_the_first();
    let policy = fixture.read("rootline.toml");
    let meant =
        format!("{policy}\n[lint]\ntr-unknown-member = {{ severity = \"note\", why = \"our readers skip it\" }}\n");
    fixture.write("rootline.toml", &meant);
    fixture.edit("targets/trusted_root.json", "\"mediaType\"", "\"extra\": true, \"mediaType\"");
    fixture.done(&["ceremony", "new", "second"]);
    fixture.done(&["ceremony", "freeze", "second"]);
    // Those who sign are told, and those who read the record.
    let waived = "tr-unknown-member counted as note: our readers skip it";
    fixture.done(&["ceremony", "review", "second"]).says(waived);
    let fact = r#""waived":[{"rule":"tr-unknown-member","severity":"note","reason":"our readers skip it"}]"#;
    assert!(fixture.read("ceremonies/second/transcript.jsonl").contains(fact));
    // Nothing has changed since, so nothing is noted again; a changed reason is.
    let frozen = || fixture.read("ceremonies/second/transcript.jsonl").matches("\"event\":\"frozen\"").count();
    fixture.done(&["ceremony", "freeze", "second"]);
    assert_eq!(frozen(), 1);
    fixture.write("rootline.toml", meant.replace("our readers", "all readers"));
    fixture.done(&["ceremony", "freeze", "second"]);
    assert_eq!(frozen(), 2);
    ["alice", "bob", "carol"].iter().for_each(|by| fixture.sign("second", by).says("has signed"));
    fixture.done(&["ceremony", "seal", "second"]);
    fixture.done(&["online", "--key", "keys/online.pem"]);
    let verify = fixture.done(&["ceremony", "verify", "second"]);
    verify.says("  waived tr-unknown-member counted as note: all readers skip it");

    fixture.write("rootline.toml", &policy);
    let refused = fixture.at(DAY_0, &["publish"]);
    assert!(refused.status == 1 && refused.stderr.contains("[tr-unknown-member]"), "{refused:?}");
    assert!(refused.stderr.contains("rootline-repo lint --explain tr-unknown-member"), "{refused:?}");
    assert!(!fixture.path("public/2.targets.json").exists());

    fixture.write("rootline.toml", &meant);
    fixture.done(&["publish"]).says("2.targets.json");
    // What is public already stops nothing.
    fixture.write("rootline.toml", &policy);
    fixture.done(&["online", "--key", "keys/online.pem", "--renew"]);
    fixture.done(&["publish"]).says("timestamp.json");
}

#[test]
fn what_files_say_of_each_other_is_recorded_too_where_the_policy_judges_it() {
    let fixture = RepositoryFixture::new();
    let policy = fixture.read("rootline.toml");
    let meant = "\n[lint]\nsc-missing = { severity = \"note\", why = \"nobody signs with us\" }\n";
    fixture.write("rootline.toml", policy + meant);
    fixture.done(&["ceremony", "new", "first"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    let fact = r#""waived":[{"rule":"sc-missing","severity":"note","reason":"nobody signs with us"}]"#;
    assert!(fixture.read("ceremonies/first/transcript.jsonl").contains(fact));
}
