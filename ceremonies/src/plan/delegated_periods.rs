//! How long delegated roles hold, as the plans said that made their files.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::delegation::RawDelegation;
use crate::model::period::Days;
use crate::model::role::CeremonyRole;
use crate::model::toml_error::{self, TomlError};

/// The periods of delegated roles that do not hold as long as targets does. No policy names delegated roles, and a file states only when it
/// expires: so the plan that made the file is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DelegatedPeriods {
    /// `None` where a role follows targets.
    planned: BTreeMap<CeremonyRole, Option<Days>>,
}

/// What is read of a plan: the people in it may have other names by now, or other keys.
#[derive(Deserialize)]
struct RawPlan {
    targets: RawTargets,
    #[serde(default)]
    delegations: Vec<RawDelegation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawTargets {
    expires_days: Spanned<u64>,
}

impl DelegatedPeriods {
    /// Adds what a plan says of the delegated roles whose files `made` says it made; of several plans the last one counts.
    ///
    /// # Errors
    /// If the text is not that of a plan.
    pub fn add(&mut self, plan: &str, made: impl Fn(&CeremonyRole) -> bool) -> Result<(), TomlError> {
        let raw: RawPlan = toml_error::read(plan)?;
        let targets = Days::read(plan, &raw.targets.expires_days)?;
        for delegation in &raw.delegations {
            let (to, expires) = (delegation.read_to(plan)?, Days::read(plan, &delegation.expires_days)?);
            let roles = to.roles();
            // Bins have one period, whichever of them changed last.
            if roles.iter().any(&made) {
                let own = (expires != targets).then_some(expires);
                self.planned.extend(roles.into_iter().map(|role| (role, own)));
            }
        }
        Ok(())
    }

    /// How long a role holds, where not as long as targets.
    pub fn own(&self, role: &CeremonyRole) -> Option<Days> {
        self.planned.get(role).copied().flatten()
    }

    /// Whether a plan that made the role's file is known.
    pub fn is_known(&self, role: &CeremonyRole) -> bool {
        self.planned.contains_key(role)
    }
}
