//! Hardware evidence through the program: attested, listed, checked, and refused.

use std::fs;

use rootline_ceremonies::attestation::AttestationCertificates;
use rootline_ceremonies::{KeyKind, SecretKey};
use rootline_tests::fixtures::der::name;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::RepositoryFixture;
use rootline_tests::fixtures::vendor::{FIRMWARE, POLICY, SERIAL, Vendor};
use rootline_tests::real_data::YUBIKEY_SERIALS;
use rootline_tests::{pem, real_data};
use serde_json::Value;

/// A vendor's token with the key that a keyholder has in the repository, with this serial number.
pub(crate) fn token_of(fixture: &RepositoryFixture, holder: &str, serial: u8) -> Vendor {
    let mut vendor = Vendor::with(1);
    vendor.key = SecretKey::from_pem(&fixture.read(&format!("keys/{holder}.pem")), None).unwrap();
    vendor.said.key = vendor.key.public_key().to_spki_der();
    vendor.says(SERIAL, &[2, 1, serial]);
    vendor
}

/// Writes what a keyholder sends, and gives the command that keeps it.
pub(crate) fn attest(fixture: &RepositoryFixture, holder: &str, vendor: &Vendor) -> Output {
    fixture.write(&format!("sent/{holder}/key.pem"), vendor.key_pem());
    fixture.write(&format!("sent/{holder}/device.pem"), vendor.device_pem());
    fixture.write("sent/root.pem", vendor.root_pem());
    fixture.run(&attesting(holder, &["--vendor-root", "sent/root.pem"]).iter().map(|a| &**a).collect::<Vec<_>>())
}

fn attesting(holder: &str, more: &[&str]) -> Vec<String> {
    let (key, device) = (format!("sent/{holder}/key.pem"), format!("sent/{holder}/device.pem"));
    let command = ["keyholder", "attest", holder, "--certificate", &key, "--device", &device, "--at", DAY];
    command.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
}

const DAY: &str = rootline_tests::fixtures::repository::DAY_0;

fn run(fixture: &RepositoryFixture, arguments: &[String]) -> Output {
    fixture.run(&arguments.iter().map(|argument| &**argument).collect::<Vec<_>>())
}

/// The two real keyholders, each with the key that went into root.json.
fn with_the_real_ones() -> Option<RepositoryFixture> {
    let folder = real_data::yubikey_piv()?;
    let fixture = RepositoryFixture::new();
    for (holder, serial) in [("grace", YUBIKEY_SERIALS[0]), ("heidi", YUBIKEY_SERIALS[1])] {
        let from = folder.join(serial.to_string());
        for (theirs, ours) in
            [("key_cert.pem", "key.pem"), ("device_cert.pem", "device.pem"), ("pubkey.pem", "pub.pem")]
        {
            fixture.write(&format!("sent/{holder}/{ours}"), fs::read(from.join(theirs)).unwrap());
        }
        fixture.done(&["keyholder", "add", holder, "--public-key", &format!("sent/{holder}/pub.pem")]);
    }
    fixture.write("sent/root.pem", fs::read(folder.join("yubico-piv-root-ca-263751.pem")).unwrap());
    Some(fixture)
}

