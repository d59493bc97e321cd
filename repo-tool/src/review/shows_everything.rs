//! No two different things to sign look the same: whatever changes the bytes that a signature is over, changes what a person is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use rootline_ceremonies::documents::Judgement;
use rootline_ceremonies::review::{Material, Review, TrustHistory};
use rootline_ceremonies::{
    Bounds, Ceremony, Days, Fingerprint, Frozen, Keyholder, Keyholders, Name, OnlinePeriods, Periods, Plan, Published,
    Release, ReleaseParts, Renewal, SignatureFiles, TargetName,
};
use rootline_ceremonies::{KeyKind, SecretKey};
use rootline_metadata::{KeyId, parse_instant, sha256};
use serde_json::{Map, Value, json};

use super::Shown;

const DAY_0: &str = "2030-01-01T00:00:00Z";
const DAY_30: &str = "2030-01-31T00:00:00Z";

/// Each has an older key besides, which is told by a `2` after the name.
const PEOPLE: [&str; 8] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];

fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn key(of: &str) -> SecretKey {
    let mut seed = [9; 32];
    seed[..of.len()].copy_from_slice(of.as_bytes());
    SecretKey::from_seed(KeyKind::Ed25519, &seed)
}

fn key_id(of: &str) -> String {
    KeyId::of(&key(of).public_key()).as_str().to_owned()
}

static KEYHOLDERS: LazyLock<Keyholders> = LazyLock::new(|| {
    let holder = |name: &str| {
        let [older, newer] =
            [format!("{name}2"), name.to_owned()].map(|of| Keyholder::key_toml(&key(&of).public_key()));
        Keyholder::parse(name.parse().unwrap(), &format!("display-name = \"{name}\"\n{older}{newer}")).unwrap()
    };
    Keyholders::new(PEOPLE.into_iter().chain(["online", "online-2"]).map(holder)).unwrap()
});

fn shipped() -> BTreeMap<TargetName, Vec<u8>> {
    let files = [("a.json", "{}"), ("b.json", "[1]"), ("npm/keys.json", "[2]"), ("npm/inner/x", "x"), ("any", "y")];
    files.into_iter().map(|(name, bytes)| (name.parse().unwrap(), bytes.as_bytes().to_vec())).collect()
}

/// A plan with everything that a plan can say.
fn rich(at: &str) -> Value {
    let hex: Vec<String> = (0..16).map(|digit| format!("{digit:x}")).collect();
    let custom = json!({ "usage": "TrustRoot", "nested": { "list": [1, "two", { "three": true }], "empty": {} } });
    let delegated = |more: Value| {
        let mut role = json!({ "threshold": 1, "expires-days": 300, "signing-days": 40, "renew": true });
        let more = more.as_object().unwrap().clone();
        role.as_object_mut().unwrap().extend(more);
        role
    };
    json!({
        "id": "test", "at": at, "summary": "all of it",
        "root": { "holders": PEOPLE[..5], "threshold": 3, "expires-days": 197, "signing-days": 46, "renew": true, "at": at },
        "targets": {
            "holders": PEOPLE[..3], "threshold": 2, "expires-days": 197, "signing-days": 46, "renew": true, "at": at,
            "ship": ["a.json", "b.json"], "custom": { "a.json": custom },
        },
        "delegations": [
            delegated(json!({
                "name": "npm", "paths": ["npm/*", "npm/*/*"], "terminating": true, "holders": ["frank", "grace"],
                "ship": ["npm/keys.json"], "custom": { "npm/keys.json": { "n": 7 } }, "at": at,
            })),
            delegated(json!({
                "name": "inner", "by": "npm", "paths": ["npm/inner/*"], "holders": ["heidi"], "terminating": false,
                "ship": ["npm/inner/x"],
            })),
            delegated(json!({ "name": "pre", "hash-prefixes": hex, "holders": ["alice"], "terminating": false, "ship": [] })),
            delegated(json!({ "bins": { "prefix": "bin", "bits": 1 }, "by": "pre", "holders": ["bob"], "ship": ["any"] })),
        ],
        "online": {
            "keys": ["online"],
            "snapshot": { "expires-days": 30, "signing-days": 15 }, "timestamp": { "expires-days": 7, "signing-days": 6 },
        },
        "keys": { "alice": key_id("alice") },
    })
}

