//! When the cache was last compared with the repository.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::json::{Document, Node, Value, ValueMembers};
use rootline_metadata::{format, hex, instant_text, parse_instant, sha256};

use crate::store::{FileStore, LocalFile, Store};
use crate::workflow::freshness::is_within;

/// A record beside the cache. It is no metadata: it can spare requests for as long as the caller allows, and nothing else. Every
/// load verifies and judges expiries without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastCheck {
    at: DateTime<Utc>,
    timestamp: [u8; 32],
    etag: Option<String>,
}

/// Most bytes of the record.
const LIMIT: u64 = 4096;

impl LastCheck {
    /// At `at` the repository's timestamp was `timestamp`, to which the server gave this entity tag.
    pub(crate) fn new(at: DateTime<Utc>, timestamp: &[u8], etag: Option<String>) -> LastCheck {
        LastCheck { at, timestamp: sha256(timestamp), etag }
    }

    /// What the store has. One that cannot be read is as good as none, and so is one of a newer format: it can only spare requests, and the
    /// next check replaces it.
    pub(crate) fn load(store: &impl Store) -> Option<LastCheck> {
        let bytes = store.load(&LocalFile::LastCheck, LIMIT).ok()??;
        let document = Document::parse(bytes, LIMIT as usize).ok()?;
        format::check(document.top().object().ok()?, format::MEMBER).ok()?;
        let text = |name| document.top().get(name).and_then(Node::text);
        let digest = hex::decode(&text("timestamp_sha256")?)?;
        Some(LastCheck {
            at: parse_instant(&text("at")?)?,
            timestamp: digest.try_into().ok()?,
            etag: text("etag").map(Cow::into_owned),
        })
    }

    /// The record as it is stored.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut members = ValueMembers::new()
            .with(format::MEMBER, format::CURRENT)
            .with("at", instant_text(self.at).as_str())
            .with("timestamp_sha256", hex::encode(&self.timestamp).as_str());
        if let Some(etag) = &self.etag {
            members = members.with("etag", etag.as_str());
        }
        Value::from(members).canonical()
    }

    /// When.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Whether that was less than `max_age` before `now`. A record from the future says nothing: some clock was wrong.
    pub(crate) fn is_within(&self, max_age: TimeDelta, now: DateTime<Utc>) -> bool {
        is_within(self.at, max_age, now)
    }

    /// The timestamp's entity tag, and the digest of the timestamp that had it.
    pub(crate) fn timestamp_tag(&self) -> Option<(&str, &[u8; 32])> {
        Some((self.etag.as_deref()?, &self.timestamp))
    }
}

impl FileStore {
    /// When the cache was last compared with the repository, as it was noted then; `None` when that is not known. It is
    /// not signed.
    pub fn checked_at(&self) -> Option<DateTime<Utc>> {
        LastCheck::load(self).map(|check| check.at())
    }
}
