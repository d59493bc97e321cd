//! A private instance from nothing: by options, by a file, and what is refused before anything is made.

use std::fs;
use std::path::Path;

use rootline_ceremonies::KeyKind;
use rootline_metadata::parse_instant;
use rootline_tests::binaries::{rootline_repo, workspace};
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Rekor, Tsa, base64};
use rootline_tests::terminal::at_a_terminal;
use serde_json::{Value, json};

/// A folder with what an instance has, and the keys of three people and of a machine.
pub(super) fn instance() -> RepositoryFixture {
    let fixture = RepositoryFixture::empty();
    let start = parse_instant("2029-06-01T00:00:00Z").unwrap();
    fixture.write("parts/fulcio.pem", Fulcio::with_intermediate("acme.example", start).chain.pem());
    fixture.write("parts/tsa.pem", Tsa::new("acme.example", start).chain.pem());
    fixture.write("parts/rekor.pub", Rekor::v1("rekor.acme.example").key.public_pem());
    fixture.write("parts/rekor-2.pub", Rekor::v2("log.acme.example").key.public_pem());
    fixture.write("parts/ct.pub", CtLog::new("https://ct.acme.example").key.public_pem());
    for name in ["alice", "bob", "carol", "online"] {
        fixture.write_key(name, KeyKind::EcdsaP256);
    }
    fixture
}

/// The options that say what is in [`FILE`].
pub(super) const OPTIONS: [&str; 26] = [
    "--name",
    "Acme trust root",
    "--url",
    "https://tuf.acme.example",
    "--operator",
    "acme.example",
    "--oidc",
    "https://login.acme.example",
    "--fulcio",
    "https://fulcio.acme.example=parts/fulcio.pem,name=ca",
    "--rekor",
    "https://rekor.acme.example=parts/rekor.pub",
    "--rekor",
    "https://log.acme.example=parts/rekor-2.pub,version=2,origin=log.acme.example,name=tiles",
    "--ct",
    "https://ct.acme.example=parts/ct.pub",
    "--tsa",
    "https://tsa.acme.example/api/v1/timestamp=parts/tsa.pem",
    "--keyholder",
    "alice=keys/alice.pub",
    "--keyholder",
    "bob=keys/bob.proof.json",
    "--keyholder",
    "carol=keys/carol.pub",
    "--online",
    "online=keys/online.pub",
];

const FILE: &str = r#"
format = 1
name = "Acme trust root"
url = "https://tuf.acme.example"
operator = "acme.example"

[[oidc]]
url = "https://login.acme.example"

[[fulcio]]
url = "https://fulcio.acme.example"
chain = "../parts/fulcio.pem"
name = "ca"

[[rekor]]
url = "https://rekor.acme.example"
public-key = "../parts/rekor.pub"

[[rekor]]
url = "https://log.acme.example"
public-key = "../parts/rekor-2.pub"
version = 2
origin = "log.acme.example"
name = "tiles"

[[ct]]
url = "https://ct.acme.example"
public-key = "../parts/ct.pub"

[[tsa]]
url = "https://tsa.acme.example/api/v1/timestamp"
chain = ["../parts/tsa.pem"]

[[keyholders]]
name = "alice"
key = "../keys/alice.pub"

[[keyholders]]
name = "bob"
key = "../keys/bob.proof.json"

[[keyholders]]
name = "carol"
key = "../keys/carol.pub"

[[online]]
name = "online"
key = "../keys/online.pub"
"#;

pub(super) fn quickstart<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["quickstart"][..], &OPTIONS, more].concat()
}

/// All files of a folder, with their text.
fn files(fixture: &RepositoryFixture, folder: &str) -> Vec<(String, String)> {
    let names = fixture.list(folder).into_iter();
    names.map(|name| (name.clone(), fixture.read(&format!("{folder}/{name}")))).collect()
}

/// What is in the folder beside the instance's parts.
fn made(fixture: &RepositoryFixture) -> Vec<String> {
    let mut names = fixture.list("");
    names.retain(|name| !["parts/", "keys/", "etc/"].iter().any(|folder| name.starts_with(folder)));
    names
}

