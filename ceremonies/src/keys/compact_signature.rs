//! Signatures in 64 bytes, and reading those that other tools have made.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD};
use base64::engine::{DecodePaddingMode, general_purpose};
use p256::ecdsa::Signature;
use rootline_metadata::PublicKey;
use rootline_metadata::Scheme;

/// A signature of either kind of key that a ceremony knows, in the form that has always the same length: r ‖ s of ECDSA over P-256 (where
/// metadata has DER), and that of Ed25519 as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CompactSignature([u8; 64]);

impl CompactSignature {
    /// Most bytes of a file that holds one signature, in whichever form.
    pub const MAX_BYTES: usize = 4096;

    /// A signature by `key`, from the form that metadata has. None if it does not have the form of one by such a key.
    pub fn of(key: &PublicKey, signature: &[u8]) -> Option<CompactSignature> {
        match key.scheme() {
            Scheme::EcdsaP256Sha256 => from_der(signature),
            Scheme::Ed25519 => signature.try_into().ok().map(CompactSignature),
            _ => None,
        }
    }

    /// The signature in the form that metadata has for `key`. Nothing has been verified about it.
    pub fn for_key(&self, key: &PublicKey) -> Option<Vec<u8>> {
        match key.scheme() {
            Scheme::EcdsaP256Sha256 => {
                Signature::from_slice(&self.0).ok().map(|signature| signature.to_der().as_bytes().to_vec())
            }
            Scheme::Ed25519 => Some(self.0.to_vec()),
            _ => None,
        }
    }

    /// Everything that the bytes of a file may mean, which another tool has written: DER or r ‖ s of ECDSA, 64 bytes of Ed25519, each as it is, in
    /// hex, or in base64; white space within a text is passed over. Only verifying tells which of them it is.
    pub fn read_detached(bytes: &[u8]) -> Vec<CompactSignature> {
        let mut found = Vec::new();
        let mut add = |bytes: &[u8]| {
            let raw = bytes.try_into().ok().map(CompactSignature);
            if let Some(signature) = raw.or_else(|| from_der(bytes)).filter(|signature| !found.contains(signature)) {
                found.push(signature);
            }
        };
        add(bytes);
        if let Ok(text) = std::str::from_utf8(bytes) {
            let text: String = text.split_whitespace().collect();
            let decoded = rootline_metadata::hex::decode(&text).into_iter();
            let decoded = decoded.chain([alphabet::STANDARD, alphabet::URL_SAFE].iter().filter_map(|alphabet| {
                let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
                GeneralPurpose::new(alphabet, config).decode(&text).ok()
            }));
            decoded.for_each(|bytes| add(&bytes));
        }
        found
    }

    /// From base64 without padding.
    pub(crate) fn from_base64(text: &str) -> Option<CompactSignature> {
        STANDARD_NO_PAD.decode(text).ok()?.try_into().ok().map(CompactSignature)
    }

    /// Base64 (RFC 4648) without padding, 86 characters.
    pub(crate) fn to_base64(self) -> String {
        general_purpose::STANDARD_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for CompactSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompactSignature({})", self.to_base64())
    }
}

fn from_der(bytes: &[u8]) -> Option<CompactSignature> {
    Signature::from_der(bytes).ok().map(|signature| CompactSignature(signature.to_bytes().into()))
}

#[cfg(test)]
mod tests {
    use rootline_metadata::hex;

    use super::*;
    use crate::keys::secret_key::{KeyKind, SecretKey};

    #[test]
    fn a_signature_comes_back_from_its_64_bytes() {
        for kind in [KeyKind::Ed25519, KeyKind::EcdsaP256] {
            let key = SecretKey::from_seed(kind, &[1; 32]);
            // Numbers that begin with zeros or ones have other lengths in DER.
            for message in 0..64_u8 {
                let signature = key.sign(&[message]);
                let compact = CompactSignature::of(&key.public_key(), &signature).unwrap();
                assert_eq!(compact.for_key(&key.public_key()), Some(signature));
                assert_eq!(CompactSignature::from_base64(&compact.to_base64()), Some(compact));
            }
        }
    }

    #[test]
    fn every_usual_form_of_a_signature_is_read() {
        let key = SecretKey::from_seed(KeyKind::EcdsaP256, &[1; 32]);
        let der = key.sign(b"payload");
        let compact = CompactSignature::of(&key.public_key(), &der).unwrap();
        let padded = base64::engine::general_purpose::STANDARD;
        for bytes in [der.clone(), compact.0.to_vec()] {
            let lines =
                padded.encode(&bytes).as_bytes().chunks(20).map(|line| [line, b"\n"].concat()).collect::<Vec<_>>();
            let url = general_purpose::URL_SAFE_NO_PAD.encode(&bytes);
            let texts = [hex::encode(&bytes), hex::encode(&bytes).to_uppercase() + "\r\n", url, padded.encode(&bytes)];
            let forms = texts.into_iter().map(String::into_bytes).chain([bytes, lines.concat()]);
            for form in forms {
                assert!(CompactSignature::read_detached(&form).contains(&compact), "{form:?}");
            }
        }
        for junk in [&b""[..], b"{}", b"abcd", &[0; 63], &[0; 65], &der[..der.len() - 1]] {
            assert_eq!(CompactSignature::read_detached(junk), [], "{junk:?}");
        }
    }

    #[test]
    fn what_is_no_signature_by_such_a_key_has_no_form() {
        let [ed25519, p256] = [KeyKind::Ed25519, KeyKind::EcdsaP256].map(|kind| SecretKey::from_seed(kind, &[1; 32]));
        assert_eq!(CompactSignature::of(&ed25519.public_key(), &[1; 63]), None);
        assert_eq!(CompactSignature::of(&p256.public_key(), &[1; 64]), None);
        // Zero is no number of a signature.
        assert_eq!(CompactSignature([0; 64]).for_key(&p256.public_key()), None);
    }
}
