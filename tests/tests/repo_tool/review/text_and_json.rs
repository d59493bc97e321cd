//! The review on a terminal and for programs.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use serde_json::{Value, json};

/// A rotation: Frank for Bob, one signature more, one log that closes and one that opens, and a file that is no document of Sigstore's.
pub(crate) fn rotation() -> RepositoryFixture {
    let fixture = RepositoryFixture::after_the_first();
    fixture
        .done_at(DAY_1, &["trust", "retire", "https://rekor.sigstore.dev", "--end", "2030-02-02T00:00:00Z", "--yes"]);
    let log = ["trust", "add-log", "--url", "https://log2.example", "--public-key", "keys/stranger.pub"];
    fixture.done_at(DAY_1, &[&log[..], &["--start", "2030-01-20T00:00:00Z", "--yes"]].concat());
    fixture.write("targets/notes.txt", "hello\n");
    plan(&fixture, &["--replace", "bob=frank", "--threshold", "root=4", "--summary", "Bob retires"]);
    fixture
}

/// Plans and freezes a rotation on day 1.
pub(crate) fn plan(fixture: &RepositoryFixture, options: &[&str]) {
    fixture.done_at(DAY_1, &[&["ceremony", "new", "rotation"], options].concat());
    fixture.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
}

pub(crate) fn text(fixture: &RepositoryFixture) -> String {
    fixture.done_at(DAY_1, &["ceremony", "review", "rotation"]).stdout
}

pub(crate) fn json(fixture: &RepositoryFixture) -> Value {
    serde_json::from_str(&fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--json"]).stdout).unwrap()
}

/// The text as if lines had no end.
fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines below a title.
pub(crate) fn section<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    let lines = text.lines().skip_while(|line| *line != title).skip(1);
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn a_rotation_is_told_word_for_word() {
    let told = text(&rotation());
    let expected = include_str!("rotation.txt");
    assert!(told == expected, "it reads:\n{told}");
}

#[test]
fn every_line_fits_a_terminal_unless_it_is_a_digest() {
    for line in text(&rotation()).lines() {
        let has_digest = line.split([' ', ':']).any(|word| word.trim_end_matches(',').len() == 64);
        assert!(line.chars().count() <= 100 || has_digest, "{line}");
    }
}

#[test]
fn for_programs_it_is_the_same_with_whole_ids() {
    let fixture = rotation();
    let review = json(&fixture);
    assert_eq!(review["at"], DAY_1);
    assert_eq!(review["summary"], "Bob retires");
    let state =
        |version: u64, expires: &str, days: u64| json!({ "version": version, "expires": expires, "days": days });
    assert_eq!(review["files"][0]["before"], state(1, "2030-07-17T00:00:00Z", 196));
    assert_eq!(review["files"][0]["after"], state(2, "2030-07-18T00:00:00Z", 197));
    let root = &review["authorities"][0];
    assert_eq!((&root["role"], &root["threshold_before"], &root["threshold"]), (&json!("root"), &json!(3), &json!(4)));
    assert_eq!((&root["people_before"], &root["people"]), (&json!(5), &json!(5)));
    assert_eq!((&root["joins"][0]["owner"], &root["leaves"][0]["owner"]), (&json!("frank"), &json!("bob")));
    assert_eq!(root["stays"].as_array().unwrap().len(), 4);
    assert_eq!(root["joins"][0]["keyid"].as_str().unwrap().len(), 64);
    let targets = review["targets"].as_array().unwrap();
    let marks: Vec<&Value> = targets.iter().map(|target| &target["mark"]).collect();
    assert_eq!(marks, ["new", "changed"]);
    let trust = review["trust"].as_array().unwrap();
    assert_eq!(
        (&trust[0]["kind"], &trust[1]["file"]),
        (&json!("text, and no document of Sigstore's"), &json!("trusted_root.json"))
    );
    let closing = &trust[1]["entries"][0];
    assert_eq!(closing["url"], "https://rekor.sigstore.dev");
    assert_eq!(closing["id"], "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d");
    assert_eq!(closing["changes"][0]["change"], "closes");
    assert_eq!((&closing["before"]["end"], &closing["after"]["end"]), (&Value::Null, &json!("2030-02-02T00:00:00Z")));
    let entries = trust[1]["entries"].as_array().unwrap();
    assert_eq!(entries.iter().filter(|entry| entry["mark"] == "stays").count(), 6);
    let chain = &entries[4]["chain"][0];
    assert_eq!(chain["subject"], "CN=sigstore-intermediate,O=sigstore.dev");
    assert_eq!(chain["validity"]["end"], "2031-10-05T13:56:58Z");
    let warnings: Vec<(&Value, &Value)> =
        review["warnings"].as_array().unwrap().iter().map(|warning| (&warning["rule"], &warning["new"])).collect();
    let of_rule = |rule: &str| {
        warnings.iter().filter(|(id, _)| **id == json!(rule)).map(|(_, new)| **new == json!(true)).collect::<Vec<_>>()
    };
    // Of the log that comes, and of the one that was there.
    assert_eq!(
        (of_rule("log-ed25519"), of_rule("sc-missing")),
        ([true, false].to_vec(), [false].to_vec()),
        "{warnings:?}"
    );
    let spoken = text(&fixture);
    assert_eq!(spoken.lines().last().unwrap().replace(' ', ""), review["fingerprint"].as_str().unwrap());
}

#[test]
fn a_renewal_says_that_only_time_goes_on() {
    let fixture = RepositoryFixture::after_the_first();
    plan(&fixture, &["--renew", "root"]);
    let told = text(&fixture);
    assert_eq!(
        unbroken(&section(&told, "what changes:").concat()),
        "~ root 2 takes the place of root 1 and holds until 2030-07-18T00:00:00Z, in 197 days, 1 day longer than so far"
    );
    assert_eq!(section(&told, "what is shipped:"), Vec::<&str>::new());
    assert!(told.contains("  root is signed by 3 of 5\n"), "{told}");
    assert!(!told.contains("check before"), "{told}");
}

#[test]
fn a_new_key_of_the_same_person_and_fewer_signatures_are_told_as_that() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["keyholder", "add", "alice", "--public-key", "keys/stranger.pub", "--new-key"]);
    plan(&fixture, &["--threshold", "root=1"]);
    let told = text(&fixture);
    let changes = section(&told, "what changes:");
    assert_eq!(changes[0], "  ~ root needs fewer signatures: 1 of 5, so far 3 of 5");
    assert_eq!(changes[1], "  ~ alice signs root and targets with another key from now on");
    assert!(told.contains("! new: root: one signature is enough: a single compromised key decides alone"), "{told}");
    let signs = section(&told, "who signs from now on:").join("\n");
    assert!(signs.contains("+ new key  alice ") && signs.contains("- old key  alice "), "{told}");
    assert!(!signs.contains("joins") && !signs.contains("leaves"), "{told}");
    let root = &json(&fixture)["authorities"][0];
    assert_eq!((&root["joins"][0]["owner"], &root["leaves"][0]["owner"]), (&json!("alice"), &json!("alice")));
}

