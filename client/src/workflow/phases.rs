//! The checks, phase by phase. Each phase is used up to make the next, so a check cannot be passed by.

use chrono::{DateTime, Utc};
use rootline_metadata::{
    Authority, Envelope, Expiry, MetaFile, Role, Root, Snapshot, Targets, Thoroughness, Timestamp, TopLevelRole,
    Verified, file_name,
};

use super::rollback_floor::Floor;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// 5.3 is done: the newest root is trusted and unexpired.
#[derive(Clone, Debug)]
pub struct Rooted {
    root: Verified<Root>,
    /// The root before it, which only explains refusals.
    before: Option<Verified<Root>>,
    limits: Limits,
    /// 5.1: the one instant that every expiry is judged at.
    now: DateTime<Utc>,
}

impl Rooted {
    pub(super) fn new(
        root: Verified<Root>,
        before: Option<Verified<Root>>,
        limits: Limits,
        now: DateTime<Utc>,
    ) -> Rooted {
        Rooted { root, before, limits, now }
    }

    /// The final root.
    pub fn root(&self) -> &Verified<Root> {
        &self.root
    }

    /// The limits that apply.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// 5.4.2 to 5.4.4: verifies a timestamp that the repository offers.
    ///
    /// [`TimestampDecision::Keep`] says nothing about the expiry: [`Rooted::with_kept_timestamp`] checks that of the cached one. Whether a
    /// timestamp is offered at all (5.4.1) is checked where it is asked for, in `refresh.rs`.
    ///
    /// # Errors
    /// If it is malformed, not signed, goes backwards itself or takes the snapshot backwards, or has expired.
    pub fn verify_timestamp(&self, offered: Vec<u8>, floor: &Floor) -> Result<TimestampDecision, Refusal> {
        // The very bytes that the floor has verified need no second look; `with_kept_timestamp` goes on with them.
        if floor.timestamp().is_some_and(|local| local.bytes() == offered) {
            return Ok(TimestampDecision::Keep);
        }
        let file = File::Timestamp;
        let new: Envelope<Timestamp> = parse(offered, self.limits.timestamp, file.clone())?;
        // 5.4.2: signed by the final root's timestamp keys.
        let new = signed(self, new, self.root.authority(TopLevelRole::Timestamp), &file, Check::TimestampSignatures)?;
        // 5.4.3.1: it must not go down. An equal version changes nothing, so the cache is kept, whatever is in the other.
        if let Some(trusted) = floor.timestamp_version() {
            if new.version() < trusted {
                return Err(rollback(file.clone(), file, trusted, new.version(), Check::TimestampVersion));
            }
            if new.version() == trusted {
                return Ok(TimestampDecision::Keep);
            }
        }
        // 5.4.3.2: nor take the snapshot down. Looked at before the file is kept (CVE-2025-2888), or it would stand in the way.
        let offered = new.snapshot().version;
        if let Some(trusted) = floor.snapshot_version().filter(|trusted| offered < *trusted) {
            return Err(rollback(file, File::Snapshot, trusted, offered, Check::TimestampSnapshotVersion));
        }
        // 5.4.4: freeze.
        unexpired(new.expiry(), self.now, file, Check::TimestampExpiry)?;
        Ok(TimestampDecision::Replace(new))
    }

    /// Goes on with a new timestamp that was verified.
    pub fn with_new_timestamp(self, timestamp: Verified<Timestamp>, floor: Floor) -> Timestamped {
        Timestamped { rooted: self, timestamp, floor }
    }

    /// Goes on with the local timestamp, which the repository's does not replace.
    ///
    /// # Errors
    /// If it has expired, or there is none.
    pub fn with_kept_timestamp(self, floor: Floor) -> Result<Timestamped, Refusal> {
        let absent = Refusal { file: File::Timestamp, check: Check::TimestampPresent, fault: Fault::Absent };
        let timestamp = floor.timestamp().cloned().ok_or(absent)?;
        // 5.4.4: a repository that goes on serving an old timestamp is frozen.
        unexpired(timestamp.expiry(), self.now, File::Timestamp, Check::TimestampExpiry)?;
        Ok(Timestamped { rooted: self, timestamp, floor })
    }
}