#[test]
fn an_instance_is_made_from_options_and_goes_to_its_verifiers() {
    let fixture = instance();
    fixture.done(&quickstart(&["."])).says("root: 2 of alice, bob, carol must sign");
    let root: Value = serde_json::from_str(&fixture.read("targets/trusted_root.json")).unwrap();
    let ids: Vec<&str> =
        root["tlogs"].as_array().unwrap().iter().map(|log| log["logId"]["keyId"].as_str().unwrap()).collect();
    let expected = [Rekor::v1("rekor.acme.example"), Rekor::v2("log.acme.example")].map(|log| base64(&log.log_id()));
    assert_eq!(ids, expected);
    let opens = |entry: &Value| entry["validFor"]["start"].as_str().map(str::to_owned);
    for log in root["tlogs"].as_array().unwrap().iter().chain(root["ctlogs"].as_array().unwrap()) {
        assert_eq!(opens(&log["publicKey"]), opens(&root["certificateAuthorities"][0]));
    }
    let config: Value = serde_json::from_str(&fixture.read("targets/signing_config.v0.2.json")).unwrap();
    assert_eq!(config["rekorTlogUrls"][0]["url"], "https://rekor.acme.example");
    assert_eq!(config["oidcUrls"][0]["operator"], "acme.example");
    let policy = fixture.read("rootline.toml");
    assert!(policy.contains("url = \"https://tuf.acme.example\""), "{policy}");
    fixture.done(&["trust", "show"]).says("tiles");
    // Up to the signing, as it says.
    fixture.done(&["ceremony", "freeze", "first"]);
    for name in ["alice", "bob"] {
        assert!(fixture.sign("first", name).is_done());
    }
    for command in [&["ceremony", "seal", "first"][..], &["online", "--key", "keys/online.pem"], &["publish"]] {
        fixture.done(command);
    }
    let verified = fixture.verify("public", 1, DAY_0).unwrap();
    let at = verified.trusted_root().at(parse_instant(DAY_0).unwrap());
    assert_eq!((at.transparency_logs().count(), at.certificate_authorities().count()), (2, 1));
}

#[test]
fn a_file_says_the_same_and_options_go_before_it() {
    let fixture = instance();
    fixture.write("etc/quickstart.toml", FILE);
    fixture.done(&quickstart(&["by-options"]));
    fixture.done(&["quickstart", "by-file", "--from", "etc/quickstart.toml"]);
    assert_eq!(files(&fixture, "by-options"), files(&fixture, "by-file"));
    fixture.done(&["quickstart", "both", "--from", "etc/quickstart.toml", "--name", "Other", "--threshold", "3"]);
    let policy = fixture.read("both/rootline.toml");
    assert!(policy.contains("name = \"Other\"") && policy.contains("threshold = 3"), "{policy}");
    // The folder is where the command would work, or else tuf.
    fixture.done(&["quickstart", "--from", "etc/quickstart.toml"]);
    fixture.done(&["quickstart", "--from", "etc/quickstart.toml", "--repository", "there"]);
    assert_eq!(files(&fixture, "tuf"), files(&fixture, "there"));
}

#[test]
fn a_member_that_is_not_known_is_refused_with_its_name_and_line() {
    let fixture = instance();
    for (from, to, what) in [
        ("operator = ", "operater = ", "etc/quickstart.toml:5:1: unknown field `operater`"),
        ("chain = \"", "chains = \"", "etc/quickstart.toml:12:1: unknown field `chains`"),
        ("\"https://tuf.acme.example\"", "\"tuf.acme.example\"", "etc/quickstart.toml:4:7: expected a URL"),
    ] {
        fixture.write("etc/quickstart.toml", FILE.replacen(from, to, 1));
        fixture.at(DAY_0, &["quickstart", "--from", "etc/quickstart.toml"]).refuses(
            what,
            "",
            "edit etc/quickstart.toml",
        );
    }
    let output = fixture.at(DAY_0, &quickstart(&["--rekor", "https://x.example=parts/rekor.pub,colour=red"]));
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("unknown field `colour`"), "{output:?}");
    assert_eq!(made(&fixture), [""; 0]);
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let fixture = instance();
    fixture.at(DAY_0, &["quickstart", "--name", "Acme", "--oidc", "https://login.acme.example"]).refuses(
        "missing: --url, --operator, --fulcio, --rekor, --keyholder",
        "",
        "add these options, or their members to the file of --from: url, operator, fulcio, rekor, keyholders",
    );
    assert_eq!(made(&fixture), [""; 0]);
}

