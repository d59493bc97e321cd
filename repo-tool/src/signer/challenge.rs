//! Checks that a signer signs, with a challenge that has no meaning.

use getrandom::SysRng;
use getrandom::rand_core::{Rng, UnwrapErr};
use rootline_ceremonies::{Signer, SignerError, sign_verified};
use rootline_metadata::hex;

/// The beginning of every challenge. It is not JSON, so no challenge is a signed part of metadata, which begins with `{`; and it states its
/// purpose to a reader.
const PREFIX: &str = "rootline key check; this signature means nothing\n";

/// Has a signer sign a challenge, and verifies the signature.
///
/// # Errors
/// If it does not sign, or signs wrongly.
pub(super) fn check(signer: &dyn Signer) -> Result<(), SignerError> {
    let mut random = [0; 32];
    // The operating system's randomness fails only where there is none at all.
    UnwrapErr(SysRng).fill_bytes(&mut random);
    sign_verified(signer, &challenge(&random)).map(drop)
}

/// Long enough to expose a device that ignores everything beyond a few kilobytes.
fn challenge(random: &[u8; 32]) -> Vec<u8> {
    let line = format!("{}\n", hex::encode(random));
    let mut challenge = PREFIX.as_bytes().to_vec();
    (0..LINES).for_each(|_| challenge.extend_from_slice(line.as_bytes()));
    challenge
}

/// Of 65 bytes each: more than 4096, which is what AWS KMS takes of an undigested message, and less than a root has.
const LINES: usize = 64;

#[cfg(test)]
mod tests {
    use rootline_ceremonies::{KeyKind, SecretKey};
    use rootline_metadata::json::Value;

    use super::*;

    #[test]
    fn a_challenge_is_nothing_that_metadata_could_be() {
        let challenge = challenge(&[7; 32]);
        assert!(challenge.len() > 4096);
        assert!(Value::parse(&challenge, challenge.len()).is_err());
        assert_ne!(challenge.first(), Some(&b'{'));
    }

    #[test]
    fn a_key_that_signs_passes() {
        for kind in [KeyKind::Ed25519, KeyKind::EcdsaP256] {
            assert_eq!(check(&SecretKey::from_seed(kind, &[1; 32])), Ok(()));
        }
    }
}
