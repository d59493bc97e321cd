//! Findings as text and as JSON.

use std::collections::BTreeMap;

use rootline::printable::printable;
use rootline::table::{Cell, Table};
use rootline::terminal::{Terminal, Tone};
use rootline_ceremonies::lint::{FileFinding, Severities, SeverityChange};
use rootline_metadata::lint::{Finding, Severity};
use serde_json::{Value, json};

/// Findings with the severities that a policy gives them.
pub(crate) struct Findings<'a> {
    /// The findings that are told, with their severities.
    pub(crate) told: Vec<(Severity, FileFinding)>,
    /// How many are of rules that are switched off.
    off: usize,
    severities: &'a Severities,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(found: Vec<FileFinding>, severities: &'a Severities) -> Findings<'a> {
        let all = found.len();
        let told: Vec<_> =
            found.into_iter().filter_map(|found| Some((severities.of(found.finding.rule)?, found))).collect();
        Findings { off: all - told.len(), told, severities }
    }

    fn count(&self, severity: Severity) -> usize {
        self.told.iter().filter(|(of, _)| *of == severity).count()
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// The changes of the policy that say how a finding is told.
    fn changes(&self) -> Vec<&SeverityChange> {
        let is_found = |change: &&SeverityChange| self.told.iter().any(|(_, found)| found.finding.rule == change.rule);
        self.severities.changes().filter(|change| change.severity.is_none() || is_found(change)).collect()
    }

    /// For programs.
    pub(crate) fn to_json(&self, place: &str, at: &str, files: usize) -> Value {
        let finding = |(severity, FileFinding { file, finding }): &(Severity, FileFinding)| {
            rootline::finding::to_json(Some(file), finding, *severity)
        };
        json!({
            "place": place,
            "at": at,
            "files": files,
            "counts": {
                "error": self.count(Severity::Error),
                "warning": self.count(Severity::Warning),
                "note": self.count(Severity::Note),
                "off": self.off,
            },
            "findings": self.told.iter().map(finding).collect::<Vec<_>>(),
            "policy": self.changes().into_iter().map(change_json).collect::<Vec<_>>(),
        })
    }

    /// For people: a paragraph for each file, the worst first, and a last line that counts.
    pub(crate) fn lines(&self, files: usize, terminal: &Terminal) -> Vec<String> {
        let mut positions = BTreeMap::new();
        let mut by_file: Vec<(&str, Vec<&(Severity, FileFinding)>)> = Vec::new();
        for told in &self.told {
            let file = told.1.file.as_str();
            let position = *positions.entry(file).or_insert(by_file.len());
            match by_file.get_mut(position) {
                Some((_, found)) => found.push(told),
                None => by_file.push((file, vec![told])),
            }
        }
        let mut lines = Vec::new();
        for (file, mut found) in by_file {
            found.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
            lines.push(printable(file));
            let mut table = Table::new(["", "", ""]);
            for (severity, FileFinding { finding, .. }) in found {
                table.row([
                    Cell::text(severity.as_str()).toned(tone(*severity)),
                    Cell::text(finding.rule.id),
                    Cell::text(text(finding)),
                ]);
            }
            lines.push(table.render(terminal));
        }
        for change in self.changes() {
            lines.push(terminal.prose(0, &printable(&change_line(change))));
        }
        lines.push(self.last_line(files));
        lines
    }

    fn last_line(&self, files: usize) -> String {
        let counted = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{count} {word}s")),
        };
        let kinds = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
        let mut counts: Vec<String> =
            kinds.into_iter().filter_map(|(severity, word)| counted(self.count(severity), word)).collect();
        counts.extend((self.off > 0).then(|| format!("{} switched off", self.off)));
        let of_files = counted(files, "file").unwrap_or_else(|| "no file".to_owned());
        match self.told.first() {
            None if counts.is_empty() => format!("nothing found in {of_files}"),
            None => format!("{} in {of_files}", counts.join(", ")),
            Some((_, found)) => {
                let id = found.finding.rule.id;
                format!("{} in {of_files}; what a rule means: rootline-repo lint --explain {id}", counts.join(", "))
            }
        }
    }
}

/// A finding without its rule, on one line. What the place says already is not said again.
pub(crate) fn text(Finding { place, subject, detail, .. }: &Finding) -> String {
    let is_said = subject.rsplit(' ').next().is_some_and(|last| place.contains(last));
    match (place.is_empty(), is_said || subject.is_empty()) {
        (true, true) => detail.clone(),
        (true, false) => format!("{subject}: {detail}"),
        (false, true) => format!("{place}: {detail}"),
        (false, false) => format!("{place}: {subject}: {detail}"),
    }
}

pub(super) fn change_line(change: &SeverityChange) -> String {
    let SeverityChange { rule, why, .. } = change;
    format!("the policy says {} of {} in place of {}: {why}", change.severity_text(), rule.id, rule.severity)
}

pub(super) fn change_json(change: &SeverityChange) -> Value {
    json!({
        "rule": change.rule.id, "severity": change.severity_text(),
        "default": change.rule.severity.as_str(), "why": change.why,
    })
}

pub(super) fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Failure,
        Severity::Warning => Tone::Warning,
        Severity::Note => Tone::Plain,
    }
}
