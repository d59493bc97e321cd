//! Every attack of the adversary on every file, against verifiers who know nothing, something and everything. Whatever a mirror does:
//! nothing is kept that its keys have not signed, no version goes down, what is handed out is what was published, and an honest mirror
//! makes it good again.

use std::collections::{BTreeMap, BTreeSet};

use rootline_client::store::{LocalFile, MemoryStore, Store};
use rootline_client::transport::Transport;
use rootline_metadata::json::Document;
use rootline_tests::adversary::{self, Careless, Misbehaving, Misbehaviour};
use rootline_tests::simulator::{Delegation, Files, Key, Role, Simulator};
use rootline_tests::verifier::{Verifier, target_path};

/// A repository with a history: what was public after each step, the last one being what is public now.
fn history() -> (Simulator, Vec<Files>) {
    let mut sim = Simulator::default();
    let mut moments = vec![sim.files().clone()];
    sim.delegate("targets", Delegation::to("inner").paths(["d/*"]));
    sim.add_target("inner", "d/x", b"first");
    sim.publish();
    moments.push(sim.files().clone());
    sim.root.root = Role::new(2, ["root-b", "root-c", "root-d"]);
    sim.root.timestamp = Role::new(1, ["timestamp", "timestamp-2"]);
    sim.publish_root();
    sim.add_target("inner", "d/x", b"second");
    sim.publish();
    moments.push(sim.files().clone());
    sim.publish_root();
    sim.add_target("inner", "d/x", b"third");
    sim.publish();
    moments.push(sim.files().clone());
    (sim, moments)
}

/// What an attacker serves in place of an honest mirror.
struct Attack {
    name: String,
    mirror: Box<dyn Transport>,
}

/// Every attack on one of the files that are public now.
fn attacks_on(name: &'static str, now: &Files, moments: &[Files]) -> Vec<Attack> {
    let length = now.metadata(name).expect("a public file").len();
    let mallory = Key::named("mallory");
    let victim = Key::named("snapshot").id().to_owned();
    let mut attacks: Vec<Attack> = Vec::new();
    let mut add =
        |what: &str, mirror: Box<dyn Transport>| attacks.push(Attack { name: format!("{what} {name}"), mirror });
    let mut served: Vec<(String, Files)> = vec![
        ("tamper".to_owned(), adversary::tamper(now, name)),
        ("truncate".to_owned(), adversary::truncate(now, name)),
        ("lengthen".to_owned(), adversary::lengthen(now, name)),
        ("strip".to_owned(), adversary::strip_signatures(now, name)),
        ("repeat".to_owned(), adversary::repeat_signatures(now, name)),
        ("claim".to_owned(), adversary::claim_signatures(now, name, &[&victim, "made up"])),
        ("substitute".to_owned(), adversary::substitute(now, name, std::slice::from_ref(&mallory))),
        ("substitute as another".to_owned(), adversary::substitute(now, name, &[mallory.under_id(&victim)])),
        ("withhold".to_owned(), adversary::withhold(now, name)),
    ];
    for at in (0..length).step_by(length / 11).chain([length - 1]) {
        served.push((format!("flip {at} of"), adversary::flip(now, name, at)));
    }
    for other in now.metadata_names().filter(|other| *other != name) {
        served.push((format!("serve {other} as"), adversary::mix(now, name, other)));
    }
    for (number, then) in moments.iter().enumerate() {
        served.push((format!("replay {number} of"), adversary::replay(now, then, &[name])));
    }
    for (what, files) in served {
        add(&what, Box::new(files.clone()));
        add(&format!("{what} carelessly"), Box::new(Careless(files)));
    }
    for how in [Misbehaviour::Forbids, Misbehaviour::Endless, Misbehaviour::Unavailable, Misbehaviour::HangsUp] {
        add(&format!("{how:?}"), Box::new(Misbehaving::new(now, name, how)));
    }
    attacks
}

/// Attacks on everything at once.
fn attacks_on_all(now: &Files, moments: &[Files]) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (number, then) in moments.iter().enumerate() {
        attacks.push(Attack { name: format!("freeze at {number}"), mirror: Box::new(adversary::freeze(then)) });
        let old_timestamp = adversary::replay(now, then, &["timestamp.json"]);
        attacks.push(Attack { name: format!("timestamp of {number}"), mirror: Box::new(old_timestamp) });
    }
    attacks.push(Attack { name: "no root 2".to_owned(), mirror: Box::new(adversary::cut_chain(now, 2)) });
    attacks.push(Attack { name: "nothing at all".to_owned(), mirror: Box::new(Files::default()) });
    attacks
}

/// What is signed in a file, in the form that signatures are over.
fn signed_part(bytes: &[u8]) -> Vec<u8> {
    let document = Document::parse(bytes.to_vec(), bytes.len()).expect("what is public or kept is JSON");
    document.top().get("signed").expect("a signed part").canonical().into_owned()
}

fn version(bytes: &[u8]) -> u64 {
    let document = Document::parse(bytes.to_vec(), bytes.len()).expect("what is public or kept is JSON");
    let version = document.top().get("signed").and_then(|signed| signed.get("version")).expect("a version");
    version.number().expect("a number")
}

