//! What a token says of itself and of a key, in extensions of the key's certificate.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::name::Name;

use super::certificate::Certificate;
use super::refusal::AttestationRefusal;
use super::token::{
    FIRMWARE, FORM_FACTOR, Firmware, FormFactor, POLICY, PinPolicy, SERIAL, Slot, TokenSerial, TouchPolicy, read_policy,
};

/// What the subject of a key's certificate begins with; the slot in hex follows.
const SUBJECT: &str = "YubiKey PIV Attestation ";

/// Everything that a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenFacts {
    pub(super) serial: TokenSerial,
    pub(super) firmware: Firmware,
    pub(super) slot: Slot,
    pub(super) pin_policy: PinPolicy,
    pub(super) touch_policy: TouchPolicy,
    pub(super) form_factor: Option<FormFactor>,
}

impl TokenFacts {
    /// Reads the certificate of a key, which has been verified.
    pub(super) fn read(certificate: &Certificate) -> Result<TokenFacts, AttestationRefusal> {
        let slot = slot_named(certificate.subject())
            .ok_or_else(|| AttestationRefusal::NoSlot { subject: certificate.subject().to_string() })?;
        let firmware = required(certificate, FIRMWARE, "the token's firmware", Firmware::read)?;
        let serial = required(certificate, SERIAL, "the token's serial number", TokenSerial::read)?;
        let (pin_policy, touch_policy) = required(certificate, POLICY, "the key's PIN and touch policy", read_policy)?;
        // Tokens before version 5 do not say it.
        let form_factor = match certificate.extension(FORM_FACTOR) {
            Some(_) => Some(required(certificate, FORM_FACTOR, "the token's form", FormFactor::read)?),
            None => None,
        };
        Ok(TokenFacts { serial, firmware, slot, pin_policy, touch_policy, form_factor })
    }
}

fn required<T>(
    certificate: &Certificate,
    id: ObjectIdentifier,
    what: &'static str,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, AttestationRefusal> {
    let oid = || id.to_string();
    let value = certificate.extension(id).ok_or_else(|| AttestationRefusal::MissingExtension { what, oid: oid() })?;
    read(value).ok_or_else(|| AttestationRefusal::BadExtension { what, oid: oid() })
}

/// The subject is one common name and nothing else.
fn slot_named(subject: &Name) -> Option<Slot> {
    if subject.len() != 1 {
        return None;
    }
    let name = subject.common_name().ok()??;
    name.value().strip_prefix(SUBJECT)?.parse().ok()
}
