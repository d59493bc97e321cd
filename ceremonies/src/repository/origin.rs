//! Where published files come from: which ceremony has made each of them, as the records say.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::{Version, hex, sha256};

use crate::ceremony::given_up::GivenUp;
use crate::model::file_name::PublishedFile;
use crate::model::name::Name;
use crate::model::role_version::RoleVersion;
use crate::repository::published::Published;
use crate::transcript::{Event, EventKind, Head, LineDigest, Transcript};

/// The transcripts of a repository's ceremonies, by their names.
pub type Transcripts = BTreeMap<Name, Transcript>;

/// Which ceremony has made each published file that people sign, and what is missing or differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// The files that each ceremony has made.
    pub made: BTreeMap<Name, BTreeSet<RoleVersion>>,
    /// The files that were taken over as they were, by the record that says so.
    pub imported: BTreeMap<Name, BTreeSet<RoleVersion>>,
    /// What was signed and given up, and is not published.
    pub given_up: Vec<GivenUp>,
    /// How many ceremonies another one was noted after.
    pub followed: usize,
    /// What is missing or differs.
    pub faults: Vec<OriginFault>,
}

/// What a repository's records do not account for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginFault {
    /// No ceremony has made a published file.
    #[error("no ceremony has sealed or released the published {file} (sha256 {})", hex::encode(.digest))]
    NoRecord {
        /// Its name.
        file: String,
        /// The SHA-256 digest of what is published.
        digest: [u8; 32],
    },
    /// The ceremony that made a file made other bytes.
    #[error("the published {file} (sha256 {}) differs from the one that {ceremony} recorded (sha256 {})", hex::encode(.digest), hex::encode(.recorded))]
    OtherBytes {
        /// Its name.
        file: String,
        /// The ceremony.
        ceremony: Name,
        /// The SHA-256 digest of what is published.
        digest: [u8; 32],
        /// The SHA-256 digest of what the ceremony made.
        recorded: [u8; 32],
    },
    /// A version is missing between others of its role.
    #[error("{file} is missing: a later version of it is published")]
    Missing {
        /// Its name.
        file: String,
    },
    /// A file that a ceremony released, or that was taken over, is not published any more.
    #[error("{file} is missing: {ceremony} recorded it as published")]
    Unpublished {
        /// Its name.
        file: String,
        /// The ceremony.
        ceremony: Name,
    },
    /// A published file was given up by the ceremony that made it, and never released.
    #[error("{version} is published, and must never be served: it was given up")]
    GivenUp {
        /// What was given up.
        version: GivenUp,
    },
    /// The record of a ceremony that another one was noted after is gone.
    #[error("the ceremony {id} is missing: {by} began after it")]
    NoCeremony {
        /// Its name.
        id: Name,
        /// The ceremony that says so.
        by: Name,
    },
    /// The record of a ceremony has lost lines that another one was noted after.
    #[error("the transcript of {id} has lost lines that were there when {by} began")]
    Cut {
        /// Its name.
        id: Name,
        /// The ceremony that says so.
        by: Name,
    },
}

impl OriginFault {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            OriginFault::NoRecord { .. } => {
                "restore ceremonies/ from version control; files of a repository that was taken over: rootline-repo ceremony import ID --reason TEXT"
            }
            OriginFault::GivenUp { .. } => {
                "find out who made it current: rootline-repo ceremony log; then publish a newer version of the role"
            }
            OriginFault::OtherBytes { .. } => "restore it from version control, and find out who changed it",
            OriginFault::Missing { .. } | OriginFault::Unpublished { .. } => "restore metadata/ from version control",
            OriginFault::NoCeremony { .. } | OriginFault::Cut { .. } => {
                "restore it from version control, and find out who removed it"
            }
        }
    }
}

impl Origins {
    /// Looks for the origin of everything that is published and that people sign, in the records of all ceremonies.
    ///
    /// A file that a ceremony has sealed counts as made by it: the note of its release comes after the file.
    pub fn find(published: &Published, transcripts: &Transcripts) -> Origins {
        let mut origins = Origins::default();
        let (made, imported) = (recorded(transcripts, &is_made), recorded(transcripts, &is_imported));
        for (name, bytes) in published.files() {
            let Some(part) = signed_by_people(name) else { continue };
            let digest = sha256(bytes);
            let maker = |records: &[(&Name, String, [u8; 32])]| {
                let same = records.iter().find(|(_, file, recorded)| file == name && *recorded == digest);
                same.map(|(id, ..)| (*id).clone())
            };
            if let Some(id) = maker(&made) {
                origins.made.entry(id).or_default().insert(part);
            } else if let Some(id) = maker(&imported) {
                origins.imported.entry(id).or_default().insert(part);
            } else {
                let file = name.clone();
                let other = made.iter().chain(&imported).rfind(|(_, recorded, _)| recorded == name);
                origins.faults.push(match other {
                    Some((id, _, recorded)) => {
                        OriginFault::OtherBytes { file, ceremony: (*id).clone(), digest, recorded: *recorded }
                    }
                    None => OriginFault::NoRecord { file, digest },
                });
            }
        }
        origins.find_given_up(published, transcripts);
        origins.find_missing_files(published, transcripts);
        origins.find_missing_ceremonies(transcripts);
        origins
    }

