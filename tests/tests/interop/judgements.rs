//! Five clients judge trust roots: each verifies a bundle with them.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Duration, Utc};
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::sigstore::documents::{self, Window};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Identity, Rekor, Services, Tsa};
use rootline_tests::peers::{self, VERIFIERS, Verification};
use serde_json::Value;
use tempfile::TempDir;

const ORGANIZATION: &str = "acme.example";
const SIGNER: Identity<'static> = Identity { name: "alice@acme.example", issuer: "https://login.acme.example" };
const ARTIFACT: &[u8] = b"an artifact\n";

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

/// When the instance began. Something is signed with it thirty days later.
fn start() -> DateTime<Utc> {
    at("2024-01-01T00:00:00Z")
}

struct Instance {
    start: DateTime<Utc>,
    fulcio: Fulcio,
    ct_log: CtLog,
    rekor: Rekor,
    tsa: Tsa,
}

impl Instance {
    fn new() -> Instance {
        Instance::since(start())
    }

    fn since(start: DateTime<Utc>) -> Instance {
        Instance {
            start,
            fulcio: Fulcio::with_intermediate(ORGANIZATION, start),
            ct_log: CtLog::new("https://ct.acme.example/2024"),
            rekor: Rekor::v1("rekor.acme.example"),
            tsa: Tsa::with_intermediate(ORGANIZATION, start),
        }
    }

    fn bundle(&self, is_timestamped: bool) -> Value {
        let Instance { start, fulcio, ct_log, rekor, tsa } = self;
        let services = Services { fulcio, ct_log, rekor, tsa: is_timestamped.then_some(tsa) };
        services.sign(ARTIFACT, &SIGNER, *start + Duration::days(30))
    }

    fn trusted_root(&self) -> Value {
        let window = Window(self.start, None);
        documents::trusted_root(
            &[documents::tlog(&self.rekor, window)],
            &[documents::certificate_authority(&self.fulcio, window)],
            &[documents::ctlog(&self.ct_log, window)],
            &[documents::timestamp_authority(&self.tsa, window)],
        )
    }
}

/// A folder with an artifact and its bundle.
struct Case(TempDir);

impl Case {
    fn new(bundle: &Value) -> Case {
        let case = Case(tempfile::tempdir().unwrap());
        fs::write(case.path("artifact.txt"), ARTIFACT).unwrap();
        fs::write(case.path("bundle.json"), bundle.to_string()).unwrap();
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

/// Which of the clients accept a bundle with that trust root, beside the reasons of the others.
fn judge(bundle: &Value, trusted_root: &Value) -> Vec<(&'static str, Result<(), String>)> {
    let case = Case::new(bundle);
    let judged = |peer| case.verify(peer, &[&trusted_root.to_string()]).remove(0);
    VERIFIERS.iter().map(|peer| (*peer, judged(peer))).collect()
}

#[test]
fn every_client_accepts_what_an_instance_made_in_a_test_has_signed() {
    if !peers::verifiers_installed() {
        return;
    }
    let instance = Instance::new();
    // All its certificates have ended by now: what counts is the time in the bundle.
    let ended = Instance::since(at("2008-01-01T00:00:00Z"));
    let accepted: Vec<_> = VERIFIERS.iter().map(|peer| (*peer, Ok(()))).collect();
    let mut small = Instance::new();
    small.fulcio = Fulcio::root(ORGANIZATION, start());
    small.tsa = Tsa::new(ORGANIZATION, start());
    let mut v2 = Instance::new();
    v2.rekor = Rekor::v2("rekor2.acme.example");
    let mut rsa = Instance::new();
    rsa.ct_log = CtLog::rsa("https://ct.acme.example/rsa");
    for (what, instance, is_timestamped) in [
        ("Rekor's own time", &instance, false),
        ("a timestamp", &instance, true),
        ("chains without an intermediate", &small, true),
        ("Rekor v2", &v2, true),
        ("an RSA log of certificates", &rsa, false),
        ("authorities that have ended, Rekor's own time", &ended, false),
        ("authorities that have ended, a timestamp", &ended, true),
    ] {
        assert_eq!(judge(&instance.bundle(is_timestamped), &instance.trusted_root()), accepted, "{what}");
    }
}
