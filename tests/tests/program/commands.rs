//! The program `rootline`, as a person or a script meets it: what it prints where, its exit status, and what it leaves on disk.

use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1, DAY_8, TRUSTED_ROOT};
use rootline_tests::fixtures::output::Output;
use rootline_tests::simulator::{Simulator, set};
use serde_json::Value;

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn update_leaves_the_four_roles_and_the_trust_root_on_disk_as_they_were_served() {
    let fixture = ClientFixture::new();
    let output = fixture.run(&["update"], DAY_1).succeeds();
    assert!(output.stdout.contains("timestamp        2  2030-01-08T00:00:00Z          6"), "{}", output.stdout);
    let copy = fixture.copy();
    for (ours, theirs) in [
        ("root.json", "1.root.json"),
        ("timestamp.json", "timestamp.json"),
        ("snapshot.json", "2.snapshot.json"),
        ("targets.json", "2.targets.json"),
    ] {
        assert_eq!(read(&copy.join(ours)), read(&fixture.path("metadata").join(theirs)), "{ours}");
    }
    assert_eq!(read(&copy.join("targets/trusted_root.json")), TRUSTED_ROOT.as_bytes());
}

#[test]
fn update_tells_programs_what_it_trusts_now() {
    let fixture = ClientFixture::new();
    let report = fixture.run(&["update", "--json"], DAY_1).succeeds().json();
    assert_eq!(report["checked_at"], DAY_1);
    assert_eq!(report["targets"], serde_json::json!(["trusted_root.json"]));
    assert_eq!(report["roles"][1]["role"], "timestamp");
    assert_eq!(report["roles"][1]["version"], 2);
    assert_eq!(report["roles"][1]["days_left"], 6);
    assert_eq!(report["roles"][1]["expired"], false);
}

#[test]
fn an_expired_repository_is_refused_and_the_cache_stays() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let before = read(&fixture.copy().join("timestamp.json"));
    let what = "timestamp.json expired at 2030-01-08T00:00:00Z, 24 hours before 2030-01-09T00:00:00Z";
    fixture.run(&["update"], DAY_8).is_refused(what, "TUF 5.4.4 (freeze)");
    assert_eq!(read(&fixture.copy().join("timestamp.json")), before);
}

#[test]
fn update_without_a_cache_keeps_nothing_and_says_so() {
    let fixture = ClientFixture::new();
    let output = fixture.run(&["update", "--no-cache"], DAY_1).succeeds();
    assert!(output.stdout.contains("nothing was written to disk"), "{}", output.stdout);
    assert!(!fixture.path("cache").exists());
}

#[test]
fn update_fails_where_nothing_can_be_kept() {
    let fixture = ClientFixture::new();
    std::fs::write(fixture.path("cache"), "a file in the way").unwrap();
    let output = fixture.run(&["update"], DAY_1);
    assert_eq!(output.status, 1);
    assert!(output.stderr.contains("cache is not a folder"), "{}", output.stderr);
    assert_eq!(read(&fixture.path("cache")), b"a file in the way");
}

#[test]
fn show_goes_on_in_memory_where_nothing_can_be_kept_with_one_warning() {
    let fixture = ClientFixture::new();
    std::fs::write(fixture.path("cache"), "a file in the way").unwrap();
    let output = fixture.run(&["show"], DAY_1);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    assert!(output.stderr.starts_with("warning: ") && output.stderr.contains("going on without keeping a copy"));
    assert!(output.stdout.contains("https://new.example"));
}

#[test]
fn show_lists_what_is_trusted_at_a_time_and_not_at_another() {
    let fixture = ClientFixture::new();
    let now = fixture.run(&["show"], DAY_1).succeeds().stdout;
    assert!(now.contains("https://new.example") && !now.contains("https://old.example"), "{now}");
    for (at, old) in [("2029-12-31T00:00:00Z", true), ("2029-12-31T00:00:01Z", false)] {
        let then = fixture.run(&["show", "--trusted-at", at], DAY_1).succeeds().stdout;
        assert_eq!((then.contains("https://old.example"), then.contains("https://new.example")), (old, !old), "{then}");
    }
    let all = fixture.run(&["show", "--all", "--json"], DAY_1).succeeds().json();
    assert_eq!(all["trusted"].as_array().unwrap().len(), 2);
    assert_eq!(all["trusted"][0]["end"], "2029-12-31T00:00:00Z");
    assert_eq!(all["freshness"]["fresh_until"], "2030-01-08T00:00:00Z");
}

