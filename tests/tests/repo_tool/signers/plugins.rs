//! Keys behind a program that speaks the Sigstore KMS plugin protocol, and programs that do not.

use rootline_tests::fixtures::desk::path_with_plugin;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};

fn run(fixture: &RepositoryFixture, arguments: &[&str]) -> Output {
    let mut command = fixture.command(&[arguments, &["--at", DAY_0]].concat());
    command.env("PATH", path_with_plugin());
    fixture.run_command(command)
}

fn check(fixture: &RepositoryFixture, key: &str) -> Output {
    run(fixture, &["key", "check", &format!("plugin:tests://{key}")])
}

#[test]
fn a_plugin_signs_root_targets_snapshot_and_timestamp() {
    let fixture = RepositoryFixture::new();
    // Carol has a P-256 key and Bob an Ed25519 one, which the plugin has too.
    let done = |arguments: &[&str]| {
        let output = run(&fixture, arguments);
        assert_eq!(output.status, 0, "{arguments:?}: {output:?}");
        output
    };
    done(&["ceremony", "new", "first"]);
    done(&["ceremony", "freeze", "first"]);
    done(&["ceremony", "sign", "first", "--key", "plugin:tests://carol", "--yes"])
        .says("carol has signed root 1 and targets 1");
    done(&["ceremony", "sign", "first", "--key", "plugin:tests://ed25519/bob", "--yes"])
        .says("bob has signed root 1 and targets 1");
    done(&["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"]);
    done(&["ceremony", "seal", "first"]);
    done(&["online", "--key", "plugin:tests://online"]);
    done(&["publish"]);
    assert!(fixture.verify("public", 1, DAY_0).is_ok());
}

#[test]
fn a_plugin_is_checked_with_a_challenge() {
    let fixture = RepositoryFixture::new();
    check(&fixture, "carol").says("plugin:tests://carol signs: key ");
    check(&fixture, "ed25519/bob").says("ed25519");
    let output = run(&fixture, &["keyholder", "add", "grace", "--key", "plugin:tests://grace"]);
    output.says("private key: plugin:tests://grace (it has signed a challenge)");
    assert!(fixture.read("keyholders/grace/keyholder.toml").contains("signer = \"plugin:tests://grace\""));
}

#[test]
fn a_signature_that_its_own_key_does_not_verify_is_never_kept() {
    let fixture = RepositoryFixture::new();
    run(&fixture, &["ceremony", "new", "first"]);
    run(&fixture, &["ceremony", "freeze", "first"]);
    let error = "the signer gave a signature that its own key ";
    let rule = "a signature is verified before it is kept";
    for key in ["wrong-signature/carol", "other-key/carol"] {
        check(&fixture, key).refuses(error, rule, "do not use it");
        let key = format!("plugin:tests://{key}");
        run(&fixture, &["ceremony", "sign", "first", "--key", &key, "--yes"]).refuses(error, rule, "do not use it");
        run(&fixture, &["keyholder", "add", "grace", "--key", &key]).refuses(error, rule, "do not use it");
    }
    assert_eq!(fixture.list("ceremonies/first/signatures"), [""; 0]);
    assert!(!fixture.path("keyholders/grace").exists());
    for name in ["alice", "bob", "carol"] {
        assert_eq!(fixture.sign("first", name).status, 0);
    }
    run(&fixture, &["ceremony", "seal", "first"]).says("sealed");
    let output = run(&fixture, &["online", "--key", "plugin:tests://wrong-signature/online"]);
    output.refuses("snapshot is not signed: the signer gave a signature that its own key ", "", "do not use it");
    assert_eq!(fixture.list("metadata"), [""; 0]);
}

#[test]
fn whatever_else_a_plugin_does_is_an_error_that_says_so() {
    let fixture = RepositoryFixture::new();
    let hint = "check that ";
    for (key, error, hint) in [
        ("garbage", "plugin tests returned no JSON object", hint),
        ("failing", "plugin tests returned no JSON object and ended with exit status: 7", hint),
        ("no-key", "plugin tests returned something that is not a public key in PEM", hint),
        ("flood", "plugin tests returned more than 65536 bytes, and was stopped", hint),
        (
            "p384",
            "plugin tests has a key of scheme ecdsa-sha2-nistp384, which cannot sign metadata",
            "name one of its Ed25519 or",
        ),
    ] {
        check(&fixture, key).refuses(error, "", hint);
    }
    // Its own words, without what would move the cursor; what it says beside them is passed on.
    let output = check(&fixture, "error");
    output.refuses("plugin tests says: the key is not there", "", "see the plugin's documentation");
    assert!(output.stderr.starts_with("warning: plugin tests: looking for the key  [2J\n"), "{output:?}");
    run(&fixture, &["key", "check", "plugin:nowhere://x"])
        .reaches_nothing("no program sigstore-kms-nowhere on the PATH", "install the plugin");
}

#[test]
fn a_plugin_does_not_see_what_opens_other_signers() {
    let fixture = RepositoryFixture::new();
    let mut command = fixture.command(&["key", "check", "plugin:tests://alone/carol"]);
    command.env("PATH", path_with_plugin()).env("ROOTLINE_PASSPHRASE", "open sesame").env("ROOTLINE_PIN", "904217");
    fixture.run_command(command).says("plugin:tests://alone/carol signs: key ");
}

#[test]
fn a_plugin_that_does_not_answer_in_time_is_ended() {
    let fixture = RepositoryFixture::new();
    let output = run(&fixture, &["key", "check", "plugin:tests://hang", "--signer-timeout", "1s"]);
    output.reaches_nothing("plugin tests did not respond within 1 s, and was stopped", "if it waits for a person");
}

/// A program in the folder one happens to stand in is nobody's plugin.
#[cfg(unix)]
#[test]
fn a_plugin_is_not_taken_from_a_relative_folder() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = RepositoryFixture::new();
    fixture.write("sigstore-kms-here", "#!/bin/sh\ntouch it-ran\n");
    std::fs::set_permissions(fixture.path("sigstore-kms-here"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = fixture.command(&["key", "check", "plugin:here"]);
    command.env("PATH", ".:/usr/bin");
    fixture.run_command(command).reaches_nothing("no program sigstore-kms-here on the PATH", "install the plugin");
    assert!(!fixture.path("it-ran").exists());
}
