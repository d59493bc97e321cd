//! What is not frozen, because some client would read it differently from what was meant, or not at all.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::json::Value;
use rootline_metadata::lint::Severity;
use rootline_metadata::sigstore::lint::{LintSettings, lint_file};
use serde::de::IgnoredAny;

use super::FreezeError;
use crate::documents::{DocumentFinding, Judgement};
use crate::lint::is_fixed;
use crate::model::target_name::TargetName;
use crate::plan::delegation::DelegationPlan;
use crate::plan::plan::Plan;
use crate::repository::published::Published;

/// The largest whole number that every reader of JSON takes for itself: 2^53. Beyond it some round, and the signature is over another number.
const MAX_INTEGER: u64 = 1 << 53;

/// Refuses what is new: one of Sigstore's documents that cannot be read at all, a file named `.json` that is none, and an integer above 2^53 in what is said about a file. What is published already
/// stays as it is.
pub(super) fn check(
    plan: &Plan,
    published: &Published,
    given: &BTreeMap<TargetName, Vec<u8>>,
) -> Result<(), FreezeError> {
    let shipped = published.shipped();
    let delegated = plan.delegations().iter().map(|delegation: &DelegationPlan| &delegation.shipment);
    for shipment in delegated.chain([plan.shipment()]) {
        for name in shipment.names() {
            if let Some(bytes) = given.get(name).filter(|bytes| shipped.get(name) != Some(&bytes.as_slice())) {
                check_document(name, shipped.get(name).copied(), bytes, plan.at())?;
                check_json(name, bytes)?;
            }
            let custom = shipment.custom(name).into_iter().flat_map(|custom| custom.iter());
            for (_, value) in custom {
                if let Some(number) = large_integer(value)
                    && !is_published(published, name, &number)
                {
                    return Err(FreezeError::LargeInteger { name: name.clone(), number });
                }
            }
        }
    }
    Ok(())
}

/// Refuses a document that nobody can read, by any policy; but for what is published so.
fn check_document(
    name: &TargetName,
    before: Option<&[u8]>,
    bytes: &[u8],
    at: DateTime<Utc>,
) -> Result<(), FreezeError> {
    let settings = LintSettings::new(name.as_str(), at);
    let lint = |bytes: &[u8]| lint_file(bytes, &settings).unwrap_or_default();
    let known = before.map(lint).unwrap_or_default();
    let faults: Vec<DocumentFinding> = lint(bytes)
        .into_iter()
        .filter(|finding| is_fixed(finding.rule) && !known.iter().any(|old| old.is_same_fault(finding)))
        .map(|finding| DocumentFinding { name: name.to_string(), finding, is_new: true })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(FreezeError::Faults { faults }) }
}

/// Refuses what is shipped where it breaks a rule whose breach is an error, unless what is published breaks it in the same way.
///
/// # Errors
/// [`FreezeError::Faults`], with all of them.
pub fn check_documents(findings: &[DocumentFinding], judgement: &Judgement) -> Result<(), FreezeError> {
    let stops =
        |found: &&DocumentFinding| found.is_new && judgement.severity_of(&found.finding) == Some(Severity::Error);
    let faults: Vec<DocumentFinding> = findings.iter().filter(stops).cloned().collect();
    if faults.is_empty() { Ok(()) } else { Err(FreezeError::Faults { faults }) }
}

fn check_json(name: &TargetName, bytes: &[u8]) -> Result<(), FreezeError> {
    if !name.as_str().ends_with(".json") {
        return Ok(());
    }
    match serde_json::from_slice::<IgnoredAny>(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(FreezeError::NotJson { name: name.clone(), problem: error.to_string() }),
    }
}

/// The digits of the first integer that is too large.
fn large_integer(value: &Value) -> Option<String> {
    match value {
        Value::Integer(number) => {
            let is_small = number.digits().parse::<u64>().is_ok_and(|number| number <= MAX_INTEGER);
            (!is_small).then(|| number.digits().to_owned())
        }
        Value::Array(elements) => elements.iter().find_map(large_integer),
        Value::Object(members) => members.iter().find_map(|(_, value)| large_integer(value)),
        _ => None,
    }
}

/// Whether that number is published already in what is said about a file.
fn is_published(published: &Published, name: &TargetName, number: &str) -> bool {
    let current = published.current().into_iter().flat_map(|current| current.all_targets());
    let mut files = current.filter_map(|(_, targets)| targets.target(name.path()));
    files.any(|file| file.custom.as_ref().and_then(large_integer).is_some_and(|found| found == number))
}

#[cfg(test)]
mod tests {
    use rootline_metadata::json::Integer;

    use super::*;

    #[test]
    fn an_integer_is_large_one_above_two_to_the_53() {
        let number = |number: u64| Value::Integer(Integer::from(number));
        assert_eq!(large_integer(&number(MAX_INTEGER)), None);
        assert_eq!(large_integer(&number(MAX_INTEGER + 1)), Some("9007199254740993".to_owned()));
        let nested: Value = vec![number(1), vec![number(MAX_INTEGER + 1)].into()].into();
        assert_eq!(large_integer(&nested), Some("9007199254740993".to_owned()));
        assert_eq!(large_integer(&"9007199254740993".into()), None);
    }

    #[test]
    fn a_document_that_nobody_can_read_is_never_frozen() {
        let check = |name: &str, bytes: &[u8]| {
            check_document(
                &name.parse().unwrap(),
                None,
                bytes,
                rootline_metadata::parse_instant("2030-01-01T00:00:00Z").unwrap(),
            )
        };
        for name in ["trusted_root.json", "a/trusted_root.v0.2.json", "trusted_root.jsonl", "signing_config.v0.2.json"]
        {
            for bytes in [&b""[..], b" ", b"{", b"[]", b"{\"a\":1,\"a\":1}", b"{\"a\":1.5}", b"\xff"] {
                assert!(matches!(check(name, bytes), Err(FreezeError::Faults { .. })), "{name}: {bytes:?}");
                check("notes.txt", bytes).unwrap();
            }
            check(name, b"{}").unwrap();
        }
        // What is published so stays, and is changed in other places.
        let at = rootline_metadata::parse_instant("2030-01-01T00:00:00Z").unwrap();
        let name = "trusted_root.json".parse().unwrap();
        check_document(&name, Some(b"{\"a\":1,\"a\":1}"), b"{\"a\":1,\"a\":1,\"b\":1}", at).unwrap();
        let error = check("trusted_root.json", b"[]").unwrap_err().to_string();
        let expected = "clients refuse what is shipped, or are deceived by it: trusted_root.json: the file is JSON, and not an object [doc-not-json]";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_file_named_json_is_json() {
        let check = |name: &str, bytes: &[u8]| check_json(&name.parse().unwrap(), bytes);
        for bytes in [&b"{}"[..], b"[]", b" 1.5 ", b"\"x\""] {
            check("a.json", bytes).unwrap();
        }
        for bytes in [&b""[..], b"{", b"{} x", b"{\"a\":}", b"\xff"] {
            assert!(matches!(check("a.json", bytes), Err(FreezeError::NotJson { .. })), "{bytes:?}");
            check("a.pem", bytes).unwrap();
        }
    }
}
