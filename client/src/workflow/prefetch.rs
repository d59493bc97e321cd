//! The prefetch plan: which files will probably be needed next, from files that are not verified yet.
//!
//! Of snapshots and targets only what a file names that is here already is fetched ahead. A version that was guessed may not exist yet, and
//! a cache that keeps its absence would then hide it from everybody behind it once it is published. Roots have no other way to be found.
//!
//! The plan decides what is fetched early and nothing else. Every file is verified when the state machine asks for it, whenever it
//! arrived; a wrong plan costs a request.

use rootline_metadata::{Envelope, MetaFile, Role, Root, Snapshot, Timestamp, TopLevelRole, Version, file_name};

use super::phases::{Rooted, bytes_to_ask_for};
use super::rollback_floor::{CachedFiles, Floor};
use super::root_chain::RootChain;
use crate::transport::Request;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::machine::Prefetched;
use crate::workflow::refusal::File;

/// The root of that version.
pub(super) fn root(chain: &RootChain, version: Version) -> Request {
    Request::metadata(file_name::root(version), chain.limits().root)
}

/// The timestamp.
pub(super) fn timestamp(limits: &Limits) -> Request {
    Request::metadata(file_name::TIMESTAMP, limits.timestamp)
}

/// While the root of `version` is on its way: `further` roots after it, the timestamp, and what the timestamp will lead to.
pub(super) fn after_root(
    chain: &RootChain,
    version: Version,
    further: u32,
    copies: &CachedFiles,
    prefetched: &dyn Prefetched,
) -> Vec<Request> {
    let limits = chain.limits();
    let next = std::iter::successors(version.next(), |version| version.next());
    let mut requests: Vec<Request> = next.take(further as usize).map(|version| root(chain, version)).collect();
    requests.insert(0, timestamp(limits));
    // Whether names carry versions is for the final root to say; the newest that is here will know.
    let newest = requests.iter().rev().chain([&root(chain, version)]).find_map(|request| {
        let bytes = prefetched.bytes(request.segments.first()?)?;
        parsed::<Root>(bytes, limits.root)
    });
    let newest: &Root = newest.as_ref().map_or(&**chain.newest(), Envelope::unverified);
    let local: Option<Envelope<Snapshot>> = copies.snapshot.as_deref().and_then(|bytes| parsed(bytes, limits.snapshot));
    requests.extend(pinned(newest, local.as_ref().map(Envelope::unverified), limits, prefetched));
    requests
}

/// While the timestamp is on its way.
pub(super) fn after_timestamp(rooted: &Rooted, floor: &Floor, prefetched: &dyn Prefetched) -> Vec<Request> {
    pinned(rooted.root(), floor.snapshot().map(|snapshot| &**snapshot), rooted.limits(), prefetched)
}

/// The snapshot that a timestamp which is here names, and the targets that this snapshot names; but not what `local` shows to be here.
fn pinned(root: &Root, local: Option<&Snapshot>, limits: &Limits, prefetched: &dyn Prefetched) -> Vec<Request> {
    let mut requests = Vec::new();
    let Some(timestamp) =
        prefetched.bytes(file_name::TIMESTAMP).and_then(|bytes| parsed::<Timestamp>(bytes, limits.timestamp))
    else {
        return requests;
    };
    let meta_file = timestamp.unverified().snapshot();
    if local.is_some_and(|local| local.version() == meta_file.version) {
        return requests;
    }
    let name = file_name::published(root, TopLevelRole::Snapshot, meta_file.version);
    let snapshot = prefetched.bytes(&name).and_then(|bytes| parsed::<Snapshot>(bytes, limits.snapshot));
    requests.extend(request(name, meta_file, limits.snapshot));
    if let Some(snapshot) = snapshot {
        let meta_file = snapshot.unverified().targets();
        if local.is_none_or(|local| local.targets().version != meta_file.version) {
            requests.extend(request(
                file_name::published(root, TopLevelRole::Targets, meta_file.version),
                meta_file,
                limits.targets,
            ));
        }
    }
    requests
}

fn request(name: String, meta_file: &MetaFile, limit: u64) -> Option<Request> {
    // Which check would refuse does not matter: what is refused is not asked for.
    let limit = bytes_to_ask_for(meta_file, limit, &File::Targets, Check::TargetsPresent).ok()?;
    Some(Request::metadata(name, limit))
}

fn parsed<R: Role>(bytes: &[u8], limit: u64) -> Option<Envelope<R>> {
    Envelope::parse(bytes.to_vec(), usize::try_from(limit).unwrap_or(usize::MAX)).ok()
}
