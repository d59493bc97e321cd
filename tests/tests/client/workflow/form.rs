//! The form of files (TUF 4): what is refused as malformed, well signed or not, and what next to it is not. A malformed file is refused
//! as such, never by a panic, and is never kept.

use rootline_client::workflow::{Check, Fault, Refusal};
use rootline_metadata::json::Value;
use rootline_tests::adversary;
use rootline_tests::simulator::{Delegation, Key, Simulator, set, unset};
use rootline_tests::verifier::Verifier;

/// What to do with a file before it is signed.
enum Edit {
    /// Set this member to this JSON.
    Set(&'static str, &'static str),
    /// Take this member away.
    Unset(&'static str),
}
use Edit::{Set, Unset};

impl Edit {
    fn apply(&self, signed: &mut Value) {
        match self {
            Set(path, json) => set(signed, path, Value::parse(json.as_bytes(), json.len()).expect("JSON")),
            Unset(path) => unset(signed, path),
        }
    }

    fn shown(&self) -> String {
        match self {
            Set(path, json) => format!("{path} = {json}"),
            Unset(path) => format!("no {path}"),
        }
    }
}

/// A repository whose `role` was changed like that and signed as ever, and what a fresh verifier says.
fn published(role: &str, edit: &Edit) -> Result<String, Refusal> {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("a")).add_target("targets", "t", b"t");
    sim.publish();
    sim.issue(role).edited(|signed| edit.apply(signed)).publish();
    match role {
        "root" | "timestamp" => {}
        "snapshot" => drop(sim.issue("timestamp").publish()),
        _ => drop(sim.publish_snapshot()),
    }
    let mut verifier = Verifier::of(&sim);
    match verifier.refresh(sim.files(), sim.day(1)) {
        Ok(_) => Ok(verifier.holds()),
        Err(error) => {
            let refusal = error.refusal().expect("a refusal").clone();
            let kept = verifier.holds();
            let name = if role == "root" { "root 2" } else { role };
            assert!(!kept.contains(name), "{role} with {}: {kept}", edit.shown());
            Err(refusal)
        }
    }
}

/// What may be said of a target.
const TARGET: &str =
    "{\"length\": 1, \"hashes\": {\"sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\"}}";

fn all_malformed(role: &str, edits: &[Edit]) {
    for edit in edits {
        let refusal = published(role, edit).expect_err(&edit.shown());
        assert_eq!(refusal.check, Check::Form, "{role} with {}: {refusal}", edit.shown());
        assert!(matches!(refusal.fault, Fault::Malformed(_)));
    }
}

fn all_accepted(role: &str, edits: &[Edit]) {
    for edit in edits {
        if let Err(refusal) = published(role, edit) {
            panic!("{role} with {}: {refusal}", edit.shown());
        }
    }
}

/// 4: of every role.
#[test]
fn what_every_file_begins_with_is_needed_and_has_its_form() {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        all_malformed(
            role,
            &[
                Unset("_type"),
                Set("_type", "\"mirrors\""),
                Set("_type", "\"Root\""),
                Set("_type", "null"),
                Unset("spec_version"),
                Set("spec_version", "\"2.0.0\""),
                Set("spec_version", "\"0.9\""),
                Set("spec_version", "\"1\""),
                Set("spec_version", "1"),
                Unset("version"),
                Set("version", "0"),
                Set("version", "-1"),
                Set("version", "\"2\""),
                Set("version", "9223372036854775808"),
                Set("version", "1000000000000000000000000000000000000000"),
                Unset("expires"),
                Set("expires", "\"2030-06-01\""),
                Set("expires", "\"tomorrow\""),
                Set("expires", "1900000000"),
                Set("expires", "\"2030-13-01T00:00:00Z\""),
            ],
        );
        all_accepted(
            role,
            &[
                Set("spec_version", "\"1.0\""),
                Set("spec_version", "\"1.0.34\""),
                Set("spec_version", "\"1.99.0\""),
                Set("expires", "\"2030-01-04T00:00:00Z\""),
                Set("expires", "\"2030-01-04T05:00:00+05:00\""),
                Set("expires", "\"2030-01-04T00:00:00.123456789Z\""),
                Set("x-unknown", "{\"anything\": [1, null, \"\\u0000\", {}]}"),
            ],
        );
    }
}

