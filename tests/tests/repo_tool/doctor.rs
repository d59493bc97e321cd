//! `rootline-repo doctor`: what it says of a repository, well and ill, and with which exit status.

use std::fs;

use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office, Said};
use serde_json::Value;

fn doctor(office: &Office, arguments: &[&str]) -> Said {
    office.at(DAY_0, &[&["doctor"], arguments].concat())
}

/// It found that something is broken, and said so in its first line.
#[track_caller]
fn finds(said: &Said, first_line: &str) {
    assert_eq!((said.status, said.out.lines().next()), (1, Some(first_line)), "{said:?}");
    assert_eq!(said.err, "");
}

#[track_caller]
fn prints(said: &Said, lines: &[&str]) {
    for line in lines {
        assert!(said.out.lines().any(|found| found.trim() == *line), "{line:?} is not in\n{}", said.out);
    }
}

fn json(office: &Office, arguments: &[&str]) -> Value {
    doctor(office, &[arguments, &["--json"]].concat()).json()
}

#[test]
fn a_healthy_repository_has_exit_status_0_and_says_until_when() {
    let office = Office::after_the_first();
    let said = doctor(&office, &[]);
    said.says("the threshold still holds for every role\n");
    prints(
        &said,
        &[
            "root           3    5 of 5       2  2030-07-17T00:00:00Z  197 days",
            "timestamp      1    1 of 1       0  2030-01-08T00:00:00Z  7 days",
            "if nothing more is signed, verifiers refuse from 2030-01-08T00:00:00Z on (timestamp: 7 days)",
            "snapshot and timestamp are signed by the same keys: online",
            "alice, bob, carol, dave and erin hold both root and targets: losing one weakens both",
        ],
    );
    assert!(!said.out.contains("ceremony new"), "{}", said.out);
    // Nobody misses somebody who holds nothing.
    doctor(&office, &["--lost", "frank"]).says("no role lists the lost keys");
}

#[test]
fn two_of_five_may_be_lost_and_the_third_breaks_it() {
    let office = Office::after_the_first();
    let said = doctor(&office, &["--lost", "alice,bob", "--replace", "alice=frank"]);
    said.says("the threshold still holds for every role; root and targets cannot afford another loss\n");
    prints(
        &said,
        &[
            "one ceremony repairs it; one new root:",
            "rootline-repo keyholder add NEW --public-key FILE",
            "rootline-repo ceremony new repair --replace alice=frank --replace bob=NEW",
            "root: all of carol, dave, erin; targets: 3 of carol, dave, erin, newcomers and holders of new keys",
            "with online's key",
        ],
    );
    // Carol has a next key, which every new root will list.
    let add = ["keyholder", "add", "carol", "--public-key", "keys/stranger.pub", "--new-key"];
    let next = Office::after_the_first();
    next.done(&add);
    prints(
        &doctor(&next, &["--lost", "alice"]),
        &["root: 3 of bob, carol, dave, erin, carol with the old key and the next one; \
           targets: 3 of bob, dave, erin, newcomers and holders of new keys"],
    );
    // Frank has a key already.
    assert!(!said.out.contains("keyholder add frank"), "{}", said.out);
    let said = doctor(&office, &["--lost", "alice,bob,carol"]);
    finds(&said, "the threshold is broken for root and targets; it holds for snapshot and timestamp");
    prints(
        &said,
        &[
            "if signing goes on and nothing is repaired, verifiers refuse from 2030-07-17T00:00:00Z on (root: 197 days)",
            "this cannot be repaired from within: root needs 3 and can be signed by dave, erin. Give verifiers another root by hand:",
            "rootline-repo online --key FILE && rootline-repo publish",
        ],
    );
}