/// A plan as it is written: every member of the top in a line.
fn plan_text(plan: &Value) -> String {
    fn inline(value: &Value, is_instant: bool) -> String {
        match value {
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| format!("{name:?} = {}", inline(value, name == "at"));
                format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
            }
            Value::Array(elements) => {
                format!("[{}]", elements.iter().map(|one| inline(one, false)).collect::<Vec<_>>().join(", "))
            }
            Value::String(text) if is_instant => text.clone(),
            other => other.to_string(),
        }
    }
    let members = plan.as_object().unwrap().iter();
    members.map(|(name, value)| format!("{name} = {}\n", inline(value, name == "at"))).collect()
}

fn parse(plan: &Value) -> Option<Plan> {
    Plan::parse(&plan_text(plan), &KEYHOLDERS, &Bounds::default()).ok()
}

/// What is published after a ceremony by this plan, which everybody signs.
fn publish(plan: &Value, published: &Published, signing: &str) -> Published {
    let targets = shipped();
    let frozen = Frozen::freeze(&parse(plan).unwrap(), published, &targets).unwrap();
    let id: Name = "test".parse().unwrap();
    let ceremony = Ceremony::new(&id, &frozen, published, &KEYHOLDERS).unwrap();
    let mut files = SignatureFiles::new();
    for part in frozen.parts() {
        for name in PEOPLE {
            let name: Name = name.parse().unwrap();
            if let Ok(file) = ceremony.sign(part, &name, &key(name.as_str()), instant(signing), None) {
                files.insert((part.clone(), name), file);
            }
        }
    }
    let sealed = ceremony.seal(&files).unwrap();
    let days =
        |expires, signing| Periods { expires: Days::new(expires).unwrap(), signing: Days::new(signing).unwrap() };
    let online = key("online");
    let parts = ReleaseParts {
        sealed: Some(&sealed),
        targets: &targets,
        keys: &[&online],
        at: instant(signing),
        periods: OnlinePeriods { snapshot: days(30, 15), timestamp: days(7, 6) },
        renewal: Renewal::WhenDue,
        roots_in_use: &Default::default(),
        compromised: &Default::default(),
    };
    Release::make(published, parts).unwrap().unwrap().published().clone()
}

/// What a person is shown, in all three forms, but for the fingerprint.
#[derive(PartialEq, Eq)]
struct Look {
    json: String,
    text: String,
    html: String,
}

fn show(frozen: &Frozen, published: &Published, targets: &BTreeMap<TargetName, Vec<u8>>) -> Look {
    let reviewed = Shown(Review::new(Material {
        repository: Some("Test"),
        id: &"test".parse().unwrap(),
        summary: "",
        // Always the same: what a plan says of it is nothing that is signed.
        at: instant(DAY_30),
        frozen,
        published,
        keyholders: &KEYHOLDERS,
        attestations: &BTreeMap::new(),
        targets,
        history: TrustHistory { timestamp_lifetime: Duration::days(7), ..TrustHistory::default() },
        judgement: &Judgement::default(),
        waived: &BTreeSet::new(),
        fingerprint: Fingerprint::of(&BTreeMap::new()),
    }));
    let (text, html) = (reviewed.lines(&|_, text| text.to_owned()).join("\n"), reviewed.to_html());
    Look { json: reviewed.to_json().to_string(), text, html }
}

/// What is signed, by what is shown of it.
#[derive(Default)]
struct Seen {
    by_look: [BTreeMap<String, Fingerprint>; 3],
}

impl Seen {
    /// Whatever looked like this so far was this.
    #[track_caller]
    fn add(&mut self, shown: Look, signed: &Fingerprint, what: &str) {
        for harmful in ["<script", "\u{202e}"] {
            assert!(!shown.html.contains(harmful), "{what}");
        }
        assert!(!shown.text.contains('\u{202e}'), "{what}");
        for ((form, look), looks) in
            [("JSON", shown.json), ("text", shown.text), ("HTML", shown.html)].into_iter().zip(&mut self.by_look)
        {
            let known = looks.entry(look).or_insert(*signed);
            assert!(known == signed, "the {form} does not show {what}");
        }
    }
}

