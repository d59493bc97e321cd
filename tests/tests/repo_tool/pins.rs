//! The repositories that a user knows, each by its root 1.

use std::fs;

use rootline_metadata::{hex, sha256};
use rootline_tests::fixtures::machine::{Machine, rotation};
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const PINNED: &str = "a repository is known by its root 1";

/// The digest of root 1.
fn root_1(fixture: &RepositoryFixture) -> String {
    hex::encode(&sha256(fixture.read("metadata/1.root.json").as_bytes()))
}

/// A repository that looks the same, whose root 1 was signed by others.
fn another_chain() -> RepositoryFixture {
    let other = RepositoryFixture::new();
    other.hold("first", &[], &["carol", "dave", "erin"], DAY_0);
    other
}

/// Puts another chain in the place of the one that is published.
fn exchange_chain(fixture: &RepositoryFixture) -> String {
    let other = another_chain();
    let files = other.list("metadata");
    assert_eq!(files, fixture.list("metadata"));
    for file in files {
        fixture.write(&format!("metadata/{file}"), fs::read(other.path(&format!("metadata/{file}"))).unwrap());
    }
    root_1(&other)
}

fn review(fixture: &RepositoryFixture, more: &[&str]) -> Output {
    fixture.at(DAY_1, &[&["ceremony", "review", "rotation"], more].concat())
}

fn sign(fixture: &RepositoryFixture, more: &[&str]) -> Output {
    fixture.at(DAY_1, &[&["ceremony", "sign", "rotation", "--key", "keys/alice.pem", "--yes"], more].concat())
}

const FIRST_TIME: &str =
    "warning: \"Test\" is seen here for the first time, so nothing vouches for its root 1: sha256 ";

#[test]
fn a_strangers_chain_in_a_known_folder_is_neither_reviewed_nor_signed() {
    let fixture = rotation();
    review(&fixture, &[]).succeeds();
    let own = root_1(&fixture);
    let stranger = exchange_chain(&fixture);
    let refused = format!(
        "this folder has another repository than before: its root 1 is sha256 {stranger}, and it was sha256 {own}"
    );
    for output in [
        review(&fixture, &[]),
        sign(&fixture, &[]),
        review(&fixture, &["--html", "-"]),
        fixture.at(DAY_1, &["ceremony", "request", "rotation"]),
        fixture.at(DAY_1, &["ceremony", "payload", "rotation", "2.root"]),
        fixture.at(DAY_1, &["ceremony", "accept", "keys/alice.pub"]),
        fixture.at(DAY_1, &["ceremony", "witness", "rotation", "--key", "keys/alice.pem"]),
    ] {
        output.refuses(&refused, PINNED, "do not sign. Ask the maintainers");
    }
    assert!(fixture.list("ceremonies/rotation/signatures").is_empty());
    // The root that was known is not the one that is here.
    sign(&fixture, &["--root", &own]).refuses("root 1 is not the one that --root names", PINNED, "do not sign");
    // The user's own word counts, and is remembered.
    assert!(review(&fixture, &["--root", &format!("sha256:{}", stranger.to_uppercase())]).is_done());
    review(&fixture, &[]).succeeds();
}

#[test]
fn a_repository_is_taken_on_trust_once_and_never_in_silence() {
    let fixture = rotation();
    let digest = root_1(&fixture);
    fixture.forget_pins();
    let first = review(&fixture, &[]);
    assert!(first.is_done() && first.stderr.starts_with(&format!("{FIRST_TIME}{digest}\n")), "{first:?}");
    assert!(first.stdout.contains(&format!("repository \"Test\", whose root 1 has the digest\n  sha256 {digest}\n")));
    review(&fixture, &[]).succeeds();
    // To sign is as good, and says it as loud.
    fixture.forget_pins();
    let first = sign(&fixture, &["--json"]);
    assert!(first.is_done() && first.stderr.contains(&format!("{FIRST_TIME}{digest}\n")), "{first:?}");
    assert_eq!((&first.json()["first_root"], &first.json()["repository"]), (&(*digest).into(), &"Test".into()));
    review(&fixture, &[]).succeeds();
    // What is not confirmed is not remembered.
    fixture.forget_pins();
    fixture.at(DAY_1, &["ceremony", "sign", "rotation", "--key", "keys/bob.pem", "--fingerprint", "0000"]);
    assert!(review(&fixture, &[]).stderr.starts_with(FIRST_TIME));
}

#[test]
fn a_configuration_folder_that_is_not_there_yet_is_made() {
    let fixture = rotation();
    let configuration = fixture.path("home/configuration/rootline");
    let config = ["--config", configuration.to_str().unwrap()];
    let first = review(&fixture, &config);
    assert!(first.is_done() && first.stderr.starts_with(FIRST_TIME), "{first:?}");
    assert!(!first.stderr.contains("not remembered"), "{first:?}");
    review(&fixture, &config).succeeds();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&configuration), mode(&configuration.join("pins.toml"))), (0o700, 0o600));
    }
}

#[test]
fn who_has_signed_root_1_knows_it_once_it_is_published() {
    let fixture = RepositoryFixture::after_the_first();
    let signed = fs::read_to_string(fixture.pins()).unwrap();
    assert!(signed.contains("signed_as_root_1") && !signed.contains("root_1_sha256"), "{signed}");
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--renew", "root"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]);
    fixture.at(DAY_1, &["ceremony", "review", "second"]).succeeds();
    let pinned = fs::read_to_string(fixture.pins()).unwrap();
    assert!(pinned.contains(&format!("root_1_sha256 = \"{}\"", root_1(&fixture))), "{pinned}");
    assert!(!pinned.contains("signed_as_root_1"), "{pinned}");
}

