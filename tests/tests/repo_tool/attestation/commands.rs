//! Hardware evidence through the program: attested, listed, checked, and refused.

use std::fs;

use rootline_ceremonies::{AttestationCertificates, KeyKind, SecretKey};
use rootline_tests::fixtures::der::name;
use rootline_tests::fixtures::office::{Office, Said};
use rootline_tests::fixtures::vendor::{FIRMWARE, POLICY, SERIAL, Vendor};
use rootline_tests::real_data::YUBIKEY_SERIALS;
use rootline_tests::{pem, real_data};
use serde_json::Value;

/// A vendor's token with the key that a keyholder has in the office, with this serial number.
pub(crate) fn token_of(office: &Office, holder: &str, serial: u8) -> Vendor {
    let mut vendor = Vendor::with(1);
    vendor.key = SecretKey::from_pem(&office.read(&format!("keys/{holder}.pem")), None).unwrap();
    vendor.said.key = vendor.key.public_key().to_spki_der();
    vendor.says(SERIAL, &[2, 1, serial]);
    vendor
}

/// Writes what a keyholder sends, and gives the command that keeps it.
pub(crate) fn attest(office: &Office, holder: &str, vendor: &Vendor) -> Said {
    office.write(&format!("sent/{holder}/key.pem"), vendor.key_pem());
    office.write(&format!("sent/{holder}/device.pem"), vendor.device_pem());
    office.write("sent/root.pem", vendor.root_pem());
    office.run(&attesting(holder, &["--vendor-root", "sent/root.pem"]).iter().map(|a| &**a).collect::<Vec<_>>())
}

fn attesting(holder: &str, more: &[&str]) -> Vec<String> {
    let (key, device) = (format!("sent/{holder}/key.pem"), format!("sent/{holder}/device.pem"));
    let command = ["keyholder", "attest", holder, "--certificate", &key, "--device", &device, "--at", DAY];
    command.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
}

const DAY: &str = rootline_tests::fixtures::office::DAY_0;

fn run(office: &Office, arguments: &[String]) -> Said {
    office.run(&arguments.iter().map(|argument| &**argument).collect::<Vec<_>>())
}

/// The two real keyholders, each with the key that went into root.json.
fn with_the_real_ones() -> Option<Office> {
    let folder = real_data::yubikey_piv()?;
    let office = Office::new();
    for (holder, serial) in [("grace", YUBIKEY_SERIALS[0]), ("heidi", YUBIKEY_SERIALS[1])] {
        let from = folder.join(serial.to_string());
        for (theirs, ours) in
            [("key_cert.pem", "key.pem"), ("device_cert.pem", "device.pem"), ("pubkey.pem", "pub.pem")]
        {
            office.write(&format!("sent/{holder}/{ours}"), fs::read(from.join(theirs)).unwrap());
        }
        office.done(&["keyholder", "add", holder, "--public-key", &format!("sent/{holder}/pub.pem")]);
    }
    office.write("sent/root.pem", fs::read(folder.join("yubico-piv-root-ca-263751.pem")).unwrap());
    Some(office)
}