/// One fingerprint over the messages that are signed.
fn messages(frozen: &Frozen) -> Fingerprint {
    let message = |part| sha256(&frozen.message(part).unwrap());
    Fingerprint::of(&frozen.parts().map(|part| (part.file_name(), message(part))).collect())
}

/// Every value that differs from this one in one place: the place, and the whole of it.
fn mutations(value: &Value, words: &[&str]) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    mutate(value, words, "", &mut |place, mutated| found.push((place.to_owned(), mutated)));
    found
}

fn mutate(value: &Value, words: &[&str], place: &str, found: &mut dyn FnMut(&str, Value)) {
    match value {
        Value::Null => {}
        Value::Bool(truth) => found(place, json!(!truth)),
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            found(place, json!(number + 1));
            found(place, json!(number.saturating_sub(1)));
        }
        Value::String(text) => {
            found(place, json!(format!("{text}x")));
            found(place, json!(format!("{text} ")));
            found(place, json!(format!("{text}, npm/*")));
            found(place, json!(format!("{text}\u{202e}")));
            if let Some(last) = text.chars().last().filter(char::is_ascii_hexdigit) {
                let other = if last == '0' { '1' } else { '0' };
                found(place, json!(format!("{}{other}", &text[..text.len() - 1])));
            }
            words.iter().filter(|word| *word != text).for_each(|word| found(place, json!(word)));
        }
        Value::Array(elements) => {
            for at in 0..elements.len() {
                let mut others = elements.clone();
                others.remove(at);
                found(&format!("{place}/{at}"), Value::Array(others.clone()));
                if at > 0 {
                    others.insert(at - 1, elements[at].clone());
                    found(&format!("{place}/{at}"), Value::Array(others));
                }
                mutate(&elements[at], words, &format!("{place}/{at}"), &mut |place, mutated| {
                    let mut changed = elements.clone();
                    changed[at] = mutated;
                    found(place, Value::Array(changed));
                });
            }
            for word in words.iter().map(|word| json!(word)).chain([json!(1), json!({}), json!([])]) {
                found(place, Value::Array(elements.iter().cloned().chain([word]).collect()));
            }
        }
        Value::Object(members) => {
            let with = |name: &str, value: Value| {
                let mut changed = members.clone();
                changed.insert(name.to_owned(), value);
                Value::Object(changed)
            };
            for (name, member) in members {
                let below = format!("{place}/{name}");
                let others: Map<String, Value> =
                    members.iter().filter(|(other, _)| *other != name).map(|(a, b)| (a.clone(), b.clone())).collect();
                found(&below, Value::Object(others));
                mutate(member, words, &below, &mut |place, mutated| found(place, with(name, mutated)));
            }
            found(place, with("sha512", json!("ab".repeat(64))));
            for more in [json!(1), json!("<b>"), json!({ "deep": [null] }), json!({})] {
                found(place, with("x-more", more));
            }
        }
    }
}

/// Freezes every mutation of a plan, and gives the places of those that change what is signed.
#[track_caller]
fn every_mutation_is_seen(plan: &Value, published: &Published) -> BTreeSet<String> {
    let mut seen = Seen::default();
    let targets = shipped();
    let base = Frozen::freeze(&parse(plan).unwrap(), published, &targets).unwrap();
    seen.add(show(&base, published, &targets), &messages(&base), "the plan itself");
    let ids = [key_id("alice2"), key_id("bob2")];
    let words = ["frank", "heidi", "online-2", "npm", "pre", "any", "b.json", "2031-01-01T00:00:00Z", &ids[0], &ids[1]];
    let mut places = BTreeSet::new();
    for (place, mutated) in mutations(plan, &words) {
        let Some(frozen) = parse(&mutated).and_then(|plan| Frozen::freeze(&plan, published, &targets).ok()) else {
            continue;
        };
        if messages(&frozen) != messages(&base) {
            places.insert(place.clone());
        }
        seen.add(show(&frozen, published, &targets), &messages(&frozen), &format!("{place} in {mutated}"));
    }
    places
}

