//! The search for a target through delegations (TUF 5.6.7): who is asked, in which order, and who is not.

use std::sync::Mutex;

use rootline_client::store::{LocalFile, Store, StoreError};
use rootline_client::workflow::{Check, Fault, File, TargetQuery};
use rootline_metadata::RoleName;
use rootline_tests::simulator::{Delegation, Key, Simulator};
use rootline_tests::verifier::{Verifier, target_path};

/// One delegation of a graph: from, to, for which targets, and whether it ends the search.
type Edge = (&'static str, &'static str, &'static str, Ends);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    No,
    Yes,
}
use Ends::{No, Yes};

/// What came of a search: who was asked, in order, and who listed the target.
fn search(edges: &[Edge], listed_by: &[&str], path: &str) -> (Vec<String>, Option<String>) {
    let mut sim = Simulator::default();
    for (from, to, pattern, ends) in edges {
        let delegation = Delegation::to(to).paths([pattern]);
        sim.delegate(from, if *ends == Yes { delegation.terminating() } else { delegation });
    }
    for role in listed_by {
        sim.add_target(role, path, role.as_bytes());
    }
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    let found = verifier.find(sim.files(), sim.day(1), path);
    let asked = verifier.requests().iter().skip(4).map(|name| name.trim_start_matches("1.").trim_end_matches(".json"));
    let asked = asked.map(str::to_owned).collect();
    match found {
        Ok(found) => (asked, Some(found.role.map_or("targets".to_owned(), |role| role.as_str().to_owned()))),
        Err(error) => {
            let refusal = error.refusal().expect("a refusal");
            assert_eq!(refusal.check, Check::TargetKnown, "{refusal}");
            (asked, None)
        }
    }
}

/// 5.6.7: pre-order, depth first, in the order in which the delegations stand.
/// CVE-2024-47534: delegations sat in a hash map, so the order was random. GHSA-j8x2-777p-23fc: cycles were walked for ever.
#[test]
fn roles_are_asked_in_pre_order() {
    let tree: &[Edge] = &[
        ("targets", "a", "*", No),
        ("targets", "b", "*", No),
        ("a", "c", "*", No),
        ("a", "d", "*", No),
        ("c", "e", "*", No),
        ("b", "f", "*", No),
    ];
    // The order of the list, not of the names.
    let reversed: &[Edge] = &[("targets", "z", "*", No), ("targets", "m", "*", No), ("targets", "a", "*", No)];
    // Two ways to the same role: it is asked once.
    let diamond: &[Edge] = &[
        ("targets", "a", "*", No),
        ("targets", "b", "*", No),
        ("a", "c", "*", No),
        ("b", "c", "*", No),
        ("b", "d", "*", No),
    ];
    let cycle: &[Edge] = &[
        ("targets", "a", "*", No),
        ("targets", "b", "*", No),
        ("b", "c", "*", No),
        ("c", "d", "*", No),
        ("d", "b", "*", No),
    ];
    let itself: &[Edge] = &[("targets", "a", "*", No), ("a", "a", "*", No), ("targets", "b", "*", No)];
    let rows: [(&str, &[Edge], &[&str]); 5] = [
        ("tree", tree, &["a", "c", "e", "d", "b", "f"]),
        ("reversed", reversed, &["z", "m", "a"]),
        ("diamond", diamond, &["a", "c", "b", "d"]),
        ("cycle", cycle, &["a", "b", "c", "d"]),
        ("itself", itself, &["a", "b"]),
    ];
    for (name, edges, order) in rows {
        // Nobody lists it: everybody is asked, each once.
        assert_eq!(search(edges, &[], "x"), (order.iter().map(|role| role.to_string()).collect(), None), "{name}");
        // Whoever comes first in that order answers, and nobody after is asked.
        for (at, role) in order.iter().enumerate() {
            let asked = order[..=at].iter().map(|role| role.to_string()).collect();
            let later_ones = &order[at..];
            assert_eq!(search(edges, later_ones, "x"), (asked, Some(role.to_string())), "{name}: {role}");
        }
        // The top-level targets come before all of them.
        assert_eq!(search(edges, &[&["targets"], order].concat(), "x"), (vec![], Some("targets".to_owned())), "{name}");
    }
}

