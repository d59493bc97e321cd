//! The options of `rootline` that say how much a repository may ask of us, each from both sides of its limit.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use rootline_metadata::json::MAX_BYTES;
use rootline_tests::binaries::rootline;
use rootline_tests::large_repository::{CONTENT, Listing, WANTED, large_repository};
use rootline_tests::simulator::{Delegation, Simulator};

const DAY_1: &str = "2030-01-02T00:00:00Z";

/// `rootline get` of one target, from nothing, with these limits.
fn get(repository: &Simulator, target: &str, limits: &[String]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    repository.files().write_to(folder.path()).unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").args(["get", target, "--at", DAY_1]).args(limits);
    program.arg("--url").arg(path("metadata")).arg("--targets-url").arg(path("targets"));
    program.arg("--root").arg(path("metadata/1.root.json")).arg("--cache").arg(path("cache"));
    program.output().unwrap()
}

#[test]
fn a_file_as_long_as_its_limit_is_taken_and_one_byte_more_is_refused_with_the_option_that_lets_it_through() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("team"));
    sim.add_target("team", "a.txt", b"the content of a");
    sim.publish();
    let longest_targets = ["2.targets.json", "1.team.json"].map(|name| sim.files().metadata(name).unwrap().len());
    let lengths = [
        ("--max-root-bytes", sim.files().metadata("1.root.json").unwrap().len()),
        ("--max-snapshot-bytes", sim.files().metadata("2.snapshot.json").unwrap().len()),
        ("--max-targets-bytes", longest_targets.into_iter().max().unwrap()),
        ("--max-target-bytes", b"the content of a".len()),
        ("--max-timestamp-bytes", sim.files().metadata("timestamp.json").unwrap().len()),
    ];
    for (option, length) in lengths {
        let taken = get(&sim, "a.txt", &[format!("{option}={length}")]);
        assert_eq!(taken.status.code(), Some(0), "{option}: {}", String::from_utf8_lossy(&taken.stderr));
        assert_eq!(taken.stdout, b"the content of a", "{option}");

        let refused = get(&sim, "a.txt", &[format!("{option}={}", length - 1)]);
        let complaint = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{option}: {complaint}");
        assert!(refused.stdout.is_empty(), "{option}");
        let hint = complaint.lines().find(|line| line.trim_start().starts_with("hint:")).unwrap_or_default();
        // How long a timestamp is, nobody states beforehand: it is the transport that stops reading.
        let named = if option == "--max-timestamp-bytes" { "Limits" } else { option };
        assert!(hint.contains(named), "{option}: {complaint}");
    }
}

#[test]
fn a_search_asks_as_many_roles_as_it_may_and_no_more() {
    let mut sim = Simulator::default();
    for role in ["first", "second", "third"] {
        sim.delegate("targets", Delegation::to(role));
    }
    sim.add_target("third", "a.txt", b"the content of a");
    sim.publish();
    let with = |most: u32| get(&sim, "a.txt", &[format!("--max-delegations={most}")]);
    assert_eq!(with(3).status.code(), Some(0), "{}", String::from_utf8_lossy(&with(3).stderr));
    let refused = with(2);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the search stopped at its limit"));
}

#[test]
fn one_refresh_takes_as_many_new_roots_as_it_may_and_the_next_one_goes_on_from_there() {
    let mut sim = Simulator::default();
    sim.publish_root().publish_root().publish_root();
    let folder = tempfile::tempdir().unwrap();
    let server = sim.files().serve();
    let tuf = |arguments: &[&str]| {
        let mut program = Command::new(rootline());
        program.arg("tuf").arg("--metadata-dir").arg(folder.path().join("copy")).args(arguments);
        program.output().unwrap()
    };
    sim.files().write_to(folder.path()).unwrap();
    let root = folder.path().join("metadata/1.root.json");
    assert_eq!(tuf(&["init", root.to_str().unwrap()]).status.code(), Some(0));
    let url = server.metadata_url();
    for root in [3, 4] {
        // The clock of this machine is before or after the simulator's days; what matters is which roots are kept.
        tuf(&["--max-root-rotations=2", "--metadata-url", &url, "refresh"]);
        let kept = |version: u64| folder.path().join(format!("copy/root_history/{version}.root.json")).exists();
        assert!(kept(root), "root {root} is kept");
        assert!(!kept(root + 1), "root {} is not", root + 1);
    }
}

