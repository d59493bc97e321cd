//! `rootline status`: roles and windows against thresholds, for people, for programs and for Prometheus.

use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1, DAY_8, TRUSTED_ROOT};
use rootline_tests::fixtures::output::Output;
use rootline_tests::simulator::Delegation;
use serde_json::Value;

/// The timestamp expires on 2030-01-08; a week before it is day 0.
const WEEK_BEFORE: &str = "2030-01-01T00:00:00Z";
const LESS_THAN_A_WEEK_BEFORE: &str = "2030-01-01T00:00:01Z";

/// A repository with a cache.
fn updated() -> ClientFixture {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], WEEK_BEFORE).succeeds();
    fixture
}

/// A repository whose targets are delegated twice over: `release` expires on day 5, before the timestamp, and `inner` on day 40.
fn delegated() -> ClientFixture {
    let fixture = ClientFixture::with(|sim| {
        sim.delegate("targets", Delegation::to("release").paths(["deep"])).delegate("release", Delegation::to("inner"));
        sim.delegate("targets", Delegation::to("other\u{1b}[31m").paths(["else"]));
        let (fifth, fortieth) = (sim.day(5), sim.day(40));
        sim.targets_of("release").expires = fifth;
        sim.targets_of("inner").expires = fortieth;
        sim.add_target("inner", "deep", b"deep").add_target("other\u{1b}[31m", "else", b"else");
    });
    fixture.run(&["update"], DAY_1).succeeds();
    fixture
}

fn roles(report: &Value) -> Vec<String> {
    let roles = report["roles"].as_array().unwrap().iter();
    roles.map(|role| format!("{} {}", role["role"].as_str().unwrap(), role["verdict"].as_str().unwrap())).collect()
}

#[test]
fn less_time_left_than_to_warn_is_a_warning_and_no_failure() {
    let fixture = updated();
    fixture.run(&["status", "--warn", "7d"], WEEK_BEFORE).succeeds();
    let warned = fixture.run(&["status", "--warn", "7d"], LESS_THAN_A_WEEK_BEFORE);
    assert_eq!(warned.status, 0);
    let warning = "timestamp expires at 2030-01-08T00:00:00Z (6 days left)\n";
    assert!(warned.stderr.starts_with("warning: ") && warned.stderr.ends_with(warning), "{}", warned.stderr);
    fixture.run(&["status"], LESS_THAN_A_WEEK_BEFORE).succeeds();
    let report = fixture.run(&["status", "--warn", "7d", "--json"], LESS_THAN_A_WEEK_BEFORE).json();
    assert_eq!((&report["verdict"], &report["fresh"]), (&"warn".into(), &true.into()));
    assert_eq!(roles(&report), ["root fine", "timestamp warn", "snapshot fine", "targets fine"]);
}

#[test]
fn less_time_left_than_to_fail_is_a_failure() {
    let fixture = updated();
    let both: &[&str] = &["status", "--warn", "7d", "--fail", "2d"];
    assert_eq!(fixture.run(both, "2030-01-06T00:00:00Z").status, 0);
    let failed = fixture.run(both, "2030-01-06T00:00:01Z");
    assert_eq!(failed.status, 1);
    let lines: Vec<&str> = failed.stderr.lines().collect();
    assert!(
        lines[0].starts_with("error: ") && lines[0].ends_with("has less time left than --fail allows"),
        "{lines:?}"
    );
    assert_eq!(lines[1], "  check: timestamp expires at 2030-01-08T00:00:00Z (1 days left)");
    assert_eq!(lines.len(), 3);
    assert!(failed.stdout.contains("timestamp"), "what is there is told all the same");
}

#[test]
fn the_exit_status_is_what_was_asked_for() {
    let fixture = updated();
    let nagios: &[&str] = &["status", "--warn", "7d", "--fail", "2d", "--warn-status", "1", "--fail-status", "2"];
    for (at, status) in [
        (WEEK_BEFORE, 0),
        (LESS_THAN_A_WEEK_BEFORE, 1),
        ("2030-01-06T00:00:00Z", 1),
        ("2030-01-06T00:00:01Z", 2),
        (DAY_8, 2),
    ] {
        assert_eq!(fixture.run(nagios, at).status, status, "{at}");
    }
    std::fs::remove_file(fixture.copy().join("timestamp.json")).unwrap();
    assert_eq!(fixture.run(nagios, WEEK_BEFORE).status, 2);
    assert_eq!(fixture.run(&["status", "--fail-status", "0"], WEEK_BEFORE).status, 2, "wrong usage");
}

