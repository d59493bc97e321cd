//! Keys on tokens: SoftHSM, as many tokens as a test needs.

use std::fs;
use std::process::Command;

use rootline_tests::fixtures::desk::{Desk, PIN};
use rootline_tests::fixtures::repository::DAY_0;
use rootline_tests::peers;

#[test]
fn keys_of_both_kinds_sign_from_their_tokens_from_the_plan_to_what_a_verifier_reads() {
    let Some(desk) = Desk::with_tokens(&["alice", "bob", "machine"]) else { return };
    for (name, token, kind) in [("alice", "alice", "p256"), ("bob", "bob", "ed25519"), ("online", "machine", "p256")] {
        desk.generate(token, "root", kind);
        let key = format!("pkcs11:token={token};object=root");
        let output = desk.done(&["keyholder", "add", name, "--new-key", "--key", &key]);
        output.says(&format!("private key: {key} (it has signed a challenge)"));
    }
    desk.done_without_key(&["ceremony", "new", "first"]);
    desk.done_without_key(&["ceremony", "freeze", "first"]);
    desk.done(&["ceremony", "sign", "first", "--key", "pkcs11:token=alice;object=root", "--yes"])
        .says("alice has signed root 1 and targets 1");
    // Whose token to insert is said of who is missing, and what is noted down is enough to sign.
    desk.run_with(&["ceremony", "status", "first"], &[]).says("bob [token bob]");
    desk.done(&["ceremony", "sign", "first", "--as", "bob", "--yes"]).says("bob has signed root 1 and targets 1");
    desk.done(&["ceremony", "sign", "first", "--key", "keys/carol.pem", "--yes"]);
    desk.done_without_key(&["ceremony", "seal", "first"]);
    desk.done(&["online", "--key", "pkcs11:token=machine;object=root"]).says("first is now current");
    desk.done_without_key(&["publish"]);
    assert!(desk.fixture.verify("public", 1, DAY_0).is_ok());
    // The files have what a signed key object has, and nothing of where a key is.
    for file in desk.fixture.list("metadata") {
        assert!(!desk.fixture.read(&format!("metadata/{file}")).contains("pkcs11"), "{file}");
    }
}

#[test]
fn a_check_says_which_key_it_is_and_where() {
    let Some(desk) = Desk::with_keys(&["alice"]) else { return };
    let [serial] = &desk.serials("alice")[..] else { panic!("one token") };
    let output = desk.done(&["key", "check", "pkcs11:token=alice;object=root", "keys/bob.pem"]);
    output.says("pkcs11:token=alice;object=root signs: key ");
    output.says("ecdsa-sha2-nistp256");
    output.says(&format!("token alice, serial {serial}, manufacturer SoftHSM project, model SoftHSM v2, firmware 2."));
    output.says("file:keys/bob.pem signs: key ");
    let output = desk.done(&["key", "check", "pkcs11:token=alice;object=root", "--json"]);
    let report = output.json();
    assert_eq!(report["keys"][0]["serial"], **serial);
    assert_eq!(report["keys"][0]["signer"], "pkcs11:token=alice;object=root");
    // It is the key whose public half was written when it was made.
    let public = desk.fixture.read("keys/alice-root.pub");
    let public = rootline_metadata::PublicKey::from_spki_pem(&public).unwrap();
    assert_eq!(report["keys"][0]["keyid"], rootline_metadata::KeyId::of(&public).as_str());
}

#[test]
fn what_is_on_the_tokens_is_listed_by_uris_that_sign() {
    let Some(desk) = Desk::with_keys(&["alice", "bob"]) else { return };
    desk.generate("bob", "second", "ed25519");
    let output = desk.run_with(&["key", "list", "--json"], &[]);
    let tokens = output.json();
    let mut keys = 0;
    for token in tokens["tokens"].as_array().unwrap() {
        for key in token["keys"].as_array().unwrap() {
            let uri = key["signer"].as_str().unwrap();
            let checked = desk.done(&["key", "check", uri, "--json"]);
            let checked = checked.json();
            assert_eq!(checked["keys"][0]["keyid"], key["keyid"]);
            keys += 1;
        }
    }
    assert_eq!(keys, 3);
    desk.run_with(&["key", "list"], &[]).says("second  key ");
}

