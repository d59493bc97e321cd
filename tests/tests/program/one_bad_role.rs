//! One delegated role that is expired, missing or not as it was signed: it takes nothing along that does not depend on it.

use std::fs;

use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;
use rootline_tests::simulator::Delegation;

/// A repository whose role `npm` may list anything, and lists `npm/keys.json`. It expires on day 5, before the timestamp.
fn repository() -> ClientFixture {
    ClientFixture::with(|sim| {
        sim.delegate("targets", Delegation::to("npm").paths(["*", "npm/*"]));
        let fifth = sim.day(5);
        sim.targets_of("npm").expires = fifth;
        sim.add_target("npm", "npm/keys.json", b"keys");
    })
}

fn done(output: Output) -> Output {
    assert_eq!(output.status, 0, "{output:?}");
    output
}

/// What can be wrong with the role, each with the instant at which it is, and what is said of it.
fn faults() -> Vec<(ClientFixture, &'static str, &'static str)> {
    let missing = repository();
    let file = |fixture: &ClientFixture| fixture.path("metadata/1.npm.json");
    fs::remove_file(file(&missing)).unwrap();
    let changed = repository();
    let bytes = fs::read_to_string(file(&changed)).unwrap().replace("2030-01-06", "2030-02-06");
    fs::write(file(&changed), bytes).unwrap();
    vec![
        (repository(), "2030-01-06T00:00:00Z", "npm.json expired at 2030-01-06T00:00:00Z"),
        (missing, DAY_1, "the repository has no npm.json"),
        (changed, DAY_1, "npm.json "),
    ]
}

#[test]
fn what_does_not_depend_on_it_is_had_with_one_warning() {
    for (fixture, at, said) in faults() {
        for command in [&["update"][..], &["show"], &["get", "dir/a file"], &["get", "trusted_root.json"]] {
            let output = done(fixture.run(command, at));
            let warning = format!("warning: signing_config.v0.2.json is taken as not listed: {said}");
            assert!(output.stderr.starts_with(&warning), "{command:?}: {output:?}");
            assert_eq!(output.stderr.lines().count(), 1, "{command:?}: {output:?}");
        }
        // Without a network as well.
        done(fixture.run(&["show", "--offline"], at));
    }
}

/// Going on past a role that cannot be verified would let a mirror that withholds it choose the next one.
#[test]
fn what_it_may_list_is_refused() {
    for (fixture, at, said) in faults() {
        for target in ["npm/keys.json", "unknown"] {
            let output = fixture.run(&["get", target], at);
            assert_eq!(output.status, 1, "{output:?}");
            assert!(output.stderr.starts_with(&format!("error: {said}")), "{target}: {output:?}");
        }
    }
}

#[test]
fn while_it_is_good_all_of_it_is_had_without_a_word() {
    let fixture = repository();
    for command in [&["update"][..], &["show"], &["get", "npm/keys.json"]] {
        assert_eq!(fixture.run(command, "2030-01-05T23:59:59Z").succeeds().stderr, "");
    }
}

#[test]
fn a_bundle_and_a_mirror_say_that_it_was_left_out() {
    for (fixture, at, said) in faults() {
        let bundle = fixture.path("all.bundle");
        let create = ["bundle", "create", "--all-targets", "--json", "--output", bundle.to_str().unwrap()];
        let output = done(fixture.run(&create, at));
        let left_out = output.json()["left_out"].clone();
        assert_eq!(left_out.as_array().unwrap().len(), 1, "{output:?}");
        let reason = left_out[0].as_str().unwrap();
        assert!(reason.starts_with("the delegated role npm "), "{reason}");
        assert!(output.stderr.contains(&format!("warning: {reason}\n")), "{output:?}");

        let folder = fixture.path("mirror");
        let mirror = ["mirror", folder.to_str().unwrap(), "--json"];
        let output = Output::of(&mut fixture.command_without_cache(&mirror, at));
        // A mirror goes on serving what it has, rather than something that lacks a role.
        assert_eq!(output.status, i32::from(!said.contains("expired")), "{output:?}");
        assert!(output.status == 1 || output.json()["left_out"] == left_out, "{output:?}");
    }
}

#[test]
fn status_tells_apart_what_an_update_can_renew() {
    let fixture = repository();
    fixture.run(&["get", "npm/keys.json"], DAY_1).succeeds();
    let at = "2030-01-06T00:00:00Z";
    done(fixture.run(&["update"], at));
    let output = fixture.run(&["status"], at);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("expired in the cache: npm\n"), "{output:?}");
    assert!(output.stderr.contains("the trust root does not depend on it"), "{output:?}");
    assert!(!output.stderr.contains("rootline update"), "{output:?}");
    // Where more has expired an update is what helps.
    let output = fixture.run(&["status"], "2030-01-09T00:00:00Z");
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("run `rootline update`"), "{output:?}");
}
