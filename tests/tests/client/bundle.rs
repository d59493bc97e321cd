//! Bundles: what goes in comes out, verified, and nothing else does.

use chrono::{DateTime, TimeDelta, Utc};
use rootline_client::bundle::{ArchiveFault, Bundle, BundleError, BundleLimits, Contents, UnverifiedBundle};
use rootline_client::store::{LocalFile, MemoryStore, Store};
use rootline_client::transport::Transport;
use rootline_client::workflow::{Check, Fault, TargetQuery};
use rootline_client::{Client, Freshness, Limits};
use rootline_metadata::Role;
use rootline_tests::recorder::Recorder;
use rootline_tests::simulator::{Bins, Delegation, Key, Simulator, set};
use rootline_tests::tar_file::{Member, pack, unpack};
use rootline_tests::verifier::target_path;

/// What these bundles call themselves.
const NAME: &str = "trial";
/// A target of the top-level role, and one of a delegated role whose name and path have special characters.
const TARGETS: [(&str, &str, &[u8]); 3] = [
    ("targets", "trusted_root.json", b"whom to trust"),
    ("a/b", "dir/gr\u{f6}\u{df}e one", b"one"),
    ("a/b", "dir/two", b"two"),
];

/// A repository with delegations, with root 1 and root 2.
fn repository() -> Simulator {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("empty").paths(["dir/*"]));
    sim.delegate("targets", Delegation::to("a/b").paths(["dir/*"]));
    for (role, path, content) in TARGETS {
        sim.add_target(role, path, content);
    }
    sim.publish_root().publish();
    sim
}

fn wanted(paths: &[&str]) -> Vec<TargetQuery> {
    paths.iter().map(|path| TargetQuery::required(target_path(path))).collect()
}

fn all_targets() -> Vec<TargetQuery> {
    wanted(&TARGETS.map(|(_, path, _)| path))
}

/// A bundle made by somebody who has just refreshed into `store`.
fn made(
    root: Vec<u8>,
    from: &impl Transport,
    store: &MemoryStore,
    now: DateTime<Utc>,
    wanted: &[TargetQuery],
) -> Bundle {
    let mut client = Client::new(root.clone(), from, store).recording_checks();
    client.update(now, wanted).unwrap();
    Bundle::of(Contents::of_cache(&root, store, now, wanted, &Limits::default()).unwrap(), NAME)
}

/// The bundle of all targets on that day, from root 1.
fn bundle(sim: &Simulator, day: i64) -> Vec<u8> {
    made(sim.root_bytes(1), sim.files(), &MemoryStore::new(), sim.day(day), &all_targets()).to_bytes().unwrap()
}

fn read(bytes: &[u8]) -> Result<UnverifiedBundle, BundleError> {
    UnverifiedBundle::read(bytes, BundleLimits::default())
}

/// As somebody sees it who pins `root`.
fn verify(bytes: &[u8], root: &[u8], now: DateTime<Utc>) -> Result<Bundle, BundleError> {
    read(bytes)?.verify(root, now, Freshness::offline())
}

/// Everything that a cache may hold of these repositories.
fn copy_of(store: &MemoryStore) -> Vec<(LocalFile, Vec<u8>)> {
    let files = store.saved();
    files.into_iter().map(|file| (file.clone(), store.load(&file, u64::MAX).unwrap().unwrap())).collect()
}

