//! What is odd about a trusted root, for its publisher.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::log_id::LogId;
use super::log_instance::{LogIdCheck, LogInstance};
use super::proto_json::is_spelling;
use super::section::Section;
use super::trusted_root::TrustedRoot;
use super::window::Window;
use crate::json::Value;
use crate::quoted::Quoted;

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
    /// A list is not there at all: sigstore-python refuses the file. It does without the timestamp authorities'.
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
    remarks.extend(unknown.into_iter().map(|path| Remark {
        section: None,
        position: None,
        kind: RemarkKind::UnknownMember { path },
    }));
    for section in Section::ALL {
        let mut remark = |position, kind| remarks.push(Remark { section: Some(section), position, kind });
        let is_there =
            root.value().as_object().is_some_and(|top| top.iter().any(|(name, _)| is_spelling(name, section.as_str())));
        if !is_there && section != Section::TimestampAuthorities {
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
            newer_members(root, section)
                .for_each(|(position, name)| remark(Some(position), RemarkKind::NewerMember { name }));
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
        // A static CT log's checkpoints are signed under an id of yet another rule.
        LogIdCheck::Differs { expected, .. } if log.section() == Section::TransparencyLogs => {
            Some(RemarkKind::WrongCheckpointKeyId { expected })
        }
        // It need not be there.
        _ => None,
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

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::super::fixtures::{
        MEDIA_TYPE, MEDIA_TYPE_V02, REKOR_V2_DIGEST, REKOR_V2_ID, authority, document, rekor_v1, rekor_v2, trusted_root,
    };
    use super::*;

    /// All remarks but those on lists that are not there.
    fn said(lists: &[(&str, &[String])]) -> Vec<String> {
        said_of(&trusted_root(lists))
    }

    fn said_of(root: &TrustedRoot) -> Vec<String> {
        let remarks = root.remarks().into_iter().filter(|remark| remark.kind != RemarkKind::NoList);
        remarks.map(|remark| remark.to_string()).collect()
    }

    fn ca(window: &str) -> String {
        authority("ca", window)
    }

    #[test]
    fn a_sound_trusted_root_earns_no_remark() {
        let open = r#"{"start":"2026-01-02T00:00:00Z"}"#;
        let none: [(&str, &[String]); 4] = [
            ("tlogs", &[rekor_v1(), rekor_v2()]),
            ("certificateAuthorities", &[ca(open)]),
            ("ctlogs", &[]),
            ("timestampAuthorities", &[]),
        ];
        assert_eq!(trusted_root(&none).remarks(), []);
        // GitHub's has no timestamp authorities' list, and is read.
        assert_eq!(trusted_root(&none[..3]).remarks(), []);
    }

    #[test]
    fn a_list_that_is_not_there_is_remarked() {
        let said: Vec<String> = trusted_root(&[]).remarks().iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "tlogs: the list is not there; write an empty one",
                "certificateAuthorities: the list is not there; write an empty one",
                "ctlogs: the list is not there; write an empty one",
            ]
        );
    }

    #[test]
    fn windows_without_start_or_backwards_or_all_closed_are_remarked() {
        let closed = r#"{"start":"2026-01-02T00:00:00Z","end":"2026-01-02T00:00:00Z"}"#;
        let open = r#"{"start":"2026-01-02T00:00:00Z"}"#;
        let backwards = r#"{"start":"2026-01-02T00:00:01Z","end":"2026-01-02T00:00:00Z"}"#;
        let list = "certificateAuthorities";
        assert_eq!(said(&[(list, &[ca("{}")])]), ["certificateAuthorities entry 0: the window has no start"]);
        assert_eq!(said(&[(list, &[ca(closed), ca(open)])]), [""; 0]);
        assert_eq!(
            said(&[(list, &[ca(closed)])]),
            ["certificateAuthorities: every window has an end, so nothing is marked as in use"]
        );
        assert_eq!(
            said(&[(list, &[ca(open), ca(backwards)])]),
            ["certificateAuthorities entry 1: the window ends before it starts"]
        );
    }

    #[test]
    fn entries_are_in_the_order_of_their_starts() {
        let (early, late) = (ca(r#"{"start":"2026-01-02T00:00:00Z"}"#), ca(r#"{"start":"2026-01-02T00:00:01Z"}"#));
        let list = "timestampAuthorities";
        assert_eq!(said(&[(list, &[early.clone(), early.clone(), late.clone()])]), [""; 0]);
        assert_eq!(
            said(&[(list, &[late, early])]),
            ["timestampAuthorities entry 1: starts before the entry that it follows"]
        );
    }

    #[test]
    fn a_log_id_that_is_not_the_keys_is_remarked() {
        let wrong = rekor_v2().replace(REKOR_V2_ID, "AAAA");
        let missing = rekor_v2().replace(&format!(r#","logId":{{"keyId":"{REKOR_V2_ID}"}}"#), "");
        assert_eq!(
            said(&[("tlogs", &[wrong])]),
            [format!("tlogs entry 0: the log id is not its key's, which is {REKOR_V2_ID}")]
        );
        assert_eq!(said(&[("tlogs", &[missing])]), [format!("tlogs entry 0: no log id; its key's is {REKOR_V2_ID}")]);
    }

    #[test]
    fn members_of_version_02_belong_into_version_02() {
        let newer = |id| {
            let stated = format!(r#""operator":"a.example","checkpointKeyId":{{"keyId":"{id}"}},"hashAlgorithm""#);
            rekor_v2().replace("\"hashAlgorithm\"", &stated)
        };
        let ca = ca(r#"{"start":"2026-01-02T00:00:00Z"}"#).replace("\"uri\"", "\"operator\":\"a.example\",\"uri\"");
        let read = |media_type, id| {
            let text = document(
                media_type,
                &[("tlogs", &[newer(id)]), ("certificateAuthorities", core::slice::from_ref(&ca))],
            );
            said_of(&TrustedRoot::parse(text.as_bytes(), 10_000).unwrap())
        };
        assert_eq!(read(MEDIA_TYPE_V02, REKOR_V2_ID), [""; 0]);
        assert_eq!(
            read(MEDIA_TYPE, REKOR_V2_ID),
            [
                "tlogs entry 0: `operator` belongs to version 0.2",
                "tlogs entry 0: `checkpointKeyId` belongs to version 0.2",
                "certificateAuthorities entry 0: `operator` belongs to version 0.2",
            ]
        );
        assert_eq!(
            read(MEDIA_TYPE_V02, "zxGZFQ=="),
            [format!("tlogs entry 0: the checkpoint key id is not all 32 bytes of its key's, which is {REKOR_V2_ID}")]
        );
    }

    #[test]
    fn a_ct_logs_checkpoint_key_id_is_not_judged() {
        let stated = r#""checkpointKeyId":{"keyId":"zxGZFQ=="},"hashAlgorithm""#;
        let log = rekor_v2().replace("\"hashAlgorithm\"", stated).replace(REKOR_V2_ID, REKOR_V2_DIGEST);
        let text = document(MEDIA_TYPE_V02, &[("ctlogs", &[log])]);
        assert_eq!(said_of(&TrustedRoot::parse(text.as_bytes(), 10_000).unwrap()), [""; 0]);
    }

    #[test]
    fn members_that_the_format_does_not_have_are_named_at_every_level() {
        let log = rekor_v2()
            .replace("\"start\"", "\"began\":1,\"start\"")
            .replace("\"baseUrl\"", "\"colour\":{\"a\":1},\"base_url\"");
        let ca = ca(r#"{"start":"2026-01-02T00:00:00Z"}"#).replace("\"rawBytes\"", "\"pem\":1,\"rawBytes\"");
        let said = said(&[("tlogs", &[rekor_v1(), log]), ("certificateAuthorities", &[ca]), ("extra", &[])]);
        assert_eq!(
            said,
            [
                "unknown member `tlogs.1.colour`",
                "unknown member `tlogs.1.publicKey.validFor.began`",
                "unknown member `certificateAuthorities.0.certChain.certificates.0.pem`",
                "unknown member `extra`",
            ]
        );
    }
}
