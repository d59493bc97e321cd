//! What two of Sigstore's keyholders attested with.

use std::fs;
use std::sync::OnceLock;

use rootline_ceremonies::attestation::{
    Attestation, AttestationCertificates, AttestationRefusal, AttestationRules, TokenOwners, VendorRoots,
};
use rootline_ceremonies::attestation::{AttestationWarning, Firmware, WhichCertificate};
use rootline_metadata::{PublicKey, parse_instant};
use rootline_tests::fixtures::vendor::now;
use rootline_tests::real_data::YUBIKEY_SERIALS;
use rootline_tests::{pem, real_data};

/// One of the two, as its folder has it.
#[derive(Clone)]
pub(crate) struct Real {
    pub(crate) key_certificate: String,
    pub(crate) device_certificate: String,
    /// The key that went into root.json.
    pub(crate) key: PublicKey,
}

pub(crate) fn real(serial: u32) -> Option<Real> {
    let folder = real_data::yubikey_piv()?.join(serial.to_string());
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    Some(Real {
        key_certificate: read("key_cert.pem"),
        device_certificate: read("device_cert.pem"),
        key: PublicKey::from_spki_pem(&read("pubkey.pem")).unwrap(),
    })
}

pub(crate) fn roots() -> VendorRoots {
    static PEM: OnceLock<String> = OnceLock::new();
    let read = || fs::read_to_string(real_data::yubikey_piv().unwrap().join("yubico-piv-root-ca-263751.pem")).unwrap();
    let mut roots = VendorRoots::default();
    roots.add(PEM.get_or_init(read)).unwrap();
    roots
}

impl Real {
    fn verify(&self) -> Result<Attestation, AttestationRefusal> {
        let certificates = AttestationCertificates::gather(&self.key_certificate, &self.device_certificate, None)?;
        Attestation::verify(&certificates, &self.key, &roots(), &AttestationRules::default(), now())
    }

    /// With other bytes in the place of one of the certificates.
    fn verify_with(&self, which: WhichCertificate, der: &[u8]) -> Result<Attestation, AttestationRefusal> {
        let mut changed = self.clone();
        let pem = pem::block("CERTIFICATE", der);
        match which {
            WhichCertificate::Key => changed.key_certificate = pem,
            _ => changed.device_certificate = pem,
        }
        changed.verify()
    }
}

#[test]
fn the_two_real_ones_pass_and_are_warned_of() {
    for serial in YUBIKEY_SERIALS {
        let Some(real) = real(serial) else { return };
        let attestation = real.verify().unwrap();
        assert_eq!(attestation.key(), &real.key);
        assert_eq!(attestation.serial().number(), serial);
        assert_eq!(attestation.slot().to_string(), "9c");
        assert_eq!(attestation.pin_policy().name(), "always");
        assert_eq!(attestation.touch_policy().name(), "always");
        assert_eq!(attestation.form_factor().unwrap().to_string(), "USB-C keychain");
        assert_eq!(attestation.vendor_root().subject(), "CN=Yubico PIV Root CA Serial 263751");
        assert_eq!(attestation.vendor_root(), &roots().iter().next().unwrap());
        let firmware: Firmware = "5.2.7".parse().unwrap();
        assert_eq!(attestation.warnings(), [AttestationWarning::Eucleak { firmware }]);
        assert!(attestation.warnings()[0].to_string().contains("EUCLEAK (CVE-2024-45678)"));
        assert_eq!(
            attestation.to_string(),
            format!("token YubiKey serial {serial}, firmware 5.2.7, slot 9c, PIN always, touch always (EUCLEAK)")
        );
    }
}

#[test]
fn what_is_kept_in_one_file_is_what_was_given_in_two() {
    for serial in YUBIKEY_SERIALS {
        let Some(real) = real(serial) else { return };
        let gathered = AttestationCertificates::gather(&real.key_certificate, &real.device_certificate, None).unwrap();
        let kept = AttestationCertificates::parse(&gathered.to_pem()).unwrap();
        assert_eq!(kept, gathered);
        assert_eq!(gathered.to_pem(), format!("{}{}", real.key_certificate, real.device_certificate));
    }
}

#[test]
fn no_byte_of_the_keys_certificate_can_be_changed() {
    no_byte_can_be_changed(WhichCertificate::Key);
}

#[test]
fn no_byte_of_the_tokens_certificate_can_be_changed() {
    no_byte_can_be_changed(WhichCertificate::Device);
}

/// Every bit of every byte, one at a time, and every byte taken out or put in.
fn no_byte_can_be_changed(which: WhichCertificate) {
    for serial in YUBIKEY_SERIALS {
        let Some(real) = real(serial) else { return };
        let pem = if which == WhichCertificate::Key { &real.key_certificate } else { &real.device_certificate };
        let der = pem::decode(pem);
        assert!(real.verify_with(which, &der).is_ok());
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut changed = der.clone();
                changed[at] ^= 1 << bit;
                assert!(real.verify_with(which, &changed).is_err(), "{serial}: bit {bit} of byte {at}");
            }
            let without = [&der[..at], &der[at + 1..]].concat();
            assert!(real.verify_with(which, &without).is_err(), "{serial}: without byte {at}");
            let with = [&der[..at], &[0], &der[at..]].concat();
            assert!(real.verify_with(which, &with).is_err(), "{serial}: one more before byte {at}");
            assert!(real.verify_with(which, &der[..at]).is_err(), "{serial}: cut at {at}");
        }
        assert!(real.verify_with(which, &[&der[..], &[0]].concat()).is_err(), "{serial}: a byte follows");
    }
}