#[test]
fn the_commands_that_it_prints_are_the_ones_that_repair_it() {
    let office = Office::after_the_first();
    let replaced = ["--lost", "alice,bob", "--replace", "alice=frank", "--replace", "bob=grace"];
    let said = json(&office, &replaced);
    assert_eq!(said["repair"]["kind"], "ceremony");
    office.write("keys/grace.pub", office.read("keys/stranger.pub"));
    let steps = said["repair"]["steps"].as_array().unwrap();
    for step in steps.iter().filter_map(|step| step["command"].as_str()) {
        let words: Vec<&str> = step.split(' ').collect();
        assert_eq!(words[0], "rootline-repo");
        let typed = |file: &str| {
            let words: Vec<String> = words[1..].iter().map(|word| word.replace("FILE", file)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let yes: &[&str] = if words.contains(&"sign") { &["--yes"] } else { &[] };
            office.done_at(DAY_1, &[&words[..], yes].concat());
        };
        match words[1..] {
            ["keyholder", "add", name, ..] => typed(&format!("keys/{name}.pub")),
            ["ceremony", "sign", ..] => {
                ["carol", "dave", "erin"].iter().for_each(|name| typed(&format!("keys/{name}.pem")));
            }
            ["online", ..] => typed("keys/online.pem"),
            _ => typed(""),
        }
    }
    office.verify("public", 1, DAY_1).unwrap();
    let after = json(&office, &[]);
    assert_eq!((&after["holds"], &after["roles"][0]["spare"]), (&Value::from(true), &Value::from(2)));
    // The next repair is called otherwise.
    doctor(&office, &["--lost", "carol"]).says("rootline-repo ceremony new repair-2 --replace carol=NEW");
}

#[test]
fn a_thief_of_a_threshold_is_told_of_before_anything_else() {
    let office = Office::after_the_first();
    let said = doctor(&office, &["--compromised", "alice,bob"]);
    said.says("the threshold still holds for every role; root and targets cannot afford another loss\n");
    prints(
        &said,
        &["rootline-repo keyholder add alice --public-key FILE --new-key", "rootline-repo ceremony new repair"],
    );
    let said = doctor(&office, &["--compromised", "alice,bob,carol"]);
    finds(
        &said,
        "an attacker has enough keys to sign root and targets; the threshold holds for root and targets only with compromised keys; \
         it holds for snapshot and timestamp",
    );
    prints(
        &said,
        &[
            "with 3 keys of root an attacker could sign a next root of their own, and every verifier that sees it follows them for good",
            "one ceremony repairs it; 2 roots in sequence, signed together:",
            "each of 2 roots: all of dave, erin and 1 of alice, bob, carol with the old key, together with the new key or person in its place; \
             targets: 3 of dave, erin, newcomers and holders of new keys",
        ],
    );
    // Stolen and gone besides.
    let said = doctor(&office, &["--compromised", "alice,bob,carol", "--lost", "alice,bob,carol"]);
    finds(
        &said,
        "an attacker has enough keys to sign root and targets; the threshold is broken for root and targets; it holds for snapshot and timestamp",
    );
    let said = doctor(&office, &["--compromised", "online"]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(said.out.starts_with("an attacker has enough keys to sign snapshot and timestamp"), "{}", said.out);
    prints(&said, &["rootline-repo keyholder add online --public-key FILE --new-key", "with online's next key"]);
}

#[test]
fn one_key_of_a_person_is_lost_by_its_id_or_enough_of_it() {
    let office = Office::after_the_first();
    let keyholders = office.run(&["keyholder", "list", "--json"]).out;
    let keyholders: Value = serde_json::from_str(&keyholders).unwrap();
    let id = keyholders[0]["keys"][0]["keyid"].as_str().unwrap();
    for given in [id, &id[..8]] {
        let said = json(&office, &["--lost-key", given]);
        assert_eq!(said["roles"][0]["lost"], serde_json::json!(["alice"]), "{said}");
        assert_eq!(
            said["repair"]["steps"][0]["command"],
            "rootline-repo keyholder add alice --public-key FILE --new-key"
        );
    }
    doctor(&office, &["--lost-key", &id[..7]]).refuses(&format!("{:?} is too short", &id[..7]), "", "give more");
    doctor(&office, &["--lost-key", "ffffffffffff"]).refuses("no key id begins", "", "give more");
}

#[test]
fn who_is_nobody_and_who_is_not_lost_is_refused() {
    let office = Office::after_the_first();
    let see = "see who there is: rootline-repo keyholder list";
    doctor(&office, &["--lost", "zoe"]).refuses("there is no keyholder zoe", "", see);
    doctor(&office, &["--compromised", "zoe"]).refuses("there is no keyholder zoe", "", see);
    let said = doctor(&office, &["--lost", "alice", "--replace", "bob=frank"]);
    said.refuses("bob is to be replaced, but is not among the lost", "", "add bob to --lost or --compromised");
    let said = doctor(&office, &["--lost", "alice,bob", "--replace", "alice=bob"]);
    said.refuses("bob is to replace alice, but is among the lost", "", "name another keyholder");
    assert_eq!(doctor(&office, &["--lost", "No Name"]).status, 2);
}

#[test]
fn before_the_first_ceremony_the_plan_is_judged_or_else_the_policy() {
    let office = Office::new();
    doctor(&office, &["--lost", "alice,bob"]).says("not published yet; lost: alice, bob");
    let said = doctor(&office, &["--lost", "alice,bob,carol"]);
    finds(&said, "the threshold is broken for root and targets; it holds for snapshot and timestamp");
    prints(&said, &["nothing is published yet, so name other keyholders:"]);
    office.done(&["ceremony", "new", "first", "--threshold", "root=4", "--threshold", "targets=2"]);
    let said = doctor(&office, &["--lost", "alice,bob"]);
    finds(&said, "the threshold is broken for root; it holds for targets, snapshot and timestamp");
    // Keys that are not there yet are not lost.
    fs::remove_dir_all(office.path("ceremonies/first")).unwrap();
    fs::remove_dir_all(office.path("keyholders/alice")).unwrap();
    let said = doctor(&office, &[]);
    said.says("without a key: alice");
    fs::remove_dir_all(office.path("keyholders/bob")).unwrap();
    fs::remove_dir_all(office.path("keyholders/carol")).unwrap();
    let said = doctor(&office, &[]);
    finds(
        &said,
        "root and targets cannot be signed yet, because keys are missing; it holds for snapshot and timestamp",
    );
    prints(&said, &["bob has no key yet: rootline-repo keyholder add bob --public-key FILE"]);
}

#[test]
fn keys_that_nobody_has_any_more_are_named() {
    let office = Office::after_the_first();
    fs::remove_dir_all(office.path("keyholders/alice")).unwrap();
    let said = doctor(&office, &[]);
    said.says("which belongs to no keyholder: restore the folder in keyholders/");
    prints(&said, &["root           3    4 of 4       1  2030-07-17T00:00:00Z  197 days"]);
    for name in ["bob", "carol"] {
        fs::remove_dir_all(office.path(&format!("keyholders/{name}"))).unwrap();
    }
    assert_eq!(doctor(&office, &[]).status, 1);
}

#[test]
fn a_ceremony_that_waits_for_somebody_lost_is_named_and_one_that_is_damaged_stops_no_diagnosis() {
    let office = Office::after_the_first();
    office.done(&["ceremony", "new", "renewal", "--renew", "root"]);
    office.done(&["ceremony", "freeze", "renewal"]);
    doctor(&office, &["--lost", "bob"]).says("ceremony renewal asks for bob, but does not need them");
    let said = doctor(&office, &["--lost", "bob,carol,dave"]);
    let stuck = "ceremony renewal can no longer be sealed as it is frozen: root 2 under root 1 (old) needs 3 more, of alice, erin; abandon it";
    assert!(said.out.contains(stuck), "{}", said.out);
    office.edit("ceremonies/renewal/transcript.jsonl", "planned", "plotted");
    doctor(&office, &["--lost", "bob"]).says("line 2 of the transcript follows a line that does not stand before it");
}

#[test]
fn what_is_due_or_expired_is_said_at_the_instant_that_is_asked_for() {
    let office = Office::after_the_first();
    let at = |instant: &str| office.at(instant, &["doctor"]);
    for (instant, left) in [
        ("2030-01-06T00:00:00Z", "2 days"),
        ("2030-01-06T00:00:01Z", "1 day"),
        ("2030-01-07T00:00:01Z", "23 hours"),
        ("2030-01-07T23:00:00Z", "1 hour"),
        ("2030-01-07T23:00:01Z", "less than an hour"),
        ("2030-01-08T00:00:00Z", "EXPIRED"),
    ] {
        at(instant).says(&format!("timestamp      1    1 of 1       0  2030-01-08T00:00:00Z  {left}\n"));
    }
    at("2030-01-07T23:00:00Z").says("timestamp has been due for renewal since 2030-01-02T00:00:00Z");
    let late = at("2030-01-08T00:00:00Z");
    late.says("timestamp expired at 2030-01-08T00:00:00Z");
    // An expiry is no loss: whoever is there can renew it.
    assert_eq!(late.status, 0);
}

#[test]
fn delegated_roles_are_judged_and_repaired_without_root_where_root_is_broken() {
    let office = Office::after_the_first();
    office.write("targets/npm/keys.json", "{}\n");
    let options = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--threshold", "root=5"];
    office.hold("npm", &options, &["alice", "bob", "carol", "dave", "erin", "frank"], DAY_0);
    let said = doctor(&office, &["--lost", "frank"]);
    finds(
        &said,
        "the threshold is broken for npm; it holds for root, targets, snapshot and timestamp; root cannot afford another loss",
    );
    prints(&said, &["only the files of npm are refused from 2030-07-17T00:00:00Z on (npm: 197 days)"]);
    prints(&said, &["one ceremony repairs it; root stays as it is:"]);
    let said = doctor(&office, &["--lost", "alice,frank"]);
    assert!(said.out.starts_with("the threshold is broken for root and npm; "), "{}", said.out);
    prints(&said, &["rootline-repo ceremony new repair --add npm=NEW --remove npm=frank"]);
    office.hold("repair", &["--add", "npm=carol", "--remove", "npm=frank"], &["bob", "carol", "dave"], DAY_1);
    office.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn what_was_interrupted_between_a_root_and_its_timestamp_is_to_be_completed_first() {
    let office = Office::after_the_first();
    let timestamp = office.read("metadata/timestamp.json");
    office.done(&["ceremony", "new", "swap", "--replace", "online=frank"]);
    office.done(&["ceremony", "freeze", "swap"]);
    for signer in ["alice", "bob", "carol"] {
        assert_eq!(office.sign("swap", signer).status, 0);
    }
    office.done(&["ceremony", "seal", "swap"]);
    office.done(&["online", "--key", "keys/frank.pem"]);
    let incomplete = "snapshot and timestamp do not fit the newest root yet: rootline-repo online --key FILE";
    assert!(!doctor(&office, &[]).out.contains(incomplete));
    // Killed just before the last file was written.
    office.write("metadata/timestamp.json", timestamp);
    prints(&doctor(&office, &[]), &[incomplete]);
}
