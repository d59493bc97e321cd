//! Every command of `rootline-repo` that writes, killed before its steps on the disk: nothing is lost, nothing is half there, and the same
//! command goes on where it was. A long run kills before each step, any other before every fourth and the last.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rootline_ceremonies::Transcript;
use rootline_ceremonies::publication::PlaceRecord;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, FIVE, RepositoryFixture, verify_after};
use rootline_tests::fixtures::vendor::Vendor;
use rootline_tests::interrupted::{Step, Strace};
use rootline_tests::long;

/// A command in a prepared repository.
struct Case<'a> {
    fixture: &'a RepositoryFixture,
    at: &'a str,
    command: &'a [&'a str],
    /// What the command says when an earlier run of it was ended after all was done.
    done_already: Option<&'a str>,
    /// What has to be in a file, by its name and bytes, as it is without an interruption; none if nothing has to.
    compared: fn(&str, &[u8]) -> Option<Vec<u8>>,
    /// Whether verifiers are served at every moment.
    is_gapless: bool,
}

type Files = BTreeMap<String, Vec<u8>>;

fn files(fixture: &RepositoryFixture) -> Files {
    let is_kept = |name: &String| !name.starts_with("keys/") && name != ".rootline-lock";
    let names = fixture.list("").into_iter().filter(is_kept);
    names.map(|name| (name.clone(), fs::read(fixture.path(&name)).unwrap())).collect()
}

fn is_unfinished(name: &str) -> bool {
    name.rsplit('/').next().unwrap().starts_with(".unfinished-")
}

/// Kills the command before its steps and returns how many it has; `None` where there is no strace.
fn interrupt(case: &Case<'_>) -> Option<usize> {
    let strace = Strace::new()?;
    let uninterrupted = case.fixture.copy();
    let arguments = [case.command, &["--at", case.at]].concat();
    let record = tempfile::tempdir().unwrap();
    let steps = strace.steps(&uninterrupted.command(&arguments), &record.path().join("steps"));
    let (before, after) = (files(case.fixture), files(&uninterrupted));
    assert_ne!(before, after);
    let number_of_steps = steps.len();
    let steps = long::sample(&case.command.join(" "), steps);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(step) = steps.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fixture = case.fixture.copy();
                    let record = record.path().join(format!("{}-{}", step.call, step.number));
                    strace.kill_before(step, &fixture.command(&arguments), &record);
                    look_around(case, &fixture, step, (&before, &after));
                    if step.number % 2 == 0 {
                        go_on_later(case, &fixture.copy(), step);
                    }
                    go_on(case, &fixture, step, &after);
                }
            });
        }
    });
    Some(number_of_steps)
}

/// What is there after the command was killed.
fn look_around(case: &Case<'_>, fixture: &RepositoryFixture, step: &Step, (before, after): (&Files, &Files)) {
    let context = || format!("{:?} killed before {step:?}", case.command);
    let there = files(fixture);
    for (name, bytes) in there.iter().filter(|(name, _)| !is_unfinished(name)) {
        // A transcript grows line by line.
        let grows =
            |end: &Vec<u8>| name.ends_with("/transcript.jsonl") && end.starts_with(bytes) && bytes.ends_with(b"\n");
        // The record of a place is written before and after the files are.
        let is_record = name.starts_with("publications/") && PlaceRecord::parse(bytes).is_ok();
        let known = before.get(name) == Some(bytes) || after.get(name).is_some_and(|end| end == bytes || grows(end));
        let whole = known || is_record;
        assert!(whole, "{}: {name} is neither as it was nor as it will be", context());
    }
    for (name, bytes) in before.iter().filter(|(name, _)| after.get(*name) == before.get(*name)) {
        assert_eq!(there.get(name), Some(bytes), "{}: {name} is lost", context());
    }
    for command in [&["status"][..], &["ceremony", "list"]] {
        let output = fixture.at(case.at, command);
        assert!(output.is_done() || output.stderr.contains("\n  hint: "), "{}: {output:?}", context());
    }
    for id in ceremonies(&there) {
        let output = fixture.at(case.at, &["ceremony", "status", &id]);
        assert!(output.is_done() || output.stderr.contains("\n  hint: "), "{}: {output:?}", context());
        let output = fixture.at(case.at, &["ceremony", "log", &id]);
        assert!(output.is_done(), "{}: {output:?}", context());
    }
    let is_between = there.contains_key("public/2.root.json")
        && there.get("public/timestamp.json") == before.get("public/timestamp.json");
    if is_between && !case.is_gapless {
        fixture.verify("public", 1, case.at).unwrap_err();
        return;
    }
    // Whoever was served before still is, and nobody finds a beginning without the rest.
    if before.contains_key("public/timestamp.json") || there.contains_key("public/timestamp.json") {
        fixture.verify("public", 1, case.at).unwrap_or_else(|error| panic!("{}: {error}", context()));
    }
    if before.contains_key("public/timestamp.json") {
        let read = verify_after(&case.fixture.path("public"), &fixture.path("public"), case.at);
        read.unwrap_or_else(|error| panic!("{}, after an earlier reading: {error}", context()));
    }
}

