//! A private instance as `rootline-repo` publishes it: other people's clients take its trust root and its signing config from there, each
//! with its own TUF client and from root 1.

use std::path::{Path, PathBuf};
use std::process::Command;

use rootline_ceremonies::KeyKind;
use rootline_metadata::parse_instant;
use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::RepositoryFixture;
use rootline_tests::peers::{self, Repository, Taken, VERIFIERS, Verification};
use rootline_tests::servers::scripted_server::ScriptedServer;
use rootline_tests::servers::static_server;
use serde_json::Value;

use super::sigstore_instance::{ARTIFACT, Instance, ORGANIZATION, SIGNER};
use super::sigstore_python::{sigstore, verdict};

pub(super) const KEYHOLDERS: [&str; 3] = ["alice", "bob", "carol"];

/// Makes the repository of the instance with these files: options of `quickstart` and their values.
pub(super) fn quickstart(fixture: &RepositoryFixture, at: &str, files: &[(&str, String)]) {
    let mut arguments = ["quickstart", ".", "--name", "Acme", "--url", "https://tuf.acme.example"].to_vec();
    arguments.extend(["--operator", ORGANIZATION, "--oidc", SIGNER.issuer, "--online", "online=keys/online.pub"]);
    arguments.extend(files.iter().flat_map(|(option, value)| [*option, value.as_str()]));
    fixture.write_key("online", KeyKind::EcdsaP256);
    let keys = KEYHOLDERS.map(|name| {
        fixture.write_key(name, KeyKind::EcdsaP256);
        format!("{name}=keys/{name}.pub")
    });
    arguments.extend(keys.iter().flat_map(|key| ["--keyholder", key.as_str()]));
    fixture.done_at(at, &arguments);
}

/// Holds a ceremony that is planned, and publishes what comes out.
#[track_caller]
pub(super) fn hold(fixture: &RepositoryFixture, at: &str, id: &str, signers: &[&str]) {
    fixture.done_at(at, &["ceremony", "freeze", id]);
    sign_and_publish(fixture, at, id, signers);
}

#[track_caller]
fn sign_and_publish(fixture: &RepositoryFixture, at: &str, id: &str, signers: &[&str]) {
    for signer in signers {
        fixture.done_at(at, &["ceremony", "sign", id, "--key", &format!("keys/{signer}.pem"), "--yes"]);
    }
    fixture.done_at(at, &["ceremony", "seal", id]);
    publish(fixture, at);
}

/// Signs what needs no person, and publishes, stage after stage.
#[track_caller]
pub(super) fn publish(fixture: &RepositoryFixture, at: &str) {
    fixture.done_at(at, &["online", "--key", "keys/online.pem"]);
    let mut stage = Some(at.to_owned());
    while let Some(at) = stage {
        let reached = fixture.done_at(&at, &["publish", "--json"]).json();
        stage = reached["next"]["at"].as_str().map(str::to_owned);
    }
}

/// When it is published: for ten years, since cosign and others take no time from their callers.
const PUBLISHED: &str = "2026-01-01T00:00:00Z";

/// A published instance with two logs of each kind, what was signed with it, and what another instance has signed.
struct Published {
    fixture: RepositoryFixture,
    server: ScriptedServer,
    bundles: Vec<PathBuf>,
    foreign: PathBuf,
}