#[test]
fn delegated_roles_are_looked_at_as_soon_as_the_copy_has_them() {
    let fixture = delegated();
    let report = |at| fixture.run(&["status", "--json", "--warn", "3d"], at);
    assert_eq!(roles(&report(DAY_1).json()), ["root fine", "timestamp fine", "snapshot fine", "targets fine"]);
    fixture.run(&["get", "deep"], DAY_1).succeeds();
    let all = ["root fine", "timestamp fine", "snapshot fine", "targets fine", "inner fine", "release fine"];
    assert_eq!(roles(&report("2030-01-03T00:00:00Z").json()), all);
    let warned = report("2030-01-03T00:00:01Z");
    assert_eq!((warned.status, &roles(&warned.json())[5]), (0, &"release warn".to_owned()));
    let failed = report("2030-01-06T00:00:00Z");
    assert_eq!((failed.status, &roles(&failed.json())[5]), (1, &"release fail".to_owned()));
    assert!(failed.stderr.contains("release expired at 2030-01-06T00:00:00Z"), "{}", failed.stderr);
}

#[test]
fn a_delegated_role_counts_only_as_its_delegator_has_signed_it() {
    let fixture = delegated();
    fixture.run(&["get", "deep"], DAY_1).succeeds();
    let path = fixture.copy().join("release.json");
    let changed = std::fs::read_to_string(&path).unwrap().replace("2030-01-06", "2040-01-06");
    std::fs::write(&path, changed).unwrap();
    let report = fixture.run(&["status", "--json"], DAY_1).succeeds().json();
    // What only it delegates to is not vouched for either.
    assert_eq!(roles(&report), ["root fine", "timestamp fine", "snapshot fine", "targets fine"]);
}

#[test]
fn a_role_s_name_cannot_move_the_cursor() {
    let fixture = delegated();
    fixture.run(&["get", "else"], DAY_1).succeeds();
    let output = fixture.run(&["status", "--fail", "365d"], DAY_1);
    assert!(output.stdout.contains("  other\\u{1b}[31m") && !output.stdout.contains('\u{1b}'), "{}", output.stdout);
    assert!(!output.stderr.contains('\u{1b}'), "{}", output.stderr);
}

#[test]
fn windows_that_open_or_close_soon_are_told_and_closing_ones_are_warned_of_where_that_is_asked_for() {
    let closing = TRUSTED_ROOT.replace(
        r#""start": "2029-12-31T00:00:01Z""#,
        r#""start": "2030-01-03T00:00:00Z", "end": "2030-01-05T00:00:00Z""#,
    );
    let fixture = ClientFixture::with(|sim| _ = sim.add_target("targets", "trusted_root.json", closing.as_bytes()));
    fixture.run(&["update"], DAY_1).succeeds();
    let opens = "the window of the transparency log https://new.example opens at 2030-01-03T00:00:00Z (1 days left)";
    let closes = "the window of the transparency log https://new.example closes at 2030-01-05T00:00:00Z (3 days left)";
    let output = fixture.run(&["status"], DAY_1).succeeds().stdout;
    assert!(output.contains(opens) && output.contains(closes) && !output.contains("old.example"), "{output}");
    for (warn, windows, warnings) in [("86399s", 0, 0), ("1d", 1, 0), ("259199s", 1, 0), ("3d", 2, 1)] {
        let output = fixture.run(&["status", "--json", "--warn", warn], DAY_1);
        let report = output.json();
        assert_eq!(output.status, 0);
        assert_eq!(report["windows"].as_array().unwrap().len(), windows, "{warn}: {report}");
        assert_eq!(output.stderr.lines().count(), warnings, "{warn}: {}", output.stderr);
        assert_eq!(report["verdict"], if warnings > 0 { "warn" } else { "fine" });
    }
    // From the instant on at which it opens it is no news.
    let report = fixture.run(&["status", "--json"], "2030-01-03T00:00:00Z").succeeds().json();
    assert_eq!(report["windows"][0]["change"], "closes");
    assert_eq!(report["windows"].as_array().unwrap().len(), 1);
}

#[test]
fn status_says_when_it_was_last_checked() {
    let fixture = updated();
    let output = fixture.run(&["status"], DAY_1).succeeds().stdout;
    assert!(output.ends_with(&format!("  last checked at {WEEK_BEFORE}\n")), "{output}");
    assert_eq!(fixture.run(&["status", "--json"], DAY_1).json()["checked_at"], WEEK_BEFORE);
    std::fs::remove_file(fixture.copy().join("last_check")).unwrap();
    assert_eq!(fixture.run(&["status", "--json"], DAY_1).json()["checked_at"], Value::Null);
}

#[test]
fn a_copy_without_its_trust_root_is_no_less_verified() {
    let fixture = updated();
    std::fs::remove_dir_all(fixture.copy().join("targets")).unwrap();
    let report = fixture.run(&["status", "--json"], DAY_1).succeeds().json();
    assert_eq!((&report["verified"], &report["windows"]), (&true.into(), &serde_json::json!([])));
}