fn ceremonies(files: &Files) -> Vec<String> {
    let plans = files.keys().filter_map(|name| name.strip_prefix("ceremonies/")?.strip_suffix("/plan.toml"));
    // The plan that was frozen lies a folder deeper.
    plans.filter(|id| !id.contains('/')).map(str::to_owned).collect()
}

/// The same command once more, at the same time: as if nothing had been.
fn go_on(case: &Case<'_>, fixture: &RepositoryFixture, step: &Step, after: &Files) {
    let context = || format!("{:?} killed before {step:?}, and run again", case.command);
    run_again(case, fixture, case.at, step);
    let there = files(fixture);
    let compared = |files: &Files, name: &str| (case.compared)(name, files.get(name)?);
    for name in there.keys().chain(after.keys()) {
        let (found, wanted) = (compared(&there, name), compared(after, name));
        let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert!(found == wanted, "{}: {name} is\n{:?}\nand not\n{:?}", context(), text(&found), text(&wanted));
    }
    if case.command[0] == "online" {
        fixture.at(case.at, &["publish", "--to", "elsewhere"]).says("accepted by a verifier");
        fixture.verify("elsewhere", 1, case.at).unwrap();
    }
}

/// The same command once more, when a day has passed.
fn go_on_later(case: &Case<'_>, fixture: &RepositoryFixture, step: &Step) {
    run_again(case, fixture, "2030-01-03T00:00:00Z", step);
    assert_eq!(fixture.list("").into_iter().find(|name| is_unfinished(name) && name.contains('/')), None, "{step:?}");
}

fn run_again(case: &Case<'_>, fixture: &RepositoryFixture, at: &str, step: &Step) {
    let output = fixture.at(at, case.command);
    let is_done = output.status == 1 && case.done_already.is_some_and(|done| output.stderr.contains(done));
    assert!(output.is_done() || is_done, "{:?} killed before {step:?}, and run again: {output:?}", case.command);
}

fn all_of_it(_: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    Some(bytes.to_vec())
}

/// All but what a run that was interrupted leaves behind.
fn all_but_unfinished(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    (!is_unfinished(name)).then(|| bytes.to_vec())
}

/// All but how many verifiers were tried: those that have seen the publication before are more where an earlier run got far enough to be
/// seen.
fn all_but_verifiers(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    if !name.ends_with("transcript.jsonl") {
        return Some(bytes.to_vec());
    }
    let transcript = Transcript::parse(std::str::from_utf8(bytes).unwrap()).unwrap();
    let mut told = String::new();
    for entry in transcript.entries() {
        let mut facts = entry.event.facts.clone();
        facts.remove("verifiers");
        told += &format!("{} {} {facts:?}\n", entry.at, entry.event.kind.name());
    }
    Some(told.into_bytes())
}

/// Besides, a snapshot that nothing points at yet may have been seen, so its version is not used for anything else, and the timestamp names
/// the next.
fn all_but_snapshots(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let is_free =
        name == "metadata/timestamp.json" || name.starts_with("metadata/") && name.ends_with(".snapshot.json");
    if is_free { None } else { all_but_verifiers(name, bytes) }
}

/// A case that ends as it does without an interruption, to the byte.
#[track_caller]
fn ends_the_same(fixture: &RepositoryFixture, command: &[&str], done_already: Option<&str>) {
    let steps = interrupt(&Case { fixture, at: DAY_0, command, done_already, compared: all_of_it, is_gapless: true });
    assert!(steps.is_none_or(|steps| steps >= 4), "{steps:?}");
}

