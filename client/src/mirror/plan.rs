//! What a mirror has to hold, and in which order it is written.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::file_name::{self, TARGETS_FOLDER};
use rootline_metadata::plain_name::clash;
use rootline_metadata::{Envelope, Role, RoleName, Root, TargetPath, Targets, Verified, Version};

use crate::store::escape::percent_encode;
use crate::transport::Request;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::Refusal;
use crate::workflow::{FoundRoots, ReachedRoles, TargetInfo, Trusted};

use super::error::MirrorError;
use super::place::is_place;
use super::report::LeftOut;

/// All files of one publication.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) trusted: Trusted,
    pub(super) oldest_root: Version,
    pub(super) delegated: Vec<(RoleName, Verified<Targets>)>,
    pub(super) left_out: Vec<LeftOut>,
    /// How many targets there are, by their names in the repository.
    pub(super) target_names: usize,
    /// To be fetched, and written first.
    pub(super) targets: Vec<PlannedTarget>,
    /// In the order of writing, the timestamp last.
    pub(super) metadata: Vec<PlannedFile>,
}

/// A metadata file.
#[derive(Debug)]
pub(super) struct PlannedFile {
    /// Where it belongs below the folder, with slashes.
    pub(super) place: String,
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the timestamp or the snapshot names.
    Pinned,
    /// Readers ask for it by its number alone.
    Root,
    /// A root before the pinned one: nothing that is pinned here depends on it.
    EarlierRoot,
    /// Readers begin with it.
    Timestamp,
}

/// A target.
#[derive(Debug)]
pub(super) struct PlannedTarget {
    pub(super) request: Request,
    /// What roles say of it; without digests in the names, two of them may say different things of one file, and one of them is right.
    pub(super) said: Vec<TargetInfo>,
    /// Where it belongs below the folder, with slashes: once for each digest, because clients differ in which one they ask for.
    pub(super) places: Vec<String>,
}

impl Plan {
    /// Plans a mirror of what was verified: `earlier` roots before the pinned one, `roots` from that to the newest, and all roles.
    ///
    /// # Errors
    /// If a target is larger than it may be, all of them together are, or two files would be in one place.
    pub(super) fn of(
        earlier: &FoundRoots,
        roots: &[Vec<u8>],
        walked: &ReachedRoles,
        limits: &Limits,
        most_target_bytes: u64,
    ) -> Result<Plan, MirrorError> {
        let trusted = walked.trusted();
        let mut listed = Listed::default();
        for (name, _) in trusted.targets().targets() {
            listed.add(trusted, None, trusted.targets(), &name, limits)?;
        }
        for (role, targets) in walked.roles() {
            // What a role says of files that nobody asks it for is said to nobody.
            let names = targets.targets().filter_map(|(name, _)| TargetPath::new(name));
            for name in names.filter(|name| walked.may_speak_about(role, name)) {
                listed.add(trusted, Some(role), targets, name.as_str(), limits)?;
            }
        }
        if listed.bytes > most_target_bytes {
            return Err(MirrorError::TooManyBytes { stated: listed.bytes, limit: most_target_bytes });
        }
        let roots_left_out = earlier.left_out.map(LeftOut::EarlierRoots).into_iter();
        let left_out = roots_left_out.chain(LeftOut::roles(walked)).chain(listed.left_out).collect();
        let plan = Plan {
            trusted: trusted.clone(),
            oldest_root: earlier
                .roots
                .first()
                .or(roots.first())
                .and_then(|root| version_of(root))
                .unwrap_or(trusted.root().version()),
            delegated: walked.roles().map(|(name, targets)| (name.clone(), targets.clone())).collect(),
            left_out,
            target_names: listed.names.len(),
            targets: listed.by_name.into_values().collect(),
            metadata: metadata_files(earlier, roots, walked),
        };
        plan.nothing_collides()
    }

    /// Every place below the folder that has a file.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        let targets = self.targets.iter().flat_map(|target| &target.places);
        targets.chain(self.metadata.iter().map(|file| &file.place)).map(String::as_str)
    }

    /// Of all targets together.
    pub(super) fn target_bytes(&self) -> u64 {
        let lengths = self.targets.iter().filter_map(|target| target.said.first().map(|found| found.file.length));
        lengths.fold(0, u64::saturating_add)
    }

    /// No two files are in one place, and none is where another one needs a folder: also where case makes no difference, since nobody knows what
    /// a mirror is written to, copied to, and served from.
    fn nothing_collides(self) -> Result<Plan, MirrorError> {
        match clash(self.places()) {
            Some((name, other)) => Err(MirrorError::Collision { name: name.to_owned(), other: other.to_owned() }),
            None => Ok(self),
        }
    }
}

/// The targets that were listed so far.
#[derive(Default)]
struct Listed {
    /// By the name to ask for.
    by_name: BTreeMap<String, PlannedTarget>,
    names: BTreeSet<String>,
    left_out: Vec<LeftOut>,
    bytes: u64,
}

