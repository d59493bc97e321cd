//! A document in a trust root that has entries already.

use std::collections::BTreeSet;

use rootline_metadata::json::Value;
use rootline_metadata::sigstore::{EditError, Section, TrustedRoot};

use super::document::Repaired;
use super::error::ImportError;
use super::part::{Part, PartKind};
use super::remark::RemarkKind;
use super::told::Told;
use crate::trust::entry_id::EntryId;

/// Whether the trust root has the key, or the certificate that issues or signs.
pub(super) fn is_trusted(root: &TrustedRoot, part: &Part) -> bool {
    match &part.kind {
        PartKind::Log { key, .. } => root.logs(part.section).iter().any(|log| log.key().spki_der() == key.spki_der()),
        PartKind::Authority(chain) => {
            let leaf = chain.leaf().der();
            root.authorities(part.section).iter().any(|authority| authority.chain().any(|one| one == leaf))
        }
    }
}

pub(super) fn edit(subject: &str, section: Section, problem: EditError) -> ImportError {
    ImportError::Edit { subject: subject.to_owned(), section, problem }
}

/// The ids of all entries that are understood.
pub(super) fn ids(root: &TrustedRoot) -> BTreeSet<EntryId> {
    Section::ALL.into_iter().flat_map(|section| ids_of(root, section)).map(|(_, id)| id).collect()
}

/// The positions of a list's entries that are understood, each with its id.
fn ids_of(root: &TrustedRoot, section: Section) -> Vec<(usize, EntryId)> {
    let logs = root.logs(section).iter().map(|log| (log.position(), EntryId::of_log(log)));
    let authorities = root.authorities(section).iter();
    logs.chain(authorities.map(|authority| (authority.position(), EntryId::of_authority(authority)))).collect()
}

/// The entries of both. A document whose entries come into a trust root that has none takes its place, with all its members.
pub(super) fn joined(root: TrustedRoot, document: Repaired, told: &mut Told) -> Result<TrustedRoot, ImportError> {
    if Section::ALL.into_iter().all(|section| entries(&root, section).is_empty()) {
        return Ok(document.root);
    }
    let mut joined = root;
    for section in Section::ALL {
        let known = ids(&joined);
        let own = ids_of(&document.root, section);
        for (position, entry) in entries(&document.root, section).iter().enumerate() {
            let id = own.iter().find(|(at, _)| *at == position).map(|(_, id)| id);
            let is_listed = match id {
                Some(id) => known.contains(id),
                None => entries(&joined, section).contains(entry),
            };
            let subject = format!("{}: {section}[{position}]", document.name);
            if is_listed {
                told.remarks.add(RemarkKind::PassedOver, &subject, "it is listed already, and stays as it is");
                continue;
            }
            joined.add_entry(section, entry.clone()).map_err(|problem| edit(&subject, section, problem))?;
        }
    }
    Ok(joined)
}

fn entries(root: &TrustedRoot, section: Section) -> &[Value] {
    root.value().get(section.as_str()).and_then(Value::as_array).unwrap_or_default()
}
