//! Why a publication cannot be made in stages.

use chrono::{DateTime, Utc};
use rootline_metadata::{KeyId, TopLevelRole, Version, instant_text};

/// A file that too few of a root's keys have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The root.
    pub root: Version,
    /// The file's role.
    pub role: TopLevelRole,
    /// The file's version.
    pub version: Version,
    /// How many keys have to sign.
    pub threshold: u64,
    /// Those that have.
    pub signed: Vec<KeyId>,
    /// The others.
    pub missing: Vec<KeyId>,
}

/// Why there is no timetable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoTimetable {
    /// What is public fails the new root, and what shall be public fails the old one.
    #[error("{}", no_bridge(.0.as_ref()))]
    NoBridge(
        /// What is missing, where the files can be read.
        Option<Lacking>,
    ),
    /// Caches show the public root for longer than it holds.
    #[error(
        "root {version} expires at {}, and caches show it as the newest until {}", instant_text(*.expires), instant_text(*.needed_until)
    )]
    RootExpires {
        /// The root that is the newest public one.
        version: Version,
        /// When it expires.
        expires: DateTime<Utc>,
        /// Until when it can be a verifier's last.
        needed_until: DateTime<Utc>,
    },
    /// Caches show the public timestamp for longer than it, or what it leads to, holds.
    #[error(
        "what is public expires at {}, and caches show it until {}", instant_text(*.expires), instant_text(*.needed_until)
    )]
    TimestampExpires {
        /// When the first of timestamp, snapshot and targets expires.
        expires: DateTime<Utc>,
        /// Until when it can be seen.
        needed_until: DateTime<Utc>,
    },
}

fn no_bridge(lacking: Option<&Lacking>) -> String {
    match lacking {
        None => "neither what is public nor what shall be public can be read under both roots".to_owned(),
        Some(Lacking { root, role, version, threshold, signed, .. }) => {
            let signed = signed.len();
            format!("too few of root {root}'s keys have signed {role} {version}: {signed} of {threshold}")
        }
    }
}
