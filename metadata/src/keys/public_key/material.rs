//! Key material, in one form however it was written, and the checks that make it usable.

use alloc::boxed::Box;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::RangeInclusive;

use ed25519_dalek::VerifyingKey;
use p256::elliptic_curve::sec1::ToSec1Point;

use super::{KeyEncoding, Scheme, UnusableKey};
use crate::hex;
use crate::keys::backend::RsaKey;

/// The lengths of an RSA modulus, in bits. The lower bound is that of FIPS 186-5, the upper one what *ring* computes.
pub const RSA_MODULUS_BITS: RangeInclusive<usize> = 2048..=8192;

/// The key without its scheme and encoding. Two are equal if they are the same key, whether written in hex or PEM, as a compressed point
/// or not, and whatever scheme is named beside them: so that one key listed twice counts once (GHSA-3633-5h82-39pq).
#[derive(Clone)]
pub struct KeyMaterial(pub(super) Material);

#[derive(Clone)]
pub(super) enum Material {
    Ed25519(VerifyingKey),
    /// Uncompressed: 0x04, x, y.
    P256([u8; 65]),
    P384([u8; 97]),
    Rsa(RsaNumbers),
    #[cfg(feature = "ml-dsa")]
    MlDsa(ParameterSet, Box<[u8]>),
}

#[derive(Clone)]
pub(super) struct RsaNumbers {
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
}

/// The parameter sets of ML-DSA (FIPS 204, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterSet {
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl KeyMaterial {
    /// The 32 bytes of an Ed25519 key (RFC 8032, section 5.1.5), from which Rekor v2 makes its log id.
    pub fn as_ed25519(&self) -> Option<&[u8; 32]> {
        match &self.0 {
            Material::Ed25519(key) => Some(key.as_bytes()),
            _ => None,
        }
    }

    /// What kind of key it is, for people.
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            Material::Ed25519(_) => "Ed25519",
            Material::P256(_) => "P-256",
            Material::P384(_) => "P-384",
            Material::Rsa(_) => "RSA",
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(set, _) => set.name(),
        }
    }

    /// The scheme that a key of this kind is used with unless another is named.
    pub(super) fn usual_scheme(&self) -> Scheme {
        match &self.0 {
            Material::Ed25519(_) => Scheme::Ed25519,
            Material::P256(_) => Scheme::EcdsaP256Sha256,
            Material::P384(_) => Scheme::EcdsaP384Sha384,
            Material::Rsa(_) => Scheme::RsaPssSha256,
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(ParameterSet::MlDsa44, _) => Scheme::MlDsa44,
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(ParameterSet::MlDsa65, _) => Scheme::MlDsa65,
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(ParameterSet::MlDsa87, _) => Scheme::MlDsa87,
        }
    }

    /// Whether a key of this kind can be used with the scheme: RSA has a choice of hashes, all others have one scheme.
    pub(super) fn fits(&self, scheme: Scheme) -> bool {
        match &self.0 {
            Material::Rsa(_) => matches!(scheme, Scheme::RsaPssSha256 | Scheme::RsaPssSha384 | Scheme::RsaPssSha512),
            _ => scheme == self.usual_scheme(),
        }
    }

    /// RFC 8032, section 5.1.3, which makes each point have one encoding only. Small order: see [`UnusableKey::SmallOrder`]. A point with
    /// a component of small order is kept: nobody but its maker can sign for it, and telling it apart costs as much as a signature.
    pub(super) fn ed25519(bytes: &[u8]) -> Result<KeyMaterial, UnusableKey> {
        let kind = "Ed25519";
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| UnusableKey::WrongLength { kind, bytes: bytes.len() })?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| UnusableKey::NotOnCurve { kind })?;
        if key.is_weak() {
            return Err(UnusableKey::SmallOrder);
        }
        if !is_reduced(bytes) {
            return Err(UnusableKey::NotOnCurve { kind });
        }
        Ok(KeyMaterial(Material::Ed25519(key)))
    }

    /// SEC 1, section 2.3.4, with the check that the point is on the curve.
    pub(super) fn p256(point: &[u8]) -> Result<KeyMaterial, UnusableKey> {
        let kind = "P-256";
        check_sec1_form(kind, point, 32)?;
        let key = p256::PublicKey::from_sec1_bytes(point).map_err(|_| UnusableKey::NotOnCurve { kind })?;
        let uncompressed = key.to_sec1_point(false).as_bytes().try_into();
        uncompressed.map(|point| KeyMaterial(Material::P256(point))).map_err(|_| UnusableKey::NotOnCurve { kind })
    }

    /// As [`KeyMaterial::p256`].
    pub(super) fn p384(point: &[u8]) -> Result<KeyMaterial, UnusableKey> {
        let kind = "P-384";
        check_sec1_form(kind, point, 48)?;
        let key = p384::PublicKey::from_sec1_bytes(point).map_err(|_| UnusableKey::NotOnCurve { kind })?;
        let uncompressed = key.to_sec1_point(false).as_bytes().try_into();
        uncompressed.map(|point| KeyMaterial(Material::P384(point))).map_err(|_| UnusableKey::NotOnCurve { kind })
    }

    /// RFC 8017, section 3.1, as far as it can be seen without the factors. Both numbers are big-endian and without leading zeros.
    /// The bits of an RSA modulus; `None` for other kinds.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        match &self.0 {
            Material::Rsa(numbers) => Some(bit_length(&numbers.modulus)),
            _ => None,
        }
    }

    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<KeyMaterial, UnusableKey> {
        let bits = bit_length(modulus);
        if !RSA_MODULUS_BITS.contains(&bits) || !is_odd(modulus) {
            return Err(UnusableKey::RsaModulus { bits });
        }
        if !(2..=33).contains(&bit_length(exponent)) || !is_odd(exponent) {
            return Err(UnusableKey::RsaExponent);
        }
        Ok(KeyMaterial(Material::Rsa(RsaNumbers { modulus: modulus.into(), exponent: exponent.into() })))
    }

    /// FIPS 204, algorithm 23: every string of the right length is a key. It is expanded when a signature is checked, not here: that
    /// costs as much as the rest of the check.
    #[cfg(feature = "ml-dsa")]
    pub(super) fn ml_dsa(set: ParameterSet, bytes: &[u8]) -> Result<KeyMaterial, UnusableKey> {
        if bytes.len() != set.key_length() {
            return Err(UnusableKey::WrongLength { kind: set.name(), bytes: bytes.len() });
        }
        Ok(KeyMaterial(Material::MlDsa(set, bytes.into())))
    }

    #[cfg(not(feature = "ml-dsa"))]
    pub(super) fn ml_dsa(_: ParameterSet, _: &[u8]) -> Result<KeyMaterial, UnusableKey> {
        Err(UnusableKey::NotBuiltIn { feature: "ml-dsa" })
    }

    /// What tells one key from another, and orders them.
    fn identity(&self) -> (&'static str, &[u8], &[u8]) {
        match &self.0 {
            Material::Ed25519(key) => (self.kind(), key.as_bytes(), &[]),
            Material::P256(point) => (self.kind(), point, &[]),
            Material::P384(point) => (self.kind(), point, &[]),
            Material::Rsa(RsaNumbers { modulus, exponent }) => (self.kind(), modulus, exponent),
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(_, key) => (self.kind(), key, &[]),
        }
    }
}