#[test]
fn a_bundle_is_imported_and_then_everything_is_there_without_a_network() {
    let sim = repository();
    let bytes = bundle(&sim, 1);
    let bundle = verify(&bytes, &sim.root_bytes(1), sim.day(2)).unwrap();
    assert_eq!((bundle.stated_instance(), bundle.stated_taken_at()), (NAME, Some(sim.day(1))));
    let store = MemoryStore::new();
    assert!(bundle.import(&store).unwrap().is_new);
    assert!(!bundle.import(&store).unwrap().is_new, "all of it is there already");
    let mut offline = Client::new(sim.root_bytes(1), (), &store).with_freshness(Freshness::offline());
    let loaded = offline.load(sim.day(2), &all_targets()).unwrap();
    for (_, path, content) in TARGETS {
        assert_eq!(loaded.target(path).unwrap()[..], *content, "{path}");
        assert_eq!(bundle.target(&target_path(path)), Some(content), "{path}");
    }
    assert_eq!(loaded.checked_at, None, "an import is no check");
    let expiries: Vec<_> = bundle.freshness().expiries.into_iter().map(|(role, _)| role).collect();
    assert_eq!(expiries, ["root", "timestamp", "snapshot", "targets", "a/b", "empty"]);
}

#[test]
fn the_same_files_give_the_same_bytes_whatever_the_cache_has_been_through() {
    let mut sim = repository();
    let store = MemoryStore::new();
    made(sim.root_bytes(1), sim.files(), &store, sim.day(1), &all_targets());
    sim.add_target("targets", "trusted_root.json", b"somebody else").publish_root().publish();
    made(sim.root_bytes(1), sim.files(), &store, sim.day(2), &wanted(&["dir/two"]));
    sim.publish_root().publish();
    let backwards = wanted(&["dir/two", TARGETS[1].1, "trusted_root.json", "dir/two"]);
    let long = made(sim.root_bytes(1), sim.files(), &store, sim.day(3), &backwards);
    let short = made(sim.root_bytes(1), sim.files(), &MemoryStore::new(), sim.day(3), &all_targets());
    assert_eq!(long.to_bytes().unwrap(), short.to_bytes().unwrap());
    // Verified elsewhere, it is still the same.
    let carried = verify(&short.to_bytes().unwrap(), &sim.root_bytes(2), sim.day(4)).unwrap();
    assert_eq!(carried.to_bytes().unwrap(), short.to_bytes().unwrap());
}

#[test]
fn only_the_delegated_roles_on_the_way_come_along_and_those_in_hash_bins_too() {
    let sim = repository();
    let names = |wanted: &[TargetQuery], sim: &Simulator| {
        let bundle = made(sim.root_bytes(1), sim.files(), &MemoryStore::new(), sim.day(1), wanted);
        let bytes = bundle.to_bytes().unwrap();
        verify(&bytes, &sim.root_bytes(1), sim.day(1)).unwrap();
        bundle.contents().files().unwrap().into_keys().collect::<Vec<_>>()
    };
    let few = names(&wanted(&["trusted_root.json"]), &sim);
    let top = ["1.root.json", "2.root.json", "2.snapshot.json", "2.targets.json"];
    assert_eq!(few[..4], top);
    assert!(few[4].starts_with("targets/") && few[4].ends_with(".trusted_root.json"), "{few:?}");
    assert_eq!((few.len(), few[5].as_str()), (6, "timestamp.json"));
    let more = names(&wanted(&["dir/two"]), &sim);
    assert_eq!(more[..5], ["1.a%2Fb.json", "1.empty.json", "1.root.json", "2.root.json", "2.snapshot.json"]);

    let mut sim = Simulator::default();
    let bins = Bins::new("bin", 4);
    let names_of_bins = bins.names();
    sim.delegate_to_bins("targets", bins);
    // Only the bin of its digest is asked for it.
    names_of_bins.iter().for_each(|bin| _ = sim.add_target(bin, "file", b"content"));
    sim.publish();
    let binned = names(&wanted(&["file"]), &sim);
    assert_eq!(binned.iter().filter(|name| name.starts_with("1.bin-")).count(), 1, "{binned:?}");
}

