//! Plans, drafts and freezing.

use rootline_ceremonies::{
    Bounds, Draft, DraftError, FreezeError, Frozen, FrozenChanged, Keyholder, KeyholderClash, Keyholders, Plan, Policy,
};
use rootline_metadata::PublicKey;
use rootline_tests::fixtures::room::{FIVE, PlanText, ROOT, Room, TARGETS, day, key, keyholder, name, parts, target};

#[test]
fn a_fault_in_a_plan_is_named_with_its_line() {
    let room = Room::new();
    let text = PlanText::of(&["alice", "bob"], 2).text();
    for (from, to, line, problem) in [
        ("id = \"test\"", "id = \"../test\"", 1, "begins with a lowercase letter"),
        ("at = 2030-01-01T00:00:00Z", "at = 2030-01-01", 2, "with its zone"),
        ("at = 2030-01-01T00:00:00Z", "at = 2030-01-01T00:00:00", 2, "with its zone"),
        ("at = 2030-01-01T00:00:00Z", "at = 2030-01-01T00:00:00.5Z", 2, "whole seconds"),
        ("at = 2030-01-01T00:00:00Z", "at = 9000-01-01T00:00:00Z", 2, "a date and time"),
        ("at = 2030-01-01T00:00:00Z\n", "", 1, "missing field `at`"),
        ("\"bob\"", "\"mallory\"", 4, "there is no keyholder \"mallory\""),
        ("\"bob\"", "\"Bob\"", 4, "there is no keyholder \"Bob\""),
        ("\"bob\"", "\"alice\"", 4, "alice is named twice"),
        ("threshold = 2", "threshold = 0", 5, "1 or more"),
        ("threshold = 2", "threshold = 3", 5, "3 have to sign and only 2 are named"),
        ("threshold = 2", "threshold = -1", 5, "invalid value"),
        ("expires-days = 197", "expires-days = 0", 6, "from 1 to 3660"),
        ("renew = false", "renewal = false", 7, "unknown field `renewal`"),
        ("[\"trusted_root.json\"]", "[\"../trusted_root.json\"]", 13, "a target's name"),
        ("[\"trusted_root.json\"]", "[\"a\", \"b\", \"a\"]", 13, "named twice"),
        ("[\"trusted_root.json\"]", "[\"a.txt\", \"A.txt\"]", 13, "where case makes no difference"),
        ("[\"trusted_root.json\"]", "[\"Dir\", \"dir/a\"]", 13, "this is in the place of Dir"),
        ("[\"trusted_root.json\"]", "[\"aux.json\"]", 13, "mean no device on Windows"),
        ("[\"trusted_root.json\"]", "[\"x.\"]", 13, "neither begin nor end with `.`"),
        ("[\"online\"]", "[]", 15, "need an online key"),
        ("[\"online\"]", "[\"alice\"]", 15, "a key that signs without a person must not"),
        ("[\"online\"]", "[\"nobody\"]", 15, "there is no keyholder \"nobody\""),
    ] {
        assert!(text.contains(from), "{from}");
        room.finds_fault(&text.replacen(from, to, 1), line, problem);
    }
    for good in [text.clone(), text.replace("[\"trusted_root.json\"]", "[\"Dir/a\", \"dir/b\", \"auxiliary\"]")] {
        assert!(Plan::parse(&good, &room.keyholders, &Bounds::default()).is_ok(), "{good}");
    }
}

#[test]
fn one_key_is_never_in_two_hands() {
    let mallory = Keyholder::new(name("mallory"), "Mallory", key("bob").public_key()).unwrap();
    let clash = Keyholders::new([keyholder("bob"), mallory]).unwrap_err();
    assert!(
        matches!(&clash, KeyholderClash::SharedKey { first, second, .. } if (first, second) == (&name("bob"), &name("mallory")))
    );
    assert!(clash.to_string().contains("bob and mallory hold the same key"));
    let another_bob = Keyholder::new(name("bob"), "Bob", key("carol").public_key()).unwrap();
    assert_eq!(Keyholders::new([keyholder("bob"), another_bob]).unwrap_err(), KeyholderClash::SameName(name("bob")));
    assert!(Keyholders::new([keyholder("bob"), keyholder("carol")]).is_ok());
}