impl RsaNumbers {
    pub(super) fn parts(&self) -> RsaKey<'_> {
        RsaKey { modulus: &self.modulus, exponent: &self.exponent }
    }
}

#[cfg(feature = "ml-dsa")]
impl ParameterSet {
    fn name(self) -> &'static str {
        match self {
            ParameterSet::MlDsa44 => "ML-DSA-44",
            ParameterSet::MlDsa65 => "ML-DSA-65",
            ParameterSet::MlDsa87 => "ML-DSA-87",
        }
    }

    /// In bytes (FIPS 204, table 2).
    fn key_length(self) -> usize {
        match self {
            ParameterSet::MlDsa44 => 1312,
            ParameterSet::MlDsa65 => 1952,
            ParameterSet::MlDsa87 => 2592,
        }
    }
}

impl PartialEq for KeyMaterial {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for KeyMaterial {}

impl PartialOrd for KeyMaterial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KeyMaterial {
    fn cmp(&self, other: &Self) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl Hash for KeyMaterial {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes, _) = self.identity();
        write!(f, "{kind} {}", hex::encode(bytes))
    }
}

/// Whether the y-coordinate, all bits but the topmost, is less than 2²⁵⁵ − 19, little-endian. dalek takes the others modulo it, which
/// would give one point two encodings.
fn is_reduced([lowest, middle @ .., highest]: &[u8; 32]) -> bool {
    *lowest < 0xed || middle.iter().any(|&byte| byte != 0xff) || highest & 0x7f != 0x7f
}