#[test]
fn no_byte_of_a_bundle_can_be_changed_but_for_the_two_statements_that_nobody_signs() {
    let sim = repository();
    let bytes = bundle(&sim, 1);
    let whole = verify(&bytes, &sim.root_bytes(1), sim.day(2)).unwrap();
    let store = MemoryStore::new();
    whole.import(&store).unwrap();
    let before = copy_of(&store);
    let mut passed = 0;
    // Every byte would take long: each fifth one, so that every file, header and padding has its share.
    for at in (0..bytes.len()).step_by(5) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x01;
        let Ok(other) = verify(&changed, &sim.root_bytes(1), sim.day(2)) else { continue };
        passed += 1;
        let stated = |bundle: &Bundle| (bundle.stated_instance().to_owned(), bundle.stated_taken_at());
        assert_ne!(stated(&other), stated(&whole), "byte {at}");
        assert_eq!(other.contents().files().unwrap(), whole.contents().files().unwrap(), "byte {at}");
        other.import(&store).unwrap();
        assert_eq!(copy_of(&store), before, "byte {at}");
    }
    // The name has five letters and the instant twenty.
    assert!((1..=5).contains(&passed), "{passed}");
}

#[test]
fn a_bundle_that_is_cut_off_anywhere_is_refused() {
    let sim = repository();
    let bytes = bundle(&sim, 1);
    for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let refused = read(&bytes[..length]).unwrap_err();
        assert!(matches!(refused, BundleError::Archive(ArchiveFault::Truncated)), "{length}: {refused}");
    }
}

#[test]
fn our_hands_make_the_same_tar() {
    let sim = repository();
    let bytes = made(sim.root_bytes(1), sim.files(), &MemoryStore::new(), sim.day(1), &wanted(&["dir/two"]));
    let bytes = bytes.to_bytes().unwrap();
    assert!(pack(&unpack(&bytes)) == bytes);
}

/// A bundle of short names, taken apart.
fn members(sim: &Simulator) -> Vec<Member> {
    let wanted = wanted(&["dir/two", "trusted_root.json"]);
    unpack(&made(sim.root_bytes(1), sim.files(), &MemoryStore::new(), sim.day(1), &wanted).to_bytes().unwrap())
}

#[test]
fn every_file_is_needed_and_none_can_be_another() {
    let sim = repository();
    let whole = members(&sim);
    let verify = |members: &[Member]| verify(&pack(members), &sim.root_bytes(1), sim.day(2));
    verify(&whole).unwrap();
    for left_out in 0..whole.len() {
        let mut members = whole.clone();
        let gone = members.remove(left_out);
        assert!(verify(&members).is_err(), "without {}", gone.name);
    }
    for (one, other) in (0..whole.len()).zip(1..whole.len()) {
        let mut members = whole.clone();
        let (a, b) = (members[one].bytes.clone(), members[other].bytes.clone());
        (members[one].bytes, members[other].bytes) = (b, a);
        assert!(verify(&members).is_err(), "{} and {} exchanged", whole[one].name, whole[other].name);
    }
    for longer in 0..whole.len() {
        let mut members = whole.clone();
        members[longer].bytes.push(b' ');
        assert!(verify(&members).is_err(), "{} with a space", whole[longer].name);
    }
}

#[test]
fn what_nothing_leads_to_is_not_let_in() {
    let sim = repository();
    for name in ["0.root.json", "3.root.json", "zzz.json", "targets/zzz", "targets/a/b/c"] {
        let mut members = members(&sim);
        members.push(Member::file(name, b"{}"));
        members[1..].sort_by(|one, other| one.name.cmp(&other.name));
        let refused = verify(&pack(&members), &sim.root_bytes(1), sim.day(2)).unwrap_err();
        let is_named = matches!(&refused, BundleError::Unaccounted { name: found } if found == name);
        // What is offered as the next root is judged as one.
        assert!(is_named || name == "3.root.json", "{name}: {refused}");
    }
}

