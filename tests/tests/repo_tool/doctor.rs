//! `rootline-repo doctor`: what it says of a repository, well and ill, and with which exit status.

use std::fs;

use rootline_ceremonies::KeyKind;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use serde_json::Value;

fn doctor(fixture: &RepositoryFixture, arguments: &[&str]) -> Output {
    fixture.at(DAY_0, &[&["doctor"], arguments].concat())
}

/// It found that something is broken, and said so in its first line.
#[track_caller]
fn finds(output: &Output, first_line: &str) {
    assert_eq!((output.status, output.stdout.lines().next()), (1, Some(first_line)), "{output:?}");
    assert_eq!(output.stderr, "");
}

#[track_caller]
fn prints(output: &Output, lines: &[&str]) {
    for line in lines {
        assert!(output.stdout.lines().any(|found| found.trim() == *line), "{line:?} is not in\n{}", output.stdout);
    }
}

fn json(fixture: &RepositoryFixture, arguments: &[&str]) -> Value {
    doctor(fixture, &[arguments, &["--json"]].concat()).json()
}

#[test]
fn a_healthy_repository_has_exit_status_0_and_says_until_when() {
    let fixture = RepositoryFixture::after_the_first();
    let output = doctor(&fixture, &[]);
    output.says("the threshold still holds for every role\n");
    prints(
        &output,
        &[
            "root           3  5 of 5      2  2030-07-17T00:00:00Z  197 days",
            "timestamp      1  1 of 1      0  2030-01-08T00:00:00Z  7 days",
            "unless something is signed, verifiers refuse the repository from 2030-01-08T00:00:00Z on (timestamp: 7 days)",
            "snapshot and timestamp are signed by the same keys: online",
            "alice, bob, carol, dave and erin hold both root and targets: losing one weakens both",
        ],
    );
    assert!(!output.stdout.contains("ceremony new"), "{}", output.stdout);
    // Nobody misses somebody who holds nothing.
    doctor(&fixture, &["--lost", "frank"]).says("no role lists the lost keys");
}

#[test]
fn two_of_five_may_be_lost_and_the_third_breaks_it() {
    let fixture = RepositoryFixture::after_the_first();
    let output = doctor(&fixture, &["--lost", "alice,bob", "--replace", "alice=frank"]);
    output.says("the threshold still holds for every role; root and targets cannot afford another loss\n");
    prints(
        &output,
        &[
            "one ceremony repairs this; one new root:",
            "rootline-repo keyholder add NEW --proof FILE",
            "rootline-repo ceremony new repair --replace alice=frank --replace bob=NEW",
            "root: all of carol, dave, erin; targets: 3 of carol, dave, erin, newcomers and holders of new keys",
            "with online's key",
        ],
    );
    // Carol has a next key, which every new root will list.
    let add = ["keyholder", "add", "carol", "--public-key", "keys/stranger.pub", "--new-key"];
    let next = RepositoryFixture::after_the_first();
    next.done(&add);
    prints(
        &doctor(&next, &["--lost", "alice"]),
        &["root: 3 of bob, carol, dave, erin, carol with the old key and the next one; \
           targets: 3 of bob, dave, erin, newcomers and holders of new keys"],
    );
    // Frank has a key already.
    assert!(!output.stdout.contains("keyholder add frank"), "{}", output.stdout);
    let output = doctor(&fixture, &["--lost", "alice,bob,carol"]);
    finds(&output, "the threshold is broken for root and targets; it holds for snapshot and timestamp");
    prints(
        &output,
        &[
            "if online signing continues and nothing is repaired, verifiers refuse the repository from 2030-07-17T00:00:00Z on (root: 197 days)",
            "no ceremony can repair this: root needs 3 and can be signed by dave, erin. Give verifiers a new root through another channel:",
            "rootline-repo online --key FILE && rootline-repo publish",
        ],
    );
}