    fn find_given_up(&mut self, published: &Published, transcripts: &Transcripts) {
        let released = recorded(transcripts, &|event| event.kind == EventKind::Released);
        for version in transcripts.iter().flat_map(|(id, transcript)| transcript.given_up(id)) {
            let file = version.part.file_name();
            if !version.is_published(published) {
                self.given_up.push(version);
            } else if !released.iter().any(|(_, name, _)| *name == file) {
                // What one clone gave up and another one had released is public, and stays so.
                self.faults.push(OriginFault::GivenUp { version });
            }
        }
    }

    fn find_missing_files(&mut self, published: &Published, transcripts: &Transcripts) {
        let is_kept = |event: &Event| matches!(event.kind, EventKind::Released | EventKind::Imported);
        let mut missing = BTreeSet::new();
        for (id, file, _) in recorded(transcripts, &is_kept) {
            if !published.files().contains_key(&file) && missing.insert(file.clone()) {
                self.faults.push(OriginFault::Unpublished { file, ceremony: id.clone() });
            }
        }
        // What was there before a repository was taken over need not be complete.
        let mut before: BTreeMap<String, Version> = BTreeMap::new();
        for (_, file, _) in recorded(transcripts, &is_imported) {
            if let Some((role, version)) = PublishedFile::parse(&file).as_ref().and_then(versioned) {
                let highest = before.entry(role).or_insert(version);
                *highest = version.max(*highest);
            }
        }
        let files = published.files().keys().filter_map(|name| PublishedFile::parse(name));
        let mut versions: BTreeMap<String, BTreeSet<Version>> = BTreeMap::new();
        for (role, version) in files.filter_map(|file| versioned(&file)) {
            versions.entry(role).or_default().insert(version);
        }
        for (role, versions) in versions {
            let first = before.get(&role).map_or(Some(Version::FIRST), |highest| highest.next());
            let last = versions.last().copied();
            let mut next = first.zip(last).filter(|(next, last)| next < last).map(|(next, _)| next);
            while let Some(version) = next {
                let file = rootline_metadata::file_name::versioned(&role, version);
                let is_given_up = self.given_up.iter().any(|version| version.part.file_name() == file);
                if !versions.contains(&version) && !missing.contains(&file) && !is_given_up {
                    self.faults.push(OriginFault::Missing { file });
                    // One of many tells that they are missing.
                    break;
                }
                next = version.next().filter(|next| Some(*next) < last);
            }
        }
    }

    fn find_missing_ceremonies(&mut self, transcripts: &Transcripts) {
        let mut followed = BTreeSet::new();
        for (by, transcript) in transcripts {
            for (id, digests) in transcript.entries().iter().flat_map(|entry| entry.event.noted_after()) {
                let by = by.clone();
                match transcripts.get(&id) {
                    None => self.faults.push(OriginFault::NoCeremony { id, by }),
                    Some(other) if other.count_up_to(&digests).is_none() => {
                        self.faults.push(OriginFault::Cut { id, by });
                    }
                    Some(_) => drop(followed.insert(id)),
                }
            }
        }
        self.followed = followed.len();
    }
}

/// The heads of other ceremonies that a new one is noted after: those that no other one has been noted after yet.
pub fn heads_to_follow(transcripts: &Transcripts) -> BTreeMap<Name, Head> {
    let entries = transcripts.values().flat_map(Transcript::entries);
    let noted: Vec<(Name, BTreeSet<LineDigest>)> = entries.flat_map(|entry| entry.event.noted_after()).collect();
    let heads = transcripts.iter().map(|(id, transcript)| (id.clone(), transcript.head()));
    heads
        .filter(|(id, head)| {
            head.lines > 0 && !noted.iter().any(|(other, digests)| other == id && *digests == head.digests)
        })
        .collect()
}

fn is_made(event: &Event) -> bool {
    matches!(event.kind, EventKind::Sealed | EventKind::Released)
}

fn is_imported(event: &Event) -> bool {
    event.kind == EventKind::Imported
}

/// What events of a sort say about files: the ceremony, the name of the file and its digest.
fn recorded<'a>(transcripts: &'a Transcripts, is_meant: &dyn Fn(&Event) -> bool) -> Vec<(&'a Name, String, [u8; 32])> {
    let mut files = Vec::new();
    for (id, transcript) in transcripts {
        for entry in transcript.entries().iter().filter(|entry| is_meant(&entry.event)) {
            let digests = entry.event.digests("files").unwrap_or_default();
            files.extend(digests.into_iter().map(|(file, digest)| (id, file, digest)));
        }
    }
    files
}

fn signed_by_people(name: &str) -> Option<RoleVersion> {
    match PublishedFile::parse(name)? {
        PublishedFile::Root(_) | PublishedFile::Targets(_) | PublishedFile::Delegated(..) => RoleVersion::parse(name),
        _ => None,
    }
}

/// The role and the version of a file that has one in its name.
fn versioned(file: &PublishedFile) -> Option<(String, Version)> {
    match file {
        PublishedFile::Root(version) => Some(("root".to_owned(), *version)),
        PublishedFile::Snapshot(version) => Some(("snapshot".to_owned(), *version)),
        PublishedFile::Targets(version) => Some(("targets".to_owned(), *version)),
        PublishedFile::Delegated(name, version) => Some((name.to_string(), *version)),
        PublishedFile::Timestamp | PublishedFile::Target(_) => None,
    }
}
