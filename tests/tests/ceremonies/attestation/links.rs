//! The links of a chain, with signatures that are good: who may certify whom.

use rootline_ceremonies::attestation::{
    Attestation, AttestationCertificates, AttestationRefusal, AttestationRules, VendorRoots,
};
use rootline_ceremonies::attestation::{CertificateFault, NotAnIssuer, WhichCertificate};
use rootline_tests::fixtures::der::{
    BASIC_CONSTRAINTS, Draft, Extension, KEY_USAGE, basic_constraints, block, name, oid, sequence, tlv,
};
use rootline_tests::fixtures::vendor::{Vendor, key, now};
use rootline_tests::real_data::YUBIKEY_SERIALS;

use super::real;

/// Why not, and whose certificate it is.
fn no_issuer(vendor: &Vendor) -> (WhichCertificate, NotAnIssuer) {
    match vendor.verify().unwrap_err() {
        AttestationRefusal::NotAnIssuer { which, why } => (which, why),
        other => panic!("{other}"),
    }
}

fn fault(result: Result<Attestation, AttestationRefusal>) -> (WhichCertificate, CertificateFault) {
    match result.unwrap_err() {
        AttestationRefusal::Malformed { which, fault } => (which, fault),
        other => panic!("{other}"),
    }
}

/// Its own root and token, with the real names and everything else as it should be.
#[test]
fn a_chain_that_only_has_the_vendors_names_is_refused() {
    let Some(real) = real::real(YUBIKEY_SERIALS[0]) else { return };
    let mut vendor = Vendor::with(0);
    vendor.key = key("mallory");
    let root = "Yubico PIV Root CA Serial 263751";
    vendor.authorities[0].draft.subject = name(root);
    vendor.authorities[0].draft.issuer = name(root);
    vendor.token().draft.issuer = name(root);
    vendor.token().draft.subject = name("Yubico PIV Attestation");
    vendor.said.issuer = name("Yubico PIV Attestation");
    vendor.said.key = vendor.key.public_key().to_spki_der();
    let verify = |key: &str, device: &str, roots: &VendorRoots| {
        let certificates = AttestationCertificates::gather(key, device, None).unwrap();
        let rules = AttestationRules::default();
        Attestation::verify(&certificates, &vendor.key.public_key(), roots, &rules, now())
    };
    let (key, device) = (vendor.key_pem(), vendor.device_pem());
    assert!(verify(&key, &device, &vendor.roots()).is_ok());
    let refused = verify(&key, &device, &real::roots()).unwrap_err();
    assert!(matches!(refused, AttestationRefusal::BadSignature { which: WhichCertificate::Device, .. }), "{refused}");
    let refused = verify(&key, &real.device_certificate, &real::roots()).unwrap_err();
    assert!(matches!(refused, AttestationRefusal::BadSignature { which: WhichCertificate::Key, .. }), "{refused}");
    // With both roots kept, under one name, each token is led to its own.
    let mut both = real::roots();
    both.add(&vendor.root_pem()).unwrap();
    assert_eq!(both.iter().len(), 2);
    assert_eq!(verify(&key, &device, &both).unwrap().vendor_root(), &vendor.roots().iter().next().unwrap());
}

#[test]
fn a_key_that_somebody_else_has_certified_is_refused() {
    let vendor = Vendor::with(1);
    let other = vendor.said.signed_by(&key("mallory"));
    let refused = vendor.verify_pem(&block(&other), &vendor.device_pem()).unwrap_err();
    assert!(matches!(refused, AttestationRefusal::BadSignature { which: WhichCertificate::Key, .. }), "{refused}");
    let token = vendor.authorities[2].draft.signed_by(&key("mallory"));
    let device = format!("{}{}", block(&token), block(&vendor.certificate(1)));
    let refused = vendor.verify_pem(&vendor.key_pem(), &device).unwrap_err();
    assert!(matches!(refused, AttestationRefusal::BadSignature { which: WhichCertificate::Device, .. }), "{refused}");
}