/// 4.3
#[test]
fn a_root_has_its_form() {
    all_malformed(
        "root",
        &[
            Unset("keys"),
            Set("keys", "[]"),
            Unset("roles"),
            Unset("roles/root"),
            Unset("roles/timestamp"),
            Unset("roles/snapshot"),
            Unset("roles/targets"),
            Unset("roles/snapshot/keyids"),
            Set("roles/snapshot/keyids", "{}"),
            Set("roles/snapshot/keyids", "[1]"),
            Set("roles/snapshot/keyids", "[\"twice\", \"twice\"]"),
            Unset("roles/snapshot/threshold"),
            Set("roles/snapshot/threshold", "0"),
            Set("roles/snapshot/threshold", "-1"),
            Set("roles/snapshot/threshold", "\"1\""),
            Set("roles/snapshot/threshold", "true"),
            Set("consistent_snapshot", "\"true\""),
            Set("consistent_snapshot", "1"),
            Set("keys/x", "{}"),
            Set("keys/x", "{\"keytype\": \"ed25519\", \"scheme\": \"ed25519\"}"),
        ],
    );
    all_accepted(
        "root",
        &[
            // An unknown kind of key is useless, and no fault of the file that lists it; nor is an id without a key.
            Set("keys/x", "{\"keytype\": \"new\", \"scheme\": \"newer\", \"keyval\": {\"other\": 1}}"),
            Set("keys/x", "{\"keytype\": \"ed25519\", \"scheme\": \"ed25519\", \"keyval\": {\"public\": \"\"}}"),
            Set("roles/mirrors", "{\"keyids\": [], \"threshold\": 1}"),
        ],
    );
}

/// 4.6
#[test]
fn a_timestamp_pins_the_snapshot_and_says_at_least_its_version() {
    all_malformed(
        "timestamp",
        &[
            Unset("meta"),
            Set("meta", "[]"),
            Unset("meta/snapshot.json"),
            Set("meta/snapshot.json", "2"),
            Unset("meta/snapshot.json/version"),
            Set("meta/snapshot.json/version", "0"),
            Set("meta/snapshot.json/length", "-1"),
            Set("meta/snapshot.json/length", "\"1\""),
            Set("meta/snapshot.json/hashes", "{}"),
            Set("meta/snapshot.json/hashes", "{\"md5\": \"00\"}"),
            Set("meta/snapshot.json/hashes/sha256", "\"00\""),
            Set("meta/snapshot.json/hashes/sha256", "\"not hex\""),
        ],
    );
    all_accepted(
        "timestamp",
        &[
            Unset("meta/snapshot.json/length"),
            Unset("meta/snapshot.json/hashes"),
            Set("meta/snapshot.json/x-unknown", "1"),
            Set("meta/snapshot.json/hashes/blake9", "\"00\""),
            Set("meta/more.json", "{}"),
        ],
    );
}

/// 4.4
#[test]
fn a_snapshot_pins_the_targets_and_says_at_least_the_version_of_every_file() {
    all_malformed(
        "snapshot",
        &[
            Unset("meta"),
            Unset("meta/targets.json"),
            Unset("meta/targets.json/version"),
            Set("meta/targets.json/version", "0"),
            Set("meta/targets.json/hashes", "{}"),
            Unset("meta/a.json/version"),
            Set("meta/a.json/version", "0"),
            Set("meta/a.json/length", "\"1\""),
            Set("meta/a.json/hashes", "[]"),
            Set("meta/a.json/hashes", "{\"md5\": \"00\"}"),
        ],
    );
    all_accepted(
        "snapshot",
        &[
            Unset("meta/a.json/hashes"),
            Unset("meta/a.json/length"),
            Unset("meta/a.json"),
            Set("meta/gone.json", "{\"version\": 9}"),
        ],
    );
}

