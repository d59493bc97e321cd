//! A year of a private instance: a new certificate authority, a new log, the end of the old one, a new timestamp authority, and two new
//! roots. At every publication other people's clients verify all that was signed until then, with the documents that ours fetched.

use std::process::Command;

use chrono::{DateTime, Utc};
use rootline_ceremonies::KeyKind;
use rootline_metadata::parse_instant;
use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::RepositoryFixture;
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Rekor, Services, Tsa};
use rootline_tests::peers::{self, Reading};
use rootline_tests::servers::scripted_server::ScriptedServer;
use rootline_tests::servers::static_server;
use serde_json::Value;

use super::judging::{Judgement, judge_by};
use super::private_instance::{KEYHOLDERS, hold, publish, quickstart};
use super::sigstore_instance::{ARTIFACT, SIGNER};

/// The clients that verify. cosign would judge as sigstore-go, whose library it uses; sigstore-python heeds the windows of timestamp
/// authorities alone.
const JUDGES: [&str; 3] = ["node", "sigstore-go", "sigstore-verify"];
/// The clients that select services. sigstore-go cannot be told the time.
const SELECTORS: [&str; 3] = ["python", "node", "sigstore-verify"];
/// The clients that read the repository from root 1, with a cache that they keep.
const READERS: [&str; 2] = ["node", "sigstore-tuf"];

const OLD_LOG: &str = "https://rekor.acme.example";
const NEW_LOG: &str = "https://rekor-2.acme.example";
const FULCIO: &str = "https://fulcio.acme.example";
const TSA: &str = "https://tsa.acme.example/api/v1/timestamp";

/// The ceremonies of the year, and the last day, when only the timestamp is renewed.
const BEGINS: &str = "2030-01-01T00:00:00Z";
const ROTATES_CA: &str = "2030-02-01T00:00:00Z";
const ADDS_LOG: &str = "2030-03-01T00:00:00Z";
const SWITCHES_LOG: &str = "2030-04-24T00:00:00Z";
const RETIRES_LOG: &str = "2030-06-10T00:00:00Z";
const ROTATES_TSA: &str = "2030-09-01T00:00:00Z";
const REPLACES_KEYHOLDER: &str = "2030-11-15T00:00:00Z";
const ENDS: &str = "2030-12-31T00:00:00Z";

/// The last second of what was replaced.
const OLD_CA_CLOSES: &str = "2030-04-02T05:10:00Z";
const OLD_LOG_CLOSES: &str = "2030-08-02T03:00:00Z";
const OLD_TSA_CLOSES: &str = "2030-10-31T05:10:00Z";

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

/// What the instance has at its beginning (0), and what takes its place (1).
struct Parts {
    fulcio: [Fulcio; 2],
    ct_log: CtLog,
    rekor: [Rekor; 2],
    tsa: [Tsa; 2],
}

impl Parts {
    fn new() -> Parts {
        let (old, new) = ("acme.example", "renewed.acme.example");
        let start = at("2029-12-01T00:00:00Z");
        Parts {
            fulcio: [Fulcio::root(old, start), Fulcio::with_intermediate(new, at("2030-01-20T00:00:00Z"))],
            ct_log: CtLog::new("https://ct.acme.example"),
            rekor: [Rekor::v1("rekor.acme.example"), Rekor::v2("rekor-2.acme.example")],
            tsa: [Tsa::new(old, start), Tsa::with_intermediate(new, at("2030-08-20T00:00:00Z"))],
        }
    }

    fn services(&self, fulcio: usize, rekor: usize, tsa: usize) -> Services<'_> {
        let (fulcio, rekor, tsa) = (&self.fulcio[fulcio], &self.rekor[rekor], Some(&self.tsa[tsa]));
        Services { fulcio, ct_log: &self.ct_log, rekor, tsa }
    }

    /// Writes keys and chains to `parts/` and `parts/new/`.
    fn write_to(&self, fixture: &RepositoryFixture) {
        fixture.write("parts/ct.pub", self.ct_log.key.public_pem());
        for (at, folder) in ["parts", "parts/new"].into_iter().enumerate() {
            fixture.write(&format!("{folder}/fulcio.pem"), self.fulcio[at].chain.pem());
            fixture.write(&format!("{folder}/rekor.pub"), self.rekor[at].key.public_pem());
            fixture.write(&format!("{folder}/tsa.pem"), self.tsa[at].chain.pem());
        }
    }
}

/// The instance's repository, which is served, and all that was signed in time.
struct Year {
    fixture: RepositoryFixture,
    server: ScriptedServer,
    signed: Vec<(DateTime<Utc>, String)>,
}