#[test]
fn a_uri_that_several_tokens_could_be_is_refused_with_their_uris() {
    let Some(desk) = Desk::with_keys(&["twin", "other"]) else { return };
    desk.hsm.add_token("twin", rootline_tests::fixtures::desk::PIN);
    let serials = desk.serials("twin");
    assert_eq!(serials.len(), 2);
    let output = desk.run(&["key", "check", "pkcs11:object=root"]);
    output.refuses(
        "several tokens match pkcs11:object=root; there is: pkcs11:token=",
        "",
        "name one by its label or serial",
    );
    assert!(
        output.stderr.contains("pkcs11:token=twin;serial=") && output.stderr.contains("pkcs11:token=other;serial="),
        "{output:?}"
    );
    // Of the two of one label only one has the key.
    desk.done(&["key", "check", "pkcs11:token=twin;object=root"]);
    // The one without: asked for by its serial.
    let refusals = serials.iter().filter(|serial| {
        let output = desk.run(&["key", "check", &format!("pkcs11:serial={serial};object=root")]);
        output.status == 1
            && output.stderr.contains("has no private key that matches")
            && output.stderr.contains("; it has none")
    });
    assert_eq!(refusals.count(), 1);
    for (uri, there) in [("pkcs11:token=nobody", 3), ("pkcs11:serial=0", 3), ("pkcs11:model=YubiKey%20YK5", 3)] {
        let output = desk.run(&["key", "check", uri]);
        output.reaches_nothing(&format!("no token is {uri}; there is: "), "insert the token, or correct the URI");
        assert_eq!(output.stderr.matches(";serial=").count(), there, "{output:?}");
    }
}

#[test]
fn a_uri_that_several_keys_on_one_token_could_be_is_refused_with_their_uris() {
    let Some(desk) = Desk::with_keys(&["alice"]) else { return };
    desk.generate("alice", "second", "ed25519");
    let output = desk.run(&["key", "check", "pkcs11:token=alice"]);
    output.refuses("token alice (serial ", "", "name one by id=%… or object=…");
    assert!(output.stderr.contains(";object=root") && output.stderr.contains(";object=second"), "{output:?}");
    let output = desk.run(&["key", "check", "pkcs11:token=alice;object=third"]);
    output.refuses("token alice (serial ", "", "correct the id or the object in the URI");
    assert!(
        output.stderr.contains("has no private key that matches pkcs11:token=alice;object=third; it has: pkcs11:"),
        "{output:?}"
    );
}

#[test]
fn a_key_of_a_kind_that_not_every_client_verifies_is_refused() {
    if !peers::installed() {
        return;
    }
    let Some(desk) = Desk::with_tokens(&["alice"]) else { return };
    let make = "
import sys
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
for name, key in [('p384', ec.derive_private_key(7, ec.SECP384R1())), ('rsa', rsa.generate_private_key(65537, 2048)),
                  ('p256', ec.derive_private_key(7, ec.SECP256R1()))]:
    open(sys.argv[1] + '/' + name, 'wb').write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
";
    let made = Command::new(peers::python()).args(["-c", make]).arg(desk.fixture.path("keys")).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    for (name, id) in [("p384", "01"), ("rsa", "02"), ("p256", "03")] {
        desk.hsm.import(
            "alice",
            rootline_tests::fixtures::desk::PIN,
            &desk.fixture.path(&format!("keys/{name}")),
            name,
            id,
            true,
        );
    }
    for (name, found) in [("p384", "an ECDSA key on the curve P-384"), ("rsa", "an RSA key")] {
        let output = desk.run(&["key", "check", &format!("pkcs11:token=alice;object={name}")]);
        output.refuses("pkcs11:token=alice;serial=", "", "name an Ed25519 or ECDSA P-256 key");
        assert!(output.stderr.contains(&format!(" is {found}, which cannot sign metadata")), "{output:?}");
    }
    desk.done(&["key", "check", "pkcs11:token=alice;id=%03"]);
    let output = desk.run_with(&["key", "list"], &[]);
    output.says("p384  an ECDSA key on the curve P-384, which cannot sign metadata");
    // A private key alone does not say what its public half is, on such a token.
    desk.hsm.import(
        "alice",
        rootline_tests::fixtures::desk::PIN,
        &desk.fixture.path("keys/p256"),
        "alone",
        "04",
        false,
    );
    let output = desk.run(&["key", "check", "pkcs11:token=alice;id=%04"]);
    output.refuses("token alice (serial ", "", "store its certificate or public key on the token, under the same id");
    assert!(output.stderr.contains("it has neither a public key nor a certificate for it"), "{output:?}");
}