/// Only what SEC 1 calls compressed (2, 3) and uncompressed (4): the crates would also take the compact form of an old draft.
fn check_sec1_form(kind: &'static str, point: &[u8], field_bytes: usize) -> Result<(), UnusableKey> {
    let expected = match point.first() {
        Some(2 | 3) => 1 + field_bytes,
        Some(4) => 1 + 2 * field_bytes,
        _ => return Err(UnusableKey::Malformed { encoding: KeyEncoding::Sec1 }),
    };
    if point.len() != expected {
        return Err(UnusableKey::WrongLength { kind, bytes: point.len() });
    }
    Ok(())
}

fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    fn bytes(digits: &str) -> Vec<u8> {
        hex::decode(digits).unwrap()
    }

    /// RFC 8032, section 7.1, test 1.
    const ED25519: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    /// RFC 6979, appendix A.2.5.
    const P256_X: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
    const P256_Y: &str = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
    /// RFC 6979, appendix A.2.6.
    const P384_X: &str =
        "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13";
    const P384_Y: &str =
        "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720";

    #[test]
    fn an_ed25519_key_has_32_bytes() {
        let key = bytes(ED25519);
        assert_eq!(KeyMaterial::ed25519(&key).unwrap().as_ed25519().unwrap()[..], key);
        for length in [0, 31, 33, 64] {
            let key: Vec<u8> = key.iter().copied().cycle().take(length).collect();
            let expected = UnusableKey::WrongLength { kind: "Ed25519", bytes: length };
            assert_eq!(KeyMaterial::ed25519(&key), Err(expected));
        }
    }

    #[test]
    fn ed25519_keys_of_small_order_are_refused_however_they_are_encoded() {
        let small = [
            // Orders 4, 1, 2 and 8, with either sign; then the same with y not reduced.
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ];
        for key in small {
            assert_eq!(KeyMaterial::ed25519(&bytes(key)), Err(UnusableKey::SmallOrder), "{key}");
        }
    }

    #[test]
    fn an_ed25519_point_has_one_encoding() {
        let not_on_curve = Err(UnusableKey::NotOnCurve { kind: "Ed25519" });
        let mut y_is_3 = [0; 32];
        y_is_3[0] = 3;
        assert!(KeyMaterial::ed25519(&y_is_3).is_ok());
        let mut y_is_p_plus_3 = [0xff; 32];
        (y_is_p_plus_3[0], y_is_p_plus_3[31]) = (0xf0, 0x7f);
        assert_eq!(KeyMaterial::ed25519(&y_is_p_plus_3), not_on_curve, "3 modulo p, but not reduced");
        let mut y_is_2 = [0; 32];
        y_is_2[0] = 2;
        assert_eq!(KeyMaterial::ed25519(&y_is_2), not_on_curve, "no x goes with y = 2");
    }

    #[test]
    fn y_is_reduced_up_to_the_prime() {
        let mut largest = [0xff; 32];
        (largest[0], largest[31]) = (0xec, 0x7f);
        let prime = [&[0xed], &largest[1..]].concat().try_into().unwrap();
        assert!(is_reduced(&largest));
        assert!(!is_reduced(&prime));
        let shorter = [&prime[..30], &[0xfe, 0x7f]].concat().try_into().unwrap();
        assert!(is_reduced(&shorter));
    }

    #[test]
    fn a_compressed_point_is_the_same_key_as_the_uncompressed_one() {
        // The prefix tells an even y from an odd one; that of the P-256 key is odd, of the P-384 key even.
        let p256 = KeyMaterial::p256(&bytes(&["04", P256_X, P256_Y].concat())).unwrap();
        assert_eq!(KeyMaterial::p256(&bytes(&["03", P256_X].concat())), Ok(p256.clone()));
        assert_ne!(KeyMaterial::p256(&bytes(&["02", P256_X].concat())), Ok(p256));
        let p384 = KeyMaterial::p384(&bytes(&["04", P384_X, P384_Y].concat())).unwrap();
        assert_eq!(KeyMaterial::p384(&bytes(&["02", P384_X].concat())), Ok(p384.clone()));
        assert_ne!(KeyMaterial::p384(&bytes(&["03", P384_X].concat())), Ok(p384));
    }

    #[test]
    fn points_off_the_curve_or_in_another_form_are_refused() {
        let off_curve = Err(UnusableKey::NotOnCurve { kind: "P-256" });
        let no_form = Err(UnusableKey::Malformed { encoding: KeyEncoding::Sec1 });
        let length = |bytes| Err(UnusableKey::WrongLength { kind: "P-256", bytes });
        let other_y = P256_Y.replace("2299", "2298");
        // x = 1 has no y; p itself is no coordinate.
        let one = ["00".repeat(31), "01".into()].concat();
        let prime = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
        for (point, expected) in [
            (["04", P256_X, &other_y].concat(), &off_curve),
            (["02", &one].concat(), &off_curve),
            (["02", prime].concat(), &off_curve),
            (["04", P256_X, prime].concat(), &off_curve),
            (["04", &"00".repeat(64)].concat(), &off_curve),
            ("00".into(), &no_form),
            (String::new(), &no_form),
            (["05", P256_X].concat(), &no_form),
            (["07", P256_X, P256_Y].concat(), &no_form),
            ([P256_X, P256_Y].concat(), &no_form),
            (["04", P256_X].concat(), &length(33)),
            (["03", P256_X, P256_Y].concat(), &length(65)),
            (["04", P256_X, P256_Y, "00"].concat(), &length(66)),
            ("04".into(), &length(1)),
        ] {
            assert_eq!(&KeyMaterial::p256(&bytes(&point)), expected, "{point}");
        }
        let other_y = P384_Y.replace("4720", "4721");
        let off_curve = Err(UnusableKey::NotOnCurve { kind: "P-384" });
        assert_eq!(KeyMaterial::p384(&bytes(&["04", P384_X, &other_y].concat())), off_curve);
    }

    #[test]
    fn rsa_moduli_have_2048_to_8192_bits_and_are_odd() {
        let modulus = |bits: usize| {
            let mut modulus = vec![0; bits.div_ceil(8)];
            modulus[0] = 1 << ((bits - 1) % 8);
            *modulus.last_mut().unwrap() |= 1;
            modulus
        };
        for (bits, usable) in [(1024, false), (2041, false), (2047, false), (2048, true), (2049, true), (4096, true)] {
            assert_eq!(KeyMaterial::rsa(&modulus(bits), &[1, 0, 1]).is_ok(), usable, "{bits}");
        }
        assert!(KeyMaterial::rsa(&modulus(8192), &[3]).is_ok());
        assert_eq!(KeyMaterial::rsa(&modulus(8193), &[3]), Err(UnusableKey::RsaModulus { bits: 8193 }));
        assert_eq!(KeyMaterial::rsa(&[], &[3]), Err(UnusableKey::RsaModulus { bits: 0 }));
        let mut even = modulus(2048);
        *even.last_mut().unwrap() = 2;
        assert_eq!(KeyMaterial::rsa(&even, &[3]), Err(UnusableKey::RsaModulus { bits: 2048 }));
    }

    #[test]
    fn rsa_exponents_are_odd_and_from_3_to_33_bits() {
        let mut modulus = vec![0xff; 256];
        modulus[0] = 0x80;
        for exponent in [&[3][..], &[1, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]] {
            assert!(KeyMaterial::rsa(&modulus, exponent).is_ok(), "{exponent:?}");
        }
        for exponent in [&[][..], &[0], &[1], &[2], &[4], &[1, 0, 0], &[2, 0, 0, 0, 1]] {
            assert_eq!(KeyMaterial::rsa(&modulus, exponent), Err(UnusableKey::RsaExponent), "{exponent:?}");
        }
    }

    #[cfg(feature = "ml-dsa")]
    #[test]
    fn ml_dsa_keys_have_the_length_of_their_parameter_set() {
        for (set, length) in
            [(ParameterSet::MlDsa44, 1312), (ParameterSet::MlDsa65, 1952), (ParameterSet::MlDsa87, 2592)]
        {
            assert!(KeyMaterial::ml_dsa(set, &vec![0; length]).is_ok());
            assert!(KeyMaterial::ml_dsa(set, &vec![0; length - 1]).is_err());
            assert!(KeyMaterial::ml_dsa(set, &vec![0; length + 1]).is_err());
        }
    }

    #[test]
    fn keys_of_different_kinds_differ_and_have_an_order() {
        let keys = [
            KeyMaterial::ed25519(&bytes(ED25519)).unwrap(),
            KeyMaterial::p256(&bytes(&["04", P256_X, P256_Y].concat())).unwrap(),
            KeyMaterial::p384(&bytes(&["04", P384_X, P384_Y].concat())).unwrap(),
        ];
        for (i, a) in keys.iter().enumerate() {
            for (j, b) in keys.iter().enumerate() {
                assert_eq!(a == b, i == j);
                assert_eq!(a.cmp(b), b.cmp(a).reverse());
            }
        }
    }
}
