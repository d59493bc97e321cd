//! What a key management service may answer that LocalStack does not: a server of the tests in its place.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootline_ceremonies::{KeyKind, SecretKey};
use rootline_metadata::sha256;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::RepositoryFixture;
use rootline_tests::servers::localstack::{ACCESS_KEY, REGION, SECRET_KEY};
use rootline_tests::servers::scripted_server::{Received, Reply, ScriptedServer};
use serde_json::{Value, json};

use super::aws_kms::run_with;

fn key() -> SecretKey {
    SecretKey::from_seed(KeyKind::EcdsaP256, &[1; 32])
}

fn check(fixture: &RepositoryFixture, server: &ScriptedServer) -> Output {
    let url = server.url();
    let variables = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL_KMS", &*url),
    ];
    run_with(fixture, &["key", "check", "awskms:///alias/x", "--signer-timeout", "5s"], &variables)
}

fn answer(body: &Value) -> Reply {
    Reply::with_headers(200, &[("Content-Type", "application/x-amz-json-1.1")], body.to_string())
}

fn public_key() -> Reply {
    answer(&json!({
        "KeyId": "arn:aws:kms:eu-central-1:111122223333:key/x",
        "KeySpec": "ECC_NIST_P256",
        "KeyUsage": "SIGN_VERIFY",
        "PublicKey": STANDARD.encode(key().public_key().to_spki_der()),
    }))
}

fn signature(bytes: &[u8]) -> Reply {
    answer(&json!({ "KeyId": "x", "Signature": STANDARD.encode(bytes), "SigningAlgorithm": "ECDSA_SHA_256" }))
}

fn refusal(code: &str, message: &str) -> Reply {
    let body = json!({ "__type": code, "message": message }).to_string();
    Reply::with_headers(400, &[("Content-Type", "application/x-amz-json-1.1")], body)
}

fn body(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap()
}

#[test]
fn what_kms_is_sent_is_a_digest_and_signed_by_the_credentials() {
    let fixture = RepositoryFixture::new();
    let server = ScriptedServer::with_script([public_key(), signature(b"none")]);
    assert_eq!(check(&fixture, &server).status, 1);
    let requests = server.requests();
    let targets: Vec<_> = requests.iter().filter_map(|request| request.header("x-amz-target")).collect();
    assert_eq!(targets, ["TrentService.GetPublicKey", "TrentService.Sign"]);
    for request in &requests {
        let authorization = request.header("authorization").unwrap();
        assert!(authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/")), "{authorization}");
        assert_eq!(body(request)["KeyId"], "alias/x");
    }
    let sign = body(&requests[1]);
    assert_eq!(sign["MessageType"], "DIGEST");
    assert_eq!(sign["SigningAlgorithm"], "ECDSA_SHA_256");
    assert_eq!(STANDARD.decode(sign["Message"].as_str().unwrap()).unwrap().len(), sha256(b"").len());
}

#[test]
fn verbose_shows_each_request_with_status_bytes_and_time_and_no_credentials() {
    let fixture = RepositoryFixture::new();
    let server = ScriptedServer::with_script([public_key(), refusal("AccessDeniedException", "no")]);
    let host = server.url().replace("http://", "http://user:secret@");
    let variables = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL_KMS", &*host),
    ];
    let output = run_with(&fixture, &["-v", "key", "check", "awskms:///alias/x"], &variables);
    assert_eq!(output.status, 1, "{output:?}");
    let sent = format!("POST {}/ TrentService.", server.url().trim_end_matches('/'));
    let lines: Vec<&str> = output.stderr.lines().filter_map(|line| line.strip_prefix(&*sent)).collect();
    let [first, second] = lines[..] else { panic!("{output:?}") };
    assert!(first.starts_with("GetPublicKey 200 ") && first.ends_with(" ms"), "{first}");
    let bytes: usize = first.split(' ').nth(2).unwrap().parse().unwrap();
    assert!(bytes > 200, "{first}");
    assert!(second.starts_with("Sign 400 ") && second.contains(" bytes "), "{second}");
    assert!(!output.stderr.contains("secret") && !output.stderr.contains(ACCESS_KEY), "{output:?}");
    // Without it, nothing of this is shown.
    let server = ScriptedServer::with_script([public_key(), refusal("AccessDeniedException", "no")]);
    assert!(!check(&fixture, &server).stderr.contains("POST"));
}

#[test]
fn a_signature_of_something_else_is_refused() {
    let fixture = RepositoryFixture::new();
    for wrong in [key().sign(b"something else"), Vec::new(), vec![0x30, 6, 2, 1, 1, 2, 1, 1]] {
        let server = ScriptedServer::with_script([public_key(), signature(&wrong)]);
        check(&fixture, &server).refuses(
            "the signer gave a signature that its own key ",
            "a signature is verified before it is kept",
            "do not use it",
        );
    }
}

#[test]
fn refusals_say_what_to_do() {
    let fixture = RepositoryFixture::new();
    for (code, error, hint) in [
        (
            "AccessDeniedException",
            "AWS KMS does not allow these credentials to use alias/x",
            "grant them kms:GetPublicKey and kms:Sign",
        ),
        ("ExpiredTokenException", "AWS KMS rejected the credentials", "log in again"),
        ("UnrecognizedClientException", "AWS KMS rejected the credentials", "log in again"),
        ("InvalidSignatureException", "AWS KMS rejected the credentials", "log in again"),
        ("NotFoundException", "AWS KMS has no key alias/x", "check the key, the region and the account"),
        ("DisabledException", "alias/x in AWS KMS is disabled", "enable it"),
        ("OtherException", "AWS KMS refused with OtherException: said  [2J", "see the AWS KMS documentation"),
    ] {
        let server = ScriptedServer::with_script([refusal(code, "said \u{1b}[2J")]);
        check(&fixture, &server).refuses(error, "", hint);
        // Also where it comes late: what can read a public key cannot always sign.
        let server = ScriptedServer::with_script([public_key(), refusal(code, "said \u{1b}[2J")]);
        check(&fixture, &server).refuses(error, "", hint);
    }
}

#[test]
fn what_is_no_answer_is_told_as_such() {
    let fixture = RepositoryFixture::new();
    let unreadable = ("AWS KMS sent an unreadable response", "run this again; check the endpoint");
    let server = ScriptedServer::with_script([Reply::ok("no JSON")]);
    check(&fixture, &server).refuses(unreadable.0, "", unreadable.1);
    let server = ScriptedServer::with_script([answer(&json!({ "KeyUsage": "SIGN_VERIFY" }))]);
    check(&fixture, &server).refuses(
        "alias/x in AWS KMS is a key of an unknown kind, which cannot sign metadata",
        "",
        "make one with",
    );
    let server = ScriptedServer::with_script([answer(&json!({}))]);
    check(&fixture, &server).refuses("alias/x in AWS KMS is not a signing key", "", "make one with");
    let server = ScriptedServer::with_script([public_key(), answer(&json!({ "KeyId": "x" }))]);
    check(&fixture, &server).refuses("AWS KMS returned no signature by alias/x", "", "run this again");
}

#[test]
fn an_answer_of_kms_is_read_as_far_as_its_limit_whatever_length_it_says_it_has() {
    let fixture = RepositoryFixture::new();
    let endless = Reply::head(200, &[("Content-Type", "application/x-amz-json-1.1")]).send_forever([b' '; 1000]);
    let server = ScriptedServer::answering(move |_| endless.clone());
    let output = check(&fixture, &server);
    assert_ne!(output.status, 0, "{output:?}");
    assert!(output.stderr.contains("unreadable response") && output.stderr.contains("length limit"), "{output:?}");
}
