//! Repositories that `rootline` knows by name, and their mirrors.

use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1, DAY_8, TRUSTED_ROOT};
use rootline_tests::fixtures::output::Output;
use rootline_tests::folder::copy_folder;
use rootline_tests::simulator::{Files, Key, Role, Simulator};
use serde_json::Value;

/// The program as a user runs it who has a configuration and a cache.
fn run(fixture: &ClientFixture, arguments: &[&str]) -> Output {
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").env("NO_COLOR", "1").args(arguments);
    program.env("ROOTLINE_CONFIG", fixture.path("config")).env("ROOTLINE_CACHE", fixture.path("cache"));
    Output::of(&mut program)
}

/// `instance add` of the fixture's repository, with these options besides.
fn init(fixture: &ClientFixture, name: &str, more: &[&str]) -> Output {
    let text = |name| fixture.path(name).to_str().unwrap().to_owned();
    let (url, targets) = (text("metadata"), text("targets"));
    let all =
        [&["instance", "add", "--name", name, "--at", DAY_1, "--url", &url, "--targets-url", &targets], more].concat();
    run(fixture, &all)
}

fn root(fixture: &ClientFixture) -> String {
    fixture.path("metadata/1.root.json").to_str().unwrap().to_owned()
}

fn digest_of_root(fixture: &ClientFixture) -> String {
    let bytes = std::fs::read(fixture.path("metadata/1.root.json")).unwrap();
    rootline_metadata::hex::encode(&rootline_metadata::sha256(&bytes))
}

/// Everything below a folder, by its path there.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut to_read = vec![folder.to_owned()];
    while let Some(next) = to_read.pop() {
        for entry in next.read_dir().into_iter().flatten().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => to_read.push(entry.path()),
                false => found.push((
                    entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned(),
                    std::fs::read(entry.path()).unwrap(),
                )),
            }
        }
    }
    found.sort();
    found
}

/// Copies the fixture's repository to another place, where its targets are below `targets/`.
fn mirror(fixture: &ClientFixture, name: &str) -> String {
    let folder = fixture.path(name);
    copy_folder(&fixture.path("metadata"), &folder);
    copy_folder(&fixture.path("targets"), &folder.join("targets"));
    folder.to_str().unwrap().to_owned()
}

#[test]
fn where_the_repository_fails_its_mirrors_are_tried_in_their_order_and_those_that_fail_are_named() {
    let fixture = ClientFixture::new();
    let mirror = mirror(&fixture, "mirror");
    let none = fixture.path("nothing here");
    std::fs::remove_file(fixture.path("metadata/timestamp.json")).unwrap();
    let output = fixture.run(&["update", "--mirror", none.to_str().unwrap(), "--mirror", &mirror], DAY_1);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let warnings: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let left = |place: &Path| format!("warning: left the mirror {}: ", place.display());
    assert!(warnings[0].starts_with(&left(&fixture.path("metadata"))), "{warnings:?}");
    assert!(warnings[1].starts_with(&left(&none)), "{warnings:?}");
}

#[test]
fn a_copy_made_by_way_of_a_mirror_is_the_copy_of_the_repository() {
    let fixture = ClientFixture::new();
    let mirror = mirror(&fixture, "mirror");
    fixture.run(&["update", "--mirror", &mirror], DAY_1).succeeds();
    fixture.run(&["status"], DAY_1).succeeds();
    fixture.copy();
}

#[test]
fn a_repository_that_is_known_by_name_is_used_by_that_name() {
    let fixture = ClientFixture::new();
    let output = init(&fixture, "example", &["--root", &root(&fixture)]).succeeds().stdout;
    assert!(output.contains("added example: ") && output.contains(&digest_of_root(&fixture)), "{output}");
    assert!(output.ends_with(&format!("verified from this root at {DAY_1}\n")), "{output}");
    let shown = run(&fixture, &["show", "--instance", "example", "--at", DAY_1]).succeeds().stdout;
    assert!(shown.starts_with("trusted by example at "), "{shown}");
    // The check has left a cache.
    run(&fixture, &["status", "--instance", "example", "--at", DAY_1]).succeeds();
    let listed = run(&fixture, &["instance", "list"]).succeeds().stdout;
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["sigstore", "sigstore-staging", "github", "example"]);
    assert_eq!(listed.matches("(built in)").count(), 3);
}

