//! What others' tools write wrongly, repaired and said, and what is not.

use rootline_metadata::{parse_instant, sha256};
use rootline_tests::fixtures::sigstore::documents::{self, Window};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Key, Rekor, base64};
use rootline_tests::pem::block;
use serde_json::{Value, json};

use super::{Taken, ct, document, fresh, fulcio, import, imported, refused, says, start};

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
