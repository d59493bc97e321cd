//! The form of the files that certificates come in, and of the vendors' roots.

use rootline_ceremonies::attestation::{AttestationCertificates, AttestationRefusal, VendorRoots};
use rootline_ceremonies::attestation::{CertificateFault, NotAnIssuer, WhichCertificate};
use rootline_tests::fixtures::der::{BASIC_CONSTRAINTS, Draft, Extension, basic_constraints, block, name};
use rootline_tests::fixtures::vendor::{Vendor, key};

#[test]
fn as_many_certificates_as_there_are_places() {
    let vendor = Vendor::with(0);
    let (key, device) = (vendor.key_pem(), vendor.device_pem());
    let gather = |key: &str, device: &str| AttestationCertificates::gather(key, device, None);
    let count = |result: Result<_, AttestationRefusal>| match result {
        Err(AttestationRefusal::Count { which, found, .. }) => (which, found),
        other => panic!("{other:?}"),
    };
    for empty in ["", "\n", "no certificate", "-----END CERTIFICATE-----"] {
        assert_eq!(count(gather(empty, &device)), (WhichCertificate::Key, 0));
        assert_eq!(count(gather(&key, empty)), (WhichCertificate::Device, 0));
        assert_eq!(count(AttestationCertificates::parse(empty)), (WhichCertificate::Key, 0));
    }
    assert_eq!(count(gather(&[&*key, &device].concat(), &device)), (WhichCertificate::Key, 2));
    let refused = gather(&[&*key, &*key].concat(), &device).unwrap_err();
    assert_eq!(refused.to_string(), "expected 1 in the place of the key's certificate, and found 2");
    assert_eq!(count(AttestationCertificates::parse(&key)), (WhichCertificate::Key, 1));
    assert!(AttestationCertificates::parse(&[key, device.repeat(5)].concat()).is_ok());
    assert_eq!(count(AttestationCertificates::parse(&device.repeat(7))), (WhichCertificate::Key, 7));
}

#[test]
fn a_text_is_pem_and_whatever_stands_around_the_blocks_is_skipped() {
    let vendor = Vendor::with(0);
    let (key, device) = (vendor.key_pem(), vendor.device_pem());
    for good in [
        format!("Certificate:\n    Data:\n{key}"),
        format!("\n\n{key}\n\nthe end"),
        key.replace('\n', "\r\n"),
        key.trim_end().to_owned(),
    ] {
        assert!(vendor.verify_pem(&good, &device).is_ok(), "{good}");
    }
    let middle = key.len() / 2;
    for bad in [
        key.replace("CERTIFICATE", "PUBLIC KEY"),
        key.replacen("CERTIFICATE", "PRIVATE KEY", 1),
        key.replace("-----END CERTIFICATE-----", ""),
        key[..middle].to_owned(),
        format!("{}!{}", &key[..middle], &key[middle..]),
        format!("{}-----END CERTIFICATE-----", &key[..middle]),
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_owned(),
        "-----BEGIN -----END CERTIFICATE-----".to_owned(),
    ] {
        let refused = vendor.verify_pem(&bad, &device).unwrap_err();
        let expected = matches!(refused, AttestationRefusal::NotCertificates | AttestationRefusal::Malformed { .. });
        assert!(expected, "{bad}: {refused}");
    }
}