/// What to do with an offered timestamp.
#[derive(Clone, Debug)]
pub enum TimestampDecision {
    /// It is no newer than the local one; go on with that.
    Keep,
    /// It is newer; store it, and go on with it.
    Replace(Verified<Timestamp>),
}

/// 5.4 is done: it is known which snapshot is the newest.
#[derive(Clone, Debug)]
pub struct Timestamped {
    rooted: Rooted,
    timestamp: Verified<Timestamp>,
    floor: Floor,
}

impl Timestamped {
    /// What the timestamp says about the snapshot.
    pub fn meta_file(&self) -> &MetaFile {
        self.timestamp.snapshot()
    }

    /// The phase before.
    pub fn rooted(&self) -> &Rooted {
        &self.rooted
    }

    /// Whether the local snapshot is the one that the timestamp names, unexpired: then nothing has to be fetched.
    pub fn local_snapshot(&self) -> Option<Verified<Snapshot>> {
        let held = self.floor.snapshots();
        let is_named = |local: &&Verified<Snapshot>| {
            local.version() == self.meta_file().version
                && self.check_meta_file(local.bytes()).is_ok()
                && !local.expiry().has_passed(self.rooted.now)
        };
        let goes_back = |local: &Verified<Snapshot>| {
            let others = held.iter().filter(|other| other.bytes() != local.bytes());
            others.into_iter().any(|other| check_rollback(other, local).is_err())
        };
        held.iter().find(is_named).filter(|local| !goes_back(local)).cloned()
    }

    /// 5.5.2 to 5.5.6: takes the snapshot that the timestamp names.
    ///
    /// # Errors
    /// If it is not as the timestamp says, malformed, not signed, takes a file backwards or away, or has expired.
    pub fn verify_snapshot(&self, offered: Vec<u8>) -> Result<Verified<Snapshot>, Refusal> {
        let file = File::Snapshot;
        // 5.5.2: the length and the digests that the timestamp gives.
        self.check_meta_file(&offered)?;
        let new: Envelope<Snapshot> = parse(offered, self.rooted.limits.snapshot, file.clone())?;
        // 5.5.3: signed by the final root's snapshot keys.
        let authority = self.rooted.root.authority(TopLevelRole::Snapshot);
        let new = signed(&self.rooted, new, authority, &file, Check::SnapshotSignatures)?;
        // 5.5.4: the version that the timestamp gives.
        right_version(self.meta_file(), &*new, &file, Check::SnapshotVersion)?;
        // 5.5.5: no file of the trusted snapshot goes down or away.
        for trusted in self.floor.snapshots() {
            check_rollback(trusted, &new)?;
        }
        // 5.5.6: freeze.
        unexpired(new.expiry(), self.rooted.now, file, Check::SnapshotExpiry)?;
        Ok(new)
    }

    /// Goes on with a snapshot that was verified, or the local one.
    pub fn with_snapshot(self, snapshot: Verified<Snapshot>) -> Snapshotted {
        Snapshotted { rooted: self.rooted, timestamp: self.timestamp, snapshot }
    }

    /// 5.5.2: of a local snapshot as of a fetched one.
    fn check_meta_file(&self, bytes: &[u8]) -> Result<(), Refusal> {
        matches_meta_file(self.meta_file(), bytes, &File::Snapshot, Check::SnapshotMetaFile)
    }
}

/// 5.5 is done: it is known which targets files belong together.
#[derive(Clone, Debug)]
pub struct Snapshotted {
    rooted: Rooted,
    timestamp: Verified<Timestamp>,
    snapshot: Verified<Snapshot>,
}

impl Snapshotted {
    /// The snapshot.
    pub fn snapshot(&self) -> &Verified<Snapshot> {
        &self.snapshot
    }