impl Published {
    fn new() -> Published {
        let start = parse_instant("2025-12-15T00:00:00Z").unwrap();
        let [instance, other] = [ORGANIZATION, "other.example"].map(|domain| Instance::of(domain, start));
        let fixture = RepositoryFixture::empty();
        fixture.write("parts/fulcio.pem", instance.fulcio.chain.pem());
        fixture.write("parts/tsa.pem", instance.tsa.chain.pem());
        fixture.write("parts/rekor.pub", instance.rekor.key.public_pem());
        fixture.write("parts/rekor-2.pub", instance.rekor_v2.key.public_pem());
        fixture.write("parts/ct.pub", instance.ct_log.key.public_pem());
        fixture.write("parts/ct-rsa.pub", instance.rsa_ct_log.key.public_pem());
        let files = [
            ("--fulcio", format!("https://fulcio.{ORGANIZATION}=parts/fulcio.pem")),
            ("--rekor", format!("{}=parts/rekor.pub", instance.rekor.url())),
            ("--rekor", format!("{}=parts/rekor-2.pub", instance.rekor_v2.url())),
            ("--ct", format!("{}=parts/ct.pub", instance.ct_log.url)),
            ("--ct", format!("{}=parts/ct-rsa.pub", instance.rsa_ct_log.url)),
            ("--tsa", format!("https://tsa.{ORGANIZATION}/api/v1/timestamp=parts/tsa.pem")),
        ];
        quickstart(&fixture, PUBLISHED, &files);
        for (file, days) in [("rootline.toml", &[197, 30, 7][..]), ("ceremonies/first/plan.toml", &[197])] {
            let longer = |text: String, days| text.replace(&format!("expires-days = {days}"), "expires-days = 3660");
            fixture.write(file, days.iter().fold(fixture.read(file), longer));
        }
        hold(&fixture, PUBLISHED, "first", &KEYHOLDERS);

        let write = |name: &str, bundle: &Value| {
            fixture.write(name, bundle.to_string());
            fixture.path(name)
        };
        let bundles = vec![
            write("promised.json", &instance.promised()),
            write("timestamped.json", &instance.timestamped()),
            write("both.json", &instance.promised_and_timestamped()),
        ];
        let foreign = write("foreign.json", &other.promised());
        fixture.write("artifact.txt", ARTIFACT);
        let server = static_server::serve(&fixture.path("public"));
        Published { fixture, server, bundles, foreign }
    }

    fn root(&self) -> PathBuf {
        self.fixture.path("public/1.root.json")
    }

    /// What a client takes with a new cache.
    fn taken_by(&self, peer: &str, bundles: &[PathBuf]) -> Taken {
        let cache = tempfile::tempdir().unwrap();
        self.taken_with(peer, cache.path(), &self.server.url(), false, bundles)
    }

    fn taken_with(&self, peer: &str, cache: &Path, url: &str, is_offline: bool, bundles: &[PathBuf]) -> Taken {
        let artifact = &self.fixture.path("artifact.txt");
        let verification = Verification { artifact, at: None, identity: SIGNER.name, issuer: SIGNER.issuer };
        peers::take(peer, &verification, &Repository { root: &self.root(), url, cache, is_offline }, bundles)
    }
}

fn services() -> Vec<String> {
    [format!("fulcio.{ORGANIZATION}"), format!("rekor.{ORGANIZATION}"), format!("tsa.{ORGANIZATION}/api/v1/timestamp")]
        .map(|address| format!("https://{address}"))
        .to_vec()
}

#[test]
fn five_clients_take_both_documents_from_a_private_instance_by_themselves() {
    if !peers::verifiers_installed() {
        return;
    }
    let published = Published::new();
    let bundles = [&published.bundles[..], std::slice::from_ref(&published.foreign)].concat();
    for peer in VERIFIERS {
        let Taken { mut verified, selected } = published.taken_by(peer, &bundles);
        assert!(verified.pop().unwrap().is_err(), "{peer} accepts what another instance has signed");
        assert_eq!(verified, [const { Ok(()) }; 3], "{peer}");
        assert_eq!(selected, (peer != "sigstore-go").then(|| Ok(services())), "{peer}");
    }
    // And from a file, as `--signing-config` of cosign and sigstore-go.
    let file = [published.fixture.path("targets/signing_config.v0.2.json")];
    for peer in VERIFIERS {
        assert_eq!(peers::select(peer, None, &file), [Ok(services())], "{peer}");
    }
}

