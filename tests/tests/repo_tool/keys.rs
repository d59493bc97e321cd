//! Private keys in files.

use std::fs;

use rootline_ceremonies::SecretKey;
use rootline_tests::fixtures::repository::RepositoryFixture;

#[test]
fn a_new_key_is_encrypted_and_its_owners_alone_and_never_written_over() {
    let fixture = RepositoryFixture::new();
    fixture.write("passphrase", "open sesame\n");
    for kind in ["p256", "ed25519"] {
        let file = format!("mine-{kind}.pem");
        let generate = ["key", "generate", "--out", &file, "--kind", kind, "--passphrase-file", "passphrase"];
        fixture.done(&generate).says("(encrypted)");
        let pem = fixture.read(&file);
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        assert!(SecretKey::from_pem(&pem, Some(b"open sesame")).is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(fixture.path(&file)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fixture.run(&generate).refuses(
            &format!("{file} already exists"),
            "",
            "name another file; a key is never overwritten",
        );
        assert_eq!(fixture.read(&file), pem);
        // The public half is what was written beside it.
        let output = fixture.done(&["keyholder", "add", kind, "--public-key", &format!("{file}.pub")]);
        fixture.done(&["keyholder", "list"]).says(output.stdout.split(' ').nth(3).unwrap());
    }
}

#[test]
fn a_public_key_that_is_missing_is_written_by_whoever_has_the_private_one() {
    let fixture = RepositoryFixture::new();
    let generate = ["key", "generate", "--out", "mine.pem", "--plain"];
    fixture.done(&generate);
    let public = fixture.read("mine.pem.pub");
    // As it is where the program was ended between the two files.
    fs::remove_file(fixture.path("mine.pem.pub")).unwrap();
    fixture.run(&generate).refuses(
        "mine.pem exists, and mine.pem.pub does not",
        "",
        "name another file; or write the public key of this one: rootline-repo key check",
    );
    let check = ["key", "check", "mine.pem", "--public-key-out", "mine.pem.pub"];
    fixture.done(&check).says("wrote mine.pem.pub");
    assert_eq!(fixture.read("mine.pem.pub"), public);
    let output = fixture.done(&[&check[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(report["keys"][0]["public_key"], "mine.pem.pub");
    // Nobody else's is written over, and one file is for one key.
    let another = ["key", "check", "keys/alice.pem", "--public-key-out", "mine.pem.pub"];
    fixture.run(&another).refuses("mine.pem.pub already exists", "", "");
    let two = ["key", "check", "keys/alice.pem", "keys/bob.pem", "--public-key-out", "two.pub"];
    fixture.run(&two).refuses("--public-key-out takes one key, but 2 are given", "", "check one key at a time");
    assert_eq!(fixture.read("mine.pem.pub"), public);
    assert!(!fixture.path("two.pub").exists());
}

#[test]
fn a_plain_key_says_what_it_risks() {
    let fixture = RepositoryFixture::new();
    let output = fixture.done(&["key", "generate", "--out", "plain.pem", "--plain"]);
    assert!(
        output.stderr.contains("warning: the key is not encrypted: anyone who can read the file can sign"),
        "{output:?}"
    );
    assert!(fixture.read("plain.pem").starts_with("-----BEGIN PRIVATE KEY-----"));
}

#[test]
fn a_passphrase_comes_from_a_file_or_the_environment_and_must_be_right() {
    let fixture = RepositoryFixture::new();
    fixture.write("passphrase", "open sesame\nthe second line is not read\n");
    fixture.write("of-notepad", "\u{feff}open sesame\r\n");
    fixture.write("wrong", "shut\n");
    fixture.write("empty", "\n");
    fixture.done(&["key", "generate", "--out", "frank-2.pem", "--passphrase-file", "passphrase"]);
    fixture.done(&["keyholder", "add", "frank", "--public-key", "frank-2.pem.pub", "--new-key"]);
    fixture.done(&["ceremony", "new", "first", "--replace", "alice=frank"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    let sign = ["ceremony", "sign", "first", "--key", "frank-2.pem", "--yes"];

    let output = fixture.run(&sign);
    output.refuses("a passphrase is needed, and there is no terminal to ask at", "", "give it with --passphrase-file");
    let output = fixture.run(&[&sign[..], &["--passphrase-file", "wrong"]].concat());
    output.refuses(
        "frank-2.pem: the passphrase does not open the private key",
        "",
        "enter its passphrase at the prompt",
    );
    assert!(!output.stderr.contains("shut"));
    fixture.run(&[&sign[..], &["--passphrase-file", "empty"]].concat()).refuses(
        "the passphrase is empty",
        "",
        "choose one",
    );
    let mut command = fixture.command(&[&sign[..], &["--role", "root"]].concat());
    command.env("ROOTLINE_PASSPHRASE", "open sesame");
    fixture.run_command(command).says("frank has signed root");
    fixture.done(&[&sign[..], &["--passphrase-file", "of-notepad"]].concat()).says("frank has signed targets");
    fixture.done(&["key", "check", "frank-2.pem", "--passphrase-file", "passphrase"]);
}

#[test]
fn what_is_no_private_key_is_named_and_never_shown() {
    let fixture = RepositoryFixture::frozen();
    fixture.write("notes.txt", "my secret notes");
    let output = fixture.run(&["ceremony", "sign", "first", "--key", "notes.txt", "--yes"]);
    assert_eq!(output.status, 1);
    assert!(
        output.stderr.contains("notes.txt: no well-formed private key in PEM")
            && !output.stderr.contains("secret notes"),
        "{output:?}"
    );
    let output = fixture.run(&["ceremony", "sign", "first", "--key", "nowhere.pem", "--yes"]);
    output.refuses("cannot read the key nowhere.pem", "", "check the path");
    let output = fixture.run(&["keyholder", "add", "grace", "--public-key", "keys/frank.pem"]);
    assert_eq!(output.status, 1, "{output:?}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused_by_its_path_and_by_its_uri() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = RepositoryFixture::frozen();
    let set = |file: &str, mode: u32| {
        fs::set_permissions(fixture.path(file), fs::Permissions::from_mode(mode)).unwrap();
    };
    let uri = format!("file://{}", fixture.path("keys/alice.pem").display());
    for mode in [0o604, 0o640, 0o610, 0o602] {
        set("keys/alice.pem", mode);
        for key in ["keys/alice.pem", "file:keys/alice.pem", &uri] {
            let refused = fixture.run(&["ceremony", "sign", "first", "--key", key, "--yes"]);
            assert!(refused.stderr.contains("keys/alice.pem can be read by others\n  hint: chmod 600 "), "{refused:?}");
            assert_eq!(refused.status, 1);
        }
        fixture.run(&["key", "check", "keys/alice.pem"]).refuses(
            "the private key keys/alice.pem can be",
            "",
            "chmod 600",
        );
        fixture.done(&["key", "check", "keys/alice.pem", "--allow-readable-key"]);
    }
    assert!(fixture.list("ceremonies/first/signatures").is_empty());
    for mode in [0o600, 0o400] {
        set("keys/alice.pem", mode);
        fixture.done(&["key", "check", "keys/alice.pem"]);
    }
    fixture.done(&["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"]);
    // A secret alone signs nothing, so that its file is warned of.
    fixture.write("passphrase", "open sesame\n");
    set("passphrase", 0o644);
    let generate = ["key", "generate", "--out", "locked.pem", "--passphrase-file", "passphrase"];
    let warning = "warning: the passphrase file passphrase can be read by others\n  hint: chmod 600 passphrase\n";
    assert_eq!(fixture.done(&generate).stderr, warning);
    set("passphrase", 0o600);
    fixture.run(&["key", "check", "locked.pem", "--passphrase-file", "passphrase"]).succeeds();
    // What a shell makes for the output of a command can be read once.
    let script =
        format!("exec '{}' key check /dev/stdin < keys/bob.pem", rootline_tests::binaries::rootline_repo().display());
    let piped = std::process::Command::new("sh").args(["-c", &script]).current_dir(fixture.folder()).output().unwrap();
    assert!(piped.status.success(), "{}", String::from_utf8_lossy(&piped.stderr));
}
