//! Whether thresholds still hold when people, keys or tokens are gone: for which roles, for how long, and what repairs it.

pub(crate) mod concern;
mod facts;
pub(crate) mod known_time;
mod remark;
mod repair;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::{Expiry, KeyId, TopLevelRole};

pub use remark::Remark;
pub use repair::{Change, OnlineSigner, Repair, RepairCeremony, Signing};

use self::facts::RoleFacts;
use crate::ceremony::tally::Tally;
use crate::model::keyholder::Keyholders;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::plan::plan::Plan;
use crate::plan::policy::Policy;
use crate::repository::published::Published;

/// What is gone, or not its owner's alone any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Keyholders who cannot sign any more, with any key.
    pub lost: BTreeSet<Name>,
    /// Single keys that nobody can sign with any more.
    pub lost_keys: BTreeSet<KeyId>,
    /// Keyholders whose listed keys somebody else has as well. They can still sign, unless they are lost too.
    pub compromised: BTreeSet<Name>,
    /// Who is to come in the place of whom, where that is known already.
    pub replacements: BTreeMap<Name, Name>,
}

/// A role of a repository, signed by people or without them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignedRole {
    /// Signed in ceremonies.
    People(CeremonyRole),
    /// Signed by an online key: snapshot or timestamp.
    Online(TopLevelRole),
}

impl SignedRole {
    /// The role's name in metadata.
    pub fn name(&self) -> &str {
        match self {
            SignedRole::People(role) => role.name(),
            SignedRole::Online(role) => role.name(),
        }
    }
}

/// Whether a role can still be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can, also if so many more are lost.
    Holds {
        /// At least 1.
        spare: u64,
    },
    /// It can, by all who are left.
    HoldsExactly,
    /// It can, if keyholders whose keys are stolen sign with them: without those there are not enough.
    HoldsWithCompromised,
    /// It cannot be signed any more.
    Broken,
}

impl Verdict {
    /// Whether enough are left whose keys are theirs alone.
    pub fn holds(self) -> bool {
        matches!(self, Verdict::Holds { .. } | Verdict::HoldsExactly)
    }

    /// How many more may be lost.
    pub fn spare(self) -> u64 {
        match self {
            Verdict::Holds { spare } => spare,
            Verdict::HoldsExactly | Verdict::HoldsWithCompromised | Verdict::Broken => 0,
        }
    }
}

/// What there is to know about one role, or about all bins of one delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDiagnosis {
    /// The role; of bins, the first.
    pub role: SignedRole,
    /// What it is called where people speak of it: for bins the first and the last.
    pub label: String,
    /// The role that says whose signatures count; none for root, which says it itself, and for the other top-level roles, of which root says
    /// it.
    pub delegator: Option<CeremonyRole>,
    /// How many have to sign.
    pub threshold: u64,
    /// Everybody whose key is listed, in order of their names.
    pub holders: Vec<Name>,
    /// Those of them who can sign with a key that is theirs alone.
    pub left: Vec<Name>,
    /// Those of them who cannot sign at all any more.
    pub lost: Vec<Name>,
    /// Those of them who have no key yet, before the first ceremony.
    pub without_key: Vec<Name>,
    /// Those of them whose keys somebody else has; one who is lost besides is here and there.
    pub compromised: Vec<Name>,
    /// How many of its keys an attacker has. Verifiers count keys, so this may be more than there are people.
    pub compromised_keys: u64,
    /// Keys that are nobody's here, so that nobody can sign with them.
    pub unowned: Vec<KeyId>,
    /// Whether it can still be signed.
    pub verdict: Verdict,
    /// When the file that is published expires; of bins, the first of them. None before there is one.
    pub expiry: Option<Expiry>,
    /// From when on the next file is due.
    pub due: Option<DateTime<Utc>>,
}

impl RoleDiagnosis {
    /// Whether an attacker has enough keys to sign it alone.
    pub fn is_compromised(&self) -> bool {
        self.compromised_keys >= self.threshold
    }

    /// Whether everybody is refused when it expires, and not only who asks for what it ships.
    pub fn is_top_level(&self) -> bool {
        !matches!(self.role, SignedRole::People(CeremonyRole::Delegated(_)))
    }
}

/// What holds after some losses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The instant that it is about.
    pub at: DateTime<Utc>,
    /// Whether anything has been published; otherwise this is about who is to sign the first files.
    pub is_published: bool,
    /// Root, targets, delegated roles with their delegators first, snapshot, timestamp.
    pub roles: Vec<RoleDiagnosis>,
    /// What repairs it.
    pub repair: Repair,
    /// What is worth knowing besides.
    pub remarks: Vec<Remark>,
}