#[test]
fn a_token_that_is_taken_out_between_two_signatures_loses_nothing() {
    let Some(desk) = Desk::with_keys(&["alice"]) else { return };
    let key = "pkcs11:token=alice;object=root";
    desk.done(&["keyholder", "add", "alice", "--new-key", "--key", key]);
    desk.done_without_key(&["ceremony", "new", "first"]);
    desk.run_with(&["ceremony", "freeze", "first"], &[]);
    desk.done(&["ceremony", "sign", "first", "--key", key, "--role", "root", "--yes"]);
    let answer = desk.fixture.read("ceremonies/first/signatures/1.root/alice.json");
    let gone = desk.hsm.tokens().with_extension("gone");
    fs::rename(desk.hsm.tokens(), &gone).unwrap();
    fs::create_dir(desk.hsm.tokens()).unwrap();
    let output = desk.run(&["ceremony", "sign", "first", "--key", key, "--yes"]);
    output.reaches_nothing("no token is pkcs11:token=alice;object=root; no token found", "insert the token");
    assert_eq!(desk.fixture.read("ceremonies/first/signatures/1.root/alice.json"), answer);
    fs::remove_dir(desk.hsm.tokens()).unwrap();
    fs::rename(gone, desk.hsm.tokens()).unwrap();
    desk.done(&["ceremony", "sign", "first", "--key", key, "--yes"]).says("alice has signed targets");
    assert_eq!(desk.fixture.read("ceremonies/first/signatures/1.root/alice.json"), answer);
}

/// The second key is behind a plugin that takes the token away, when the first one has been opened already.
#[test]
fn a_token_that_is_taken_out_in_the_middle_is_told_as_gone_and_nothing_is_written() {
    let Some(desk) = Desk::with_keys(&["machine"]) else { return };
    desk.done(&["keyholder", "add", "online", "--new-key", "--key", "pkcs11:token=machine;object=root"]);
    desk.done_without_key(&["ceremony", "new", "first"]);
    desk.run_with(&["ceremony", "freeze", "first"], &[]);
    for name in ["alice", "bob", "carol"] {
        desk.done(&["ceremony", "sign", "first", "--key", &format!("keys/{name}.pem"), "--yes"]);
    }
    desk.run_with(&["ceremony", "seal", "first"], &[]);
    let before = desk.fixture.list("metadata");
    let remove = format!("plugin:tests://remove:{}", desk.hsm.tokens().display());
    let output = desk.run(&["online", "--key", "pkcs11:token=machine;object=root", "--key", &remove]);
    output.reaches_nothing(
        "snapshot is not signed: token machine (serial ",
        "insert it and run this again; earlier signatures are kept",
    );
    assert!(output.stderr.contains("was removed, or its connection"), "{output:?}");
    assert_eq!(desk.fixture.list("metadata"), before);
    fs::rename(desk.hsm.tokens().with_extension("gone"), desk.hsm.tokens()).unwrap();
    desk.done(&["online", "--key", "pkcs11:token=machine;object=root"]).says("first is now current");
}

#[test]
fn a_library_that_is_none_is_refused_and_the_uris_own_comes_first() {
    let Some(desk) = Desk::with_keys(&["alice"]) else { return };
    let key = "pkcs11:token=alice;object=root";
    desk.fixture.write("text.so", "not a library");
    let module = desk.hsm.module().to_str().unwrap();
    let text = desk.fixture.path("text.so");
    let text = text.to_str().unwrap();
    let hint = "check the path, and that this is the token's PKCS#11 library";
    for bad in ["/nowhere/p11.so", text] {
        let cannot = format!("the PKCS#11 library {bad} cannot be loaded: ");
        desk.run(&["key", "check", key, "--pkcs11-module", bad]).refuses(&cannot, "", hint);
        desk.run(&["key", "check", &format!("{key}?module-path={bad}")]).refuses(&cannot, "", hint);
        desk.done(&["key", "check", &format!("{key}?module-path={module}"), "--pkcs11-module", bad]);
    }
    let named = format!("the PKCS#11 library {}rootline-none", std::env::consts::DLL_PREFIX);
    desk.run(&["key", "check", &format!("{key}?module-name=rootline-none")]).refuses(&named, "", hint);
    let mut command = desk.fixture.command(&["key", "check", key, "--pin-file", "pin"]);
    desk.hsm.give_to(&mut command);
    command.env_remove("ROOTLINE_PKCS11_MODULE");
    let output = desk.fixture.run_command(command);
    output.refuses(
        "no PKCS#11 library is set",
        "",
        "set it with --pkcs11-module FILE, ROOTLINE_PKCS11_MODULE, or ?module-path=FILE",
    );
}

