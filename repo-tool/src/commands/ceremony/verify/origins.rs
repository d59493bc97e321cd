//! What is published has its record, and no record is gone that another one names.

use std::collections::{BTreeMap, BTreeSet};

use rootline_ceremonies::{Name, OriginFault, Origins, Published, RoleVersion, Transcripts};

use super::Finding;
use crate::failure::Failure;

/// A finding for what was found to be right, and one for each fault.
pub(super) fn findings(published: &Published, transcripts: &Transcripts) -> Vec<Finding> {
    let origins = Origins::find(published, transcripts);
    let (gone, files): (Vec<_>, Vec<_>) = origins
        .faults
        .iter()
        .partition(|fault| matches!(fault, OriginFault::NoCeremony { .. } | OriginFault::Cut { .. }));
    let mut findings = findings_of("published files", files, || files_text(&origins));
    // Nothing is wrong about these, as long as they stay where they are; what is served tells nobody of them.
    let given_up = origins.given_up.iter().map(|version| format!("{version}; must never be served"));
    findings.extend(given_up.map(|found| Finding { check: "given up", result: Ok(found) }));
    findings.extend(findings_of("ceremonies", gone, || match origins.followed {
        0 => "none names an earlier one".to_owned(),
        1 => "1 is named by a later one, and is there".to_owned(),
        several => format!("{several} are named by later ones, and are there"),
    }));
    findings
}

fn findings_of(check: &'static str, faults: Vec<&OriginFault>, right: impl FnOnce() -> String) -> Vec<Finding> {
    let wrong = |fault: &&OriginFault| Finding { check, result: Err(Failure::new(fault.to_string(), fault.hint())) };
    match faults.is_empty() {
        true => vec![Finding { check, result: Ok(right()) }],
        false => faults.iter().map(wrong).collect(),
    }
}

fn files_text(Origins { made, imported, .. }: &Origins) -> String {
    let count = |files: &BTreeMap<Name, BTreeSet<RoleVersion>>| files.values().map(BTreeSet::len).sum::<usize>();
    let files = |number: usize| if number == 1 { "1 file".to_owned() } else { format!("{number} files") };
    let mut text = match count(made) {
        0 if imported.is_empty() => "nothing is published yet".to_owned(),
        number => format!("{} made by recorded ceremonies", files(number)),
    };
    for (id, imported) in imported {
        let number = files(imported.len());
        text.push_str(&format!("; {number} imported, not made by a ceremony: see ceremony log {id}"));
    }
    text
}
