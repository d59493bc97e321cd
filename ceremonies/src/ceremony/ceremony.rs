//! A frozen ceremony and everything it is held against: signing, counting, sealing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::{KeyId, PublicKey, Signature, hex, sha256};

use crate::ceremony::demand::Demand;
use crate::ceremony::frozen::Frozen;
use crate::ceremony::quorum::QuorumTally;
use crate::ceremony::refusal::Refusal;
use crate::ceremony::signature_file::{KeySignature, SignatureFile};
use crate::ceremony::tally::{RoleTally, Tally};
use crate::keys::secret_key::SecretKey;
use crate::model::keyholder::{Keyholder, Keyholders};
use crate::model::name::Name;
use crate::model::role_version::RoleVersion;
use crate::repository::document;
use crate::repository::published::Published;
use crate::repository::sealed::Sealed;

/// Signature files by the part and the keyholder that they are filed under.
pub type SignatureFiles = BTreeMap<(RoleVersion, Name), SignatureFile>;

/// A ceremony that has been frozen and can be signed: its files are the ones that follow what is published.
#[derive(Clone, Copy, Debug)]
pub struct Ceremony<'a> {
    id: &'a Name,
    frozen: &'a Frozen,
    published: &'a Published,
    keyholders: &'a Keyholders,
}

