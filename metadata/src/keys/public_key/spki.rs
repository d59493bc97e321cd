//! SubjectPublicKeyInfo: DER (RFC 5280, section 4.1.2.7) and PEM (RFC 7468, section 13).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use spki::der::asn1::{AnyRef, BitStringRef, Null, ObjectIdentifier, UintRef};
use spki::der::pem;
use spki::der::{self, Decode, Encode, Reader, SliceReader};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::material::Material;
use super::{KeyEncoding, KeyMaterial, ParameterSet, UnusableKey};
use crate::keys::backend::RsaKey;

/// RFC 8410, section 3. No parameters.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 5480, section 2.1.1. The parameter is the curve's identifier.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// RFC 3279, section 2.3.1. The parameter is NULL.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 9881, section 3. No parameters.
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");

const PEM_LABEL: &str = "PUBLIC KEY";

pub(super) fn read_pem(text: &str) -> Result<KeyMaterial, UnusableKey> {
    let malformed = |_| UnusableKey::Malformed { encoding: KeyEncoding::Pem };
    // RFC 7468, section 2, lets readers skip white space around the block.
    let text = text.trim().as_bytes();
    let mut decoder = pem::Decoder::new_detect_wrap(text).map_err(malformed)?;
    if decoder.type_label() != PEM_LABEL {
        return Err(UnusableKey::Malformed { encoding: KeyEncoding::Pem });
    }
    let mut der = Vec::new();
    decoder.decode_to_end(&mut der).map_err(malformed)?;
    read_der(&der)
}