impl Year {
    /// Before the first ceremony.
    fn begin(parts: &Parts) -> Year {
        let fixture = RepositoryFixture::empty();
        parts.write_to(&fixture);
        let files = [
            ("--fulcio", format!("{FULCIO}=parts/fulcio.pem,name=fulcio")),
            ("--rekor", format!("{OLD_LOG}=parts/rekor.pub,name=rekor")),
            ("--ct", "https://ct.acme.example=parts/ct.pub".into()),
            ("--tsa", format!("{TSA}=parts/tsa.pem,name=tsa")),
        ];
        quickstart(&fixture, BEGINS, &files);
        fixture.write_key("frank", KeyKind::EcdsaP256);
        let server = static_server::serve(&fixture.path("public"));
        Year { fixture, server, signed: Vec::new() }
    }

    /// The same once it is published, and something is signed.
    fn first_published(parts: &Parts) -> Year {
        let mut year = Year::begin(parts);
        hold(&year.fixture, BEGINS, "first", &KEYHOLDERS);
        year.check(BEGINS, 1, OLD_LOG);
        year.sign("2030-01-15T00:00:00Z", parts.services(0, 0, 0));
        year
    }

    /// `rootline-repo trust`.
    #[track_caller]
    fn trust(&self, day: &str, arguments: &str) -> Output {
        let arguments: Vec<&str> = ["trust"].into_iter().chain(arguments.split(' ')).collect();
        self.fixture.done_at(day, &arguments)
    }

    /// What `trust diff` finds changed since the last publication: each entry by its kind, and what happens to it.
    #[track_caller]
    fn differences(&self, day: &str) -> Vec<String> {
        let found = self.trust(day, "diff --json").json();
        let changed = found["entries"].as_array().unwrap().iter().filter(|entry| entry["mark"] != "stays");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        changed.map(|entry| text(&entry["kind"]) + " " + &text(&entry["changes"][0]["text"])).collect()
    }

    /// Plans a ceremony, holds it, and publishes what comes out.
    #[track_caller]
    fn hold(&self, day: &str, id: &str, options: &[&str], signers: &[&str]) {
        self.fixture.done_at(day, &[&["ceremony", "new", id], options].concat());
        hold(&self.fixture, day, id, signers);
    }

    fn sign(&mut self, signed: &str, services: Services<'_>) {
        self.signed.push((at(signed), services.sign(ARTIFACT, &SIGNER, at(signed)).to_string()));
    }

    /// Lets every client read what was published on that day: the newest root is that one, new signatures go to that log, and all earlier
    /// ones verify.
    #[track_caller]
    fn check(&self, day: &str, root: u64, log: &str) {
        let updated = self.rootline(day, &["update", "--json"]).json();
        assert_eq!(updated["roles"][0]["version"], root, "{day}");
        for (peer, found) in READERS.into_iter().zip(self.roots_of_readers(day)) {
            assert_eq!(found, root, "{day}: {peer}");
        }
        let both = self.fetched(day);
        assert_eq!(self.select(day, &both["signingConfig"]), [[FULCIO, log, TSA]; SELECTORS.len()], "{day}");
        let before = self.signed.iter().filter(|(signed, _)| *signed < at(day));
        let bundles: Vec<&str> = before.map(|(_, bundle)| bundle.as_str()).collect();
        for (at, judgements) in self.judge(day, &both["trustedRoot"], &bundles).into_iter().enumerate() {
            assert_eq!(judgements, [const { Ok(()) }; JUDGES.len()], "{day}: {}", self.signed[at].0);
        }
    }

    /// `rootline`, on a machine that began with root 1.
    #[track_caller]
    fn rootline(&self, day: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(rootline());
        command.env_remove("ROOTLINE_INSTANCE").args(arguments).args(["--at", day, "--url", &self.server.url()]);
        command.arg("--root").arg(self.fixture.path("public/1.root.json"));
        command.arg("--cache").arg(self.fixture.path("cache"));
        Output::of(&mut command).succeeds()
    }

    /// Both documents, as the last update of that machine has verified them.
    #[track_caller]
    fn fetched(&self, day: &str) -> Value {
        self.rootline(day, &["export", "--format", "client-trust-config", "--offline"]).json()
    }

    #[track_caller]
    fn roots_of_readers(&self, day: &str) -> [Value; READERS.len()] {
        let (root, url) = (&self.fixture.path("public/1.root.json"), &self.server.url());
        READERS.map(|peer| {
            let cache = &self.fixture.path(&format!("cache-of-{peer}"));
            let targets = &["trusted_root.json", "signing_config.v0.2.json"];
            peers::read(peer, &Reading { root, url, at: Some(day), cache, targets }).unwrap()["root"].clone()
        })
    }

    /// The addresses that each client would sign with.
    #[track_caller]
    fn select(&self, day: &str, signing_config: &Value) -> [Vec<String>; SELECTORS.len()] {
        self.fixture.write("signing_config.json", signing_config.to_string());
        let file = [self.fixture.path("signing_config.json")];
        SELECTORS.map(|peer| peers::select(peer, Some(day), &file).remove(0).unwrap())
    }

