//! Key objects of TUF metadata (TUF 4.2).

use alloc::string::String;

use super::{KeyEncoding, KeyMaterial, PublicKey, Scheme, UnusableKey, spki};
use crate::hex;

/// The members of a TUF key object, `public` standing in its `keyval`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TufKey {
    /// The member `keytype`.
    pub keytype: &'static str,
    /// The member `scheme`.
    pub scheme: &'static str,
    /// The member `keyval.public`.
    pub public: String,
}

pub(super) fn read(keytype: &str, scheme: &str, public: &str) -> Result<PublicKey, UnusableKey> {
    let keytype_is_known = Scheme::ALL.iter().any(|&known| goes_with(keytype, known));
    if !keytype_is_known {
        return Err(UnusableKey::UnknownKeyType { keytype: keytype.into() });
    }
    let Some(scheme) = Scheme::ALL.into_iter().find(|known| known.as_str() == scheme) else {
        return Err(UnusableKey::UnknownScheme { scheme: scheme.into() });
    };
    if !goes_with(keytype, scheme) {
        return Err(UnusableKey::SchemeMismatch { keytype: keytype.into(), scheme });
    }
    let material = if public.contains("-----BEGIN") { spki::read_pem(public)? } else { read_hex(scheme, public)? };
    if !material.fits(scheme) {
        return Err(UnusableKey::WrongType { scheme, found: material.kind() });
    }
    Ok(PublicKey { scheme, material })
}

pub(super) fn write(key: &PublicKey) -> TufKey {
    let public = match key.material().as_ed25519() {
        Some(bytes) => hex::encode(bytes),
        None => key.to_spki_pem(),
    };
    TufKey { keytype: key.scheme.keytype(), scheme: key.scheme.as_str(), public }
}

/// Sigstore's first roots have the legacy keytypes, in which the scheme is said twice.
fn goes_with(keytype: &str, scheme: Scheme) -> bool {
    let is_ecdsa = matches!(scheme, Scheme::EcdsaP256Sha256 | Scheme::EcdsaP384Sha384);
    keytype == scheme.keytype() || is_ecdsa && keytype == scheme.as_str()
}

