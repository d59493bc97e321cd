//! What is published and good, and is not as policy and clock have it.

use chrono::{DateTime, Utc};
use rootline_metadata::{Expiry, Role, TopLevelRole, Version};

use super::known_time::{ClockBehind, KnownTime};
use crate::model::period::Days;
use crate::plan::beyond_bounds::BeyondBounds;
use crate::plan::policy::Policy;
use crate::repository::published::{Current, Published};
use crate::repository::release::OnlinePeriods;

/// Something that verifiers accept, and that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Concern {
    /// The clock is behind the record, or an earlier one was ahead.
    #[error("{0}: this clock is wrong, or the one was that wrote it")]
    Clock(ClockBehind),
    /// It goes beyond the bounds of the policy.
    #[error("beyond the policy's bounds: {0}")]
    Beyond(BeyondBounds),
    /// What an online key signs would hold longer than the policy's bound, and is signed to hold as long as that.
    #[error("{role} would hold {days} days, and is signed for {longest}, which is the policy's bound")]
    Shortened {
        /// The role.
        role: TopLevelRole,
        /// As root or the policy says.
        days: u16,
        /// The bound.
        longest: u16,
    },
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
pub fn concerns(published: &Published, policy: &Policy, known: &KnownTime, now: DateTime<Utc>) -> Vec<Concern> {
    let mut concerns: Vec<Concern> = known.check(now).err().map(Concern::Clock).into_iter().collect();
    concerns.extend(policy.bounds().beyond_in(published, now).into_iter().map(Concern::Beyond));
    concerns.extend(shortened(published, policy));
    concerns.extend(outlived(published, now));
    concerns
}

fn shortened(published: &Published, policy: &Policy) -> Vec<Concern> {
    let Some(longest) = policy.bounds().online().longest else { return Vec::new() };
    let OnlinePeriods { snapshot, timestamp } = OnlinePeriods::stated(published.root(), policy);
    let roles = [(TopLevelRole::Snapshot, snapshot.expires), (TopLevelRole::Timestamp, timestamp.expires)];
    let too_long = roles.into_iter().filter(|(_, expires)| *expires > longest);
    let concern = |(role, days): (_, Days)| Concern::Shortened { role, days: days.number(), longest: longest.number() };
    too_long.map(concern).collect()
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