#[test]
fn what_goes_wrong_in_ceremonies_is_seen_before_anybody_signs() {
    let fixture = RepositoryFixture::after_the_first();
    let mut root: Value = serde_json::from_str(&fixture.read("targets/trusted_root.json")).unwrap();
    root["certificateAuthorities"][1]["certChain"]["certificates"].as_array_mut().unwrap().reverse();
    fixture.write("targets/trusted_root.json", root.to_string());
    let service =
        json!({"url": "https://log9.example", "majorApiVersion": 2, "validFor": {"start": DAY_1}, "operator": "nine"});
    let config = json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "rekorTlogUrls": [service], "rekorTlogConfig": {"selector": "ANY"},
    });
    fixture.write("targets/signing_config.v0.2.json", config.to_string());
    fixture.write("targets/trusted_root.v0.2.json", "{}");
    fixture.done_at(DAY_1, &["ceremony", "new", "rotation"]);
    fixture.freeze_as_meant("rotation", DAY_1);
    let told = json(&fixture);
    let warnings: Vec<String> = told["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| format!("{}: {}", warning["about"].as_str().unwrap(), warning["text"].as_str().unwrap()))
        .collect();
    let expected = [
        "signing_config.v0.2.json: log service https://log9.example v2: trusted_root.json lists nothing in tlogs",
        "trusted_root.json: certificate authority https://fulcio.sigstore.dev from 2022-04-13: the chain is in the wrong order",
        "trusted_root.v0.2.json: the media type is absent",
    ];
    for expected in expected {
        let of_it: Vec<_> = warnings.iter().filter(|warning| warning.starts_with(expected)).collect();
        assert_eq!(of_it.len(), 1, "{expected}: {warnings:#?}");
    }
    assert_eq!(told["targets"][2]["after"]["length"], 2);
}

#[test]
fn a_key_that_has_been_out_for_a_day_is_too_new_for_a_service() {
    let fixture = RepositoryFixture::after_the_first();
    let log = ["trust", "add-log", "--url", "https://log2.example", "--public-key", "keys/stranger.pub"];
    fixture.done(&[&log[..], &["--start", DAY_0, "--yes"]].concat());
    fixture.hold("second", &[], &["alice", "bob", "carol"], DAY_0);
    let config = |start: &str| {
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "rekorTlogUrls": [{"url": "https://log2.example", "majorApiVersion": 1, "validFor": {"start": start}}],
            "rekorTlogConfig": {"selector": "ANY"},
        })
        .to_string()
    };
    fixture.write("targets/signing_config.v0.2.json", config(DAY_1));
    fixture.done_at(DAY_1, &["ceremony", "new", "rotation"]);
    fixture.freeze_as_meant("rotation", DAY_1);
    let told = unbroken(&text(&fixture));
    let since = "its key is in the published trusted_root.json since 2030-01-01T00:00:00Z only; \
                 verifiers may be 7 days behind (one timestamp lifetime)";
    assert!(told.contains(since), "{told}");
    fixture.write("targets/signing_config.v0.2.json", config("2030-01-08T00:00:00Z"));
    fixture.freeze_as_meant("rotation", DAY_1);
    let told = text(&fixture);
    assert!(!told.contains("its key is in the published") && told.contains("opens 2030-01-08T00:00:00Z"), "{told}");
}

#[test]
fn a_review_shows_the_plan_that_was_frozen_and_says_that_plan_toml_was_edited() {
    let fixture = rotation();
    let review = ["ceremony", "review", "rotation"];
    let before = fixture.done_at(DAY_1, &review);
    assert_eq!(before.stderr, "");
    fixture.edit("ceremonies/rotation/plan.toml", "Bob retires", "Bob is thanked");
    let output = fixture.done_at(DAY_1, &review);
    let remark =
        "ceremonies/rotation/plan.toml was edited after the ceremony was frozen: freeze again to sign the edit";
    assert_eq!(output.stderr.matches(remark).count(), 1, "{output:?}");
    assert_eq!(output.stdout, before.stdout);
    output.says("Bob retires");
}
