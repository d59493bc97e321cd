//! Two plans in one.

mod three_way;

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::Version;

use crate::ceremony::ceremony::SignatureFiles;
use crate::ceremony::frozen::{FreezeError, Frozen};
use crate::ceremony::signature_file::SignatureFile;
use crate::drafting::draft::Draft;
use crate::drafting::draft::role::{DraftDelegation, DraftRole};
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::model::target_name::TargetName;
use crate::plan::delegation::Delegates;
use crate::plan::plan::Plan;
use crate::plan::shipment::Shipment;
use crate::repository::published::Published;

use self::three_way::{lists, one_of};

/// What two ceremonies plan, as one plan: that of the first, with what the second one changes.
#[derive(Clone, Debug)]
pub struct Merge {
    draft: Draft,
}

impl Merge {
    /// Puts two plans together. A file that only one of them changes becomes what that one makes of it, to the byte; where both change a
    /// file, each member becomes what one of them makes of it, where they agree or only one of them changes it. `now` is what is true now:
    /// a draft of what is published; `roots_in_use` are the published roots that can be a client's last.
    ///
    /// # Errors
    /// If both change one thing to different ends, or one of them cannot be frozen.
    pub fn new(
        now: &Draft,
        into: &Plan,
        from: &Plan,
        published: &Published,
        targets: &BTreeMap<TargetName, Vec<u8>>,
        roots_in_use: &BTreeSet<Version>,
    ) -> Result<Merge, MergeError> {
        let roles = |plan: &Plan| -> Result<BTreeSet<CeremonyRole>, MergeError> {
            match Frozen::freeze_for(plan, published, targets, roots_in_use) {
                Ok(frozen) => Ok(frozen.parts().map(|part| part.role.clone()).collect()),
                Err(FreezeError::NothingChanges) => Ok(BTreeSet::new()),
                Err(error) => Err(MergeError::Unfreezable { plan: plan.id().clone(), error: Box::new(error) }),
            }
        };
        let (first, second) = (Side::new(into, roles(into)?), Side::new(from, roles(from)?));
        let mut draft = first.draft.clone();
        let sides = Sides { now, first: &first, second: &second };
        if !second.draft.summary.is_empty() && second.draft.summary != draft.summary {
            let both = [draft.summary.as_str(), second.draft.summary.as_str()];
            draft.summary = both.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        }
        for compromised in &second.draft.compromised {
            if !draft.compromised.contains(compromised) {
                draft.compromised.push(compromised.clone());
            }
        }
        sides.merge_root(&mut draft)?;
        sides.merge_targets(&mut draft)?;
        sides.merge_delegations(&mut draft)?;
        Ok(Merge { draft })
    }

    /// The text of the plan.
    pub fn to_toml(&self) -> String {
        self.draft.to_toml()
    }
}

/// The signature files of both ceremonies as signature files to `id`: a signature is over a file, whichever ceremony it was given in.
pub fn signature_files_together(id: &Name, into: &SignatureFiles, from: &SignatureFiles) -> SignatureFiles {
    let mut all = into.clone();
    for ((part, name), signature_file) in from {
        let signature_file = SignatureFile { ceremony: id.clone(), ..signature_file.clone() };
        match all.get_mut(&(part.clone(), name.clone())) {
            Some(own) if own.payload == signature_file.payload => {
                let new = signature_file.signatures.into_iter();
                let new = new.filter(|one| own.signatures.iter().all(|own| own.key_id != one.key_id));
                let new: Vec<_> = new.collect();
                own.signatures.extend(new);
            }
            Some(_) => {}
            None => drop(all.insert((part.clone(), name.clone()), signature_file)),
        }
    }
    all
}

/// Why two plans do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Both change something, each in its own way.
    #[error("both change {what}: to {first} and to {second}")]
    Conflict {
        /// What, as the plan calls it.
        what: String,
        /// What the first makes of it.
        first: String,
        /// What the second makes of it.
        second: String,
    },
    /// One of the plans cannot be frozen by itself.
    #[error("{plan} cannot be frozen: {error}")]
    Unfreezable {
        /// Which.
        plan: Name,
        /// Why.
        error: Box<FreezeError>,
    },
}

impl MergeError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            MergeError::Conflict { .. } => {
                "decide which of the two it is to be, and edit one of the plans to say the same as the other"
            }
            MergeError::Unfreezable { error, .. } => error.hint(),
        }
    }
}

/// One of the two plans.
struct Side {
    draft: Draft,
    /// Whose files it changes.
    changes: BTreeSet<CeremonyRole>,
}

