//! Files, configs and running instances, and what is listed already.

use std::fs;

use rootline_metadata::{hex, sha256};
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::fixtures::sigstore::documents::{self, Window};
use rootline_tests::fixtures::sigstore::{CtLog, Rekor, base64};
use rootline_tests::pem::block;
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer, loopback_tls};
use rootline_tests::servers::static_server;
use serde_json::{Value, json};

use super::{FILE, Taken, document, fresh, fulcio, import, private, refused, remarks, says, start, tsa, written};

#[test]
fn entries_that_are_listed_already_stay_as_they_are() {
    let fixture = private();
    fixture.write("others.json", document().to_string());
    import(&fixture, &["others.json"]).taken();
    let mut theirs = document();
    theirs["tlogs"][0]["publicKey"]["validFor"]["end"] = json!("2029-12-01T00:00:00Z");
    let other = Rekor::v1("rekor-3.acme.example");
    let entry = documents::tlog(&other, Window(start(), None));
    theirs["tlogs"].as_array_mut().unwrap().push(entry.clone());
    fixture.write("others.json", theirs.to_string());
    let output = import(&fixture, &["others.json", "--json"]).taken();
    let mut expected = document();
    expected["tlogs"].as_array_mut().unwrap().push(entry);
    assert_eq!(written(&fixture), expected);
    assert_eq!(output.json()["names"], json!(["rekor-2029-3"]));
    // Once it is published, what opens before every verifier can have it is asked about.
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let ct = CtLog::new("https://ct-2.acme.example");
    fixture.write("ctfe-2.pub", ct.key.public_pem());
    let spec = "url=https://ct-2.acme.example,public-key=ctfe-2.pub,start-time=2029-06-01T00:00:00Z";
    refused(&import(&fixture, &["--ctfe", spec]), &["ctlog-2029-2 would open at 2029-06-01", "add --yes"]);
    import(&fixture, &["--ctfe", spec, "--yes"]).taken();
}

#[test]
fn files_are_told_by_their_content_and_keys_by_their_names() {
    let fixture = private();
    fixture.write("root.der", &fulcio().chain.certificates()[1]);
    fixture.write("issuing.der", &fulcio().chain.certificates()[0]);
    let files = ["issuing.der", "tsa.pem", "root.der", "rekor.pub", "ctfe.pub"];
    refused(
        &import(&fixture, &files),
        &[
            "what is imported does not say all: issuing.der: the URL of this certificate authority is not said; tsa.pem: the URL",
            "state it: --url-of issuing.der=URL --url-of tsa.pem=URL",
        ],
    );
    let urls = [
        "--url-of",
        "root.der=https://fulcio.acme.example",
        "--url-of",
        "tsa.pem=https://tsa.acme.example/api/v1/timestamp",
        "--url-of",
        "rekor.pub=https://rekor.acme.example",
        "--url-of",
        "ctfe.pub=https://ct.acme.example",
        "--json",
    ];
    let output = import(&fixture, &[&files[..], &urls].concat()).taken();
    let mut expected = document();
    expected["tlogs"].as_array_mut().unwrap().pop();
    assert_eq!(written(&fixture), expected);
    says(&remarks(&output), "derived: tsa.pem: by its certificates it is the chain of a timestamp authority");
    says(&remarks(&output), "derived: ctfe.pub: by its name it is the key of a CT log");
    // A key of another name does not say which log's it is.
    fs::copy(fixture.path("rekor.pub"), fixture.path("key.pem")).unwrap();
    refused(
        &import(&fixture, &["key.pem"]),
        &["key.pem is a public key, and does not say which log's", "--rekor url=URL"],
    );
}

#[test]
fn a_client_trust_config_brings_both_documents() {
    let fixture = fresh();
    let service = |url: &str| documents::service(url, 1, "acme.example", Window(start(), None));
    let config = documents::signing_config(
        &[service("http://fulcio.fulcio-system.svc")],
        &[service("https://login.acme.example")],
        &[service("https://rekor.acme.example")],
        &[service("https://tsa.acme.example/api/v1/timestamp")],
    );
    let both = json!({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": document(),
        "signingConfig": config,
    });
    fixture.write("both.json", both.to_string());
    let url = ["--url-of", "http://fulcio.fulcio-system.svc=https://fulcio.acme.example"];
    let output = import(&fixture, &[&["both.json", "--json"], &url[..]].concat()).taken();
    assert_eq!(written(&fixture), document());
    let path = "targets/signing_config.v0.2.json";
    assert!(output.json()["signing_config"].as_str().unwrap().ends_with(path));
    let signing: Value = serde_json::from_str(&fixture.read(path)).unwrap();
    assert_eq!(signing["caUrls"][0]["url"], "https://fulcio.acme.example");
    // One that is there stays.
    let before = fixture.read(path);
    let output = import(&fixture, &["both.json", "--json"]).taken();
    says(&remarks(&output), "passed over: signing_config.v0.2.json: there is one already");
    assert_eq!(fixture.read(path), before);
}