#[test]
fn what_is_known_already_is_no_failure_and_another_of_that_name_is_not_taken() {
    let fixture = ClientFixture::new();
    let same: &[&str] = &["--root", &root(&fixture)];
    init(&fixture, "example", same).succeeds();
    let before = files(&fixture.path("config"));
    assert!(init(&fixture, "example", same).succeeds().stdout.starts_with("example is already registered"));
    let other = init(&fixture, "example", &[same, &["--mirror", "https://mirror.example"]].concat());
    assert_eq!(other.status, 1);
    assert!(other.stderr.starts_with("error: another instance is already named \"example\""), "{}", other.stderr);
    assert!(other.stderr.contains("rootline instance remove example"), "{}", other.stderr);
    assert_eq!(files(&fixture.path("config")), before);
}

#[test]
fn nothing_is_kept_of_a_root_or_a_repository_that_does_not_verify() {
    let fixture = ClientFixture::new();
    let text = std::fs::read_to_string(root(&fixture)).unwrap();
    let changed = fixture.path("changed.json");
    std::fs::write(&changed, text.replace("2031-01-01", "2041-01-01")).unwrap();
    let refused = init(&fixture, "example", &["--root", changed.to_str().unwrap(), "--no-check"]);
    refused.is_refused("1.root.json is not signed by enough of its own root keys", "TUF 5.2 (wrong pinned root)");
    let refused = init(&fixture, "example", &["--root", &root(&fixture), "--root-sha256", &"0".repeat(64)]);
    assert!(refused.stderr.starts_with("error: the SHA-256 of this root is "), "{}", refused.stderr);
    let none = init(&fixture, "example", &["--root", "no such file"]);
    assert_eq!(none.status, 1);
    // The repository has expired, which is seen unless it is not to be tried.
    let (url, root) = (fixture.path("metadata"), root(&fixture));
    let all = ["instance", "add", "--name", "example", "--url", url.to_str().unwrap(), "--root", &root, "--at", DAY_8];
    run(&fixture, &all).is_refused("timestamp.json expired", "TUF 5.4.4 (freeze)");
    assert_eq!(files(&fixture.path("config")), []);
    run(&fixture, &[&all[..], &["--no-check"]].concat()).succeeds();
}

#[test]
fn a_root_is_fetched_only_against_its_digest() {
    let fixture = ClientFixture::new();
    let bytes = std::fs::read(root(&fixture)).unwrap();
    let mut files_there = Files::default();
    files_there.set_metadata("7.root.json", bytes);
    let server = files_there.serve();
    let url = format!("{}/7.root.json", server.metadata_url().trim_end_matches('/'));
    let without = init(&fixture, "example", &["--root-url", &url]);
    assert_eq!(without.status, 2, "{}", without.stderr);
    assert_eq!(init(&fixture, "example", &[]).status, 2);
    let right = digest_of_root(&fixture);
    let wrong = right.replace(&right[..1], if right.starts_with('0') { "1" } else { "0" });
    let refused = init(&fixture, "example", &["--root-url", &url, "--root-sha256", &wrong]);
    assert!(refused.stderr.contains("not the given one"), "{}", refused.stderr);
    assert_eq!(files(&fixture.path("config")), []);
    for digest in ["", "00", &"g".repeat(64)] {
        assert_eq!(init(&fixture, "example", &["--root-url", &url, "--root-sha256", digest]).status, 2);
    }
    init(&fixture, "example", &["--root-url", &url, "--root-sha256", &right.to_uppercase()]).succeeds();
}

