//! Which ceremony repairs it, and who signs that.

use std::collections::BTreeSet;

use super::facts::{KeyFacts, RoleFacts};
use super::{Losses, RoleDiagnosis, SignedRole, Verdict};
use crate::drafting::draft::{Draft, DraftError};
use crate::model::keyholder::Keyholders;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::plan::root_sequence::roots_needed;

/// What repairs a repository after losses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Nobody who is lost holds anything.
    Nothing,
    /// One ceremony.
    Ceremony(RepairCeremony),
    /// Root cannot be signed any more, so nobody can say whose keys count from now on. Verifiers have to be given another root by hand, of a new
    /// repository.
    NewRepository {
        /// What can be repaired without root until then.
        meanwhile: Option<RepairCeremony>,
    },
    /// Nothing is published yet: others are named before the first root is signed.
    NameOthers {
        /// In whose place.
        lost: Vec<Name>,
    },
}

/// A ceremony that puts others, or other keys, in the place of those that are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairCeremony {
    /// What its plan changes.
    pub changes: Vec<Change>,
    /// What is signed, in order.
    pub signing: Vec<Signing>,
    /// Who signs snapshot and timestamp afterwards.
    pub online: Option<OnlineSigner>,
}

/// One change of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Somebody else comes in the place of one who is lost, in every role.
    Replace {
        /// Who is lost.
        lost: Name,
        /// Who comes, where that is known already.
        by: Option<Name>,
    },
    /// Somebody else comes in their place in one role, where root has to stay as it is.
    ReplaceIn {
        /// The role.
        role: CeremonyRole,
        /// Who is lost.
        lost: Name,
        /// Who comes, where that is known already.
        by: Option<Name>,
    },
    /// A keyholder signs with their next key, which every new plan lists as soon as it is theirs.
    NewKey {
        /// Whose.
        of: Name,
        /// Whether they have been given it already.
        is_there: bool,
    },
}

/// A role that is signed in a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The role; of bins, the first.
    pub role: CeremonyRole,
    /// What it is called where people speak of it.
    pub label: String,
    /// How many files, each of which is signed: roots one after the other, or bins.
    pub files: usize,
    /// How many have to sign each.
    pub threshold: u64,
    /// Who of those that are left can sign all of them with a key that is listed now.
    pub left: Vec<Name>,
    /// Those of them who have been given a next key, which root will list from this ceremony on: they sign with both.
    pub both_keys: Vec<Name>,
    /// Whose stolen keys are needed, as there are not enough others: as many of them as are missing sign with the old key, and the new key or person
    /// in its place signs too.
    pub compromised: Vec<Name>,
    /// How many are missing that have to be made up for by those who come, or by keys that come.
    pub newcomers: u64,
    /// How many come, or are to sign with another key.
    pub coming: usize,
}

/// Who signs snapshot and timestamp after a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnlineSigner {
    /// A keyholder who did before; with their next key, if the plan changes it.
    Stays(Name),
    /// Whoever comes in the place of this one.
    InPlaceOf(Name),
}

impl RepairCeremony {
    /// Makes these changes to a draft of what is true now. Changes that nobody is named for yet are left out.
    ///
    /// # Errors
    /// If the draft is one of something else.
    pub fn change(&self, draft: &mut Draft) -> Result<(), DraftError> {
        for change in &self.changes {
            match change {
                Change::Replace { lost, by: Some(by) } => draft.replace(lost, by)?,
                Change::ReplaceIn { role, lost, by: Some(by) } => {
                    draft.add(role, by)?;
                    draft.remove(role, lost)?;
                }
                Change::Replace { by: None, .. } | Change::ReplaceIn { by: None, .. } | Change::NewKey { .. } => {}
            }
        }
        Ok(())
    }
}

/// Before anything is published.
pub(super) fn before_the_first(roles: &[RoleDiagnosis]) -> Repair {
    let gone: BTreeSet<&Name> = roles.iter().flat_map(gone_from).collect();
    if gone.is_empty() { Repair::Nothing } else { Repair::NameOthers { lost: gone.into_iter().cloned().collect() } }
}

pub(super) fn repair(facts: &[RoleFacts], roles: &[RoleDiagnosis], keyholders: &Keyholders, losses: &Losses) -> Repair {
    let Some(root) = roles.first() else { return Repair::Nothing };
    let gone: BTreeSet<&Name> = roles.iter().flat_map(gone_from).collect();
    let repairer = Repairer { facts, roles, keyholders, losses };
    if root.verdict == Verdict::Broken {
        return Repair::NewRepository { meanwhile: repairer.without_root() };
    }
    if gone.is_empty() { Repair::Nothing } else { Repair::Ceremony(repairer.with_root(&gone)) }
}

/// Who cannot sign a role, or not alone.
fn gone_from(role: &RoleDiagnosis) -> impl Iterator<Item = &Name> {
    role.holders.iter().filter(|name| role.lost.contains(name) || role.compromised.contains(name))
}

struct Repairer<'a> {
    facts: &'a [RoleFacts],
    roles: &'a [RoleDiagnosis],
    keyholders: &'a Keyholders,
    losses: &'a Losses,
}