#[test]
fn the_two_real_ones_are_kept_with_a_warning() {
    let Some(office) = with_the_real_ones() else { return };
    let said = run(&office, &attesting("grace", &["--vendor-root", "sent/root.pem"]));
    said.says("token YubiKey serial 14470876, firmware 5.2.7, slot 9c, PIN always, touch always (EUCLEAK)");
    said.says("kept in vendor-roots/yubico-piv-root-ca-serial-263751-");
    for warning in [
        "warning: this vendor's root is now trusted; compare its digest with another source: CN=Yubico PIV Root \
         CA Serial 263751 (SHA-256 ",
        "warning: its firmware 5.2.7 is older than 5.7 and has EUCLEAK (CVE-2024-45678)",
    ] {
        assert!(said.err.contains(warning), "{said:?}");
    }
    // The second one needs no root any more.
    let said = run(&office, &attesting("heidi", &["--json"]));
    let kept = said.json();
    assert_eq!(kept["evidence"]["serial"], YUBIKEY_SERIALS[1]);
    assert_eq!(kept["new_vendor_root"], Value::Null);
    assert_eq!(office.list("vendor-roots").len(), 1);
    // Beside the keys and not in them.
    assert_eq!(office.list("keyholders/grace").len(), 2);
    assert!(!office.read("keyholders/grace/keyholder.toml").contains("CERTIFICATE"));

    let said = office.done(&["keyholder", "check"]);
    said.says("token YubiKey serial 15938765, firmware 5.2.7");
    said.says("alice            ");
    said.says("no attestation");
    assert_eq!(said.err.matches("EUCLEAK (CVE-2024-45678)").count(), 2, "{said:?}");
    let said = office.done(&["keyholder", "check", "grace", "--json"]);
    let checked = said.json();
    assert_eq!(checked.as_array().unwrap().len(), 1);
    assert_eq!(checked[0]["evidence"]["firmware"], "5.2.7");
    assert_eq!(checked[0]["evidence"]["vendor_root"]["subject"], "CN=Yubico PIV Root CA Serial 263751");
    office.done(&["keyholder", "list"]).says("grace  YubiKey serial 14470876, firmware 5.2.7");
    let listed = office.done(&["keyholder", "list", "--json"]).json();
    let grace = listed.as_array().unwrap().iter().find(|holder| holder["name"] == "grace").unwrap();
    assert_eq!(grace["keys"][0]["evidence"]["serial"], YUBIKEY_SERIALS[0]);
}

#[test]
fn the_real_ones_mutilated_are_refused_and_not_kept() {
    let Some(office) = with_the_real_ones() else { return };
    let rule = "an attestation leads to a vendor's root, link by link";
    let root = ["--vendor-root", "sent/root.pem"];
    // Grace's token for Heidi.
    office.write("sent/swapped/key.pem", office.read("sent/grace/key.pem"));
    let mut swapped = attesting("heidi", &root);
    swapped[4] = "sent/swapped/key.pem".to_owned();
    run(&office, &swapped).refuses(
        "the attested key ",
        "the attested key is the key that signs",
        "attest the slot whose key",
    );
    // One bit of the signature, and one of the policy.
    let der = pem::decode(&office.read("sent/grace/key.pem"));
    let policy = der.windows(4).position(|window| window == [0x04, 0x02, 3, 2]).unwrap() + 3;
    for at in [policy, der.len() - 1] {
        let mut changed = der.clone();
        changed[at] ^= 1;
        office.write("sent/grace/key.pem", pem::block("CERTIFICATE", &changed));
        let said = run(&office, &attesting("grace", &root));
        said.refuses(
            "the key's certificate is not signed by \"CN=Yubico PIV Attestation\"",
            rule,
            "the two certificates are not from one token",
        );
    }
    office.write("sent/grace/key.pem", pem::block("CERTIFICATE", &der));
    // The token's own certificate in the place of the key's, and the other way round.
    office.write("sent/frank/key.pem", office.read("sent/grace/device.pem"));
    office.write("sent/frank/device.pem", office.read("sent/grace/key.pem"));
    run(&office, &attesting("frank", &root)).refuses(
        "the key's certificate is one of an authority",
        rule,
        "take both certificates",
    );
    assert_eq!(office.list("vendor-roots"), Vec::<String>::new());
    assert_eq!(office.list("keyholders/grace"), ["keyholder.toml"]);
    assert_eq!(office.list("keyholders/heidi"), ["keyholder.toml"]);
}

