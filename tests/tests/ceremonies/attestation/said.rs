//! What a token says in the extensions of a key's certificate: what is read, what is missing, and what is not in a form that is known.

use rootline_ceremonies::attestation::AttestationRefusal;
use rootline_ceremonies::attestation::WhichCertificate;
use rootline_ceremonies::{KeyKind, SecretKey};
use rootline_tests::fixtures::der::{Extension, name, oid, sequence, tlv};
use rootline_tests::fixtures::vendor::{FIRMWARE, FORM_FACTOR, POLICY, SERIAL, Vendor};

#[test]
fn a_newer_token_passes_without_a_warning() {
    for intermediates in 0..=4 {
        let attestation = Vendor::with(intermediates).verify().unwrap();
        assert_eq!(attestation.warnings(), []);
        assert_eq!(attestation.serial().number(), 0x01_02_03);
        assert_eq!(
            attestation.to_string(),
            "token YubiKey serial 66051, firmware 5.7.4, slot 9c, PIN once, touch cached"
        );
        assert_eq!(attestation.token_text(), "YubiKey serial 66051");
        assert_eq!(attestation.vendor_root().subject(), "CN=Root");
    }
}

#[test]
fn an_ed25519_key_is_attested_like_any_other() {
    let mut vendor = Vendor::with(0);
    vendor.key = SecretKey::from_seed(KeyKind::Ed25519, &[3; 32]);
    vendor.said.key = vendor.key.public_key().to_spki_der();
    assert_eq!(vendor.verify().unwrap().key(), &vendor.key.public_key());
}

#[test]
fn what_a_token_does_not_say_is_missed() {
    for (id, what) in [
        (FIRMWARE, "the token's firmware"),
        (SERIAL, "the token's serial number"),
        (POLICY, "the key's PIN and touch policy"),
    ] {
        let mut vendor = Vendor::with(0);
        vendor.said.extensions.retain(|extension| extension.0 != id);
        let refused = vendor.verify().unwrap_err();
        assert_eq!(refused, AttestationRefusal::MissingExtension { what, oid: id.to_owned() });
        // It does not help that the token's own certificate has it.
        let moved = Extension(id, false, vec![5, 7, 4]);
        vendor.token().draft.extensions.push(moved);
        assert_eq!(vendor.verify().unwrap_err(), refused);
    }
    // Older tokens say nothing of their form.
    let mut vendor = Vendor::with(0);
    vendor.said.extensions.retain(|extension| extension.0 != FORM_FACTOR);
    assert_eq!(vendor.verify().unwrap().form_factor(), None);
}

#[test]
fn what_a_token_says_twice_is_refused() {
    for at in 0..4 {
        let mut vendor = Vendor::with(0);
        let again = vendor.said.extensions[at].clone();
        let oid = again.0;
        vendor.said.extensions.push(again);
        let refused = vendor.verify().unwrap_err();
        assert!(matches!(refused, AttestationRefusal::Malformed { which: WhichCertificate::Key, .. }), "{refused}");
        assert_eq!(refused.to_string(), format!("the key's certificate: it has the extension {oid} twice"));
    }
}

#[test]
fn what_a_token_says_in_another_form_is_refused() {
    let serial = |value: &[u8]| tlv(2, value);
    for (id, value) in [
        (FIRMWARE, vec![]),
        (FIRMWARE, vec![5, 7]),
        (FIRMWARE, vec![5, 7, 4, 0]),
        (FIRMWARE, tlv(4, &[5, 7, 4])),
        (SERIAL, vec![]),
        (SERIAL, serial(&[0])),
        (SERIAL, serial(&[0xff])),
        (SERIAL, serial(&[0x80, 0, 0, 0])),
        (SERIAL, serial(&[1, 0, 0, 0, 0])),
        (SERIAL, serial(&[0x7f; 20])),
        (SERIAL, serial(&[0, 1])),
        (SERIAL, [serial(&[1]), vec![0]].concat()),
        (SERIAL, vec![1, 2, 3]),
        (POLICY, vec![]),
        (POLICY, vec![2]),
        (POLICY, vec![2, 2, 2]),
        (POLICY, vec![0, 2]),
        (POLICY, vec![6, 2]),
        (POLICY, vec![2, 0]),
        (POLICY, vec![2, 4]),
        (FORM_FACTOR, vec![]),
        (FORM_FACTOR, vec![3, 0]),
    ] {
        let mut vendor = Vendor::with(0);
        vendor.says(id, &value);
        let refused = vendor.verify().unwrap_err();
        assert!(matches!(&refused, AttestationRefusal::BadExtension { oid, .. } if oid == id), "{value:?}: {refused}");
    }
    for (value, number) in [(&[1][..], 1), (&[0, 0xff, 0xff, 0xff, 0xff], u32::MAX)] {
        let mut vendor = Vendor::with(0);
        vendor.says(SERIAL, &serial(value));
        assert_eq!(vendor.verify().unwrap().serial().number(), number);
    }
}

#[test]
fn the_subject_names_the_slot_and_nothing_else() {
    let none = |subject: Vec<u8>| {
        let mut vendor = Vendor::with(0);
        vendor.said.subject = subject;
        let refused = vendor.verify().unwrap_err();
        assert!(matches!(refused, AttestationRefusal::NoSlot { .. }), "{refused}");
    };
    for subject in [
        "YubiKey PIV Attestation",
        "YubiKey PIV Attestation ",
        "YubiKey PIV Attestation 9C",
        "YubiKey PIV Attestation 9c ",
        "YubiKey PIV Attestation f9",
        "YubiKey PIV Attestation 9b",
        "YubiKey OPGP Attestation 9c",
        "yubikey piv attestation 9c",
        "9c",
        "",
    ] {
        none(name(subject));
    }
    let attribute = |oid_text: &str, text: &str| tlv(0x31, &sequence(&[&oid(oid_text), &tlv(0x0c, text.as_bytes())]));
    let slot = attribute("2.5.4.3", "YubiKey PIV Attestation 9c");
    none(sequence(&[&slot, &attribute("2.5.4.10", "Somebody")]));
    none(sequence(&[&slot, &slot]));
    none(sequence(&[&attribute("2.5.4.10", "YubiKey PIV Attestation 9c")]));
    none(sequence(&[]));
}
