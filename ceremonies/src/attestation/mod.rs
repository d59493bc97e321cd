//! What a hardware token says of a key: that it was made inside and never leaves, and what using it takes.
//!
//! A YubiKey signs an X.509 certificate for a key that was generated in one of its PIV slots. It signs with a key that its vendor has
//! certified at the factory, so the certificate leads to the vendor's root. An [`Attestation`] has been verified, all of it; there is no
//! other way to make one.
//!
//! ```text
//! the key's certificate ◀─ the token's certificate ◀─ the vendor's intermediates, if any ◀─ the vendor's root
//! ```
//!
//! What is checked of X.509 is what these certificates have. Checked: the form, names that link, signatures by algorithms that are listed,
//! who may certify and how far down, extensions that are critical, and the periods that the vendor has set. Not checked: the period of the
//! key's certificate, which the token copies from its own certificate, as it has no clock; key identifiers, which the older certificates do not
//! have and which only help to find an issuer; and revocation, for which the vendors publish nothing that could be kept with a repository.

mod certificate;
mod certificates;
mod chain;
mod refusal;
mod rules;
mod token;
mod token_facts;
mod token_owners;

use std::fmt;

use chrono::{DateTime, Utc};
use rootline_metadata::{KeyId, PublicKey, hex};

pub use self::certificates::{AttestationCertificates, VendorRoot, VendorRoots};
pub use self::refusal::{AttestationRefusal, CertificateFault, NotAnIssuer, WhichCertificate};
pub use self::rules::AttestationRules;
pub use self::token::{Firmware, FormFactor, PinPolicy, Slot, TokenSerial, TouchPolicy};
pub use self::token_owners::TokenOwners;

pub(crate) use self::rules::RawAttestationRules;

use self::token_facts::TokenFacts;

/// A key that a token has attested, with everything about it verified: the chain to a vendor's root, that it is the keyholder's key, and
/// that the repository's rules are met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    key: PublicKey,
    facts: TokenFacts,
    root: VendorRoot,
    certificate_digest: [u8; 32],
    warnings: Vec<AttestationWarning>,
}

impl Attestation {
    /// Verifies that `key` is the one that the certificates attest, on a token that meets the rules, made by a vendor whose root is among
    /// `roots`. `at` is when: the periods that the vendor has set for its certificates include it.
    ///
    /// # Errors
    /// See [`AttestationRefusal`]. That a token is in two people's hands is not seen here but by [`TokenOwners`].
    pub fn verify(
        certificates: &AttestationCertificates,
        key: &PublicKey,
        roots: &VendorRoots,
        rules: &AttestationRules,
        at: DateTime<Utc>,
    ) -> Result<Attestation, AttestationRefusal> {
        let root = chain::verify(certificates, roots, at)?;
        let attested = certificates.attested_key()?;
        if attested.material() != key.material() {
            let (attested, expected) = (Box::new(KeyId::of(&attested)), Box::new(KeyId::of(key)));
            return Err(AttestationRefusal::AnotherKey { attested, expected });
        }
        let facts = TokenFacts::read(&certificates.key)?;
        rules.check(&facts)?;
        let (certificate_digest, warnings) = (certificates.key.digest(), warnings(&facts, rules));
        Ok(Attestation { key: attested, facts, root, certificate_digest, warnings })
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The number that the vendor has given to this one token and no other.
    pub fn serial(&self) -> TokenSerial {
        self.facts.serial
    }

    /// The token's firmware, which is never replaced.
    pub fn firmware(&self) -> Firmware {
        self.facts.firmware
    }

    /// Where in the token the key is.
    pub fn slot(&self) -> Slot {
        self.facts.slot
    }

    /// When the PIN is asked for.
    pub fn pin_policy(&self) -> PinPolicy {
        self.facts.pin_policy
    }

    /// When the token has to be touched.
    pub fn touch_policy(&self) -> TouchPolicy {
        self.facts.touch_policy
    }

    /// What the token looks like, where it says so.
    pub fn form_factor(&self) -> Option<FormFactor> {
        self.facts.form_factor
    }

    /// The vendor's root that it leads to.
    pub fn vendor_root(&self) -> &VendorRoot {
        &self.root
    }

    /// The SHA-256 digest of the key's certificate, in hex. It commits to everything that the token states.
    pub fn certificate_digest(&self) -> String {
        hex::encode(&self.certificate_digest)
    }

    /// What is allowed and worth knowing all the same.
    pub fn warnings(&self) -> &[AttestationWarning] {
        &self.warnings
    }

    /// The token, for the person who is to find and insert it: `YubiKey serial 14470876`.
    pub fn token_text(&self) -> String {
        format!("YubiKey serial {}", self.facts.serial)
    }
}

impl fmt::Display for Attestation {
    /// On one line, for a review.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TokenFacts { firmware, slot, pin_policy, touch_policy, .. } = &self.facts;
        let token = self.token_text();
        write!(f, "token {token}, firmware {firmware}, slot {slot}, PIN {pin_policy}, touch {touch_policy}")?;
        if *firmware < Firmware::WITHOUT_EUCLEAK { f.write_str(" (EUCLEAK)") } else { Ok(()) }
    }
}

fn warnings(facts: &TokenFacts, rules: &AttestationRules) -> Vec<AttestationWarning> {
    let (firmware, least) = (facts.firmware, rules.least_firmware);
    let mut warnings = Vec::new();
    if firmware < Firmware::WITHOUT_EUCLEAK {
        warnings.push(AttestationWarning::Eucleak { firmware });
    } else if firmware < least {
        warnings.push(AttestationWarning::OldFirmware { firmware, least });
    }
    if facts.pin_policy == PinPolicy::Never {
        warnings.push(AttestationWarning::NoPin);
    }
    if facts.touch_policy == TouchPolicy::Never {
        warnings.push(AttestationWarning::NoTouch);
    }
    warnings
}

/// Something about a token that the rules allow and that a keyholder should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationWarning {
    /// The firmware leaks ECDSA keys to anyone who holds the token and can measure it (CVE-2024-45678).
    #[error(
        "its firmware {firmware} is older than 5.7 and has EUCLEAK (CVE-2024-45678): with the token, its PIN and a laboratory anyone can \
         copy the key"
    )]
    Eucleak {
        /// The firmware.
        firmware: Firmware,
    },
    /// The firmware is older than the rules would have it.
    #[error("its firmware {firmware} is older than {least}, which the rules of this repository would rather see")]
    OldFirmware {
        /// The firmware.
        firmware: Firmware,
        /// The oldest that there should be.
        least: Firmware,
    },
    /// Nobody is asked for a PIN.
    #[error("its PIN policy is never: the token signs for anyone who holds it")]
    NoPin,
    /// Nobody has to touch it.
    #[error("its touch policy is never: a program can sign with it while nobody is looking")]
    NoTouch,
}