#[test]
fn without_a_vendors_root_a_maintainer_is_told_where_to_get_it() {
    let office = Office::new();
    let vendor = token_of(&office, "alice", 1);
    attest(&office, "alice", &vendor).says("kept in vendor-roots/root-");
    let root = office.list("vendor-roots").remove(0);
    let text = office.read(&format!("vendor-roots/{root}"));
    fs::remove_file(office.path(&format!("vendor-roots/{root}"))).unwrap();
    let said = run(&office, &attesting("alice", &[]));
    said.refuses(
        "the vendor's intermediate 1 was issued by \"CN=Root\", which is none of the vendors' roots kept here",
        "an attestation leads to a vendor's root",
        "get the vendor's root (and, for firmware 5.7.4 or later, its intermediates) from where the vendor publishes",
    );
    let said = office.at(DAY, &["keyholder", "check", "alice"]);
    assert!(said.err.contains("keyholders/alice/attestations/"), "{said:?}");
    // A maintainer may as well put it there by hand, under any name, with notes beside it.
    office.write("vendor-roots/example.pem", text);
    office.write("vendor-roots/README", "compared with what the vendor told us on the phone");
    office.done(&["keyholder", "check", "alice"]).says("token YubiKey serial 1");
    office.write("vendor-roots/broken.pem", "nothing");
    office.at(DAY, &["keyholder", "check"]).refuses(
        "vendor-roots/broken.pem: expected 1 to 16",
        "an attestation is",
        "restore it",
    );
}

#[test]
fn the_vendors_intermediates_are_taken_from_its_file() {
    let office = Office::new();
    let vendor = token_of(&office, "alice", 1);
    attest(&office, "alice", &vendor);
    let kept = office.list("keyholders/alice/attestations").remove(0);
    let whole = office.read(&format!("keyholders/alice/attestations/{kept}"));
    let blocks: Vec<&str> = whole.split_inclusive("-----END CERTIFICATE-----\n").collect();
    assert_eq!(blocks.len(), 3);
    office.write("sent/alice/device.pem", blocks[1]);
    run(&office, &attesting("alice", &[])).refuses(
        "the token's certificate was issued by \"CN=Intermediate 1\"",
        "an attestation leads to",
        "get the vendor's root",
    );
    office.write("sent/intermediates.pem", [blocks[2], &vendor.root_pem()].concat());
    assert_eq!(run(&office, &attesting("alice", &["--intermediates", "sent/intermediates.pem"])).status, 0);
    assert_eq!(office.read(&format!("keyholders/alice/attestations/{kept}")), whole);
    assert_eq!(AttestationCertificates::parse(&whole).unwrap().to_pem(), whole);
}

#[test]
fn a_token_is_in_one_persons_hands() {
    let office = Office::new();
    attest(&office, "alice", &token_of(&office, "alice", 7)).says("token YubiKey serial 7");
    let said = attest(&office, "bob", &token_of(&office, "bob", 7));
    said.refuses(
        "alice and bob have keys in the same token, serial 7",
        "a token is in one person's hands",
        "give each a token of their own; if one of alice and bob no longer has it",
    );
    assert_eq!(office.list("keyholders/bob"), ["keyholder.toml"]);
    attest(&office, "bob", &token_of(&office, "bob", 8)).says("token YubiKey serial 8");

    // A person's next key may be in the token that has the first one.
    let next = SecretKey::from_seed(KeyKind::EcdsaP256, &[77; 32]);
    office.write("keys/alice-2.pem", next.to_pkcs8_pem().as_bytes());
    office.write("keys/alice-2.pub", next.public_key().to_spki_pem());
    office.done(&["keyholder", "add", "alice", "--public-key", "keys/alice-2.pub", "--new-key"]);
    attest(&office, "alice", &token_of(&office, "alice-2", 7)).says("token YubiKey serial 7");
    assert_eq!(office.list("keyholders/alice/attestations").len(), 2);
    office.done(&["keyholder", "check", "alice"]);

    // It does not have to come through the command.
    let alices = office.list("keyholders/alice/attestations");
    let bobs = office.list("keyholders/bob/attestations").remove(0);
    office.write(&format!("keyholders/bob/attestations/{bobs}"), {
        let vendor = token_of(&office, "bob", 7);
        [vendor.key_pem(), vendor.device_pem()].concat()
    });
    office.at(DAY, &["keyholder", "check"]).refuses(
        "alice and bob have keys in the same token",
        "a token is in one",
        "give each a token",
    );
    alices
        .iter()
        .for_each(|file| fs::remove_file(office.path(&format!("keyholders/alice/attestations/{file}"))).unwrap());
    office.done(&["keyholder", "check"]).says("token YubiKey serial 7");
}

