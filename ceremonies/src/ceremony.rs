//! A frozen ceremony and everything it is held against: signing, counting, sealing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::{Authority, KeyId, PublicKey, Role, Signature, hex, sha256};

use crate::answer::{Answer, AnswerSignature};
use crate::document;
use crate::frozen::Frozen;
use crate::keyholder::{Keyholder, Keyholders};
use crate::name::Name;
use crate::published::Published;
use crate::refusal::Refusal;
use crate::role::CeremonyRole;
use crate::sealed::Sealed;
use crate::secret_key::SecretKey;
use crate::standing::{QuorumStanding, RoleStanding, Standing, Under};

/// Answers by the role and the keyholder that they are filed under.
pub type Answers = BTreeMap<(CeremonyRole, Name), Answer>;

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
        for role in frozen.roles() {
            // No version left means that the published one is the last, so nothing follows it.
            let next = published.next_version(role.top_level()).ok();
            if let (Some(version), Some(next)) = (frozen.version(role), next)
                && version != next
            {
                return Err(Refusal::DoesNotFollow { role, frozen: version, next });
            }
        }
        Ok(Ceremony { id, frozen, published, keyholders })
    }

    /// Signs a role for a keyholder. `earlier` is what they have answered before; their other key's signature in it is kept.
    ///
    /// # Errors
    /// If the key is not theirs, is not asked for, or has signed already.
    pub fn sign(
        &self,
        role: CeremonyRole,
        keyholder: &Name,
        key: &SecretKey,
        at: DateTime<Utc>,
        earlier: Option<&Answer>,
    ) -> Result<Answer, Refusal> {
        let public = key.public_key();
        let message = self.ask(role, keyholder, &public, earlier)?;
        self.accept(role, keyholder, &public, key.sign(&message), at, earlier)
    }

    /// The bytes that a keyholder is to sign with a key of theirs, wherever that key is.
    ///
    /// # Errors
    /// If the key is not theirs, is not asked for, or has signed already.
    pub fn ask(
        &self,
        role: CeremonyRole,
        keyholder: &Name,
        key: &PublicKey,
        earlier: Option<&Answer>,
    ) -> Result<Vec<u8>, Refusal> {
        let message = self.frozen.message(role).ok_or(Refusal::NothingToSign { role })?;
        let holder = self.keyholder(keyholder)?;
        let key_id = self.check_key(role, holder, key)?;
        let earlier = earlier.filter(|answer| answer.payload == digest(&message));
        if earlier.is_some_and(|answer| answer.signatures.iter().any(|signature| signature.key_id == key_id)) {
            return Err(Refusal::AlreadySigned { keyholder: keyholder.clone(), role, key_id });
        }
        Ok(message)
    }

    /// Takes a signature that was made over what [`Ceremony::ask`] gives, once it has been verified.
    ///
    /// # Errors
    /// As [`Ceremony::ask`]; also if the signature is wrong.
    pub fn accept(
        &self,
        role: CeremonyRole,
        keyholder: &Name,
        key: &PublicKey,
        signature: Vec<u8>,
        at: DateTime<Utc>,
        earlier: Option<&Answer>,
    ) -> Result<Answer, Refusal> {
        let message = self.ask(role, keyholder, key, earlier)?;
        let key_id = KeyId::of(key);
        key.verify(&message, &signature).map_err(|_| Refusal::WrongSignature {
            keyholder: keyholder.clone(),
            key_id: key_id.clone(),
            role,
        })?;
        let payload = digest(&message);
        let kept = earlier.filter(|answer| answer.payload == payload).map(|answer| answer.signatures.clone());
        let mut signatures = kept.unwrap_or_default();
        signatures.push(AnswerSignature { key_id, bytes: signature, at });
        Ok(Answer { ceremony: self.id.clone(), role, keyholder: keyholder.clone(), payload, signatures })
    }

    /// Counts: who has signed, who is still needed, under the old root and under the new.
    pub fn tally(&self, answers: &Answers) -> Standing {
        let roles = self.frozen.roles().into_iter();
        Standing { roles: roles.filter_map(|role| self.tally_role(role, answers)).collect() }
    }

    /// Puts the signatures in, once every threshold is met.
    ///
    /// # Errors
    /// [`Refusal::NotEnough`] if one is not; [`Refusal::Unsealable`] if the result would not verify all the same.
    pub fn seal(&self, answers: &Answers) -> Result<Sealed, Refusal> {
        let standing = self.tally(answers);
        let mut files = BTreeMap::new();
        for role in standing.roles {
            let Some(value) = self.frozen.value(role.role).filter(|_| role.is_met()) else {
                return Err(Refusal::NotEnough { standing: Box::new(role) });
            };
            let name = role.role.published_file(role.version).to_string();
            files.insert(name, document::with_signatures(&value, &role.signatures));
        }
        // Reading them back counts distinct key material the way every client does.
        Sealed::read(files, self.published).map_err(|error| Refusal::Unsealable(Box::new(error)))
    }

    fn keyholder(&self, name: &Name) -> Result<&'a Keyholder, Refusal> {
        self.keyholders.get(name).ok_or_else(|| Refusal::NoSuchKeyholder { name: name.clone() })
    }

    /// A key that is this keyholder's, and that counts for the role.
    fn check_key(&self, role: CeremonyRole, holder: &Keyholder, key: &PublicKey) -> Result<KeyId, Refusal> {
        let key_id = KeyId::of(key);
        if !holder.holds(key.material()) {
            return Err(match self.keyholders.owner(key.material()) {
                Some(owner) => {
                    Refusal::AnothersKey { key_id, owner: owner.name().clone(), signing_as: holder.name().clone() }
                }
                None => Refusal::NobodysKey { key_id },
            });
        }
        if self.authorities(role).iter().any(|(_, authority)| authority.role.key_ids().contains(&key_id)) {
            Ok(key_id)
        } else {
            Err(Refusal::NotAsked { keyholder: holder.name().clone(), key_id, role })
        }
    }

    /// Whose signatures a role needs.
    fn authorities(&self, role: CeremonyRole) -> Vec<(Under, Authority<'a>)> {
        let old = self.published.root().map(|root| (root.version(), root.authority(role.top_level())));
        let new = self.frozen.root().map(|root| (root.version(), root.authority(role.top_level())));
        match role {
            CeremonyRole::Root => {
                let old = old.map(|(version, authority)| (Under::OldRoot(version), authority));
                let new = new.map(|(version, authority)| (Under::NewRoot(version), authority));
                old.into_iter().chain(new).collect()
            }
            CeremonyRole::Targets => {
                new.or(old).map(|(version, authority)| (Under::Root(version), authority)).into_iter().collect()
            }
        }
    }

    fn tally_role(&self, role: CeremonyRole, answers: &Answers) -> Option<RoleStanding> {
        let version = self.frozen.version(role)?;
        let message = self.frozen.message(role)?;
        let (mut void, mut rejected) = (Vec::new(), Vec::new());
        let mut good: BTreeMap<KeyId, (&Name, Signature)> = BTreeMap::new();
        for ((_, name), answer) in answers.iter().filter(|((answered, _), _)| *answered == role) {
            if answer.ceremony == *self.id && answer.keyholder == *name && answer.payload != digest(&message) {
                void.push(name.clone());
                continue;
            }
            match self.check_answer(role, name, answer, &message) {
                Ok(signatures) => good.extend(signatures.into_iter().map(|good| (good.key_id.clone(), (name, good)))),
                Err(refusal) => rejected.push((name.clone(), refusal)),
            }
        }
        let quorums = self.authorities(role);
        let quorums = quorums.into_iter().map(|(under, authority)| self.count(under, authority, &good)).collect();
        let signatures = good.into_values().map(|(_, signature)| signature).collect();
        Some(RoleStanding { role, version, quorums, void, rejected, signatures })
    }

    /// Everything in one answer holds, or none of it counts.
    fn check_answer(
        &self,
        role: CeremonyRole,
        name: &Name,
        answer: &Answer,
        message: &[u8],
    ) -> Result<Vec<Signature>, Refusal> {
        if (&answer.ceremony, answer.role, &answer.keyholder) != (self.id, role, name) {
            let says = format!("{}, {}, {}", answer.ceremony, answer.role, answer.keyholder);
            return Err(Refusal::Misfiled { keyholder: name.clone(), role, says });
        }
        let holder = self.keyholder(name)?;
        let mut seen = BTreeSet::new();
        let check = |signature: &AnswerSignature| {
            let key_id = signature.key_id.clone();
            let key = self.find_key(&key_id).ok_or_else(|| Refusal::NobodysKey { key_id: key_id.clone() })?;
            self.check_key(role, holder, key)?;
            if !seen.insert(key_id.clone()) {
                return Err(Refusal::AlreadySigned { keyholder: name.clone(), role, key_id });
            }
            match key.verify(message, &signature.bytes) {
                Ok(()) => Ok(Signature { key_id, bytes: Some(signature.bytes.clone()) }),
                Err(_) => Err(Refusal::WrongSignature { keyholder: name.clone(), key_id, role }),
            }
        };
        answer.signatures.iter().map(check).collect()
    }

    fn find_key(&self, key_id: &KeyId) -> Option<&'a PublicKey> {
        self.keyholders.iter().flat_map(Keyholder::keys).find(|key| KeyId::of(key) == *key_id)
    }

    /// Counts people: whoever has several keys in a role counts once.
    fn count(
        &self,
        under: Under,
        authority: Authority<'_>,
        good: &BTreeMap<KeyId, (&Name, Signature)>,
    ) -> QuorumStanding {
        let (mut signed, mut all, mut nobodys) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for key_id in authority.role.key_ids() {
            let key = authority.keys.get(key_id).and_then(|key| key.usable().ok());
            match key.and_then(|key| self.keyholders.owner(key.material())) {
                Some(owner) => {
                    all.insert(owner.name().clone());
                }
                None => nobodys.push(key_id.clone()),
            }
            if let Some((name, _)) = good.get(key_id) {
                signed.insert((*name).clone());
            }
        }
        QuorumStanding {
            under,
            threshold: authority.role.threshold(),
            missing: all.difference(&signed).cloned().collect(),
            signed: signed.into_iter().collect(),
            nobodys,
        }
    }
}

fn digest(message: &[u8]) -> String {
    hex::encode(&sha256(message))
}