impl Repairer<'_> {
    fn with_root(&self, gone: &BTreeSet<&Name>) -> RepairCeremony {
        let changes: Vec<Change> = gone.iter().map(|name| self.change_for(name)).collect();
        let signing = self.both().filter_map(|(facts, role)| self.signing(facts, role, true)).collect();
        RepairCeremony { changes, signing, online: self.online() }
    }

    /// Root stays; whoever delegates and can be signed can still delegate to others.
    fn without_root(&self) -> Option<RepairCeremony> {
        let mut changes = Vec::new();
        // Who can be signed once this ceremony is over; whoever delegates comes before those it delegates to.
        let mut can_be_signed: Vec<&CeremonyRole> = Vec::new();
        let mut touched: Vec<&CeremonyRole> = Vec::new();
        for role in self.roles {
            let SignedRole::People(name) = &role.role else { continue };
            let delegator = role.delegator.as_ref().filter(|by| can_be_signed.contains(by));
            match delegator {
                Some(by) => {
                    let replaced = gone_from(role).map(|lost| Change::ReplaceIn {
                        role: name.clone(),
                        lost: lost.clone(),
                        by: self.losses.replacements.get(lost).cloned(),
                    });
                    let before = changes.len();
                    changes.extend(replaced);
                    if changes.len() > before {
                        touched.extend([by, name]);
                    }
                    can_be_signed.push(name);
                }
                None if *name != CeremonyRole::Root && role.verdict != Verdict::Broken => can_be_signed.push(name),
                None => {}
            }
        }
        let is_touched =
            |role: &RoleDiagnosis| matches!(&role.role, SignedRole::People(name) if touched.contains(&name));
        let signing = self.both().filter(|(_, role)| is_touched(role));
        let signing = signing.filter_map(|(facts, role)| self.signing(facts, role, false)).collect();
        (!changes.is_empty()).then(|| RepairCeremony { changes, signing, online: self.online() })
    }

    fn both(&self) -> impl Iterator<Item = (&RoleFacts, &RoleDiagnosis)> {
        self.facts.iter().zip(self.roles)
    }

    /// Somebody else for a person who is lost; the next key for one who is still there.
    fn change_for(&self, name: &Name) -> Change {
        let by = self.losses.replacements.get(name).cloned();
        if self.losses.lost.contains(name) || by.is_some() {
            return Change::Replace { lost: name.clone(), by };
        }
        let last = self.keyholders.get(name).map(|holder| rootline_metadata::KeyId::of(holder.key()));
        let is_listed = |id: &rootline_metadata::KeyId| {
            self.facts.iter().flat_map(|facts| &facts.keys).any(|key| key.id.as_ref() == Some(id))
        };
        let is_there = last.is_some_and(|id| !self.losses.lost_keys.contains(&id) && !is_listed(&id));
        Change::NewKey { of: name.clone(), is_there }
    }

    /// Whether a key that is listed stays.
    fn stays(&self, role: &RoleDiagnosis, key: &KeyFacts) -> bool {
        key.is_last && key.owner.as_ref().is_some_and(|owner| role.left.contains(owner))
    }

    fn changes_in(&self, facts: &RoleFacts, role: &RoleDiagnosis) -> usize {
        facts.keys.iter().filter(|key| !self.stays(role, key)).count()
    }

    /// What a role has to have signed, if anything.
    fn signing(&self, facts: &RoleFacts, role: &RoleDiagnosis, root_changes: bool) -> Option<Signing> {
        let SignedRole::People(name) = &role.role else { return None };
        let changed = |by: &CeremonyRole| {
            let of = self.both().filter(|(_, other)| other.delegator.as_ref() == Some(by));
            of.into_iter().any(|(facts, role)| self.changes_in(facts, role) > 0)
        };
        let files = if *name == CeremonyRole::Root {
            let top_level = self.both().filter(|(_, other)| other.is_top_level());
            let any = top_level.into_iter().any(|(facts, role)| self.changes_in(facts, role) > 0);
            let roots = roots_needed(facts.keys.len(), role.threshold, self.changes_in(facts, role));
            if root_changes && any { roots } else { 0 }
        } else if changed(name) {
            facts.files.len().max(1)
        } else {
            // What stays of the signatures under a file may be enough.
            let kept: BTreeSet<_> =
                facts.keys.iter().filter(|key| self.stays(role, key)).filter_map(|key| key.id.as_ref()).collect();
            let has_enough = |signed_by: &BTreeSet<_>| {
                signed_by.iter().filter(|id| kept.contains(id)).count() as u64 >= role.threshold
            };
            facts.files.iter().filter(|file| !has_enough(&file.signed_by)).count()
        };
        let is_root = *name == CeremonyRole::Root;
        let staying =
            |name: &&Name| facts.keys.iter().any(|key| key.owner.as_ref() == Some(*name) && self.stays(role, key));
        let (staying, next): (Vec<&Name>, Vec<&Name>) = role.left.iter().partition(staying);
        // Only root is signed under the old keys as well.
        let left: Vec<Name> = if is_root { role.left.clone() } else { staying.into_iter().cloned().collect() };
        let missing = role.threshold.saturating_sub(left.len() as u64);
        let needs_compromised = is_root && role.verdict == Verdict::HoldsWithCompromised;
        let able = |name: &&Name| !role.lost.contains(name);
        (files > 0).then(|| Signing {
            role: name.clone(),
            label: role.label.clone(),
            files,
            threshold: role.threshold,
            left,
            both_keys: next.into_iter().filter(|_| is_root).cloned().collect(),
            compromised: role.compromised.iter().filter(able).filter(|_| needs_compromised).cloned().collect(),
            newcomers: missing,
            coming: self.changes_in(facts, role),
        })
    }

    fn online(&self) -> Option<OnlineSigner> {
        let timestamp = self.roles.iter().find(|role| matches!(role.role, SignedRole::Online(_)))?;
        if let Some(stays) = timestamp.left.first() {
            return Some(OnlineSigner::Stays(stays.clone()));
        }
        let first = timestamp.holders.first()?;
        Some(match self.change_for(first) {
            Change::Replace { lost, by: None } => OnlineSigner::InPlaceOf(lost),
            Change::Replace { by: Some(by), .. } => OnlineSigner::Stays(by),
            _ => OnlineSigner::Stays(first.clone()),
        })
    }
}
