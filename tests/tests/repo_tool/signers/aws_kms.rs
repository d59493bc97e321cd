//! Keys in AWS KMS, of which LocalStack is the one that can be had here.

use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::running::free_port;
use rootline_tests::servers::localstack::{ACCESS_KEY, LocalStack, REGION, SECRET_KEY};

/// The program with these credentials and nothing else of AWS. The secret is never seen.
pub(crate) fn run_with(fixture: &RepositoryFixture, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = fixture.command(&[arguments, &["--at", DAY_0]].concat());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
    }
    let nowhere = fixture.path("no-aws");
    command.env("AWS_CONFIG_FILE", &nowhere).env("AWS_SHARED_CREDENTIALS_FILE", &nowhere);
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_MAX_ATTEMPTS", "1");
    command.envs(variables.iter().copied());
    let output = fixture.run_command(command);
    assert!(!output.stdout.contains(SECRET_KEY) && !output.stderr.contains(SECRET_KEY), "{output:?}");
    output
}

fn run(fixture: &RepositoryFixture, arguments: &[&str]) -> Output {
    let credentials =
        [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY), ("AWS_REGION", REGION)];
    run_with(fixture, arguments, &credentials)
}

#[track_caller]
fn done(fixture: &RepositoryFixture, arguments: &[&str]) -> Output {
    let output = run(fixture, arguments);
    assert_eq!(output.status, 0, "{arguments:?}: {output:?}");
    output
}

#[test]
fn a_root_that_is_longer_than_kms_takes_is_signed_by_its_digest() {
    let Some(kms) = LocalStack::shared() else { return };
    let fixture = RepositoryFixture::new();
    let at = |key: &str| format!("awskms://{}/{key}", kms.endpoint());
    let alice = at(&kms.create_key("ECC_NIST_P256", "SIGN_VERIFY"));
    kms.create_alias("alias/online", &kms.create_key("ECC_NIST_P256", "SIGN_VERIFY"));
    let online = at("alias/online");
    done(&fixture, &["keyholder", "add", "alice", "--new-key", "--key", &alice]).says("(it has signed a challenge)");
    done(&fixture, &["keyholder", "add", "online", "--new-key", "--key", &online]);
    // Ten more holders make the root long.
    let mut holders = vec!["alice".to_owned()];
    for number in 0..10 {
        let name = format!("holder-{number}");
        let key = format!("keys/{name}.pem");
        fixture.done(&["key", "generate", "--out", &key, "--plain"]);
        fixture.done(&["keyholder", "add", &name, "--public-key", &format!("{key}.pub")]);
        holders.push(name);
    }
    fixture.done(&["ceremony", "new", "first"]);
    let plan = fixture.read("ceremonies/first/plan.toml");
    let five = "[\"alice\", \"bob\", \"carol\", \"dave\", \"erin\"]";
    assert!(plan.contains(five), "{plan}");
    let quoted: Vec<String> = holders.iter().map(|name| format!("\"{name}\"")).collect();
    fixture.write("ceremonies/first/plan.toml", plan.replace(five, &format!("[{}]", quoted.join(", "))));
    fixture.done(&["ceremony", "freeze", "first"]);
    let root =
        rootline_metadata::json::Value::parse(fixture.read("ceremonies/first/frozen/1.root.json").as_bytes(), 1 << 20)
            .unwrap();
    assert!(root.get("signed").unwrap().canonical().len() > 4096);

    done(&fixture, &["ceremony", "sign", "first", "--as", "alice", "--yes"])
        .says("alice has signed root 1 and targets 1");
    for name in ["holder-0", "holder-1"] {
        assert_eq!(fixture.sign("first", name).status, 0);
    }
    fixture.done(&["ceremony", "seal", "first"]);
    done(&fixture, &["online", "--key", &online]).says("first is now current");
    fixture.done(&["publish"]);
    assert!(fixture.verify("public", 1, DAY_0).is_ok());
}

#[test]
fn a_check_says_where_the_key_is() {
    let Some(kms) = LocalStack::shared() else { return };
    let fixture = RepositoryFixture::new();
    let id = kms.create_key("ECC_NIST_P256", "SIGN_VERIFY");
    kms.create_alias("alias/checked", &id);
    let arn = format!("arn:aws:kms:{REGION}:000000000000:key/{id}");
    for key in [&id, "alias/checked", &arn, &format!("arn:aws:kms:{REGION}:000000000000:alias/checked")] {
        let output = done(&fixture, &["key", "check", &format!("awskms://{}/{key}", kms.endpoint())]);
        output.says("signs: key ");
        output.says(&format!("region {REGION}, arn {arn}"));
    }
    // An ARN says its region, and AWS's own variables say where to ask.
    let endpoint = format!("http://{}", kms.endpoint());
    let variables =
        [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY), ("AWS_ENDPOINT_URL", &*endpoint)];
    run_with(&fixture, &["key", "check", &format!("awskms:///{arn}")], &variables).says("signs: key ");
}

#[test]
fn a_key_that_does_not_sign_here_or_is_not_there_is_refused() {
    let Some(kms) = LocalStack::shared() else { return };
    let fixture = RepositoryFixture::new();
    let disabled = kms.create_key("ECC_NIST_P256", "SIGN_VERIFY");
    kms.disable(&disabled);
    let make = "make one with: aws kms create-key --key-spec ECC_NIST_P256";
    for (key, error, hint) in [
        (
            kms.create_key("ECC_NIST_P384", "SIGN_VERIFY"),
            "a key of kind ECC_NIST_P384, which cannot sign metadata",
            make,
        ),
        (
            kms.create_key("ECC_SECG_P256K1", "SIGN_VERIFY"),
            "a key of kind ECC_SECG_P256K1, which cannot sign metadata",
            make,
        ),
        (kms.create_key("RSA_2048", "SIGN_VERIFY"), "a key of kind RSA_2048, which cannot sign metadata", make),
        (kms.create_key("RSA_2048", "ENCRYPT_DECRYPT"), "not a signing key", make),
        (kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), "not a signing key", make),
        (disabled, "disabled", "enable it, or name another key"),
        ("1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(), "has no key", "check the key, the region and the account"),
        ("alias/nowhere".to_owned(), "has no key alias/nowhere", "check the key, the region and the account"),
    ] {
        let output = run(&fixture, &["key", "check", &format!("awskms://{}/{key}", kms.endpoint())]);
        assert!(
            output.status == 1 && output.stderr.contains(error) && output.stderr.contains(&format!("hint: {hint}")),
            "{key}: {output:?}"
        );
    }
}

#[test]
fn what_is_missing_to_ask_kms_is_named() {
    let fixture = RepositoryFixture::new();
    let nowhere = format!("awskms://localhost:{}/alias/x", free_port());
    let output = run(&fixture, &["key", "check", &nowhere]);
    output.reaches_nothing("AWS KMS cannot be reached at localhost:", "check the network, the region and the endpoint");
    let output = run_with(&fixture, &["key", "check", &nowhere], &[("AWS_REGION", REGION)]);
    output.refuses("no AWS credentials for alias/x: ", "", "set AWS_ACCESS_KEY_ID");
    let output = run_with(&fixture, &["key", "check", &nowhere], &[]);
    output.refuses("no AWS region is set for alias/x", "", "set AWS_REGION");
}