    fn judge(&self, day: &str, trusted_root: &Value, bundles: &[&str]) -> Vec<[Judgement; JUDGES.len()]> {
        let root = trusted_root.to_string();
        judge_by(JUDGES, Some(day), &bundles.iter().map(|bundle| (root.as_str(), *bundle)).collect::<Vec<_>>())
    }
}

#[test]
fn what_is_signed_in_time_verifies_through_a_year_of_successors_and_what_is_signed_too_late_does_not() {
    if !peers::verifiers_installed() {
        return;
    }
    let parts = Parts::new();
    let mut year = Year::first_published(&parts);

    let told = year.trust(ROTATES_CA, "rotate fulcio --chain parts/new/fulcio.pem --name fulcio-2");
    told.says(&format!(
        "fulcio: signatures with a certificate of this authority from after {OLD_CA_CLOSES} stop verifying"
    ));
    told.says("sigstore-python does not look at the windows of certificate authorities");
    let (closes, opens) = (format!("closes {OLD_CA_CLOSES}, in 60 days"), "opens 2030-03-26T03:00:00Z, in 53 days");
    let changed = [closes.as_str(), opens].map(|what| format!("certificate authority {what}"));
    assert_eq!(year.differences(ROTATES_CA), changed);
    year.hold(ROTATES_CA, "new-ca", &[], &KEYHOLDERS);
    year.check(ROTATES_CA, 1, OLD_LOG);
    year.sign("2030-02-15T00:00:00Z", parts.services(0, 0, 0));

    year.trust(ADDS_LOG, &format!("add-log --url {NEW_LOG} --public-key parts/new/rekor.pub --name rekor-2"));
    assert_eq!(year.differences(ADDS_LOG), ["transparency log opens 2030-04-23T03:00:00Z, in 53 days"]);
    year.hold(ADDS_LOG, "new-log", &[], &KEYHOLDERS);
    year.check(ADDS_LOG, 1, OLD_LOG);
    // While both authorities are open.
    year.sign("2030-03-26T03:00:00Z", parts.services(1, 0, 0));
    year.sign(OLD_CA_CLOSES, parts.services(0, 0, 0));

    let edit = format!("signing-config edit --add rekor={NEW_LOG} --api-version 2 --close {OLD_LOG}");
    let told = year.trust(SWITCHES_LOG, &edit);
    // That nobody signs to it any more stops nothing.
    assert!(!told.stdout.contains("not verified"), "{told:?}");
    assert_eq!(year.differences(SWITCHES_LOG), [""; 0]);
    year.hold(SWITCHES_LOG, "new-log-in-use", &[], &KEYHOLDERS);
    year.check(SWITCHES_LOG, 1, NEW_LOG);
    year.sign("2030-04-25T00:00:00Z", parts.services(1, 1, 0));
    // By somebody who does not have the new signing config yet.
    year.sign("2030-04-30T00:00:00Z", parts.services(1, 0, 0));

    let told = year.trust(RETIRES_LOG, "retire rekor");
    told.says(&format!("rekor: signatures with an entry of this log from after {OLD_LOG_CLOSES} stop verifying"));
    told.says("sigstore-python does not look at the windows of logs");
    let closes = format!("transparency log closes {OLD_LOG_CLOSES}, in 53 days");
    assert_eq!(year.differences(RETIRES_LOG), [closes]);
    year.hold(RETIRES_LOG, "old-log-ends", &["--renew", "root"], &KEYHOLDERS);
    year.check(RETIRES_LOG, 2, NEW_LOG);
    year.sign(OLD_LOG_CLOSES, parts.services(1, 0, 0));
    year.sign("2030-08-03T00:00:00Z", parts.services(1, 1, 0));

    let told = year.trust(ROTATES_TSA, "rotate tsa --chain parts/new/tsa.pem --name tsa-2");
    told.says(&format!(
        "tsa: signatures with a timestamp of this authority from after {OLD_TSA_CLOSES} stop verifying"
    ));
    let (closes, opens) = (format!("closes {OLD_TSA_CLOSES}, in 60 days"), "opens 2030-10-24T03:00:00Z, in 53 days");
    let changed = [closes.as_str(), opens].map(|what| format!("timestamp authority {what}"));
    assert_eq!(year.differences(ROTATES_TSA), changed);
    year.hold(ROTATES_TSA, "new-tsa", &[], &KEYHOLDERS);
    year.check(ROTATES_TSA, 2, NEW_LOG);
    year.sign("2030-10-24T03:00:00Z", parts.services(1, 1, 1));
    year.sign(OLD_TSA_CLOSES, parts.services(1, 1, 0));

    year.fixture.done_at(REPLACES_KEYHOLDER, &["keyholder", "add", "frank", "--proof", "keys/frank.proof.json"]);
    year.hold(REPLACES_KEYHOLDER, "frank", &["--replace", "bob=frank"], &["alice", "carol", "frank"]);
    year.check(REPLACES_KEYHOLDER, 3, NEW_LOG);
    year.sign("2030-12-01T00:00:00Z", parts.services(1, 1, 1));

    publish(&year.fixture, ENDS);
    year.check(ENDS, 3, NEW_LOG);
    check_too_late(&year, &parts);
}

