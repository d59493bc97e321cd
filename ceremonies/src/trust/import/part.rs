//! Keys and chains whose source is no trust root.

use chrono::{DateTime, Utc};
use rootline_metadata::sigstore::{LogIdKind, LogKey, NewLog, Section, Window};
use rootline_metadata::x509::Chain;

use super::repair_authority::chain_hex;

/// A log or an authority, with what its source says and nothing else.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where it is from, as people know it: a file, a target, an option.
    pub source: String,
    /// How answers call it beside its URL and its id.
    pub called: Vec<String>,
    /// The list it belongs to.
    pub section: Section,
    /// Its key or its chain.
    pub kind: PartKind,
    /// The URL that the source states.
    pub url: Option<String>,
    /// The start that the source states.
    pub start: Option<DateTime<Utc>>,
    /// What the source says of its end.
    pub end: StatedEnd,
}

/// What is trusted.
#[derive(Clone, Debug)]
pub enum PartKind {
    /// A log, by its key.
    Log {
        /// The key.
        key: Box<LogKey>,
        /// The rule for its id; `None` for the usual one.
        id_kind: Option<LogIdKind>,
    },
    /// An authority, by its chain.
    Authority(Chain),
}

/// What a source says of the end of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatedEnd {
    /// It is in use.
    Open,
    /// It ends then.
    At(DateTime<Utc>),
    /// It is in use no more, and since when is not said.
    NotSaid,
}

impl Part {
    /// The log id or the digest of the chain in hex, for a log whose URL is `url`.
    pub(super) fn id(&self, url: &str) -> String {
        match &self.kind {
            PartKind::Log { key, id_kind } => {
                self.log(key, *id_kind, url, Window::ALWAYS).log_id(self.section).to_hex()
            }
            PartKind::Authority(chain) => chain_hex(chain),
        }
    }

    pub(super) fn log(&self, key: &LogKey, id_kind: Option<LogIdKind>, url: &str, valid_for: Window) -> NewLog {
        NewLog { base_url: url.to_owned(), key: key.clone(), id_kind, valid_for, operator: None }
    }

    /// How it is called: by its names, its URL and its id.
    pub(super) fn names(&self) -> Vec<String> {
        let url = self.url.as_deref().unwrap_or_default();
        let mut names = self.called.clone();
        names.extend(self.url.clone());
        names.push(self.id(url));
        names
    }
}