fn kept(store: &MemoryStore) -> BTreeMap<LocalFile, Vec<u8>> {
    let load = |file: LocalFile| {
        let bytes = store.load(&file, u64::MAX).expect("memory").expect("it is there");
        (file, bytes)
    };
    store.saved().into_iter().map(load).collect()
}

/// A verifier with a copy of what another one has.
fn verifier_with(sim: &Simulator, files: &BTreeMap<LocalFile, Vec<u8>>) -> Verifier {
    let verifier = Verifier::of(sim);
    for (file, bytes) in files {
        verifier.store().save(file, bytes).expect("memory");
    }
    verifier
}

/// Tries attacks on verifiers with different experience, and gives back how many tries that were.
fn withstand(attacks: impl Fn(&Files, &[Files]) -> Vec<Attack>) -> usize {
    let (sim, moments) = history();
    let now = sim.files();
    let signed: BTreeSet<Vec<u8>> = sim.history().map(|(_, bytes)| signed_part(bytes)).collect();
    // Who has never been here, who was here before the keys were rotated, and who is up to date.
    let mut experiences = vec![BTreeMap::new()];
    for files in [&moments[1], now] {
        let mut verifier = Verifier::of(&sim);
        verifier.download(files, sim.day(1), "d/x").expect("an honest repository");
        experiences.push(kept(verifier.store()));
    }
    let attacks = attacks(now, &moments);
    for (attack, (number, before)) in
        attacks.iter().flat_map(|attack| experiences.iter().enumerate().map(move |e| (attack, e)))
    {
        let what = format!("{}, verifier {number}", attack.name);
        let mut verifier = verifier_with(&sim, before);
        if let Ok(content) = verifier.download(&&*attack.mirror, sim.day(1), "d/x") {
            let published: [&[u8]; 3] = [b"first", b"second", b"third"];
            assert!(published.contains(&&*content), "{what}");
        }
        let after = kept(verifier.store());
        for (file, bytes) in &after {
            assert!(signed.contains(&signed_part(bytes)), "{what}: {file:?} is kept, and nobody has signed it");
            let went_back = before.get(file).is_some_and(|before| version(bytes) < version(before));
            assert!(!went_back, "{what}: {file:?} went back");
        }
        assert!(before.keys().all(|file| after.contains_key(file)), "{what}: something is gone");
        // Nobody is stuck afterwards.
        assert_eq!(verifier.download(now, sim.day(1), "d/x").expect(&what), b"third", "{what}");
    }
    attacks.len() * experiences.len()
}

#[test]
fn no_attack_on_a_root_gets_past_the_keys_or_goes_back() {
    assert!(withstand(|now, moments| attacks_on("2.root.json", now, moments)) > 100);
    assert!(withstand(|now, moments| attacks_on("3.root.json", now, moments)) > 100);
}

#[test]
fn no_attack_on_the_timestamp_gets_past_the_keys_or_goes_back() {
    assert!(withstand(|now, moments| attacks_on("timestamp.json", now, moments)) > 100);
}

#[test]
fn no_attack_on_the_snapshot_gets_past_the_keys_or_goes_back() {
    assert!(withstand(|now, moments| attacks_on("4.snapshot.json", now, moments)) > 100);
}

#[test]
fn no_attack_on_targets_gets_past_the_keys_or_goes_back() {
    assert!(withstand(|now, moments| attacks_on("4.targets.json", now, moments)) > 100);
}

#[test]
fn no_attack_on_a_delegated_role_gets_past_the_keys_or_goes_back() {
    assert!(withstand(|now, moments| attacks_on("3.inner.json", now, moments)) > 100);
}

#[test]
fn no_attack_on_everything_at_once_gets_past_the_keys_or_goes_back() {
    assert!(withstand(attacks_on_all) > 20);
}

/// An attacker who holds the online keys cannot ship anything: targets answer to keys of their own.
#[test]
fn stolen_timestamp_and_snapshot_keys_do_not_sign_targets() {
    let (sim, _) = history();
    let mut attacked = sim.clone();
    attacked.add_target("inner", "d/x", b"malicious");
    for role in ["inner", "targets"] {
        let mut stolen = attacked.clone();
        stolen.issue(role).signed_by(Key::all(["timestamp", "snapshot"])).publish().publish_snapshot();
        let error = Verifier::of(&sim).download(stolen.files(), sim.day(1), "d/x").unwrap_err();
        assert_eq!(error.refusal().unwrap().check.section(), "5.6.3", "{role}: {error}");
    }
}

/// What one client has found out does not help the next: each search starts from what is trusted now.
#[test]
fn a_search_uses_the_snapshot_it_was_given() {
    let (mut sim, _) = history();
    let mut verifier = Verifier::of(&sim);
    let before = sim.files().clone();
    let old = verifier.with_client(&before, |client| client.refresh(sim.day(1)).unwrap());
    sim.add_target("inner", "d/x", b"fourth");
    sim.publish();
    // The old snapshot names files that are public still (TUF 6.2).
    let found = verifier.with_client(sim.files(), |client| {
        let found = client.find(&old, &target_path("d/x")).unwrap();
        client.fetch(&found).unwrap()
    });
    assert_eq!(found, b"third");
    assert_eq!(verifier.download(sim.files(), sim.day(1), "d/x").unwrap(), b"fourth");
}
