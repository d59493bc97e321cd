//! A repository as it was seen.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::{Envelope, Role, Timestamp, file_name, hex, limits, sha256};

use super::documents::lint_trust_against;
use super::finding::{About, FileFinding, Findings};
use super::rules;

/// A repository as it was seen: files by their path, metadata at the top and targets below `targets/`.
#[derive(Clone, Debug, Default)]
pub struct RepositoryView {
    /// The files that are there.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Names that are there and are no regular files: links and the like.
    pub irregular: BTreeSet<String>,
    /// What a server answered to each request; `None` if the whole repository was seen, so that what is not in `files` is not there.
    pub answers: Option<BTreeMap<String, Answer>>,
}

/// What a server answered to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The value of `Cache-Control`, where the answer had one.
    pub cache_control: Option<String>,
    /// The most bytes that were asked for, where the file had more.
    pub longer_than: Option<u64>,
}

impl RepositoryView {
    /// All files of a repository.
    pub fn whole(files: BTreeMap<String, Vec<u8>>) -> RepositoryView {
        RepositoryView { files, ..RepositoryView::default() }
    }

    /// Whether the file is known not to be there.
    pub(super) fn lacks(&self, path: &str) -> bool {
        match &self.answers {
            None => !self.files.contains_key(path),
            Some(answers) => {
                !self.files.contains_key(path) && answers.get(path).is_some_and(|answer| answer.status != 200)
            }
        }
    }

    /// Finds versions that were published with other bytes before, and what the trust root no longer trusts.
    pub fn lint_against(&self, published: &RepositoryView, at: DateTime<Utc>) -> Vec<FileFinding> {
        let mut found = Findings::default();
        for (path, bytes) in &self.files {
            let is_versioned = file_name::versioned_role_in(path).is_some();
            let Some(before) = published.files.get(path).filter(|before| is_versioned && *before != bytes) else {
                continue;
            };
            let digests = [before, bytes].map(|bytes| hex::encode(&sha256(bytes)[..8]));
            let detail = format!("it was published with digest {}…, and has {}… now", digests[0], digests[1]);
            found.add(path, &rules::VERSION_REUSE, &About::FILE, detail);
        }
        self.timestamp_against(published, &mut found);
        let mut found = found.into_sorted();
        if let (Some((path, after)), Some((_, before))) = (self.trusted_root(), published.trusted_root()) {
            found.extend(lint_trust_against(&path, after, (before, published.kept_until()), at));
        }
        found
    }

    fn timestamp(&self) -> Option<Envelope<Timestamp>> {
        let bytes = self.files.get(file_name::TIMESTAMP)?.clone();
        Envelope::parse(bytes, limits::MAX_TIMESTAMP_BYTES).ok()
    }

    /// Until when a verifier may keep to what is published here: the expiry of its timestamp. Nothing of it is verified.
    pub fn kept_until(&self) -> Option<DateTime<Utc>> {
        Some(self.timestamp()?.unverified().expiry().instant())
    }

    /// The timestamp keeps its name, so that its version says whether it may differ.
    fn timestamp_against(&self, published: &RepositoryView, found: &mut Findings) {
        if let (Some(before), Some(now)) = (published.timestamp(), self.timestamp()) {
            let (version, old) = (now.unverified().version(), before.unverified().version());
            if version == old && before.message() != now.message() {
                let detail = format!("version {version} was published with other content");
                found.add(file_name::TIMESTAMP, &rules::VERSION_REUSE, &About::FILE, detail);
            }
        }
    }
}
