//! `targets/` and the plan: what lies there and is not shipped is said, and stops nothing.

use std::fs;

use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const UNPLANNED: &str =
    "it is in targets/, and the plan does not ship it: to ship it, add its name to `ship`, and freeze again";

fn new(fixture: &RepositoryFixture) -> Output {
    fixture.done(&["ceremony", "new", "next", "--renew", "targets"])
}

fn freeze(fixture: &RepositoryFixture) -> Output {
    fixture.done(&["ceremony", "freeze", "next"])
}

/// The first thing that the review says to look at.
fn reviewed(fixture: &RepositoryFixture) -> String {
    let review = fixture.done(&["ceremony", "review", "next", "--json"]).json();
    let first = &review["warnings"][0];
    format!("{}: {}", first["about"].as_str().unwrap(), first["text"].as_str().unwrap())
}

fn warns(output: &Output, of: &str) -> bool {
    output.stderr.contains(&format!("warning: {of}"))
}

#[test]
fn a_file_that_the_plan_does_not_ship_is_named_until_it_is_shipped() {
    let fixture = RepositoryFixture::after_the_first();
    new(&fixture);
    assert!(!warns(&freeze(&fixture), "notes.txt"));
    // Added after the plan, and after freezing.
    fixture.write("targets/notes.txt", "notes");
    let told = format!("notes.txt: {UNPLANNED}");
    assert_eq!(reviewed(&fixture), told);
    fixture
        .done(&["ceremony", "review", "next"])
        .says("! new: notes.txt: it is in targets/, and the plan does not ship it");
    assert!(warns(&freeze(&fixture), &told));
    let json = fixture.done(&["ceremony", "freeze", "next", "--json"]).json();
    assert_eq!((&json["warnings"][0]["about"], &json["warnings"][0]["text"]), (&"notes.txt".into(), &UNPLANNED.into()));
    fixture.edit("ceremonies/next/plan.toml", "\"trusted_root.json\"", "\"trusted_root.json\", \"notes.txt\"");
    assert!(!warns(&freeze(&fixture), "notes.txt"));
    let review = fixture.done(&["ceremony", "review", "next", "--json"]).json();
    assert!(!review["warnings"].to_string().contains("notes.txt"), "{review}");
}

#[test]
fn the_trust_root_is_named_loudly_where_it_is_not_shipped() {
    let fixture = RepositoryFixture::after_the_first();
    // It vanished.
    fs::rename(fixture.path("targets/trusted_root.json"), fixture.path("kept.json")).unwrap();
    let output = new(&fixture);
    let gone =
        "trusted_root.json: THE TRUST ROOT: it is published and not in targets/, so that the plan does not ship it";
    assert!(warns(&output, gone), "{output:?}");
    let told = "trusted_root.json: THE TRUST ROOT: it is shipped no longer: verifiers will find no trust root";
    assert!(warns(&freeze(&fixture), told));
    assert_eq!(reviewed(&fixture), told);
    // It is there, and the plan still does not ship it.
    fs::rename(fixture.path("kept.json"), fixture.path("targets/trusted_root.json")).unwrap();
    fixture.write("targets/a.txt", "a");
    let output = freeze(&fixture);
    let told = format!("trusted_root.json: THE TRUST ROOT: {UNPLANNED}");
    assert!(output.stderr.starts_with(&format!("warning: {told}")), "{output:?}");
    assert_eq!(reviewed(&fixture), told);
}

#[test]
fn what_stays_published_differs_from_what_is_in_targets_until_it_is_frozen_again() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "new", "next", "--renew", "root"]);
    freeze(&fixture);
    fixture.edit("targets/trusted_root.json", "{", "{ ");
    let told = "trusted_root.json: THE TRUST ROOT: what is in targets/ is not what this ceremony ships: freeze again to ship it";
    assert_eq!(reviewed(&fixture), told);
    assert!(!warns(&freeze(&fixture), "trusted_root.json"), "it is frozen now");
}

#[test]
fn what_an_editor_leaves_is_not_planned_and_stops_nothing() {
    let fixture = RepositoryFixture::after_the_first();
    for name in [
        "trusted_root.json~",
        "#trusted_root.json#",
        ".trusted_root.json.swp",
        "trusted_root.json.orig",
        "my notes.txt",
    ] {
        fixture.write(&format!("targets/{name}"), "x");
    }
    let output = new(&fixture);
    assert!(warns(&output, "targets/trusted_root.json.orig looks like what an editor leaves, and is not planned"));
    assert!(warns(&output, "targets/my notes.txt is not shipped: a target's name has parts of letters"), "{output:?}");
    assert!(!output.stderr.contains('~') && !output.stderr.contains('#'), "{output:?}");
    assert!(fixture.read("ceremonies/next/plan.toml").contains("ship = [\n    \"trusted_root.json\",\n]"));
    let output = freeze(&fixture);
    assert!(warns(&output, "targets/my notes.txt is not shipped") && !output.stderr.contains(".orig"), "{output:?}");
    for name in ["alice", "bob", "carol"] {
        let output = fixture.sign("next", name);
        assert!(output.status == 0 && warns(&output, "targets/my notes.txt is not shipped"), "{output:?}");
    }
    fixture.done(&["ceremony", "seal", "next"]);
    fixture.done(&["online", "--key", "keys/online.pem"]).says("next is now current");
    fixture.done(&["publish"]);
    // The plan may ship it all the same.
    fixture.done(&["ceremony", "new", "other", "--renew", "targets"]);
    fixture.edit(
        "ceremonies/other/plan.toml",
        "\"trusted_root.json\"",
        "\"trusted_root.json\", \"trusted_root.json.orig\"",
    );
    fixture.done(&["ceremony", "freeze", "other"]).says("to be signed: targets 3");
}

