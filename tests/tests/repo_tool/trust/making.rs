//! Certificates, keys and logs as they come, and the entries that they make.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Rekor};
use rootline_tests::pem::block;
use serde_json::Value;

use super::{CA, LOG, REACHED, instance, instant, names, private, start, trusted_root};

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
    fixture.behind_caches();
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