#[test]
fn the_two_real_ones_are_kept_with_a_warning() {
    let Some(fixture) = with_the_real_ones() else { return };
    let output = run(&fixture, &attesting("grace", &["--vendor-root", "sent/root.pem"]));
    output.says("token YubiKey serial 14470876, firmware 5.2.7, slot 9c, PIN always, touch always (EUCLEAK)");
    output.says("kept in vendor-roots/yubico-piv-root-ca-serial-263751-");
    for warning in [
        "warning: added a vendor root; compare its digest with another source: CN=Yubico PIV Root \
         CA Serial 263751 (SHA-256 ",
        "warning: its firmware 5.2.7 is older than 5.7 and has EUCLEAK (CVE-2024-45678)",
    ] {
        assert!(output.stderr.contains(warning), "{output:?}");
    }
    // The second one needs no root any more.
    let output = run(&fixture, &attesting("heidi", &["--json"]));
    let kept = output.json();
    assert_eq!(kept["attestation"]["serial"], YUBIKEY_SERIALS[1]);
    assert_eq!(kept["new_vendor_root"], Value::Null);
    assert_eq!(fixture.list("vendor-roots").len(), 1);
    // Beside the keys and not in them.
    assert_eq!(fixture.list("keyholders/grace").len(), 2);
    assert!(!fixture.read("keyholders/grace/keyholder.toml").contains("CERTIFICATE"));

    let output = fixture.done(&["keyholder", "check"]);
    output.says("token YubiKey serial 15938765, firmware 5.2.7");
    output.says("alice   ");
    output.says("no attestation");
    assert_eq!(output.stderr.matches("EUCLEAK (CVE-2024-45678)").count(), 2, "{output:?}");
    let output = fixture.done(&["keyholder", "check", "grace", "--json"]);
    let report = output.json();
    let checked = &report["keys"];
    assert_eq!(checked.as_array().unwrap().len(), 1);
    assert_eq!(checked[0]["attestation"]["firmware"], "5.2.7");
    assert_eq!(checked[0]["attestation"]["vendor_root"]["subject"], "CN=Yubico PIV Root CA Serial 263751");
    fixture.done(&["keyholder", "list"]).says("grace      YubiKey serial 14470876, firmware 5.2.7");
    let listed = fixture.done(&["keyholder", "list", "--json"]).json();
    let grace = listed["keyholders"].as_array().unwrap().iter().find(|holder| holder["name"] == "grace").unwrap();
    assert_eq!(grace["keys"][0]["attestation"]["serial"], YUBIKEY_SERIALS[0]);
}

#[test]
fn the_real_ones_mutilated_are_refused_and_not_kept() {
    let Some(fixture) = with_the_real_ones() else { return };
    let rule = "an attestation leads to a vendor's root, link by link";
    let root = ["--vendor-root", "sent/root.pem"];
    // Grace's token for Heidi.
    fixture.write("sent/swapped/key.pem", fixture.read("sent/grace/key.pem"));
    let mut swapped = attesting("heidi", &root);
    swapped[4] = "sent/swapped/key.pem".to_owned();
    run(&fixture, &swapped).refuses(
        "the attested key ",
        "the attested key is the key that signs",
        "attest the slot whose key",
    );
    // One bit of the signature, and one of the policy.
    let der = pem::decode(&fixture.read("sent/grace/key.pem"));
    let policy = der.windows(4).position(|window| window == [0x04, 0x02, 3, 2]).unwrap() + 3;
    for at in [policy, der.len() - 1] {
        let mut changed = der.clone();
        changed[at] ^= 1;
        fixture.write("sent/grace/key.pem", pem::block("CERTIFICATE", &changed));
        let output = run(&fixture, &attesting("grace", &root));
        output.refuses(
            "the key's certificate is not signed by \"CN=Yubico PIV Attestation\"",
            rule,
            "the two certificates are not from one token",
        );
    }
    fixture.write("sent/grace/key.pem", pem::block("CERTIFICATE", &der));
    // The token's own certificate in the place of the key's, and the other way round.
    fixture.write("sent/frank/key.pem", fixture.read("sent/grace/device.pem"));
    fixture.write("sent/frank/device.pem", fixture.read("sent/grace/key.pem"));
    run(&fixture, &attesting("frank", &root)).refuses(
        "the key's certificate is one of an authority",
        rule,
        "take both certificates",
    );
    assert_eq!(fixture.list("vendor-roots"), Vec::<String>::new());
    assert_eq!(fixture.list("keyholders/grace"), ["keyholder.toml"]);
    assert_eq!(fixture.list("keyholders/heidi"), ["keyholder.toml"]);
}