#[test]
fn a_key_is_made_on_one_token_under_a_name_of_its_own_and_never_over_another() {
    let Some(desk) = Desk::with_tokens(&["alice", "bob"]) else { return };
    desk.generate("alice", "root", "p256").says("generated pkcs11:token=alice;serial=");
    let make = |out: &str, public: &str| desk.run(&["key", "generate", "--out", out, "--public-key-out", public]);
    make("pkcs11:token=alice;object=root", "again.pub").refuses(
        "token alice (serial ",
        "",
        "choose another; a key is never overwritten",
    );
    make("pkcs11:token=alice;object=x", "keys/alice-root.pub").refuses(
        "keys/alice-root.pub already exists",
        "",
        "name another file",
    );
    make("pkcs11:token=alice", "a.pub").refuses("the new key has no label", "", "give it one");
    make("pkcs11:manufacturer=SoftHSM%20project;object=x", "a.pub").refuses(
        "several tokens match pkcs11:manufacturer=SoftHSM%20project; there is: pkcs11:token=",
        "",
        "name one by",
    );
    make("awskms:///alias/a", "a.pub").refuses(
        "cannot generate a key at awskms:///alias/a",
        "",
        "generate it with the service's own tools",
    );
    desk.run(&["key", "generate", "--out", "pkcs11:token=bob;object=x"]).refuses(
        "--public-key-out is missing",
        "",
        "name it: --public-key-out FILE",
    );
    desk.run(&["key", "generate", "--out", "pkcs11:token=bob;object=x", "--public-key-out", "a.pub", "--plain"])
        .refuses("--plain and --passphrase-file do not apply to a key on a token", "", "remove them");
    assert!(!desk.fixture.path("a.pub").exists() && !desk.fixture.path("again.pub").exists());
    let listed = desk.run_with(&["key", "list"], &[]);
    assert_eq!(listed.stdout.matches("  key ").count(), 1, "{listed:?}");
}

#[test]
fn a_key_that_wants_its_pin_for_every_signature_signs_also_where_the_module_does_not_sign_in_parts() {
    let Some(desk) = Desk::with_tokens(&["alice"]) else { return };
    let Some(()) = desk.hsm.always_authenticate("alice", PIN, "nine", "02") else { return };
    // Each challenge is one more signature, and one more login.
    for key in ["pkcs11:token=alice;id=%02", "pkcs11:token=alice;object=nine"] {
        desk.done(&["key", "check", key, key]).says(&format!("{key} signs: key "));
    }
    desk.done(&["keyholder", "add", "alice", "--new-key", "--key", "pkcs11:token=alice;id=%02"]);
    desk.done_without_key(&["ceremony", "new", "first"]);
    desk.done_without_key(&["ceremony", "freeze", "first"]);
    desk.done(&["ceremony", "sign", "first", "--key", "pkcs11:token=alice;id=%02", "--yes"])
        .says("alice has signed root 1 and targets 1");
    // Without the program that does it, and with a key that wants no more than one login.
    let without = |key: &str| desk.run_with(&["key", "check", key, "--pin-file", "pin"], &[("PATH", "/nowhere")]);
    without("pkcs11:token=alice;id=%02").refuses(
        "token alice (serial ",
        "",
        "install OpenSC, which has pkcs11-tool; or sign elsewhere: rootline-repo ceremony payload",
    );
    desk.generate("alice", "root", "p256");
    assert!(without("pkcs11:token=alice;object=root").is_done());
}
