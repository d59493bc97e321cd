//! Signatures that other tools have made.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rootline_ceremonies::SecretKey;
use rootline_metadata::hex;
use rootline_tests::fixtures::machine::beginning;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::peers;

/// Runs openssl in the repository.
fn openssl(program: &PathBuf, fixture: &RepositoryFixture, arguments: &str) {
    let output = Command::new(program).args(arguments.split(' ')).current_dir(fixture.path(".")).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

fn payloads(fixture: &RepositoryFixture) {
    for role in ["root", "targets"] {
        let file = format!("{role}.payload");
        let output = fixture.done(&["ceremony", "payload", "first", "--role", role, "--output", &file]);
        let digest = hex::encode(&rootline_metadata::sha256(fixture.read(&file).as_bytes()));
        output.says(&format!("wrote the payload of {role} 1 to {file}: "));
        output.says(&format!("sha256 {digest}\n"));
    }
}

#[test]
fn openssl_signs_with_either_kind_of_key() {
    let Some(program) = peers::of_the_system("openssl") else { return };
    let fixture = beginning();
    payloads(&fixture);
    openssl(&program, &fixture, "dgst -sha256 -sign keys/alice.pem -out alice.sig root.payload");
    openssl(&program, &fixture, "pkeyutl -sign -rawin -in root.payload -inkey keys/bob.pem -out bob.sig");
    openssl(&program, &fixture, "dgst -sha256 -sign keys/carol.pem -out carol.sig targets.payload");
    // A device that is given the digest alone.
    openssl(&program, &fixture, "dgst -sha256 -binary -out root.digest root.payload");
    openssl(&program, &fixture, "pkeyutl -sign -in root.digest -inkey keys/erin.pem -out erin.sig");
    let output = fixture.done(&["ceremony", "accept", "carol.sig", "bob.sig", "alice.sig", "erin.sig"]);
    for line in [
        "carol.sig: carol has signed targets 1\n",
        "bob.sig: bob has signed root 1\n",
        "alice.sig: alice has signed root 1\n",
        "erin.sig: erin has signed root 1\n",
        "root 1 under root 1 (new): 3 of 3 (alice, bob, erin); enough",
    ] {
        output.says(line);
    }
    fixture.done(&["ceremony", "accept", "bob.sig"]).says("bob.sig: bob had signed root 1 already");
    // openssl chooses another number every time, so this is another signature by the same key.
    openssl(&program, &fixture, "dgst -sha256 -sign keys/alice.pem -out alice.sig root.payload");
    fixture.done(&["ceremony", "accept", "alice.sig"]).says("alice.sig: alice had signed root 1 already");
    for name in ["alice", "bob"] {
        fixture.sign("first", name).says("has signed targets 1\n");
    }
    fixture.done(&["ceremony", "seal", "first"]);
}

#[test]
fn a_signature_comes_as_bytes_hex_or_base64() {
    let Some(program) = peers::of_the_system("openssl") else { return };
    let fixture = beginning();
    payloads(&fixture);
    openssl(&program, &fixture, "dgst -sha256 -sign keys/alice.pem -out der root.payload");
    openssl(&program, &fixture, "pkeyutl -sign -rawin -in root.payload -inkey keys/bob.pem -out raw");
    openssl(&program, &fixture, "base64 -in der -out der.base64");
    openssl(&program, &fixture, "base64 -in raw -out raw.base64");
    for (form, name) in [("der", "alice"), ("raw", "bob")] {
        let bytes = fs::read(fixture.path(form)).unwrap();
        let spaced: Vec<String> = bytes.chunks(2).map(hex::encode).collect();
        fixture.write(&format!("{form}.hex"), spaced.join(" "));
        for file in [form.to_owned(), format!("{form}.hex"), format!("{form}.base64")] {
            let _ = fs::remove_dir_all(fixture.path("ceremonies/first/signatures"));
            fixture.done(&["ceremony", "accept", &file]).says(&format!("{file}: {name} has signed root 1\n"));
        }
    }
}

#[test]
fn a_signature_over_anything_else_or_by_anybody_else_is_refused() {
    let fixture = beginning();
    payloads(&fixture);
    let sign = |name: &str, over: &str, to: &str| {
        let key = SecretKey::from_pem(&fixture.read(&format!("keys/{name}.pem")), None).unwrap();
        fixture.write(to, key.sign(&fs::read(fixture.path(over)).unwrap()));
    };
    let rule = "a signature is verified before it is kept";
    let refused = |file: &str, options: &[&str], error: &str| {
        let output = fixture.at(DAY_0, &[&["ceremony", "accept", file], options].concat());
        output.refuses(&format!("{file}: {error}"), rule, "ask for it again; what is to be signed is exactly what");
    };
    // The file is not its payload.
    sign("alice", "ceremonies/first/frozen/1.root.json", "file.sig");
    refused("file.sig", &[], "this is no signature by any keyholder over anything that is to be signed");
    sign("stranger", "root.payload", "stranger.sig");
    refused("stranger.sig", &[], "this is no signature by any keyholder");
    sign("alice", "root.payload", "alice.sig");
    refused("alice.sig", &["--as", "bob"], "this is no signature by bob over anything");
    refused("alice.sig", &["--role", "targets"], "this is no signature by any keyholder");
    let output = fixture.at(DAY_0, &["ceremony", "accept", "alice.sig", "--as", "mallory"]);
    output.refuses("alice.sig: there is no keyholder mallory", "only keys", "see who there is");
    // Frank is a keyholder, and nobody has asked him.
    sign("frank", "root.payload", "frank.sig");
    let output = fixture.at(DAY_0, &["ceremony", "accept", "frank.sig"]);
    output.refuses(
        "frank.sig: frank's key ",
        "only keys that the old or the new root lists",
        "nothing is needed from frank",
    );
    assert_eq!(fixture.list("ceremonies/first/signatures"), Vec::<String>::new());
    fixture
        .done(&["ceremony", "accept", "alice.sig", "--as", "alice", "--role", "root"])
        .says("alice has signed root 1");

    // Which ceremony, where there are two.
    fixture.done(&["ceremony", "new", "second"]);
    sign("bob", "root.payload", "bob.sig");
    let output = fixture.at(DAY_0, &["ceremony", "accept", "bob.sig"]);
    output.refuses("bob.sig: several ceremonies are open: first, second", "", "name one of them");
    fixture.done(&["ceremony", "accept", "bob.sig", "--ceremony", "first"]).says("bob has signed root 1");
}

#[test]
fn a_payload_is_the_bytes_and_nothing_else() {
    let fixture = beginning();
    let output = fixture.done(&["ceremony", "payload", "first", "1.root"]);
    let digest = hex::encode(&rootline_metadata::sha256(output.stdout.as_bytes()));
    assert_eq!(output.stderr, format!("payload of root 1: {} bytes, sha256 {digest}\n", output.stdout.len()));
    assert!(output.stdout.starts_with("{\"_type\":\"root\",") && output.stdout.ends_with('}'), "{}", output.stdout);
    let output = fixture.done(&["ceremony", "payload", "first", "1.root", "--json"]);
    let document = output.json();
    assert_eq!((&document["part"], &document["sha256"]), (&"1.root".into(), &digest.into()));
    let payload = |arguments: &[&str]| fixture.run(&[&["ceremony", "payload", "first"], arguments].concat());
    payload(&[]).refuses(
        "this ceremony signs 2 files, each with its own payload",
        "",
        "name one of them: 1.root, 1.targets",
    );
    payload(&["2.root"]).refuses("this ceremony does not sign 2.root", "", "name one of them: 1.root, 1.targets");
    payload(&["--role", "npm"]).refuses("this ceremony does not sign npm", "", "list its files");
}