impl Diagnosis {
    /// Of what is published. Due dates are as the policy says, where what is published says nothing.
    pub fn of_published(
        published: &Published,
        keyholders: &Keyholders,
        policy: &Policy,
        losses: &Losses,
        at: DateTime<Utc>,
    ) -> Diagnosis {
        let facts = facts::published(published, keyholders, policy);
        let mut diagnosis = Diagnosis::new(true, &facts, keyholders, losses, at);
        if !published.is_complete() {
            diagnosis.remarks.insert(0, Remark::Incomplete);
        }
        diagnosis
    }

    /// Of a first ceremony that is planned.
    pub fn of_plan(plan: &Plan, losses: &Losses, at: DateTime<Utc>) -> Diagnosis {
        Diagnosis::new(false, &facts::planned(plan), plan.keyholders(), losses, at)
    }

    /// Of a policy, before there is a plan. Roles for which it names nobody are left out.
    pub fn of_policy(policy: &Policy, keyholders: &Keyholders, losses: &Losses, at: DateTime<Utc>) -> Diagnosis {
        Diagnosis::new(false, &facts::of_policy(policy, keyholders), keyholders, losses, at)
    }

    fn new(
        is_published: bool,
        facts: &[RoleFacts],
        keyholders: &Keyholders,
        losses: &Losses,
        at: DateTime<Utc>,
    ) -> Diagnosis {
        let roles: Vec<RoleDiagnosis> = facts.iter().map(|facts| judge(facts, losses)).collect();
        let repair = if is_published {
            repair::repair(facts, &roles, keyholders, losses)
        } else {
            repair::before_the_first(&roles)
        };
        let remarks = remark::remarks(&roles, at);
        Diagnosis { at, is_published, roles, repair, remarks }
    }

    /// Whether every role can still be signed by keys that are their owners' alone, and none by an attacker.
    pub fn holds(&self) -> bool {
        self.roles.iter().all(|role| role.verdict.holds() && !role.is_compromised())
    }

    /// One of the roles.
    pub fn role(&self, role: &SignedRole) -> Option<&RoleDiagnosis> {
        self.roles.iter().find(|diagnosed| diagnosed.role == *role)
    }

    /// The role on account of which every verifier begins to refuse if nothing at all is signed from now on.
    pub fn first_to_expire(&self) -> Option<&RoleDiagnosis> {
        self.roles.iter().filter(|role| role.is_top_level() && role.expiry.is_some()).min_by_key(|role| role.expiry)
    }

    /// The role on account of which every verifier begins to refuse if all is signed that still can be, and nothing is repaired.
    pub fn first_to_fail(&self) -> Option<&RoleDiagnosis> {
        let failing = self.roles.iter().filter(|role| role.verdict == Verdict::Broken);
        failing.filter(|role| role.is_top_level() && role.expiry.is_some()).min_by_key(|role| role.expiry)
    }

    /// Looks at an open ceremony too: whether it asks for those who are lost, and whether it can still be sealed.
    pub fn look_at_ceremony(&mut self, id: &Name, tally: &Tally, losses: &Losses) {
        let remarks = remark::of_ceremony(id, tally, &self.roles, losses);
        self.remarks.extend(remarks);
    }
}

fn judge(facts: &RoleFacts, losses: &Losses) -> RoleDiagnosis {
    let (mut holders, mut able, mut without_key) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let (mut unowned, mut compromised_keys) = (Vec::new(), 0);
    for key in &facts.keys {
        let Some(owner) = &key.owner else {
            unowned.extend(key.id.clone());
            continue;
        };
        holders.insert(owner.clone());
        compromised_keys += u64::from(losses.compromised.contains(owner) && key.id.is_some());
        match &key.id {
            _ if losses.lost.contains(owner) => {}
            Some(id) if losses.lost_keys.contains(id) => {}
            Some(_) => drop(able.insert(owner.clone())),
            None => without_key.push(owner.clone()),
        }
    }
    // People count, whatever number of keys they have: who has two in a role counts once when a ceremony is sealed.
    let (stolen_and_able, left): (Vec<Name>, Vec<Name>) =
        able.iter().cloned().partition(|name| losses.compromised.contains(name));
    let threshold = facts.threshold;
    let verdict = match (left.len() as u64).checked_sub(threshold) {
        Some(0) => Verdict::HoldsExactly,
        Some(spare) => Verdict::Holds { spare },
        None if (left.len() + stolen_and_able.len()) as u64 >= threshold => Verdict::HoldsWithCompromised,
        None => Verdict::Broken,
    };
    let expiry = facts.files.iter().map(|file| file.expiry).min();
    RoleDiagnosis {
        role: facts.role.clone(),
        label: facts.label.clone(),
        delegator: facts.delegator.clone(),
        threshold,
        lost: holders.difference(&able).filter(|name| !without_key.contains(name)).cloned().collect(),
        without_key,
        compromised: holders.intersection(&losses.compromised).cloned().collect(),
        holders: holders.into_iter().collect(),
        left,
        compromised_keys,
        unowned,
        verdict,
        expiry,
        due: expiry.zip(facts.periods).map(|(expiry, periods)| periods.due_from(expiry)),
    }
}
