//! Four clients read signing configs, and select the services that they would sign with.

use std::fs;
use std::path::PathBuf;

use rootline_metadata::lint::Severity;
use rootline_metadata::parse_instant;
use rootline_metadata::sigstore::lint::{LintSettings, lint_file};
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::peers::{self, SIGNERS};

use super::altered_signing_configs::{Altered, NOBODY, altered_signing_configs, signing_config};

/// What comes out, for every altered signing config and client.
pub(super) const WHO_SELECTS: &str = include_str!("who_selects.txt");

/// What the clients select by each of these documents, as names, or why they refuse.
fn select(documents: &[String]) -> Vec<[Result<String, String>; SIGNERS.len()]> {
    let folder = tempfile::tempdir().unwrap();
    let write = |(at, text): (usize, &String)| {
        let path = folder.path().join(format!("{at}.json"));
        fs::write(&path, text).unwrap();
        path
    };
    let files: Vec<PathBuf> = documents.iter().enumerate().map(write).collect();
    let name = |address: &String| address.strip_prefix(NOBODY).unwrap_or(address).to_owned();
    let names = |selected: Vec<String>| selected.iter().map(name).collect::<Vec<_>>().join(" ");
    let mut by_client = SIGNERS.map(|peer| peers::select(peer, None, &files).into_iter());
    let one = |_| by_client.each_mut().map(|selections| selections.next().unwrap().map(names));
    files.iter().map(one).collect()
}

#[test]
fn what_clients_select_is_known_for_every_altered_signing_config() {
    if !peers::verifiers_installed() {
        return;
    }
    let altered = altered_signing_configs();
    let documents: Vec<String> =
        [signing_config().to_string()].into_iter().chain(altered.iter().map(|altered| altered.text.clone())).collect();
    let mut selections = select(&documents).into_iter();
    let row = |rule: &str, fault: &str, cells: &[&str]| {
        let cells: String = cells.iter().map(|cell| format!("  {cell:<18}")).collect();
        format!("{rule:<25}  {fault:<43}{cells}").trim_end().to_owned()
    };
    let cell = |selection: &Result<String, String>| selection.clone().unwrap_or_else(|_| "refuses".into());
    let mut found = vec![row("rule", "fault", &SIGNERS)];
    let mut unknown = Vec::new();
    let names = [("", "none")].into_iter().chain(altered.iter().map(|Altered { rule, what, .. }| (*rule, *what)));
    for ((rule, what), selection) in names.zip(&mut selections) {
        let cells = selection.each_ref().map(cell);
        let line = row(rule, what, &cells.each_ref().map(String::as_str));
        if !WHO_SELECTS.lines().any(|known| known == line) {
            unknown.push(format!("{line}\n{selection:#?}"));
        }
        found.push(line);
    }
    let found = found.join("\n") + "\n";
    assert!(found == WHO_SELECTS, "not as known:\n{}\n\nall:\n{found}", unknown.join("\n"));
}

#[test]
fn a_signing_config_that_any_client_refuses_is_an_error_by_the_rule_that_it_breaks() {
    let at = parse_instant("2026-01-01T00:00:00Z").unwrap();
    let settings = LintSettings::new("signing_config.v0.2.json", at);
    let findings = |text: &str| lint_file(text.as_bytes(), &settings).unwrap();
    let unaltered = findings(&signing_config().to_string());
    assert!(unaltered.iter().all(|finding| finding.rule.severity < Severity::Error), "{unaltered:#?}");
    let mut wrong = Vec::new();
    for altered in altered_signing_configs() {
        let found = findings(&altered.text);
        let is_refused = row_of(&altered).is_some_and(|row| row.contains("refuses"));
        let Altered { rule, what, .. } = altered;
        let severity = found.iter().find(|finding| finding.rule.id == rule).map(|finding| finding.rule.severity);
        if severity < Some(if is_refused { Severity::Error } else { Severity::Note }) {
            wrong.push(format!("{rule}: {what}: {severity:?}, of {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_signing_config_that_any_client_refuses_is_frozen() {
    let fixture = RepositoryFixture::new();
    fixture.write(CONFIG, signing_config().to_string());
    fixture.done(&["ceremony", "new", "first"]);
    let refused = |altered: &Altered| row_of(altered).is_some_and(|row| row.contains("refuses"));
    for Altered { rule, what, text } in altered_signing_configs().into_iter().filter(refused) {
        fixture.write(CONFIG, &text);
        let output = fixture.at(DAY_0, &["ceremony", "freeze", "first"]);
        assert!(!output.is_done() && output.stderr.contains(&format!("[{rule}]")), "{rule}: {what}: {output:?}");
    }
}

const CONFIG: &str = "targets/signing_config.v0.2.json";

/// What clients make of that document, as the table has it.
fn row_of(Altered { rule, what, .. }: &Altered) -> Option<&'static str> {
    WHO_SELECTS.lines().find(|line| line.starts_with(rule) && line.contains(what))
}