#[test]
fn names_link() {
    for (at, which) in [(1, WhichCertificate::Intermediate(1)), (2, WhichCertificate::Device)] {
        let mut vendor = Vendor::with(1);
        vendor.authorities[at].draft.issuer = name("Somebody");
        let refused = vendor.verify().unwrap_err();
        match refused {
            AttestationRefusal::UnknownRoot { which: found, ref issuer } => {
                assert_eq!((found, issuer.as_str(), at), (which, "CN=Somebody", 1));
            }
            AttestationRefusal::WrongIssuer { which: found, ref named, found: ref found_name } => {
                assert_eq!((found, named.as_str(), found_name.as_str()), (which, "CN=Somebody", "CN=Intermediate 1"));
                assert_eq!(at, 2);
            }
            other => panic!("{other}"),
        }
    }
    let mut vendor = Vendor::with(1);
    vendor.said.issuer = name("token");
    let refused = vendor.verify().unwrap_err();
    assert_eq!(refused.to_string(), "the key's certificate was issued by \"CN=token\", and above it is \"CN=Token\"");
}

#[test]
fn only_an_authority_certifies() {
    for (at, which) in [(1, WhichCertificate::Intermediate(1)), (2, WhichCertificate::Device)] {
        for constraints in [None, Some(basic_constraints(false, None))] {
            let mut vendor = Vendor::with(1);
            let constraints = constraints.map(|value| Extension(BASIC_CONSTRAINTS, true, value));
            vendor.authorities[at].draft.extensions = constraints.into_iter().collect();
            assert_eq!(no_issuer(&vendor), (which, NotAnIssuer::NoAuthority));
        }
    }
    // Nor does the word of a token on one key make that key a token, whose owner then attests what they like.
    let vendor = Vendor::with(0);
    let mut further = vendor.said.clone();
    further.issuer.clone_from(&vendor.said.subject);
    further.key = key("mallory").public_key().to_spki_der();
    let further = block(&further.signed_by(&vendor.key));
    let refused = vendor.verify_pem(&further, &[vendor.key_pem(), vendor.device_pem()].concat()).unwrap_err();
    let expected = AttestationRefusal::NotAnIssuer { which: WhichCertificate::Device, why: NotAnIssuer::NoAuthority };
    assert_eq!(refused, expected);
    assert!(refused.hint().starts_with("name the certificate in slot f9; "), "{}", refused.hint());
    // An attested key is none of an authority, whatever its certificate says else.
    let mut vendor = Vendor::with(0);
    vendor.said.extensions.push(Extension(BASIC_CONSTRAINTS, true, basic_constraints(true, None)));
    assert_eq!(vendor.verify().unwrap_err(), AttestationRefusal::AnAuthority);
    vendor.said.extensions.last_mut().unwrap().2 = basic_constraints(false, None);
    assert!(vendor.verify().is_ok());
}

#[test]
fn an_authority_certifies_no_further_down_than_it_may() {
    for (at, which, below) in
        [(0, WhichCertificate::Root, 2), (1, WhichCertificate::Intermediate(1), 1), (2, WhichCertificate::Device, 0)]
    {
        let mut vendor = Vendor::with(1);
        for (most, passes) in [(None, true), (Some(below + 1), true), (Some(below), true)] {
            vendor.authorities[at].draft.extensions[0].2 = basic_constraints(true, most);
            assert_eq!(vendor.verify().is_ok(), passes, "{which}: {most:?}");
        }
        let Some(most) = below.checked_sub(1) else { continue };
        vendor.authorities[at].draft.extensions[0].2 = basic_constraints(true, Some(most));
        let (most, below) = (usize::from(most), usize::from(below));
        assert_eq!(no_issuer(&vendor), (which, NotAnIssuer::TooFarUp { most, below }));
    }
}

#[test]
fn a_key_that_is_for_something_else_certifies_nothing() {
    // keyCertSign and cRLSign; cRLSign alone; digitalSignature alone.
    for (bits, passes) in [([1, 0x06], true), ([1, 0x02], false), ([7, 0x80], false)] {
        for (at, which) in [(1, WhichCertificate::Intermediate(1)), (2, WhichCertificate::Device)] {
            let mut vendor = Vendor::with(1);
            vendor.authorities[at].draft.extensions.push(Extension(KEY_USAGE, true, tlv(3, &bits)));
            match passes {
                true => assert!(vendor.verify().is_ok()),
                false => assert_eq!(no_issuer(&vendor), (which, NotAnIssuer::OtherUsage)),
            }
        }
    }
}

