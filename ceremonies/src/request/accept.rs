//! Signatures that come in from elsewhere, in any order and from anyone: what verifies is kept.

use chrono::{DateTime, Utc};
use rootline_metadata::{KeyId, PublicKey};

use crate::ceremony::ceremony::{Ceremony, SignatureFiles};
use crate::ceremony::refusal::Refusal;
use crate::ceremony::signature_file::SignatureSource;
use crate::keys::compact_signature::CompactSignature;
use crate::model::keyholder::Keyholder;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::request::response::SigningResponse;

/// What became of the signatures that came in together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptOutcome {
    /// Whose they are.
    pub keyholder: Name,
    /// What is signed now and was not before.
    pub accepted: Vec<RoleVersion>,
    /// What was signed already, with the same key.
    pub known: Vec<RoleVersion>,
    /// What has changed since they signed it, or is no longer to be signed.
    pub voided: Vec<RoleVersion>,
    /// What did not verify or does not count.
    pub refused: Vec<Refusal>,
}

impl AcceptOutcome {
    fn of(keyholder: Name) -> AcceptOutcome {
        AcceptOutcome { keyholder, accepted: Vec::new(), known: Vec::new(), voided: Vec::new(), refused: Vec::new() }
    }

    /// Whether nothing of it counts.
    pub fn is_in_vain(&self) -> bool {
        self.accepted.is_empty() && self.known.is_empty()
    }
}

impl Ceremony<'_> {
    /// Accepts a keyholder's response to a signing request: each signature in it that verifies and counts goes into `signature_files`. A response to an
    /// earlier revision is good for all that has not changed since.
    ///
    /// # Errors
    /// If it is another ceremony's, or nobody's.
    pub fn accept_response(
        &self,
        response: &SigningResponse,
        signature_files: &mut SignatureFiles,
    ) -> Result<AcceptOutcome, Refusal> {
        if response.ceremony != *self.id() {
            return Err(Refusal::OtherCeremony { ceremony: response.ceremony.clone() });
        }
        let holder = self.keyholders().get(&response.keyholder);
        let holder = holder.ok_or_else(|| Refusal::NoSuchKeyholder { name: response.keyholder.clone() })?;
        let is_of_this_revision = response.fingerprint == self.frozen().fingerprint();
        let mut outcome = AcceptOutcome::of(response.keyholder.clone());
        for (part, signature) in &response.signatures {
            match self.signer_of(part, signature, None) {
                Some((_, key)) => outcome.file(
                    part,
                    self.take(part, holder, key, signature, (response.at, &response.source), signature_files),
                ),
                None if !is_of_this_revision => outcome.voided.push(part.clone()),
                None if self.frozen().expiry(part).is_none() => {
                    outcome.refused.push(Refusal::NothingToSign { part: part.clone() });
                }
                None => outcome
                    .refused
                    .push(Refusal::Unrecognised { keyholder: Some(holder.name().clone()), part: Some(part.clone()) }),
            }
        }
        Ok(outcome)
    }

    /// Takes a signature that another tool has made, which says neither whose it is nor over what: that shows in the one key that verifies it.
    /// `signatures` are all that its bytes may mean; `keyholder` and `role` narrow the search.
    ///
    /// # Errors
    /// If it is by nobody over nothing that is to be signed, or does not count.
    pub fn accept_detached(
        &self,
        signatures: &[CompactSignature],
        keyholder: Option<&Name>,
        role: Option<&CeremonyRole>,
        at: DateTime<Utc>,
        signature_files: &mut SignatureFiles,
    ) -> Result<AcceptOutcome, Refusal> {
        if let Some(name) = keyholder.filter(|name| self.keyholders().get(name).is_none()) {
            return Err(Refusal::NoSuchKeyholder { name: name.clone() });
        }
        for part in self.frozen().parts().filter(|part| role.is_none_or(|role| part.role == *role)) {
            for signature in signatures {
                let Some((holder, key)) = self.signer_of(part, signature, keyholder) else { continue };
                let mut outcome = AcceptOutcome::of(holder.name().clone());
                match self.take(part, holder, key, signature, (at, &SignatureSource::detached()), signature_files) {
                    Err(refusal) if !matches!(refusal, Refusal::AlreadySigned { .. }) => return Err(refusal),
                    done => outcome.file(part, done),
                }
                return Ok(outcome);
            }
        }
        Err(Refusal::Unrecognised { keyholder: keyholder.cloned(), part: None })
    }

    /// Whose signature it is, and by which of their keys.
    fn signer_of(
        &self,
        part: &RoleVersion,
        signature: &CompactSignature,
        keyholder: Option<&Name>,
    ) -> Option<(&Keyholder, &PublicKey)> {
        let message = self.frozen().message(part)?;
        let holders = self.keyholders().iter().filter(|holder| keyholder.is_none_or(|name| holder.name() == name));
        let mut keys = holders.flat_map(|holder| holder.keys().iter().map(move |key| (holder, key)));
        keys.find(|(_, key)| signature.for_key(key).is_some_and(|bytes| key.verify(&message, &bytes).is_ok()))
    }

    fn take(
        &self,
        part: &RoleVersion,
        holder: &Keyholder,
        key: &PublicKey,
        signature: &CompactSignature,
        (at, source): (DateTime<Utc>, &SignatureSource),
        signature_files: &mut SignatureFiles,
    ) -> Result<(), Refusal> {
        let place = (part.clone(), holder.name().clone());
        // What lies there and does not hold is in nobody's way.
        let earlier = signature_files.get(&place).filter(|earlier| self.holds(earlier, part, holder.name()));
        let bytes = signature.for_key(key).ok_or_else(|| Refusal::Unrecognised {
            keyholder: Some(holder.name().clone()),
            part: Some(part.clone()),
        })?;
        let signature_file = self.accept(part, holder.name(), key, bytes, at, earlier)?;
        signature_files.insert(place, signature_file.with_source(&KeyId::of(key), source));
        Ok(())
    }
}

impl AcceptOutcome {
    fn file(&mut self, part: &RoleVersion, done: Result<(), Refusal>) {
        match done {
            Ok(()) => self.accepted.push(part.clone()),
            Err(Refusal::AlreadySigned { .. }) => self.known.push(part.clone()),
            Err(refusal) => self.refused.push(refusal),
        }
    }
}
