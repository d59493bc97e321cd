//! What goes beyond the bounds of the policy as they are now, also where they were others when it was planned.

use chrono::{DateTime, Utc};
use rootline_metadata::{Role, TopLevelRole};

use super::plan::Plan;
use super::role_plan::RolePlan;
use crate::ceremony::frozen::Frozen;
use crate::model::bounds::{Bound, Bounds};
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::repository::delegates::{delegates, delegation_tree};
use crate::repository::published::Published;

/// Something that goes beyond the bounds of the policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{role}: {problem}")]
pub struct BeyondBounds {
    /// The role that it is about.
    pub role: String,
    /// The file that says so; `None` for what no file says yet.
    pub file: Option<String>,
    /// The bound, and its reason.
    pub problem: String,
}

impl Bounds {
    /// What of a frozen plan goes beyond these bounds at `now`. A plan is read once with the bounds of its day; between that and its release they
    /// may have changed, or been away for a moment.
    pub fn beyond(&self, plan: &Plan, frozen: &Frozen, now: DateTime<Utc>) -> Vec<BeyondBounds> {
        let mut found = Vec::new();
        let mut check = |role: String, bound: &Bound, planned: &RolePlan| {
            let problems = [bound.check_threshold(planned.holders.threshold()), bound.check_days(planned.expires)];
            let beyond = |problem| BeyondBounds { role: role.clone(), file: None, problem };
            found.extend(problems.into_iter().filter_map(Result::err).map(beyond));
        };
        check(CeremonyRole::Root.to_string(), self.of(&CeremonyRole::Root), plan.root());
        check(CeremonyRole::Targets.to_string(), self.of(&CeremonyRole::Targets), plan.targets());
        for delegation in plan.delegations() {
            check(delegation.label(), self.delegations(), &delegation.role);
        }
        for part in frozen.parts() {
            let held = frozen.expiry(part).map(|expiry| self.of(&part.role).check_expiry(expiry, now));
            let beyond = |problem| BeyondBounds { role: part.to_string(), file: Some(part.file_name()), problem };
            found.extend(held.and_then(Result::err).map(beyond));
        }
        let online = plan.online_plan();
        for (role, periods) in [(TopLevelRole::Snapshot, online.snapshot), (TopLevelRole::Timestamp, online.timestamp)]
        {
            let problem = periods.and_then(|periods| self.online().check_days(periods.expires).err());
            found.extend(problem.map(|problem| BeyondBounds { role: role.to_string(), file: None, problem }));
        }
        found
    }

    /// What of the published files that people sign goes beyond these bounds at `now`.
    pub fn beyond_in(&self, published: &Published, now: DateTime<Utc>) -> Vec<BeyondBounds> {
        let mut found = Vec::new();
        let mut check = |role: &CeremonyRole, file: &RoleVersion, checked: Result<(), String>| {
            let beyond = |problem| BeyondBounds { role: role.to_string(), file: Some(file.file_name()), problem };
            found.extend(checked.err().map(beyond));
        };
        let Some(root) = published.root() else { return found };
        let root_file = RoleVersion::new(CeremonyRole::Root, root.version());
        for (role, name) in [(CeremonyRole::Root, TopLevelRole::Root), (CeremonyRole::Targets, TopLevelRole::Targets)] {
            check(&role, &root_file, self.of(&role).check_threshold(root.role(name).threshold()));
        }
        check(&CeremonyRole::Root, &root_file, self.of(&CeremonyRole::Root).check_expiry(root.expiry(), now));
        let Some(current) = published.current() else { return found };
        for (role, targets) in delegation_tree(|role| current.targets_of(role).map(|targets| &**targets)) {
            let file = RoleVersion::new(role.clone(), targets.version());
            check(&role, &file, self.of(&role).check_expiry(targets.expiry(), now));
            for (name, authority) in delegates(targets).unwrap_or_default() {
                let checked = self.delegations().check_threshold(authority.role.threshold());
                check(&CeremonyRole::Delegated(name), &file, checked);
            }
        }
        found
    }
}
