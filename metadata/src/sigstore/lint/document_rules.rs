//! A file that is not read as JSON, or whose members do not have the form that the format gives them.

use alloc::string::ToString;

use super::findings::Findings;
use crate::json::{Document, Kind, Problem};
use crate::limits::MAX_SIGSTORE_BYTES;
use crate::lint::{Rule, Severity};

pub(super) static NOT_JSON: Rule = Rule {
    id: "doc-not-json",
    severity: Severity::Error,
    what: "the file is not a JSON object",
    why: "Nothing in it can be read: an empty file, one that is cut off, a list, or text. Write the document again.",
    who: "Every client refuses it.",
};

pub(super) static NAME_TWICE: Rule = Rule {
    id: "doc-name-twice",
    severity: Severity::Error,
    what: "a member's name occurs twice in one object",
    why: "Readers differ on which of the two counts, so two clients may trust different things. Keep one.",
    who: "sigstore-go and sigstore-rust refuse it; sigstore-js and sigstore-python take the last one in silence.",
};

pub(super) static UNUSUAL_JSON: Rule = Rule {
    id: "doc-unusual-json",
    severity: Severity::Error,
    what: "the JSON is of a kind that readers take differently",
    why: "Numbers with a fraction or of very many digits, half of a surrogate pair, very deep nesting or a file of many megabytes: \
          some readers refuse them and some change them in silence. The formats need none of them.",
    who: "This program's reader refuses it, and so do others.",
};

pub(super) static MEMBER_FORM: Rule = Rule {
    id: "doc-member-form",
    severity: Severity::Error,
    what: "a member does not have the form that the format gives it",
    why: "Another kind of value, bytes that are not base64, or a date that is not RFC 3339. What cannot be read is lost: for most \
          clients that is the whole document.",
    who: "sigstore-go, sigstore-python, sigstore-rust and cosign refuse the whole document; this program passes over the entry.",
};

/// The document, or the finding that says why there is none.
pub(super) fn read(bytes: &[u8], findings: &mut Findings) -> Option<Document> {
    let document = match Document::parse(bytes.to_vec(), MAX_SIGSTORE_BYTES) {
        Ok(document) => document,
        Err(_) if bytes.iter().all(u8::is_ascii_whitespace) => {
            findings.add(&NOT_JSON, "", "", "the file is empty");
            return None;
        }
        Err(error) => {
            let rule = match error.problem {
                Problem::NotJson(_) | Problem::NotUtf8 => &NOT_JSON,
                Problem::DuplicateMember => &NAME_TWICE,
                _ => &UNUSUAL_JSON,
            };
            findings.add(rule, "", "", error.to_string());
            return None;
        }
    };
    if document.top().kind() == Kind::Object {
        return Some(document);
    }
    findings.add(&NOT_JSON, "", "", "the file is JSON, and not an object");
    None
}