#[test]
fn keyholders_without_a_key_are_asked_for_theirs() {
    let fixture = instance();
    let people = ["--keyholder", "dave", "--keyholder", "alice=keys/alice.pub", "--json"];
    let options: Vec<&str> = OPTIONS[..18].to_vec();
    let output = fixture.at(DAY_0, &[&["quickstart", "."], &options[..], &people].concat());
    assert_eq!(output.status, 4, "{output:?}");
    let report = output.json();
    assert_eq!(report["without_key"], json!(["dave", "online"]));
    assert_eq!(report["next"][0], "rootline-repo key generate --out ../dave.pem  # dave, on their own machine");
    fixture.at(DAY_0, &["ceremony", "freeze", "first"]).refuses(
        "ceremonies/first/plan.toml",
        "",
        "correct the name, or add them: rootline-repo keyholder add",
    );
    for name in ["dave", "online"] {
        fixture.write_key(name, KeyKind::EcdsaP256);
        fixture.done(&["keyholder", "add", name, "--public-key", &format!("keys/{name}.pub")]);
    }
    fixture.done(&["ceremony", "freeze", "first"]);
}

#[test]
fn what_clients_refuse_stops_it_and_nothing_is_left() {
    let fixture = instance();
    fixture.write("parts/mixed.pem", fixture.read("parts/fulcio.pem") + &fixture.read("parts/tsa.pem"));
    let without = |option: &str, value: &'static str| {
        let mut options = quickstart(&[]);
        let at = options.iter().position(|word| *word == option).unwrap();
        options[at + 1] = value;
        fixture.at(DAY_0, &options)
    };
    let chained = "each certificate of a chain is signed by the next";
    without("--fulcio", "https://fulcio.acme.example=parts/mixed.pem").is_refused("parts/mixed.pem: ", chained);
    without("--fulcio", "https://fulcio.acme.example=parts/none.pem").refuses(
        "cannot read parts/none.pem",
        "",
        "check the path",
    );
    let output = without("--tsa", "https://tsa.acme.example=parts/fulcio.pem");
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("error: clients refuse what is shipped, or are deceived by it: "), "{output:?}");
    assert!(output.stderr.contains("[tsa-leaf-first]"), "{output:?}");
    for (option, value) in [
        ("--oidc", "https://user:secret@login.acme.example"),
        ("--fulcio", "https://user:secret@fulcio.acme.example=parts/fulcio.pem"),
        ("--rekor", "https://user:secret@rekor.acme.example=parts/rekor.pub,version=3"),
        ("--url", "https://user:secret@tuf.acme.example"),
    ] {
        let output = without(option, value);
        assert!(output.status != 0 && !output.stderr.contains("secret"), "{option}: {output:?}");
    }
    without("--keyholder", "alice=keys/bob.proof.json").refuses(
        "keys/bob.proof.json proves that bob holds the key",
        "",
        "have it written",
    );
    without("--online", "online=keys/alice.pub").refuses(
        "",
        "a keyholder counts once, whatever they sign with",
        "give each keyholder",
    );
    assert_eq!(made(&fixture), [""; 0]);
    // Nothing of it stays beside the folder either.
    assert!(
        fs::read_dir(fixture.folder())
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_str().unwrap().starts_with(".unfinished") })
    );
}

#[test]
fn nothing_is_overwritten_and_a_clone_is_filled() {
    let fixture = instance();
    fixture.write("clone/README.md", "Ours");
    fixture.write("clone/.gitattributes", "* text=auto\n");
    fixture.done(&quickstart(&["clone"]));
    assert_eq!(fixture.read("clone/README.md"), "Ours");
    assert_eq!(fixture.read("clone/.gitattributes"), "* text=auto\n");
    assert!(fixture.path("clone/rootline.toml").exists());
    let before = files(&fixture, "clone");
    fixture.at(DAY_0, &quickstart(&["clone"])).refuses("clone/keyholders is there already", "", "name a new folder");
    assert_eq!(files(&fixture, "clone"), before);
    fixture.write("file", "");
    fixture.at(DAY_0, &quickstart(&["file"])).refuses("file is there already, and is not a folder", "", "name another");
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().mode();
        fixture.done(&quickstart(&["new"]));
        fixture.done(&["init", "like"]);
        assert_eq!(mode(&fixture.path("new")), mode(&fixture.path("like")));
    }
}

