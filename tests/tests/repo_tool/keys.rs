//! Private keys in files.

use std::fs;

use rootline_ceremonies::secret_key::SecretKey;
use rootline_tests::fixtures::office::Office;

#[test]
fn a_new_key_is_encrypted_and_its_owners_alone_and_never_written_over() {
    let office = Office::new();
    office.write("passphrase", "open sesame\n");
    for kind in ["p256", "ed25519"] {
        let file = format!("mine-{kind}.pem");
        let generate = ["key", "generate", "--out", &file, "--kind", kind, "--passphrase-file", "passphrase"];
        office.done(&generate).says("(encrypted)");
        let pem = office.read(&file);
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        assert!(SecretKey::from_pem(&pem, Some(b"open sesame")).is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(office.path(&file)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        office.run(&generate).refuses(
            &format!("{file} exists already"),
            "",
            "name another file; a key is never overwritten",
        );
        assert_eq!(office.read(&file), pem);
        // The public half is what was written beside it.
        let said = office.done(&["keyholder", "add", kind, "--public-key", &format!("{file}.pub")]);
        office.done(&["keyholder", "list"]).says(said.out.split(' ').nth(3).unwrap());
    }
}

#[test]
fn a_public_key_that_is_missing_is_written_by_whoever_has_the_private_one() {
    let office = Office::new();
    let generate = ["key", "generate", "--out", "mine.pem", "--plain"];
    office.done(&generate);
    let public = office.read("mine.pem.pub");
    // As it is where the program was ended between the two files.
    fs::remove_file(office.path("mine.pem.pub")).unwrap();
    office.run(&generate).refuses(
        "mine.pem exists, and mine.pem.pub does not",
        "",
        "name another file; or write the public key of this one: rootline-repo key check",
    );
    let check = ["key", "check", "mine.pem", "--public-key-out", "mine.pem.pub"];
    office.done(&check).says("wrote mine.pem.pub");
    assert_eq!(office.read("mine.pem.pub"), public);
    let said = office.done(&[&check[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report[0]["public_key"], "mine.pem.pub");
    // Nobody else's is written over, and one file is for one key.
    let another = ["key", "check", "keys/alice.pem", "--public-key-out", "mine.pem.pub"];
    office.run(&another).refuses("mine.pem.pub exists already", "", "");
    let two = ["key", "check", "keys/alice.pem", "keys/bob.pem", "--public-key-out", "two.pub"];
    office.run(&two).refuses("--public-key-out takes one key, and 2 are given", "", "check one key at a time");
    assert_eq!(office.read("mine.pem.pub"), public);
    assert!(!office.path("two.pub").exists());
}

#[test]
fn a_plain_key_says_what_it_risks() {
    let office = Office::new();
    let said = office.done(&["key", "generate", "--out", "plain.pem", "--plain"]);
    assert!(said.err.contains("warning: the key is not encrypted: anyone who can read the file can sign"), "{said:?}");
    assert!(office.read("plain.pem").starts_with("-----BEGIN PRIVATE KEY-----"));
}

#[test]
fn a_passphrase_comes_from_a_file_or_the_environment_and_must_be_right() {
    let office = Office::new();
    office.write("passphrase", "open sesame\nthe second line is not read\n");
    office.write("wrong", "shut\n");
    office.write("empty", "\n");
    office.done(&["key", "generate", "--out", "frank-2.pem", "--passphrase-file", "passphrase"]);
    office.done(&["keyholder", "add", "frank", "--public-key", "frank-2.pem.pub", "--new-key"]);
    office.done(&["ceremony", "new", "first", "--replace", "alice=frank"]);
    office.done(&["ceremony", "freeze", "first"]);
    let sign = ["ceremony", "sign", "first", "--key", "frank-2.pem", "--yes"];

    let said = office.run(&sign);
    said.refuses(
        "a passphrase is needed, and there is no terminal to ask for it",
        "",
        "give it with --passphrase-file",
    );
    let said = office.run(&[&sign[..], &["--passphrase-file", "wrong"]].concat());
    said.refuses("frank-2.pem: the passphrase does not open the private key", "", "give its passphrase at the prompt");
    assert!(!said.err.contains("shut"));
    office.run(&[&sign[..], &["--passphrase-file", "empty"]].concat()).refuses(
        "the passphrase is empty",
        "",
        "choose one",
    );
    let mut command = office.command(&[&sign[..], &["--role", "root"]].concat());
    command.env("ROOTLINE_PASSPHRASE", "open sesame");
    office.run_command(command).says("frank has signed root");
    office.done(&[&sign[..], &["--passphrase-file", "passphrase"]].concat()).says("frank has signed targets");
}

#[test]
fn what_is_no_private_key_is_named_and_never_shown() {
    let office = Office::frozen();
    office.write("notes.txt", "my secret notes");
    let said = office.run(&["ceremony", "sign", "first", "--key", "notes.txt", "--yes"]);
    assert_eq!(said.status, 1);
    assert!(
        said.err.contains("notes.txt: no well-formed private key in PEM") && !said.err.contains("secret notes"),
        "{said:?}"
    );
    let said = office.run(&["ceremony", "sign", "first", "--key", "nowhere.pem", "--yes"]);
    said.refuses("cannot read the key nowhere.pem", "", "check the path");
    let said = office.run(&["keyholder", "add", "grace", "--public-key", "keys/frank.pem"]);
    assert_eq!(said.status, 1, "{said:?}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_remarked_on() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::frozen();
    fs::set_permissions(office.path("keys/alice.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = office.sign("first", "alice");
    assert!(said.status == 0 && said.err.contains("warning: keys/alice.pem can be read by others"), "{said:?}");
}
