//! Five clients judge trust roots: each verifies a bundle with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use rootline_tests::fixtures::sigstore::{Fulcio, Tsa};
use rootline_tests::peers::{self, VERIFIERS, Verification};
use serde_json::Value;
use tempfile::TempDir;

use super::altered_trust_roots::{Altered, altered_trust_roots};
use super::sigstore_instance::{ARTIFACT, Instance, ORGANIZATION, SIGNER, start};

/// What comes out, for every altered trust root and client.
const WHO_REFUSES: &str = include_str!("who_refuses.txt");

/// A folder with an artifact and its bundle.
struct Case(TempDir);

impl Case {
    fn new(bundle: &str) -> Case {
        let case = Case(tempfile::tempdir().unwrap());
        fs::write(case.path("artifact.txt"), ARTIFACT).unwrap();
        fs::write(case.path("bundle.json"), bundle).unwrap();
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn verify(&self, peer: &str, trusted_roots: &[&str]) -> Vec<Result<(), String>> {
        let paths: Vec<PathBuf> = (0..trusted_roots.len()).map(|at| self.path(&format!("{at}.json"))).collect();
        for (path, content) in paths.iter().zip(trusted_roots) {
            fs::write(path, content).unwrap();
        }
        let (artifact, bundle) = (&self.path("artifact.txt"), &self.path("bundle.json"));
        let verification = Verification { artifact, bundle, identity: SIGNER.name, issuer: SIGNER.issuer };
        peers::verify(peer, &verification, &paths)
    }
}

/// Which of the clients refuse a bundle with that trust root, and why.
fn refusals(bundle: &Value, trusted_root: &Value) -> Vec<(&'static str, String)> {
    let case = Case::new(&bundle.to_string());
    let refusal = |peer: &'static str| {
        let judged = case.verify(peer, &[&trusted_root.to_string()]).remove(0);
        judged.err().map(|reason| (peer, reason))
    };
    VERIFIERS.into_iter().filter_map(refusal).collect()
}

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
    let ended = Instance::since(rootline_metadata::parse_instant("2008-01-01T00:00:00Z").unwrap());
    for (what, instance, bundle) in [
        ("Rekor's own time", &instance, instance.promised()),
        ("Rekor v2, a timestamp, an RSA log of certificates", &instance, instance.timestamped()),
        ("both times", &instance, instance.promised_and_timestamped()),
        ("chains without an intermediate", &small, small.promised_and_timestamped()),
        ("authorities that have ended, Rekor's own time", &ended, ended.promised()),
        ("authorities that have ended, a timestamp", &ended, ended.timestamped()),
    ] {
        assert_eq!(refusals(&bundle, &instance.trusted_root()), [], "{what}");
    }
}

#[test]
fn what_clients_refuse_is_known_for_every_altered_trust_root() {
    if !peers::verifiers_installed() {
        return;
    }
    let altered = altered_trust_roots();
    let mut by_bundle: BTreeMap<&str, Vec<&Altered>> = BTreeMap::new();
    for document in &altered {
        by_bundle.entry(&document.bundle).or_default().push(document);
    }
    let mut refusals: BTreeMap<(&str, &str, &str), String> = BTreeMap::new();
    for (bundle, documents) in by_bundle {
        let case = Case::new(bundle);
        let texts: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
        for peer in VERIFIERS {
            let refused = documents.iter().zip(case.verify(peer, &texts));
            let refused =
                refused.filter_map(|(Altered { rule, what, .. }, judged)| Some(((*rule, *what, peer), judged.err()?)));
            refusals.extend(refused);
        }
    }
    let row = |rule: &str, what: &str, cells: &[&str]| {
        let cells: Vec<String> =
            cells.iter().zip(VERIFIERS).map(|(cell, peer)| format!("{cell:<0$}", peer.len().max(7))).collect();
        format!("{rule:<20}  {what:<52}  {}", cells.join("  ")).trim_end().to_owned()
    };
    let mut found = vec![row("rule", "fault", &VERIFIERS)];
    let mut reasons = Vec::new();
    for Altered { rule, what, .. } in &altered {
        let refusal = |peer| refusals.get(&(*rule, *what, peer));
        let line = row(rule, what, &VERIFIERS.map(|peer| if refusal(peer).is_some() { "refuses" } else { "-" }));
        if !WHO_REFUSES.lines().any(|known| known == line) {
            let refusals = VERIFIERS.iter().filter_map(|peer| Some(format!("\n  {peer}: {}", refusal(peer)?)));
            reasons.push(format!("{line}{}", refusals.collect::<String>()));
        }
        found.push(line);
    }
    let found = found.join("\n") + "\n";
    assert!(found == WHO_REFUSES, "not as known:\n{}\n\nall:\n{found}", reasons.join("\n"));
}