#[test]
fn old_clients_get_their_files_where_they_are_wanted() {
    let fixture = instance();
    fixture.done(&quickstart(&[".", "--legacy-targets", "--rekor-version", "2"]));
    assert_eq!(fixture.read("targets/rekor.pub"), fixture.read("parts/rekor.pub"));
    assert!(fixture.read("ceremonies/first/plan.toml").contains("[targets.custom.\"rekor.pub\"]"));
    let config: Value = serde_json::from_str(&fixture.read("targets/signing_config.v0.2.json")).unwrap();
    assert_eq!(config["rekorTlogUrls"][0]["url"], "https://log.acme.example");
    fixture.done(&["ceremony", "freeze", "first"]);
}

#[test]
fn the_example_of_the_reference_is_one() {
    let page = fs::read_to_string(workspace().join("docs/reference/quickstart.md")).unwrap();
    let block = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let fixture = instance();
    fixture.write("parts/quickstart.toml", block);
    fixture.write("parts/alice.pem.pub", fixture.read("keys/alice.pub"));
    let report = fixture.done(&["quickstart", "--from", "parts/quickstart.toml", "--json"]).json();
    assert_eq!(report["without_key"], json!(["bob", "carol", "online"]));
}

/// What comes of a quickstart at a terminal with these options, where somebody types that.
fn asked(fixture: &RepositoryFixture, options: &str, typed: &[&str]) -> Option<Output> {
    let (program, configuration) = (rootline_repo().display(), fixture.configuration().display());
    let line = format!("{program} quickstart --config {configuration} --at {DAY_0} {options}");
    let typed: String = typed.iter().flat_map(|line| [*line, "\n"]).collect();
    at_a_terminal(fixture.folder(), &line, 160, &typed, false).map(Output::from)
}

#[test]
fn what_is_left_out_is_asked_for_at_a_terminal() {
    let fixture = instance();
    let typed = [
        "Acme trust root",
        "tuf.acme.example",
        "https://tuf.acme.example",
        "acme.example",
        "https://login.acme.example",
        "",
        "https://fulcio.acme.example=parts/none.pem",
        "https://fulcio.acme.example=parts/fulcio.pem,name=ca",
        "",
        "https://rekor.acme.example=parts/rekor.pub",
        "https://log.acme.example=parts/rekor-2.pub,version=2,origin=log.acme.example,name=tiles",
        "",
        "https://ct.acme.example=parts/ct.pub",
        "",
        "https://tsa.acme.example/api/v1/timestamp=parts/tsa.pem",
        "",
        "alice=keys/alice.pub",
        "bob=keys/bob.proof.json",
        "carol=keys/carol.pub",
        "",
        "4",
        "",
        "online=keys/online.pub",
        "",
    ];
    let Some(output) = asked(&fixture, "asked", &typed) else { return };
    assert_eq!(output.status, 0, "{output:?}");
    for told in [
        "expected a URL",
        "there is no file parts/none.pem",
        "expected a number from 1 to 3",
        "created \"Acme trust root\" in asked",
    ] {
        assert!(output.stdout.contains(told), "{told}: {output:?}");
    }
    fixture.done(&quickstart(&["by-options"]));
    assert_eq!(files(&fixture, "asked"), files(&fixture, "by-options"));
}

#[test]
fn a_question_that_is_not_answered_ends_it_and_what_is_answered_is_not_asked() {
    let fixture = instance();
    let options = "ended --name Acme --operator acme.example --oidc https://login.acme.example";
    let Some(output) = asked(&fixture, options, &["https://tuf.acme.example", ""]) else { return };
    assert_eq!(output.status, 1, "{output:?}");
    assert!(!output.stdout.contains("What is the trust root called?"), "{output:?}");
    assert!(output.stdout.contains("error: not answered; nothing was made: Certificate authority"), "{output:?}");
    assert!(output.stdout.contains("hint: answer it, or add --fulcio"), "{output:?}");
    assert_eq!(made(&fixture), [""; 0]);
    let Some(output) = asked(&fixture, "ended --json", &[]) else { return };
    assert!(output.stdout.contains("missing: --name, --url"), "{output:?}");
}