impl<'a> Ceremony<'a> {
    /// Holds frozen files against what is published and who there is.
    ///
    /// # Errors
    /// [`Refusal::DoesNotFollow`] if a file's version is not the next one.
    pub fn new(
        id: &'a Name,
        frozen: &'a Frozen,
        published: &'a Published,
        keyholders: &'a Keyholders,
    ) -> Result<Ceremony<'a>, Refusal> {
        let mut before: Option<&RoleVersion> = None;
        for part in frozen.parts() {
            // A root that follows another one of the same ceremony follows that one. No version left means that the published one is the
            // last, so nothing follows it.
            let next = match before.filter(|before| before.role == part.role) {
                Some(before) => before.version.next(),
                None => published.next_part(&part.role).ok().map(|next| next.version),
            };
            if let Some(next) = next.filter(|next| *next != part.version) {
                return Err(Refusal::DoesNotFollow { part: part.clone(), next });
            }
            before = Some(part);
        }
        Ok(Ceremony { id, frozen, published, keyholders })
    }

    /// Signs a part for a keyholder. `earlier` is what they have signed before; their other key's signature in it is kept.
    ///
    /// # Errors
    /// If the key is not theirs, is not asked for, or has signed already.
    pub fn sign(
        &self,
        part: &RoleVersion,
        keyholder: &Name,
        key: &SecretKey,
        at: DateTime<Utc>,
        earlier: Option<&SignatureFile>,
    ) -> Result<SignatureFile, Refusal> {
        let public = key.public_key();
        let message = self.ask(part, keyholder, &public, earlier)?;
        self.accept(part, keyholder, &public, key.sign(&message), at, earlier)
    }

    /// The bytes that a keyholder is to sign with a key of theirs, wherever that key is.
    ///
    /// # Errors
    /// If the key is not theirs, is not asked for, or has signed already.
    pub fn ask(
        &self,
        part: &RoleVersion,
        keyholder: &Name,
        key: &PublicKey,
        earlier: Option<&SignatureFile>,
    ) -> Result<Vec<u8>, Refusal> {
        let message = self.frozen.message(part).ok_or_else(|| Refusal::NothingToSign { part: part.clone() })?;
        let holder = self.keyholder(keyholder)?;
        let key_id = self.check_key(part, holder, key)?;
        let earlier = earlier.filter(|signature_file| signature_file.payload == digest(&message));
        if earlier
            .is_some_and(|signature_file| signature_file.signatures.iter().any(|signature| signature.key_id == key_id))
        {
            return Err(Refusal::AlreadySigned { keyholder: keyholder.clone(), part: part.clone(), key_id });
        }
        Ok(message)
    }

    /// Takes a signature that was made over what [`Ceremony::ask`] gives, once it has been verified.
    ///
    /// # Errors
    /// As [`Ceremony::ask`]; also if the signature is wrong.
    pub fn accept(
        &self,
        part: &RoleVersion,
        keyholder: &Name,
        key: &PublicKey,
        signature: Vec<u8>,
        at: DateTime<Utc>,
        earlier: Option<&SignatureFile>,
    ) -> Result<SignatureFile, Refusal> {
        let message = self.ask(part, keyholder, key, earlier)?;
        let key_id = KeyId::of(key);
        key.verify(&message, &signature).map_err(|_| Refusal::WrongSignature {
            keyholder: keyholder.clone(),
            key_id: key_id.clone(),
            part: part.clone(),
        })?;
        let payload = digest(&message);
        let kept = earlier
            .filter(|signature_file| signature_file.payload == payload)
            .map(|signature_file| signature_file.signatures.clone());
        let mut signatures = kept.unwrap_or_default();
        signatures.push(KeySignature { key_id, bytes: signature, at, source: None });
        Ok(SignatureFile {
            ceremony: self.id.clone(),
            part: part.clone(),
            keyholder: keyholder.clone(),
            payload,
            signatures,
        })
    }

    /// Counts: who has signed, who is still needed, under the old root and under the new.
    pub fn tally(&self, signature_files: &SignatureFiles) -> Tally {
        let parts = self.frozen.parts().filter_map(|part| self.tally_role(part, signature_files)).collect();
        let is_obsolete = |part: &RoleVersion| self.frozen.message(part).is_none();
        let obsolete = signature_files.keys().filter(|(part, _)| is_obsolete(part)).cloned().collect();
        Tally { parts, obsolete, bridging: self.bridging() }
    }

    /// Puts the signatures in, once every threshold is met. Signatures beyond it are kept.
    ///
    /// # Errors
    /// [`Refusal::NotEnough`] if one is not; [`Refusal::NoBridge`] if only old roots lack signatures; [`Refusal::Unsealable`] if the result would
    /// not verify all the same.
    pub fn seal(&self, signature_files: &SignatureFiles) -> Result<Sealed, Refusal> {
        let tally = self.tally(signature_files);
        let sealed = self.seal_counted(&tally)?;
        match tally.parts.into_iter().find(|part| !part.is_met()) {
            Some(RoleTally { part, quorums, .. }) => Err(Refusal::NoBridge { part, quorums }),
            None => Ok(sealed),
        }
    }

    /// As [`Ceremony::seal`], also where roots that can be a client's last are not satisfied: it takes publishing all at once, and clients behind
    /// caches are refused in between.
    ///
    /// # Errors
    /// As [`Ceremony::seal`], but for the bridge.
    pub fn seal_at_once(&self, signature_files: &SignatureFiles) -> Result<Sealed, Refusal> {
        self.seal_counted(&self.tally(signature_files))
    }

    fn seal_counted(&self, tally: &Tally) -> Result<Sealed, Refusal> {
        let mut files = BTreeMap::new();
        for part in &tally.parts {
            let Some(value) = self.frozen.value(&part.part).filter(|_| part.has_required()) else {
                return Err(Refusal::NotEnough { part: part.part.clone(), quorums: part.quorums.clone() });
            };
            files.insert(part.part.file_name(), document::with_signatures(&value, &part.signatures));
        }
        // Reading them back counts distinct key material the way every client does.
        Sealed::read(files, self.published).map_err(|error| Refusal::Unsealable(Box::new(error)))
    }

    /// The ceremony's name.
    pub fn id(&self) -> &'a Name {
        self.id
    }

    /// What it follows.
    pub(crate) fn published(&self) -> &'a Published {
        self.published
    }

    /// What is to be signed.
    pub fn frozen(&self) -> &'a Frozen {
        self.frozen
    }

    /// Who there is.
    pub fn keyholders(&self) -> &'a Keyholders {
        self.keyholders
    }

    /// Whether everything in a signature file holds for what is to be signed.
    pub(crate) fn holds(&self, signature_file: &SignatureFile, part: &RoleVersion, name: &Name) -> bool {
        let message = self.frozen.message(part).filter(|message| signature_file.payload == digest(message));
        message.is_some_and(|message| self.check_signature_file(part, name, signature_file, &message).is_ok())
    }

    fn keyholder(&self, name: &Name) -> Result<&'a Keyholder, Refusal> {
        self.keyholders.get(name).ok_or_else(|| Refusal::NoSuchKeyholder { name: name.clone() })
    }

    /// A key that is this keyholder's, and that counts for the part.
    fn check_key(&self, part: &RoleVersion, holder: &Keyholder, key: &PublicKey) -> Result<KeyId, Refusal> {
        let key_id = KeyId::of(key);
        if !holder.holds(key.material()) {
            return Err(match self.keyholders.owner(key.material()) {
                Some(owner) => {
                    Refusal::AnothersKey { key_id, owner: owner.name().clone(), signing_as: holder.name().clone() }
                }
                None => Refusal::NobodysKey { key_id },
            });
        }
        if self.demands(part).iter().any(|demand| demand.key_ids().any(|id| *id == key_id)) {
            Ok(key_id)
        } else {
            Err(Refusal::NotAsked { keyholder: holder.name().clone(), key_id, part: part.clone() })
        }
    }

    fn tally_role(&self, part: &RoleVersion, signature_files: &SignatureFiles) -> Option<RoleTally> {
        let message = self.frozen.message(part)?;
        let (mut voided, mut rejected) = (Vec::new(), Vec::new());
        let mut good: BTreeMap<KeyId, (&Name, Signature)> = BTreeMap::new();
        for ((_, name), signature_file) in signature_files.iter().filter(|((signed, _), _)| signed == part) {
            if signature_file.ceremony == *self.id
                && signature_file.keyholder == *name
                && signature_file.payload != digest(&message)
            {
                voided.push(name.clone());
                continue;
            }
            match self.check_signature_file(part, name, signature_file, &message) {
                Ok(signatures) => good.extend(signatures.into_iter().map(|good| (good.key_id.clone(), (name, good)))),
                Err(refusal) => rejected.push((name.clone(), refusal)),
            }
        }
        let quorums = self.demands(part).into_iter().map(|demand| self.count(demand, &good)).collect();
        let signatures = good.into_values().map(|(_, signature)| signature).collect();
        Some(RoleTally { part: part.clone(), quorums, voided, rejected, signatures })
    }

    /// Everything in one signature file holds, or none of it counts.
    fn check_signature_file(
        &self,
        part: &RoleVersion,
        name: &Name,
        signature_file: &SignatureFile,
        message: &[u8],
    ) -> Result<Vec<Signature>, Refusal> {
        signature_file.check_place(self.id, part, name)?;
        let holder = self.keyholder(name)?;
        let mut seen = BTreeSet::new();
        let check = |signature: &KeySignature| {
            let key_id = signature.key_id.clone();
            let key = self.find_key(&key_id).ok_or_else(|| Refusal::NobodysKey { key_id: key_id.clone() })?;
            self.check_key(part, holder, key)?;
            if !seen.insert(key_id.clone()) {
                return Err(Refusal::AlreadySigned { keyholder: name.clone(), part: part.clone(), key_id });
            }
            signature_file.check_signature(signature, key, message)?;
            Ok(Signature { key_id, bytes: Some(signature.bytes.clone()) })
        };
        signature_file.signatures.iter().map(check).collect()
    }

    fn find_key(&self, key_id: &KeyId) -> Option<&'a PublicKey> {
        self.keyholders.iter().flat_map(Keyholder::keys).find(|key| KeyId::of(key) == *key_id)
    }

    /// Counts people: a keyholder with several keys in a role counts once.
    fn count(&self, demand: Demand<'_>, good: &BTreeMap<KeyId, (&Name, Signature)>) -> QuorumTally {
        let (mut signed, mut all, mut unowned) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for key_id in demand.key_ids() {
            match self.keyholders.owner_of(demand.authority, key_id) {
                Some(owner) => {
                    all.insert(owner.name().clone());
                }
                None => unowned.push(key_id.clone()),
            }
            if let Some((name, _)) = good.get(key_id) {
                signed.insert((*name).clone());
            }
        }
        QuorumTally {
            threshold: demand.authority.role.threshold(),
            is_bridge: demand.is_bridge,
            delegator: demand.delegator,
            missing: all.difference(&signed).cloned().collect(),
            signed: signed.into_iter().collect(),
            unowned,
        }
    }
}

pub(crate) fn digest(message: &[u8]) -> String {
    hex::encode(&sha256(message))
}
