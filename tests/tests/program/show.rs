//! `rootline show`: what to trust, and which services to sign with.

use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use serde_json::json;

/// Two Rekor logs of one operator, the newer one from day 1 on; a timestamp authority of two that are asked for.
const SIGNING_CONFIG: &str = r#"{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
  "caUrls": [{"url": "https://fulcio.example", "majorApiVersion": 1, "validFor": {"start": "2029-01-01T00:00:00Z"}, "operator": "a"}],
  "oidcUrls": [],
  "rekorTlogUrls": [
    {"url": "https://old.example", "majorApiVersion": 2, "validFor": {"start": "2029-01-01T00:00:00Z"}, "operator": "a"},
    {"url": "https://new.example", "majorApiVersion": 2, "validFor": {"start": "2030-01-02T00:00:00Z"}, "operator": "a"}],
  "tsaUrls": [{"url": "https://tsa.example", "majorApiVersion": 1, "validFor": {"start": "2029-01-01T00:00:00Z"}, "operator": "a"}],
  "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "EXACT", "count": 2}}"#;

fn fixture() -> ClientFixture {
    ClientFixture::with(|sim| {
        sim.add_target("targets", "signing_config.v0.2.json", SIGNING_CONFIG.as_bytes());
    })
}

#[test]
fn show_names_the_services_to_sign_with_at_a_time() {
    let fixture = fixture();
    for (at, rekor) in [("2030-01-01T23:59:59Z", "https://old.example"), (DAY_1, "https://new.example")] {
        let output = fixture.run(&["show", "--trusted-at", at], DAY_1).succeeds().stdout;
        let rows: Vec<&str> = output.lines().skip_while(|line| *line != "signing services").collect();
        assert_eq!(
            rows[1..5],
            [
                "  certificate authority  https://fulcio.example (API version 1)",
                "  identity provider      none",
                &format!("  transparency log       {rekor} (API version 2)"),
                "  timestamp authority    none",
            ]
        );
    }
}

#[test]
fn a_program_is_told_why_there_is_no_service() {
    let output = fixture().run(&["show", "--json"], DAY_1).succeeds().json();
    assert_eq!(
        output["sign_with"][2],
        json!({"kind": "transparency log", "use": [{"url": "https://new.example", "api_version": 2, "operator": "a"}]})
    );
    assert_eq!(output["sign_with"][3]["use"], json!([]));
    let reason = output["sign_with"][3]["reason"].as_str().expect("a reason");
    assert!(reason.contains("services of 2 operators are needed"), "{reason}");
}

#[test]
fn a_repository_that_does_not_say_what_to_sign_with_is_shown_all_the_same() {
    let output = ClientFixture::new().run(&["show"], DAY_1).succeeds().stdout;
    assert!(!output.contains("signing services"), "{output}");
    assert!(output.lines().all(|line| line == line.trim_end()), "{output}");
}