#[test]
fn nothing_in_targets_keeps_the_timestamp_from_being_renewed() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.write("targets/trusted_root.json~", "x");
    fixture.write("targets/notes (1).txt", "x");
    fixture.write("targets/conflict.json", "<<<<<<< HEAD\n=======\n>>>>>>> theirs\n");
    fixture.write("targets/trusted_root.json", "{");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", fixture.path("targets/link")).unwrap();
    let before = fixture.read("metadata/timestamp.json");
    let output = fixture.at(DAY_1, &["online", "--key", "keys/online.pem", "--renew"]);
    assert_eq!((output.status, &*output.stderr), (0, ""), "{output:?}");
    assert_ne!(fixture.read("metadata/timestamp.json"), before);
}

#[test]
fn a_file_called_json_that_is_none_is_not_frozen_and_a_published_one_stays() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.write("targets/keys.json", "{");
    new(&fixture);
    let freeze = ["ceremony", "freeze", "next"];
    fixture.at(DAY_0, &freeze).refuses(
        "targets/keys.json is not JSON: ",
        "",
        "correct the file, or give it another name",
    );
    fixture.write("targets/keys.json", "{\"since\": 1.5}");
    fixture.done(&freeze);
}

#[test]
fn an_integer_that_clients_round_is_not_frozen() {
    let fixture = RepositoryFixture::after_the_first();
    new(&fixture);
    let plan = fixture.read("ceremonies/next/plan.toml");
    let with = |number: u64| format!("{plan}\n[targets.custom.\"trusted_root.json\"]\nserial = {number}\n");
    let freeze = ["ceremony", "freeze", "next"];
    fixture.write("ceremonies/next/plan.toml", with((1 << 53) + 1));
    let told = "the plan says the number 9007199254740993 about trusted_root.json";
    fixture.at(DAY_0, &freeze).refuses(told, "", "write it as a string, in quotes");
    fixture.write("ceremonies/next/plan.toml", with(1 << 53));
    fixture.done(&freeze);
}

#[test]
fn what_an_editor_or_a_merge_leaves_anywhere_keeps_nothing_from_being_renewed() {
    let fixture = RepositoryFixture::after_the_first();
    for name in [
        "metadata/timestamp.json~",
        "metadata/#timestamp.json#",
        "metadata/timestamp.json.orig",
        "metadata/1.root.json.bak",
        "ceremonies/first/signatures/1.root/alice.json~",
        "ceremonies/first/frozen/1.root.json~",
        "public/timestamp.json~",
    ] {
        fixture.write(name, "{");
    }
    let renew = ["online", "--key", "keys/online.pem", "--renew"];
    assert_eq!(fixture.at(DAY_1, &renew).status, 0);
    assert_eq!(fixture.at(DAY_1, &["publish"]).status, 0);
    fixture.done_at(DAY_1, &["ceremony", "verify"]);
    // A folder beside the ceremonies asks for a person, and stops nothing either.
    fixture.write("ceremonies/first (copy)/plan.toml", "x");
    for command in [&renew[..], &["publish"]] {
        let output = fixture.at(DAY_1, command);
        assert_eq!(output.status, 4, "{command:?}: {output:?}");
        assert!(output.stderr.contains("warning: ceremonies/first (copy) does not have a valid name"), "{output:?}");
    }
    assert_eq!(fixture.at(DAY_1, &["ceremony", "verify"]).status, 1);
    // Anything else in metadata/ is still no file of a repository.
    fixture.write("metadata/notes.txt", "x");
    assert_eq!(fixture.at(DAY_1, &renew).status, 1);
}

#[test]
fn a_folder_that_is_no_ceremony_stops_no_renewal_where_roles_are_delegated_either() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    fixture.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    fixture.write("ceremonies/first (copy)/plan.toml", "x");
    let output = fixture.at(DAY_1, &["online", "--key", "keys/online.pem", "--renew"]);
    assert_eq!(output.status, 4, "{output:?}");
    output.says("wrote metadata/timestamp.json");
    assert!(!output.stderr.contains("error: "), "{output:?}");
}