#[test]
fn what_was_altered_before_the_ceremony_or_after_it_is_taken_by_nobody() {
    if !peers::verifiers_installed() {
        return;
    }
    let published = Published::new();
    let fixture = &published.fixture;
    let refused_by_all = |what: &str| {
        for peer in VERIFIERS {
            let taken = published.taken_by(peer, &published.bundles[..1]);
            assert!(taken.verified[0].is_err(), "{peer} accepts {what}");
        }
    };
    let shipped = fixture.list("public/targets").into_iter().find(|name| name.ends_with("trusted_root.json")).unwrap();
    let shipped = format!("public/targets/{shipped}");
    let as_signed = fixture.read(&shipped);
    fixture.edit(&shipped, ORGANIZATION, "evil.example");
    refused_by_all("a target that is not as signed");
    fixture.write(&shipped, as_signed);
    assert_eq!(published.taken_by("sigstore-verify", &published.bundles[..1]).verified, [Ok(())]);

    let mut root: Value = serde_json::from_str(&fixture.read("targets/trusted_root.json")).unwrap();
    root.as_object_mut().unwrap().remove("tlogs");
    fixture.write("targets/trusted_root.json", root.to_string());
    fixture.done_at(PUBLISHED, &["ceremony", "new", "altered"]);
    let frozen = fixture.at(PUBLISHED, &["ceremony", "freeze", "altered"]);
    assert!(!frozen.is_done() && frozen.stderr.contains("[tr-list-missing]"), "{frozen:?}");
    fixture.freeze_as_meant("altered", PUBLISHED);
    sign_and_publish(fixture, PUBLISHED, "altered", &KEYHOLDERS);
    refused_by_all("a trust root without logs");
}

#[test]
fn sigstore_python_trusts_an_instance_and_both_exported_documents() {
    if !peers::installed() {
        return;
    }
    let published = Published::new();
    let (fixture, url) = (&published.fixture, published.server.url());
    let (home, artifact) = (fixture.path("home"), fixture.path("artifact.txt"));
    let trusted = sigstore(&home, &["--instance", &url, "trust-instance", published.root().to_str().unwrap()]);
    assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stderr));
    fixture
        .done_at(PUBLISHED, &["trust", "export", "--format", "client-trust-config", "--output", "trust-config.json"]);
    let file = fixture.path("trust-config.json");
    for configuration in [["--instance", &url], ["--trust-config", file.to_str().unwrap()]] {
        for bundle in &published.bundles {
            assert_eq!(verdict(&home, &configuration, &artifact, bundle), Ok(()), "{configuration:?} {bundle:?}");
        }
        assert!(verdict(&home, &configuration, &artifact, &published.foreign).is_err(), "{configuration:?}");
    }
}

#[test]
fn sigstore_js_takes_both_documents_from_a_cache_that_rootline_has_exported() {
    if !peers::verifiers_installed() {
        return;
    }
    let published = Published::new();
    // Where nobody listens.
    let (nowhere, cache) = ("http://127.0.0.1:1", published.fixture.path("cache-of-node"));
    let mut command = Command::new(rootline());
    command.env_remove("ROOTLINE_INSTANCE").args(["export", "--format", "sigstore-js", "--client-url", nowhere]);
    command.args(["--at", PUBLISHED, "--url", &published.server.url()]).arg("--root").arg(published.root());
    command.arg("--cache").arg(published.fixture.path("cache")).arg("--output").arg(&cache);
    assert!(Output::of(&mut command).is_done());
    let bundles = [published.bundles[0].clone(), published.foreign.clone()];
    let taken = |is_offline| published.taken_with("node", &cache, nowhere, is_offline, &bundles);
    let Taken { verified, selected } = taken(true);
    assert_eq!(verified[0], Ok(()));
    assert!(verified[1].is_err());
    assert_eq!(selected, Some(Ok(services())));
    assert!(taken(false).verified[0].as_ref().unwrap_err().contains("ECONNREFUSED"));
}