pub(super) fn read_der(der: &[u8]) -> Result<KeyMaterial, UnusableKey> {
    let malformed = UnusableKey::Malformed { encoding: KeyEncoding::Spki };
    let Ok(spki) = SubjectPublicKeyInfoRef::from_der(der) else { return Err(malformed) };
    let Some(key) = spki.subject_public_key.as_bytes() else { return Err(malformed) };
    match (spki.algorithm.oid, spki.algorithm.parameters) {
        (ED25519, None) => KeyMaterial::ed25519(key),
        (EC, Some(parameters)) => match parameters.decode_as::<ObjectIdentifier>() {
            Ok(P256) => KeyMaterial::p256(key),
            Ok(P384) => KeyMaterial::p384(key),
            Ok(curve) => Err(UnusableKey::UnknownAlgorithm { oid: curve.to_string() }),
            Err(_) => Err(malformed),
        },
        (RSA, Some(parameters)) if parameters == AnyRef::NULL => read_rsa(key),
        (ML_DSA_44, None) => KeyMaterial::ml_dsa(ParameterSet::MlDsa44, key),
        (ML_DSA_65, None) => KeyMaterial::ml_dsa(ParameterSet::MlDsa65, key),
        (ML_DSA_87, None) => KeyMaterial::ml_dsa(ParameterSet::MlDsa87, key),
        (ED25519 | EC | RSA | ML_DSA_44 | ML_DSA_65 | ML_DSA_87, _) => Err(malformed),
        (oid, _) => Err(UnusableKey::UnknownAlgorithm { oid: oid.to_string() }),
    }
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`
fn read_rsa(key: &[u8]) -> Result<KeyMaterial, UnusableKey> {
    let numbers = |key| -> der::Result<(UintRef<'_>, UintRef<'_>)> {
        let mut reader = SliceReader::new(key)?;
        let numbers = reader.sequence(|reader| Ok::<_, der::Error>((reader.decode()?, reader.decode()?)))?;
        reader.finish()?;
        Ok(numbers)
    };
    let (modulus, exponent) = numbers(key).map_err(|_| UnusableKey::Malformed { encoding: KeyEncoding::Pkcs1 })?;
    KeyMaterial::rsa(modulus.as_bytes(), exponent.as_bytes())
}

pub(super) fn to_der(material: &KeyMaterial) -> Vec<u8> {
    encode(material).expect("DER fails only above 2^28 bytes, and a key has at most 2592")
}

pub(super) fn to_pem(material: &KeyMaterial) -> String {
    crate::keys::pem::block(PEM_LABEL, &to_der(material))
}

fn encode(material: &KeyMaterial) -> der::Result<Vec<u8>> {
    let spki = |oid, parameters, key| {
        let algorithm = AlgorithmIdentifierRef { oid, parameters };
        SubjectPublicKeyInfoRef { algorithm, subject_public_key: BitStringRef::from_bytes(key)? }.to_der()
    };
    match &material.0 {
        Material::Ed25519(key) => spki(ED25519, None, key.as_bytes()),
        Material::P256(point) => spki(EC, Some(AnyRef::from(&P256)), point),
        Material::P384(point) => spki(EC, Some(AnyRef::from(&P384)), point),
        Material::Rsa(key) => {
            let RsaKey { modulus, exponent } = key.parts();
            let numbers = [UintRef::new(modulus)?, UintRef::new(exponent)?];
            spki(RSA, Some(Null.into()), &numbers.to_der()?)
        }
        #[cfg(feature = "ml-dsa")]
        Material::MlDsa(ParameterSet::MlDsa44, key) => spki(ML_DSA_44, None, key),
        #[cfg(feature = "ml-dsa")]
        Material::MlDsa(ParameterSet::MlDsa65, key) => spki(ML_DSA_65, None, key),
        #[cfg(feature = "ml-dsa")]
        Material::MlDsa(ParameterSet::MlDsa87, key) => spki(ML_DSA_87, None, key),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::hex;

    /// RFC 8410, section 10.1.
    const ED25519_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

    /// A key of Sigstore's, from its fifth root.
    const P256_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzBzVOmHCPojMVLSI364WiiV8NPrD
6IgRxVliskz/v+y3JER5mcVGcONliDcWMC5J2lfHmjPNPhb4H7xm8LzfSA==
-----END PUBLIC KEY-----
";

    fn p256_der() -> Vec<u8> {
        to_der(&read_pem(P256_PEM).unwrap())
    }

    #[test]
    fn what_is_read_is_written_alike() {
        for pem in [ED25519_PEM, P256_PEM] {
            let key = read_pem(pem).unwrap();
            assert_eq!(to_pem(&key), pem);
            assert_eq!(read_der(&to_der(&key)), Ok(key));
        }
    }

    #[test]
    fn white_space_around_and_lines_of_any_one_length_are_read() {
        let key = read_pem(P256_PEM).unwrap();
        let [begin, first, second, end] = P256_PEM.lines().collect::<Vec<_>>()[..] else { panic!("four lines") };
        for pem in [
            P256_PEM.trim_end().to_string(),
            P256_PEM.replace('\n', "\r\n"),
            alloc::format!("\n\n{P256_PEM}\n\n"),
            alloc::format!("# Alice\n{P256_PEM}"),
            alloc::format!("{begin}\n{first}{second}\n{end}"),
        ] {
            assert_eq!(read_pem(&pem), Ok(key.clone()), "{pem}");
        }
    }

    #[test]
    fn anything_but_one_block_of_a_public_key_is_not_read() {
        let malformed = Err(UnusableKey::Malformed { encoding: KeyEncoding::Pem });
        for pem in [
            "",
            "-----BEGIN",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n",
            &P256_PEM.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
            &P256_PEM.replace("END PUBLIC", "END PRIVATE"),
            &[P256_PEM, ED25519_PEM].concat(),
        ] {
            assert_eq!(read_pem(pem), malformed, "{pem:?}");
        }
    }

    #[test]
    fn der_is_read_whole_and_only_as_it_should_be() {
        let malformed = Err(UnusableKey::Malformed { encoding: KeyEncoding::Spki });
        let good = p256_der();
        assert_eq!(read_der(&[&good[..], &[0]].concat()), malformed, "something follows");
        for end in 0..good.len() {
            assert_eq!(read_der(&good[..end]), malformed, "cut off at {end}");
        }
        // The length 0x59 in two bytes, which BER allows and DER does not.
        assert_eq!(read_der(&[&[0x30, 0x81, 0x59], &good[2..]].concat()), malformed);
        // One unused bit in the bit string.
        let mut unused_bit = good.clone();
        unused_bit[25] = 1;
        assert_eq!(read_der(&unused_bit), malformed);
    }

    #[test]
    fn algorithms_have_the_parameters_that_they_demand() {
        let malformed = Err(UnusableKey::Malformed { encoding: KeyEncoding::Spki });
        let ed25519 = to_der(&read_pem(ED25519_PEM).unwrap());
        let with_null = [&[0x30, 0x2c, 0x30, 0x07], &ed25519[4..9], &[0x05, 0x00], &ed25519[9..]].concat();
        assert_eq!(read_der(&with_null), malformed, "Ed25519 with NULL");
        let p256 = p256_der();
        let no_curve = [&[0x30, 0x4f, 0x30, 0x09], &p256[4..13], &p256[23..]].concat();
        assert_eq!(read_der(&no_curve), malformed, "an EC key without a curve");
        let null_curve = [&[0x30, 0x51, 0x30, 0x0b], &p256[4..13], &[0x05, 0x00], &p256[23..]].concat();
        assert_eq!(read_der(&null_curve), malformed, "an EC key with NULL for a curve");
    }

    #[test]
    fn an_unknown_algorithm_or_curve_is_named() {
        let replaced =
            |from: &str, to: &str| read_der(&hex::decode(&hex::encode(&p256_der()).replace(from, to)).unwrap());
        // id-ecPublicKey, then the curve secp256r1, each with its last number changed.
        let unknown = |oid: &str| Err(UnusableKey::UnknownAlgorithm { oid: oid.into() });
        assert_eq!(replaced("06072a8648ce3d0201", "06072a8648ce3d0205"), unknown("1.2.840.10045.2.5"));
        assert_eq!(replaced("06082a8648ce3d030107", "06082a8648ce3d030106"), unknown("1.2.840.10045.3.1.6"));
    }

    #[test]
    fn an_rsa_key_is_two_whole_positive_numbers() {
        let numbers = |modulus: &[u8], exponent: &[u8]| {
            [UintRef::new(modulus).unwrap(), UintRef::new(exponent).unwrap()].to_der().unwrap()
        };
        let mut modulus = vec![0xff; 256];
        let key = read_rsa(&numbers(&modulus, &[1, 0, 1])).unwrap();
        assert_eq!(read_der(&to_der(&key)), Ok(key));

        let malformed = Err(UnusableKey::Malformed { encoding: KeyEncoding::Pkcs1 });
        assert_eq!(read_rsa(&[]), malformed);
        assert_eq!(read_rsa(&[numbers(&modulus, &[3]), vec![0]].concat()), malformed);
        assert_eq!(read_rsa(&[0x30, 0x03, 0x02, 0x01, 0x03]), malformed, "one number");
        assert_eq!(read_rsa(&[0x30, 0x06, 0x02, 0x01, 0x83, 0x02, 0x01, 0x03]), malformed, "a negative one");
        modulus.truncate(128);
        assert_eq!(read_rsa(&numbers(&modulus, &[3])), Err(UnusableKey::RsaModulus { bits: 1024 }));
    }
}