/// What each place of a certificate is refused for: the form, the signature, or what stands above it.
#[test]
fn a_changed_certificate_is_refused_for_what_was_changed() {
    let Some(real) = real(YUBIKEY_SERIALS[0]) else { return };
    let der = pem::decode(&real.key_certificate);
    let changed = |at: usize| {
        let mut changed = der.clone();
        changed[at] ^= 1;
        real.verify_with(WhichCertificate::Key, &changed).unwrap_err()
    };
    let place = |bytes: &[u8]| der.windows(bytes.len()).position(|window| window == bytes).unwrap();
    let serial = place(&[2, 4, 0, 0xdc, 0xce, 0xdc]) + 5;
    let policy = place(&[0x04, 0x02, 3, 2]) + 2;
    for signed in [serial, policy, der.len() - 1] {
        assert!(matches!(changed(signed), AttestationRefusal::BadSignature { which: WhichCertificate::Key, .. }));
    }
    let issuer = place(b"Yubico PIV Attestation");
    assert!(matches!(changed(issuer), AttestationRefusal::WrongIssuer { which: WhichCertificate::Key, .. }));
    assert!(matches!(changed(1), AttestationRefusal::Malformed { which: WhichCertificate::Key, .. }));
}

#[test]
fn the_attestation_of_one_keyholder_is_none_of_the_other() {
    let (Some(first), Some(second)) = (real(YUBIKEY_SERIALS[0]), real(YUBIKEY_SERIALS[1])) else { return };
    let swapped = Real { key: second.key.clone(), ..first.clone() };
    let refused = swapped.verify().unwrap_err();
    assert!(matches!(refused, AttestationRefusal::AnotherKey { .. }), "{refused}");
    assert_eq!(refused.check(), "the attested key is the key that signs");
    // Tokens of one batch have one certificate, so exchanging those changes nothing.
    assert_eq!(first.device_certificate, second.device_certificate);
}

#[test]
fn the_certificates_in_the_wrong_places_are_refused() {
    let Some(real) = real(YUBIKEY_SERIALS[0]) else { return };
    let root = fs::read_to_string(real_data::yubikey_piv().unwrap().join("yubico-piv-root-ca-263751.pem")).unwrap();
    let verify = |key: &str, device: &str| {
        let changed =
            Real { key_certificate: key.to_owned(), device_certificate: device.to_owned(), key: real.key.clone() };
        changed.verify().unwrap_err()
    };
    let (key, device) = (&*real.key_certificate, &*real.device_certificate);
    assert!(matches!(verify(device, key), AttestationRefusal::AnAuthority));
    assert!(matches!(verify(device, &root), AttestationRefusal::AnAuthority));
    let refused = verify(key, key);
    assert!(matches!(refused, AttestationRefusal::WrongIssuer { which: WhichCertificate::Key, .. }), "{refused}");
    let refused = verify(key, &root);
    assert!(matches!(refused, AttestationRefusal::WrongIssuer { which: WhichCertificate::Key, .. }), "{refused}");
    // The root is kept by whoever trusts it, and is no link of what a keyholder brings: it allows one authority below it.
    let refused = verify(key, &format!("{device}{root}"));
    assert!(matches!(refused, AttestationRefusal::NotAnIssuer { which: WhichCertificate::Root, .. }), "{refused}");
}

#[test]
fn without_the_vendors_root_nothing_is_taken() {
    let Some(real) = real(YUBIKEY_SERIALS[0]) else { return };
    let certificates = AttestationCertificates::gather(&real.key_certificate, &real.device_certificate, None).unwrap();
    let rules = AttestationRules::default();
    let refused = Attestation::verify(&certificates, &real.key, &VendorRoots::default(), &rules, now()).unwrap_err();
    assert!(matches!(refused, AttestationRefusal::UnknownRoot { which: WhichCertificate::Device, .. }));
    assert!(refused.hint().contains("--vendor-root FILE") && !refused.hint().contains("://"), "{}", refused.hint());
}

#[test]
fn the_vendors_periods_are_kept_to() {
    let Some(real) = real(YUBIKEY_SERIALS[0]) else { return };
    let certificates = AttestationCertificates::gather(&real.key_certificate, &real.device_certificate, None).unwrap();
    let rules = AttestationRules::default();
    let at = |text: &str| Attestation::verify(&certificates, &real.key, &roots(), &rules, parse_instant(text).unwrap());
    assert!(at("2016-03-14T00:00:00Z").is_ok() && at("2052-04-17T00:00:00Z").is_ok());
    for outside in ["2016-03-13T23:59:59Z", "2052-04-17T00:00:01Z"] {
        let refused = at(outside).unwrap_err();
        assert!(matches!(refused, AttestationRefusal::OutsidePeriod { which: WhichCertificate::Device, .. }));
        assert!(refused.to_string().ends_with(&format!("and it is {outside}")), "{refused}");
    }
}

#[test]
fn a_token_is_in_one_persons_hands() {
    let (Some(first), Some(second)) = (real(YUBIKEY_SERIALS[0]), real(YUBIKEY_SERIALS[1])) else { return };
    let (first, second) = (first.verify().unwrap(), second.verify().unwrap());
    let (alice, bob) = ("alice".parse().unwrap(), "bob".parse().unwrap());
    let mut token_owners = TokenOwners::default();
    token_owners.add(&alice, &first).unwrap();
    token_owners.add(&alice, &first).unwrap();
    token_owners.add(&bob, &second).unwrap();
    let refused = token_owners.add(&bob, &first).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "alice and bob have keys in the same token, serial 14470876, so one of them could sign for both"
    );
}