/// 4.5
#[test]
fn a_targets_file_has_its_form() {
    all_malformed(
        "targets",
        &[
            Unset("targets"),
            Set("targets", "[]"),
            Set("targets/", TARGET),
            Unset("targets/t/length"),
            Set("targets/t/length", "-1"),
            Unset("targets/t/hashes"),
            Set("targets/t/hashes", "{}"),
            Set("targets/t/custom", "\"text\""),
            Unset("delegations/keys"),
            // One role twice, for other targets.
            Set(
                "delegations/roles/1",
                "{\"keyids\": [], \"name\": \"a\", \"paths\": [], \"terminating\": true, \"threshold\": 1}",
            ),
            Unset("delegations/roles"),
            Unset("delegations/roles/0/name"),
            Set("delegations/roles/0/name", "\"\""),
            Set("delegations/roles/0/name", "\"root\""),
            Set("delegations/roles/0/name", "\"targets\""),
            Unset("delegations/roles/0/threshold"),
            Set("delegations/roles/0/threshold", "0"),
            Unset("delegations/roles/0/keyids"),
            Unset("delegations/roles/0/terminating"),
            Set("delegations/roles/0/terminating", "0"),
            Unset("delegations/roles/0/paths"),
            Set("delegations/roles/0/paths", "\"*\""),
            Set("delegations/roles/0/path_hash_prefixes", "[\"00\"]"),
        ],
    );
    all_accepted(
        "targets",
        &[
            Unset("delegations"),
            Set("targets", "{}"),
            Set("targets/ ", TARGET),
            Set(
                "delegations/roles/1",
                "{\"keyids\": [], \"name\": \"b\", \"paths\": [], \"terminating\": true, \"threshold\": 1}",
            ),
            Set("targets/t/custom", "{\"any\": [\"thing\"]}"),
            Set("delegations/roles", "[]"),
            Set("delegations/roles/0/paths", "[]"),
            Set("delegations/roles/0/name", "\"Root\""),
            Set("delegations/roles/0/x-unknown", "true"),
        ],
    );
}

/// 4.5: prefixes of digests are lowercase hex, as many digits as a digest has at most.
#[test]
fn a_hash_prefix_has_its_form() {
    let listed = |prefixes: &str| {
        let role = format!(
            "[{{\"keyids\": [], \"name\": \"a\", \"path_hash_prefixes\": {prefixes}, \"terminating\": true, \"threshold\": 1}}]"
        );
        Set("delegations/roles", role.leak())
    };
    let (longest, longer) = ("0123456789abcdef".repeat(4), "0123456789abcdef".repeat(4) + "0");
    let malformed = [
        "\"00\"".to_owned(),
        "{}".to_owned(),
        "[0]".to_owned(),
        "[null]".to_owned(),
        "[\"0A\"]".to_owned(),
        "[\"g\"]".to_owned(),
        "[\"/\"]".to_owned(),
        "[\":\"]".to_owned(),
        "[\"`\"]".to_owned(),
        "[\"0x\"]".to_owned(),
        "[\" 0\"]".to_owned(),
        "[\"é\"]".to_owned(),
        "[\"00\", \"G\"]".to_owned(),
        format!("[\"{longer}\"]"),
    ];
    all_malformed("targets", &malformed.map(|prefixes| listed(&prefixes)));
    let accepted = ["[]".to_owned(), "[\"\"]".to_owned(), "[\"0\", \"9af\"]".to_owned(), format!("[\"{longest}\"]")];
    all_accepted("targets", &accepted.map(|prefixes| listed(&prefixes)));
}