#[test]
fn mirrors_are_remembered_and_used() {
    let fixture = ClientFixture::new();
    let mirror = mirror(&fixture, "mirror");
    init(&fixture, "example", &["--root", &root(&fixture), "--mirror", &mirror]).succeeds();
    std::fs::remove_file(fixture.path("metadata/timestamp.json")).unwrap();
    let output = run(&fixture, &["update", "--instance", "example", "--at", DAY_1]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.stderr.starts_with("warning: left the mirror "), "{}", output.stderr);
    let shown: Value = run(&fixture, &["instance", "show", "example", "--json"]).succeeds().json();
    assert_eq!(shown["mirrors"], serde_json::json!([mirror]));
    assert_eq!(shown["root_sha256"], digest_of_root(&fixture));
    assert_eq!(shown["cache"], fixture.copy().to_str().unwrap());
}

#[test]
fn a_name_leads_nowhere_else_and_shadows_nothing() {
    let fixture = ClientFixture::new();
    for name in ["../x", "/abs", "a/b", ".x", "", "X", "sigstore", "github", "con"] {
        assert_eq!(init(&fixture, name, &["--root", &root(&fixture)]).status, 2, "{name}");
    }
    std::fs::create_dir_all(fixture.path("outside")).unwrap();
    std::fs::write(fixture.path("outside/instance.toml"), "").unwrap();
    let outside = run(&fixture, &["status", "--instance", "../../outside"]);
    assert!(outside.stderr.starts_with("error: there is no instance \"../../outside\""), "{}", outside.stderr);
    // Somebody puts one there by hand.
    init(&fixture, "example", &["--root", &root(&fixture)]).succeeds();
    let folder = fixture.path("config/instances");
    std::fs::rename(folder.join("example"), folder.join("sigstore")).unwrap();
    let shown = run(&fixture, &["instance", "show", "sigstore"]).succeeds().stdout;
    assert!(shown.contains("https://tuf-repo-cdn.sigstore.dev"), "{shown}");
    assert_eq!(run(&fixture, &["instance", "list"]).succeeds().stdout.lines().count(), 3);
}

#[test]
fn for_a_url_that_cannot_be_used_nothing_is_made() {
    let fixture = ClientFixture::new();
    for option in ["--url", "--targets-url", "--mirror"] {
        for bad in ["ftp://h", "//h", "http://h ", "http://h?token=x"] {
            let good = ["--url", "http://127.0.0.1:1", "--targets-url", "http://127.0.0.1:1"];
            let arguments: Vec<&str> = match option {
                "--mirror" => [&good[..], &["--mirror", bad]].concat(),
                _ => good.chunks(2).flat_map(|pair| [pair[0], if pair[0] == option { bad } else { pair[1] }]).collect(),
            };
            let output = run(&fixture, &[&["update", "--root", &root(&fixture)], &arguments[..]].concat());
            assert!(output.status == 1 && output.stderr.contains(" cannot be used: "), "{option} {bad}: {output:?}");
            assert!(!fixture.path("cache").exists(), "{option} {bad}");
        }
    }
}

#[test]
fn a_configuration_that_was_changed_is_refused_with_its_line() {
    let fixture = ClientFixture::new();
    init(&fixture, "example", &["--root", &root(&fixture)]).succeeds();
    let path = fixture.path("config/instances/example/instance.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    for (text, what) in [
        (format!("{good}timeout = 3\n"), ":5: unknown field `timeout`"),
        (good.replacen("metadata_url", "metadataurl", 1), ":2: unknown field `metadataurl`"),
        (good.replace("metadata_url = ", "# "), ": missing field `metadata_url`"),
        (good.replace("format = 1", "format = 0"), ":1: a format is a number, 1 or more"),
        (format!("{good}[[mirror]]\nmetadata_url = 3\n"), ":6: invalid type"),
    ] {
        std::fs::write(&path, text).unwrap();
        let refused = run(&fixture, &["status", "--instance", "example"]);
        assert!(refused.status == 1 && refused.stderr.contains(what), "{what}: {}", refused.stderr);
    }
    std::fs::write(&path, &good).unwrap();
    std::fs::write(fixture.path("config/instances/example/root.json"), "{}").unwrap();
    let refused = run(&fixture, &["status", "--instance", "example"]);
    assert!(refused.stderr.contains("root.json does not match its digest"), "{}", refused.stderr);
    // It does not stand in the way of the others.
    let listed = run(&fixture, &["instance", "list"]);
    assert_eq!((listed.status, listed.stdout.lines().count()), (0, 3));
    assert!(listed.stderr.starts_with("warning: "), "{}", listed.stderr);
}

