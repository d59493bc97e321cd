//! Delegated roles, with holders of their own.

use std::collections::BTreeMap;

use rootline_ceremonies::{Bounds, CeremonyRole, Delegator, FreezeError, Frozen, Plan, Published, PublishedError};
use rootline_metadata::json::Value;
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, day, name, part, parts, target};

/// Frank alone ships what is below `npm/`.
const NPM: &str = "[[delegations]]\nname = \"npm\"\npaths = [\"npm/*\"]\nterminating = true\nholders = [\"frank\"]\n\
                   threshold = 1\nexpires-days = 3650\nship = [\"npm/keys.json\"]\n";

fn with_npm() -> PlanText {
    PlanText::of(&FIVE, 3).with(NPM)
}

fn room() -> Room {
    let mut room = Room::new();
    room.targets.insert(target("npm/keys.json"), b"[]".to_vec());
    room
}

/// After a first ceremony with a delegation.
fn after_npm() -> Room {
    let mut room = room();
    room.hold(&with_npm(), &["alice", "bob", "carol", "frank"]);
    room
}

#[test]
fn a_delegated_role_is_signed_by_its_own_holders_and_found_from_every_root() {
    let mut room = room();
    let frozen = room.freeze(&with_npm());
    assert_eq!(parts(&frozen), ["1.root", "1.targets", "1.npm"]);
    let id = name("test");
    let tally = room.ceremony(&id, &frozen).tally(&room.answers(&frozen, &["frank", "alice"]));
    let npm = &tally.parts[2];
    assert_eq!((&npm.quorums[0].delegator, npm.is_met()), (&Delegator::Targets(part("1.targets")), true));
    // Frank holds nothing else, and nobody else holds this.
    assert_eq!(npm.quorums[0].signed, [name("frank")]);
    assert_eq!(tally.parts[0].quorums[0].signed, [name("alice")]);
    let refused = room.seal(&frozen, &["alice", "bob", "carol"]).unwrap_err();
    assert_eq!(refused.to_string(), "npm 1 has 0 of the 1 signature that targets 1 requires");

    room.hold(&with_npm(), &["alice", "bob", "carol", "frank"]);
    assert_eq!(room.verify_from(1, 0).unwrap(), ["trusted_root.json", "npm/keys.json"]);
    let snapshot = &room.published.current().unwrap().snapshot;
    assert!(snapshot.meta_file("npm.json").is_some() && snapshot.meta_file("targets.json").is_some());
}

#[test]
fn only_the_file_that_changes_is_signed_anew() {
    let mut room = after_npm();
    room.targets.insert(target("npm/keys.json"), b"[1]".to_vec());
    assert_eq!(parts(&room.freeze(&with_npm().on(5))), ["2.npm"]);
    room.hold(&with_npm().on(5), &["frank"]);
    room.verify_from(1, 5).unwrap();
    // A new root whose targets keys stay leaves both as they are.
    let mut rotated = with_npm().on(6);
    rotated.root.0 = vec!["alice", "bob", "carol", "dave", "grace"];
    assert_eq!(parts(&room.freeze(&rotated)), ["2.root"]);
    // Another holder is named by targets, and signs what they take over.
    let grace = PlanText::of(&FIVE, 3).with(&NPM.replace("frank", "grace")).on(7);
    assert_eq!(parts(&room.freeze(&grace)), ["2.targets", "3.npm"]);
    room.hold(&grace, &["alice", "bob", "carol", "grace"]);
    // One more holder beside one who has signed is named by targets only.
    let both = PlanText::of(&FIVE, 3).with(&NPM.replace("[\"frank\"]", "[\"grace\", \"frank\"]")).on(8);
    assert_eq!(parts(&room.freeze(&both)), ["3.targets"]);
    let renewed =
        PlanText::of(&FIVE, 3).with(&NPM.replace("frank", "grace").replace("ship", "renew = true\nship")).on(9);
    assert_eq!(parts(&room.freeze(&renewed)), ["4.npm"]);
    // It is delegated no longer: its file stays in the record and in the snapshot.
    let gone = PlanText::of(&FIVE, 3).on(10);
    assert_eq!(parts(&room.freeze(&gone)), ["3.targets"]);
    room.hold(&gone, &["alice", "bob", "carol"]);
    assert_eq!(room.verify_from(1, 10).unwrap(), ["trusted_root.json"]);
    assert!(room.published.current().unwrap().snapshot.meta_file("npm.json").is_some());
    assert!(room.published.files().contains_key("3.npm.json"));
    // And taken up again as the version after the last one.
    let again = with_npm().on(11);
    assert_eq!(parts(&room.freeze(&again)), ["4.targets", "4.npm"]);
    room.hold(&again, &["alice", "bob", "carol", "frank"]);
    room.verify_from(1, 11).unwrap();
}

