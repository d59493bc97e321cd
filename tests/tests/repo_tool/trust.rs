//! The trust root by command: from certificates and keys to the file, and each change of it with what it stops.

use std::path::Path;

use chrono::{DateTime, Utc};
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Rekor, Tsa};
use rootline_tests::pem::block;
use serde_json::Value;

/// When every verifier can have what is planned on day 1.
const REACHED: &str = "2030-02-24T03:00:00Z";

fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn start() -> DateTime<Utc> {
    instant("2029-06-01T00:00:00Z")
}

/// A repository whose trust root is empty, with an instance's files in `parts/`.
fn private() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    fixture.done(&["trust", "create"]);
    std::fs::create_dir(fixture.path("parts")).unwrap();
    fixture.write("parts/fulcio.pem", Fulcio::with_intermediate("acme.example", start()).chain.pem());
    fixture.write("parts/tsa.pem", Tsa::new("acme.example", start()).chain.pem());
    fixture.write("parts/rekor.pub", Rekor::v1("rekor.acme.example").key.public_pem());
    fixture.write("parts/rekor-2.pub", Rekor::v2("rekor-2.acme.example").key.public_pem());
    fixture.write("parts/ct.pub", CtLog::new("https://ct.acme.example").key.public_pem());
    fixture.write("parts/ct-rsa.pub", CtLog::rsa("https://ct-rsa.acme.example").key.public_pem());
    fixture
}

const CA: [&str; 6] = ["trust", "add-ca", "--url", "https://fulcio.acme.example", "--chain", "parts/fulcio.pem"];
const TSA: [&str; 6] = ["trust", "add-tsa", "--url", "https://tsa.acme.example", "--chain", "parts/tsa.pem"];
const CT: [&str; 8] =
    ["trust", "add-log", "--kind", "ct", "--url", "https://ct.acme.example", "--public-key", "parts/ct.pub"];
const LOG: [&str; 6] = ["trust", "add-log", "--url", "https://rekor.acme.example", "--public-key", "parts/rekor.pub"];

/// A repository whose trust root has one of each kind.
fn instance() -> RepositoryFixture {
    let fixture = private();
    for part in [&CA[..], &TSA, &LOG, &CT] {
        fixture.done(part);
    }
    fixture
}

fn trusted_root(fixture: &RepositoryFixture) -> Value {
    serde_json::from_str(&fixture.read("targets/trusted_root.json")).unwrap()
}

