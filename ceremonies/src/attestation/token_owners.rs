//! Who has which token.

use std::collections::BTreeMap;

use super::Attestation;
use super::refusal::AttestationRefusal;
use super::token::TokenSerial;
use crate::model::name::Name;

/// Tokens and the people who have them: each token is in one person's hands, however many of that person's keys are in it.
#[derive(Clone, Debug, Default)]
pub struct TokenOwners(BTreeMap<TokenSerial, Name>);

impl TokenOwners {
    /// Notes that a keyholder has the token of an attestation.
    ///
    /// # Errors
    /// [`AttestationRefusal::SharedToken`] if somebody else has it.
    pub fn add(&mut self, keyholder: &Name, attestation: &Attestation) -> Result<(), AttestationRefusal> {
        let serial = attestation.serial();
        match self.0.get(&serial) {
            Some(other) if other != keyholder => {
                let (first, second) = (other.clone(), keyholder.clone());
                Err(AttestationRefusal::SharedToken { serial, first, second })
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert(serial, keyholder.clone());
                Ok(())
            }
        }
    }
}
