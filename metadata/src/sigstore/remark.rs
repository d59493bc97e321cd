//! What is odd about a trusted root, for whoever publishes it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::log_id::LogId;
use super::log_instance::{LogIdCheck, LogInstance};
use super::proto_json::is_spelling;
use super::quoted::Quoted;
use super::section::Section;
use super::trusted_root::TrustedRoot;
use super::window::Window;
use crate::json::Value;

/// Something odd about a trusted root that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The list that it is about.
    pub section: Option<Section>,
    /// The entry in that list, from 0.
    pub position: Option<usize>,
    /// What is odd.
    pub kind: RemarkKind,
}

/// What is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemarkKind {
    /// The list is not there at all: sigstore-python refuses the file, unless it is the timestamp authorities'.
    NoList,
    /// A member that the format does not have, as a path: sigstore-go and sigstore-python refuse the file.
    UnknownMember {
        /// Names and positions from the top, as in `tlogs.0.colour`.
        path: String,
    },
    /// A member of version 0.2 in a file of version 0.1.
    NewerMember {
        /// Its name.
        name: &'static str,
    },
    /// The window has no start: sigstore-go, sigstore-python and sigstore-rust refuse the file.
    NoStart,
    /// The window ends before it starts, so the entry is never trusted.
    EmptyWindow,
    /// The entry starts before the one that it follows.
    OutOfOrder,
    /// Every window of the list has an end, so nothing is marked as being in use.
    AllClosed,
    /// The log has no id, without which sigstore-go and sigstore-python refuse the file.
    NoLogId {
        /// The one it should have.
        expected: LogId,
    },
    /// The log's id is not its key's, so nothing that names the log is found to be its.
    WrongLogId {
        /// The one it should have.
        expected: LogId,
    },
    /// The log's checkpoint key id is not its key's, or is not all 32 bytes of it.
    WrongCheckpointKeyId {
        /// The one it should have.
        expected: LogId,
    },
}

pub(super) fn remarks(root: &TrustedRoot) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut unknown = Vec::new();
    find_unknown_members(root.value(), &TRUSTED_ROOT, "", &mut unknown);
    remarks.extend(unknown.into_iter().map(|path| Remark { section: None, position: None, kind: RemarkKind::UnknownMember { path } }));
    for section in Section::ALL {
        let mut remark = |position, kind| remarks.push(Remark { section: Some(section), position, kind });
        let is_there = root.value().as_object().is_some_and(|top| top.iter().any(|(name, _)| is_spelling(name, section.as_str())));
        if !is_there {
            remark(None, RemarkKind::NoList);
        }
        let windows: Vec<(usize, Window)> = windows(root, section);
        if !windows.is_empty() && windows.iter().all(|(_, window)| window.end().is_some()) {
            remark(None, RemarkKind::AllClosed);
        }
        for (at, (position, window)) in windows.iter().enumerate() {
            if window.start().is_none() {
                remark(Some(*position), RemarkKind::NoStart);
            }
            if window.is_empty() {
                remark(Some(*position), RemarkKind::EmptyWindow);
            }
            if at > 0 && window.start() < windows[at - 1].1.start() {
                remark(Some(*position), RemarkKind::OutOfOrder);
            }
        }
        for log in root.logs(section) {
            log_remarks(log).for_each(|kind| remark(Some(log.position()), kind));
        }
        if !root.format().has_operators() {
            newer_members(root, section).for_each(|(position, name)| remark(Some(position), RemarkKind::NewerMember { name }));
        }
    }
    remarks
}

fn windows(root: &TrustedRoot, section: Section) -> Vec<(usize, Window)> {
    let logs = root.logs(section).iter().map(|log| (log.position(), log.valid_for()));
    let authorities = root.authorities(section).iter().map(|authority| (authority.position(), authority.valid_for()));
    logs.chain(authorities).collect()
}

fn log_remarks(log: &LogInstance) -> impl Iterator<Item = RemarkKind> {
    let log_id = match log.check_log_id() {
        LogIdCheck::Matches(_) => None,
        LogIdCheck::Differs { expected, .. } => Some(RemarkKind::WrongLogId { expected }),
        LogIdCheck::Missing { expected, .. } => Some(RemarkKind::NoLogId { expected }),
    };
    let checkpoint_key_id = match log.check_checkpoint_key_id() {
        LogIdCheck::Differs { expected, .. } => Some(RemarkKind::WrongCheckpointKeyId { expected }),
        // It need not be there.
        LogIdCheck::Matches(_) | LogIdCheck::Missing { .. } => None,
    };
    [log_id, checkpoint_key_id].into_iter().flatten()
}