#[test]
fn names_that_lead_elsewhere_links_and_second_copies_are_refused() {
    let sim = repository();
    let refused = |change: &dyn Fn(&mut Vec<Member>)| {
        let mut members = members(&sim);
        change(&mut members);
        read(&pack(&members)).unwrap_err()
    };
    for name in ["/etc/passwd", "../x", "targets/../x", "targets//x", "targets/", "x/y", "targets/a\\b", ".", "zz/../y"]
    {
        let found = refused(&|members| {
            members.push(Member::file(name, b"x"));
            members[1..].sort_by(|one, other| one.name.cmp(&other.name));
        });
        assert!(matches!(found, BundleError::Name { .. }), "{name}: {found}");
    }
    for (kind, what) in
        [(b'1', "a link"), (b'2', "a link"), (b'3', "a device"), (b'5', "a folder"), (b'S', "a sparse file")]
    {
        let found = refused(&|members| members[3].kind = kind);
        assert!(matches!(found, BundleError::Archive(ArchiveFault::NotAFile(found)) if found == what), "{found}");
    }
    let order = |found: BundleError| assert!(matches!(found, BundleError::Archive(ArchiveFault::Order)), "{found}");
    order(refused(&|members| members.insert(2, members[2].clone())));
    order(refused(&|members| members.swap(2, 3)));
    order(refused(&|members| members.swap(0, 1)));
    order(refused(&|members| members.push(members[0].clone())));
    order(refused(&|members| members.clear()));
}

#[test]
fn the_manifest_says_what_is_inside_and_nothing_else() {
    let sim = repository();
    for (from, to) in [
        ("\"version\": 2", "\"version\": 3"),
        ("\"fresh_until\": \"2030-01-08", "\"fresh_until\": \"2031-01-08"),
        ("\"name\": \"empty\"", "\"name\": \"Empty\""),
        ("\"bundle\": 1,", "\"bundle\": 1, \"more\": true,"),
        ("\"bundle\": 1,", "\"bundle\":  1,"),
    ] {
        let mut members = members(&sim);
        let manifest = String::from_utf8(members[0].bytes.clone()).unwrap();
        assert!(manifest.contains(from), "{manifest}");
        members[0].bytes = manifest.replacen(from, to, 1).into_bytes();
        let refused = verify(&pack(&members), &sim.root_bytes(1), sim.day(2)).unwrap_err();
        assert!(matches!(refused, BundleError::ManifestDiffers), "{to}: {refused}");
    }
    for (from, to, what) in [
        ("\"bundle\": 1", "\"bundle\": 2", "bundle.json was made by a newer rootline (format 2; this one reads 1)"),
        ("\"bundle\": 1", "\"bundle\": 0", "a format is a number, 1 or more"),
        ("\"bundle\": 1", "\"bundle\": \"1\"", "a format is a number, 1 or more"),
        ("\"instance\"", "\"Instance\"", "`instance` is missing"),
        ("\"2030-01-02T00:00:00Z\"", "\"yesterday\"", "not an instant"),
        ("{", "[", "bundle.json is malformed"),
    ] {
        let mut members = members(&sim);
        let manifest = String::from_utf8(members[0].bytes.clone()).unwrap();
        members[0].bytes = manifest.replacen(from, to, 1).into_bytes();
        let refused = read(&pack(&members)).unwrap_err();
        assert!(refused.to_string().contains(what), "{to}: {refused}");
    }
}