/// 5.6.7.2.1: at the top, further down, on another branch; and one that does not match ends nothing.
/// CVE-2025-2886: terminating delegations were ignored.
#[test]
fn nothing_after_a_terminating_delegation_is_asked_at_any_level() {
    let rows: [(&[Edge], &[&str]); 6] = [
        (&[("targets", "a", "*", Yes), ("targets", "b", "*", No)], &["a"]),
        (&[("targets", "a", "*", No), ("targets", "b", "*", Yes), ("targets", "c", "*", No)], &["a", "b"]),
        // Further down: neither the rest of that list, nor of the lists above.
        (
            &[("targets", "a", "*", No), ("targets", "d", "*", No), ("a", "b", "*", Yes), ("a", "c", "*", No)],
            &["a", "b"],
        ),
        // It is gone into before it ends.
        (
            &[("targets", "a", "*", Yes), ("targets", "d", "*", No), ("a", "b", "*", No), ("b", "c", "*", No)],
            &["a", "b", "c"],
        ),
        // One for other targets ends nothing.
        (&[("targets", "a", "other*", Yes), ("targets", "b", "*", No)], &["b"]),
        // One within one.
        (
            &[("targets", "a", "*", Yes), ("a", "b", "*", Yes), ("a", "c", "*", No), ("b", "d", "*", No)],
            &["a", "b", "d"],
        ),
    ];
    for (edges, order) in rows {
        assert_eq!(search(edges, &[], "x"), (order.iter().map(|role| role.to_string()).collect(), None));
        // What those list who are not asked does not count.
        let everybody: Vec<&str> = edges.iter().map(|(_, to, ..)| *to).filter(|role| !order.contains(role)).collect();
        assert_eq!(search(edges, &everybody, "x").1, None);
    }
}

/// 5.6.7: a target is looked for only where every role on the way was given it.
/// GHSA-qp9x-wp8f-qgjj, CVE-2021-41087: patterns matched without case, `\` as `/`, `*` across `/`.
#[test]
fn only_roles_that_the_target_was_delegated_to_are_asked() {
    let rows: [(&str, &str, bool); 17] = [
        ("*.md", "readme.md", true),
        ("*.md", "README.MD", false),
        ("*.md", "releases/README.md", false),
        ("releases/*.md", "releases/README.md", true),
        ("releases/*.md", "releases/v1/README.md", false),
        ("*/*", "releases/README.md", true),
        ("*", "a/b", false),
        ("foo-?.tgz", "foo-a.tgz", true),
        ("foo-?.tgz", "foo-alpha.tgz", false),
        ("foo-?.tgz", "foo-.tgz", false),
        ("foo?", "foob", true),
        ("foo?", "foo", false),
        ("f*", "f", true),
        ("f*o", "fo/o", false),
        ("f?o", "f/o", false),
        ("a\\b", "a/b", false),
        ("a/b", "a\\b", false),
    ];
    for (pattern, path, matches) in rows {
        let (asked, found) = search(&[("targets", "a", pattern, No)], &["a"], path);
        assert_eq!(found.is_some(), matches, "{pattern} {path}");
        assert_eq!(!asked.is_empty(), matches, "{pattern} {path}: who is not asked is not fetched either");
    }
    // Given on, but not by the one in between.
    let narrow: &[Edge] = &[("targets", "a", "other*", No), ("a", "b", "*", No)];
    assert_eq!(search(narrow, &["b"], "x"), (vec![], None));
}

/// A chain of `length` roles under the top-level targets, the last of which lists `x`.
fn chain(length: usize) -> Simulator {
    let mut sim = Simulator::default();
    let name = |at: usize| if at == 0 { "targets".to_owned() } else { format!("role-{at}") };
    for at in 0..length {
        sim.delegate(&name(at), Delegation { role: sim.root.targets.clone(), ..Delegation::to(&name(at + 1)) });
    }
    sim.add_target(&name(length), "x", b"x");
    sim.publish();
    sim
}

/// 5.6.7.1: with the limit that is shipped, 32 roles.
/// GHSA-j8x2-777p-23fc: and a chain without a cycle can be as long.
#[test]
fn so_many_delegated_roles_are_asked_and_no_more() {
    let sim = chain(32);
    let mut verifier = Verifier::of(&sim);
    let found = verifier.find(sim.files(), sim.day(1), "x").unwrap();
    assert_eq!(found.role, RoleName::new("role-32"));
    assert_eq!(verifier.requests().len(), 4 + 32);

    let sim = chain(33);
    let mut verifier = Verifier::of(&sim);
    let refusal = verifier.find(sim.files(), sim.day(1), "x").unwrap_err().refusal().unwrap().clone();
    assert_eq!(refusal.check, Check::TargetKnown);
    assert_eq!(refusal.fault, Fault::NotListed { asked: 33, gave_up: true }, "the top-level targets and 32 roles");
    assert_eq!(verifier.requests().len(), 4 + 32);
}