#[test]
fn an_extension_that_is_critical_and_not_known_refuses_and_any_other_does_not() {
    let policies = "2.5.29.32";
    for at in 0..2 {
        let mut vendor = Vendor::with(1);
        vendor.authorities[at + 1].draft.extensions.push(Extension(policies, false, vec![5, 0]));
        assert!(vendor.verify().is_ok());
        vendor.authorities[at + 1].draft.extensions.last_mut().unwrap().1 = true;
        let (_, found) = fault(vendor.verify());
        assert_eq!(found, CertificateFault::UnknownCritical { oid: policies.to_owned() });
    }
    let mut vendor = Vendor::with(0);
    // What is read may be critical.
    vendor.said.extensions.iter_mut().for_each(|extension| extension.1 = true);
    assert!(vendor.verify().is_ok());
    vendor.said.extensions.push(Extension("1.3.6.1.4.1.41482.3.12", true, vec![1]));
    let found = CertificateFault::UnknownCritical { oid: "1.3.6.1.4.1.41482.3.12".to_owned() };
    assert_eq!(fault(vendor.verify()), (WhichCertificate::Key, found));
}

#[test]
fn the_periods_are_those_of_the_vendor_and_not_that_of_the_token() {
    let past = ("20160314000000Z", "20291231235959Z");
    let future = ("20300101000001Z", "20520417000000Z");
    let just = ("20300101000000Z", "20300101000000Z");
    for (at, which) in
        [(0, WhichCertificate::Root), (1, WhichCertificate::Intermediate(1)), (2, WhichCertificate::Device)]
    {
        for (period, passes) in [(past, false), (future, false), (just, true)] {
            let mut vendor = Vendor::with(1);
            vendor.authorities[at].draft.period = period;
            match vendor.verify() {
                Ok(_) => assert!(passes, "{which}"),
                Err(AttestationRefusal::OutsidePeriod { which: found, .. }) => assert!(found == which && !passes),
                Err(other) => panic!("{other}"),
            }
        }
    }
    for period in [past, future, just] {
        let mut vendor = Vendor::with(1);
        vendor.said.period = period;
        assert!(vendor.verify().is_ok());
    }
    // Vendors write "for ever" so (RFC 5280, section 4.1.2.5).
    let mut vendor = Vendor::with(1);
    vendor.authorities.iter_mut().for_each(|authority| authority.draft.period.1 = "99991231235959Z");
    assert!(vendor.verify().is_ok());
}

#[test]
fn the_algorithm_is_one_that_is_known_and_named_twice() {
    let algorithm = |text: &str| sequence(&[&oid(text)]);
    let with_null = |text: &str| sequence(&[&oid(text), &tlv(5, &[])]);
    let sha256 = "1.2.840.10045.4.3.2";
    let mut vendor = Vendor::with(0);
    for other in [algorithm("1.2.840.10045.4.3.3"), with_null(sha256), with_null("1.2.840.113549.1.1.11")] {
        vendor.said.outer_algorithm = other;
        assert_eq!(fault(vendor.verify()), (WhichCertificate::Key, CertificateFault::TwoAlgorithms));
    }
    // SHA-1, SHA-512, RSA without NULL, ECDSA with NULL, RSA-PSS, MD5.
    for (other, oid) in [
        (algorithm("1.2.840.10045.4.1"), "1.2.840.10045.4.1"),
        (algorithm("1.2.840.10045.4.3.4"), "1.2.840.10045.4.3.4"),
        (algorithm("1.2.840.113549.1.1.11"), "1.2.840.113549.1.1.11"),
        (with_null(sha256), sha256),
        (with_null("1.2.840.113549.1.1.10"), "1.2.840.113549.1.1.10"),
        (with_null("1.2.840.113549.1.1.4"), "1.2.840.113549.1.1.4"),
        (with_null("1.2.840.113549.1.1.5"), "1.2.840.113549.1.1.5"),
    ] {
        vendor.said.outer_algorithm = other.clone();
        vendor.said.algorithm = other;
        let fault = fault(vendor.verify());
        assert_eq!(fault, (WhichCertificate::Key, CertificateFault::Algorithm { oid: oid.to_owned() }));
    }
    // A good signature that is said to be of another kind.
    for other in [algorithm("1.2.840.10045.4.3.3"), with_null("1.2.840.113549.1.1.11")] {
        vendor.said.outer_algorithm = other.clone();
        vendor.said.algorithm = other;
        assert!(matches!(vendor.verify(), Err(AttestationRefusal::BadSignature { .. })));
    }
}