/// Each is searched for, so a name that stands there a hundred thousand times would cost as much as so many targets.
#[test]
fn a_target_that_the_manifest_names_twice_or_out_of_order_is_refused_before_it_is_searched_for() {
    let sim = repository();
    let with_targets = |names: &[&str]| {
        let mut members = members(&sim);
        let manifest = String::from_utf8(members[0].bytes.clone()).unwrap();
        let (before, after) = manifest.split_once("\"targets\": [").unwrap();
        let after = &after[after.find(']').unwrap()..];
        let targets: Vec<String> = names.iter().map(|name| format!("{{\"name\": \"{name}\"}}")).collect();
        members[0].bytes = format!("{before}\"targets\": [{}{after}", targets.join(",")).into_bytes();
        pack(&members)
    };
    let limits = |files| BundleLimits::default().with_files(files);
    for (names, is_read) in
        [(&["a", "b"][..], true), (&["a", "a"], false), (&["b", "a"], false), (&["a", "b", "a"], false)]
    {
        let found = UnverifiedBundle::read(&with_targets(names)[..], limits(100));
        match found {
            Ok(bundle) => assert!(is_read && bundle.claims().targets.len() == 2, "{names:?}"),
            Err(refused) => {
                assert!(!is_read && refused.to_string().contains("each of them once"), "{names:?}: {refused}")
            }
        }
    }
    let names: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    UnverifiedBundle::read(&with_targets(&names)[..], limits(20)).unwrap();
    let refused = UnverifiedBundle::read(&with_targets(&names)[..], limits(19)).unwrap_err();
    assert!(refused.to_string().contains("more targets than a bundle may have files"), "{refused}");
    UnverifiedBundle::read(&with_targets(&["again"; 100_000])[..], limits(100_000)).unwrap_err();
}

#[test]
fn one_that_is_older_than_the_cache_is_refused_and_the_copy_stays_as_it_is() {
    let mut sim = repository();
    let older = bundle(&sim, 1);
    sim.publish();
    let newer = bundle(&sim, 2);
    let (root, store) = (sim.root_bytes(1), MemoryStore::new());
    verify(&newer, &root, sim.day(2)).unwrap().import(&store).unwrap();
    let before = copy_of(&store);
    let older = verify(&older, &root, sim.day(2)).unwrap();
    for refused in [older.try_import(&store).unwrap_err(), older.import(&store).unwrap_err()] {
        assert_eq!(refused.refusal().unwrap().check, Check::TimestampVersion);
        let versions = "version 3 is trusted, the repository offers 2";
        assert!(refused.to_string().contains(versions), "{refused}");
    }
    assert_eq!(copy_of(&store), before);
    // The root alone went on.
    sim.publish_root();
    let mut client = Client::new(root.clone(), sim.files(), &store);
    client.refresh(sim.day(2)).unwrap();
    let before = copy_of(&store);
    let refused = verify(&newer, &root, sim.day(2)).unwrap().import(&store).unwrap_err();
    assert!(
        matches!(&refused, BundleError::Older { trusted, offered } if (trusted.number(), offered.number()) == (3, 2))
    );
    assert_eq!(copy_of(&store), before);
}

#[test]
fn a_rotation_that_frees_a_version_reaches_a_site_without_a_network_too() {
    let mut sim = repository();
    sim.issue("timestamp").version(1000).publish();
    let (root, store) = (sim.root_bytes(1), MemoryStore::new());
    verify(&bundle(&sim, 1), &root, sim.day(1)).unwrap().import(&store).unwrap();
    sim.root.timestamp.keys = vec![Key::named("another timestamp")];
    sim.publish_root();
    sim.issue("timestamp").version(3).publish();
    let recovered = verify(&bundle(&sim, 2), &root, sim.day(2)).unwrap().import(&store).unwrap();
    assert_eq!(recovered.updated.trusted.timestamp().version().number(), 3);
}

#[test]
fn one_of_another_instance_is_refused_by_its_pinned_root() {
    let sim = repository();
    let other = Simulator::new(sim.day(1));
    let refused = verify(&bundle(&sim, 1), &other.root_bytes(1), sim.day(1)).unwrap_err();
    assert!(matches!(&refused, BundleError::AnotherInstance { stated, .. } if stated == NAME), "{refused}");
    assert!(refused.to_string().contains("its 1.root.json is not the pinned root"), "{refused}");
}