fn names(fixture: &RepositoryFixture) -> Vec<String> {
    let shown = fixture.done(&["trust", "show", "--json"]).json();
    shown["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_trust_root_is_made_from_certificates_and_keys() {
    let fixture = instance();
    let root = trusted_root(&fixture);
    let fulcio = Fulcio::with_intermediate("acme.example", start());
    let rekor = Rekor::v1("rekor.acme.example");
    let certificates = |entry: &Value| entry["certChain"]["certificates"].as_array().unwrap().len();
    assert_eq!(certificates(&root["certificateAuthorities"][0]), 2);
    assert_eq!(certificates(&root["timestampAuthorities"][0]), 2);
    assert_eq!(
        root["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"],
        rootline_tests::fixtures::sigstore::base64(&fulcio.chain.certificates()[0])
    );
    assert_eq!(root["tlogs"][0]["logId"]["keyId"], rootline_tests::fixtures::sigstore::base64(&rekor.log_id()));
    // Each opens when the certificates hold, and a log with the first authority.
    for entry in [&root["certificateAuthorities"][0]["validFor"], &root["tlogs"][0]["publicKey"]["validFor"]] {
        assert_eq!(entry["start"], "2029-06-01T00:00:00Z");
        assert!(entry["end"].is_null());
    }
    assert_eq!(names(&fixture), ["rekor-2029", "fulcio-2029", "ctlog-2029", "tsa-2029"]);
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let verified = fixture.verify("public", 1, DAY_0).unwrap();
    let at = verified.trusted_root().at(instant(DAY_0));
    assert_eq!((at.transparency_logs().count(), at.certificate_authorities().count()), (1, 1));
}

#[test]
fn a_log_opens_with_the_first_authority_until_something_is_published() {
    let fixture = instance();
    let log = |day: &str, number: u32, key: &str| {
        let url = format!("https://rekor-{number}.acme.example");
        fixture.done_at(day, &["trust", "add-log", "--url", &url, "--public-key", key]);
        let root = trusted_root(&fixture);
        let mut logs = root["tlogs"].as_array().unwrap().iter();
        logs.find(|log| log["baseUrl"] == url).unwrap()["publicKey"]["validFor"]["start"].clone()
    };
    assert_eq!(log(DAY_0, 2, "parts/rekor-2.pub"), "2029-06-01T00:00:00Z");
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    assert_eq!(log(DAY_1, 3, "keys/stranger.pub"), REACHED);
}

#[test]
fn a_chain_comes_in_any_order_and_container() {
    let fulcio = Fulcio::with_intermediate("acme.example", start()).chain.certificates();
    let pem = |der: &[u8]| block("CERTIFICATE", der);
    let expected = {
        let fixture = private();
        fixture.done(&CA);
        fixture.read("targets/trusted_root.json")
    };
    let fixture = private();
    for (files, contents) in [
        (&["a.pem"][..], vec![format!("root\n{}\nissuing\n{}", pem(&fulcio[1]), pem(&fulcio[0])).into_bytes()]),
        (&["root.der", "issuing.der"], vec![fulcio[1].clone(), fulcio[0].clone()]),
        (
            &["root.pem", "both.pem"],
            vec![pem(&fulcio[1]).into_bytes(), (pem(&fulcio[0]) + &pem(&fulcio[1])).into_bytes()],
        ),
    ] {
        files.iter().zip(contents).for_each(|(file, content)| fixture.write(file, content));
        fixture.write("targets/trusted_root.json", "");
        std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
        fixture.done(&["trust", "create"]);
        let chain = files.iter().flat_map(|file| ["--chain", *file]);
        let add: Vec<&str> =
            ["trust", "add-ca", "--url", "https://fulcio.acme.example"].into_iter().chain(chain).collect();
        fixture.done(&add);
        assert_eq!(fixture.read("targets/trusted_root.json"), expected, "{files:?}");
    }
}

#[test]
fn what_is_not_a_chain_or_a_key_is_refused_and_nothing_is_written() {
    let fixture = private();
    let (old, new) = (Fulcio::root("other.example", start()), Fulcio::with_intermediate("acme.example", start()));
    let before = fixture.read("targets/trusted_root.json");
    fixture.write("mixed.pem", block("CERTIFICATE", &new.chain.certificates()[0]) + &old.chain.pem());
    fixture.write("none.pem", "no certificate");
    let ca =
        |chain: &str| fixture.at(DAY_0, &["trust", "add-ca", "--url", "https://fulcio.acme.example", "--chain", chain]);
    let rule = "each certificate of a chain is signed by the next";
    ca("mixed.pem").is_refused("mixed.pem: the certificate of", rule);
    ca("none.pem").refuses("none.pem: it has no certificate in it", "", "name files with the certificates");
    ca("parts/rekor.pub").refuses("parts/rekor.pub: it is a public key", "", "name files");
    ca("keys/alice.pem").refuses("keys/alice.pem: it has a private key in it", "", "name files");
    let log = |key: &str, more: &[&str]| {
        fixture.at(
            DAY_0,
            &[&["trust", "add-log", "--url", "https://log.acme.example", "--public-key", key], more].concat(),
        )
    };
    log("parts/fulcio.pem", &[]).refuses(
        "parts/fulcio.pem: it is a PEM block `CERTIFICATE`",
        "",
        "name the log's public key",
    );
    log("keys/alice.pem", &[]).refuses("keys/alice.pem: it is a private key", "", "name the log's public key");
    let id = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    log("parts/rekor.pub", &["--log-id", id]).is_refused("the log id is", "a log's id follows from its key");
    log("parts/rekor-2.pub", &["--origin", "other.example"]).refuses(
        "the origin \"other.example\" is not the host of https://log.acme.example",
        "",
        "list the log as --url https://other.example",
    );
    assert_eq!(fixture.read("targets/trusted_root.json"), before);
    let rekor = Rekor::v2("log.acme.example");
    let id = rootline_metadata::hex::encode(&rekor.log_id());
    fixture.write("parts/log.pub", rekor.key.public_pem());
    assert!(log("parts/log.pub", &["--log-id", &id, "--origin", "log.acme.example"]).is_done());
}

#[test]
fn an_rsa_log_takes_the_form_that_every_client_reads() {
    let fixture = private();
    let log =
        ["trust", "add-log", "--kind", "ct", "--url", "https://ct.acme.example", "--public-key", "parts/ct-rsa.pub"];
    fixture.done(&log);
    let root = trusted_root(&fixture);
    assert_eq!(root["ctlogs"][0]["publicKey"]["keyDetails"], "PKCS1_RSA_PKCS1V5");
    let digest = rootline_metadata::sha256(&CtLog::rsa("https://ct.acme.example").key.spki());
    assert_eq!(root["ctlogs"][0]["logId"]["keyId"], rootline_tests::fixtures::sigstore::base64(&digest));
}

#[test]
fn the_id_of_a_log_follows_from_its_kind() {
    for (kind, is_note) in [("rekor", true), ("rekor-v2", true), ("rekor-v1", false)] {
        let fixture = private();
        let log = ["--url", "https://rekor-2.acme.example", "--public-key", "parts/rekor-2.pub"];
        fixture.done(&[&["trust", "add-log", "--kind", kind], &log[..]].concat());
        let rekor = Rekor::v2("rekor-2.acme.example");
        let id = if is_note { rekor.log_id() } else { rekor.key.digest() };
        let root = trusted_root(&fixture);
        assert_eq!(root["tlogs"][0]["logId"]["keyId"], rootline_tests::fixtures::sigstore::base64(&id), "{kind}");
    }
}

#[test]
fn an_entry_is_called_by_its_name_which_outlives_other_changes() {
    let fixture = private();
    fixture.done(&[&CA[..], &["--name", "issuing"]].concat());
    fixture.done(&LOG);
    fixture.done(&["trust", "rename", "rekor-2029", "log"]);
    assert_eq!(names(&fixture), ["log", "issuing"]);
    fixture.at(DAY_0, &["trust", "rename", "log", "issuing"]).refuses(
        "issuing is the name of https://fulcio.acme.example already",
        "",
        "list",
    );
    fixture.at(DAY_0, &[&TSA[..], &["--name", "log"]].concat()).refuses(
        "log is the name of https://rekor.acme.example already",
        "",
        "list",
    );
    fixture.at(DAY_0, &["trust", "retire", "rekor-2029"]).refuses(
        "no log or authority of the trust root is called \"rekor-2029\"",
        "",
        "list the entries with their names: rootline-repo trust show",
    );
    // By URL and by id, and a clone without the notes gets the same made names.
    fixture.done(&["trust", "set-window", "https://rekor.acme.example", "--start", "2029-07-01T00:00:00Z"]);
    let id = rootline_metadata::hex::encode(&Rekor::v1("rekor.acme.example").log_id());
    fixture.done(&["trust", "set-window", &id, "--start", "2029-06-01T00:00:00Z"]);
    assert_eq!(names(&fixture), ["log", "issuing"]);
    std::fs::remove_file(fixture.path("trust.toml")).unwrap();
    assert_eq!(names(&fixture), ["rekor-2029", "fulcio-2029"]);
}

#[test]
fn an_instant_that_is_too_early_is_asked_about_once_something_is_published() {
    let fixture = RepositoryFixture::after_the_first();
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

#[test]
fn the_difference_to_what_is_published_is_told_entry_by_entry() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["trust", "diff"]).says("no entry differs");
    assert_eq!(fixture.done(&["trust", "diff", "--json"]).json()["same"], true);
    let old = fixture.read("targets/trusted_root.json");
    fixture.write("old.json", &old);
    fixture.done_at(DAY_1, &["trust", "retire", "rekor-2021"]);
    for arguments in [
        &["trust", "diff"][..],
        &["trust", "diff", "old.json"],
        &["trust", "diff", "old.json", "targets/trusted_root.json"],
    ] {
        let output = fixture.done(arguments);
        output.says("~ transparency log rekor-2021 (https://rekor.sigstore.dev)");
        assert_eq!(fixture.done(&[arguments, &["--json"]].concat()).json()["same"], false);
    }
    fixture.write("none.json", "{}");
    fixture.at(DAY_0, &["trust", "diff", "none.json"]).refuses(
        "none.json is neither a trust root nor a signing config",
        "",
        "name a",
    );
}

