//! The review for programs. What is in another form here than for people are key ids and digests: always whole.

use chrono::{DateTime, Utc};
use rootline_ceremonies::Name;
use rootline_ceremonies::review::{
    AuthorityChange, DelegationChange, FileChange, ListedKey, MemberChange, TargetChange, Warning,
};
use rootline_ceremonies::review::{Certificate, ContentChange, EntryChange, days_until};
use rootline_metadata::lint::Severity;
use rootline_metadata::sigstore::Window;
use rootline_metadata::{Expiry, TargetFile, Version, instant_text};
use serde_json::{Map, Value, json};

use super::Shown;
use crate::folder::attestations::attestation_json;

impl Shown {
    /// The whole of it as one value.
    pub(crate) fn to_json(&self) -> Value {
        let changes =
            self.sentences.iter().map(|sentence| json!({ "mark": sentence.mark.word(), "text": sentence.text }));
        let warnings = self.warnings.iter().map(warning_json);
        json!({
            "repository": self.repository,
            "first_root": self.first_root,
            "ceremony": self.ceremony,
            "summary": self.summary,
            "at": instant_text(self.at),
            "outcome": self.outcome,
            "changes": changes.collect::<Vec<_>>(),
            "warnings": warnings.collect::<Vec<_>>(),
            "files": self.files.iter().map(|file| file_json(file, self.at)).collect::<Vec<_>>(),
            "authorities": self.authorities.iter().map(signers_json).collect::<Vec<_>>(),
            "delegations": self.delegations.iter().map(delegation_json).collect::<Vec<_>>(),
            "targets": self.targets.iter().map(shipped_json).collect::<Vec<_>>(),
            "trust": self.contents.iter().map(content_json).collect::<Vec<_>>(),
            "fingerprint": self.fingerprint,
        })
    }
}

fn warning_json(warning: &Warning) -> Value {
    json!({
        "new": warning.is_new,
        "about": warning.about,
        "text": warning.text,
        "rule": warning.rule,
        "severity": warning.severity.map(Severity::as_str),
    })
}

fn file_json(file: &FileChange, at: DateTime<Utc>) -> Value {
    let state = |version: Version, expiry: Expiry| json!({ "version": version.number(), "expires": instant_text(expiry.instant()), "days": days_until(expiry.instant(), at) });
    let member = |member: &MemberChange| json!({ "place": member.place, "mark": member.mark().word(), "before": member.before, "after": member.after });
    let signing = file.signing_days();
    json!({
        "role": file.part.role.name(),
        "before": file.before.map(|(version, expiry)| state(version, expiry)),
        "after": state(file.part.version, file.expiry),
        "signing_days": { "mark": signing.mark().word(), "before": signing.before, "after": signing.after },
        "other_members": file.members.iter().map(member).collect::<Vec<_>>(),
    })
}

fn signers_json(signers: &AuthorityChange) -> Value {
    let key = |key: &ListedKey| {
        json!({
            "owner": key.owner.as_ref().map(Name::as_str),
            "display_name": key.owner.as_ref().map(|_| &key.display_name),
            "keyid": key.key_id.as_str(),
            "scheme": key.scheme,
            "attestation": key.attestation.as_ref().map(attestation_json),
        })
    };
    let periods = |periods: (u16, u16)| json!({ "expires_days": periods.0, "signing_days": periods.1 });
    let keys = |keys: &[ListedKey]| keys.iter().map(key).collect::<Vec<_>>();
    let holding = signers.validity();
    json!({
        "file": signers.by.to_string(),
        "role": signers.role,
        "threshold_before": signers.threshold_before,
        "threshold": signers.threshold_after,
        "people_before": signers.threshold_before.map(|_| signers.people_before()),
        "people": signers.people(),
        "periods": {
            "mark": holding.mark().word(),
            "before": holding.before.map(periods),
            "after": holding.after.map(periods),
        },
        "joins": keys(&signers.joins),
        "leaves": keys(&signers.leaves),
        "stays": keys(&signers.stays),
    })
}

fn delegation_json(change: &DelegationChange) -> Value {
    json!({
        "by": change.by.role.name(),
        "name": change.role,
        "mark": change.mark().word(),
        "before": change.lines_before(),
        "after": change.lines_after(),
    })
}

fn shipped_json(shipped: &TargetChange) -> Value {
    let file = |file: &TargetFile| {
        json!({
            "length": file.length,
            "digest": file.digests.to_string(),
            // As text, so that a number of any size stays what it is.
            "custom": file.custom.as_ref().map(rootline_metadata::json::Value::compact),
        })
    };
    json!({
        "role": shipped.by.role.name(),
        "name": shipped.name,
        "mark": shipped.mark().word(),
        "before": shipped.before.as_ref().map(file),
        "after": shipped.after.as_ref().map(file),
    })
}

/// What becomes of the content of one file.
pub(crate) fn content_json(content: &ContentChange) -> Value {
    let settings = content.settings.iter().map(|happening| json!({ "change": happening.word, "text": happening.text }));
    let skipped = content.skipped.iter().map(|(mark, reason)| json!({ "mark": mark.word(), "reason": reason }));
    json!({
        "file": content.name,
        "kind_before": content.kind_before,
        "kind": content.kind,
        "entries": content.entries.iter().map(entry_change_json).collect::<Vec<_>>(),
        "settings": settings.collect::<Vec<_>>(),
        "not_understood": skipped.collect::<Vec<_>>(),
        "note": content.note,
    })
}

/// What becomes of one entry.
pub(crate) fn entry_change_json(change: &EntryChange) -> Value {
    let entry = &change.entry;
    let happenings =
        change.happenings.iter().map(|happening| json!({ "change": happening.word, "text": happening.text }));
    let facts: Map<String, Value> =
        entry.facts.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect();
    json!({
        "mark": change.mark.word(),
        "name": entry.name.as_ref().map(Name::as_str),
        "kind": entry.kind.name(),
        "url": entry.url,
        "id": entry.id,
        "changes": happenings.collect::<Vec<_>>(),
        "before": change.before.map(window_json),
        "after": change.after.map(window_json),
        "facts": facts,
        "chain": entry.chain.iter().map(certificate_json).collect::<Vec<_>>(),
    })
}

fn certificate_json(certificate: &Certificate) -> Value {
    match &certificate.stated {
        Ok(stated) => json!({
            "sha256": certificate.fingerprint,
            "subject": stated.subject,
            "issuer": stated.issuer,
            "validity": window_json(stated.validity),
        }),
        Err(why) => json!({ "sha256": certificate.fingerprint, "unreadable": why }),
    }
}

fn window_json(window: Window) -> Value {
    json!({ "start": window.start().map(instant_text), "end": window.end().map(instant_text) })
}