impl Side {
    fn new(plan: &Plan, changes: BTreeSet<CeremonyRole>) -> Side {
        let mut draft = Draft::of(plan);
        // Expiries stay what they are, whichever plan they stand in.
        let at = draft.at;
        for role in [&mut draft.root, &mut draft.targets] {
            role.at = role.at.or(Some(at));
        }
        draft.delegations.iter_mut().for_each(|delegation| delegation.role.at = delegation.role.at.or(Some(at)));
        Side { draft, changes }
    }
}

struct Sides<'a> {
    now: &'a Draft,
    first: &'a Side,
    second: &'a Side,
}

impl Sides<'_> {
    /// Which sides change a file of this role.
    fn changed_by(&self, role: &CeremonyRole) -> (bool, bool) {
        (self.first.changes.contains(role), self.second.changes.contains(role))
    }

    /// What root says: its own holders and term, who holds targets, the online keys, and which of a person's keys is meant.
    fn merge_root(&self, draft: &mut Draft) -> Result<(), MergeError> {
        let Sides { now, first, second } = self;
        match self.changed_by(&CeremonyRole::Root) {
            (_, false) => {}
            (false, true) => {
                draft.root = second.draft.root.clone();
                set_authority(&mut draft.targets, &second.draft.targets);
                draft.online = second.draft.online.clone();
                draft.keys = second.draft.keys.clone();
            }
            (true, true) => {
                draft.root = term("root", &first.draft.root, &second.draft.root)?;
                let merged = authority("root", &now.root, &first.draft.root, &second.draft.root)?;
                set_authority(&mut draft.root, &merged);
                let merged = authority("targets", &now.targets, &first.draft.targets, &second.draft.targets)?;
                set_authority(&mut draft.targets, &merged);
                let (now, first, second) = (&now.online, &first.draft.online, &second.draft.online);
                draft.online.keys = lists(&now.keys, &first.keys, &second.keys);
                draft.online.snapshot = one_of("online.snapshot", &now.snapshot, &first.snapshot, &second.snapshot)?;
                draft.online.timestamp =
                    one_of("online.timestamp", &now.timestamp, &first.timestamp, &second.timestamp)?;
                for (name, key) in &self.second.draft.keys {
                    if *draft.keys.entry(name.clone()).or_insert_with(|| key.clone()) != *key {
                        return Err(conflict(&format!("keys.{name}"), "one key", "another"));
                    }
                }
            }
        }
        Ok(())
    }

    /// What targets says of itself: its term and what it ships.
    fn merge_targets(&self, draft: &mut Draft) -> Result<(), MergeError> {
        let Sides { now, first, second } = self;
        let authority_of = draft.targets.clone();
        match self.changed_by(&CeremonyRole::Targets) {
            (_, false) => {}
            (false, true) => {
                draft.targets = second.draft.targets.clone();
                draft.shipment = second.draft.shipment.clone();
            }
            (true, true) => {
                draft.targets = term("targets", &first.draft.targets, &second.draft.targets)?;
                let (now, first, second) = (&now.shipment, &first.draft.shipment, &second.draft.shipment);
                draft.shipment = shipment("targets", now, first, second)?;
            }
        }
        set_authority(&mut draft.targets, &authority_of);
        Ok(())
    }

    /// To whom is delegated, and what each of those says of itself.
    fn merge_delegations(&self, draft: &mut Draft) -> Result<(), MergeError> {
        let (first, second) = (&self.first.draft.delegations, &self.second.draft.delegations);
        let find = |all: &[DraftDelegation], like: &DraftDelegation| {
            all.iter().find(|other| label(other) == label(like)).cloned()
        };
        let mut merged: Vec<DraftDelegation> = Vec::new();
        let only_second = second.iter().filter(|own| find(first, own).is_none());
        for own in first.iter().chain(only_second) {
            let (now, first, second) = (find(&self.now.delegations, own), find(first, own), find(second, own));
            let (first_says, second_says) = self.changed_by(&own.by);
            // Whoever does not change the delegating file says nothing of whom it delegates to.
            let (first_listed, second_listed) = (first.is_some(), second.is_some());
            let listed = match (first_says, second_says) {
                (true, true) => match (now.is_some(), first_listed, second_listed) {
                    (true, true, true) => true,
                    (true, _, _) => false,
                    (false, first, second) => first || second,
                },
                (false, true) => second_listed,
                (_, false) => first_listed,
            };
            if !listed {
                continue;
            }
            let one = match (&first, &second) {
                (Some(first), Some(second)) => self.merge_delegation(now.as_ref(), first, second)?,
                (Some(one), None) | (None, Some(one)) => one.clone(),
                (None, None) => continue,
            };
            merged.push(one);
        }
        draft.delegations = merged;
        Ok(())
    }

    fn merge_delegation(
        &self,
        now: Option<&DraftDelegation>,
        first: &DraftDelegation,
        second: &DraftDelegation,
    ) -> Result<DraftDelegation, MergeError> {
        let name = label(first);
        let now = now.unwrap_or(first);
        let mut merged = match self.changed_by(&first.by) {
            (_, false) => first.clone(),
            (false, true) => second.clone(),
            (true, true) => {
                let mut merged = first.clone();
                merged.to = one_of(&format!("what {name} is about"), &now.to, &first.to, &second.to)?;
                let both = authority(&name, &now.role, &first.role, &second.role)?;
                set_authority(&mut merged.role, &both);
                merged
            }
        };
        let authority_of = merged.role.clone();
        let own_roles = merged.to.roles();
        let changes = |side: &Side| own_roles.iter().any(|role| side.changes.contains(role));
        match (changes(self.first), changes(self.second)) {
            (_, false) => (merged.role, merged.shipment) = (first.role.clone(), first.shipment.clone()),
            (false, true) => (merged.role, merged.shipment) = (second.role.clone(), second.shipment.clone()),
            (true, true) => {
                merged.role = term(&name, &first.role, &second.role)?;
                merged.shipment = shipment(&name, &now.shipment, &first.shipment, &second.shipment)?;
            }
        }
        set_authority(&mut merged.role, &authority_of);
        Ok(merged)
    }
}