#[test]
fn what_is_hostile_is_refused_with_one_error() {
    let fixture = fresh();
    let certificate = block("CERTIFICATE", &fulcio().chain.certificates()[1]);
    for (bytes, why) in [
        (b"{".to_vec(), "x.json: "),
        (vec![0; 5000], "x.json is neither certificates, nor a public key, nor a document of Sigstore's"),
        ([b"{\"a\":".repeat(200_000), b"1".to_vec()].concat(), "x.json: "),
        (vec![b' '; 9 << 20], "x.json has more than the"),
        (certificate.repeat(2000).into_bytes(), "x.json: a file of more than 1048576 bytes is not read"),
        (certificate.repeat(65).into_bytes(), "x.json: it has more than 64 certificates"),
        (
            document().to_string().replace("\"tlogs\":[", "\"tlogs\":5,\"x\":[").into_bytes(),
            "x.json: expected an array",
        ),
        (b"\xef\xbb\xbf{}".to_vec(), "x.json is neither certificates"),
    ] {
        fixture.write("x.json", &bytes);
        let output = import(&fixture, &["x.json"]);
        refused(&output, &[why]);
        assert_eq!(output.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{output:?}");
        assert!(output.stderr.len() < 2000, "{output:?}");
    }
    assert!(!fixture.path(FILE).exists());
}

#[test]
fn a_running_instance_is_asked_and_somebody_compares() {
    let fixture = private();
    let (authority, tls) = loopback_tls().unwrap();
    fixture.write("ca.pem", authority);
    let (chain, key, stamps) = (fulcio().chain.pem(), Rekor::v1("r").key.public_pem(), tsa().chain.pem());
    let blocks: Vec<String> = fulcio().chain.certificates().iter().map(|der| block("CERTIFICATE", der)).collect();
    let bundle = json!({ "chains": [{ "certificates": blocks }] }).to_string();
    let server = ScriptedServer::answering_over_tls(tls, move |request| match &*request.target {
        "/new/api/v2/trustBundle" => Reply::ok(&bundle),
        "/old/api/v1/rootCert" => Reply::ok(&chain),
        "/api/v1/log/publicKey" => Reply::ok(&key),
        "/api/v1/timestamp/certchain" => Reply::ok(&stamps),
        "/large/api/v1/log/publicKey" => Reply::ok(vec![b'x'; 70_000]),
        _ => Reply::status(404, ""),
    });
    let url = |path: &str| format!("{}{path}", server.url());
    let ask =
        |arguments: &[&str]| fixture.at(DAY_0, &[&["trust", "import", "--ca-file", "ca.pem"], arguments].concat());
    let all = ["--fulcio-url", &url("/new"), "--rekor-url", &url(""), "--tsa-url", &url("/api/v1/timestamp")];
    let root = hex::encode(&sha256(&fulcio().chain.certificates()[1]));
    refused(&ask(&all), &["TLS alone vouches for what endpoints answered", "compare the digests"]);
    refused(&ask(&all), &[&root, "add --yes"]);
    assert!(!fixture.path(FILE).exists());
    let output = ask(&[&all[..], &["--yes", "--json"]].concat()).taken();
    let made = written(&fixture);
    assert_eq!(made["certificateAuthorities"][0]["certChain"], document()["certificateAuthorities"][0]["certChain"]);
    assert_eq!(made["certificateAuthorities"][0]["uri"], url("/new"));
    assert_eq!(made["timestampAuthorities"][0]["uri"], url("/api/v1/timestamp"));
    assert_eq!(made["tlogs"][0]["logId"]["keyId"], json!(base64(&Rekor::v1("r").key.digest())));
    let fetched = output.json()["fetched"].clone();
    assert_eq!(fetched[0]["sha256"][1], root);
    assert_eq!(fetched.as_array().unwrap().len(), 3);
    // The older interface of Fulcio, where there is no other.
    fs::remove_file(fixture.path(FILE)).unwrap();
    let output = ask(&["--fulcio-url", &url("/old"), "--yes"]);
    assert!(output.is_done(), "{output:?}");
    output.says("no endpoint tells the keys of CT logs and of Rekor version 2");
    assert_eq!(
        written(&fixture)["certificateAuthorities"][0]["certChain"],
        made["certificateAuthorities"][0]["certChain"]
    );
    // A header goes to the endpoints where there is nothing else, and to a repository alone where there is one.
    let published = RepositoryFixture::after_the_first();
    let repository = static_server::serve(&published.path("public"));
    let root = published.path("public/1.root.json");
    let address = repository.url();
    let of_repository = [&*address, "--root", root.to_str().unwrap()];
    for (more, is_sent) in [(&[][..], true), (&of_repository[..], false)] {
        let before = server.requests().len();
        ask(&[&["--rekor-url", &url(""), "--header", "X-Token: secret", "--yes"], more].concat());
        let requests = server.requests().split_off(before);
        assert!(!requests.is_empty() && requests.iter().all(|request| request.header("x-token").is_some() == is_sent));
    }
    assert!(repository.requests().iter().all(|request| request.header("x-token") == Some("secret")));
    // Nothing vouches for http, and no answer is read without an end.
    refused(&ask(&["--rekor-url", "http://127.0.0.1:9"]), &["is not an https URL", "import the file"]);
    for arguments in [
        ["--rekor-url", "http://user:secret@127.0.0.1:9"],
        ["--fulcio-url", "https://user:secret@127.0.0.1:9"],
        ["--rekor", "url=https://user:secret@127.0.0.1:9,public-key=none,start-time=x"],
        ["fulcio.pem", "--url-of=fulcio.pem=https://user:secret@127.0.0.1:9"],
    ] {
        let output = ask(&[&arguments[..], &["--yes", "--tries", "1"]].concat());
        assert!(!format!("{output:?}").contains("secret"), "{output:?}");
    }
    assert_ne!(ask(&["--rekor-url", &url("/large"), "--yes"]).status, 0);
    assert_ne!(ask(&["--fulcio-url", &url("/nowhere"), "--yes"]).status, 0);
}