impl Listed {
    fn add(
        &mut self,
        trusted: &Trusted,
        role: Option<&RoleName>,
        targets: &Verified<Targets>,
        name: &str,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        let Some(path) = TargetPath::new(name) else { return Ok(()) };
        let Some(file) = targets.target(&path) else { return Ok(()) };
        let consistent_snapshot = trusted.root().consistent_snapshot();
        let found = TargetInfo { path, file, role: role.cloned(), expiry: targets.expiry(), consistent_snapshot };
        let places = match target_places(&found) {
            Ok(places) => places,
            Err(reason) => {
                self.left_out.push(LeftOut::UnsafeName { name: name.to_owned(), reason });
                return Ok(());
            }
        };
        let request = found.request(limits)?;
        self.names.insert(name.to_owned());
        let key = request.name();
        match self.by_name.get_mut(&key) {
            Some(target) if target.said.iter().any(|said| said.file.digests == found.file.digests) => {}
            Some(target) => target.said.push(found),
            None => {
                self.bytes = self.bytes.saturating_add(found.file.length.saturating_mul(places.len() as u64));
                self.by_name.insert(key, PlannedTarget { request, said: vec![found], places });
            }
        }
        Ok(())
    }
}

/// Every place that a client may ask for.
fn target_places(found: &TargetInfo) -> Result<Vec<String>, &'static str> {
    let paths = file_name::target_paths(found.path.as_str(), &found.file.digests, found.consistent_snapshot);
    let places: Vec<String> = paths.into_iter().map(|path| format!("{TARGETS_FOLDER}{path}")).collect();
    for place in &places {
        is_place(place)?;
    }
    Ok(places)
}

/// Every metadata file in the order of writing: what is pointed at before what points at it.
fn metadata_files(earlier: &FoundRoots, roots: &[Vec<u8>], walked: &ReachedRoles) -> Vec<PlannedFile> {
    let trusted = walked.trusted();
    let named = |role: &str, version| metadata_place(&file_name::published(trusted.root(), role, version));
    let pinned = |role: &str, version, bytes: &[u8]| PlannedFile {
        place: named(role, version),
        bytes: bytes.to_vec(),
        kind: Kind::Pinned,
    };
    let (targets, snapshot) = (trusted.targets(), trusted.snapshot());
    let mut files: Vec<PlannedFile> =
        walked.roles().map(|(role, targets)| pinned(role.as_str(), targets.version(), targets.bytes())).collect();
    files.push(pinned("targets", targets.version(), targets.bytes()));
    files.push(pinned("snapshot", snapshot.version(), snapshot.bytes()));
    for (roots, kind) in [(&earlier.roots[..], Kind::EarlierRoot), (roots, Kind::Root)] {
        files.extend(roots.iter().filter_map(|bytes| {
            let place = file_name::root(version_of(bytes)?);
            Some(PlannedFile { place, bytes: bytes.clone(), kind })
        }));
    }
    let bytes = trusted.timestamp().bytes().to_vec();
    files.push(PlannedFile { place: file_name::TIMESTAMP.to_owned(), bytes, kind: Kind::Timestamp });
    files
}

/// Where a metadata file belongs: under its name, which is what a web server looks for however a client has encoded it; but percent-encoded
/// where the name is no path within the folder, or would be a hidden file, of which some are ours.
fn metadata_place(name: &str) -> String {
    match name.strip_prefix('.') {
        None if is_place(name).is_ok() => name.to_owned(),
        None => percent_encode(name),
        Some(rest) => format!("%2E{}", percent_encode(rest)),
    }
}

/// The version of a root, which nobody has verified here.
pub(super) fn version_of(root: &[u8]) -> Option<Version> {
    Envelope::<Root>::parse(root.to_vec(), root.len()).ok().map(|root| root.unverified().version())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metadata_file_is_where_a_web_server_looks_for_it_and_never_outside() {
        for (name, place) in [
            ("3.targets.json", "3.targets.json"),
            ("3.a/b.json", "3.a/b.json"),
            // What Windows does not take is encoded there.
            ("3.../x.json", if cfg!(windows) { "3...%2Fx.json" } else { "3.../x.json" }),
            ("3.a b?.json", if cfg!(windows) { "3.a%20b%3F.json" } else { "3.a b?.json" }),
            ("3.a b.json", "3.a b.json"),
            ("3.a/../b.json", "3.a%2F..%2Fb.json"),
            ("3.a//b.json", "3.a%2F%2Fb.json"),
            ("/etc/x.json", "%2Fetc%2Fx.json"),
            (".rootline-mirror.json", "%2Erootline-mirror.json"),
            ("../x.json", "%2E.%2Fx.json"),
        ] {
            assert_eq!(metadata_place(name), place);
            assert_eq!(is_place(place), Ok(()));
        }
    }
}
