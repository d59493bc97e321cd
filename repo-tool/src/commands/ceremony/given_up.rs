//! Versions that are given up with enough signatures on them: what is said and recorded of them.

use rootline_ceremonies::{Frozen, GivenUp, Keyholders, Published, SignatureFiles};
use serde_json::{Value, json};

use crate::folder::record::CeremonyRecord;

/// What stays valid if a ceremony is given up, or goes on with these files; without what was recorded before. A damaged file of the ceremony
/// does not keep it from being given up: then the transcript tells who has signed what.
pub(super) fn by_giving_up(
    record: &CeremonyRecord,
    next: Option<&Frozen>,
    published: &Published,
    keyholders: &Keyholders,
) -> Vec<GivenUp> {
    let files = record.folder().signature_files().ok();
    // Without the files of signatures nothing is known of the frozen ones' either.
    let frozen = record.frozen().ok().map(|files| files.frozen).filter(|_| files.is_some());
    let files: SignatureFiles = files.unwrap_or_default();
    let (id, transcript) = (record.id(), record.transcript());
    let recorded = transcript.given_up(id);
    let is_recorded =
        |one: &GivenUp| recorded.iter().any(|other| (&other.part, &other.payload) == (&one.part, &one.payload));
    let mut versions = GivenUp::of(id, frozen.as_ref(), published, keyholders, &files, transcript);
    versions
        .retain(|one| !is_recorded(one) && !one.is_published(published) && !next.is_some_and(|next| one.is_in(next)));
    versions
}

/// A line for each.
pub(super) fn given_up_lines(versions: &[GivenUp]) -> Vec<String> {
    let line = |one: &GivenUp| {
        format!(
            "given up, and still valid: {} with the signatures of {}; never serve it ({})",
            one.part,
            one.signers(),
            one.identity()
        )
    };
    versions.iter().map(line).collect()
}

pub(super) fn given_up_json(versions: &[GivenUp]) -> Value {
    let version = |one: &GivenUp| {
        json!({
            "role": one.part.role.name(),
            "version": one.part.version.number(),
            "payload": one.payload,
            "signed": one.signed.iter().map(rootline_ceremonies::Name::as_str).collect::<Vec<_>>(),
            "sealed": one.sealed,
        })
    };
    versions.iter().map(version).collect()
}
