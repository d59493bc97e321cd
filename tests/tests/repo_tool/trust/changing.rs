//! Entries that open, close and give way, with what that stops.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::fixtures::sigstore::Fulcio;

use super::{REACHED, instance, instant, names, trusted_root};

#[test]
fn an_instant_that_is_too_early_is_asked_about_once_something_is_published() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.behind_caches();
    let retire = |more: &[&str]| fixture.at(DAY_1, &[&["trust", "retire", "rekor-2021"], more].concat());
    let early =
        "rekor-2021 would close at 2030-02-24T02:59:59Z, and not every verifier can know before 2030-02-24T03:00:00Z";
    retire(&["--end", "2030-02-24T02:59:59Z"]).refuses(early, "", "choose a later instant, or add --yes");
    let output = retire(&["--end", "2030-02-24T02:59:59Z", "--yes"]);
    assert!(output.is_done() && output.stderr.starts_with(&format!("warning: {early}")), "{output:?}");
    let output = retire(&[]).succeeds();
    output.says("rekor-2021: signatures with an entry of this log verify until 2030-02-24T03:00:00Z");
    retire(&["--end", REACHED]).succeeds().says("nothing changes; targets/trusted_root.json stays as it is");
    assert_eq!(trusted_root(&fixture)["tlogs"][0]["publicKey"]["validFor"]["end"], REACHED);
}

#[test]
fn a_successor_and_what_it_replaces_overlap() {
    let fixture = instance();
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    fixture.behind_caches();
    let later = instant("2029-12-01T00:00:00Z");
    fixture.write("parts/fulcio-2.pem", Fulcio::root("acme.example", later).chain.pem());
    let rotate = ["trust", "rotate", "fulcio-2029", "--chain", "parts/fulcio-2.pem", "--name", "fulcio-next"];
    fixture.done_at(DAY_1, &rotate);
    let authorities = trusted_root(&fixture)["certificateAuthorities"].clone();
    assert_eq!(authorities[1]["validFor"]["start"], REACHED);
    // A timestamp's seven days and the caches' 130 minutes later.
    assert_eq!(authorities[0]["validFor"]["end"], "2030-03-03T05:10:00Z");
    let log = ["--url", "https://rekor-2.acme.example", "--public-key", "parts/rekor-2.pub"];
    fixture.done_at(DAY_1, &[&["trust", "rotate", "rekor-2029", "--overlap", "1d"], &log[..]].concat());
    let logs = trusted_root(&fixture)["tlogs"].clone();
    assert_eq!(logs[1]["publicKey"]["validFor"]["start"], REACHED);
    assert_eq!(logs[0]["publicKey"]["validFor"]["end"], "2030-02-25T03:00:00Z");
    assert_eq!(names(&fixture)[..4], ["rekor-2029", "rekor-2030", "fulcio-2029", "fulcio-next"]);
    let at = |arguments: &[&str]| fixture.at(DAY_1, &[&["trust", "rotate"], arguments].concat());
    at(&["rekor-2030", "--chain", "parts/fulcio-2.pem"]).refuses("rekor-2030 is a log", "", "name the new key");
    at(&["tsa-2029", "--public-key", "parts/rekor.pub"]).refuses(
        "tsa-2029 is a timestamp authority",
        "",
        "name the new chain",
    );
}

#[test]
fn what_takes_from_verifiers_needs_a_reason_that_is_kept() {
    let fixture = RepositoryFixture::after_the_first();
    let run = |arguments: &[&str]| fixture.at(DAY_1, &[&["trust"], arguments].concat());
    let before = fixture.read("targets/trusted_root.json");
    let earlier = ["set-window", "rekor-2021", "--end", "2030-01-01T00:00:00Z", "--yes"];
    run(&earlier).refuses("transparency log https://rekor.sigstore.dev", "", "where this is meant, say why");
    assert_eq!(fixture.read("targets/trusted_root.json"), before);
    assert!(run(&[&earlier[..], &["--reason", "it was off"]].concat()).is_done());
    assert!(fixture.read("trust.toml").contains("reason = \"it was off\""));
    run(&["retire", "rekor-2025", "--end", "2029-12-01T00:00:00Z", "--yes"]).refuses(
        "transparency log https://log2025-1.rekor.sigstore.dev",
        "",
        "where this is meant, say why: trust set-window or trust distrust",
    );
    run(&["distrust", "fulcio-2022", "--since", "2030-01-03T00:00:00Z", "--reason", "x"]).refuses(
        "2030-01-03T00:00:00Z is in the future",
        "",
        "to end the trust later: rootline-repo trust retire fulcio-2022",
    );
    run(&["distrust", "fulcio-2022", "--since", "2020-01-01T00:00:00Z", "--reason", "x"]).refuses(
        "2020-01-01T00:00:00Z is before the start of fulcio-2022",
        "",
        "to take it out: rootline-repo trust remove",
    );
    let output = run(&["distrust", "fulcio-2022", "--since", "2029-12-01T00:00:00Z", "--reason", "Its key was stolen"]);
    assert!(output.is_done());
    // What was given a reason stops nothing any more; that no authority is left does.
    let stops = output.stderr.lines().filter(|line| line.ends_with(": nothing is frozen while this is so"));
    assert!(
        stops.clone().all(|line| line.contains("[tr-no-live]")) && output.stderr.contains("[tr-shrunk]"),
        "{output:?}"
    );
    output.says(
        "fulcio-2022: signatures with a certificate of this authority from after 2029-12-01T00:00:00Z stop verifying",
    );
    output.says("sigstore-python does not look at the windows of certificate authorities");
    run(&["remove", "ctlog-2021", "--reason", "never used"])
        .says("all signatures with a certificate that this log alone");
    let notes = fixture.read("trust.toml");
    assert!(notes.contains("Its key was stolen") && notes.contains("never used"), "{notes}");
    assert!(!names(&fixture).contains(&"ctlog-2021".to_owned()));
}