#[test]
fn patterns_prefixes_bins_and_roles_below_roles_are_all_found() {
    for more in [
        NPM.replace("paths = [\"npm/*\"]", "paths = [\"other/*\", \"npm/keys.*\"]"),
        // SHA-256("npm/keys.json") begins with 79d2.
        NPM.replace("paths = [\"npm/*\"]", "hash-prefixes = [\"0\", \"79d2\"]"),
        NPM.replace("name = \"npm\"\npaths = [\"npm/*\"]\nterminating = true", "bins = { prefix = \"bin\", bits = 3 }"),
        NPM.replace("ship = [\"npm/keys.json\"]", "ship = []").replace("terminating = true", "terminating = false")
            + &NPM.replace("name = \"npm\"", "name = \"keys\"\nby = \"npm\"").replace("frank", "grace"),
        NPM.replace("ship = [\"npm/keys.json\"]", "ship = []")
            + &NPM.replace(
                "name = \"npm\"\npaths = [\"npm/*\"]\nterminating = true",
                "by = \"npm\"\nbins = { prefix = \"below\", bits = 1 }",
            ),
    ] {
        let mut room = room();
        room.hold(&PlanText::of(&FIVE, 3).with(&more), &["alice", "bob", "carol", "frank", "grace"]);
        assert!(room.verify_from(1, 0).unwrap().contains(&"npm/keys.json".to_owned()), "{more}");
        // What is published says the same plan again.
        let frozen = Frozen::freeze(&room.plan(&PlanText::of(&FIVE, 3).with(&more)), &room.published, &room.targets);
        assert_eq!(frozen.unwrap_err(), FreezeError::NothingChanges, "{more}");
    }
}

#[test]
fn a_target_that_nobody_would_find_is_refused_with_its_line() {
    let room = room();
    let other = |name: &str, terminating: bool| {
        format!(
            "[[delegations]]\nname = \"{name}\"\npaths = [\"npm/*\"]\nterminating = {terminating}\nholders = [\"grace\"]\n\
             threshold = 1\nexpires-days = 10\nship = []\n"
        )
    };
    for (more, problem) in [
        (NPM.replace("npm/*", "npm/*/*"), "npm may not ship this: its paths or prefixes do not cover it"),
        (NPM.replace("paths = [\"npm/*\"]", "hash-prefixes = [\"79d3\"]"), "npm may not ship this"),
        (other("first", true) + NPM, "a search for this ends with first, which is terminating and comes before npm"),
        (
            other("first", false).replace("ship = []", "ship = [\"npm/keys.json\"]") + NPM,
            "first ships this too, and a search ends there",
        ),
        (
            other("up", false).replace("npm/*", "elsewhere/*")
                + &NPM.replace("name = \"npm\"", "name = \"npm\"\nby = \"up\""),
            "a search for this never comes to npm: who delegates to it may not ship this",
        ),
    ] {
        let text = PlanText::of(&FIVE, 3).with(&more).text();
        let fault = Plan::parse(&text, &room.keyholders, &Bounds::default()).unwrap_err();
        assert!(fault.problem.contains(problem), "{fault}");
        assert_eq!(fault.line, text.lines().count(), "{text}");
    }
    // One that is not terminating, or terminating for other names, is passed by.
    for first in [other("first", false), other("first", true).replace("npm/*", "npm/k")] {
        let text = PlanText::of(&FIVE, 3).with(&(first + NPM)).text();
        assert!(Plan::parse(&text, &room.keyholders, &Bounds::default()).is_ok());
    }
    let mut twice = PlanText::of(&FIVE, 3).with(NPM);
    twice.ship.push("npm/keys.json");
    let fault = Plan::parse(&twice.text(), &room.keyholders, &Bounds::default()).unwrap_err();
    assert!(fault.problem.contains("targets ships this too"), "{fault}");
}