#[test]
fn only_what_was_made_known_can_be_removed_and_its_copy_stays() {
    let fixture = ClientFixture::new();
    init(&fixture, "example", &["--root", &root(&fixture)]).succeeds();
    let copy = files(&fixture.path("cache"));
    std::fs::write(fixture.path("config/instances/example/notes.txt"), "mine").unwrap();
    run(&fixture, &["instance", "remove", "example"]).succeeds();
    assert_eq!(files(&fixture.path("config")), [("instances/example/notes.txt".to_owned(), b"mine".to_vec())]);
    assert_eq!(files(&fixture.path("cache")), copy);
    for (name, what) in [("example", "there is no instance"), ("github", "github is built in")] {
        let refused = run(&fixture, &["instance", "remove", name]);
        assert!(refused.status == 1 && refused.stderr.contains(what), "{}", refused.stderr);
    }
}

#[test]
fn its_copy_goes_too_where_that_is_said() {
    let fixture = ClientFixture::new();
    init(&fixture, "example", &["--root", &root(&fixture)]).succeeds();
    let other = mirror(&fixture, "other");
    run(&fixture, &["update", "--at", DAY_1, "--url", &other, "--root", &root(&fixture)]).succeeds();
    let output = run(&fixture, &["instance", "remove", "example", "--with-cache"]).succeeds().stdout;
    assert!(output.starts_with("cleared metadata-") && output.ends_with("removed example\n"), "{output}");
    assert_eq!(files(&fixture.path("config")), []);
    let left: Vec<String> = files(&fixture.path("cache")).into_iter().map(|(path, _)| path).collect();
    assert!(left.iter().filter(|path| path.starts_with("metadata-")).all(|path| path.ends_with("/.lock")), "{left:?}");
    assert!(left.iter().any(|path| path.ends_with("/root.json")), "the copy of another repository stays: {left:?}");
}

#[test]
fn a_copy_that_two_names_share_stays_until_the_last_of_them_goes() {
    let fixture = ClientFixture::new();
    for name in ["one", "two"] {
        init(&fixture, name, &["--root", &root(&fixture)]).succeeds();
    }
    let before = files(&fixture.path("cache"));
    let listed = run(&fixture, &["cache", "list"]).succeeds().stdout;
    assert_eq!(listed.matches("  instance      ").count(), 2, "{listed}");
    let output = run(&fixture, &["instance", "remove", "one", "--with-cache"]).succeeds().stdout;
    assert!(output.starts_with("kept metadata-") && output.contains(": two is of the same repository\n"), "{output}");
    assert_eq!(files(&fixture.path("cache")), before);
    let output = run(&fixture, &["instance", "remove", "two", "--with-cache"]).succeeds().stdout;
    assert!(output.starts_with("cleared metadata-"), "{output}");
}

/// A site that pins a newer root, as each release of rootline does for its built-in instances.
#[test]
fn an_instance_that_is_added_again_with_a_newer_root_keeps_its_copy_and_its_floor() {
    let mut sim = Simulator::default();
    sim.add_target("targets", "trusted_root.json", TRUSTED_ROOT.as_bytes()).publish();
    let fixture = ClientFixture::new();
    let write = |sim: &Simulator| sim.files().write_to(&fixture.path("")).unwrap();
    write(&sim);
    let old = sim.clone();
    sim.publish_root().publish();
    write(&sim);
    init(&fixture, "site", &["--root", &root(&fixture)]).succeeds();
    run(&fixture, &["instance", "remove", "site"]).succeeds();
    let newer = fixture.path("metadata/2.root.json").to_str().unwrap().to_owned();
    init(&fixture, "site", &["--root", &newer, "--no-check"]).succeeds();
    run(&fixture, &["show", "--instance", "site", "--offline", "--at", DAY_1]).succeeds();
    run(&fixture, &["status", "--instance", "site", "--at", DAY_1]).succeeds();
    let listed = run(&fixture, &["cache", "list"]).succeeds().stdout;
    assert!(listed.contains("  instance      site, ") && !listed.contains("unknown"), "{listed}");
    write(&old);
    run(&fixture, &["update", "--instance", "site", "--at", DAY_1])
        .is_refused("timestamp.json went backwards", "TUF 5.4.3.1 (rollback)");
}