    /// The first phase.
    pub fn rooted(&self) -> &Rooted {
        &self.rooted
    }

    /// 5.6.2 to 5.6.5: takes the top-level targets that the snapshot names, from the repository or a cache: both have to
    /// pass every check.
    ///
    /// # Errors
    /// If they are not as the snapshot says, malformed, not signed, or have expired.
    pub fn verify_targets(&self, offered: Vec<u8>) -> Result<Verified<Targets>, Refusal> {
        let authority = self.rooted.root.authority(TopLevelRole::Targets);
        verify_targets_file(&self.rooted, self.snapshot.targets(), authority, offered, File::Targets)
    }

    /// Everything is trusted.
    pub fn with_targets(self, targets: Verified<Targets>) -> Trusted {
        Trusted { rooted: self.rooted, timestamp: self.timestamp, snapshot: self.snapshot, targets }
    }
}

/// The four top-level roles, verified, belonging together, and fresh at the instant of the refresh.
#[derive(Clone, Debug)]
pub struct Trusted {
    rooted: Rooted,
    timestamp: Verified<Timestamp>,
    snapshot: Verified<Snapshot>,
    targets: Verified<Targets>,
}

impl Trusted {
    /// The final root.
    pub fn root(&self) -> &Verified<Root> {
        &self.rooted.root
    }

