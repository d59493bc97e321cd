//! Where PINs come from, and that a wrong one is tried once.

use rootline_tests::fixtures::desk::{Desk, PIN};

const KEY: &str = "pkcs11:token=alice;object=root";

#[test]
fn a_pin_comes_from_the_uri_a_file_or_the_environment_in_this_order() {
    let Some(desk) = Desk::with_keys(&["alice"]) else { return };
    desk.fixture.write("wrong", "0000-wrong\n");
    desk.fixture.write("two-lines", format!("{PIN}\nthe second line is not read\n"));
    let value = format!("{KEY}?pin-value={PIN}");
    let source = format!("{KEY}?pin-source=file:two-lines");
    let wrong_source = format!("{KEY}?pin-source=file:wrong");
    let environment = |pin| vec![("ROOTLINE_PIN", pin)];
    for (arguments, variables, signs) in [
        (vec!["key", "check", KEY], environment(PIN), true),
        (vec!["key", "check", KEY], environment("0000-wrong"), false),
        (vec!["key", "check", KEY, "--pin-file", "two-lines"], environment("0000-wrong"), true),
        (vec!["key", "check", KEY, "--pin-file", "wrong"], environment(PIN), false),
        (vec!["key", "check", &source, "--pin-file", "wrong"], environment("0000-wrong"), true),
        (vec!["key", "check", &wrong_source, "--pin-file", "pin"], environment(PIN), false),
        (vec!["key", "check", &value, "--pin-file", "wrong"], environment("0000-wrong"), true),
    ] {
        let output = desk.run_with(&arguments, &variables);
        assert_eq!(output.status == 0, signs, "{arguments:?}: {output:?}");
    }
    let output = desk.run_with(&["key", "check", &value], &[]);
    assert!(
        output.stderr.contains("warning: every user of this machine can see a PIN on the command line"),
        "{output:?}"
    );
    output.says(&format!("{KEY} signs"));
}

#[test]
fn without_a_pin_and_without_a_terminal_nothing_is_tried() {
    let Some(desk) = Desk::with_keys(&["alice"]) else { return };
    desk.fixture.write("empty", "\n");
    desk.run_with(&["key", "check", KEY], &[]).refuses(
        "a PIN is needed, and there is no terminal to ask at",
        "",
        "give it with --pin-file FILE or in ROOTLINE_PIN",
    );
    desk.run_with(&["key", "check", KEY, "--pin-file", "empty"], &[]).refuses(
        "the PIN is empty",
        "",
        "check the source of the PIN",
    );
    desk.run_with(&["key", "check", KEY, "--pin-file", "nowhere"], &[]).refuses(
        "cannot read the PIN file nowhere",
        "",
        "check the path",
    );
}

/// The token itself says whether it has been tried with a wrong PIN since the last right one.
#[test]
fn a_wrong_pin_is_tried_once_and_the_token_remembers() {
    let Some(desk) = Desk::with_keys(&["alice"]) else { return };
    desk.fixture.write("wrong", "0000-wrong\n");
    let wrong = |uris: &[&str]| {
        let output = desk.run_with(&[&["key", "check"], uris, &["--pin-file", "wrong"]].concat(), &[]);
        output.refuses(
            "the PIN of token alice (serial ",
            "",
            "check the PIN before you run this again: tokens lock after a few wrong attempts",
        );
        assert!(
            output.stderr.contains(" is wrong; it was tried once, and the token counts wrong attempts"),
            "{output:?}"
        );
        assert!(!output.stderr.contains("0000-wrong"));
    };
    wrong(&[KEY]);
    // Not once for every key either: the first refusal ends it.
    wrong(&[KEY, KEY]);
    desk.done(&["key", "check", KEY]);
}
