//! Trust roots out of what others have: documents of their tools, PEM targets, cosign's specs, files, and running instances.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use rootline_metadata::{hex, parse_instant, sha256};
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::fixtures::sigstore::documents::{self, Window};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Key, Rekor, Tsa, base64};
use rootline_tests::pem::block;
use rootline_tests::real_data;
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer, loopback_tls};
use serde_json::{Value, json};

/// When the archive of Sigstore's repository was fresh.
const REAL: &str = "2026-08-28T12:00:00Z";
const FILE: &str = "targets/trusted_root.json";

fn start() -> DateTime<Utc> {
    parse_instant("2029-06-01T00:00:00Z").unwrap()
}

/// A repository that has no trust root yet.
fn fresh() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    fs::remove_file(fixture.path(FILE)).unwrap();
    fixture
}

/// The same with an instance's keys and certificates.
fn private() -> RepositoryFixture {
    let fixture = fresh();
    fixture.write("fulcio.pem", fulcio().chain.pem());
    fixture.write("tsa.pem", tsa().chain.pem());
    fixture.write("rekor.pub", Rekor::v1("rekor.acme.example").key.public_pem());
    fixture.write("rekor-2.pub", Rekor::v2("rekor-2.acme.example").key.public_pem());
    fixture.write("ctfe.pub", ct().key.public_pem());
    fixture
}

fn fulcio() -> Fulcio {
    Fulcio::with_intermediate("acme.example", start())
}

fn tsa() -> Tsa {
    Tsa::new("acme.example", start())
}

fn ct() -> CtLog {
    CtLog::new("https://ct.acme.example")
}

/// The trust root of that instance, as it should be.
fn document() -> Value {
    let window = Window(start(), None);
    documents::trusted_root(
        &[
            documents::tlog(&Rekor::v1("rekor.acme.example"), window),
            documents::tlog(&Rekor::v2("rekor-2.acme.example"), window),
        ],
        &[documents::certificate_authority(&fulcio(), window)],
        &[documents::ctlog(&ct(), window)],
        &[documents::timestamp_authority(&tsa(), window)],
    )
}

fn import(fixture: &RepositoryFixture, arguments: &[&str]) -> Output {
    fixture.at(DAY_0, &[&["trust", "import"], arguments].concat())
}

fn written(fixture: &RepositoryFixture) -> Value {
    serde_json::from_str(&fixture.read(FILE)).unwrap()
}

trait Taken {
    fn taken(self) -> Self;
}