#[test]
fn without_a_vendors_root_a_maintainer_is_told_where_to_get_it() {
    let fixture = RepositoryFixture::new();
    let vendor = token_of(&fixture, "alice", 1);
    attest(&fixture, "alice", &vendor).says("kept in vendor-roots/root-");
    let root = fixture.list("vendor-roots").remove(0);
    let text = fixture.read(&format!("vendor-roots/{root}"));
    fs::remove_file(fixture.path(&format!("vendor-roots/{root}"))).unwrap();
    let output = run(&fixture, &attesting("alice", &[]));
    output.refuses(
        "the vendor's intermediate 1 was issued by \"CN=Root\", which is none of the vendors' roots kept here",
        "an attestation leads to a vendor's root",
        "get the vendor's root (and, for firmware 5.7.4 or later, its intermediates) from where the vendor publishes",
    );
    let output = fixture.at(DAY, &["keyholder", "check", "alice"]);
    assert!(output.stderr.contains("keyholders/alice/attestations/"), "{output:?}");
    // A maintainer may as well put it there by hand, under any name, with notes beside it.
    fixture.write("vendor-roots/example.pem", text);
    fixture.write("vendor-roots/README", "compared with what the vendor told us on the phone");
    fixture.done(&["keyholder", "check", "alice"]).says("token YubiKey serial 1");
    fixture.write("vendor-roots/broken.pem", "nothing");
    fixture.at(DAY, &["keyholder", "check"]).refuses(
        "vendor-roots/broken.pem: expected 1 to 16",
        "an attestation is",
        "restore it",
    );
}

#[test]
fn the_vendors_intermediates_are_taken_from_its_file() {
    let fixture = RepositoryFixture::new();
    let vendor = token_of(&fixture, "alice", 1);
    attest(&fixture, "alice", &vendor);
    let kept = fixture.list("keyholders/alice/attestations").remove(0);
    let whole = fixture.read(&format!("keyholders/alice/attestations/{kept}"));
    let blocks: Vec<&str> = whole.split_inclusive("-----END CERTIFICATE-----\n").collect();
    assert_eq!(blocks.len(), 3);
    fixture.write("sent/alice/device.pem", blocks[1]);
    run(&fixture, &attesting("alice", &[])).refuses(
        "the token's certificate was issued by \"CN=Intermediate 1\"",
        "an attestation leads to",
        "get the vendor's root",
    );
    fixture.write("sent/intermediates.pem", [blocks[2], &vendor.root_pem()].concat());
    assert_eq!(run(&fixture, &attesting("alice", &["--intermediates", "sent/intermediates.pem"])).status, 0);
    assert_eq!(fixture.read(&format!("keyholders/alice/attestations/{kept}")), whole);
    assert_eq!(AttestationCertificates::parse(&whole).unwrap().to_pem(), whole);
}

#[test]
fn a_token_is_in_one_persons_hands() {
    let fixture = RepositoryFixture::new();
    attest(&fixture, "alice", &token_of(&fixture, "alice", 7)).says("token YubiKey serial 7");
    let output = attest(&fixture, "bob", &token_of(&fixture, "bob", 7));
    output.refuses(
        "alice and bob have keys in the same token, serial 7",
        "a token is in one person's hands",
        "give each a token of their own; if one of alice and bob no longer has it",
    );
    assert_eq!(fixture.list("keyholders/bob"), ["keyholder.toml"]);
    attest(&fixture, "bob", &token_of(&fixture, "bob", 8)).says("token YubiKey serial 8");

    // A person's next key may be in the token that has the first one.
    let next = SecretKey::from_seed(KeyKind::EcdsaP256, &[77; 32]);
    fixture.write("keys/alice-2.pem", next.to_pkcs8_pem().as_bytes());
    fixture.write("keys/alice-2.pub", next.public_key().to_spki_pem());
    fixture.done(&["keyholder", "add", "alice", "--public-key", "keys/alice-2.pub", "--new-key"]);
    attest(&fixture, "alice", &token_of(&fixture, "alice-2", 7)).says("token YubiKey serial 7");
    assert_eq!(fixture.list("keyholders/alice/attestations").len(), 2);
    fixture.done(&["keyholder", "check", "alice"]);

    // It does not have to come through the command.
    let alices = fixture.list("keyholders/alice/attestations");
    let bobs = fixture.list("keyholders/bob/attestations").remove(0);
    fixture.write(&format!("keyholders/bob/attestations/{bobs}"), {
        let vendor = token_of(&fixture, "bob", 7);
        [vendor.key_pem(), vendor.device_pem()].concat()
    });
    fixture.at(DAY, &["keyholder", "check"]).refuses(
        "alice and bob have keys in the same token",
        "a token is in one",
        "give each a token",
    );
    alices
        .iter()
        .for_each(|file| fs::remove_file(fixture.path(&format!("keyholders/alice/attestations/{file}"))).unwrap());
    fixture.done(&["keyholder", "check"]).says("token YubiKey serial 7");
}