#[test]
fn a_fault_in_a_delegation_is_named_with_its_line() {
    let room = room();
    let before = PlanText::of(&FIVE, 3).text().lines().count();
    for (from, to, line, problem) in [
        ("name = \"npm\"", "name = \"Npm\"", 2, "lowercase"),
        ("name = \"npm\"", "name = \"snapshot\"", 2, "top-level role"),
        ("name = \"npm\"\n", "", 4, "either a `name` or `bins`"),
        ("name = \"npm\"", "name = \"npm\"\nby = \"nobody\"", 2, "no delegation above makes a role of that name"),
        ("name = \"npm\"", "name = \"npm\"\nby = \"root\"", 3, "only targets and roles that it delegates to"),
        ("paths = [\"npm/*\"]", "paths = []", 3, "nothing is delegated"),
        ("paths = [\"npm/*\"]", "paths = [\"\"]", 3, "at least one character"),
        ("paths = [\"npm/*\"]", "hash-prefixes = [\"5C\"]", 3, "lowercase hex"),
        ("paths = [\"npm/*\"]\n", "", 2, "either `paths` or `hash-prefixes`"),
        ("paths = [\"npm/*\"]", "paths = [\"*\"]\nhash-prefixes = [\"\"]", 2, "either `paths` or `hash-prefixes`"),
        ("name = \"npm\"", "bins = { prefix = \"b\", bits = 3 }", 3, "leave this out"),
        ("[\"frank\"]", "[\"nobody\"]", 5, "there is no keyholder"),
        ("[\"frank\"]", "[]", 5, "nobody is named"),
        ("threshold = 1", "threshold = 2", 6, "2 have to sign and only 1 are named"),
        ("expires-days = 3650", "expires-days = 3661", 7, "from 1 to 3660"),
        ("expires-days = 3650", "expires-days = 7\nsigning-days = 7", 8, "shorter than the time to the expiry"),
        ("ship = [\"npm/keys.json\"]", "ship = [\"npm/..\"]", 8, "a target's name"),
        ("terminating", "terminates", 4, "terminates"),
    ] {
        assert!(NPM.contains(from), "{from}");
        let text = PlanText::of(&FIVE, 3).with(&NPM.replacen(from, to, 1)).text();
        room.finds_fault(&text, before + line, problem);
    }
    for (bits, good) in [(0, false), (1, true), (10, true), (11, false)] {
        let bins = format!(
            "[[delegations]]\nbins = {{ prefix = \"b\", bits = {bits} }}\nholders = [\"frank\"]\nthreshold = 1\nexpires-days = 9\nship = []\n"
        );
        let plan = Plan::parse(&PlanText::of(&FIVE, 3).with(&bins).text(), &room.keyholders, &Bounds::default());
        assert_eq!(plan.is_ok(), good, "{bits}");
        let and_another = PlanText::of(&FIVE, 3).with(&(bins + NPM)).text();
        assert!(Plan::parse(&and_another, &room.keyholders, &Bounds::default()).is_err());
    }
    let many = |number: usize| {
        let one = |at: usize| NPM.replace("\"npm\"", &format!("\"role-{at}\"")).replace("[\"npm/keys.json\"]", "[]");
        let text = PlanText::of(&FIVE, 3).with(&(0..number).map(one).collect::<String>()).text();
        Plan::parse(&text, &room.keyholders, &Bounds::default())
    };
    assert!(many(31).is_ok());
    assert!(many(32).unwrap_err().problem.contains("at most 31 delegations"));
}

#[test]
fn what_is_said_about_a_file_is_planned_stays_and_goes() {
    let mut room = Room::new();
    let custom =
        |table: &str| PlanText::of(&FIVE, 3).with(&format!("[targets.custom.\"trusted_root.json\"]\n{table}\n"));
    let said = |room: &Room| {
        let file = room.published.current().unwrap().targets.target(target("trusted_root.json").path()).unwrap();
        file.custom.map(|custom: Value| custom.compact())
    };
    let plan = custom("sigstore = { usage = \"TrustRoot\", uri = [\"https://example.org\"], n = 1, ok = true }");
    room.hold(&plan, &FIVE);
    let expected = r#"{"sigstore":{"n":1,"ok":true,"uri":["https://example.org"],"usage":"TrustRoot"}}"#;
    assert_eq!(said(&room).as_deref(), Some(expected));
    // Not mentioned, it stays.
    let mut renewed = PlanText::of(&FIVE, 3).on(1);
    renewed.renew.1 = true;
    room.hold(&renewed, &FIVE);
    assert_eq!(said(&room).as_deref(), Some(expected));
    room.hold(&custom("").on(2), &FIVE);
    assert_eq!(said(&room), None);
    for (table, problem) in
        [("n = 1.5", "whole numbers only"), ("n = -1", "0 or more"), ("at = 2030-01-01", "a string, in quotes")]
    {
        let fault = Plan::parse(&custom(table).text(), &room.keyholders, &Bounds::default()).unwrap_err();
        assert!(fault.problem.contains(problem), "{fault}");
    }
    let other = PlanText::of(&FIVE, 3).with("[targets.custom.\"other.json\"]\na = 1\n").text();
    let fault = Plan::parse(&other, &room.keyholders, &Bounds::default()).unwrap_err();
    assert!(fault.problem.contains("nothing of this name is shipped here"), "{fault}");
}