    /// The timestamp.
    pub fn timestamp(&self) -> &Verified<Timestamp> {
        &self.timestamp
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Verified<Snapshot> {
        &self.snapshot
    }

    /// The top-level targets.
    pub fn targets(&self) -> &Verified<Targets> {
        &self.targets
    }

    /// From when on it is no longer fresh: the first of the four expiries.
    pub fn expiry(&self) -> Expiry {
        let others = [self.timestamp.expiry(), self.snapshot.expiry(), self.targets.expiry()];
        others.into_iter().fold(self.root().expiry(), Expiry::min)
    }

    /// About when the timestamp was signed: its expiry less the lifetime that root states for it; `None` when root states none. Both are
    /// signed, so nobody who carries these files can make them look newer.
    pub fn signed_at(&self) -> Option<DateTime<Utc>> {
        let lifetime = self.root().stated_lifetime(TopLevelRole::Timestamp)?;
        self.timestamp.expiry().instant().checked_sub_signed(lifetime)
    }

    /// The instant that every expiry was judged at.
    pub fn checked_at(&self) -> DateTime<Utc> {
        self.rooted.now
    }

    /// The first phase.
    pub(crate) fn rooted(&self) -> &Rooted {
        &self.rooted
    }
}

/// 5.6.2 to 5.6.5 for one targets file, from every delegating role: one check for all, so that none is forgotten (CVE-2026-6967).
pub(super) fn verify_targets_file(
    rooted: &Rooted,
    meta_file: &MetaFile,
    authority: Authority<'_>,
    offered: Vec<u8>,
    file: File,
) -> Result<Verified<Targets>, Refusal> {
    // 5.6.2: the length and the digests that the snapshot gives.
    matches_meta_file(meta_file, &offered, &file, Check::TargetsMetaFile)?;
    let new: Envelope<Targets> = parse(offered, rooted.limits.targets, file.clone())?;
    // 5.6.3: signed by the keys that the delegator names.
    let new = signed(rooted, new, authority, &file, Check::TargetsSignatures)?;
    // 5.6.4: the version that the snapshot gives.
    right_version(meta_file, &*new, &file, Check::TargetsVersion)?;
    // 5.6.5: freeze.
    unexpired(new.expiry(), rooted.now, file, Check::TargetsExpiry)?;
    Ok(new)
}

pub(super) fn parse<R: Role>(bytes: Vec<u8>, limit: u64, file: File) -> Result<Envelope<R>, Refusal> {
    // 4: the form of the file.
    Envelope::parse(bytes, usize::try_from(limit).unwrap_or(usize::MAX)).map_err(|error| Refusal {
        file,
        check: Check::Form,
        fault: Fault::Malformed(Box::new(error)),
    })
}

pub(super) fn unexpired(expiry: Expiry, now: DateTime<Utc>, file: File, check: Check) -> Result<(), Refusal> {
    if expiry.has_passed(now) { Err(Refusal { file, check, fault: Fault::Expired { expiry, now } }) } else { Ok(()) }
}

/// How many bytes of a pinned file to ask for: what is stated, or else the limit. What is stated has to be within the limit.
pub(super) fn bytes_to_ask_for(meta_file: &MetaFile, limit: u64, file: &File, check: Check) -> Result<u64, Refusal> {
    match meta_file.length {
        Some(stated) if stated > limit => {
            Err(Refusal { file: file.clone(), check, fault: Fault::TooLong { stated, limit } })
        }
        Some(stated) => Ok(stated),
        None => Ok(limit),
    }
}

/// Where enough keys of the root before the final one have signed a file of a top-level role, the refusal says so: caches may show files of
/// different ages.
fn signed<R: Role + Clone>(
    rooted: &Rooted,
    envelope: Envelope<R>,
    authority: Authority<'_>,
    file: &File,
    check: Check,
) -> Result<Verified<R>, Refusal> {
    let older = rooted.before.as_ref().zip(file.top_level());
    let again = older.map(|(before, role)| (before, before.authority(role), envelope.clone()));
    envelope.verify(authority).map_err(|unsigned| {
        let unsigned = Box::new(unsigned);
        let is_met = |by: Authority<'_>, envelope: &Envelope<R>| envelope.tally(by, Thoroughness::Enough).is_met();
        let fault = match again {
            Some((before, by, envelope)) if is_met(by, &envelope) => {
                Fault::SignedForRootBefore { unsigned, before: before.version(), root: rooted.root.version() }
            }
            _ => Fault::Unsigned(unsigned),
        };
        Refusal { file: file.clone(), check, fault }
    })
}

fn matches_meta_file(meta_file: &MetaFile, bytes: &[u8], file: &File, check: Check) -> Result<(), Refusal> {
    let offered = bytes.len() as u64;
    let fault = match (&meta_file.length, &meta_file.digests) {
        (Some(expected), _) if *expected != offered => Fault::WrongLength { expected: *expected, offered },
        (_, Some(digests)) if !digests.match_bytes(bytes) => Fault::WrongDigest { expected: digests.to_string() },
        _ => return Ok(()),
    };
    Err(Refusal { file: file.clone(), check, fault })
}

fn right_version(meta_file: &MetaFile, offered: &impl Role, file: &File, check: Check) -> Result<(), Refusal> {
    if offered.version() == meta_file.version {
        return Ok(());
    }
    let fault = Fault::WrongVersion { expected: meta_file.version, offered: offered.version() };
    Err(Refusal { file: file.clone(), check, fault })
}

fn rollback(
    file: File,
    of: File,
    trusted: rootline_metadata::Version,
    offered: rootline_metadata::Version,
    check: Check,
) -> Refusal {
    Refusal { file, check, fault: Fault::Rollback { of, trusted, offered } }
}

/// 5.5.5 for every file that the trusted snapshot lists, also of roles that are gone.
pub(super) fn check_rollback(trusted: &Snapshot, new: &Snapshot) -> Result<(), Refusal> {
    let refusal = |fault| Refusal { file: File::Snapshot, check: Check::SnapshotRollback, fault };
    for (name, meta_file) in trusted.meta_files() {
        let Some(trusted) = meta_file.map(|meta_file| meta_file.version) else { continue };
        let Some(offered) = new.meta_file(&name).map(|meta_file| meta_file.version) else {
            return Err(refusal(Fault::Removed { name: name.into_owned() }));
        };
        if offered < trusted {
            let role = file_name::delegated_role_in(&name);
            let of = role.map_or(File::Targets, File::Delegated);
            return Err(refusal(Fault::Rollback { of, trusted, offered }));
        }
    }
    Ok(())
}