#[test]
fn a_keyholders_file_comes_back_and_takes_their_next_key_at_its_end() {
    let text = keyholder("alice").to_toml();
    let alice = Keyholder::parse(name("alice"), &text).unwrap();
    assert_eq!(alice.display_name(), "ALICE");
    assert_eq!(alice.key().material(), key("alice").public_key().material());
    let text = format!("{text}{}", Keyholder::key_toml(&key("alice-2").public_key()));
    let alice = Keyholder::parse(name("alice"), &text).unwrap();
    assert_eq!(alice.key().material(), key("alice-2").public_key().material());
    assert!(alice.holds(key("alice").public_key().material()));
    let twice = format!("{text}{}", Keyholder::key_toml(&key("alice").public_key()));
    let fault = Keyholder::parse(name("alice"), &twice).unwrap_err();
    assert!(fault.problem.contains("listed twice"), "{fault}");
    assert!(Keyholder::parse(name("alice"), "display-name = \"A\"\nkeys = []").is_err());
}

#[test]
fn keys_that_some_client_cannot_verify_with_are_not_published() {
    // P-384's generator, which is as good a public key as any.
    let p384 = "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7\
                3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";
    let p384 = PublicKey::from_tuf("ecdsa", "ecdsa-sha2-nistp384", p384).unwrap();
    let refused = Keyholder::new(name("alice"), "Alice", p384).unwrap_err();
    assert!(refused.to_string().contains("ecdsa-sha2-nistp384"), "{refused}");
}

#[test]
fn freezing_gives_the_same_bytes_every_time() {
    let room = Room::new();
    let plan = PlanText::of(&FIVE, 3);
    let frozen = room.freeze(&plan);
    assert_eq!(frozen.files(), room.freeze(&plan).files());
    // The order of names is the plan's way of saying it, not what it says.
    let mut turned = plan.clone();
    turned.root.0.reverse();
    turned.targets.0.reverse();
    assert_eq!(frozen.files(), room.freeze(&turned).files());
    // Golden: what this machine gives, every other one gives.
    assert_eq!(
        frozen.fingerprint().to_string(),
        "411b 4147 8957 24f3 bd0f 231d 490b 33d9 80d0 951a 51ec b8d5 49f7 3350 b098 05c4"
    );
}

#[test]
fn the_first_ceremony_freezes_root_and_targets_as_version_1() {
    let frozen = Room::new().freeze(&PlanText::of(&FIVE, 3));
    assert_eq!(parts(&frozen), ["1.root", "1.targets"]);
    for part in frozen.parts() {
        assert_eq!(frozen.expiry(part).unwrap().to_text(), "2030-07-17T00:00:00Z");
    }
}