#[test]
fn sizes_are_bounded_before_anything_is_read() {
    let vendor = Vendor::with(0);
    let most = AttestationCertificates::MAX_BYTES;
    let padded = |bytes: usize| format!("{}{}", " ".repeat(bytes - vendor.key_pem().len()), vendor.key_pem());
    assert!(vendor.verify_pem(&padded(most), &vendor.device_pem()).is_ok());
    let refused = vendor.verify_pem(&padded(most + 1), &vendor.device_pem()).unwrap_err();
    assert_eq!(refused, AttestationRefusal::TooLarge { most });

    // A certificate of exactly as many bytes as are read, and one more.
    let with = |bytes: usize, fill: u8| {
        let mut vendor = Vendor::with(0);
        vendor.said.extensions.push(Extension("1.2.3", false, vec![fill; bytes]));
        let der = vendor.said.signed_by(&key("Token"));
        (vendor, der)
    };
    let overhead = with(3000, 0).1.len() - 3000;
    for (bytes, passes) in [(4096, true), (4097, false)] {
        // Signatures differ in length by a byte or two, so one of the right length is looked for.
        let mut tries = (0..=u8::MAX).map(|fill| with(bytes - overhead, fill));
        let (vendor, der) = tries.find(|(_, der)| der.len() == bytes).unwrap();
        match vendor.verify_pem(&block(&der), &vendor.device_pem()) {
            Ok(_) => assert!(passes),
            Err(AttestationRefusal::Malformed { fault: CertificateFault::TooLarge { most: 4096 }, .. }) => {
                assert!(!passes);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_certificate_has_few_extensions() {
    #[rustfmt::skip]
    const MANY: [&str; 29] = [
        "1.2.3.0", "1.2.3.1", "1.2.3.2", "1.2.3.3", "1.2.3.4", "1.2.3.5", "1.2.3.6", "1.2.3.7", "1.2.3.8", "1.2.3.9",
        "1.2.3.10", "1.2.3.11", "1.2.3.12", "1.2.3.13", "1.2.3.14", "1.2.3.15", "1.2.3.16", "1.2.3.17", "1.2.3.18", "1.2.3.19",
        "1.2.3.20", "1.2.3.21", "1.2.3.22", "1.2.3.23", "1.2.3.24", "1.2.3.25", "1.2.3.26", "1.2.3.27", "1.2.3.28",
    ];
    let mut vendor = Vendor::with(0);
    // With the four that a token's key has.
    vendor.said.extensions.extend(MANY[..28].iter().map(|id| Extension(id, false, vec![0])));
    assert!(vendor.verify().is_ok());
    vendor.said.extensions.push(Extension(MANY[28], false, vec![0]));
    assert!(matches!(
        vendor.verify(),
        Err(AttestationRefusal::Malformed { fault: CertificateFault::TooManyExtensions { most: 32 }, .. })
    ));
}

#[test]
fn a_root_is_an_authority_that_has_signed_itself() {
    let root = key("Root");
    let draft = Draft::authority("Root", "Root", &root.public_key(), Some(1));
    let add = |der: Vec<u8>| VendorRoots::default().add(&block(&der));
    let added = add(draft.signed_by(&root)).unwrap();
    assert_eq!(added.len(), 1);
    let (vendor_root, pem) = &added[0];
    assert_eq!(vendor_root.subject(), "CN=Root");
    assert_eq!(pem, &block(&draft.signed_by(&root)));
    let digest = rootline_metadata::hex::encode(&rootline_metadata::sha256(&draft.signed_by(&root)));
    assert_eq!(vendor_root.digest(), digest);
    assert_eq!(vendor_root.file_name(), format!("root-{}.pem", &digest[..8]));

    let not_self_signed = |der| match add(der).unwrap_err() {
        AttestationRefusal::Malformed { which: WhichCertificate::Root, fault } => fault,
        other => panic!("{other}"),
    };
    assert_eq!(not_self_signed(draft.signed_by(&key("other"))), CertificateFault::NotSelfSigned);
    let intermediate = Draft::authority("Root", "Intermediate", &root.public_key(), Some(1));
    assert_eq!(not_self_signed(intermediate.signed_by(&root)), CertificateFault::NotSelfSigned);
    let mut no_authority = draft.clone();
    no_authority.extensions = vec![Extension(BASIC_CONSTRAINTS, true, basic_constraints(false, None))];
    let refused = add(no_authority.signed_by(&root)).unwrap_err();
    let why = NotAnIssuer::NoAuthority;
    assert_eq!(refused, AttestationRefusal::NotAnIssuer { which: WhichCertificate::Root, why });
    // Nothing of a text is taken if one of its roots is none.
    let mut roots = VendorRoots::default();
    let text = format!("{}{}", block(&draft.signed_by(&root)), block(&draft.signed_by(&key("other"))));
    assert!(roots.add(&text).is_err() && roots.is_empty());
    let many = block(&draft.signed_by(&root)).repeat(VendorRoots::MAX);
    assert_eq!(roots.add(&many).unwrap().len(), VendorRoots::MAX);
    assert!(matches!(
        roots.add(&[many, block(&draft.signed_by(&root))].concat()),
        Err(AttestationRefusal::Count { which: WhichCertificate::Root, .. })
    ));
}

#[test]
fn the_file_of_a_root_has_a_plain_name() {
    let root = key("Root");
    for (subject, begins) in [
        ("Yubico PIV Root CA Serial 263751", "yubico-piv-root-ca-serial-263751-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("ünïcode / \u{0}", "n-code-00-"),
        ("", ""),
    ] {
        let mut draft = Draft::authority("Root", "Root", &root.public_key(), None);
        draft.subject = name(subject);
        draft.issuer = name(subject);
        let mut roots = VendorRoots::default();
        let file_name = roots.add(&block(&draft.signed_by(&root))).unwrap()[0].0.file_name();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let stem = file_name.strip_suffix(".pem").unwrap();
        assert!(stem.chars().all(plain) && file_name.len() <= 80, "{file_name}");
        assert!(subject.is_empty() || file_name.starts_with(&begins[..2]), "{file_name}");
    }
}

/// Made by OpenSSL, with keys that nobody has: what vendors use or could use beside what the two real tokens show.
#[test]
fn roots_of_every_algorithm_are_read_and_longer_keys_are_not() {
    let certificate = |name: &str| match name {
        "rsa-2048-sha512" => include_str!("roots/rsa-2048-sha512.pem"),
        "rsa-4096-sha384" => include_str!("roots/rsa-4096-sha384.pem"),
        "rsa-4104-sha256" => include_str!("roots/rsa-4104-sha256.pem"),
        "rsa-2040-sha256" => include_str!("roots/rsa-2040-sha256.pem"),
        "p384-sha384" => include_str!("roots/p384-sha384.pem"),
        "p384-sha256" => include_str!("roots/p384-sha256.pem"),
        "p256-sha384" => include_str!("roots/p256-sha384.pem"),
        other => panic!("{other}"),
    };
    for good in ["rsa-2048-sha512", "rsa-4096-sha384", "p384-sha384", "p384-sha256", "p256-sha384"] {
        let added = VendorRoots::default().add(certificate(good));
        assert_eq!(added.unwrap()[0].0.subject(), "CN=Example Root", "{good}");
        // One bit of the signature, at the end.
        let mut der = rootline_tests::pem::decode(certificate(good));
        *der.last_mut().unwrap() ^= 1;
        assert!(VendorRoots::default().add(&block(&der)).is_err(), "{good}");
    }
    for bad in ["rsa-4104-sha256", "rsa-2040-sha256"] {
        let refused = VendorRoots::default().add(certificate(bad)).unwrap_err();
        let fault = CertificateFault::NotSelfSigned;
        assert_eq!(refused, AttestationRefusal::Malformed { which: WhichCertificate::Root, fault }, "{bad}");
    }
}