/// The lines of a metric.
fn series<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!("{name}{{");
    text.lines().filter(|line| line.starts_with(&begin)).collect()
}

#[test]
fn prometheus_is_told_of_every_role_and_window_and_of_the_last_check() {
    let fixture = delegated();
    fixture.run(&["get", "deep"], DAY_1).succeeds();
    let output = fixture.run(&["status", "--prometheus"], DAY_1).succeeds().stdout;
    let expiries = series(&output, "rootline_role_expiry_timestamp_seconds");
    assert_eq!(expiries.len(), 6);
    assert!(expiries.iter().any(|line| line.ends_with(",role=\"timestamp\"} 1894060800")), "{output}");
    assert!(expiries.iter().any(|line| line.ends_with(",role=\"release\"} 1893888000")), "{output}");
    assert!(
        series(&output, "rootline_role_version").iter().any(|line| line.ends_with(",role=\"timestamp\"} 2")),
        "{output}"
    );
    assert!(series(&output, "rootline_last_check_timestamp_seconds")[0].ends_with("\"} 1893542400"), "{output}");
    assert!(series(&output, "rootline_verified")[0].ends_with("\"} 1"), "{output}");
    assert_eq!(series(&output, "rootline_window_start_timestamp_seconds").len(), 2);
    assert_eq!(series(&output, "rootline_window_end_timestamp_seconds").len(), 1);
    // Each metric in one piece, with what it is before it.
    let mut named: Vec<&str> = Vec::new();
    for line in output.lines() {
        let name = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
        let name = name.split([' ', '{']).next().unwrap();
        if named.last() != Some(&name) {
            assert!(line.starts_with("# HELP ") && !named.contains(&name), "{line}");
            named.push(name);
        }
    }
    assert_eq!(named.len(), 6);
}

#[test]
fn prometheus_is_told_that_a_copy_does_not_verify() {
    let fixture = updated();
    std::fs::write(fixture.copy().join("snapshot.json"), "{}").unwrap();
    let output = fixture.run(&["status", "--prometheus"], DAY_1);
    assert_eq!(output.status, 1);
    assert_eq!(series(&output.stdout, "rootline_verified").len(), 1);
    assert!(output.stdout.trim_end().ends_with("\"} 0") && output.stderr.starts_with("error: "), "{}", output.stdout);
}

/// The program with a configuration and a cache below the fixture's folder.
fn run(fixture: &ClientFixture, arguments: &[&str]) -> Output {
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").env("NO_COLOR", "1").args(arguments).args(["--at", DAY_1]);
    program.env("ROOTLINE_CONFIG", fixture.path("config")).env("ROOTLINE_CACHE", fixture.path("cache"));
    Output::of(&mut program)
}

#[test]
fn all_instances_that_are_known_by_name_are_looked_at_together() {
    let fixture = ClientFixture::new();
    let none = run(&fixture, &["status", "--all"]);
    assert_eq!((none.status, none.stdout.as_str()), (0, ""));
    assert!(none.stderr.starts_with("warning: the cache is empty"), "{}", none.stderr);
    let text = |name| fixture.path(name).to_str().unwrap().to_owned();
    let (targets, root) = (text("targets"), text("metadata/1.root.json"));
    let init = |name, url: &str, more: &[&str]| {
        let options = ["instance", "add", "--name", name, "--url", url, "--targets-url", &targets, "--root", &root];
        run(&fixture, &[&options[..], more].concat()).succeeds();
    };
    init("one", &text("metadata"), &[]);
    let report = run(&fixture, &["status", "--all", "--json"]).succeeds().json();
    assert_eq!(report["instances"].as_array().unwrap().len(), 1);
    // One that was never updated has been asked for, so that it fails; the other is told of all the same.
    init("two", &text("elsewhere"), &["--no-check"]);
    let report = run(&fixture, &["status", "--all", "--json"]);
    assert_eq!(report.status, 1);
    let instances = report.json()["instances"].as_array().unwrap().clone();
    let verdicts: Vec<(&Value, &Value)> = instances.iter().map(|one| (&one["instance"], &one["verdict"])).collect();
    assert_eq!(verdicts, [(&"one".into(), &"fine".into()), (&"two".into(), &"fail".into())]);
    assert!(instances[1]["error"]["hint"].as_str().unwrap().contains("rootline update"), "{instances:?}");
    let output = run(&fixture, &["status", "--all", "--prometheus"]).stdout;
    assert_eq!(
        series(&output, "rootline_verified"),
        ["rootline_verified{instance=\"one\"} 1", "rootline_verified{instance=\"two\"} 0"]
    );
}