#[test]
fn a_role_beyond_the_usual_limit_is_refused_by_default_and_read_when_it_is_allowed() {
    let sim = large_repository(Listing::OneRole, 40_000);
    let length = sim.files().metadata("2.targets.json").unwrap().len();
    assert!(length > 5_000_000);
    let refused = get(&sim, WANTED, &[]);
    assert_eq!(refused.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&refused.stderr);
    assert!(complaint.contains(&format!("{length} bytes, more than the 5000000 allowed here")), "{complaint}");
    let read = get(&sim, WANTED, &[format!("--max-targets-bytes={length}")]);
    assert_eq!(read.status.code(), Some(0), "{}", String::from_utf8_lossy(&read.stderr));
    assert_eq!(read.stdout, CONTENT);
}

#[test]
fn limits_that_no_file_could_meet_are_wrong_usage() {
    let sim = Simulator::default();
    for option in ["--max-root-bytes", "--max-timestamp-bytes", "--max-snapshot-bytes", "--max-targets-bytes"] {
        for (limit, status) in [(0, 2), (1, 1), (MAX_BYTES, 1), (MAX_BYTES + 1, 2)] {
            let output = get(&sim, "no-such-target", &[format!("{option}={limit}")]);
            assert_eq!(output.status.code(), Some(status), "{option}={limit}");
        }
    }
}

#[test]
fn the_help_states_the_limits_that_apply() {
    let usual = rootline_client::Limits::default();
    let help = Command::new(rootline()).args(["update", "--help"]).env("COLUMNS", "1000").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    // A default may begin the next line.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let defaults = [
        ("--max-root-bytes", usual.root),
        ("--max-timestamp-bytes", usual.timestamp),
        ("--max-snapshot-bytes", usual.snapshot),
        ("--max-targets-bytes", usual.targets),
        ("--max-target-bytes", usual.target),
        ("--max-root-rotations", u64::from(usual.root_rotations)),
        ("--max-delegations", usual.delegations as u64),
    ];
    let in_the_help: BTreeSet<&str> = help.split(' ').filter(|word| word.starts_with("--max-")).collect();
    let mut listed: BTreeSet<&str> = defaults.iter().map(|(option, _)| *option).collect();
    // How old a copy may be is no limit of the repository's.
    listed.insert("--max-age");
    assert_eq!(in_the_help, listed, "each option has its default in this table");
    for (option, default) in defaults {
        let (_, after) = help.split_once(option).unwrap_or_else(|| panic!("{option} is missing: {help}"));
        let stated = after.split("[default: ").nth(1).and_then(|text| text.split(']').next());
        assert_eq!(stated, Some(default.to_string().as_str()), "{option}");
    }
}

#[test]
fn nothing_is_kept_of_a_repository_that_asks_too_much() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Simulator::default();
    sim.files().write_to(folder.path()).unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").args(["update", "--at", DAY_1, "--max-timestamp-bytes=10"]);
    program.arg("--url").arg(path("metadata")).arg("--root").arg(path("metadata/1.root.json"));
    let refused = program.arg("--cache").arg(path("cache")).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(named(&path("cache"), "timestamp.json"), 0);
}

/// How many files below `folder` have that name.
fn named(folder: &Path, name: &str) -> usize {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { named(&path, name) } else { usize::from(path.ends_with(name)) }).sum()
}

/// What has no length and does not end, by whatever option it is named; a pipe, as shells make of a command, is read like a file.
#[cfg(unix)]
#[test]
fn what_does_not_end_is_read_as_far_as_its_limit_and_a_pipe_to_its_end() {
    let mut sim = Simulator::default();
    sim.add_target("targets", "a.txt", b"the content of a");
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    sim.files().write_to(folder.path()).unwrap();
    let run = |arguments: &[&str]| {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").current_dir(folder.path()).args(arguments);
        program.output().unwrap()
    };
    let source = ["--at", DAY_1, "--cache", "cache", "--url", "metadata", "--targets-url", "targets"];
    let get = |more: &[&str]| run(&[&["get", "a.txt"], &source[..], more].concat());
    for arguments in [vec!["--root", "/dev/zero"], vec!["--root", "metadata/1.root.json", "--header", "@/dev/zero"]] {
        let output = get(&arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {complaint}");
        assert!(complaint.contains("/dev/zero"), "{arguments:?}: {complaint}");
    }
    for arguments in [
        vec!["bundle", "inspect", "/dev/zero"],
        vec!["tuf", "--metadata-dir", "made", "init", "/dev/zero"],
        vec!["mirror", "made", "--url", "metadata", "--root", "metadata/1.root.json", "--oldest-root", "/dev/zero"],
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // The bytes come from another process, and nobody knows how many there are.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let root = sim.root_bytes(1);
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, root)
    });
    let output = get(&["--root", "pipe"]);
    writer.join().unwrap().unwrap();
    assert_eq!(output.stdout, b"the content of a", "{}", String::from_utf8_lossy(&output.stderr));
}