#[test]
fn a_certificate_is_of_version_3_and_has_a_key_that_can_sign() {
    let mut vendor = Vendor::with(0);
    for version in [0, 1] {
        vendor.said.version = version;
        let (which, _) = fault(vendor.verify());
        assert_eq!(which, WhichCertificate::Key);
    }
    let mut vendor = Vendor::with(0);
    // X25519 agrees on keys and signs nothing.
    vendor.said.key = sequence(&[&sequence(&[&oid("1.3.101.110")]), &tlv(3, &[&[0], &[9; 32][..]].concat())]);
    assert!(matches!(fault(vendor.verify()), (WhichCertificate::Key, CertificateFault::Key(_))));
}

#[test]
fn intermediates_are_in_order_and_at_most_four() {
    let vendor = Vendor::with(2);
    let certificate = |at: usize| block(&vendor.certificate(at));
    let verify = |device: &str| vendor.verify_pem(&vendor.key_pem(), device);
    assert!(verify(&[certificate(3), certificate(2), certificate(1)].concat()).is_ok());
    let refused = verify(&[certificate(3), certificate(1), certificate(2)].concat()).unwrap_err();
    assert!(matches!(refused, AttestationRefusal::WrongIssuer { which: WhichCertificate::Device, .. }), "{refused}");
    assert!(refused.hint().contains("intermediate certificates behind the token's"));
    let refused = verify(&[certificate(3), certificate(2)].concat()).unwrap_err();
    assert!(matches!(refused, AttestationRefusal::UnknownRoot { which: WhichCertificate::Intermediate(1), .. }));
    let refused = verify(&certificate(3)).unwrap_err();
    assert!(matches!(refused, AttestationRefusal::UnknownRoot { which: WhichCertificate::Device, .. }));

    assert!(Vendor::with(4).verify().is_ok());
    let refused = Vendor::with(5).verify().unwrap_err();
    let most = AttestationCertificates::MAX_INTERMEDIATES + 1;
    let expected = AttestationRefusal::Count { which: WhichCertificate::Device, found: most + 1, least: 1, most };
    assert_eq!(refused, expected);
}

/// Vendors publish all their intermediates in one file.
#[test]
fn the_intermediates_that_lead_upwards_are_found_in_the_vendors_file() {
    let vendor = Vendor::with(2);
    let other = Draft::authority("Root", "Intermediate 1", &key("other").public_key(), None);
    let other = other.signed_by(&key("Root"));
    // The root is in it too, one of the same name as another, and the order is any.
    let bundle = [vendor.certificate(0), other, vendor.certificate(1), vendor.certificate(2)].map(|der| block(&der));
    let gather = |device: &str, bundle: &str| AttestationCertificates::gather(&vendor.key_pem(), device, Some(bundle));
    let token = block(&vendor.certificate(3));
    let whole = AttestationCertificates::gather(&vendor.key_pem(), &vendor.device_pem(), None).unwrap();
    assert_eq!(gather(&token, &bundle.concat()).unwrap(), whole);
    assert_eq!(gather(&[token.clone(), block(&vendor.certificate(2))].concat(), &bundle.concat()).unwrap(), whole);
    // What does not lead upwards is not taken.
    let alone = AttestationCertificates::gather(&vendor.key_pem(), &token, None).unwrap();
    assert_eq!(gather(&token, &bundle[..2].concat()).unwrap(), alone);
    assert!(matches!(gather(&token, "nothing"), Err(AttestationRefusal::Count { found: 0, .. })));
    let many = bundle[0].repeat(AttestationCertificates::MAX_IN_A_BUNDLE);
    assert_eq!(gather(&token, &many).unwrap(), alone);
    assert!(matches!(gather(&token, &[many, bundle[1].clone()].concat()), Err(AttestationRefusal::Count { .. })));
}