#[test]
fn periods_that_a_plan_states_are_signed_and_in_force() {
    let mut room = room();
    let periods =
        "snapshot = { expires-days = 20, signing-days = 10 }\ntimestamp = { expires-days = 3, signing-days = 2 }\n";
    let text = with_npm().text().replace("keys = [\"online\"]\n", &format!("keys = [\"online\"]\n{periods}"));
    let text = text.replacen("expires-days = 197", "expires-days = 197\nsigning-days = 46", 1);
    let plan = Plan::parse(&text, &room.keyholders, &Bounds::default()).unwrap();
    let frozen = Frozen::freeze(&plan, &room.published, &room.targets).unwrap();
    let sealed = room.seal(&frozen, &["alice", "bob", "carol", "frank"]).unwrap();
    let release = room.release(Some(&sealed), &["online"], 0, rootline_ceremonies::Renewal::WhenDue).unwrap().unwrap();
    room.published = release.published().clone();
    let stated =
        |role| room.published.online_periods(role).map(|periods| (periods.expires.number(), periods.signing.number()));
    assert_eq!(stated(rootline_metadata::TopLevelRole::Timestamp), Some((3, 2)));
    assert_eq!(stated(rootline_metadata::TopLevelRole::Snapshot), Some((20, 10)));
    assert_eq!(room.published.signing_days(&CeremonyRole::Root).map(|days| days.number()), Some(46));
    assert_eq!(room.published.signing_days(&CeremonyRole::Targets), None);
    // The same again is nothing new; taking it out is.
    let again = |text: &str| {
        let plan = Plan::parse(text, &room.keyholders, &Bounds::default()).unwrap();
        Frozen::freeze(&plan, &room.published, &room.targets)
    };
    assert_eq!(again(&text).unwrap_err(), FreezeError::NothingChanges);
    assert_eq!(parts(&again(&text.replacen("signing-days = 46\n", "", 1)).unwrap()), ["2.root"]);
    room.verify_from(1, 0).unwrap();
}

#[test]
fn bounds_of_the_policy_hold_for_every_role_with_their_reasons() {
    let room = room();
    let policy = rootline_ceremonies::Policy::template("test", &FIVE.map(name), 3, &[name("online")]);
    let bounds = "\n[bounds]\nroot = { least-threshold = 3, longest-days = 197 }\n\
                  delegations = { longest-days = 365, why = \"npm's key lies on a machine\" }\nonline = { longest-days = 7 }\n";
    let policy = rootline_ceremonies::Policy::parse(&format!("{policy}{bounds}")).unwrap();
    let parse = |text: String| Plan::parse(&text, &room.keyholders, policy.bounds());
    let good = with_npm().text().replace("3650", "365");
    assert!(parse(good.clone()).is_ok());
    for (from, to, line, problem) in [
        ("threshold = 3", "threshold = 2", 5, "the policy asks for a threshold of at least 3: fewer people"),
        ("expires-days = 197", "expires-days = 198", 6, "the policy lets this hold 197 days at the most"),
        ("expires-days = 365", "expires-days = 366", 22, "365 days at the most: npm's key lies on a machine"),
        (
            "keys = [\"online\"]",
            "keys = [\"online\"]\ntimestamp = { expires-days = 8, signing-days = 1 }",
            16,
            "the policy lets this hold 7 days at the most",
        ),
    ] {
        let fault = parse(good.replacen(from, to, 1)).unwrap_err();
        assert!(fault.problem.contains(problem), "{to}: {fault}");
        assert_eq!(fault.line, line, "{to}: {fault}");
    }
}