#[test]
fn a_bundle_serves_whoever_pins_one_of_its_roots() {
    let sim = repository();
    let from = |version| {
        let store = MemoryStore::new();
        made(sim.root_bytes(version), sim.files(), &store, sim.day(1), &all_targets())
    };
    let verify = |bundle: &Bundle, pinned| verify(&bundle.to_bytes().unwrap(), &sim.root_bytes(pinned), sim.day(1));
    assert_eq!(verify(&from(1), 2).unwrap().contents().pinned().number(), 2);
    let later = from(2);
    let refused = verify(&later, 1).unwrap_err();
    assert!(matches!(&refused, BundleError::BeginsLater { first, pinned } if first > pinned), "{refused}");
    // With every root it does; and with a wrong one it is not made.
    let earlier = later.contents().clone().with_earlier_roots(vec![sim.root_bytes(1)]).unwrap();
    verify(&Bundle::of(earlier, NAME), 1).unwrap();
    let mut other = sim.clone();
    other.root.root.keys = Key::all(["somebody", "else"]);
    let stranger = other.issue("root").version(1).publish().root_bytes(1);
    for wrong in [stranger, sim.root_bytes(2)] {
        assert!(later.contents().clone().with_earlier_roots(vec![wrong]).is_err());
    }
}

#[test]
fn it_is_good_until_its_first_expiry_and_as_long_after_as_the_site_allows() {
    let sim = repository();
    let bytes = bundle(&sim, 1);
    let root = sim.root_bytes(1);
    let second = TimeDelta::seconds(1);
    let judged = |now, freshness| read(&bytes).unwrap().verify(&root, now, freshness);
    let expired = |now, freshness| {
        let refused = judged(now, freshness).unwrap_err();
        assert!(matches!(refused.refusal().unwrap().fault, Fault::Expired { .. }), "{refused}");
    };
    judged(sim.day(7) - second, Freshness::offline()).unwrap();
    expired(sim.day(7), Freshness::offline());
    let grace = Freshness::OfflineWithGrace(TimeDelta::days(2));
    let stale = judged(sim.day(9) - second, grace).unwrap();
    assert!(stale.freshness().is_stale(sim.day(9)) && !stale.freshness().is_stale(sim.day(7) - second));
    expired(sim.day(9), grace);
    judged(sim.day(400), Freshness::OfflineAsOf(sim.day(7) - second)).unwrap();
    expired(sim.day(400), Freshness::OfflineAsOf(sim.day(7)));
    // What it was judged by is what it is imported by.
    stale.import(MemoryStore::new()).unwrap();
}

/// Nobody has signed when it was taken, nor by whom: an import is no check against the repository, whatever is stated.
#[test]
fn what_a_bundle_states_of_itself_is_kept_nowhere_and_counts_for_nothing() {
    let sim = repository();
    let root = sim.root_bytes(1);
    let stating = |taken: &str| {
        let mut members = members(&sim);
        let manifest = String::from_utf8(members[0].bytes.clone()).unwrap();
        let manifest = manifest.replacen("\"2030-01-02T00:00:00Z\"", taken, 1);
        members[0].bytes = manifest.replacen(&format!("\"{NAME}\""), "\"sigstore\"", 1).into_bytes();
        read(&pack(&members)).unwrap().verify(&root, sim.day(2), Freshness::offline()).unwrap()
    };
    for taken in ["\"2030-01-02T00:00:00Z\"", "\"2030-01-03T00:00:00Z\"", "\"2040-01-03T00:00:00Z\"", "null"] {
        let bundle = stating(taken);
        assert_eq!((bundle.stated_instance(), bundle.freshness().checked_at), ("sigstore", None), "{taken}");
        let store = MemoryStore::new();
        for imported in [bundle.try_import(&store).unwrap(), bundle.import(&store).unwrap()] {
            assert_eq!(imported.updated.checked_at, None, "{taken}");
        }
        assert!(!store.saved().contains(&LocalFile::LastCheck), "{taken}");
        // However long ago is allowed, the repository is asked: this client never has.
        let recorder = Recorder::new(sim.files());
        let mut client = Client::new(root.clone(), &recorder, &store).recording_checks();
        client = client.with_freshness(Freshness::MaxAge(TimeDelta::days(10_000)));
        client.update(sim.day(2), &[]).unwrap();
        assert!(!recorder.take().is_empty(), "{taken}");
        client.update(sim.day(2), &[]).unwrap();
        assert!(recorder.take().is_empty(), "{taken}: now it has");
    }
    // When the site itself has asked stays as it is noted.
    let store = MemoryStore::new();
    Client::new(root.clone(), sim.files(), &store).recording_checks().update(sim.day(1), &all_targets()).unwrap();
    assert_eq!(stating("\"2030-01-03T00:00:00Z\"").import(&store).unwrap().updated.checked_at, Some(sim.day(1)));
}