#[test]
fn show_without_a_network_uses_the_cache_and_only_while_it_is_fresh() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    std::fs::rename(fixture.path("metadata"), fixture.path("moved")).unwrap();
    std::fs::create_dir(fixture.path("metadata")).unwrap();
    std::fs::copy(fixture.path("moved/1.root.json"), fixture.path("metadata/1.root.json")).unwrap();
    assert!(fixture.run(&["show", "--offline"], DAY_1).succeeds().stdout.contains("https://new.example"));
    fixture.run(&["show", "--offline"], DAY_8).is_refused("timestamp.json expired at", "TUF 5.4.4 (freeze)");
    fixture.run(&["show"], DAY_1).is_refused("the repository has no timestamp.json", "TUF 5.4.1 (missing file)");
}

#[test]
fn get_writes_the_very_bytes_to_standard_output_or_below_a_folder() {
    let fixture = ClientFixture::new();
    assert_eq!(fixture.run(&["get", "dir/a file"], DAY_1).succeeds().bytes, b"content");
    let out = fixture.path("out");
    let output = fixture.run(&["get", "dir/a file", "--output", out.to_str().unwrap()], DAY_1).succeeds();
    assert_eq!(output.stdout.trim_end(), out.join("dir/a file").display().to_string());
    assert_eq!(read(&out.join("dir/a file")), b"content");
}

#[test]
fn get_refuses_what_nobody_lists_and_what_is_not_what_is_listed() {
    let fixture = ClientFixture::new();
    fixture
        .run(&["get", "missing"], DAY_1)
        .is_refused("no targets file lists target missing", "TUF 5.7.2 (unknown target)");
    for entry in fixture.path("targets/dir").read_dir().unwrap() {
        std::fs::write(entry.unwrap().path(), "CONTENT").unwrap();
    }
    let what = "target dir/a file does not have the digest sha256:";
    fixture.run(&["get", "dir/a file"], DAY_1).is_refused(what, "TUF 5.7.3 (arbitrary software)");
    let output = fixture.run(&["get", "../etc/passwd", "--output", "out"], DAY_1);
    assert_eq!(output.status, 1);
    assert!(output.stderr.contains("cannot be used as a path"), "{}", output.stderr);
}

#[test]
fn status_tells_versions_and_days_left_without_a_request_and_fails_once_something_has_expired() {
    let fixture = ClientFixture::new();
    let none = fixture.run(&["status"], DAY_1);
    assert_eq!(none.status, 1);
    assert!(none.stderr.contains("hint: run `rootline update`"), "{}", none.stderr);
    fixture.run(&["update"], DAY_1).succeeds();
    let fresh = fixture.run(&["status", "--json"], "2030-01-07T23:59:59Z").succeeds().json();
    assert_eq!((&fresh["fresh"], &fresh["roles"][1]["days_left"]), (&Value::Bool(true), &Value::from(0)));
    let stale = fixture.run(&["status", "--json"], "2030-01-08T00:00:00Z");
    assert_eq!((stale.status, &stale.json()["fresh"]), (1, &Value::Bool(false)));
    assert_eq!(stale.json()["roles"][1]["expired"], true);
}

#[test]
fn status_never_shows_a_copy_that_does_not_verify() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let timestamp = fixture.copy().join("timestamp.json");
    let changed = String::from_utf8(read(&timestamp)).unwrap().replace("2030-01-08", "2031-01-08");
    std::fs::write(&timestamp, changed).unwrap();
    let output = fixture.run(&["status"], DAY_1);
    assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{}", output.stderr);
    // The next update mends it.
    fixture.run(&["update"], DAY_1).succeeds();
    fixture.run(&["status"], DAY_1).succeeds();
}