#[test]
fn the_rules_of_the_repository_are_kept_to() {
    let office = Office::new();
    let rule = "a token meets the rules in [attestation] of rootline.toml";
    let mut vendor = token_of(&office, "alice", 1);
    vendor.says(POLICY, &[2, 1]);
    attest(&office, "alice", &vendor).refuses(
        "the key's touch policy is never, and the rules want always or cached",
        rule,
        "a key's policies",
    );
    vendor.says(POLICY, &[1, 2]);
    attest(&office, "alice", &vendor).refuses(
        "the key's PIN policy is never, and the rules want once or always",
        rule,
        "a key's policies",
    );
    vendor.says(POLICY, &[2, 2]);
    vendor.said.subject = name("YubiKey PIV Attestation 9a");
    attest(&office, "alice", &vendor).refuses(
        "the key is in slot 9a of the token, and the rules want 9c",
        rule,
        "make a key in that slot",
    );
    vendor.said.subject = name("YubiKey PIV Attestation 9c");
    vendor.says(FIRMWARE, &[5, 6, 9]);
    let policy = office.read("rootline.toml");
    office.write("rootline.toml", format!("{policy}\n[attestation]\nleast-firmware-reason = \"keys can be copied\"\n"));
    attest(&office, "alice", &vendor).refuses(
        "the token's firmware is 5.6.9, and the rules want 5.7.0 or later: keys can be copied",
        rule,
        "a token's firmware is never replaced",
    );
    assert_eq!(office.list("keyholders/alice"), ["keyholder.toml"]);
    office.write("rootline.toml", &policy);
    let said = attest(&office, "alice", &vendor);
    assert!(said.status == 0 && said.err.contains("EUCLEAK"), "{said:?}");
    // The rules of today judge what was kept yesterday.
    office.write("rootline.toml", format!("{policy}\n[attestation]\nleast-firmware-reason = \"keys can be copied\"\n"));
    office.at(DAY, &["keyholder", "check"]).refuses("keyholders/alice/attestations/", rule, "a token's firmware");
    office.done(&["keyholder", "list"]).says("alice  attestation refused: rootline-repo keyholder check");
    office.write("rootline.toml", format!("{policy}\n[attestation]\nslot = \"9b\"\n"));
    let said = office.at(DAY, &["keyholder", "check"]);
    assert!(said.err.contains("rootline.toml:") && said.err.contains("expected a slot of PIV"), "{said:?}");
}

#[test]
fn what_is_missing_is_named_where_the_rules_require_it() {
    let office = Office::new();
    let policy = office.read("rootline.toml");
    office.write("rootline.toml", format!("{policy}\n[attestation]\nrequired = true\n"));
    let said = office.at(DAY, &["keyholder", "check", "--json"]);
    assert_eq!(said.status, 1);
    let what = said.json()["error"]["what"].as_str().unwrap().to_owned();
    assert!(what.starts_with("5 attestations are refused or missing: alice has no attestation for the key "), "{what}");
    for (serial, holder) in (1..).zip(["alice", "bob", "carol", "dave"]) {
        attest(&office, holder, &token_of(&office, holder, serial));
    }
    office.at(DAY, &["keyholder", "check"]).refuses(
        "erin has no attestation for the key ",
        "whoever holds root or targets has a key that a token attests",
        "ask for it, and keep it: rootline-repo keyholder attest erin",
    );
    attest(&office, "erin", &token_of(&office, "erin", 5));
    // Frank and the online key hold nothing.
    let said = office.done(&["keyholder", "check"]);
    assert_eq!(said.out.matches("no attestation").count(), 2, "{said:?}");
}