fn label(delegation: &DraftDelegation) -> String {
    match &delegation.to {
        Delegates::Role { name, .. } => name.to_string(),
        Delegates::Bins(bins) => format!("{}-", bins.name_prefix()),
    }
}

/// Who signs, which the delegating file says.
fn set_authority(role: &mut DraftRole, like: &DraftRole) {
    role.holders.clone_from(&like.holders);
    role.threshold = like.threshold;
}

fn authority(name: &str, now: &DraftRole, first: &DraftRole, second: &DraftRole) -> Result<DraftRole, MergeError> {
    let threshold = one_of(&format!("{name}.threshold"), &now.threshold, &first.threshold, &second.threshold)?;
    Ok(DraftRole { holders: lists(&now.holders, &first.holders, &second.holders), threshold, ..first.clone() })
}

/// How long a file holds, where both make a new one: what they agree on. It counts from the first one's instant.
fn term(name: &str, first: &DraftRole, second: &DraftRole) -> Result<DraftRole, MergeError> {
    let (one, other) = (first.expires.number(), second.expires.number());
    if one != other {
        return Err(conflict(&format!("{name}.expires-days"), &one.to_string(), &other.to_string()));
    }
    let signing = one_of(&format!("{name}.signing-days"), &None, &first.signing, &second.signing)?;
    Ok(DraftRole { signing, renew: first.renew || second.renew, ..first.clone() })
}

fn shipment(name: &str, now: &Shipment, first: &Shipment, second: &Shipment) -> Result<Shipment, MergeError> {
    let mut names = lists(&now.names, &first.names, &second.names);
    names.sort();
    let mut custom = first.custom.clone();
    for (target, members) in &second.custom {
        if *custom.entry(target.clone()).or_insert_with(|| members.clone()) != *members {
            return Err(conflict(&format!("{name}.custom.\"{target}\""), "one", "another"));
        }
    }
    custom.retain(|target, _| names.contains(target));
    Ok(Shipment { names, custom })
}

fn conflict(what: &str, first: &str, second: &str) -> MergeError {
    MergeError::Conflict { what: what.to_owned(), first: first.to_owned(), second: second.to_owned() }
}

/// Signatures of two ceremonies that a plan put together from both would void: by part and keyholder.
pub fn voided<'a>(signature_files: &'a SignatureFiles, merged: &Frozen) -> Vec<(&'a RoleVersion, &'a Name)> {
    let digest = |part: &RoleVersion| merged.message(part).map(|message| crate::ceremony::ceremony::digest(&message));
    let voided = signature_files
        .iter()
        .filter(|((part, _), signature_file)| digest(part).as_ref() != Some(&signature_file.payload));
    voided.map(|((part, name), _)| (part, name)).collect()
}
