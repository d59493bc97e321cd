//! The policy, with what the ceremonies of the folder planned for delegated roles.

use rootline_ceremonies::{CeremonyRole, DelegatedPeriods, Policy, Published};

use super::ceremony::Stage;
use super::record::CeremonyRecord;
use super::repository::RepositoryFolder;
use crate::failure::Failure;

impl RepositoryFolder {
    /// The policy, with the periods of the delegated roles that are published. A ceremony whose record is damaged says nothing of them, and stops
    /// other commands.
    pub(crate) fn policy_for(&self, published: &Published) -> Result<Policy, Failure> {
        let mut released = Vec::new();
        if published.current().is_some_and(|current| !current.delegated.is_empty()) {
            for ceremony in self.ceremonies_and_strays()?.0 {
                let Ok(record) = ceremony.load(published) else { continue };
                if record.stage().is_ok_and(|stage| stage == Stage::Released) {
                    released.push(record);
                }
            }
        }
        released.sort_by_key(|record| record.transcript().sealing().map(|entry| entry.at));
        let mut periods = DelegatedPeriods::default();
        for record in &released {
            // Damaged, and found by ceremony verify.
            let _ = add(&mut periods, record, published);
        }
        Ok(self.policy()?.with_delegated(periods))
    }
}

fn add(periods: &mut DelegatedPeriods, record: &CeremonyRecord, published: &Published) -> Result<(), Failure> {
    let files = record.frozen()?;
    let plan = record.folder().frozen_plan(&files)?;
    let is_current = |role: &CeremonyRole| {
        let current = published.current().and_then(|current| current.targets_of(role));
        let made = files.frozen.part(role).map(|part| part.version);
        current.is_some_and(|current| made == Some(rootline_metadata::Role::version(&**current)))
    };
    periods.add(plan.text(), is_current).map_err(|error| Failure::toml(record.folder().path(), &error))
}