#[test]
fn what_is_trusted_over_time_is_drawn_as_one_picture() {
    let fixture = instance();
    let show = |arguments: &[&str]| fixture.at(DAY_1, &[&["trust", "show", "--timeline"], arguments].concat());
    let on_output = show(&[]).stdout;
    show(&["trust.svg"]).says("wrote trust.svg");
    assert_eq!(fixture.read("trust.svg"), on_output);
    for told in [
        "<svg xmlns=\"http://www.w3.org/2000/svg\"",
        "rekor-2029, transparency log https://rekor.acme.example: 2029-06-01T00:00:00Z, without an end, open",
        ">tsa-2029</text>",
    ] {
        assert!(on_output.contains(told), "{told} is missing: {on_output}");
    }
    assert_eq!(show(&["trust.svg", "--json"]).json()["written"], "trust.svg");
    show(&["--json"]).refuses("the picture and the JSON document cannot both", "", "name a file for the picture");
}

#[test]
fn an_entry_has_its_name_on_every_screen() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_1, &["trust", "rename", "rekor-2021", "old-log"]);
    let retire = fixture.done_at(DAY_1, &["trust", "retire", "old-log"]);
    let title = "transparency log old-log (https://rekor.sigstore.dev)";
    retire.says(title);
    fixture.done(&["trust", "diff"]).says(title);
    let distrust = ["trust", "distrust", "ctlog-2021", "--since", "2022-10-25T00:00:00Z", "--reason", "It was stolen"];
    fixture.done_at(DAY_1, &distrust);
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--summary", "x"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]);
    let review = fixture.done_at(DAY_1, &["ceremony", "review", "second"]);
    let page = fixture.done_at(DAY_1, &["ceremony", "review", "second", "--html"]);
    assert!(page.stdout.contains("transparency log <b>old-log</b> <bdi>https://rekor.sigstore.dev</bdi>"));
    let json = fixture.done_at(DAY_1, &["ceremony", "review", "second", "--json"]).json();
    assert!(json["trust"][0]["entries"].as_array().unwrap().iter().any(|entry| entry["name"] == "old-log"), "{json}");
    // Where there is nothing but a request, all of it is known too.
    fixture.done_at(DAY_1, &["ceremony", "request", "second"]);
    let signed =
        fixture.done_at(DAY_1, &["sign", "second.request.json", "--key", "keys/alice.pem", "--yes", "--json"]).json();
    let away = &signed["review"];
    review.says(title);
    review.says("CT log ctlog-2021 (https://ctfe.sigstore.dev/test)");
    assert_eq!(away["warnings"], json["warnings"]);
    assert_eq!(away["trust"], json["trust"]);
    let warnings = away["warnings"].to_string();
    assert!(warnings.contains("counted as warning: It was stolen"), "{warnings}");
    assert!(warnings.contains("no longer verifies; waived: It was stolen"), "{warnings}");
}