/// The same, for what is written to where anything may be: there nothing is swept away.
#[track_caller]
fn ends_the_same_but_for_what_is_unfinished(fixture: &RepositoryFixture, command: &[&str], done_already: Option<&str>) {
    let compared = all_but_unfinished;
    interrupt(&Case { fixture, at: DAY_0, command, done_already, compared, is_gapless: true });
}

fn signed() -> RepositoryFixture {
    let fixture = RepositoryFixture::frozen();
    ["alice", "bob", "carol"].iter().for_each(|signer| fixture.sign("first", signer).says("has signed"));
    fixture
}

fn sealed() -> RepositoryFixture {
    let fixture = signed();
    fixture.done(&["ceremony", "seal", "first"]);
    fixture
}

#[test]
fn init() {
    let holders = FIVE.join(",");
    // What init leaves unfinished goes with the first command that writes into the folder.
    let command = ["init", ".", "--holders", &holders, "--threshold", "3", "--online", "online"];
    ends_the_same_but_for_what_is_unfinished(&RepositoryFixture::empty(), &command, None);
}

#[test]
fn keyholder_add() {
    let fixture = RepositoryFixture::new();
    ends_the_same(&fixture, &["keyholder", "add", "grace", "--public-key", "keys/stranger.pub"], None);
    ends_the_same(&fixture, &["keyholder", "add", "alice", "--new-key", "--public-key", "keys/stranger.pub"], None);
}

#[test]
fn keyholder_attest() {
    let fixture = RepositoryFixture::new();
    let mut vendor = Vendor::with(1);
    vendor.said.key = rootline_tests::pem::decode(&fixture.read("keys/alice.pub"));
    fixture.write("sent/key.pem", vendor.key_pem());
    fixture.write("sent/device.pem", vendor.device_pem());
    fixture.write("sent/root.pem", vendor.root_pem());
    let certificates =
        ["--certificate", "sent/key.pem", "--device", "sent/device.pem", "--vendor-root", "sent/root.pem"];
    ends_the_same(&fixture, &[&["keyholder", "attest", "alice"], &certificates[..]].concat(), None);
}

#[test]
fn trust_create() {
    let fixture = RepositoryFixture::new();
    fs::remove_dir_all(fixture.path("targets")).unwrap();
    ends_the_same(&fixture, &["trust", "create", "--from", "sigstore"], None);
}

#[test]
fn ceremony_new() {
    ends_the_same(&RepositoryFixture::new(), &["ceremony", "new", "first", "--summary", "Begin"], None);
}

#[test]
fn ceremony_freeze() {
    ends_the_same(&RepositoryFixture::planned(), &["ceremony", "freeze", "first"], None);
    let fixture = signed();
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    ends_the_same(&fixture, &["ceremony", "freeze", "first"], None);
}

#[test]
fn ceremony_sign() {
    let fixture = RepositoryFixture::frozen();
    fixture.sign("first", "alice").says("alice has signed");
    ends_the_same(
        &fixture,
        &["ceremony", "sign", "first", "--key", "keys/bob.pem", "--yes"],
        Some("bob has signed targets 1 already"),
    );
}

#[test]
fn ceremony_request() {
    ends_the_same_but_for_what_is_unfinished(&RepositoryFixture::frozen(), &["ceremony", "request", "first"], None);
}

/// Three answers, frozen and requested.
fn answered() -> RepositoryFixture {
    let fixture = RepositoryFixture::frozen();
    fixture.done(&["ceremony", "request", "first"]);
    for name in ["alice", "bob", "carol"] {
        fixture.done(&sign_request(&format!("keys/{name}.pem"), &format!("{name}.json")));
    }
    fixture
}

fn sign_request<'a>(key: &'a str, answer: &'a str) -> [&'a str; 7] {
    ["sign", "first.request.json", "--yes", "--key", key, "--output", answer]
}

#[test]
fn sign_a_request() {
    // What is given again a day later says another day, and nothing is written over.
    let command = sign_request("keys/dave.pem", "dave.json");
    ends_the_same_but_for_what_is_unfinished(&answered(), &command, Some("dave.json already exists"));
}

#[test]
fn ceremony_accept() {
    ends_the_same(&answered(), &["ceremony", "accept", "carol.json", "alice.json", "bob.json"], None);
}