#[test]
fn a_bundle_of_another_instance_is_refused_as_that_whatever_versions_its_roots_have() {
    let mut sim = repository();
    let mut other = Simulator::new(sim.day(1));
    other.root.root.keys = Key::all(["somebody", "else"]);
    other.issue("root").signed_by(Key::all(["root-a", "root-b", "somebody", "else"])).publish();
    for _ in 0..2 {
        other.publish_root();
    }
    // Ours has the roots 1 and 2, the other one has 1 to 4.
    for (pinned, version) in [(&other, 2), (&other, 4)] {
        let refused = verify(&bundle(&sim, 1), &pinned.root_bytes(version), sim.day(1)).unwrap_err();
        let text = refused.to_string();
        assert!(text.starts_with("the bundle is of another instance: "), "{text}");
        assert_eq!(matches!(refused, BundleError::Unrelated { .. }), version == 4, "{text}");
    }
    let begins_at_three = made(other.root_bytes(3), other.files(), &MemoryStore::new(), other.day(1), &[]);
    let refused = verify(&begins_at_three.to_bytes().unwrap(), &sim.root_bytes(2), sim.day(1)).unwrap_err();
    assert!(matches!(&refused, BundleError::Unrelated { first, .. } if first.number() == 3), "{refused}");
    // Of the same instance it is too old, or begins too late.
    let old = bundle(&sim, 1);
    sim.publish_root();
    let refused = verify(&old, &sim.root_bytes(3), sim.day(1)).unwrap_err();
    assert!(matches!(&refused, BundleError::Older { .. }), "{refused}");
}

/// Ours is seven days: what root and timestamp say together cannot be made younger by who carries them.
#[test]
fn when_it_was_signed_is_known_where_root_states_how_long_a_timestamp_lives() {
    let mut sim = repository();
    let signed_at = |sim: &Simulator| verify(&bundle(sim, 1), &sim.root_bytes(1), sim.day(2)).unwrap().freshness();
    assert_eq!(signed_at(&sim).signed_at, None);
    let lifetime = "roles/timestamp/x-tuf-on-ci-expiry-period";
    sim.issue("root").edited(|root| set(root, lifetime, 7_u64)).publish();
    let freshness = signed_at(&sim);
    assert_eq!(freshness.signed_at, Some(sim.day(0)));
    assert_eq!(freshness.signed_age(sim.day(2)), Some(TimeDelta::days(2)));
    assert_eq!(freshness.signed_age(sim.day(0)), Some(TimeDelta::zero()));
    assert_eq!(freshness.signed_age(sim.day(0) - TimeDelta::seconds(1)), None, "no clock is right about that");
    sim.issue("root").edited(|root| set(root, lifetime, 0_u64)).publish();
    assert_eq!(signed_at(&sim).signed_at, None);
}