#[test]
fn the_same_parts_make_the_same_bytes_and_unknown_members_stay() {
    let made = || {
        let fixture = private();
        fixture.done(&CA);
        fixture.done(&LOG);
        (fixture.read("targets/trusted_root.json"), fixture.read("trust.toml"))
    };
    assert_eq!(made(), made());
    let fixture = private();
    fixture.done(&CA);
    fixture.edit("targets/trusted_root.json", "\"tlogs\"", "\"zzz\": [1], \"tlogs\"");
    fixture.done(&LOG);
    assert_eq!(trusted_root(&fixture)["zzz"][0], 1);
}

#[test]
fn a_link_in_place_of_the_notes_is_not_followed() {
    let fixture = private();
    fixture.done(&CA);
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("elsewhere");
    std::fs::rename(fixture.path("trust.toml"), &target).unwrap();
    link(&target, &fixture.path("trust.toml"));
    let kept = std::fs::read(&target).unwrap();
    assert!(!fixture.at(DAY_0, &LOG).is_done());
    assert_eq!(std::fs::read(&target).unwrap(), kept);
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) {
    std::os::unix::fs::symlink(target, at).unwrap();
}

#[cfg(not(unix))]
fn link(target: &Path, at: &Path) {
    std::os::windows::fs::symlink_file(target, at).unwrap();
}

