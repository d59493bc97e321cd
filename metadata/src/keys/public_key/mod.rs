//! The public keys that sign metadata, in whatever form a file writes them.
//!
//! A [`PublicKey`] has been checked: its point is on its curve, its numbers are inside their bounds, and its scheme fits. Whatever
//! cannot be used is an [`UnusableKey`] with the reason; it makes that key useless, never the file that lists it.

mod material;
mod scheme;
mod spki;
mod tuf;
mod unusable;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use self::material::{KeyMaterial, ParameterSet, RSA_MODULUS_BITS};
pub use self::scheme::Scheme;
pub use self::tuf::TufKey;
pub use self::unusable::{KeyEncoding, UnusableKey};

use self::material::Material;
use crate::keys::backend::{Backend, Preferred, PssHash};

/// A key that can verify signatures, with the scheme they are made by. The algorithm always comes from here, never from the
/// signature (CVE-2015-9258).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    scheme: Scheme,
    material: KeyMaterial,
}

impl PublicKey {
    /// The key that `keytype`, `scheme` and `keyval.public` of a TUF key object describe (TUF 4.2; ML-DSA as TAP 21 has it).
    ///
    /// | keytype | scheme | public |
    /// |---|---|---|
    /// | `ed25519` | `ed25519` | 64 hex digits, or PEM |
    /// | `ecdsa`, `ecdsa-sha2-nistp256` | `ecdsa-sha2-nistp256` | PEM, or a SEC 1 point in hex |
    /// | `ecdsa`, `ecdsa-sha2-nistp384` | `ecdsa-sha2-nistp384` | PEM, or a SEC 1 point in hex |
    /// | `rsa` | `rsassa-pss-sha256`, `-sha384`, `-sha512` | PEM |
    /// | `ml-dsa` | `ml-dsa-44/1`, `ml-dsa-65/1`, `ml-dsa-87/1` | PEM |
    ///
    /// PEM is that of a SubjectPublicKeyInfo (RFC 5280, section 4.1), lines of any one length.
    ///
    /// # Errors
    /// If the keytype or scheme is not one of these or they do not belong together, if `public` is of another kind or not well formed,
    /// and if the key has a defect that would let others sign for it, see [`UnusableKey`].
    pub fn from_tuf(keytype: &str, scheme: &str, public: &str) -> Result<PublicKey, UnusableKey> {
        tuf::read(keytype, scheme, public)
    }

    /// The key in a DER SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7; RFC 5480, RFC 8410, RFC 3279, RFC 9881), with the scheme by its
    /// type; for an RSA key that is `rsassa-pss-sha256`.
    ///
    /// # Errors
    /// If the algorithm is not known here, the DER is not well formed or something follows it, or the key has a defect, see
    /// [`UnusableKey`].
    pub fn from_spki_der(der: &[u8]) -> Result<PublicKey, UnusableKey> {
        spki::read_der(der).map(PublicKey::by_type)
    }

    /// The key in a PEM block `PUBLIC KEY` (RFC 7468, section 13), as for [`PublicKey::from_spki_der`]. Text before the block is skipped.
    ///
    /// # Errors
    /// If there is not exactly one such block, or for any reason of [`PublicKey::from_spki_der`].
    pub fn from_spki_pem(pem: &str) -> Result<PublicKey, UnusableKey> {
        spki::read_pem(pem).map(PublicKey::by_type)
    }

    /// How signatures by this key are made.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The key itself, for comparing: a threshold counts distinct key material.
    pub fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Checks `signature` over `message`. ECDSA signatures are in DER and `s` may be high; Ed25519 ones are checked by the strict rule
    /// (no small-order points, `s` reduced); RSA-PSS ones have a salt as long as their digest; ML-DSA ones sign the SHA-512 digest
    /// after a prefix (TAP 21).
    ///
    /// # Errors
    /// If it is not a signature of the message by this key and scheme, whatever the reason.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.verify_with::<Preferred>(message, signature)
    }

    /// As [`PublicKey::verify`], with a named backend: for tests that hold the backends equal.
    ///
    /// # Errors
    /// As for [`PublicKey::verify`].
    pub fn verify_with<B: Backend>(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let good = match &self.material.0 {
            Material::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Material::P256(point) => B::ecdsa_p256_sha256(point, message, signature),
            Material::P384(point) => B::ecdsa_p384_sha384(point, message, signature),
            Material::Rsa(key) => match self.scheme {
                Scheme::RsaPssSha512 => B::rsa_pss(PssHash::Sha512, key.parts(), message, signature),
                Scheme::RsaPssSha384 => B::rsa_pss(PssHash::Sha384, key.parts(), message, signature),
                _ => B::rsa_pss(PssHash::Sha256, key.parts(), message, signature),
            },
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(set, key) => {
                crate::keys::backend::ml_dsa::verify(*set, key, &ml_dsa_message(message), signature)
            }
        };
        if good { Ok(()) } else { Err(BadSignature) }
    }

    /// The key as a DER SubjectPublicKeyInfo, points uncompressed: whatever form it was read from, the same bytes.
    pub fn to_spki_der(&self) -> Vec<u8> {
        spki::to_der(&self.material)
    }

    /// [`PublicKey::to_spki_der`] in a PEM block `PUBLIC KEY`, with lines of 64 characters that end in LF, the last one too.
    pub fn to_spki_pem(&self) -> String {
        spki::to_pem(&self.material)
    }

    /// The members of the key object that we publish, which every known reader accepts: hex for Ed25519, PEM for all others, and never
    /// a legacy keytype.
    pub fn to_tuf(&self) -> TufKey {
        tuf::write(self)
    }

    fn by_type(material: KeyMaterial) -> PublicKey {
        PublicKey { scheme: material.usual_scheme(), material }
    }
}