/// What was planned and published within other bounds is found by those of today, each of them one step either side.
#[test]
fn what_goes_beyond_the_bounds_is_found_in_a_frozen_plan_and_in_what_is_published() {
    let policy = |threshold: u64, days: u64, delegated: (u64, u64)| {
        let text = rootline_ceremonies::Policy::template("test", &FIVE.map(name), 3, &[name("online")]);
        let people = format!("{{ least-threshold = {threshold}, longest-days = {days} }}");
        let (threshold, days) = delegated;
        let delegations = format!("{{ least-threshold = {threshold}, longest-days = {days} }}");
        let bounds = format!("\n[bounds]\nroot = {people}\ntargets = {people}\ndelegations = {delegations}\n");
        rootline_ceremonies::Policy::parse(&(text + &bounds)).unwrap()
    };
    let room = room();
    let plan = room.plan(&with_npm());
    let frozen = room.freeze(&with_npm());
    let published = after_npm().published;
    let within = policy(3, 197, (1, 3650));
    assert_eq!(within.bounds().beyond(&plan, &frozen, day(0)), []);
    assert_eq!(within.bounds().beyond_in(&published, day(0)), []);
    // A day earlier all of it would hold a day longer.
    assert_eq!(within.bounds().beyond(&plan, &frozen, day(-1)).len(), 3);
    assert_eq!(within.bounds().beyond_in(&published, day(-1)).len(), 3);

    let told = |found: Vec<rootline_ceremonies::BeyondBounds>| -> Vec<String> {
        found.iter().map(|found| format!("{} {}", found.role, found.file.as_deref().unwrap_or("-"))).collect()
    };
    let threshold = policy(4, 197, (2, 3650));
    assert_eq!(told(threshold.bounds().beyond(&plan, &frozen, day(0))), ["root -", "targets -", "npm -"]);
    let in_files = ["root 1.root.json", "targets 1.root.json", "npm 1.targets.json"];
    assert_eq!(told(threshold.bounds().beyond_in(&published, day(0))), in_files);
    let longest = policy(3, 196, (1, 3649));
    let found = told(longest.bounds().beyond(&plan, &frozen, day(0)));
    assert_eq!(found[..3], ["root -", "targets -", "npm -"]);
    assert_eq!(found[3..], ["root 1 1.root.json", "targets 1 1.targets.json", "npm 1 1.npm.json"]);
    let in_files = ["root 1.root.json", "targets 1.targets.json", "npm 1.npm.json"];
    assert_eq!(told(longest.bounds().beyond_in(&published, day(0))), in_files);
    // A day later there is a day less to go, but the plan says what it says.
    assert_eq!(longest.bounds().beyond_in(&published, day(1)), []);
    assert_eq!(longest.bounds().beyond(&plan, &frozen, day(1)).len(), 3);
}

/// By name, as they are published.
type Files = BTreeMap<String, Vec<u8>>;

#[test]
fn a_change_in_a_delegated_file_that_was_published_is_found() {
    let room = after_npm();
    let read = |change: &dyn Fn(&mut Files)| {
        let mut files = room.published.files().clone();
        change(&mut files);
        Published::read(files).unwrap_err()
    };
    let edit = |name: &str, from: &str, to: &str| {
        let (name, from, to) = (name.to_owned(), from.to_owned(), to.to_owned());
        move |files: &mut Files| {
            let text = String::from_utf8(files[&name].clone()).unwrap();
            assert!(text.contains(&from));
            files.insert(name.clone(), text.replace(&from, &to).into_bytes());
        }
    };
    let refused = read(&edit("1.npm.json", "\"length\": 2", "\"length\": 3"));
    assert!(matches!(&refused, PublishedError::Unsigned { name, .. } if name == "1.npm.json"), "{refused}");
    // White space is under no signature, and under the snapshot's digest.
    let refused = read(&edit("1.npm.json", "\n", "\n "));
    assert!(matches!(&refused, PublishedError::MetaFile { name, .. } if name == "1.npm.json"), "{refused}");
    let refused = read(&|files| drop(files.remove("1.npm.json")));
    assert!(matches!(&refused, PublishedError::Missing { name, .. } if name == "1.npm.json"), "{refused}");
    let refused = read(&|files| {
        let npm = files["1.npm.json"].clone();
        files.insert("1.other.json".to_owned(), npm);
    });
    assert_eq!(refused, PublishedError::NotDelegated { name: "1.other.json".to_owned() });
    let refused = read(&|files| {
        let npm = files["1.npm.json"].clone();
        files.insert("2.npm.json".to_owned(), npm);
    });
    assert!(matches!(&refused, PublishedError::Version { name, .. } if name == "2.npm.json"), "{refused}");
}