#[test]
fn what_another_repository_publishes_is_taken_over_once_it_is_verified() {
    let staging = RepositoryFixture::new();
    staging.done_at(DAY_0, &["trust", "signing-config", "create", "--operator", "sigstore.dev"]);
    staging.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let (public, root) = (staging.path("public"), staging.path("public/1.root.json"));
    let (public, root) = (public.to_str().unwrap(), root.to_str().unwrap());
    let from = |command: &str| [&["trust", command, "--from", public][..], &["--root", root]].concat().join("\n");
    let words = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let run = |fixture: &RepositoryFixture, command: &str| {
        let words = words(&from(command));
        fixture.at(DAY_0, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let production = private();
    let promoted = run(&production, "promote");
    promoted.says("targets/trusted_root.json now is the same as that repository's: sha256 ");
    for file in ["targets/trusted_root.json", "targets/signing_config.v0.2.json"] {
        assert_eq!(production.read(file), staging.read(file), "{file}");
    }
    run(&production, "promote").says("targets/trusted_root.json is already the same as that repository's");
    let fixture = RepositoryFixture::new();
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    assert!(run(&fixture, "create").is_done());
    assert_eq!(fixture.read("targets/signing_config.v0.2.json"), staging.read("targets/signing_config.v0.2.json"));
    // Where one of both files is there with other content, neither is written.
    let fixture = private();
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    fixture.write("targets/signing_config.v0.2.json", "{}");
    run(&fixture, "create").refuses("targets/signing_config.v0.2.json already exists", "", "name another file");
    assert!(!fixture.path("targets/trusted_root.json").exists());
    // It is verified: from a root that is trusted, and as it was signed; over what a verifier speaks.
    for command in ["create", "promote"] {
        let elsewhere = ["trust", command, "--from", "s3://bucket/tuf", "--root", root];
        let output = production.at(DAY_0, &elsewhere);
        let told = output.stderr.starts_with("error: \"s3://bucket/tuf\" cannot be used: its scheme is none of");
        assert!(output.status == 1 && told, "{output:?}");
    }
    let unverified = ["trust", "promote", "--from", public];
    production.at(DAY_0, &unverified).refuses(public, "", "name the one that its verifiers are given: --root FILE");
    let name = staging.list("public/targets").into_iter().find(|name| name.ends_with("trusted_root.json")).unwrap();
    let path = format!("public/targets/{name}");
    staging.write(&path, staging.read(&path).replace("rekor.sigstore.dev", "rekor.sigstore.evl"));
    let before = production.read("targets/trusted_root.json");
    assert_eq!(run(&production, "promote").status, 1);
    assert_eq!(production.read("targets/trusted_root.json"), before);
}

#[test]
fn what_is_said_about_a_file_is_planned_by_command() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/notes.txt", "some notes");
    let said =
        r#"notes.txt={"sigstore": {"usage": "Unknown", "status": "Active", "uri": "https://rekor.acme.example"}}"#;
    let new = |custom: &str| fixture.at(DAY_0, &["ceremony", "new", "first", "--custom", custom]);
    for (custom, why) in [
        ("nowhere.pub={}", "no role ships nowhere.pub, so nothing can be said about it"),
        ("notes.txt=[]", "what is said about notes.txt: expected an object"),
        (r#"notes.txt={"a": [null]}"#, "what is said about notes.txt: null says nothing"),
        ("notes.txt={", "what is said about notes.txt: "),
        ("../notes.txt={}", "\"../notes.txt\": a target's name has"),
    ] {
        let output = new(custom);
        assert_eq!(output.status, 1, "{custom}");
        assert!(output.stderr.starts_with(&format!("error: {why}")), "{custom}: {}", output.stderr);
    }
    assert!(new(said).is_done());
    assert!(fixture.read("ceremonies/first/plan.toml").contains("[targets.custom.\"notes.txt\"]"));
    fixture.done(&["ceremony", "freeze", "first"]);
    let frozen = fixture.read("ceremonies/first/frozen/1.targets.json");
    let frozen: serde_json::Value = serde_json::from_str(&frozen).unwrap();
    let custom = &frozen["signed"]["targets"]["notes.txt"]["custom"]["sigstore"];
    assert_eq!((custom["usage"].as_str(), custom["status"].as_str()), (Some("Unknown"), Some("Active")));
}

#[test]
fn what_old_clients_read_follows_from_the_trust_root_where_the_policy_says_so() {
    let fixture = private();
    fixture.done(&CA);
    assert!(!fixture.path("targets/fulcio_v1.crt.pem").exists());
    let policy = fixture.read("rootline.toml") + "\n[trust]\nlegacy-targets = true\n";
    fixture.write("rootline.toml", policy);
    let at = |arguments: &[&str]| assert!(fixture.at(DAY_0, arguments).is_done(), "{arguments:?}");
    at(&TSA);
    at(&LOG);
    at(&CT);
    for (file, part) in [("fulcio_v1.crt.pem", "fulcio.pem"), ("rekor.pub", "rekor.pub"), ("ctfe.pub", "ct.pub")] {
        assert_eq!(fixture.read(&format!("targets/{file}")), fixture.read(&format!("parts/{part}")), "{file}");
    }
    assert!(fixture.path("targets/tsa_leaf.crt.pem").exists() && fixture.path("targets/tsa_root.crt.pem").exists());
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let custom = |version: u64, name: &str| {
        let targets = fixture.read(&format!("public/{version}.targets.json"));
        let targets: Value = serde_json::from_str(&targets).unwrap();
        targets["signed"]["targets"][name]["custom"]["sigstore"].clone()
    };
    let expected =
        |usage: &str, status: &str, uri: &str| serde_json::json!({"usage": usage, "status": status, "uri": uri});
    assert_eq!(custom(1, "rekor.pub"), expected("Rekor", "Active", "https://rekor.acme.example"));
    assert_eq!(custom(1, "fulcio_v1.crt.pem"), expected("Fulcio", "Active", "https://fulcio.acme.example"));
    assert_eq!(custom(1, "tsa_root.crt.pem"), expected("TSA", "Active", "https://tsa.acme.example"));
    // Another log takes the name, and the closed one keeps its key under its own.
    fixture.write("parts/rekor-3.pub", Rekor::v1("rekor-3.acme.example").key.public_pem());
    let log = ["--url", "https://rekor-3.acme.example", "--public-key", "parts/rekor-3.pub"];
    let rotate = [&["trust", "rotate", "rekor-2029", "--start", DAY_1, "--overlap", "1d", "--yes"], &log[..]].concat();
    assert!(fixture.at(DAY_1, &rotate).is_done());
    assert_eq!(fixture.read("targets/rekor.pub"), fixture.read("parts/rekor-3.pub"));
    assert_eq!(fixture.read("targets/rekor-2029.pub"), fixture.read("parts/rekor.pub"));
    fixture.hold("second", &[], &["alice", "bob", "carol"], DAY_1);
    assert_eq!(custom(2, "rekor-2029.pub"), expected("Rekor", "Active", "https://rekor.acme.example"));
    fixture.hold("third", &[], &["alice", "bob", "carol"], "2030-01-04T00:00:00Z");
    assert_eq!(custom(3, "rekor.pub"), expected("Rekor", "Active", "https://rekor-3.acme.example"));
    assert_eq!(custom(3, "rekor-2029.pub"), expected("Rekor", "Expired", "https://rekor.acme.example"));
    assert_eq!(custom(3, "ctfe.pub"), custom(1, "ctfe.pub"));
}
