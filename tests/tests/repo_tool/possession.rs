//! Keys that count once their holders have shown to hold them.

use std::fs;

use rootline_tests::fixtures::machine::Machine;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const COUNTS: &str = "a key counts once its holder has shown to hold it";

/// A rotation in which grace, whose key came as a public file, takes bob's place, signed by three of those who stay.
fn rotation() -> RepositoryFixture {
    let fixture = RepositoryFixture::after_the_first();
    let add = ["keyholder", "add", "grace", "--public-key", "keys/stranger.pub"];
    fixture.done(&add).says("not shown yet that grace holds it: rootline-repo key prove grace, or a signature");
    fixture.done_at(DAY_1, &["ceremony", "new", "rotation", "--replace", "bob=grace"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    for name in ["alice", "carol", "dave"] {
        sign(&fixture, name);
    }
    fixture
}

fn sign(fixture: &RepositoryFixture, name: &str) {
    let key = format!("keys/{name}.pem");
    fixture.done_at(DAY_1, &["ceremony", "sign", "rotation", "--key", &key, "--yes"]);
}

fn seal(fixture: &RepositoryFixture) -> Output {
    fixture.at(DAY_1, &["ceremony", "seal", "rotation"])
}

#[test]
fn a_key_that_nobody_has_shown_to_hold_is_not_sealed_into_the_next_root() {
    let fixture = rotation();
    let review = fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--json"]).json();
    let told = "grace has not proved to hold the key that joins, which came as a public file";
    assert!(review["warnings"].as_array().unwrap().iter().any(|warning| warning["text"] == told), "{review}");
    seal(&fixture).refuses(
        "nobody has shown to hold grace's key ",
        COUNTS,
        "have them sign this ceremony, or prove it",
    );
    assert!(!fixture.path("ceremonies/rotation/sealed").exists());
    // Her own signature shows it.
    sign(&fixture, "stranger");
    assert!(seal(&fixture).is_done());
}

#[test]
fn a_proof_from_the_keyholders_own_machine_is_as_good_as_a_signature() {
    let fixture = rotation();
    let machine = Machine::empty();
    fs::copy(fixture.path("keys/stranger.pem"), machine.path("key.pem")).unwrap();
    let proved = machine.run(&["key", "prove", "grace", "--key", "key.pem"]);
    assert!(proved.is_done() && proved.stdout.starts_with("wrote grace.proof.json\n"), "{proved:?}");
    fixture.write("grace.proof.json", machine.read("grace.proof.json"));
    let before = fixture.read("keyholders/grace/keyholder.toml");
    for _ in 0..2 {
        let added = fixture.at(DAY_1, &["keyholder", "add", "grace", "--proof", "grace.proof.json", "--json"]);
        assert_eq!(added.json()["proven"], true, "{added:?}");
        let after = fixture.read("keyholders/grace/keyholder.toml");
        let line = after.strip_prefix(&before).unwrap();
        assert!(line.starts_with("proof = \"") && line.lines().count() == 1, "{line}");
    }
    assert!(seal(&fixture).is_done());
    let listed = fixture.done(&["keyholder", "list", "--json"]).json();
    let holders = listed["keyholders"].as_array().unwrap();
    let grace = holders.iter().find(|holder| holder["name"] == "grace").unwrap();
    assert_eq!(grace["keys"][0]["proven"], true);
}

#[test]
fn a_proof_is_of_one_key_and_one_name() {
    let fixture = RepositoryFixture::new();
    let add = |name: &str, file: &str| fixture.run(&["keyholder", "add", name, "--proof", file]);
    add("mallory", "keys/stranger.proof.json").refuses(
        "keys/stranger.proof.json proves that stranger holds the key, not mallory",
        "",
        "have it written for that name",
    );
    let proof = fixture.read("keys/stranger.proof.json");
    fixture.write("renamed.json", proof.replace("\"stranger\"", "\"mallory\""));
    fixture.write("frank.json", fixture.read("keys/frank.proof.json").replace("\"frank\"", "\"mallory\""));
    fixture.write("newer.json", proof.replace("\"possession\": 1", "\"possession\": 2"));
    for (file, refused) in [
        ("renamed.json", "renamed.json does not prove who holds a key: "),
        ("frank.json", "frank.json does not prove who holds a key: "),
        ("keys/stranger.pub", "keys/stranger.pub does not prove who holds a key: "),
        ("newer.json", "newer.json was made by a newer rootline"),
    ] {
        add("mallory", file).refuses(refused, "", "");
    }
    assert!(!fixture.path("keyholders/mallory").exists());
    assert!(add("stranger", "keys/stranger.proof.json").is_done());
}

#[test]
fn before_there_is_a_root_a_key_that_nobody_has_shown_is_warned_of() {
    let fixture = RepositoryFixture::frozen();
    let text = fixture.read("keyholders/erin/keyholder.toml");
    let (unproven, _) = text.split_once("proof = ").unwrap();
    fixture.write("keyholders/erin/keyholder.toml", unproven);
    for name in ["alice", "bob", "carol"] {
        fixture.done(&["ceremony", "sign", "first", "--key", &format!("keys/{name}.pem"), "--yes"]);
    }
    let sealed = fixture.at(DAY_0, &["ceremony", "seal", "first"]);
    assert!(sealed.is_done(), "{sealed:?}");
    assert!(sealed.stderr.starts_with("warning: nobody has shown to hold erin's key "), "{sealed:?}");
    // Once a published root lists it, it is not new.
    fixture.done(&["online", "--key", "keys/online.pem"]);
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--renew", "root"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]);
    for name in ["alice", "bob", "carol"] {
        let key = format!("keys/{name}.pem");
        fixture.done_at(DAY_1, &["ceremony", "sign", "second", "--key", &key, "--yes"]);
    }
    fixture.at(DAY_1, &["ceremony", "seal", "second"]).succeeds();
}

#[test]
fn an_online_key_shows_itself_before_anything_is_public() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["keyholder", "add", "online-2", "--public-key", "keys/stranger.pub"]);
    fixture.done_at(DAY_1, &["ceremony", "new", "rotation", "--replace", "online=online-2"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    for name in ["alice", "bob", "carol"] {
        sign(&fixture, name);
    }
    seal(&fixture).succeeds();
    assert!(fixture.done_at(DAY_1, &["online", "--key", "keys/stranger.pem"]).is_done());
}
