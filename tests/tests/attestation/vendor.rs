//! A vendor of tokens that there is not: its root, its intermediates, a token, and what the token says of a key.

use chrono::{DateTime, Utc};
use rootline_ceremonies::{
    Attestation, AttestationCertificates, AttestationRefusal, AttestationRules, KeyKind, SecretKey, VendorRoots,
};
use rootline_metadata::parse_instant;

use crate::der::{Draft, Extension, block};
use crate::office::DAY_0;

pub(crate) const FIRMWARE: &str = "1.3.6.1.4.1.41482.3.3";
pub(crate) const SERIAL: &str = "1.3.6.1.4.1.41482.3.7";
pub(crate) const POLICY: &str = "1.3.6.1.4.1.41482.3.8";
pub(crate) const FORM_FACTOR: &str = "1.3.6.1.4.1.41482.3.9";

/// An authority with the certificate that the one above it signs.
pub(crate) struct Authority {
    pub(crate) key: SecretKey,
    pub(crate) draft: Draft,
}

/// A vendor with one token in which there is one key.
pub(crate) struct Vendor {
    /// The root first, the token last.
    pub(crate) authorities: Vec<Authority>,
    /// What the token says of the key.
    pub(crate) said: Draft,
    pub(crate) key: SecretKey,
    pub(crate) rules: AttestationRules,
}

/// Day 0.
pub(crate) fn now() -> DateTime<Utc> {
    parse_instant(DAY_0).unwrap()
}

/// A key that is always the same for a name.
pub(crate) fn key(name: &str) -> SecretKey {
    let mut seed = [9; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    SecretKey::from_seed(KeyKind::EcdsaP256, &seed)
}

impl Vendor {
    /// A root, so many intermediates, and a token with firmware 5.7.4 whose key is as the rules want it.
    pub(crate) fn with(intermediates: u8) -> Vendor {
        let names = (1..=intermediates).map(|number| format!("Intermediate {number}"));
        let names: Vec<String> = ["Root".to_owned()].into_iter().chain(names).chain(["Token".to_owned()]).collect();
        let authority = |(at, name): (usize, &String)| {
            let (key, above) = (key(name), &names[at.saturating_sub(1)]);
            let below = u8::try_from(names.len() - 1 - at).unwrap();
            Authority { draft: Draft::authority(above, name, &key.public_key(), Some(below)), key }
        };
        let key = key("alice");
        let mut said = Draft::new("Token", "YubiKey PIV Attestation 9c", &key.public_key());
        said.extensions = vec![
            Extension(FIRMWARE, false, vec![5, 7, 4]),
            Extension(SERIAL, false, vec![2, 3, 1, 2, 3]),
            Extension(POLICY, false, vec![2, 3]),
            Extension(FORM_FACTOR, false, vec![3]),
        ];
        Vendor {
            authorities: names.iter().enumerate().map(authority).collect(),
            said,
            key,
            rules: AttestationRules::default(),
        }
    }

    pub(crate) fn token(&mut self) -> &mut Authority {
        self.authorities.last_mut().unwrap()
    }

    /// What the token says in an extension, replaced.
    pub(crate) fn says(&mut self, id: &str, value: &[u8]) {
        self.said.extensions.iter_mut().find(|extension| extension.0 == id).unwrap().2 = value.to_vec();
    }

    /// The certificate of an authority, signed by the one above it, the root's by itself.
    pub(crate) fn certificate(&self, at: usize) -> Vec<u8> {
        self.authorities[at].draft.signed_by(&self.authorities[at.saturating_sub(1)].key)
    }

    pub(crate) fn key_pem(&self) -> String {
        block(&self.said.signed_by(&self.authorities.last().unwrap().key))
    }

    /// The token's certificate and the intermediates, upwards.
    pub(crate) fn device_pem(&self) -> String {
        (1..self.authorities.len()).rev().map(|at| block(&self.certificate(at))).collect()
    }

    pub(crate) fn root_pem(&self) -> String {
        block(&self.certificate(0))
    }

    pub(crate) fn roots(&self) -> VendorRoots {
        let mut roots = VendorRoots::default();
        roots.add(&self.root_pem()).unwrap();
        roots
    }

    pub(crate) fn verify(&self) -> Result<Attestation, AttestationRefusal> {
        self.verify_pem(&self.key_pem(), &self.device_pem())
    }

    pub(crate) fn verify_pem(&self, key: &str, device: &str) -> Result<Attestation, AttestationRefusal> {
        let certificates = AttestationCertificates::gather(key, device, None)?;
        Attestation::verify(&certificates, &self.key.public_key(), &self.roots(), &self.rules, now())
    }
}