#[test]
fn the_rules_of_the_repository_are_kept_to() {
    let fixture = RepositoryFixture::new();
    let rule = "a token meets the rules in [attestation] of rootline.toml";
    let mut vendor = token_of(&fixture, "alice", 1);
    vendor.says(POLICY, &[2, 1]);
    attest(&fixture, "alice", &vendor).refuses(
        "the key's touch policy is never, and the rules want always or cached",
        rule,
        "a key's policies",
    );
    vendor.says(POLICY, &[1, 2]);
    attest(&fixture, "alice", &vendor).refuses(
        "the key's PIN policy is never, and the rules want once or always",
        rule,
        "a key's policies",
    );
    vendor.says(POLICY, &[2, 2]);
    vendor.said.subject = name("YubiKey PIV Attestation 9a");
    attest(&fixture, "alice", &vendor).refuses(
        "the key is in slot 9a of the token, and the rules want 9c",
        rule,
        "make a key in that slot",
    );
    vendor.said.subject = name("YubiKey PIV Attestation 9c");
    vendor.says(FIRMWARE, &[5, 6, 9]);
    let policy = fixture.read("rootline.toml");
    fixture
        .write("rootline.toml", format!("{policy}\n[attestation]\nleast-firmware-reason = \"keys can be copied\"\n"));
    attest(&fixture, "alice", &vendor).refuses(
        "the token's firmware is 5.6.9, and the rules want 5.7.0 or later: keys can be copied",
        rule,
        "a token's firmware is never replaced",
    );
    assert_eq!(fixture.list("keyholders/alice"), ["keyholder.toml"]);
    fixture.write("rootline.toml", &policy);
    let output = attest(&fixture, "alice", &vendor);
    assert!(output.status == 0 && output.stderr.contains("EUCLEAK"), "{output:?}");
    // The rules of today judge what was kept yesterday.
    fixture
        .write("rootline.toml", format!("{policy}\n[attestation]\nleast-firmware-reason = \"keys can be copied\"\n"));
    fixture.at(DAY, &["keyholder", "check"]).refuses("keyholders/alice/attestations/", rule, "a token's firmware");
    fixture.done(&["keyholder", "list"]).says("alice      attestation refused: rootline-repo keyholder check");
    fixture.write("rootline.toml", format!("{policy}\n[attestation]\nslot = \"9b\"\n"));
    let output = fixture.at(DAY, &["keyholder", "check"]);
    assert!(output.stderr.contains("rootline.toml:") && output.stderr.contains("expected a slot of PIV"), "{output:?}");
}

#[test]
fn what_is_missing_is_named_where_the_rules_require_it() {
    let fixture = RepositoryFixture::new();
    let policy = fixture.read("rootline.toml");
    fixture.write("rootline.toml", format!("{policy}\n[attestation]\nrequired = true\n"));
    let output = fixture.at(DAY, &["keyholder", "check", "--json"]);
    assert_eq!(output.status, 1);
    let what = output.json()["error"]["what"].as_str().unwrap().to_owned();
    assert!(what.starts_with("5 attestations are invalid or missing: alice has no attestation for the key "), "{what}");
    for (serial, holder) in (1..).zip(["alice", "bob", "carol", "dave"]) {
        attest(&fixture, holder, &token_of(&fixture, holder, serial));
    }
    fixture.at(DAY, &["keyholder", "check"]).refuses(
        "erin has no attestation for the key ",
        "every key of root and targets is attested by a token",
        "ask for it, then: rootline-repo keyholder attest erin",
    );
    attest(&fixture, "erin", &token_of(&fixture, "erin", 5));
    // Frank and the online key hold nothing.
    let output = fixture.done(&["keyholder", "check"]);
    assert_eq!(output.stdout.matches("no attestation").count(), 2, "{output:?}");
}

