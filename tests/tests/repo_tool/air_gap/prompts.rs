//! Questions at a terminal, answered through one that is not there.

use rootline_tests::fixtures::machine::{Machine, beginning, fingerprint};
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::RepositoryFixture;
use rootline_tests::{binaries, terminal};

/// `rootline-repo sign` at a terminal of so many columns, where somebody types that.
pub(crate) fn at_a_terminal(machine: &Machine, arguments: &str, columns: u16, typed: &str) -> Option<Output> {
    at_a_coloured_terminal(machine, arguments, columns, typed, false)
}

pub(crate) fn at_a_coloured_terminal(
    machine: &Machine,
    arguments: &str,
    columns: u16,
    typed: &str,
    is_coloured: bool,
) -> Option<Output> {
    let (program, configuration) = (binaries::rootline_repo().display(), machine.configuration().display());
    let line = format!("{program} sign request.json --key key.pem --config {configuration} {arguments}");
    terminal::at_a_terminal(&machine.path("."), &line, columns, typed, is_coloured).map(Output::from)
}

#[test]
fn a_yes_or_the_fingerprint_signs_and_nothing_else_does() {
    let fixture = beginning();
    let right = fingerprint(&fixture, "first");
    let grouped: String =
        right.as_bytes().chunks(4).map(|four| format!("{} ", str::from_utf8(four).unwrap())).collect();
    let wrong = right.replace(['0', '1'], "2");
    for (typed, is_signed) in [
        ("yes\n", true),
        (&*format!("{right}\n"), true),
        (&*format!("{}\n", grouped.to_uppercase()), true),
        ("no\n", false),
        ("y\n", false),
        ("\n", false),
        ("Yes, please\n", false),
        (&*format!("{wrong}\n"), false),
        (&*format!("{}\n", &right[..63]), false),
    ] {
        let machine = Machine::of(&fixture, "alice", "first.request.json");
        let Some(output) = at_a_terminal(&machine, "", 120, typed) else { return };
        let question = "Sign root 1 and targets 1 of \"Test\" as alice (key ";
        assert!(output.stdout.contains(")? Type yes, or the fingerprint that was read out:"), "{output:?}");
        output.asks_alice_to_sign(question, is_signed);
        assert_eq!(machine.list().len(), if is_signed { 3 } else { 2 }, "{typed:?}: {output:?}");
    }
}

#[test]
fn a_passphrase_is_asked_for_once_the_review_was_shown_and_names_the_key_in_the_question() {
    let fixture = RepositoryFixture::new();
    fixture.write("passphrase", "open sesame\n");
    fixture.done(&["key", "generate", "--out", "keys/locked.pem", "--passphrase-file", "passphrase"]);
    fixture.done(&["keyholder", "add", "alice", "--public-key", "keys/locked.pem.pub", "--new-key"]);
    fixture.done(&["ceremony", "new", "first"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture.done(&["ceremony", "request", "first"]);
    for (passphrase, status, told) in [
        ("open sesame", 0, "alice has signed root 1 and targets 1"),
        ("shut", 1, "error: key.pem: the passphrase does not open the private key"),
    ] {
        let machine = Machine::of(&fixture, "locked", "first.request.json");
        let Some(output) = at_a_terminal(&machine, "", 120, &format!("{passphrase}\nyes\n")) else { return };
        assert_eq!(output.status, status, "{output:?}");
        let asked = "Sign root 1 and targets 1 of \"Test\" as alice (key ";
        let asked = (status == 0).then_some(asked).into_iter();
        let places = ["fingerprint:", "passphrase for key.pem:"].into_iter().chain(asked).chain([told]);
        let places: Vec<Option<usize>> = places.map(|text| output.stdout.find(text)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {output:?}");
    }
}