#[test]
fn limits_hold_on_both_sides() {
    let sim = repository();
    let members = members(&sim);
    let bytes = pack(&members);
    let files = members.len() - 1;
    let longest = |pick: fn(&str) -> bool| {
        members.iter().filter(|member| pick(&member.name)).map(|member| member.bytes.len() as u64).max().unwrap()
    };
    let manifest = longest(|name| name == "bundle.json");
    let target = longest(|name| name.starts_with("targets/"));
    let timestamp = longest(|name| name == "timestamp.json");
    let repository = Limits::default().with_target(target).with_timestamp(timestamp);
    let exact = BundleLimits::default()
        .with_bytes(bytes.len() as u64)
        .with_files(files)
        .with_manifest(manifest)
        .with_repository(repository.clone());
    let read = |limits| UnverifiedBundle::read(&bytes[..], limits);
    read(exact.clone()).unwrap().verify(&sim.root_bytes(1), sim.day(1), Freshness::offline()).unwrap();
    let less = exact.clone().with_bytes(exact.bytes - 1);
    assert!(matches!(read(less), Err(BundleError::TooLong { .. })));
    let less = exact.clone().with_files(files - 1);
    assert!(matches!(read(less), Err(BundleError::TooManyFiles { .. })));
    let less = exact.clone().with_manifest(manifest - 1);
    assert!(matches!(read(less), Err(BundleError::FileTooLong { .. })));
    for less in [repository.clone().with_target(target - 1), repository.with_timestamp(timestamp - 1)] {
        let less = exact.clone().with_repository(less);
        assert!(matches!(read(less), Err(BundleError::FileTooLong { .. })));
    }
}

#[test]
fn without_consistent_snapshots_the_names_are_the_plain_ones_and_none_can_be_the_manifest_s() {
    let plain = |role: &str| {
        let mut sim = Simulator::default();
        sim.root.consistent_snapshot = false;
        sim.delegate("targets", Delegation::to(role).paths(["dir/*"]));
        sim.add_target(role, "dir/two", b"two");
        sim.publish_root().publish();
        sim
    };
    let sim = plain("more");
    let made =
        |sim: &Simulator| made(sim.root_bytes(1), sim.files(), &MemoryStore::new(), sim.day(1), &wanted(&["dir/two"]));
    let bytes = made(&sim).to_bytes().unwrap();
    verify(&bytes, &sim.root_bytes(1), sim.day(1)).unwrap();
    let names: Vec<String> = unpack(&bytes).into_iter().map(|member| member.name).collect();
    let expected =
        ["bundle.json", "1.root.json", "2.root.json", "more.json", "snapshot.json", "targets.json", "targets/dir/two"];
    assert_eq!(names[..7], expected);
    let refused = made(&plain("bundle")).to_bytes().unwrap_err();
    assert!(matches!(refused, BundleError::Name { .. }), "{refused}");
}

#[test]
fn a_target_whose_name_cannot_be_a_file_does_not_travel() {
    for name in ["../x", "a//b", "a\\b", "/x"] {
        let mut sim = Simulator::default();
        sim.add_target("targets", name, b"content").publish();
        let store = MemoryStore::new();
        let bundle = made(sim.root_bytes(1), sim.files(), &store, sim.day(1), &wanted(&[name]));
        let refused = bundle.to_bytes().unwrap_err();
        assert!(matches!(&refused, BundleError::Name { .. }), "{name}: {refused}");
    }
}

#[test]
fn a_cache_that_lacks_something_makes_no_bundle() {
    let sim = repository();
    let store = MemoryStore::new();
    made(sim.root_bytes(1), sim.files(), &store, sim.day(1), &wanted(&["trusted_root.json"]));
    let make = |wanted: &[TargetQuery]| {
        Contents::of_cache(&sim.root_bytes(1), &store, sim.day(1), wanted, &Limits::default()).map(drop)
    };
    make(&wanted(&["trusted_root.json"])).unwrap();
    assert!(make(&all_targets()).is_err());
    store.save(&LocalFile::Target("trusted_root.json".to_owned()), b"whom to Trust").unwrap();
    assert!(make(&wanted(&["trusted_root.json"])).is_err());
}
