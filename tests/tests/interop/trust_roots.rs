//! Five clients judge trust roots: each verifies a bundle with them.

use chrono::Duration;
use rootline_metadata::lint::Severity;
use rootline_metadata::sigstore::lint::{LintSettings, RULES, lint_file};
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::fixtures::sigstore::{Fulcio, Tsa};
use rootline_tests::peers::{self, VERIFIERS};

use super::altered_trust_roots::{Altered, altered_trust_roots};
use super::judging::{judge, refusing};
use super::signing_configs::WHO_SELECTS;
use super::sigstore_instance::{Instance, ORGANIZATION, start};

/// What comes out, for every altered trust root and client.
const WHO_REFUSES: &str = include_str!("who_refuses.txt");

#[test]
fn every_client_accepts_what_an_instance_made_in_a_test_has_signed() {
    if !peers::verifiers_installed() {
        return;
    }
    let instance = Instance::new();
    let mut small = Instance::new();
    small.fulcio = Fulcio::root(ORGANIZATION, start());
    small.tsa = Tsa::new(ORGANIZATION, start());
    // All its certificates have ended by now: what counts is the time in the bundle.
    let ended = Instance::of(ORGANIZATION, rootline_metadata::parse_instant("2008-01-01T00:00:00Z").unwrap());
    let signed = [
        ("Rekor's own time", &instance, instance.promised()),
        ("Rekor v2, a timestamp, an RSA log of certificates", &instance, instance.timestamped()),
        ("both times", &instance, instance.promised_and_timestamped()),
        ("chains without an intermediate", &small, small.promised_and_timestamped()),
        ("authorities that have ended, Rekor's own time", &ended, ended.promised()),
        ("authorities that have ended, a timestamp", &ended, ended.timestamped()),
    ];
    let documents =
        signed.each_ref().map(|(_, instance, bundle)| (instance.trusted_root().to_string(), bundle.to_string()));
    let judged = judge(&documents.each_ref().map(|(root, bundle)| (root.as_str(), bundle.as_str())));
    for ((what, ..), judgements) in signed.iter().zip(judged) {
        assert_eq!(judgements, [const { Ok(()) }; VERIFIERS.len()], "{what}");
    }
}

#[test]
fn what_clients_refuse_is_known_for_every_altered_trust_root() {
    if !peers::verifiers_installed() {
        return;
    }
    let row = |rule: &str, fault: &str, cells: &[&str]| {
        let cells =
            cells.iter().zip(VERIFIERS).map(|(cell, peer)| format!("  {cell:<0$}", peer.len().max("refuses".len())));
        format!("{rule:<20}  {fault:<52}{}", cells.collect::<String>()).trim_end().to_owned()
    };
    let altered = altered_trust_roots();
    let documents: Vec<(&str, &str)> =
        altered.iter().map(|Altered { text, bundle, .. }| (text.as_str(), bundle.as_str())).collect();
    let (mut found, mut unknown) = (vec![row("rule", "fault", &VERIFIERS)], Vec::new());
    for (Altered { rule, what, .. }, judgements) in altered.iter().zip(judge(&documents)) {
        let line = row(rule, what, &judgements.each_ref().map(|judged| if judged.is_ok() { "-" } else { "refuses" }));
        if !WHO_REFUSES.lines().any(|known| known == line) {
            unknown.push(format!("{line}\n{judgements:#?}"));
        }
        found.push(line);
    }
    let found = found.join("\n") + "\n";
    assert!(found == WHO_REFUSES, "not as known:\n{}\n\nall:\n{found}", unknown.join("\n"));
}

#[test]
fn what_any_client_may_refuse_is_an_error_by_the_rule_that_it_breaks() {
    let settings = LintSettings::new("trusted_root.json", start() + Duration::days(60));
    let errors = |text: &str| {
        let findings = lint_file(text.as_bytes(), &settings).unwrap();
        findings.into_iter().filter(|finding| finding.rule.severity == Severity::Error).collect::<Vec<_>>()
    };
    assert_eq!(errors(&Instance::new().trusted_root().to_string()), []);
    for Altered { rule, what, text, .. } in altered_trust_roots() {
        let found = errors(&text);
        assert!(found.iter().any(|finding| finding.rule.id == rule), "{rule}: {what}: {found:#?}");
    }
}

#[test]
fn every_client_refuses_a_bundle_without_a_time() {
    if !peers::verifiers_installed() {
        return;
    }
    let instance = Instance::new();
    let (root, bundle) = (instance.trusted_root().to_string(), instance.without_time().to_string());
    assert_eq!(refusing(&judge(&[(&root, &bundle)])[0]), VERIFIERS);
}

/// The libraries behind the clients, as the catalogue calls them.
const LIBRARIES: [(&str, &str); 5] = [
    ("python", "sigstore-python"),
    ("node", "sigstore-js"),
    ("cosign", "sigstore-go"),
    ("sigstore-go", "sigstore-go"),
    ("sigstore-verify", "sigstore-rust"),
];

#[test]
fn the_catalogue_names_the_clients_that_refuse() {
    let mut missing = Vec::new();
    for table in [WHO_REFUSES, WHO_SELECTS] {
        let mut lines = table.lines();
        let peers: Vec<&str> = lines.next().unwrap().split_whitespace().skip(2).collect();
        for line in lines.filter(|line| !line.starts_with(' ')) {
            let (id, _) = line.split_once(' ').unwrap();
            let rule = RULES.iter().find(|rule| rule.id == id).unwrap();
            // Cells are two spaces apart, as the rule and the fault are.
            let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).skip(2);
            for (peer, _) in peers.iter().zip(cells).filter(|(_, cell)| *cell == "refuses") {
                let (_, library) = LIBRARIES.iter().find(|(name, _)| name == peer).unwrap();
                if !rule.who.contains(library) && !rule.who.contains("Every client") {
                    missing.push(format!("{id}: {library}: {}", rule.who));
                }
            }
        }
    }
    missing.dedup();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn nothing_that_any_client_may_refuse_is_frozen() {
    let fixture = RepositoryFixture::planned();
    for Altered { rule, what, text, .. } in altered_trust_roots() {
        fixture.write("targets/trusted_root.json", &text);
        let output = fixture.at(DAY_0, &["ceremony", "freeze", "first"]);
        assert!(!output.is_done() && output.stderr.contains(&format!("[{rule}]")), "{rule}: {what}: {output:?}");
    }
}