fn read_hex(scheme: Scheme, public: &str) -> Result<KeyMaterial, UnusableKey> {
    let bytes = || hex::decode(public).ok_or(UnusableKey::Malformed { encoding: KeyEncoding::Hex });
    match scheme {
        Scheme::Ed25519 => KeyMaterial::ed25519(&bytes()?),
        Scheme::EcdsaP256Sha256 => KeyMaterial::p256(&bytes()?),
        Scheme::EcdsaP384Sha384 => KeyMaterial::p384(&bytes()?),
        // These have no form but PEM.
        _ => Err(UnusableKey::Malformed { encoding: KeyEncoding::Pem }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519_HEX: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    const ED25519_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    /// One key of Sigstore's, as its fourth root writes it, as its fifth does, and compressed.
    const P256_HEX: &str = "04cc1cd53a61c23e88cc54b488dfae168a257c34fac3e88811c55962b24cffbfec\
        b724447999c54670e365883716302e49da57c79a33cd3e16f81fbc66f0bcdf48";
    const P256_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzBzVOmHCPojMVLSI364WiiV8NPrD\n\
        6IgRxVliskz/v+y3JER5mcVGcONliDcWMC5J2lfHmjPNPhb4H7xm8LzfSA==\n-----END PUBLIC KEY-----\n";
    const P256_COMPRESSED: &str = "02cc1cd53a61c23e88cc54b488dfae168a257c34fac3e88811c55962b24cffbfec";

    #[test]
    fn one_key_in_all_its_forms_is_one_key() {
        let published = TufKey { keytype: "ecdsa", scheme: "ecdsa-sha2-nistp256", public: P256_PEM.into() };
        for keytype in ["ecdsa", "ecdsa-sha2-nistp256"] {
            for public in [P256_HEX, &P256_HEX.to_uppercase(), P256_PEM, P256_COMPRESSED] {
                let key = read(keytype, "ecdsa-sha2-nistp256", public).unwrap();
                assert_eq!(key.scheme(), Scheme::EcdsaP256Sha256);
                assert_eq!(write(&key), published);
            }
        }
        let published = TufKey { keytype: "ed25519", scheme: "ed25519", public: ED25519_HEX.into() };
        for public in [ED25519_HEX, &ED25519_HEX.to_uppercase(), ED25519_PEM] {
            assert_eq!(write(&read("ed25519", "ed25519", public).unwrap()), published);
        }
    }

    #[test]
    fn keytypes_and_schemes_go_together_in_one_way() {
        let no_keytype = |keytype: &str| UnusableKey::UnknownKeyType { keytype: keytype.into() };
        let no_scheme = |scheme: &str| UnusableKey::UnknownScheme { scheme: scheme.into() };
        let mismatch = |keytype: &str, scheme| UnusableKey::SchemeMismatch { keytype: keytype.into(), scheme };
        for (keytype, scheme, expected) in [
            ("", "", no_keytype("")),
            ("ED25519", "ed25519", no_keytype("ED25519")),
            ("rsassa-pss-sha256", "rsassa-pss-sha256", no_keytype("rsassa-pss-sha256")),
            ("sigstore-oidc", "Fulcio", no_keytype("sigstore-oidc")),
            ("ecdsa", "ecdsa-sha2-nistp521", no_scheme("ecdsa-sha2-nistp521")),
            ("rsa", "rsa-pkcs1v15-sha256", no_scheme("rsa-pkcs1v15-sha256")),
            ("ml-dsa", "ml-dsa-44", no_scheme("ml-dsa-44")),
            ("ml-dsa", "ml-dsa-44/2", no_scheme("ml-dsa-44/2")),
            ("ed25519", "ecdsa-sha2-nistp256", mismatch("ed25519", Scheme::EcdsaP256Sha256)),
            ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", mismatch("ecdsa-sha2-nistp256", Scheme::EcdsaP384Sha384)),
            ("ecdsa", "ed25519", mismatch("ecdsa", Scheme::Ed25519)),
        ] {
            assert_eq!(read(keytype, scheme, ED25519_HEX), Err(expected), "{keytype} {scheme}");
        }
    }

    #[test]
    fn the_scheme_decides_which_key_may_stand_there() {
        let wrong = |scheme, found| Err(UnusableKey::WrongType { scheme, found });
        assert_eq!(read("ecdsa", "ecdsa-sha2-nistp384", P256_PEM), wrong(Scheme::EcdsaP384Sha384, "P-256"));
        assert_eq!(read("ecdsa", "ecdsa-sha2-nistp256", ED25519_PEM), wrong(Scheme::EcdsaP256Sha256, "Ed25519"));
        assert_eq!(read("ed25519", "ed25519", P256_PEM), wrong(Scheme::Ed25519, "P-256"));
        assert_eq!(read("rsa", "rsassa-pss-sha512", ED25519_PEM), wrong(Scheme::RsaPssSha512, "Ed25519"));
    }

    #[test]
    fn hex_of_another_kind_of_key_is_refused() {
        let hex_only = Err(UnusableKey::Malformed { encoding: KeyEncoding::Hex });
        assert_eq!(read("ed25519", "ed25519", "xyz"), hex_only);
        let short = &ED25519_HEX[2..];
        assert_eq!(read("ed25519", "ed25519", short), Err(UnusableKey::WrongLength { kind: "Ed25519", bytes: 31 }));
        let not_pem = Err(UnusableKey::Malformed { encoding: KeyEncoding::Pem });
        assert_eq!(read("rsa", "rsassa-pss-sha256", ED25519_HEX), not_pem);
        assert_eq!(read("ml-dsa", "ml-dsa-44/1", ED25519_HEX), not_pem);
        let length = UnusableKey::WrongLength { kind: "P-384", bytes: 65 };
        assert_eq!(read("ecdsa", "ecdsa-sha2-nistp384", P256_HEX), Err(length));
    }
}
