//! Repositories of others: their documents, and their PEM targets.

use std::fs;

use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::fixtures::sigstore::Rekor;
use rootline_tests::pem::block;
use rootline_tests::real_data;
use serde_json::{Value, json};

use super::{
    FILE, REAL, ROOT, Taken, document, fresh, import, private, refused, remarks, says, sigstore, tsa, written,
};

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