#[test]
fn a_repository_is_named_by_what_is_trusted_not_by_a_url_alone() {
    let run = |arguments: &[&str]| {
        Output::of(
            Command::new(rootline())
                .env_remove("ROOTLINE_INSTANCE")
                .env("ROOTLINE_CONFIG", "/nonexistent")
                .args(arguments),
        )
    };
    let alone = run(&["update", "--url", "https://tuf.example"]);
    assert_eq!(alone.status, 1);
    assert!(
        alone.stderr.starts_with("error: --url needs a root to trust\n  hint: add --root FILE"),
        "{}",
        alone.stderr
    );
    let unknown = run(&["update", "--instance", "nobody"]);
    assert_eq!(unknown.status, 1);
    assert!(
        unknown.stderr.contains("hint: use one of sigstore, sigstore-staging, github, or add it"),
        "{}",
        unknown.stderr
    );
    assert_eq!(run(&["update", "--root", "x"]).status, 2);
    assert_eq!(run(&["update", "--at", "yesterday"]).status, 2);
    assert_eq!(run(&[]).status, 2);
    assert_eq!(run(&["--help"]).status, 0);
    assert_eq!(run(&["--version"]).stdout.trim_end(), concat!("rootline ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_command_tells_how_it_is_used_with_an_example() {
    for command in ["update", "show", "get", "status"] {
        let help = Output::of(Command::new(rootline()).args([command, "--help"])).succeeds().stdout;
        assert!(help.contains("Examples:\n  rootline ") && help.contains("--at <INSTANT>"), "{help}");
    }
}

#[test]
fn the_plain_client_knows_only_0_and_1() {
    let fixture = ClientFixture::new();
    let tuf = |arguments: &[&str]| {
        let mut command = Command::new(rootline());
        command.args(["tuf", "--metadata-dir"]).arg(fixture.path("plain")).args(arguments);
        Output::of(&mut command)
    };
    assert_eq!(tuf(&["frobnicate"]).status, 1);
    assert_eq!(tuf(&["refresh"]).status, 1);
    let uninitialised = tuf(&["--metadata-url", "http://127.0.0.1:9/", "refresh"]);
    assert!(uninitialised.stderr.contains("holds no trusted root"), "{}", uninitialised.stderr);
    assert_eq!(tuf(&["init", fixture.path("no such file").to_str().unwrap()]).status, 1);
    assert_eq!(tuf(&["init", fixture.path("metadata/1.root.json").to_str().unwrap()]).status, 0);
    assert_eq!(read(&fixture.path("plain/root.json")), read(&fixture.path("metadata/1.root.json")));
    assert_eq!(tuf(&["--target-name", "x", "download"]).status, 1);
}

#[test]
fn the_plain_client_keeps_no_root_that_is_not_signed_by_itself() {
    let fixture = ClientFixture::new();
    let root = String::from_utf8(read(&fixture.path("metadata/1.root.json"))).unwrap();
    let changed = root.replace("2031-01-01", "2041-01-01");
    assert_ne!(changed, root);
    std::fs::write(fixture.path("bad.json"), changed).unwrap();
    let mut command = Command::new(rootline());
    command.args(["tuf", "--metadata-dir"]).arg(fixture.path("plain")).arg("init").arg(fixture.path("bad.json"));
    Output::of(&mut command)
        .is_refused("1.root.json is not signed by enough of its own root keys", "TUF 5.2 (wrong pinned root)");
    assert!(!fixture.path("plain/root.json").exists());
}

#[test]
fn the_plain_client_downloads_in_order_stops_at_the_first_failure_and_never_fetches_twice() {
    let mut sim = Simulator::default();
    sim.never_expire();
    sim.add_target("targets", "a/first", b"1").add_target("targets", "second", b"2");
    sim.publish_root().publish();
    let mut server = sim.files().serve();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root.json"), sim.root_bytes(2)).unwrap();
    let tuf = |arguments: &[&str]| {
        let mut command = Command::new(rootline());
        command.args(["tuf", "--metadata-dir"]).arg(folder.path().join("trusted"));
        command.args(["--metadata-url", &server.metadata_url(), "--target-base-url", &server.targets_url()]);
        command.arg("--target-dir").arg(folder.path().join("targets")).args(arguments);
        Output::of(&mut command)
    };
    let init = Command::new(rootline())
        .args(["tuf", "--metadata-dir"])
        .arg(folder.path().join("trusted"))
        .arg("init")
        .arg(folder.path().join("root.json"))
        .status();
    assert!(init.unwrap().success());
    let some = ["--target-name", "a/first", "--target-name", "missing", "--target-name", "second", "download"];
    assert_eq!(tuf(&some).status, 1);
    assert_eq!(read(&folder.path().join("targets/a%2Ffirst")), b"1");
    assert!(!folder.path().join("targets/second").exists());
    let both = ["--target-name", "a/first", "--target-name", "second", "download"];
    assert_eq!(tuf(&both).status, 0);
    assert_eq!(tuf(&both).status, 0);
    let requests = server.take_requests();
    let of_targets: Vec<&String> = requests.iter().filter(|request| request.starts_with("/targets/")).collect();
    assert_eq!(of_targets.len(), 2, "{requests:?}");
}

#[test]
fn unknown_members_change_nothing_of_what_is_trusted() {
    let mut sim = Simulator::default();
    sim.issue("targets").edited(|signed| set(signed, "x-unknown", "b")).publish();
    sim.publish_snapshot();
    let folder = tempfile::tempdir().unwrap();
    sim.files().write_to(folder.path()).unwrap();
    let mut command = Command::new(rootline());
    command.args(["update", "--no-cache", "--at", DAY_1, "--url"]).arg(folder.path().join("metadata"));
    command.arg("--root").arg(folder.path().join("metadata/1.root.json"));
    Output::of(&mut command).succeeds();
}

#[test]
fn a_refusal_names_the_repository_and_the_cache() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let refused = fixture.run(&["show"], DAY_8);
    let detail = format!(
        "  check: TUF 5.4.4 (freeze), repository {}, cache {}",
        fixture.path("metadata").display(),
        fixture.copy().display()
    );
    assert_eq!(refused.stderr.lines().nth(1), Some(&*detail));
    let in_memory = fixture.run(&["update", "--no-cache"], DAY_8);
    let detail = detail.split(", cache").next();
    assert_eq!(in_memory.stderr.lines().nth(1), detail);
}

#[test]
fn what_does_not_arrive_names_the_repository_without_credentials() {
    let fixture = ClientFixture::new();
    let mut command = Command::new(rootline());
    command.env_remove("ROOTLINE_INSTANCE").args([
        "update",
        "--no-cache",
        "--url",
        "http://user:secret@127.0.0.1:1/tuf",
    ]);
    command.arg("--root").arg(fixture.path("metadata/1.root.json")).args(["--at", DAY_1]);
    let failed = Output::of(&mut command);
    assert_eq!(failed.status, 3);
    assert_eq!(failed.stderr.lines().nth(1), Some("  where: repository http://127.0.0.1:1/tuf"));
    assert!(!failed.stderr.contains("secret"), "{}", failed.stderr);
}

#[test]
fn with_json_a_program_reads_the_refusal_where_it_reads_the_result() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let refused = fixture.run(&["update", "--json"], DAY_8);
    assert_eq!(refused.status, 1);
    let error = &refused.json()["error"];
    assert_eq!(
        error,
        &serde_json::json!({
            "what": "timestamp.json expired at 2030-01-08T00:00:00Z, 24 hours before 2030-01-09T00:00:00Z",
            "role": "timestamp",
            "check": "TUF 5.4.4 (freeze)",
            "section": "5.4.4",
            "attack": "freeze",
            "trusted": "2030-01-09T00:00:00Z",
            "offered": "2030-01-08T00:00:00Z",
            "repository": fixture.path("metadata").display().to_string(),
            "cache": fixture.copy().display().to_string(),
            "hint": error["hint"],
        })
    );
    assert!(refused.stderr.starts_with("error: timestamp.json expired at"), "{}", refused.stderr);
    // What is no refusal of a check has no check.
    let usage = fixture.run(&["get", "trusted_root.json", "--json"], DAY_1);
    assert_eq!((usage.status, usage.stdout.as_str()), (2, ""));
    let absent = ClientFixture::new().run(&["show", "--json", "--offline"], DAY_1).json();
    assert!(absent["error"]["what"].is_string(), "{absent}");
}

#[test]
fn with_json_there_is_one_document_also_where_a_result_and_a_failure_meet() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let stale = fixture.run(&["status", "--json"], DAY_8);
    assert_eq!((stale.status, &stale.json()["fresh"]), (1, &Value::Bool(false)));
    assert!(stale.stderr.starts_with("error: the cache has expired"), "{}", stale.stderr);
}

/// What it shows while it asks is gone when it is done; without a terminal there is nothing of it.
#[cfg(target_os = "linux")]
#[test]
fn that_it_is_at_work_is_shown_on_a_terminal_and_nowhere_else() {
    let fixture = ClientFixture::new();
    for command in [&["update"][..], &["show"], &["get", "dir/a file"]] {
        let seen = Output::on_a_terminal(&fixture.command(command, DAY_1)).succeeds().stdout;
        assert!(seen.contains("asking "), "{seen:?}");
        assert!(!fixture.run(command, DAY_1).succeeds().stdout.contains("asking "));
    }
    let offline = Output::on_a_terminal(&fixture.command(&["show", "--offline"], DAY_1)).succeeds().stdout;
    assert!(!offline.contains("asking "), "{offline:?}");
}