#[test]
fn what_is_no_attestation_is_refused() {
    let office = Office::new();
    let vendor = token_of(&office, "alice", 1);
    office.write("sent/alice/key.pem", vendor.key_pem());
    office.write("sent/alice/device.pem", vendor.device_pem());
    office.write("sent/root.pem", vendor.root_pem());
    let root = ["--vendor-root", "sent/root.pem"];
    run(&office, &attesting("nobody", &root)).refuses(
        "there is no keyholder nobody",
        "only keys that a keyholder was given count",
        "see who there is",
    );
    office.write("sent/bob/key.pem", vendor.key_pem());
    run(&office, &attesting("bob", &root)).refuses("cannot read sent/bob/device.pem", "", "check the path");
    for (content, what) in [
        (vec![], "expected 1 in the place of the key's certificate, and found 0"),
        (vendor.key_pem().repeat(2).into_bytes(), "expected 1 in the place of the key's certificate, and found 2"),
        (vec![b' '; AttestationCertificates::MAX_BYTES + 1], "the certificates' text has more than 262144 bytes"),
        (vec![0xff; 100], "sent/alice/key.pem is no text"),
        (office.read("keys/alice.pub").into_bytes(), "there is a PEM block that is no well-formed certificate"),
        (vendor.key_pem().into_bytes()[..200].to_vec(), "there is a PEM block that is no well-formed certificate"),
    ] {
        office.write("sent/alice/key.pem", content);
        let rule = if what.ends_with("no text") { "" } else { "an attestation is certificates of good form" };
        run(&office, &attesting("alice", &root)).refuses(what, rule, "");
    }
    office.write("sent/alice/key.pem", vendor.key_pem());
    office.write("sent/root.pem", vendor.device_pem());
    run(&office, &attesting("alice", &root)).refuses(
        "sent/root.pem: the vendor's root: it has not signed itself",
        "an attestation is certificates of good form",
        "name the root",
    );
    assert_eq!(office.list("vendor-roots"), Vec::<String>::new());
    assert_eq!(office.list("keyholders/alice"), ["keyholder.toml"]);
    // A file that is named after no key of hers.
    office.write("keyholders/alice/attestations/0123456789abcdef.pem", vendor.key_pem());
    office.at(DAY, &["keyholder", "check"]).refuses(
        "keyholders/alice/attestations/0123456789abcdef.pem is named after no key of alice's",
        "",
        "move it out of this folder",
    );
}

/// Private keys are kept out of version control, and evidence must not be lost with them.
#[test]
fn git_takes_evidence_or_a_maintainer_is_warned() {
    let office = Office::new();
    let vendor = token_of(&office, "alice", 1);
    let warned = |said: &Said| said.err.contains("warning: .gitignore makes git ignore the attestation");
    let ignored = office.read(".gitignore");
    assert!(ignored.ends_with("*.pem\n!/keyholders/*/attestations/*.pem\n!/vendor-roots/*.pem\n"), "{ignored}");
    assert!(!warned(&attest(&office, "alice", &vendor)));
    office.edit(".gitignore", "!/vendor-roots/*.pem\n", "");
    let said = attest(&office, "alice", &vendor);
    assert!(warned(&said) && said.err.contains("append the lines !/vendor-roots/*.pem"), "{said:?}");
    office.write(".gitignore", "target\n");
    assert!(!warned(&attest(&office, "alice", &vendor)));
    fs::remove_file(office.path(".gitignore")).unwrap();
    assert!(!warned(&attest(&office, "alice", &vendor)));
}