#[test]
fn the_commands_that_it_prints_are_the_ones_that_repair_it() {
    let fixture = RepositoryFixture::after_the_first();
    let replaced = ["--lost", "alice,bob", "--replace", "alice=frank", "--replace", "bob=grace"];
    let output = json(&fixture, &replaced);
    assert_eq!(output["repair"]["kind"], "ceremony");
    fixture.write_key("grace", KeyKind::EcdsaP256);
    let steps = output["repair"]["steps"].as_array().unwrap();
    for step in steps.iter().filter_map(|step| step["command"].as_str()) {
        let words: Vec<&str> = step.split(' ').collect();
        assert_eq!(words[0], "rootline-repo");
        let typed = |file: &str| {
            let words: Vec<String> = words[1..].iter().map(|word| word.replace("FILE", file)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let yes: &[&str] = if words.contains(&"sign") { &["--yes"] } else { &[] };
            fixture.done_at(DAY_1, &[&words[..], yes].concat());
        };
        match words[1..] {
            ["keyholder", "add", name, ..] => typed(&format!("keys/{name}.proof.json")),
            ["ceremony", "sign", ..] => {
                ["carol", "dave", "erin"].iter().for_each(|name| typed(&format!("keys/{name}.pem")));
            }
            ["online", ..] => typed("keys/online.pem"),
            _ => typed(""),
        }
    }
    fixture.verify("public", 1, DAY_1).unwrap();
    let after = json(&fixture, &[]);
    assert_eq!((&after["holds"], &after["roles"][0]["spare"]), (&Value::from(true), &Value::from(2)));
    // The next repair is called otherwise.
    doctor(&fixture, &["--lost", "carol"]).says("rootline-repo ceremony new repair-2 --replace carol=NEW");
}

#[test]
fn a_thief_of_a_threshold_is_told_of_before_anything_else() {
    let fixture = RepositoryFixture::after_the_first();
    let output = doctor(&fixture, &["--compromised", "alice,bob"]);
    output.says("the threshold still holds for every role; root and targets cannot afford another loss\n");
    prints(&output, &["rootline-repo keyholder add alice --proof FILE --new-key", "rootline-repo ceremony new repair"]);
    let output = doctor(&fixture, &["--compromised", "alice,bob,carol"]);
    finds(
        &output,
        "an attacker has enough keys to sign root and targets; the threshold holds for root and targets only with compromised keys; \
         it holds for snapshot and timestamp",
    );
    prints(
        &output,
        &[
            "with 3 keys of root an attacker could sign a next root of their own, and every verifier that sees it follows them for good",
            "one ceremony repairs this; 2 roots in sequence, signed together:",
            "each of 2 roots: all of dave, erin and 1 of alice, bob, carol with the old key, together with the new key or person in its place; \
             targets: 3 of dave, erin, newcomers and holders of new keys",
        ],
    );
    // Stolen and gone besides.
    let output = doctor(&fixture, &["--compromised", "alice,bob,carol", "--lost", "alice,bob,carol"]);
    finds(
        &output,
        "an attacker has enough keys to sign root and targets; the threshold is broken for root and targets; it holds for snapshot and timestamp",
    );
    let output = doctor(&fixture, &["--compromised", "online"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(
        output.stdout.starts_with("an attacker has enough keys to sign snapshot and timestamp"),
        "{}",
        output.stdout
    );
    prints(&output, &["rootline-repo keyholder add online --proof FILE --new-key", "with online's next key"]);
}

#[test]
fn one_key_of_a_person_is_lost_by_its_id_or_enough_of_it() {
    let fixture = RepositoryFixture::after_the_first();
    let keyholders = fixture.run(&["keyholder", "list", "--json"]).stdout;
    let keyholders: Value = serde_json::from_str(&keyholders).unwrap();
    let id = keyholders["keyholders"][0]["keys"][0]["keyid"].as_str().unwrap();
    for given in [id, &id[..8]] {
        let output = json(&fixture, &["--lost-key", given]);
        assert_eq!(output["roles"][0]["lost"], serde_json::json!(["alice"]), "{output}");
        assert_eq!(output["repair"]["steps"][0]["command"], "rootline-repo keyholder add alice --proof FILE --new-key");
    }
    doctor(&fixture, &["--lost-key", &id[..7]]).refuses(&format!("{:?} is too short", &id[..7]), "", "give more");
    doctor(&fixture, &["--lost-key", "ffffffffffff"]).refuses("no key id begins", "", "give more");
}

#[test]
fn who_is_nobody_and_who_is_not_lost_is_refused() {
    let fixture = RepositoryFixture::after_the_first();
    let see = "list the keyholders: rootline-repo keyholder list";
    doctor(&fixture, &["--lost", "zoe"]).refuses("there is no keyholder zoe", "", see);
    doctor(&fixture, &["--compromised", "zoe"]).refuses("there is no keyholder zoe", "", see);
    let output = doctor(&fixture, &["--lost", "alice", "--replace", "bob=frank"]);
    output.refuses("--replace names bob, who is not lost", "", "add bob to --lost or --compromised");
    let output = doctor(&fixture, &["--lost", "alice,bob", "--replace", "alice=bob"]);
    output.refuses("--replace names bob, who is lost, as the successor of alice", "", "name another keyholder");
    assert_eq!(doctor(&fixture, &["--lost", "No Name"]).status, 2);
}

#[test]
fn before_the_first_ceremony_the_plan_is_judged_or_else_the_policy() {
    let fixture = RepositoryFixture::new();
    doctor(&fixture, &["--lost", "alice,bob"]).says("not published yet  lost: alice, bob");
    let output = doctor(&fixture, &["--lost", "alice,bob,carol"]);
    finds(&output, "the threshold is broken for root and targets; it holds for snapshot and timestamp");
    prints(&output, &["nothing is published yet, so name other keyholders:"]);
    fixture.done(&["ceremony", "new", "first", "--threshold", "root=4", "--threshold", "targets=2"]);
    let output = doctor(&fixture, &["--lost", "alice,bob"]);
    finds(&output, "the threshold is broken for root; it holds for targets, snapshot and timestamp");
    // Keys that are not there yet are not lost.
    fs::remove_dir_all(fixture.path("ceremonies/first")).unwrap();
    fs::remove_dir_all(fixture.path("keyholders/alice")).unwrap();
    let output = doctor(&fixture, &[]);
    output.says("without a key: alice");
    fs::remove_dir_all(fixture.path("keyholders/bob")).unwrap();
    fs::remove_dir_all(fixture.path("keyholders/carol")).unwrap();
    let output = doctor(&fixture, &[]);
    finds(
        &output,
        "root and targets cannot be signed yet, because keys are missing; it holds for snapshot and timestamp",
    );
    prints(&output, &["bob has no key yet: rootline-repo keyholder add bob --public-key FILE"]);
}

#[test]
fn keys_that_nobody_has_any_more_are_named() {
    let fixture = RepositoryFixture::after_the_first();
    fs::remove_dir_all(fixture.path("keyholders/alice")).unwrap();
    let output = doctor(&fixture, &[]);
    output.says("which belongs to no keyholder: restore the folder in keyholders/");
    prints(&output, &["root           3  4 of 4      1  2030-07-17T00:00:00Z  197 days"]);
    for name in ["bob", "carol"] {
        fs::remove_dir_all(fixture.path(&format!("keyholders/{name}"))).unwrap();
    }
    assert_eq!(doctor(&fixture, &[]).status, 1);
}

#[test]
fn a_ceremony_that_waits_for_somebody_lost_is_named_and_one_that_is_damaged_stops_no_diagnosis() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "new", "renewal", "--renew", "root"]);
    fixture.done(&["ceremony", "freeze", "renewal"]);
    doctor(&fixture, &["--lost", "bob"]).says("ceremony renewal asks for bob, but does not need them");
    let output = doctor(&fixture, &["--lost", "bob,carol,dave"]);
    let stuck = "ceremony renewal can no longer be sealed as it is frozen: root 2 under root 1 (old) needs 3 more, of alice, erin; abandon it";
    assert!(output.stdout.contains(stuck), "{}", output.stdout);
    fixture.edit("ceremonies/renewal/transcript.jsonl", "planned", "plotted");
    doctor(&fixture, &["--lost", "bob"]).says("line 2 of the transcript follows a line that does not stand before it");
}