/// All of a long chain is reached; but no search comes to a role that more delegations lead to than it follows, so that the way back up
/// from a role is never longer.
#[test]
fn of_a_long_chain_those_speak_that_a_search_comes_to() {
    let mut sim = chain(200);
    sim.add_target("role-32", "y", b"y").add_target("role-33", "y", b"y");
    sim.publish();
    for limit in [0, 1, 32, 33, 199, 200] {
        let mut verifier = Verifier::of(&sim);
        verifier.limits.delegations = limit;
        let walked = verifier.with_client(sim.files(), |client| {
            let trusted = client.refresh(sim.day(1)).unwrap();
            client.all_delegated_roles(&trusted, 200).unwrap()
        });
        assert!(!walked.gave_up());
        assert_eq!((walked.roles().count(), walked.too_deep().count()), (200, 200 - limit));
        for number in [1, 31, 32, 33, 199, 200] {
            let role = RoleName::new(format!("role-{number}")).unwrap();
            assert_eq!(walked.may_speak_about(&role, &target_path("y")), number <= limit, "{number} of {limit}");
            // `*` stops at a slash.
            assert!(!walked.may_speak_about(&role, &target_path("y/y")), "{number} of {limit}");
        }
    }
}

/// To read a role's file costs as much as the file is long, and each of its targets would cost it again.
#[test]
fn a_role_is_verified_once_for_all_of_its_targets() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("a").paths(["a-*"])).delegate("a", Delegation::to("b").paths(["a-b-*"]));
    let names: Vec<String> = (0..40).map(|number| format!("a-b-{number:02}")).chain(["a-x".to_owned()]).collect();
    for name in &names {
        sim.add_target(if name == "a-x" { "a" } else { "b" }, name, name.as_bytes());
    }
    sim.publish();
    let queries = names.iter().map(|name| TargetQuery::required(target_path(name)));
    let missing = ["a-none", "none"].map(|name| TargetQuery::if_listed(target_path(name)));
    let mut verifier = Verifier::with_store(sim.root_bytes(1), Counting::default());
    let updated = verifier.with_client(sim.files(), |client| {
        client.update(sim.day(1), &missing.into_iter().chain(queries).collect::<Vec<_>>()).unwrap()
    });
    let roles: Vec<Option<RoleName>> = updated.targets.iter().map(|(found, _)| found.role.clone()).collect();
    assert_eq!((roles.len(), &roles[0], &roles[40]), (41, &RoleName::new("b"), &RoleName::new("a")));
    assert_eq!(*verifier.store().delegated.lock().unwrap(), ["a", "b"]);
}

/// A store that is empty, and notes which delegated roles are asked for.
#[derive(Default)]
struct Counting {
    delegated: Mutex<Vec<String>>,
}

impl Store for Counting {
    fn load(&self, file: &LocalFile, _: u64) -> Result<Option<Vec<u8>>, StoreError> {
        if let LocalFile::Delegated(role) = file {
            self.delegated.lock().unwrap().push(role.clone());
        }
        Ok(None)
    }

    fn save(&self, _: &LocalFile, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn remove(&self, _: &LocalFile) -> Result<(), StoreError> {
        Ok(())
    }
}

/// As many as a caller has: none of them needs any of the stack.
#[test]
fn very_many_targets_that_need_not_be_there_are_passed_over() {
    let sim = Simulator::default();
    let queries: Vec<TargetQuery> =
        (0..50_000).map(|number| TargetQuery::if_listed(target_path(&number.to_string()))).collect();
    let mut verifier = Verifier::of(&sim);
    let updated = verifier.with_client(sim.files(), |client| client.update(sim.day(1), &queries).unwrap());
    assert!(updated.targets.is_empty());
}

/// The way that counts is the one that delegates the target, though a shorter one leads to the same role.
#[test]
fn the_longer_of_two_ways_counts_if_it_alone_delegates_the_target() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("a")).delegate("a", Delegation::to("b"));
    sim.delegate("targets", Delegation::to("b").paths(["other"]));
    sim.add_target("b", "x", b"x").add_target("b", "other", b"other");
    sim.publish();
    for (limit, x) in [(1, false), (2, true)] {
        let mut verifier = Verifier::of(&sim);
        verifier.limits.delegations = limit;
        let walked = verifier.with_client(sim.files(), |client| {
            let trusted = client.refresh(sim.day(1)).unwrap();
            client.all_delegated_roles(&trusted, 10).unwrap()
        });
        let speaks = |path| walked.may_speak_about(&RoleName::new("b").unwrap(), &target_path(path));
        assert_eq!((speaks("x"), speaks("other"), walked.too_deep().count()), (x, true, 0), "{limit}");
    }
}