#[test]
fn every_member_of_a_plan_that_changes_what_is_signed_is_seen() {
    let published = publish(&rich(DAY_0), &Published::default(), DAY_0);
    let signed = every_mutation_is_seen(&rich(DAY_30), &published);
    for place in [
        "/at",
        "/delegations/0/at",
        "/delegations/0/custom/npm/keys.json/n",
        "/delegations/0/expires-days",
        "/delegations/0/holders/0",
        "/delegations/0/paths/1",
        "/delegations/0/renew",
        "/delegations/0/signing-days",
        "/delegations/0/terminating",
        "/delegations/0/threshold",
        "/delegations/1/name",
        "/delegations/1/paths/0",
        "/delegations/2/hash-prefixes/0",
        "/delegations/3/bins/bits",
        "/delegations/3/bins/prefix",
        "/delegations/3",
        "/keys/alice",
        "/online/keys",
        "/online/keys/0",
        "/online/snapshot",
        "/online/snapshot/signing-days",
        "/online/timestamp/expires-days",
        "/root/at",
        "/root/holders/0",
        "/root/signing-days",
        "/root/threshold",
        "/targets/custom/a.json",
        "/targets/custom/a.json/nested/list/0",
        "/targets/custom/a.json/nested/list/2/three",
        "/targets/custom/a.json/usage",
        "/targets/ship/1",
        "/targets/renew",
    ] {
        assert!(signed.contains(place), "{place} was never changed");
    }
    // What a plan is called and for is not signed.
    assert!(!signed.contains("/id") && !signed.contains("/summary"));
}

#[test]
fn the_same_holds_for_a_first_ceremony() {
    every_mutation_is_seen(&rich(DAY_0), &Published::default());
}

#[test]
fn the_same_holds_for_a_sequence_of_roots() {
    let published = publish(&rich(DAY_0), &Published::default(), DAY_0);
    let mut plan = rich(DAY_30);
    plan["root"]["holders"] = json!(["alice", "bob", "frank", "grace", "heidi"]);
    plan["online"]["timestamp"]["expires-days"] = json!(8);
    let frozen = Frozen::freeze(&parse(&plan).unwrap(), &published, &shipped()).unwrap();
    assert!(frozen.roots().count() > 1);
    every_mutation_is_seen(&plan, &published);
}

#[test]
fn every_leaf_of_a_file_that_is_signed_is_seen() {
    let published = publish(&rich(DAY_0), &Published::default(), DAY_0);
    let mut plan = rich(DAY_30);
    plan["root"]["holders"] = json!(["alice", "bob", "frank", "grace", "heidi"]);
    let targets = shipped();
    let base = Frozen::freeze(&parse(&plan).unwrap(), &published, &targets).unwrap();
    let mut seen = Seen::default();
    seen.add(show(&base, &published, &targets), &messages(&base), "what was frozen");
    let words = ["frank", "2031-01-01T00:00:00Z", "2031-01-01T00:00:00.5Z", "1.0.0", "ed25519", "<script>x</script>"];
    let mut opened = 0;
    for (name, bytes) in base.files() {
        let file: Value = serde_json::from_slice(bytes).unwrap();
        for (place, signed) in mutations(&file["signed"], &words) {
            let mut edited = file.clone();
            edited["signed"] = signed;
            let edited = serde_json::to_vec(&edited).unwrap();
            let mut record = base.record(1);
            record.files.insert(name.clone(), sha256(&edited));
            let mut files: BTreeMap<String, Vec<u8>> =
                base.files().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect();
            files.insert(name.clone(), edited.clone());
            let Ok(frozen) = Frozen::open(&files, &record) else { continue };
            opened += 1;
            let what = format!("{place} in {name}, {}", String::from_utf8_lossy(&edited));
            seen.add(show(&frozen, &published, &targets), &messages(&frozen), &what);
        }
    }
    assert!(opened > 1000, "{opened}");
}