/// The operators begin again, and hand out the new root.
#[test]
fn a_repository_that_was_set_up_again_needs_its_new_root_and_nothing_else() {
    let fixture = ClientFixture::new();
    init(&fixture, "site", &["--root", &root(&fixture)]).succeeds();
    run(&fixture, &["instance", "remove", "site"]).succeeds();
    let first = files(&fixture.path("cache"));

    let mut sim = Simulator::default();
    sim.root.root = Role::new(2, ["new-a", "new-b"]);
    sim.root.timestamp = Role::new(1, ["new-timestamp"]);
    sim.add_target("targets", "trusted_root.json", TRUSTED_ROOT.as_bytes());
    sim.issue("root").version(1).signed_by(Key::all(["new-a", "new-b"])).publish();
    sim.timestamp.version = 0;
    sim.publish();
    sim.files().write_to(&fixture.path("")).unwrap();
    let again = init(&fixture, "site", &["--root", &root(&fixture)]);
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert!(
        again.stderr.starts_with("warning: the cache ") && again.stderr.contains("other roots"),
        "{}",
        again.stderr
    );
    assert_eq!(run(&fixture, &["update", "--instance", "site", "--at", DAY_1]).succeeds().stderr, "");

    let listed = run(&fixture, &["cache", "list"]).succeeds().stdout;
    assert_eq!(listed.matches("  verified      root 1, timestamp 1, ").count(), 1, "{listed}");
    assert_eq!(
        listed.matches("  not used      its roots are not connected with the pinned one\n").count(),
        1,
        "{listed}"
    );
    run(&fixture, &["cache", "prune"]).succeeds();
    assert_eq!(run(&fixture, &["cache", "clear", "--instance", "site"]).status, 0);
    // What the first one had seen is still there, for an instance that pins its root.
    let after = files(&fixture.path("cache"));
    assert!(first.iter().all(|file| after.contains(file)), "{after:?}");
}

#[test]
fn by_way_of_a_mirror_the_versions_of_the_instance_count() {
    let fixture = ClientFixture::new();
    let mirror = mirror(&fixture, "mirror");
    let mut sim = Simulator::default();
    sim.add_target("targets", "trusted_root.json", TRUSTED_ROOT.as_bytes()).publish().publish().publish();
    sim.files().write_to(&fixture.path("")).unwrap();
    init(&fixture, "example", &["--root", &root(&fixture)]).succeeds();
    run(&fixture, &["update", "--instance", "example", "--url", &mirror, "--at", DAY_1])
        .is_refused("timestamp.json went backwards", "TUF 5.4.3.1 (rollback)");
}

#[cfg(unix)]
#[test]
fn credentials_in_a_url_are_kept_for_the_owner_alone_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = ClientFixture::new();
    let url = "https://user:secret@tuf.example";
    let output =
        run(&fixture, &["instance", "add", "--name", "example", "--url", url, "--root", &root(&fixture), "--no-check"]);
    let listed = run(&fixture, &["instance", "list"]).succeeds();
    let shown = run(&fixture, &["instance", "show", "example", "--json"]).succeeds();
    for output in [output, listed, shown] {
        assert!(output.status == 0 && !output.stdout.contains("secret"), "{}{}", output.stdout, output.stderr);
    }
    let path = fixture.path("config/instances/example/instance.toml");
    assert!(std::fs::read_to_string(&path).unwrap().contains(url));
    for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
    }
}