/// 4.2: around the signed part.
/// CVE-2026-23991: valid JSON that is not TUF caused a panic.
#[test]
fn an_envelope_has_its_form() {
    let sim = Simulator::default();
    let whole = String::from_utf8(sim.files().metadata("timestamp.json").unwrap().to_vec()).unwrap();
    let (_, signed) = whole.split_once("\"signed\": ").unwrap();
    let malformed = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "{\"signatures\": []}".to_owned(),
        format!("{{\"signed\": {signed}"),
        format!("{{\"signatures\": {{}}, \"signed\": {signed}"),
        format!("{{\"signatures\": [{{}}], \"signed\": {signed}"),
        format!("{{\"signatures\": [{{\"keyid\": \"a\"}}], \"signed\": {signed}"),
        format!("{{\"signatures\": [{{\"keyid\": \"a\", \"sig\": 1}}], \"signed\": {signed}"),
        "{\"signatures\": [], \"signed\": []}".to_owned(),
        whole.replacen("\"signed\"", "\"signed\": {}, \"signed\"", 1),
        format!("{whole}{whole}"),
        format!("\u{feff}{whole}"),
        whole.trim_end().trim_end_matches('}').to_owned(),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
    ];
    let mut verifier = Verifier::of(&sim);
    verifier.limits.timestamp = 1 << 20;
    for text in malformed {
        let mut files = sim.files().clone();
        files.set_metadata("timestamp.json", text.clone());
        let shown: String = text.chars().take(60).collect();
        assert_eq!(verifier.refused_by(&files, sim.day(1)), Check::Form, "{shown}");
        assert_eq!(verifier.holds(), "root 1", "{shown}");
    }
    // One key id twice is an error of the file, though the signatures are good.
    let repeated = adversary::repeat_signatures(sim.files(), "timestamp.json");
    assert_eq!(verifier.refused_by(&repeated, sim.day(1)), Check::Form);

    // More members, entries by nobody, empty ones and such that are not hex are all real.
    let mut files = sim.files().clone();
    let more = "\"signatures\": [{\"keyid\": \"a\", \"sig\": \"\"}, {\"keyid\": \"b\", \"sig\": \"zz\", \"x\": 1},";
    files.set_metadata("timestamp.json", whole.replacen("\"signatures\": [", more, 1).replacen('{', "{\"x\": 1,", 1));
    verifier.refresh(&files, sim.day(1)).unwrap();
}

/// 4: a delegated role's file as much as the top-level one.
#[test]
fn a_malformed_delegated_role_is_refused_and_not_kept() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("a")).add_target("a", "x", b"x");
    sim.publish();
    sim.issue("a").edited(|signed| unset(signed, "targets")).publish().publish_snapshot();
    let mut verifier = Verifier::of(&sim);
    let refusal = verifier.find(sim.files(), sim.day(1), "x").unwrap_err().refusal().unwrap().clone();
    assert_eq!((refusal.check, refusal.file.to_string().as_str()), (Check::Form, "a.json"));
    assert!(!format!("{:?}", verifier.store().saved()).contains("Delegated"));
}

/// 4: a signed file of another role is not taken for this one's, whichever keys they share.
#[test]
fn files_of_other_roles_under_this_one_s_name_are_malformed() {
    let mut sim = Simulator::default();
    let one_key = rootline_tests::simulator::Role { keys: Key::all(["one"]), threshold: 1 };
    for role in [&mut sim.root.timestamp, &mut sim.root.snapshot, &mut sim.root.targets] {
        *role = one_key.clone();
    }
    sim.publish_root();
    sim.timestamp.pins = rootline_tests::simulator::PinStyle::VersionOnly;
    sim.snapshot.pins = rootline_tests::simulator::PinStyle::VersionOnly;
    sim.publish();
    let names = ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"];
    for name in &names[1..] {
        for other in names.iter().filter(|other| *other != name) {
            let mixed = adversary::mix(sim.files(), name, other);
            assert_eq!(Verifier::of(&sim).refused_by(&mixed, sim.day(1)), Check::Form, "{other} as {name}");
        }
    }
    let swapped = adversary::swap(sim.files(), "2.snapshot.json", "2.targets.json");
    assert_eq!(Verifier::of(&sim).refused_by(&swapped, sim.day(1)), Check::Form);
}
