//! What a repository wants of the tokens: the table `[attestation]` of `rootline.toml`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;

use super::refusal::AttestationRefusal;
use super::token::{Firmware, PinPolicy, Slot, TouchPolicy};
use super::token_facts::TokenFacts;
use crate::model::toml_error::TomlError;

/// What an attestation has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationRules {
    /// Whether everybody who holds root or targets has to have one. What is attached is checked in any case.
    pub required: bool,
    /// The slot that keys are in.
    pub slot: Slot,
    /// The touch policies that are allowed.
    pub touch: Vec<TouchPolicy>,
    /// The PIN policies that are allowed.
    pub pin: Vec<PinPolicy>,
    /// The oldest firmware that there should be. Older ones are warned of, and those before 5.7 in any case.
    pub least_firmware: Firmware,
    /// Why older ones are refused; `None` if they are only warned of.
    pub least_firmware_reason: Option<String>,
}

impl Default for AttestationRules {
    /// Nobody has to have one. Slot 9c, a touch and a PIN; any firmware.
    fn default() -> Self {
        AttestationRules {
            required: false,
            slot: Slot::SIGNATURE,
            touch: vec![TouchPolicy::Always, TouchPolicy::Cached],
            pin: vec![PinPolicy::Once, PinPolicy::Always],
            least_firmware: Firmware::WITHOUT_EUCLEAK,
            least_firmware_reason: None,
        }
    }
}

impl AttestationRules {
    /// The table for a new `rootline.toml`, as a comment: what holds without it.
    pub(crate) const TEMPLATE: &str = "\n\
        # What hardware tokens have to attest of the keys in them, where an attestation is attached: rootline-repo keyholder attest.\n\
        # [attestation]\n\
        # required = false                # true: keyholders of root and targets must have one\n\
        # slot = \"9c\"\n\
        # touch = [\"always\", \"cached\"]\n\
        # pin = [\"once\", \"always\"]\n\
        # least-firmware = \"5.7\"          # older ones are warned of\n\
        # least-firmware-reason = \"EUCLEAK\"  # and refused, with this reason, where one is given\n";

    pub(super) fn check(&self, facts: &TokenFacts) -> Result<(), AttestationRefusal> {
        if facts.slot != self.slot {
            return Err(AttestationRefusal::WrongSlot { found: facts.slot, wanted: self.slot });
        }
        if !self.pin.contains(&facts.pin_policy) {
            return Err(AttestationRefusal::WrongPinPolicy { found: facts.pin_policy, wanted: self.pin.clone() });
        }
        if !self.touch.contains(&facts.touch_policy) {
            return Err(AttestationRefusal::WrongTouchPolicy { found: facts.touch_policy, wanted: self.touch.clone() });
        }
        match &self.least_firmware_reason {
            Some(reason) if facts.firmware < self.least_firmware => {
                let (found, least, reason) = (facts.firmware, self.least_firmware, reason.clone());
                Err(AttestationRefusal::OldFirmware { found, least, reason })
            }
            _ => Ok(()),
        }
    }
}

/// The table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawAttestationRules {
    required: Option<bool>,
    slot: Option<Spanned<String>>,
    touch: Option<Spanned<Vec<Spanned<String>>>>,
    pin: Option<Spanned<Vec<Spanned<String>>>>,
    least_firmware: Option<Spanned<String>>,
    least_firmware_reason: Option<Spanned<String>>,
}

impl RawAttestationRules {
    pub(crate) fn read(self, text: &str) -> Result<AttestationRules, TomlError> {
        let rules = AttestationRules::default();
        Ok(AttestationRules {
            required: self.required.unwrap_or(rules.required),
            slot: match &self.slot {
                Some(raw) => read_one(text, raw, "a slot of PIV, such as \"9c\"")?,
                None => rules.slot,
            },
            touch: match &self.touch {
                Some(raw) => read_some(text, raw, &TouchPolicy::ALL)?,
                None => rules.touch,
            },
            pin: match &self.pin {
                Some(raw) => read_some(text, raw, &PinPolicy::ALL)?,
                None => rules.pin,
            },
            least_firmware: match &self.least_firmware {
                Some(raw) => read_one(text, raw, "a firmware version, such as \"5.7\" or \"5.7.4\"")?,
                None => rules.least_firmware,
            },
            least_firmware_reason: self.least_firmware_reason.map(|raw| read_reason(text, raw)).transpose()?,
        })
    }
}

fn read_reason(text: &str, raw: Spanned<String>) -> Result<String, TomlError> {
    match raw.get_ref().trim() {
        "" => Err(TomlError::at(text, raw.span(), "a refusal states the reason: write it, or take this line out")),
        reason => Ok(reason.to_owned()),
    }
}

fn read_one<T: FromStr>(text: &str, raw: &Spanned<String>, expected: &str) -> Result<T, TomlError> {
    raw.get_ref().parse().map_err(|_| TomlError::at(text, raw.span(), format!("expected {expected}")))
}

/// Some of all that there are, at least one, none twice.
fn read_some<T: FromStr + fmt::Display + PartialEq>(
    text: &str,
    raw: &Spanned<Vec<Spanned<String>>>,
    all: &[T],
) -> Result<Vec<T>, TomlError> {
    let words = all.iter().map(|one| format!("{:?}", one.to_string())).collect::<Vec<_>>().join(", ");
    let mut some = Vec::new();
    for raw in raw.get_ref() {
        let one: T = read_one(text, raw, &format!("one of {words}"))?;
        if some.contains(&one) {
            return Err(TomlError::at(text, raw.span(), format!("{one} is listed twice")));
        }
        some.push(one);
    }
    match some.is_empty() {
        true => Err(TomlError::at(text, raw.span(), "no token could meet an empty list")),
        false => Ok(some),
    }
}