fn newer_members(root: &TrustedRoot, section: Section) -> impl Iterator<Item = (usize, &'static str)> {
    let logs = root.logs(section).iter().flat_map(|log| {
        let operator = log.operator().map(|_| (log.position(), "operator"));
        operator.into_iter().chain(log.checkpoint_key_id().map(|_| (log.position(), "checkpointKeyId")))
    });
    let authorities = root.authorities(section).iter();
    logs.chain(authorities.filter_map(|authority| authority.operator().map(|_| (authority.position(), "operator"))))
}

/// The members that a message has, and the messages in them. A list is looked through.
struct Schema(&'static [(&'static str, &'static Schema)]);

/// Not a message.
const SCALAR: Schema = Schema(&[]);
const RANGE: Schema = Schema(&[("start", &SCALAR), ("end", &SCALAR)]);
const LOG_ID: Schema = Schema(&[("keyId", &SCALAR)]);
const PUBLIC_KEY: Schema = Schema(&[("rawBytes", &SCALAR), ("keyDetails", &SCALAR), ("validFor", &RANGE)]);
const LOG: Schema = Schema(&[
    ("baseUrl", &SCALAR),
    ("hashAlgorithm", &SCALAR),
    ("publicKey", &PUBLIC_KEY),
    ("logId", &LOG_ID),
    ("checkpointKeyId", &LOG_ID),
    ("operator", &SCALAR),
]);
const SUBJECT: Schema = Schema(&[("organization", &SCALAR), ("commonName", &SCALAR)]);
const CHAIN: Schema = Schema(&[("certificates", &Schema(&[("rawBytes", &SCALAR)]))]);
const AUTHORITY: Schema = Schema(&[
    ("subject", &SUBJECT),
    ("uri", &SCALAR),
    ("certChain", &CHAIN),
    ("validFor", &RANGE),
    ("operator", &SCALAR),
]);
const TRUSTED_ROOT: Schema = Schema(&[
    ("mediaType", &SCALAR),
    ("tlogs", &LOG),
    ("certificateAuthorities", &AUTHORITY),
    ("ctlogs", &LOG),
    ("timestampAuthorities", &AUTHORITY),
]);

fn find_unknown_members(value: &Value, schema: &Schema, path: &str, unknown: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                find_unknown_members(element, schema, &below(&format!("{position}")), unknown);
            }
        }
        Value::Object(members) if !schema.0.is_empty() => {
            for (name, member) in members.iter() {
                match schema.0.iter().find(|(known, _)| is_spelling(name, known)) {
                    Some((_, inner)) => find_unknown_members(member, inner, &below(name), unknown),
                    None => unknown.push(below(name)),
                }
            }
        }
        _ => {}
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.section, self.position) {
            (Some(section), Some(position)) => write!(f, "{section} entry {position}: {}", self.kind),
            (Some(section), None) => write!(f, "{section}: {}", self.kind),
            _ => self.kind.fmt(f),
        }
    }
}

impl fmt::Display for RemarkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemarkKind::NoList => f.write_str("the list is not there; write an empty one"),
            RemarkKind::UnknownMember { path } => write!(f, "unknown member {}", Quoted(path)),
            RemarkKind::NewerMember { name } => write!(f, "`{name}` belongs to version 0.2"),
            RemarkKind::NoStart => f.write_str("the window has no start"),
            RemarkKind::EmptyWindow => f.write_str("the window ends before it starts"),
            RemarkKind::OutOfOrder => f.write_str("starts before the entry that it follows"),
            RemarkKind::AllClosed => f.write_str("every window has an end, so nothing is marked as in use"),
            RemarkKind::NoLogId { expected } => write!(f, "no log id; its key's is {expected}"),
            RemarkKind::WrongLogId { expected } => write!(f, "the log id is not its key's, which is {expected}"),
            RemarkKind::WrongCheckpointKeyId { expected } => {
                write!(f, "the checkpoint key id is not all 32 bytes of its key's, which is {expected}")
            }
        }
    }
}