#[test]
fn what_is_no_attestation_is_refused() {
    let fixture = RepositoryFixture::new();
    let vendor = token_of(&fixture, "alice", 1);
    fixture.write("sent/alice/key.pem", vendor.key_pem());
    fixture.write("sent/alice/device.pem", vendor.device_pem());
    fixture.write("sent/root.pem", vendor.root_pem());
    let root = ["--vendor-root", "sent/root.pem"];
    run(&fixture, &attesting("nobody", &root)).refuses(
        "there is no keyholder nobody",
        "only keys that a keyholder was given count",
        "see who there is",
    );
    fixture.write("sent/bob/key.pem", vendor.key_pem());
    run(&fixture, &attesting("bob", &root)).refuses("cannot read sent/bob/device.pem", "", "check the path");
    for (content, what) in [
        (vec![], "expected 1 in the place of the key's certificate, and found 0"),
        (vendor.key_pem().repeat(2).into_bytes(), "expected 1 in the place of the key's certificate, and found 2"),
        (vec![b' '; AttestationCertificates::MAX_BYTES + 1], "the certificates' text has more than 262144 bytes"),
        (vec![0xff; 100], "sent/alice/key.pem is not text"),
        (fixture.read("keys/alice.pub").into_bytes(), "there is a PEM block that is no well-formed certificate"),
        (vendor.key_pem().into_bytes()[..200].to_vec(), "there is a PEM block that is no well-formed certificate"),
    ] {
        fixture.write("sent/alice/key.pem", content);
        let rule = if what.ends_with("not text") { "" } else { "an attestation is certificates of good form" };
        run(&fixture, &attesting("alice", &root)).refuses(what, rule, "");
    }
    fixture.write("sent/alice/key.pem", vendor.key_pem());
    fixture.write("sent/root.pem", vendor.device_pem());
    run(&fixture, &attesting("alice", &root)).refuses(
        "sent/root.pem: the vendor's root: it has not signed itself",
        "an attestation is certificates of good form",
        "name the root",
    );
    assert_eq!(fixture.list("vendor-roots"), Vec::<String>::new());
    assert_eq!(fixture.list("keyholders/alice"), ["keyholder.toml"]);
    // A file that is named after no key of hers.
    fixture.write("keyholders/alice/attestations/0123456789abcdef.pem", vendor.key_pem());
    fixture.at(DAY, &["keyholder", "check"]).refuses(
        "keyholders/alice/attestations/0123456789abcdef.pem is not named after a key of alice",
        "",
        "move it out of this folder",
    );
}

/// Private keys are kept out of version control, and evidence must not be lost with them.
#[test]
fn git_takes_evidence_or_a_maintainer_is_warned() {
    let fixture = RepositoryFixture::new();
    let vendor = token_of(&fixture, "alice", 1);
    let warned = |output: &Output| output.stderr.contains("warning: .gitignore makes git ignore the attestation");
    let ignored = fixture.read(".gitignore");
    assert!(ignored.contains("!/keyholders/*/attestations/*.pem\n!/vendor-roots/*.pem\n"), "{ignored}");
    assert!(!warned(&attest(&fixture, "alice", &vendor)));
    fixture.edit(".gitignore", "!/vendor-roots/*.pem\n", "");
    let output = attest(&fixture, "alice", &vendor);
    assert!(warned(&output) && output.stderr.contains("append the lines !/vendor-roots/*.pem"), "{output:?}");
    fixture.write(".gitignore", "target\n");
    assert!(!warned(&attest(&fixture, "alice", &vendor)));
    fs::remove_file(fixture.path(".gitignore")).unwrap();
    assert!(!warned(&attest(&fixture, "alice", &vendor)));
}