#[test]
fn ceremony_merge() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    fixture.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    fixture.done(&["ceremony", "new", "threshold", "--threshold", "root=2"]);
    fixture.done(&["ceremony", "new", "npm", "--renew", "npm", "--expires", "npm=30"]);
    for (id, signer) in [("threshold", "alice"), ("npm", "frank")] {
        fixture.done(&["ceremony", "freeze", id]);
        fixture.sign(id, signer).says("has signed");
    }
    ends_the_same(&fixture, &["ceremony", "merge", "threshold", "npm"], Some("npm was abandoned"));
}

#[test]
fn ceremony_seal() {
    ends_the_same(&signed(), &["ceremony", "seal", "first"], None);
}

#[test]
fn ceremony_abandon() {
    ends_the_same(&signed(), &["ceremony", "abandon", "first", "--reason", "Too late"], Some("first was abandoned"));
}

#[test]
fn ceremony_witness() {
    ends_the_same(&signed(), &["ceremony", "witness", "first", "--key", "keys/alice.pem"], None);
}

#[test]
fn online() {
    let online = ["online", "--key", "keys/online.pem"];
    let first = sealed();
    let rotation = RepositoryFixture::after_the_first();
    rotation.done_at(DAY_1, &["ceremony", "new", "next", "--replace", "bob=frank"]);
    rotation.done_at(DAY_1, &["ceremony", "freeze", "next"]);
    ["alice", "carol", "dave", "frank"].iter().for_each(|signer| rotation.sign("next", signer).says("has signed"));
    rotation.done_at(DAY_1, &["ceremony", "seal", "next"]);
    for (fixture, at) in [(&first, DAY_0), (&rotation, DAY_1)] {
        interrupt(&Case {
            fixture,
            at,
            command: &online,
            done_already: None,
            compared: all_but_snapshots,
            is_gapless: true,
        });
    }
}

/// A rotation that is made current and waits to be published.
fn rotation(replaced: &[&str], signers: &[(&str, &str)]) -> RepositoryFixture {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["keyholder", "add", "grace", "--key", "keys/stranger.pem"]);
    fixture.done_at(DAY_1, &["trust", "retire", "https://rekor.sigstore.dev"]);
    fixture.done_at(DAY_1, &[&["ceremony", "new", "next"], replaced].concat());
    fixture.done_at(DAY_1, &["ceremony", "freeze", "next"]);
    for (role, by) in signers {
        let key = format!("keys/{by}.pem");
        fixture.done_at(DAY_1, &["ceremony", "sign", "next", "--role", role, "--key", &key, "--yes"]);
    }
    // In one of the rotations the old root's holders do not sign targets.
    fixture.done_at(DAY_1, &["ceremony", "seal", "next", "--at-once"]);
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture
}

const ROOT: [(&str, &str); 3] = [("root", "carol"), ("root", "dave"), ("root", "erin")];

fn publishing_is_interrupted(fixture: &RepositoryFixture, at: &str, is_gapless: bool) {
    let command: &[&str] = if is_gapless { &["publish"] } else { &["publish", "--at-once"] };
    let case = Case { fixture, at, command, done_already: None, compared: all_but_verifiers, is_gapless };
    let steps = interrupt(&case);
    assert!(steps.is_none_or(|steps| steps > 20), "{steps:?}");
}

#[test]
fn publish() {
    let first = sealed();
    first.done(&["online", "--key", "keys/online.pem"]);
    publishing_is_interrupted(&first, DAY_0, true);
    // Signed by enough for the old root too, so that the new one can wait for the timestamp.
    let targets = [("targets", "carol"), ("targets", "dave"), ("targets", "erin")];
    let replaced = ["--replace", "alice=frank", "--replace", "bob=grace"];
    publishing_is_interrupted(&rotation(&replaced, &[ROOT, targets].concat()), DAY_1, true);
}

#[test]
fn publish_where_no_order_serves_everybody() {
    // Between root and timestamp nobody is served, and only there; publishing again ends it.
    let targets = [("targets", "frank"), ("targets", "stranger"), ("targets", "carol")];
    let replaced = ["--replace", "alice=frank", "--replace", "bob=grace"];
    publishing_is_interrupted(&rotation(&replaced, &[ROOT, targets].concat()), DAY_1, false);
}