#[test]
fn what_is_due_or_expired_is_said_at_the_instant_that_is_asked_for() {
    let fixture = RepositoryFixture::after_the_first();
    let at = |instant: &str| fixture.at(instant, &["doctor"]);
    for (instant, left) in [
        ("2030-01-06T00:00:00Z", "2 days"),
        ("2030-01-06T00:00:01Z", "1 day"),
        ("2030-01-07T00:00:01Z", "23 hours"),
        ("2030-01-07T23:00:00Z", "1 hour"),
        ("2030-01-07T23:00:01Z", "less than an hour"),
        ("2030-01-08T00:00:00Z", "EXPIRED"),
    ] {
        at(instant).says(&format!("timestamp      1  1 of 1      0  2030-01-08T00:00:00Z  {left}\n"));
    }
    at("2030-01-07T23:00:00Z").says("timestamp has been due for renewal since 2030-01-02T00:00:00Z");
    let late = at("2030-01-08T00:00:00Z");
    late.says("timestamp expired at 2030-01-08T00:00:00Z");
    // An expiry is no loss: whoever is there can renew it.
    assert_eq!(late.status, 0);
}

#[test]
fn delegated_roles_are_judged_and_repaired_without_root_where_root_is_broken() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.write("targets/npm/keys.json", "{}\n");
    let options = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--threshold", "root=5"];
    fixture.hold("npm", &options, &["alice", "bob", "carol", "dave", "erin", "frank"], DAY_0);
    let output = doctor(&fixture, &["--lost", "frank"]);
    finds(
        &output,
        "the threshold is broken for npm; it holds for root, targets, snapshot and timestamp; root cannot afford another loss",
    );
    prints(&output, &["only the files of npm are refused from 2030-07-17T00:00:00Z on (npm: 197 days)"]);
    prints(&output, &["one ceremony repairs this; root is unchanged:"]);
    let output = doctor(&fixture, &["--lost", "alice,frank"]);
    assert!(output.stdout.starts_with("the threshold is broken for root and npm; "), "{}", output.stdout);
    prints(&output, &["rootline-repo ceremony new repair --add npm=NEW --remove npm=frank"]);
    fixture.hold("repair", &["--add", "npm=carol", "--remove", "npm=frank"], &["bob", "carol", "dave"], DAY_1);
    fixture.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn what_was_interrupted_between_a_root_and_its_timestamp_is_to_be_completed_first() {
    let fixture = RepositoryFixture::after_the_first();
    let timestamp = fixture.read("metadata/timestamp.json");
    fixture.done(&["ceremony", "new", "swap", "--replace", "online=frank"]);
    fixture.done(&["ceremony", "freeze", "swap"]);
    for signer in ["alice", "bob", "carol"] {
        assert_eq!(fixture.sign("swap", signer).status, 0);
    }
    fixture.done(&["ceremony", "seal", "swap"]);
    fixture.done(&["online", "--key", "keys/frank.pem"]);
    let incomplete = "snapshot and timestamp do not fit the newest root yet: rootline-repo online --key FILE";
    assert!(!doctor(&fixture, &[]).stdout.contains(incomplete));
    // Killed just before the last file was written.
    fixture.write("metadata/timestamp.json", timestamp);
    prints(&doctor(&fixture, &[]), &[incomplete]);
}