#[test]
fn only_what_the_plan_changes_is_frozen() {
    let mut room = Room::after_the_first();
    let plan = PlanText::of(&FIVE, 3).on(30);
    let freeze = |room: &Room, plan: &PlanText| Frozen::freeze(&room.plan(plan), &room.published, &room.targets);
    assert_eq!(freeze(&room, &plan).unwrap_err(), FreezeError::NothingChanges);

    let renewed = |root, targets| PlanText { renew: (root, targets), ..plan.clone() };
    assert_eq!(parts(&freeze(&room, &renewed(true, false)).unwrap()), ["2.root"]);
    assert_eq!(parts(&freeze(&room, &renewed(false, true)).unwrap()), ["2.targets"]);

    let threshold = PlanText { root: (FIVE.to_vec(), 4), ..plan.clone() };
    assert_eq!(parts(&freeze(&room, &threshold).unwrap()), ["2.root"]);
    let online = PlanText { online: vec!["online-2"], ..plan.clone() };
    assert_eq!(parts(&freeze(&room, &online).unwrap()), ["2.root"]);
    // Those who have signed the published targets are still enough.
    let joined = PlanText { targets: ([&FIVE[..], &["frank"]].concat(), 3), ..plan.clone() };
    assert_eq!(parts(&freeze(&room, &joined).unwrap()), ["2.root"]);
    // Those who have signed the published targets are no longer enough, so they are signed anew.
    let raised = PlanText { targets: (FIVE.to_vec(), 4), ..plan.clone() };
    assert_eq!(parts(&freeze(&room, &raised).unwrap()), ["2.root", "2.targets"]);
    let left = PlanText { targets: (vec!["bob", "carol", "dave", "erin"], 3), ..plan.clone() };
    assert_eq!(parts(&freeze(&room, &left).unwrap()), ["2.root", "2.targets"]);

    let nothing_shipped = PlanText { ship: vec![], ..plan.clone() };
    assert_eq!(parts(&freeze(&room, &nothing_shipped).unwrap()), ["2.targets"]);
    room.targets.insert(target("trusted_root.json"), b"{\"new\": 1}\n".to_vec());
    assert_eq!(parts(&freeze(&room, &plan).unwrap()), ["2.targets"]);
}

#[test]
fn a_file_that_is_to_be_shipped_has_to_be_there() {
    let mut room = Room::new();
    let plan = PlanText { ship: vec!["trusted_root.json", "npm/keys.txt"], ..PlanText::of(&FIVE, 3) };
    let refused = Frozen::freeze(&room.plan(&plan), &room.published, &room.targets).unwrap_err();
    assert_eq!(refused, FreezeError::NoSuchTarget { name: target("npm/keys.txt") });
    assert!(refused.hint().contains("targets/"));
    // An empty file is a file.
    room.targets.insert(target("npm/keys.txt"), Vec::new());
    assert_eq!(room.freeze(&plan).targets(&TARGETS).unwrap().targets().len(), 2);
}

