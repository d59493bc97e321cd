//! Where a keyholder's key is, as it is noted down, and what is done with that.

use rootline_tests::fixtures::repository::RepositoryFixture;

#[test]
fn where_a_key_is_can_be_noted_down_unchecked_and_shows_in_tallies() {
    let fixture = RepositoryFixture::new();
    let signer =
        "pkcs11:token=dave;serial=1234;object=root?module-path=/opt/p11.so&pin-source=file:/run/pin&pin-value=904217";
    let output = fixture.done(&["keyholder", "add", "grace", "--public-key", "keys/stranger.pub", "--signer", signer]);
    output.says("private key: pkcs11:token=dave;serial=1234;object=root (not checked)");
    let noted = fixture.read("keyholders/grace/keyholder.toml");
    assert!(noted.contains("signer = \"pkcs11:token=dave;serial=1234;object=root\"\n"), "{noted}");
    fixture.done(&["keyholder", "list"]).says("token dave (serial 1234)");
    fixture.done(&["ceremony", "new", "first", "--replace", "alice=grace"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture
        .done(&["ceremony", "status", "first"])
        .says("more needed, of: bob, carol, dave, erin, grace [token dave (serial 1234)]");
    let output = fixture.done(&["ceremony", "status", "first", "--json"]);
    let report = output.json();
    let quorum = &report["tally"]["roles"][0]["quorums"][0];
    assert_eq!(quorum["signers"], serde_json::json!({ "grace": ["token dave (serial 1234)"] }));
    let all = [output.stdout, output.stderr, noted].concat();
    assert!(!all.contains("904217") && !all.contains("/opt/p11.so") && !all.contains("/run/pin"));
}

#[test]
fn whoever_signs_by_name_signs_with_what_is_noted_down() {
    let fixture = RepositoryFixture::new();
    fixture
        .done(&["keyholder", "add", "grace", "--key", "keys/stranger.pem"])
        .says("file:keys/stranger.pem (it has signed a challenge)");
    fixture.done(&["ceremony", "new", "first", "--replace", "alice=grace"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture
        .done(&["ceremony", "sign", "first", "--as", "grace", "--yes"])
        .says("grace has signed root 1 and targets 1");
    fixture.run(&["ceremony", "sign", "first", "--as", "bob", "--yes"]).refuses(
        "no private key is recorded for bob",
        "",
        "name it: --key URI",
    );
    fixture.run(&["ceremony", "sign", "first", "--as", "nobody", "--yes"]).refuses(
        "there is no keyholder nobody",
        "only keys that a keyholder was given count",
        "see who there is",
    );
    assert_eq!(fixture.run(&["ceremony", "sign", "first", "--yes"]).status, 2);
    // What is noted down for one serves nobody else.
    fixture.run(&["ceremony", "sign", "first", "--key", "keys/stranger.pem", "--as", "bob", "--yes"]).refuses(
        "the key ",
        "a keyholder counts once",
        "sign as grace",
    );
}

/// A keyholder's file comes from a repository that others write to: it must not choose what is loaded on this machine.
#[test]
fn what_others_have_noted_down_loads_no_library() {
    let fixture = RepositoryFixture::new();
    fixture.done(&["keyholder", "add", "grace", "--public-key", "keys/stranger.pub", "--signer", "pkcs11:token=x"]);
    fixture.edit(
        "keyholders/grace/keyholder.toml",
        "pkcs11:token=x",
        "pkcs11:token=x?module-path=./evil.so&pin-source=file:/etc/passwd",
    );
    // The one who wrote it down has named the token, and nothing else of it is followed.
    fixture.done(&["ceremony", "new", "first", "--replace", "alice=grace"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    let mut command = fixture.command(&["ceremony", "sign", "first", "--as", "grace", "--yes"]);
    command.env_remove("ROOTLINE_PKCS11_MODULE");
    fixture.run_command(command).refuses("no PKCS#11 library is set", "", "set it with --pkcs11-module FILE");
}

#[test]
fn what_others_have_noted_down_is_followed_once_the_user_says_so() {
    let fixture = RepositoryFixture::new();
    fixture.done(&["keyholder", "add", "grace", "--public-key", "keys/stranger.pub", "--signer", "keys/stranger.pem"]);
    fixture.done(&["ceremony", "new", "first", "--replace", "alice=grace"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    // Somebody else has it from version control.
    fixture.forget_pins();
    let sign = ["ceremony", "sign", "first", "--as", "grace", "--yes"];
    let recorded = fixture.read("keyholders/grace/keyholder.toml");
    for place in [
        "awskms://kms.example.org/alias/root",
        "awskms:///alias/root",
        "plugin:tests://key",
        "pkcs11:token=x",
        "file:keys/stranger.pem",
    ] {
        fixture.write("keyholders/grace/keyholder.toml", recorded.replace("file:keys/stranger.pem", place));
        fixture.run(&sign).refuses(
            &format!("the recorded key of grace is {place}, and you have not named that place yet"),
            "what others have recorded is not followed unasked",
            "if it is where your key is: --use-recorded-signer",
        );
    }
    assert!(fixture.list("ceremonies/first/signatures").is_empty());
    let fresh = fixture.copy();
    let asked = [&sign[..], &["--use-recorded-signer"]].concat();
    fixture.done(&asked).says("grace has signed root 1 and targets 1");
    // It is remembered, as it is of a key that was named.
    assert!(!fixture.run(&sign).stderr.contains("not named that place"));
    fresh.done(&["ceremony", "sign", "first", "--key", "file:keys/stranger.pem", "--yes"]);
    assert!(!fresh.run(&sign).stderr.contains("not named that place"));
    for arguments in
        [&["--use-recorded-signer"][..], &["--key", "keys/bob.pem", "--as", "bob", "--use-recorded-signer"]]
    {
        assert_eq!(fixture.run(&[&["ceremony", "sign", "first"], arguments].concat()).status, 2);
    }
}

#[test]
fn a_uri_that_names_no_signer_is_refused_without_its_pin() {
    let fixture = RepositoryFixture::new();
    for (uri, error, hint) in [
        ("gcpkms://projects/x", "\"gcpkms\" is not a known kind of signer", "name a file, pkcs11:"),
        (
            "pkcs11:lable=x?pin-value=904217",
            "unknown attribute `lable` in the `pkcs11:` URI",
            "such as pkcs11:token=alice",
        ),
        ("pkcs11:pin-value=904217", "unknown attribute `pin-value`", "such as pkcs11:token=alice"),
        (
            "pkcs11:token=a?pin-value=904217&pin-value=904217",
            "the attribute `pin-value` appears twice in the `pkcs11:` URI",
            "such as",
        ),
        ("awskms:alias/x", "a URI `awskms:` names a key by its id, alias or ARN", "such as alice.pem"),
        ("plugin:../x", "a URI `plugin:` names a program sigstore-kms-NAME", "such as alice.pem"),
    ] {
        for arguments in [&["key", "check", uri][..], &["keyholder", "add", "grace", "--key", uri]] {
            let output = fixture.run(arguments);
            output.refuses(error, "", hint);
            assert!(!output.stderr.contains("904217"), "{output:?}");
        }
        let output = fixture.run(&["keyholder", "add", "grace", "--public-key", "keys/stranger.pub", "--signer", uri]);
        output.refuses(error, "", hint);
    }
    // Without anybody's public key there is nothing to note it down beside.
    assert_eq!(fixture.run(&["keyholder", "add", "grace", "--signer", "pkcs11:token=x"]).status, 2);
    assert!(!fixture.path("keyholders/grace").exists());
}