/// Why each of [`JUDGES`] refuses.
const REFUSED_CA: [&str; 3] =
    ["no valid certificate path found", "leaf certificate verification failed", "UnknownIssuer"];
const REFUSED_LOG: [&str; 3] = [
    "inclusion promise could not be verified",
    "not enough verified log entries from transparency log: 0 < 1",
    "No log key valid at integrated time",
];
const REFUSED_TSA: [&str; 3] = [
    "timestamp could not be verified",
    "timestamp is after the validity period end",
    "outside the validity period of the authority that signed it",
];

/// Each of [`JUDGES`] refuses, for its reason.
#[track_caller]
fn assert_refused(what: &str, judgements: [Judgement; JUDGES.len()], reasons: [&str; JUDGES.len()]) {
    for ((peer, reason), judgement) in JUDGES.into_iter().zip(reasons).zip(judgements) {
        assert!(judgement.as_ref().is_err_and(|refusal| refusal.contains(reason)), "{what}: {peer}: {judgement:?}");
    }
}

/// A day after an authority or a log has closed, what it vouches for is refused for that reason.
fn check_too_late(year: &Year, parts: &Parts) {
    let late = [
        (OLD_CA_CLOSES, parts.services(0, 0, 0), REFUSED_CA),
        (OLD_LOG_CLOSES, parts.services(1, 0, 0), REFUSED_LOG),
        (OLD_TSA_CLOSES, parts.services(1, 1, 0), REFUSED_TSA),
    ];
    let bundles = late.each_ref().map(|(closed, services, _)| {
        services.sign(ARTIFACT, &SIGNER, at(closed) + chrono::Duration::days(1)).to_string()
    });
    let trusted_root = &year.fetched(ENDS)["trustedRoot"];
    let judged = year.judge(ENDS, trusted_root, &bundles.each_ref().map(String::as_str));
    for ((closed, _, reasons), judgements) in late.iter().zip(judged) {
        assert_refused(closed, judgements, *reasons);
    }
}

/// When somebody finds that the key of the certificate authority has been stolen, and the last instant before that.
const FINDS_THEFT: &str = "2030-02-01T00:00:00Z";
const LAST_OWN: &str = "2030-01-20T00:00:00Z";
/// Why each of [`JUDGES`] refuses what is signed when no authority is open.
const REFUSED_STOLEN: [&str; 3] = [
    "Failed to verify certificate chain",
    "leaf certificate verification failed",
    "no trusted certificate authority is valid",
];

#[test]
fn what_a_stolen_key_may_have_signed_is_refused_and_what_is_older_verifies() {
    if !peers::verifiers_installed() {
        return;
    }
    let parts = Parts::new();
    let mut year = Year::first_published(&parts);
    year.sign(LAST_OWN, parts.services(0, 0, 0));
    let later = at(LAST_OWN) + chrono::Duration::seconds(1);
    let stolen = parts.services(0, 0, 0).sign(ARTIFACT, &SIGNER, later).to_string();
    let judge = |trusted_root: &Value| year.judge(FINDS_THEFT, trusted_root, &[&stolen]).remove(0);
    assert_eq!(judge(&year.fetched(BEGINS)["trustedRoot"]), [const { Ok(()) }; JUDGES.len()]);

    let told = year.trust(FINDS_THEFT, &format!("distrust fulcio --since {LAST_OWN} --reason stolen"));
    told.says(&format!("fulcio: signatures with a certificate of this authority from after {LAST_OWN} stop verifying"));
    // Without a successor nobody could sign.
    let frozen = |id: &str| {
        year.fixture.done_at(FINDS_THEFT, &["ceremony", "new", id]);
        year.fixture.at(FINDS_THEFT, &["ceremony", "freeze", id])
    };
    assert!(frozen("too-early").stderr.contains("[tr-no-live]"));
    let add = format!("add-ca --url {FULCIO} --chain parts/new/fulcio.pem --name fulcio-2 --start {FINDS_THEFT} --yes");
    year.trust(FINDS_THEFT, &add);
    year.hold(FINDS_THEFT, "theft", &[], &KEYHOLDERS);
    year.check(FINDS_THEFT, 1, OLD_LOG);
    assert_refused("stolen", judge(&year.fetched(FINDS_THEFT)["trustedRoot"]), REFUSED_STOLEN);
}
