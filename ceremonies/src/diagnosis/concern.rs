//! What is published and good, and is not as policy and clock have it.

use chrono::{DateTime, Utc};
use rootline_metadata::{Expiry, Role, TopLevelRole, Version};

use super::known_time::{ClockBehind, KnownTime};
use crate::repository::published::{Current, Published};

/// Something that verifiers accept, and that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Concern {
    /// The clock is behind the record, or an earlier one was ahead.
    #[error("{0}: this clock is wrong, or the one was that wrote it")]
    Clock(ClockBehind),
    /// The timestamp says that all is well for longer than it is.
    #[error(
        "timestamp {timestamp} holds until {until}, and {role} {version} only until {expiry}: verifiers are refused from then on"
    )]
    Outlives {
        /// The timestamp's version.
        timestamp: Version,
        /// Its expiry.
        until: Expiry,
        /// The role that expires sooner.
        role: TopLevelRole,
        /// Its version.
        version: Version,
        /// Its expiry.
        expiry: Expiry,
    },
}

/// What of the published files is not as policy and clock have it.
pub fn concerns(published: &Published, known: &KnownTime, now: DateTime<Utc>) -> Vec<Concern> {
    let mut concerns: Vec<Concern> = known.check(now).err().map(Concern::Clock).into_iter().collect();
    concerns.extend(outlived(published, now));
    concerns
}

/// The files without which no verifier is served, where the timestamp outlives them. Those that have expired already are seen without it.
fn outlived(published: &Published, now: DateTime<Utc>) -> Vec<Concern> {
    let Some((root, Current { timestamp, snapshot, targets, .. })) = published.root().zip(published.current()) else {
        return Vec::new();
    };
    let until = timestamp.expiry();
    let files = [
        (TopLevelRole::Root, root.version(), root.expiry()),
        (TopLevelRole::Snapshot, snapshot.version(), snapshot.expiry()),
        (TopLevelRole::Targets, targets.version(), targets.expiry()),
    ];
    let outlived = files.into_iter().filter(|(.., expiry)| *expiry < until && !expiry.has_passed(now));
    let concern =
        |(role, version, expiry)| Concern::Outlives { timestamp: timestamp.version(), until, role, version, expiry };
    outlived.map(concern).collect()
}
