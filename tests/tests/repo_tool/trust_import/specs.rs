//! The specs of `cosign trusted-root create`.

use std::fs;

use rootline_metadata::sha256;
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, base64};
use rootline_tests::pem::block;
use serde_json::json;

use super::{FILE, Taken, document, fulcio, import, private, refused, remarks, says, start, written};

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