#[test]
fn a_frozen_file_that_was_changed_is_refused() {
    let frozen = Room::new().freeze(&PlanText::of(&FIVE, 3));
    let record = frozen.record(1);
    let files = || {
        frozen
            .files()
            .into_iter()
            .map(|(name, bytes)| (name, bytes.to_vec()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(Frozen::open(&files(), &record).unwrap().files(), frozen.files());

    // White space too: what was read aloud is the digest of the bytes.
    let mut changed = files();
    changed.get_mut("1.root.json").unwrap().push(b'\n');
    let refused = Frozen::open(&changed, &record).unwrap_err();
    assert!(matches!(&refused, FrozenChanged::Changed { file, .. } if file == "1.root.json"), "{refused}");
    assert!(refused.hint().starts_with("do not sign"));

    let mut missing = files();
    missing.remove("1.targets.json");
    assert_eq!(
        Frozen::open(&missing, &record).unwrap_err(),
        FrozenChanged::Missing { file: "1.targets.json".to_owned() }
    );
    let mut more = files();
    more.insert("timestamp.json".to_owned(), Vec::new());
    assert_eq!(Frozen::open(&more, &record).unwrap_err(), FrozenChanged::Unknown { file: "timestamp.json".to_owned() });
}

#[test]
fn a_draft_says_what_the_policy_says_and_then_what_is_published() {
    let mut room = Room::new();
    let policy = Policy::template("test", &FIVE.map(name), 3, &[name("online")]);
    let policy = Policy::parse(&policy).unwrap();
    let draft = |room: &Room, policy: &Policy| {
        Draft::new(name("test"), day(0), policy, &room.published, &room.keyholders, vec![target("trusted_root.json")])
    };
    let first = Plan::parse(&draft(&room, &policy).unwrap().to_toml(), &room.keyholders, &Bounds::default()).unwrap();
    assert_eq!(first.root().holders.names(), FIVE.map(name));
    assert_eq!((first.root().holders.threshold(), first.root().expires.number()), (3, 197));
    assert_eq!((first.online(), first.ship()), (&[name("online")][..], &[target("trusted_root.json")][..]));

    room.hold(&PlanText::of(&["bob", "carol"], 2), &["bob", "carol"]);
    let second = Plan::parse(&draft(&room, &policy).unwrap().to_toml(), &room.keyholders, &Bounds::default()).unwrap();
    assert_eq!(second.root().holders.names(), [name("bob"), name("carol")]);

    let nobody = Policy::parse(&Policy::template("test", &[], 1, &[])).unwrap();
    assert_eq!(draft(&Room::new(), &nobody).unwrap_err(), DraftError::NobodyNamed { role: ROOT });
    room.keyholders = Keyholders::new([keyholder("bob"), keyholder("online")]).unwrap();
    assert!(matches!(draft(&room, &policy).unwrap_err(), DraftError::NobodysKey { .. }));
}

#[test]
fn a_draft_is_changed_without_an_editor() {
    let room = Room::after_the_first();
    let policy = Policy::parse(&Policy::template("test", &FIVE.map(name), 3, &[name("online")])).unwrap();
    let ship = vec![target("trusted_root.json")];
    let mut draft = Draft::new(name("test"), day(0), &policy, &room.published, &room.keyholders, ship).unwrap();
    draft.summarise("Bob \"retires\"\nat last");
    draft.replace(&name("bob"), &name("frank")).unwrap();
    draft.remove(&ROOT, &name("erin")).unwrap();
    draft.add(&TARGETS, &name("grace")).unwrap();
    draft.set_threshold(&ROOT, 2).unwrap();
    draft.set_expiry(&TARGETS, rootline_ceremonies::Days::new(30).unwrap()).unwrap();
    draft.renew(&ROOT).unwrap();
    assert_eq!(draft.replace(&name("bob"), &name("grace")), Err(DraftError::NotNamed { name: name("bob") }));
    assert_eq!(draft.replace(&name("carol"), &name("frank")), Err(DraftError::AlreadyNamed { name: name("frank") }));
    assert_eq!(draft.add(&TARGETS, &name("grace")), Err(DraftError::AlreadyNamed { name: name("grace") }));

    let plan = Plan::parse(&draft.to_toml(), &room.keyholders, &Bounds::default()).unwrap();
    assert_eq!(plan.summary(), Some("Bob \"retires\"\nat last"));
    assert_eq!(plan.root().holders.names(), ["alice", "frank", "carol", "dave"].map(name));
    assert_eq!(plan.targets().holders.names(), ["alice", "frank", "carol", "dave", "erin", "grace"].map(name));
    assert_eq!((plan.root().holders.threshold(), plan.targets().expires.number(), plan.root().renew), (2, 30, true));
}

#[test]
fn patterns_and_what_is_shipped_under_them_are_bounded() {
    let room = Room::new();
    let delegated = |patterns: usize, names: usize| {
        let list = |letter: &str, number: usize| {
            let one = |at: usize| format!("\"{letter}{at}\"");
            (0..number).map(one).collect::<Vec<_>>().join(",")
        };
        // The first pattern covers all of them, so that none is held against the others.
        let paths = format!("\"n*\",{}", list("z", patterns - 1));
        let ship = list("n", names);
        let text = PlanText::of(&["alice", "bob"], 2).text();
        format!(
            "{text}\n[[delegations]]\nname = \"npm\"\npaths = [{paths}]\nholders = [\"frank\"]\nthreshold = 1\nexpires-days = 100\nship = [{ship}]\n"
        )
    };
    let line = delegated(1, 0).lines().position(|line| line.starts_with("name = \"npm\"")).unwrap() + 1;
    assert!(Plan::parse(&delegated(1024, 1), &room.keyholders, &Bounds::default()).is_ok());
    room.finds_fault(&delegated(1025, 1), line, "more than 1024 patterns and prefixes: use bins");
    assert!(Plan::parse(&delegated(1000, 4000), &room.keyholders, &Bounds::default()).is_ok());
    room.finds_fault(&delegated(1000, 4001), line, "4001 files are shipped under 1000 patterns and prefixes: use bins");
}