impl Taken for Output {
    /// It is done; the lint may have warned.
    #[track_caller]
    fn taken(self) -> Output {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

/// It was refused with an error, a check or a hint that has all of this.
#[track_caller]
fn refused(output: &Output, what: &[&str]) {
    assert_eq!(output.status, 1, "{output:?}");
    for what in what {
        assert!(output.stderr.contains(what), "{what} is not in {}", output.stderr);
    }
}

/// Imports a document, and gives what was written and what was said.
#[track_caller]
fn imported(document: &Value, more: &[&str]) -> (Value, Vec<String>) {
    let fixture = fresh();
    fixture.write("others.json", document.to_string());
    let output = import(&fixture, &[&["others.json", "--json"], more].concat()).taken();
    (written(&fixture), remarks(&output))
}

fn remarks(output: &Output) -> Vec<String> {
    let report = output.json();
    let text = |member: &Value| member.as_str().unwrap().to_owned();
    let remarks = report["remarks"].as_array().unwrap().iter();
    remarks.map(|one| format!("{}: {}: {}", text(&one["kind"]), text(&one["subject"]), text(&one["text"]))).collect()
}

#[track_caller]
fn says(remarks: &[String], what: &str) {
    assert!(remarks.iter().any(|remark| remark.contains(what)), "{what} is not in {remarks:#?}");
}

/// Sigstore's repository, as a folder that is served.
fn sigstore() -> Option<(RepositoryFixture, Value)> {
    let archive = real_data::sigstore_prod()?;
    let fixture = fresh();
    copy(&archive.join("metadata"), &fixture.path("theirs"));
    copy(&archive.join("targets"), &fixture.path("theirs/targets"));
    let real = real_data::file_ending(&archive.join("targets"), ".trusted_root.json");
    Some((fixture, serde_json::from_slice(&real).unwrap()))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

const ROOT: [&str; 3] = ["theirs", "--root", "theirs/1.root.json"];

#[test]
fn sigstores_trust_root_is_the_same_value_and_twice_the_same_bytes() {
    let Some((fixture, real)) = sigstore() else { return };
    let output = fixture.at(REAL, &[&["trust", "import", "--json"][..], &ROOT].concat()).taken();
    assert_eq!(written(&fixture), real);
    assert!(remarks(&output).iter().all(|remark| !remark.starts_with("repaired")), "{output:?}");
    let signing: Value = serde_json::from_str(&fixture.read("targets/signing_config.v0.2.json")).unwrap();
    assert_eq!(signing["caUrls"][0]["url"], "https://fulcio.sigstore.dev");
    let before = fixture.read(FILE);
    let again = fixture.at(REAL, &[&["trust", "import", "--json"][..], &ROOT].concat()).taken();
    assert_eq!(fixture.read(FILE), before);
    assert_eq!(again.json()["names"], json!([]));
    says(&remarks(&again), "tlogs[0]: it is listed already, and stays as it is");
    let github = fs::read(real_data::anchors().unwrap().join("github.trusted_root.json")).unwrap();
    let other = fresh();
    other.write("github.json", &github);
    let output = other.at(REAL, &["trust", "import", "github.json", "--json"]).taken();
    // GitHub's has no logs, and two lists less than every client reads.
    let mut complete: Value = serde_json::from_slice(&github).unwrap();
    (complete["tlogs"], complete["ctlogs"]) = (json!([]), json!([]));
    assert_eq!(written(&other), complete);
    assert_eq!(remarks(&output).iter().filter(|remark| remark.starts_with("repaired")).count(), 2, "{output:?}");
    // One that nobody renewed can be taken as it was.
    let late = [&["trust", "import"][..], &ROOT].concat();
    refused(&fixture.at(DAY_0, &late), &["expired at 2026", "--at INSTANT; or name its files one by one"]);
    // As a file it is the same.
    let (file, _) = sigstore().unwrap();
    file.write("real.json", real.to_string());
    file.at(REAL, &["trust", "import", "real.json"]).taken();
    assert_eq!(file.read(FILE), before);
}

#[test]
fn sigstores_trust_root_is_built_anew_from_its_pem_targets() {
    let Some((fixture, real)) = sigstore() else { return };
    let der = |value: &Value| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(value["rawBytes"].as_str().unwrap()).unwrap()
    };
    // What old clients cannot read is not among their targets.
    let tsa = real["timestampAuthorities"][0]["certChain"]["certificates"].as_array().unwrap();
    fixture.write("tsa.pem", tsa.iter().map(|one| block("CERTIFICATE", &der(one))).collect::<String>());
    fixture.write("rekor2.pub", block("PUBLIC KEY", &der(&real["tlogs"][1]["publicKey"])));
    let tsa =
        "url=https://timestamp.sigstore.dev/api/v1/timestamp,certificate-chain=tsa.pem,start-time=2025-07-04T00:00:00Z";
    let rekor = "url=https://log2025-1.rekor.sigstore.dev,public-key=rekor2.pub,start-time=2025-09-23T00:00:00Z";
    let targets = ["--legacy-targets", "--tsa", tsa, "--rekor", rekor];
    let all = [&["trust", "import"][..], &ROOT, &targets].concat();
    // When a key was retired no target says.
    refused(
        &fixture.at(REAL, &all),
        &[
            "fulcio.crt.pem: it is Expired, and since when is not said (its certificates hold until 2031-02-23T03:20:29Z)",
            "--end-of fulcio.crt.pem=INSTANT",
        ],
    );
    let stated = [
        "--end-of",
        "fulcio.crt.pem=2022-12-31T23:59:59.999Z",
        "--start-of",
        "rekor.pub=2021-01-12T11:53:27Z",
        "--start-of",
        "ctfe_2022.pub=2022-10-20T00:00:00Z",
        "--end-of",
        "ctfe.pub=2022-10-31T23:59:59.999Z",
        "--json",
    ];
    let output = fixture.at(REAL, &[&all[..], &stated].concat()).taken();
    let remarks = remarks(&output);
    says(&remarks, "passed over: artifact.pub: its usage is Unknown, which no client trusts");
    says(
        &remarks,
        "derived: ctfe.pub: its start is not said; it opens with the first certificate authority, 2021-03-07",
    );
    says(&remarks, "derived: fulcio_intermediate_v1.crt.pem + fulcio_v1.crt.pem: its start is not said");
    let mut built = written(&fixture);
    // No target says when the first CT log opened, and that is all that differs.
    assert_eq!(built["ctlogs"][0]["publicKey"]["validFor"]["start"], "2021-03-07T03:20:29Z");
    built["ctlogs"][0]["publicKey"]["validFor"]["start"] = json!("2021-03-14T00:00:00Z");
    assert_eq!(built, real);
}

#[test]
fn cosigns_specs_make_a_trust_root() {
    let fixture = private();
    let output = import(
        &fixture,
        &[
            "--fulcio", "url=https://fulcio.acme.example,certificate-chain=fulcio.pem",
            "--rekor", " url=https://other , public-key=rekor.pub,url=https://rekor.acme.example,start-time=2029-06-01T02:00:00+02:00",
            "--rekor", "url=https://rekor-2.acme.example,public-key=rekor-2.pub,origin=rekor-2.acme.example",
            "--ctfe", "url=https://ct.acme.example,public-key=ctfe.pub,start-time=2029-06-01T00:00:00Z,origin=ct",
            "--tsa", "url=https://tsa.acme.example/api/v1/timestamp,certificate-chain=tsa.pem",
            "--json",
        ],
    )
    .taken();
    // The ids are those that entries carry, whatever cosign makes of an origin.
    assert_eq!(written(&fixture), document());
    let remarks = remarks(&output);
    says(
        &remarks,
        "derived: --rekor rekor-2.pub: its start is not said; it opens with the first certificate authority",
    );
    says(&remarks, "noticed: --ctfe ctfe.pub: a CT log's id is the digest of its key, whatever its origin");
    // The names are noted, as for every other command that adds entries.
    assert_eq!(output.json()["names"].as_array().unwrap().len(), 5);
    assert!(fixture.read("trust.toml").contains("rekor-2029"));
}

#[test]
fn specs_that_cosign_takes_wrongly_are_refused() {
    let fixture = private();
    let bad = |spec: &[&str], error: &str, hint: &str| refused(&import(&fixture, spec), &[error, hint]);
    let cosign = "write it as for cosign trusted-root create";
    bad(
        &["--fulcio", "url=https://f.acme.example,chain=fulcio.pem"],
        "--fulcio url=https://f.acme.example,chain=fulcio.pem: there is no key \"chain\"; the keys are url, certificate-chain",
        cosign,
    );
    bad(&["--rekor", "url=https://r.acme.example"], "the key public-key is missing", cosign);
    bad(&["--rekor", "nonsense"], "\"nonsense\" is not of the form KEY=VALUE", cosign);
    refused(
        &import(
            &fixture,
            &[
                "--rekor",
                "url=https://log.acme.example,public-key=rekor-2.pub,origin=rekor-2.acme.example,start-time=2029-06-01T00:00:00Z",
            ],
        ),
        &[
            "the origin \"rekor-2.acme.example\" is not the host of https://log.acme.example",
            "a log's id follows from its key",
            "list the log as url=https://rekor-2.acme.example",
        ],
    );
    // A log without a start and without an authority that came first.
    bad(
        &["--rekor", "url=https://rekor.acme.example,public-key=rekor.pub"],
        "when it opened is not said",
        "state it: --start-of rekor.pub=INSTANT",
    );
    // The chain in the order of its signatures, or none.
    let mixed =
        block("CERTIFICATE", &fulcio().chain.certificates()[0]) + &Fulcio::root("b.example", start()).chain.pem();
    fixture.write("mixed.pem", mixed);
    import(&fixture, &["--fulcio", "url=https://f.acme.example,certificate-chain=mixed.pem"])
        .is_refused("--fulcio mixed.pem: the certificate of", "each certificate of a chain is signed by the next");
    assert!(!fixture.path(FILE).exists());
}

/// A key as the older of Red Hat's tools write it: the PEM text, an id over that, and always P-256.
fn in_pem(log: &mut Value, key: &Key) {
    let pem = key.public_pem();
    log["publicKey"]["rawBytes"] = json!(base64(pem.as_bytes()));
    log["publicKey"]["keyDetails"] = json!("PKIX_ECDSA_P256_SHA_256");
    log["logId"]["keyId"] = json!(base64(&sha256(pem.as_bytes())));
}

#[test]
fn what_red_hats_older_tools_write_is_repaired_and_said() {
    let mut theirs = document();
    in_pem(&mut theirs["tlogs"][0], &Rekor::v1("rekor.acme.example").key);
    in_pem(&mut theirs["tlogs"][1], &Rekor::v2("rekor-2.acme.example").key);
    in_pem(&mut theirs["ctlogs"][0], &ct().key);
    let id = theirs["ctlogs"][0].as_object_mut().unwrap().remove("logId").unwrap();
    theirs["ctlogs"][0]["checkpointKeyId"] = id;
    theirs["ctlogs"][0]["hashAlgorithm"] = json!("SHA2_384");
    theirs["tlogs"][0]["operator"] = json!("acme.example");
    theirs["tlogs"][0]["x-unknown"] = json!(1);
    theirs["tlogs"][0]["publicKey"]["validFor"] = json!({ "end": "2029-12-01T00:00:00Z" });
    let authority = &mut theirs["certificateAuthorities"][0];
    let pem: Vec<Value> = fulcio()
        .chain
        .certificates()
        .iter()
        .map(|der| json!({ "rawBytes": base64(block("CERTIFICATE", der).as_bytes()), "x-note": "kept" }))
        .collect();
    authority["certChain"]["certificates"] = json!([pem[1], pem[0]]);
    authority["subject"] = json!({ "organization": "sigstore.dev", "commonName": "sigstore" });
    authority["validFor"] = json!({ "end": "2029-12-31T00:00:00Z" });

    let (written, remarks) = imported(&theirs, &[]);
    let mut expected = document();
    expected["tlogs"][0]["publicKey"]["validFor"]["end"] = json!("2029-12-01T00:00:00Z");
    expected["certificateAuthorities"][0]["validFor"]["end"] = json!("2029-12-31T00:00:00Z");
    // What nobody knows survives; the lint stops the ceremony unless the policy says otherwise.
    expected["tlogs"][0]["x-unknown"] = json!(1);
    for at in 0..2 {
        expected["certificateAuthorities"][0]["certChain"]["certificates"][at]["x-note"] = json!("kept");
    }
    assert_eq!(written, expected);
    let rekor = "repaired: tlogs[0] https://rekor.acme.example: ";
    for what in [
        &format!("{rekor}its key was PEM text where DER belongs"),
        &format!("{rekor}its id was the digest of PEM text; it is "),
        &format!("{rekor}operator was removed"),
        "derived: tlogs[0] https://rekor.acme.example: its start is not said; it opens with the first certificate authority",
        "tlogs[1] https://rekor-2.acme.example: keyDetails were \"PKIX_ECDSA_P256_SHA_256\", and its key is PKIX_ED25519",
        "ctlogs[0] https://ct.acme.example: its id stood in checkpointKeyId in place of logId",
        "ctlogs[0] https://ct.acme.example: hashAlgorithm was SHA2_384; it is that of the tree, SHA2_256",
        "certificateAuthorities[0] https://fulcio.acme.example: its certificates were PEM text where DER belongs",
        "certificateAuthorities[0] https://fulcio.acme.example: its certificates were not in the order from leaf to root",
        "its subject was Sigstore's own; its certificates say O=acme.example, CN=fulcio-root",
        "derived: certificateAuthorities[0] https://fulcio.acme.example: its start is not said",
    ] {
        says(&remarks, what);
    }
    assert!(remarks.iter().all(|remark| !remark.contains("timestampAuthorities")), "{remarks:#?}");
}

#[test]
fn what_scaffolding_writes_is_repaired_and_said() {
    let rsa = CtLog::rsa("https://ct.acme.example");
    let mut theirs = document();
    let window = Window(start(), None);
    theirs["ctlogs"][0] = documents::ctlog(&rsa, window);
    // The rule of signed notes, which no SCT carries.
    let spki = rsa.key.spki();
    let note = sha256(&[b"ct.acme.example\n\xffPKIX-RSA-PKCS#1v1.5".as_slice(), &spki].concat());
    let right = theirs["ctlogs"][0]["logId"]["keyId"].clone();
    theirs["ctlogs"][0]["logId"]["keyId"] = json!(base64(&note));
    theirs["ctlogs"][0]["publicKey"]["rawBytes"] = json!(base64(&spki));
    theirs["ctlogs"][0]["publicKey"]["keyDetails"] = json!("PKIX_RSA_PKCS1V15_2048_SHA256");
    theirs["tlogs"] = json!([theirs["tlogs"][0]]);
    theirs["tlogs"][0]["baseUrl"] = json!("http://rekor.rekor-system.svc");
    theirs["timestampAuthorities"] = Value::Null;
    // Ten years, as the fixture's certificates.
    let end = fulcio_end();
    theirs["certificateAuthorities"][0]["validFor"]["end"] = json!(end);
    let url = ["--url-of", "http://rekor.rekor-system.svc=https://rekor.acme.example"];
    let (written, remarks) = imported(&theirs, &url);
    assert_eq!(written["ctlogs"][0]["logId"]["keyId"], right);
    assert_eq!(written["ctlogs"][0]["publicKey"]["keyDetails"], "PKCS1_RSA_PKCS1V5");
    assert_eq!(written["timestampAuthorities"], json!([]));
    assert_eq!(written["tlogs"][0], document()["tlogs"][0]);
    assert_eq!(written["certificateAuthorities"], document()["certificateAuthorities"]);
    for what in [
        "ctlogs[0] https://ct.acme.example: its id was one of a signed note, which no SCT carries",
        "ctlogs[0] https://ct.acme.example: its RSA key was a SubjectPublicKeyInfo",
        "baseUrl was \"http://rekor.rekor-system.svc\"; it is https://rekor.acme.example, as was stated",
        "others.json: the list timestampAuthorities was left out",
        "it is in use, and its end was that of its first certificate",
    ] {
        says(&remarks, what);
    }
    // Without another URL it is taken, with a word.
    let (written, remarks) = imported(&theirs, &[]);
    assert_eq!(written["tlogs"][0]["baseUrl"], "http://rekor.rekor-system.svc");
    says(&remarks, "Another one: --url-of http://rekor.rekor-system.svc=URL");
}

fn fulcio_end() -> String {
    let leaf = rootline_metadata::x509::Certificate::read(&fulcio().chain.certificates()[0]).unwrap();
    rootline_metadata::instant_text(leaf.validity().unwrap().end().unwrap())
}

#[test]
fn what_cosign_writes_is_repaired_and_said() {
    let mut theirs = document();
    theirs.as_object_mut().unwrap().remove("timestampAuthorities");
    // It takes the start of the root, and without an origin the id of version 1.
    theirs["certificateAuthorities"][0]["validFor"]["start"] = json!("2029-05-01T00:00:00Z");
    theirs["tlogs"][1]["logId"]["keyId"] = json!(base64(&Rekor::v2("rekor-2.acme.example").key.digest()));
    let (written, remarks) = imported(&theirs, &[]);
    assert_eq!(written["certificateAuthorities"], document()["certificateAuthorities"]);
    assert_eq!(written["tlogs"], theirs["tlogs"]);
    says(&remarks, "it opened at 2029-05-01T00:00:00Z, before its whole chain holds, from 2029-06-01T00:00:00Z on");
    let note = document()["tlogs"][1]["logId"]["keyId"].as_str().unwrap().to_owned();
    says(&remarks, &format!("If it is of version 2, its id is {note}"));
    // An end after that of the chain, of one that is retired.
    let mut theirs = document();
    let old = Fulcio::with_intermediate("old.example", start());
    let window = Window(start(), parse_instant("2035-01-01T00:00:00Z"));
    let mut list = vec![documents::certificate_authority(&old, window)];
    list.extend(theirs["certificateAuthorities"].as_array().unwrap().clone());
    theirs["certificateAuthorities"] = json!(list);
    let (written, remarks) = imported(&theirs, &[]);
    assert_eq!(written["certificateAuthorities"][0]["validFor"]["end"], fulcio_end());
    says(&remarks, "it closed at 2035-01-01T00:00:00Z, after its chain holds, until 2032-05-31T00:00:00Z");
}

#[test]
fn a_log_with_an_rsa_key_has_the_id_of_its_version() {
    let fixture = private();
    let rsa = CtLog::rsa("https://rekor-3.acme.example").key;
    fixture.write("rsa.pub", rsa.public_pem());
    let note = sha256(&[b"rekor-3.acme.example\n\xffPKIX-RSA-PKCS#1v1.5".as_slice(), &rsa.spki()].concat());
    let spec = "url=https://rekor-3.acme.example,public-key=rsa.pub,start-time=2029-06-01T00:00:00Z";
    for (more, id) in [("", rsa.digest()), (",origin=rekor-3.acme.example", note)] {
        import(&fixture, &["--rekor", &format!("{spec}{more}")]).taken();
        assert_eq!(written(&fixture)["tlogs"][0]["logId"]["keyId"], json!(base64(&id)), "{more}");
        fs::remove_file(fixture.path(FILE)).unwrap();
    }
    // As a CT log's it is the digest, whatever is stated.
    import(&fixture, &["--ctfe", &format!("{spec},origin=rekor-3.acme.example")]).taken();
    assert_eq!(written(&fixture)["ctlogs"][0]["logId"]["keyId"], json!(base64(&rsa.digest())));
}

#[test]
fn a_repository_that_has_pem_targets_alone_is_imported_by_their_names() {
    let theirs = private();
    for (from, to) in [("fulcio.pem", "fulcio_v1.crt.pem"), ("rekor.pub", "rekor.pub"), ("ctfe.pub", "ctfe.pub")] {
        fs::copy(theirs.path(from), theirs.path("targets").join(to)).unwrap();
    }
    let [leaf, root] = tsa().chain.certificates().try_into().unwrap();
    theirs.write("targets/tsa_leaf.crt.pem", block("CERTIFICATE", &leaf));
    theirs.write("targets/tsa_root.crt.pem", block("CERTIFICATE", &root));
    theirs.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let (place, pin) = (theirs.path("public"), theirs.path("public/1.root.json"));
    let source = [place.to_str().unwrap(), "--root", pin.to_str().unwrap()];
    let ours = fresh();
    refused(
        &import(&ours, &source),
        &[
            "rekor.pub: the URL of this transparency log is not said",
            "--url-of rekor.pub=URL",
            "--url-of tsa_leaf.crt.pem=URL",
        ],
    );
    let urls = [
        "--url-of=rekor.pub=https://rekor.acme.example",
        "--url-of=ctfe.pub=https://ct.acme.example",
        "--url-of=fulcio_v1.crt.pem=https://fulcio.acme.example",
        "--url-of=tsa_root.crt.pem=https://tsa.acme.example/api/v1/timestamp",
    ];
    import(&ours, &[&source[..], &urls].concat()).taken();
    let mut expected = document();
    expected["tlogs"].as_array_mut().unwrap().pop();
    assert_eq!(written(&ours), expected);
    // Without a root that is trusted nothing of it is.
    refused(&import(&fresh(), &source[..1]), &["is verified from a root that you trust", "--root FILE"]);
}

#[test]
fn pem_targets_beside_a_trust_root_are_compared_and_stop_nothing() {
    let theirs = RepositoryFixture::new();
    theirs.write("targets/rekor.pub", Rekor::v1("rekor.acme.example").key.public_pem());
    theirs.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let (place, pin) = (theirs.path("public"), theirs.path("public/1.root.json"));
    let source = ["--json", place.to_str().unwrap(), "--root", pin.to_str().unwrap()];
    let ours = fresh();
    let output = import(&ours, &source).taken();
    says(&remarks(&output), "noticed: rekor.pub: old clients trust this target, and the trust root does not list it");
    assert_eq!(ours.read(FILE), theirs.read(FILE));
    let listed = theirs.list("public/targets");
    let file = listed.iter().find(|name| name.ends_with("rekor.pub")).unwrap();
    fs::remove_file(theirs.path("public/targets").join(file)).unwrap();
    let ours = fresh();
    let output = import(&ours, &source).taken();
    assert!(output.stderr.contains("warning: its PEM targets are not compared: "), "{output:?}");
    assert_eq!(ours.read(FILE), theirs.read(FILE));
}

#[test]
fn a_window_that_begins_late_is_noticed_and_can_be_moved() {
    let mut theirs = document();
    theirs["certificateAuthorities"][0]["validFor"]["start"] = json!("2029-12-01T10:20:30Z");
    let (written, remarks) = imported(&theirs, &[]);
    assert_eq!(written["certificateAuthorities"][0]["validFor"]["start"], "2029-12-01T10:20:30Z");
    says(&remarks, "and its certificates hold from 2029-06-01T00:00:00Z on: what it made before does not verify");
    let moved = ["--start-of", "https://fulcio.acme.example=2029-06-01T00:00:00Z"];
    let (written, remarks) = imported(&theirs, &moved);
    assert_eq!(written, document());
    assert_eq!(remarks, [""; 0]);
}

#[test]
fn nothing_is_said_of_a_document_that_is_right() {
    let (written, remarks) = imported(&document(), &[]);
    assert_eq!((written, remarks), (document(), vec![]));
}

#[test]
fn an_id_that_no_rule_gives_and_a_url_that_makes_the_id_are_refused() {
    let fixture = fresh();
    let mut theirs = document();
    theirs["tlogs"][0]["logId"]["keyId"] = json!(base64(&[7; 32]));
    fixture.write("others.json", theirs.to_string());
    refused(&import(&fixture, &["others.json"]), &["[log-id-wrong]", "rootline-repo lint --explain log-id-wrong"]);
    fixture.write("others.json", document().to_string());
    refused(
        &import(&fixture, &["others.json", "--url-of", "https://rekor-2.acme.example=https://log.acme.example"]),
        &[
            "https://rekor-2.acme.example is part of the log's id",
            "a log's id follows from its key",
            "keep the URL here",
        ],
    );
    refused(
        &import(&fixture, &["others.json", "--url-of", "https://rekor-3.acme.example=https://log.acme.example"]),
        &["--url-of https://rekor-3.acme.example=… is about nothing that is imported", "call a part by its file"],
    );
    // A log of version 1 may have another.
    import(&fixture, &["others.json", "--url-of", "https://rekor.acme.example=https://log.acme.example"]).taken();
}

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
    // Nothing vouches for http, and no answer is read without an end.
    refused(&ask(&["--rekor-url", "http://127.0.0.1:9"]), &["is not an https URL", "import the file"]);
    assert_ne!(ask(&["--rekor-url", &url("/large"), "--yes"]).status, 0);
    assert_ne!(ask(&["--fulcio-url", &url("/nowhere"), "--yes"]).status, 0);
}
