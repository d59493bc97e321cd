//! Why a key cannot be used.

use alloc::string::String;
use core::fmt;

use super::Scheme;
use crate::quoted::Quoted;

/// Why a key that a file lists cannot verify anything here. None of these holds any of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnusableKey {
    /// The `keytype` is not one of [`PublicKey::from_tuf`](super::PublicKey::from_tuf)'s table.
    UnknownKeyType {
        /// As the file has it.
        keytype: String,
    },
    /// The `scheme` is not one of [`Scheme::ALL`].
    UnknownScheme {
        /// As the file has it.
        scheme: String,
    },
    /// Both are known, and do not belong together.
    SchemeMismatch {
        /// As the file has it.
        keytype: String,
        /// The scheme beside it.
        scheme: Scheme,
    },
    /// The encoded key is of another type than its scheme needs: a P-384 key under a P-256 scheme, say.
    WrongType {
        /// The scheme that the file names.
        scheme: Scheme,
        /// The type that the encoded key has.
        found: &'static str,
    },
    /// The SubjectPublicKeyInfo names an algorithm or a curve that is not known here.
    UnknownAlgorithm {
        /// Its object identifier, in dots.
        oid: String,
    },
    /// The text or the bytes do not follow their encoding.
    Malformed {
        /// The encoding that they do not follow.
        encoding: KeyEncoding,
    },
    /// The key's bytes are not as many as its type has.
    WrongLength {
        /// The key's type.
        kind: &'static str,
        /// Its length, in bytes.
        bytes: usize,
    },
    /// The bytes do not stand for a point of the curve, or not in the one way they should.
    NotOnCurve {
        /// The key's type.
        kind: &'static str,
    },
    /// An Ed25519 key of small order: anybody can make signatures that it accepts.
    SmallOrder,
    /// The RSA modulus is even or outside [`RSA_MODULUS_BITS`](super::RSA_MODULUS_BITS).
    RsaModulus {
        /// Its length, in bits.
        bits: usize,
    },
    /// The RSA exponent is even or not from 3 to 2³³ − 1: what every backend computes, and no more work than that.
    RsaExponent,
    /// The scheme is known, and this build leaves it out.
    NotBuiltIn {
        /// The feature of `rootline-metadata` that has it.
        feature: &'static str,
    },
}

/// How a key is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyEncoding {
    /// Hex digits.
    Hex,
    /// One PEM block `PUBLIC KEY` (RFC 7468).
    Pem,
    /// A SubjectPublicKeyInfo in DER (RFC 5280), with the parameters that its algorithm demands.
    Spki,
    /// A point in SEC 1's form, section 2.3.3: compressed or uncompressed.
    Sec1,
    /// An `RSAPublicKey` in DER (RFC 8017, appendix A.1.1).
    Pkcs1,
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnusableKey::UnknownKeyType { keytype } => write!(f, "unknown keytype {}", Quoted(keytype)),
            UnusableKey::UnknownScheme { scheme } => write!(f, "unknown scheme {}", Quoted(scheme)),
            UnusableKey::SchemeMismatch { keytype, scheme } => {
                write!(f, "keytype {} does not go with scheme `{scheme}`", Quoted(keytype))
            }
            UnusableKey::WrongType { scheme, found } => write!(f, "scheme `{scheme}` names a {found} key"),
            UnusableKey::UnknownAlgorithm { oid } => write!(f, "a key of an unknown algorithm or curve, {oid}"),
            UnusableKey::Malformed { encoding } => write!(f, "the key is not {encoding}"),
            UnusableKey::WrongLength { kind, bytes } => write!(f, "{bytes} bytes are no {kind} key"),
            UnusableKey::NotOnCurve { kind } => write!(f, "the {kind} key is not a point of its curve"),
            UnusableKey::SmallOrder => f.write_str("the Ed25519 key has small order: anybody can sign for it"),
            UnusableKey::RsaModulus { bits } => {
                write!(f, "the RSA modulus has {bits} bits; it must be odd and have 2048 to 8192")
            }
            UnusableKey::RsaExponent => f.write_str("the RSA exponent must be odd, at least 3 and less than 2^33"),
            UnusableKey::NotBuiltIn { feature } => write!(f, "this build leaves out `{feature}` signatures"),
        }
    }
}

impl core::error::Error for UnusableKey {}

impl fmt::Display for KeyEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyEncoding::Hex => "in hex digits",
            KeyEncoding::Pem => "one PEM block `PUBLIC KEY`",
            KeyEncoding::Spki => "a SubjectPublicKeyInfo in DER",
            KeyEncoding::Sec1 => "a compressed or uncompressed SEC 1 point",
            KeyEncoding::Pkcs1 => "an RSAPublicKey in DER",
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn names_from_files_cannot_reach_the_terminal_or_fill_it() {
        let unknown = |keytype: &str| UnusableKey::UnknownKeyType { keytype: keytype.into() }.to_string();
        assert_eq!(unknown("gost"), "unknown keytype `gost`");
        assert_eq!(unknown("\u{1b}[2J\n"), "unknown keytype `\\u{1b}[2J\\n`");
        assert_eq!(unknown(&"k".repeat(60)), alloc::format!("unknown keytype `{}`", "k".repeat(60)));
        assert_eq!(unknown(&"k".repeat(61)), alloc::format!("unknown keytype `{}…`", "k".repeat(60)));
    }
}