/// A signature that is not one of this message by this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature is not one of this message by this key")
    }
}

impl core::error::Error for BadSignature {}

/// What version 1 of TAP 21 signs in place of the message: so that a device need not be sent all of it, and that no signature made for
/// something else passes for one of TUF.
#[cfg(feature = "ml-dsa")]
fn ml_dsa_message(message: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha512};
    const VERSION: u8 = 1;
    let mut signed = Vec::with_capacity(68);
    signed.extend_from_slice(b"tuf");
    signed.push(VERSION);
    signed.extend_from_slice(&Sha512::digest(message));
    signed
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;
    use crate::hex;

    fn bytes(digits: &str) -> Vec<u8> {
        hex::decode(digits).unwrap()
    }

    /// A key with a signature by it over a message, from the standards.
    fn examples() -> [(PublicKey, &'static [u8], Vec<u8>); 2] {
        // RFC 8032, section 7.1, test 3.
        let ed25519 = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
        let ed25519_signature = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
            18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";
        // RFC 6979, appendix A.2.5, "sample" with SHA-256; its s is high.
        let p256 = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
            7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
        let p256_signature = "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
            022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
        [
            (PublicKey::from_tuf("ed25519", "ed25519", ed25519).unwrap(), b"\xaf\x82", bytes(ed25519_signature)),
            (PublicKey::from_tuf("ecdsa", "ecdsa-sha2-nistp256", p256).unwrap(), b"sample", bytes(p256_signature)),
        ]
    }

    #[test]
    fn a_signature_is_good_for_its_message_and_key_only() {
        let examples = examples();
        for (i, (key, message, signature)) in examples.iter().enumerate() {
            assert_eq!(key.verify(message, signature), Ok(()));
            assert_eq!(key.verify(b"", signature), Err(BadSignature));
            assert_eq!(key.verify(&[message, &[0][..]].concat(), signature), Err(BadSignature));
            for other in &examples[..i] {
                assert_eq!(other.0.verify(message, signature), Err(BadSignature));
                assert_eq!(key.verify(other.1, &other.2), Err(BadSignature));
            }
        }
    }

    #[test]
    fn a_changed_cut_or_lengthened_signature_is_bad() {
        for (key, message, signature) in examples() {
            for at in 0..signature.len() {
                let mut changed = signature.clone();
                changed[at] ^= 1;
                assert_eq!(key.verify(message, &changed), Err(BadSignature), "{key:?} {at}");
                assert_eq!(key.verify(message, &signature[..at]), Err(BadSignature), "{key:?} {at}");
            }
            assert_eq!(key.verify(message, &[&signature[..], &[0]].concat()), Err(BadSignature));
            assert_eq!(key.verify(message, &vec![0xff; 20_000]), Err(BadSignature));
        }
    }

    #[test]
    fn an_rsa_key_takes_the_usual_scheme_unless_another_is_named() {
        let pem = PublicKey::by_type(KeyMaterial::rsa(&[0xff; 256], &[3]).unwrap()).to_spki_pem();
        assert_eq!(PublicKey::from_spki_pem(&pem).unwrap().scheme(), Scheme::RsaPssSha256);
        for scheme in [Scheme::RsaPssSha256, Scheme::RsaPssSha384, Scheme::RsaPssSha512] {
            let key = PublicKey::from_tuf("rsa", scheme.as_str(), &pem).unwrap();
            assert_eq!(key.scheme(), scheme);
            assert_eq!(key.material(), PublicKey::from_spki_pem(&pem).unwrap().material());
            assert_eq!(key.verify(b"", &[0; 256]), Err(BadSignature));
        }
    }

    #[cfg(feature = "ml-dsa")]
    #[test]
    fn an_ml_dsa_signature_is_over_a_prefix_and_a_digest() {
        let signed = ml_dsa_message(b"abc");
        // FIPS 180-4's example for SHA-512.
        assert!(hex::encode(&signed).starts_with("74756601ddaf35a193617abacc417349ae204131"));
        assert_eq!(signed.len(), 68);
        let key = PublicKey::by_type(KeyMaterial::ml_dsa(ParameterSet::MlDsa44, &[1; 1312]).unwrap());
        for length in [0, 2419, 2420, 2421] {
            assert_eq!(key.verify(b"abc", &vec![0; length]), Err(BadSignature));
        }
    }

    #[cfg(not(feature = "ml-dsa"))]
    #[test]
    fn an_ml_dsa_key_is_useless_in_a_build_without_it_and_says_so() {
        let missing = UnusableKey::NotBuiltIn { feature: "ml-dsa" };
        assert_eq!(KeyMaterial::ml_dsa(ParameterSet::MlDsa44, &[1; 1312]), Err(missing.clone()));
        assert_eq!(missing.to_string(), "this build leaves out `ml-dsa` signatures");
    }

    #[test]
    fn no_message_about_a_key_shows_it() {
        let (key, ..) = &examples()[1];
        let refused = PublicKey::from_tuf("ecdsa", "ecdsa-sha2-nistp384", &key.to_tuf().public).unwrap_err();
        assert_eq!(refused.to_string(), "scheme `ecdsa-sha2-nistp384` names a P-256 key");
    }
}
