//! What is worth knowing beside whether thresholds hold.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::{Expiry, KeyId};

use super::{Losses, RoleDiagnosis, SignedRole};
use crate::ceremony::quorum::Delegator;
use crate::ceremony::tally::Tally;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;

/// Something that is worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// Something was interrupted between a root and the snapshot and timestamp that it wants, so no ceremony can be frozen until they are signed.
    Incomplete,
    /// What is published of a role is good no longer.
    Expired {
        /// What the role is called.
        role: String,
        /// Since when.
        expiry: Expiry,
    },
    /// The next file of a role is due.
    Due {
        /// What the role is called.
        role: String,
        /// Since when.
        since: DateTime<Utc>,
        /// How long what is published is good.
        expiry: Expiry,
    },
    /// A key is listed and nobody here has it.
    NobodysKey {
        /// What the role is called.
        role: String,
        /// The key.
        key_id: KeyId,
    },
    /// The policy names somebody who has no key yet.
    NoKeyYet {
        /// Who.
        name: Name,
    },
    /// Whoever is lost is missed in several roles that people sign.
    SeveralRoles {
        /// Who.
        name: Name,
        /// What the roles are called.
        roles: Vec<String>,
    },
    /// Whoever has one of these keys can sign both snapshot and timestamp.
    SharedOnlineKeys {
        /// Whose they are.
        names: Vec<Name>,
    },
    /// An open ceremony could use signatures of people who are lost, and can do without them.
    AsksForLost {
        /// Which ceremony.
        ceremony: Name,
        /// Who.
        names: Vec<Name>,
    },
    /// Keys that are stolen have signed an open ceremony: their owners may know nothing of it.
    SignedByCompromised {
        /// Which ceremony.
        ceremony: Name,
        /// Whose keys.
        names: Vec<Name>,
    },
    /// An open ceremony cannot be sealed any more as it is frozen.
    Stuck {
        /// Which ceremony.
        ceremony: Name,
        /// What cannot get enough signatures.
        part: RoleVersion,
        /// Which file asks for them.
        delegator: Delegator,
        /// How many more it needs.
        needed: u64,
        /// Who of those that are left could still sign.
        left: Vec<Name>,
    },
}

pub(super) fn remarks(roles: &[RoleDiagnosis], at: DateTime<Utc>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for RoleDiagnosis { label, expiry, due, .. } in roles {
        match (expiry, due) {
            (Some(expiry), _) if expiry.has_passed(at) => {
                remarks.push(Remark::Expired { role: label.clone(), expiry: *expiry });
            }
            (Some(expiry), Some(since)) if *since <= at => {
                remarks.push(Remark::Due { role: label.clone(), since: *since, expiry: *expiry });
            }
            _ => {}
        }
    }
    for role in roles {
        let unowned = |key_id: &KeyId| Remark::NobodysKey { role: role.label.clone(), key_id: key_id.clone() };
        remarks.extend(role.unowned.iter().map(unowned));
    }
    let mut of_people: BTreeMap<&Name, Vec<String>> = BTreeMap::new();
    for role in roles.iter().filter(|role| matches!(role.role, SignedRole::People(_))) {
        role.holders.iter().for_each(|name| of_people.entry(name).or_default().push(role.label.clone()));
    }
    let several = of_people.into_iter().filter(|(_, roles)| roles.len() > 1);
    remarks.extend(several.map(|(name, roles)| Remark::SeveralRoles { name: name.clone(), roles }));
    let online: Vec<&RoleDiagnosis> =
        roles.iter().filter(|role| matches!(role.role, SignedRole::Online(_)) && !role.holders.is_empty()).collect();
    if let [one, other] = online[..] {
        let names: Vec<Name> = one.holders.iter().filter(|name| other.holders.contains(name)).cloned().collect();
        remarks.extend((!names.is_empty()).then_some(Remark::SharedOnlineKeys { names }));
    }
    let without_key: BTreeSet<&Name> = roles.iter().flat_map(|role| &role.without_key).collect();
    remarks.extend(without_key.into_iter().map(|name| Remark::NoKeyYet { name: name.clone() }));
    remarks
}

/// What there is to say about an open ceremony. `roles` are those of what is published.
pub(super) fn of_ceremony(id: &Name, tally: &Tally, roles: &[RoleDiagnosis], losses: &Losses) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let (mut asked, mut compromised) = (BTreeSet::new(), BTreeSet::new());
    let is_root = |role: &&RoleDiagnosis| role.role == SignedRole::People(CeremonyRole::Root);
    let root = roles.iter().find(is_root);
    for (at, part) in tally.parts.iter().enumerate() {
        compromised.extend(part.signed().into_iter().filter(|name| losses.compromised.contains(name)).cloned());
        for quorum in part.quorums.iter().filter(|quorum| !quorum.is_met()) {
            // Whoever has lost the key that the published root lists cannot sign under that root, and may well under the next.
            let under_published = at == 0 && matches!(quorum.delegator, Delegator::OldRoot(_));
            let has_lost_key = |name: &Name| under_published && root.is_some_and(|root| root.lost.contains(name));
            let missing = quorum.missing.iter().cloned();
            let (lost, left): (Vec<Name>, Vec<Name>) =
                missing.partition(|name| losses.lost.contains(name) || has_lost_key(name));
            let needed = quorum.still_needed();
            asked.extend(lost);
            if (left.len() as u64) < needed {
                let (part, delegator) = (part.part.clone(), quorum.delegator.clone());
                remarks.push(Remark::Stuck { ceremony: id.clone(), part, delegator, needed, left });
            }
        }
    }
    if remarks.is_empty() && !asked.is_empty() {
        remarks.push(Remark::AsksForLost { ceremony: id.clone(), names: asked.into_iter().collect() });
    }
    if !compromised.is_empty() {
        remarks.push(Remark::SignedByCompromised { ceremony: id.clone(), names: compromised.into_iter().collect() });
    }
    remarks
}
