//! What is at the destination already: an earlier state of what is published, or nothing.

use rootline_ceremonies::publication::PlaceContent;
use rootline_ceremonies::{Caches, OnlinePeriods, Policy, Published, PublishedFile};
use rootline_metadata::limits::MAX_TIMESTAMP_BYTES;
use rootline_metadata::{Envelope, Role, Timestamp, TopLevelRole, Verified, Version, file_name};

use crate::failure::Failure;
use crate::preflight::Files;
use crate::publish::place::Place;

/// Refuses what is not an earlier state of what is published: another file of a version, or a newer one.
pub(crate) fn check(to: &Place, there: &Files, published: &Published) -> Result<(), Failure> {
    for (name, bytes) in there {
        let path = to.file(name);
        match (PublishedFile::parse(name), published.files().get(name)) {
            (Some(PublishedFile::Timestamp), _) => check_timestamp(&path, bytes, published)?,
            (Some(_), Some(own)) if own == bytes => {}
            (Some(_), Some(_)) => {
                return Err(Failure::new(
                    format!("{path} differs from the published file"),
                    "published files never change: if another clone published it, take over its metadata/ and sign again; otherwise find out who \
                     changed it, then remove it and publish again",
                )
                .breaking(RULE));
            }
            // Files that verifiers never ask for do no harm.
            (Some(PublishedFile::Target(_)) | None, _) => {}
            (Some(_), None) => return Err(newer(&path)),
        }
    }
    Ok(())
}

const RULE: &str = "content never changes without a new version";

fn check_timestamp(path: &str, bytes: &[u8], published: &Published) -> Result<(), Failure> {
    let there = version(bytes);
    let own = published.current().map(|current| &current.timestamp);
    let own_version = own.map(|own| own.version());
    if there > own_version {
        return Err(newer(path));
    }
    match there {
        Some(version) if there == own_version && own.is_some_and(|own| own.bytes() != bytes) => {
            let what = format!("{path} is another timestamp {version} than the one to be published");
            let hint = "another clone published it, and verifiers who have seen it would not see this one: rootline-repo online --key FILE --renew, \
                        then publish";
            Err(Failure::new(what, hint).breaking(RULE))
        }
        _ => Ok(()),
    }
}

fn newer(path: &str) -> Failure {
    Failure::new(
        format!("{path} is newer than everything published from this folder"),
        "update this folder first: it is behind the public repository",
    )
    .breaking("versions never go backwards")
}

fn parse(bytes: &[u8]) -> Option<Envelope<Timestamp>> {
    Envelope::parse(bytes.to_vec(), MAX_TIMESTAMP_BYTES).ok()
}

fn version(bytes: &[u8]) -> Option<Version> {
    parse(bytes).map(|there| there.unverified().version())
}

/// The version that the timestamp there states.
pub(crate) fn timestamp_version(there: &Files) -> Option<Version> {
    version(there.get(file_name::TIMESTAMP)?)
}

/// A timestamp that one of the published roots vouches for; another one is no record of anything.
fn verified(bytes: &[u8], published: &Published) -> Option<Verified<Timestamp>> {
    let envelope = parse(bytes)?;
    let mut roots = published.roots().iter().rev();
    roots.find_map(|root| envelope.clone().verify(root.authority(TopLevelRole::Timestamp)).ok())
}

/// What verifiers find there: roots, snapshots and the timestamp.
pub(crate) fn content(there: &Files) -> PlaceContent {
    let mut content = PlaceContent::default();
    for (name, bytes) in there {
        PublishedFile::parse(name).iter().for_each(|file| content.add(file, bytes));
    }
    content
}

/// The timestamp that is there, with the periods of the newest root that is there.
pub(crate) fn timestamp(
    there: &Files,
    published: &Published,
    policy: &Policy,
) -> Option<(Verified<Timestamp>, OnlinePeriods)> {
    let timestamp = verified(there.get(file_name::TIMESTAMP)?, published)?;
    let is_there = |version| there.contains_key(&PublishedFile::Root(version).to_string());
    let root = published.roots().iter().rfind(|root| is_there(root.version()));
    Some((timestamp, OnlinePeriods::stated(root, policy)))
}

/// Refuses to sign where the place of the policy has what this folder has not: another clone published it, and the next versions are its own. A
/// timestamp of the same version is settled by the next one.
pub(crate) fn check_before_signing(to: &Place, published: &Published, caches: &Caches) -> Result<(), Failure> {
    // A destination that is away, or is none, is the business of publishing.
    let Some((timestamp, names)) = to.glance(caches) else { return Ok(()) };
    let there = verified(&timestamp.unwrap_or_default(), published).map(|there| there.version());
    if there > published.current().map(|current| current.timestamp.version()) {
        return Err(newer(&to.file(file_name::TIMESTAMP)));
    }
    let is_unknown = |name: &String| {
        let is_metadata =
            !matches!(PublishedFile::parse(name), None | Some(PublishedFile::Target(_) | PublishedFile::Timestamp));
        is_metadata && !published.files().contains_key(name)
    };
    names.into_iter().filter(is_unknown).min().map_or(Ok(()), |name| Err(newer(&to.file(&name))))
}