/// 5.6.7: what the snapshot does not list is not trusted, and is in nobody's way.
#[test]
fn a_role_that_the_snapshot_does_not_list_is_passed_over() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("unlisted")).delegate("targets", Delegation::to("listed"));
    sim.add_target("unlisted", "x", b"unlisted").add_target("listed", "x", b"listed");
    sim.add_target("unlisted", "only-there", b"unlisted");
    sim.publish();
    sim.snapshot.meta.remove("unlisted.json");
    sim.publish_snapshot();
    let mut verifier = Verifier::of(&sim);
    assert_eq!(verifier.find(sim.files(), sim.day(1), "x").unwrap().role, RoleName::new("listed"));
    assert!(!verifier.requests().contains(&"1.unlisted.json".to_owned()));
    assert!(verifier.find(sim.files(), sim.day(1), "only-there").is_err());
    // The second time nothing but what every refresh asks for.
    verifier.find(sim.files(), sim.day(1), "x").unwrap();
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"]);
}

/// 5.6.3: two delegators, other keys. What one vouched for says nothing to the other, within one client and in the cache.
/// python-tuf#2978, TOB-SIGSTORE-14.
#[test]
fn a_role_verified_for_one_delegator_is_not_reused_for_another() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("parent-a").paths(["team-a/*"]));
    sim.delegate("targets", Delegation::to("parent-b").paths(["team-b/*"]));
    sim.delegate("parent-a", Delegation::to("release").paths(["team-a/*"]).signed_by(1, ["key-a"]));
    sim.delegate("parent-b", Delegation::to("release").paths(["team-b/*"]).signed_by(1, ["key-b"]));
    sim.add_target("release", "team-a/x", b"a").add_target("release", "team-b/x", b"b");
    sim.issue("release").signed_by(Key::all(["key-a"])).publish();
    for role in ["parent-a", "parent-b", "targets"] {
        sim.issue(role).publish();
    }
    sim.publish_snapshot();

    let release = File::Delegated(RoleName::new("release").unwrap());
    let mut verifier = Verifier::of(&sim);
    verifier.with_client(sim.files(), |client| {
        let trusted = client.refresh(sim.day(1)).unwrap();
        client.find(&trusted, &target_path("team-a/x")).unwrap();
        let refusal = client.find(&trusted, &target_path("team-b/x")).unwrap_err().refusal().unwrap().clone();
        assert_eq!((refusal.check, &refusal.file), (Check::TargetsSignatures, &release));
        // The other way round it is as it was.
        client.find(&trusted, &target_path("team-a/x")).unwrap();
    });
    // In the next run, with `release` in the cache, just the same.
    let refusal = verifier.find(sim.files(), sim.day(1), "team-b/x").unwrap_err().refusal().unwrap().clone();
    assert_eq!(refusal.check, Check::TargetsSignatures);
    assert_eq!(
        verifier.stored(&LocalFile::Delegated("release".to_owned())).unwrap(),
        sim.files().metadata("1.release.json").unwrap()
    );

    // Signed for both, it is good for both.
    sim.issue("release").publish().publish_snapshot();
    verifier.find(sim.files(), sim.day(1), "team-a/x").unwrap();
    verifier.find(sim.files(), sim.day(1), "team-b/x").unwrap();
}

/// 5.6.3: the keys come from the delegation to that role, whatever other roles in the same list have.
#[test]
fn each_role_of_one_list_has_keys_of_its_own() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("a").paths(["a/*"])).delegate("targets", Delegation::to("b").paths(["b/*"]));
    sim.add_target("b", "b/x", b"x");
    sim.publish();
    sim.issue("b").signed_by(Key::all(["a"])).publish().publish_snapshot();
    let refusal = Verifier::of(&sim).find(sim.files(), sim.day(1), "b/x").unwrap_err().refusal().unwrap().clone();
    assert_eq!(refusal.check, Check::TargetsSignatures);
}
