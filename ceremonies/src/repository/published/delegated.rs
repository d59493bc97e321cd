//! The files of delegated roles, current and long superseded.

use std::collections::BTreeMap;

use rootline_metadata::limits::MAX_TARGETS_BYTES;
use rootline_metadata::{DelegatedRoles, Envelope, Role, RoleName, Snapshot, Targets, Unsigned, Verified, file_name};

use super::error::PublishedError;
use super::file::{open, pinned};
use crate::model::file_name::PublishedFile;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::repository::delegates::delegates;

/// A file that nothing has verified yet.
struct Waiting<'a> {
    file: &'a PublishedFile,
    envelope: Envelope<Targets>,
    /// The refusal of the first delegator that was asked.
    refusal: Option<Unsigned>,
}

/// Delegated roles may delegate themselves, so each file that is verified verifies those of the roles that it delegates to. Each of its
/// delegations is followed once, however long a chain they make.
pub(super) fn read_delegated_history(
    files: Vec<(&PublishedFile, &Name, &Vec<u8>)>,
    mut delegators: Vec<Verified<Targets>>,
) -> Result<(), PublishedError> {
    let mut waiting: BTreeMap<RoleName, Vec<Waiting<'_>>> = BTreeMap::new();
    for (file, name, bytes) in files {
        let not_delegated = || PublishedError::NotDelegated { name: file.to_string() };
        let role = CeremonyRole::Delegated(name.clone()).role_name().ok_or_else(not_delegated)?;
        let envelope = open_delegated(file, bytes)?;
        waiting.entry(role).or_default().push(Waiting { file, envelope, refusal: None });
    }
    // The newest first: most files are as it asks.
    while let Some(delegator) = delegators.pop() {
        let Some(delegations) = delegator.delegations() else { continue };
        let names: Vec<RoleName> = match delegations.roles() {
            DelegatedRoles::Listed(roles) => roles.iter().map(|role| role.name().clone()).collect(),
            DelegatedRoles::HashBins(bins) => waiting.keys().filter(|name| bins.is_bin(name)).cloned().collect(),
        };
        for name in names {
            let Some((files, authority)) = waiting.get_mut(&name).zip(delegations.authority(&name)) else { continue };
            let mut refused = Vec::new();
            for file in std::mem::take(files) {
                match file.envelope.clone().verify(authority) {
                    // Most delegate to nobody, and verify nothing then.
                    Ok(verified) if verified.delegations().is_none() => {}
                    Ok(verified) => delegators.push(verified),
                    Err(refusal) => refused.push(Waiting { refusal: file.refusal.or(Some(refusal)), ..file }),
                }
            }
            *files = refused;
        }
    }
    match waiting.into_values().flatten().min_by_key(|waiting| waiting.file) {
        None => Ok(()),
        Some(Waiting { file, refusal: Some(source), .. }) => {
            Err(PublishedError::Unsigned { name: file.to_string(), source: Box::new(source) })
        }
        Some(Waiting { file, refusal: None, .. }) => Err(PublishedError::NotDelegated { name: file.to_string() }),
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
