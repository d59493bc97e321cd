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
        let output = fixture.run(&["show", "--trusted-at", at], DAY_1);
        assert_eq!(output.status, 0, "{output:?}");
        let rows: Vec<&str> = output.stdout.lines().skip_while(|line| *line != "signing services").collect();
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
fn what_clients_refuse_in_a_document_is_warned_of_and_all_else_is_told_where_everything_is() {
    let fixture = fixture();
    let warned = |more: &[&str]| {
        let output = fixture.run(&[&["show"], more].concat(), DAY_1);
        assert_eq!(output.status, 0, "{output:?}");
        let rules = output.stderr.lines().map(|line| {
            assert!(line.starts_with("warning: "), "{line}");
            let (text, rule) = line.rsplit_once(" [").expect("a rule");
            (text.contains("signing_config.v0.2.json: "), rule.trim_end_matches(']').to_owned())
        });
        rules.collect::<Vec<_>>()
    };
    let of_config = |rule: &str| (true, rule.to_owned());
    let errors = ["sc-overlap", "sc-selector", "sc-exact"].map(of_config);
    assert_eq!(warned(&[]), errors);
    let all = warned(&["--all"]);
    assert!(errors.iter().all(|error| all.contains(error)) && all.contains(&of_config("sc-operator")), "{all:?}");
    assert!(all.contains(&(false, "log-ed25519".to_owned())), "{all:?}");
}

#[test]
fn a_program_is_given_what_is_wrong_with_the_documents() {
    let output = fixture().run(&["show", "--json"], DAY_1).succeeds().json();
    let findings = output["findings"].as_array().expect("findings");
    let exact = findings.iter().find(|finding| finding["rule"] == "sc-exact").expect("the finding");
    let expected = json!({
        "file": "signing_config.v0.2.json", "rule": "sc-exact", "severity": "error", "place": "tsaConfig.count", "subject": "",
        "detail": "`tsaConfig` asks for services of 2 operators, and the number of those with an open one is 1",
    });
    assert_eq!(*exact, expected);
    let risky = findings.iter().find(|finding| finding["rule"] == "log-ed25519").expect("the finding");
    assert_eq!((&risky["file"], &risky["severity"]), (&json!("trusted_root.json"), &json!("warning")));
}

#[test]
fn a_repository_that_does_not_say_what_to_sign_with_is_shown_all_the_same() {
    let output = ClientFixture::new().run(&["show"], DAY_1).succeeds().stdout;
    assert!(!output.contains("signing services"), "{output}");
    assert!(output.lines().all(|line| line == line.trim_end()), "{output}");
}
