//! The files of delegated roles, current and long superseded.

use std::collections::BTreeMap;

use rootline_metadata::limits::MAX_TARGETS_BYTES;
use rootline_metadata::{Authority, Envelope, Role, Snapshot, Targets, Unsigned, Verified, file_name};

use super::error::PublishedError;
use super::file::{open, pinned};
use crate::model::file_name::PublishedFile;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::repository::delegates::delegates;

/// Delegated roles may delegate themselves, so files are verified in rounds, by those that were verified before.
pub(super) fn read_delegated_history(
    mut waiting: Vec<(&PublishedFile, &Name, &Vec<u8>)>,
    mut delegators: Vec<Verified<Targets>>,
) -> Result<(), PublishedError> {
    let authorities = |delegators: &[Verified<Targets>], name: &Name, envelope: &Envelope<Targets>| {
        let role = CeremonyRole::Delegated(name.clone()).role_name();
        let mut refusal: Option<Unsigned> = None;
        for delegator in delegators.iter().rev() {
            let authority = role.as_ref().and_then(|role| delegator.delegations()?.authority(role));
            match authority.map(|authority: Authority<'_>| envelope.clone().verify(authority)) {
                Some(Ok(verified)) => return Ok(verified),
                Some(Err(unsigned)) => refusal = refusal.or(Some(unsigned)),
                None => {}
            }
        }
        Err(refusal)
    };
    loop {
        let (mut still_waiting, mut first_refusal, before) = (Vec::new(), None, waiting.len());
        for (file, name, bytes) in waiting {
            match authorities(&delegators, name, &open_delegated(file, bytes)?) {
                // Most delegate to nobody, and are in nobody's way then.
                Ok(verified) if verified.delegations().is_none() => {}
                Ok(verified) => delegators.push(verified),
                Err(refusal) => {
                    first_refusal = first_refusal.or(Some((file, refusal)));
                    still_waiting.push((file, name, bytes));
                }
            }
        }
        match first_refusal {
            None => return Ok(()),
            Some((file, refusal)) if still_waiting.len() == before => {
                let name = file.to_string();
                return Err(match refusal {
                    Some(source) => PublishedError::Unsigned { name, source: Box::new(source) },
                    None => PublishedError::NotDelegated { name },
                });
            }
            Some(_) => waiting = still_waiting,
        }
    }
}

/// The delegated roles that a snapshot makes current, each signed as the current file that delegates to it asks.
pub(super) fn read_delegated(
    named: &BTreeMap<PublishedFile, &Vec<u8>>,
    snapshot: &Verified<Snapshot>,
    targets: &Verified<Targets>,
) -> Result<BTreeMap<Name, Verified<Targets>>, PublishedError> {
    let mut delegated: BTreeMap<Name, Verified<Targets>> = BTreeMap::new();
    let mut to_visit = vec![(RoleVersion::new(CeremonyRole::Targets, targets.version()), targets.clone())];
    while let Some((by, delegator)) = to_visit.pop() {
        let unsupported = |what| PublishedError::Delegations { name: by.file_name(), what };
        for (name, authority) in delegates(&delegator).map_err(unsupported)? {
            let role = CeremonyRole::Delegated(name.clone());
            let snapshot_name = PublishedFile::Snapshot(snapshot.version());
            let meta_file = role.role_name().and_then(|role| snapshot.delegated(&role));
            let meta_file = meta_file.ok_or_else(|| PublishedError::Missing {
                name: format!("the entry of {} in {snapshot_name}", file_name::role(&name)),
                named_by: by.file_name(),
            })?;
            let part = RoleVersion::new(role, meta_file.version);
            let file = part.published_file();
            let bytes = pinned(named, snapshot_name, &file, &meta_file)?;
            let verified = open_delegated(&file, bytes)?
                .verify(authority)
                .map_err(|source| PublishedError::Unsigned { name: file.to_string(), source: Box::new(source) })?;
            if delegated.insert(name.clone(), verified.clone()).is_some() {
                return Err(unsupported(format!("{name}, which another role delegates to as well")));
            }
            to_visit.push((part, verified));
        }
    }
    Ok(delegated)
}

fn open_delegated(file: &PublishedFile, bytes: &[u8]) -> Result<Envelope<Targets>, PublishedError> {
    open(file, bytes, MAX_TARGETS_BYTES)
}