#[test]
fn a_kept_root_or_its_digest_says_which_repository_it_has_to_be() {
    let fixture = rotation();
    fixture.forget_pins();
    let digest = root_1(&fixture);
    fixture.write("kept.json", fixture.read("metadata/1.root.json"));
    for root in ["kept.json", &digest] {
        fixture.forget_pins();
        review(&fixture, &["--root", root]).succeeds();
        review(&fixture, &[]).succeeds();
    }
    exchange_chain(&fixture);
    for (root, refused) in [
        ("kept.json", "the repository has another root 1 than kept.json"),
        (&*digest, "root 1 is not the one that --root names"),
        ("none", "--root says that the repository has no root yet"),
    ] {
        review(&fixture, &["--root", root]).refuses(refused, PINNED, "");
    }
    review(&fixture, &["--root", "keys/alice.pub"]).refuses("keys/alice.pub is not a root", "", "name a root");
}

#[test]
fn a_clone_is_the_same_repository_and_another_one_of_its_name_is_not() {
    let fixture = rotation();
    review(&fixture, &[]).succeeds();
    let clone = fixture.copy();
    review(&clone, &[]).succeeds();
    // A clone that was never seen, with another chain under the same name.
    let other = fixture.copy();
    exchange_chain(&other);
    let refused = "this is another repository than the one that you know as \"Test\": its root 1 is sha256 ";
    review(&other, &[]).refuses(refused, PINNED, "do not sign");
    other.edit("rootline.toml", "name = \"Test\"", "name = \"Tests\"");
    assert!(review(&other, &[]).stderr.starts_with("warning: \"Tests\" is seen here for the first time"));
    clone.edit("rootline.toml", "name = \"Test\"", "name = \"Best\"");
    let renamed = review(&clone, &[]);
    assert_eq!(renamed.stderr, "warning: \"Best\" was called \"Test\" when you last signed for it\n");
    assert!(renamed.is_done());
}

#[test]
fn roots_that_were_removed_are_missed_and_a_new_repository_takes_a_word() {
    let fixture = rotation();
    review(&fixture, &[]).succeeds();
    for folder in ["metadata", "ceremonies"] {
        fs::remove_dir_all(fixture.path(folder)).unwrap();
        fs::create_dir(fixture.path(folder)).unwrap();
    }
    fixture.done_at(DAY_1, &["ceremony", "new", "rotation"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    for output in [review(&fixture, &[]), sign(&fixture, &[])] {
        output.refuses(
            "metadata/ has no root, and this folder has the repository \"Test\" with root 1 sha256",
            PINNED,
            "do not sign",
        );
    }
    assert!(sign(&fixture, &["--root", "none"]).is_done());
    assert!(review(&fixture, &[]).is_done());
}

#[test]
fn a_machine_without_a_repository_remembers_it_too() {
    let fixture = rotation();
    let machine = Machine::of(&fixture, "alice", "rotation.request.json");
    let first = machine.sign(&["--yes", "--output", "a.json"]);
    assert!(first.is_done() && first.stderr.contains(&format!("{FIRST_TIME}{}", root_1(&fixture))), "{first:?}");
    machine.sign(&["--yes", "--output", "b.json"]).succeeds();
    let stranger = another_chain();
    stranger.done_at(DAY_1, &["ceremony", "new", "rotation", "--replace", "bob=frank"]);
    stranger.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    stranger.done_at(DAY_1, &["ceremony", "request", "rotation"]);
    fs::copy(stranger.path("rotation.request.json"), machine.path("request.json")).unwrap();
    machine.sign(&["--yes", "--output", "c.json"]).refuses(
        "this is another repository than the one that you know as \"Test\"",
        PINNED,
        "do not sign",
    );
    assert!(!machine.path("c.json").exists());
    let digest = root_1(&stranger);
    assert!(machine.sign(&["--yes", "--output", "c.json", "--root", &digest]).is_done());
}

#[test]
fn what_is_signed_as_whom_with_which_key_is_shown_without_a_question_too() {
    let fixture = RepositoryFixture::frozen();
    let output = fixture.done(&["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"]);
    for line in [
        "repository: \"Test\"",
        "root 1:     none yet",
        "signs:      root 1 and targets 1",
        "as:         alice, alice",
        "with:       key ",
        "fingerprint:",
    ] {
        output.says(line);
    }
    let quiet = fixture.done(&["ceremony", "sign", "first", "--key", "keys/bob.pem", "--yes", "--quiet"]);
    assert!(quiet.stdout.starts_with("bob has signed root 1 and targets 1\n"), "{quiet:?}");
}

#[test]
fn pins_that_cannot_be_read_stop_and_those_that_cannot_be_kept_are_told_of() {
    let fixture = rotation();
    fs::write(fixture.pins(), "format = 9\n").unwrap();
    review(&fixture, &[]).refuses(&fixture.pins().display().to_string(), "", "");
    fixture.forget_pins();
    fs::create_dir(fixture.pins()).unwrap();
    assert_eq!(review(&fixture, &[]).status, 1);
    fs::remove_dir(fixture.pins()).unwrap();
    // The lock has no place.
    let lock = fixture.configuration().join("pins.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(lock).unwrap();
    let output = review(&fixture, &[]);
    assert!(output.is_done() && output.stderr.contains("warning: not remembered for the next time: "), "{output:?}");
}
