//! Repositories that `rootline` knows by name, and their mirrors.

use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::scene::{DAY_1, DAY_8, Outcome, Scene};
use rootline_tests::simulator::Files;
use serde_json::Value;

/// The program as a user runs it who has a configuration and a cache.
fn run(scene: &Scene, arguments: &[&str]) -> Outcome {
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").env("NO_COLOR", "1").args(arguments);
    program.env("ROOTLINE_CONFIG", scene.path("config")).env("ROOTLINE_CACHE", scene.path("cache"));
    Outcome::of(&mut program)
}

/// `instance add` of the scene's repository, with these options besides.
fn init(scene: &Scene, name: &str, more: &[&str]) -> Outcome {
    let text = |name| scene.path(name).to_str().unwrap().to_owned();
    let (url, targets) = (text("metadata"), text("targets"));
    let all =
        [&["instance", "add", "--name", name, "--at", DAY_1, "--url", &url, "--targets-url", &targets], more].concat();
    run(scene, &all)
}

fn root(scene: &Scene) -> String {
    scene.path("metadata/1.root.json").to_str().unwrap().to_owned()
}

fn digest_of_root(scene: &Scene) -> String {
    let bytes = std::fs::read(scene.path("metadata/1.root.json")).unwrap();
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

/// Copies the repository of the scene to another place, where its targets are below `targets/`.
fn mirror(scene: &Scene, name: &str) -> String {
    let folder = scene.path(name);
    copy(&scene.path("metadata"), &folder);
    copy(&scene.path("targets"), &folder.join("targets"));
    folder.to_str().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => _ = std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap(),
        }
    }
}

#[test]
fn where_the_repository_fails_its_mirrors_are_tried_in_their_order_and_those_that_fail_are_named() {
    let scene = Scene::new();
    let mirror = mirror(&scene, "mirror");
    let none = scene.path("nothing here");
    std::fs::remove_file(scene.path("metadata/timestamp.json")).unwrap();
    let outcome = scene.run(&["update", "--mirror", none.to_str().unwrap(), "--mirror", &mirror], DAY_1);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    let warnings: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let left = |place: &Path| format!("warning: left the mirror {}: ", place.display());
    assert!(warnings[0].starts_with(&left(&scene.path("metadata"))), "{warnings:?}");
    assert!(warnings[1].starts_with(&left(&none)), "{warnings:?}");
}

#[test]
fn a_copy_made_by_way_of_a_mirror_is_the_copy_of_the_repository() {
    let scene = Scene::new();
    let mirror = mirror(&scene, "mirror");
    scene.run(&["update", "--mirror", &mirror], DAY_1).succeeds();
    scene.run(&["status"], DAY_1).succeeds();
    scene.copy();
}

#[test]
fn a_repository_that_is_known_by_name_is_used_by_that_name() {
    let scene = Scene::new();
    let said = init(&scene, "example", &["--root", &root(&scene)]).succeeds().stdout;
    assert!(said.contains("added example: ") && said.contains(&digest_of_root(&scene)), "{said}");
    assert!(said.ends_with(&format!("verified from this root at {DAY_1}\n")), "{said}");
    let shown = run(&scene, &["show", "--instance", "example", "--at", DAY_1]).succeeds().stdout;
    assert!(shown.starts_with("trusted by example at "), "{shown}");
    // The check has left a local copy.
    run(&scene, &["status", "--instance", "example", "--at", DAY_1]).succeeds();
    let listed = run(&scene, &["instance", "list"]).succeeds().stdout;
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["sigstore", "sigstore-staging", "github", "example"]);
    assert_eq!(listed.matches("(built in)").count(), 3);
}

#[test]
fn what_is_known_already_is_no_failure_and_another_of_that_name_is_not_taken() {
    let scene = Scene::new();
    let same: &[&str] = &["--root", &root(&scene)];
    init(&scene, "example", same).succeeds();
    let before = files(&scene.path("config"));
    assert!(init(&scene, "example", same).succeeds().stdout.starts_with("example was added before"));
    let other = init(&scene, "example", &[same, &["--mirror", "https://mirror.example"]].concat());
    assert_eq!(other.status, 1);
    assert!(other.stderr.starts_with("error: there is another instance \"example\" already"), "{}", other.stderr);
    assert!(other.stderr.contains("rootline instance remove example"), "{}", other.stderr);
    assert_eq!(files(&scene.path("config")), before);
}

#[test]
fn nothing_is_kept_of_a_root_or_a_repository_that_does_not_verify() {
    let scene = Scene::new();
    let text = std::fs::read_to_string(root(&scene)).unwrap();
    let changed = scene.path("changed.json");
    std::fs::write(&changed, text.replace("2031-01-01", "2041-01-01")).unwrap();
    let refused = init(&scene, "example", &["--root", changed.to_str().unwrap(), "--no-check"]);
    refused.is_refused("1.root.json is not signed by enough of its own root keys", "TUF 5.2 (wrong pinned root)");
    let refused = init(&scene, "example", &["--root", &root(&scene), "--root-sha256", &"0".repeat(64)]);
    assert!(refused.stderr.starts_with("error: this root has the SHA-256 "), "{}", refused.stderr);
    let none = init(&scene, "example", &["--root", "no such file"]);
    assert_eq!(none.status, 1);
    // The repository has expired, which is seen unless it is not to be tried.
    let (url, root) = (scene.path("metadata"), root(&scene));
    let all = ["instance", "add", "--name", "example", "--url", url.to_str().unwrap(), "--root", &root, "--at", DAY_8];
    run(&scene, &all).is_refused("timestamp.json expired", "TUF 5.4.4 (freeze)");
    assert_eq!(files(&scene.path("config")), []);
    run(&scene, &[&all[..], &["--no-check"]].concat()).succeeds();
}

#[test]
fn a_root_is_fetched_only_against_its_digest() {
    let scene = Scene::new();
    let bytes = std::fs::read(root(&scene)).unwrap();
    let mut files_there = Files::default();
    files_there.set_metadata("7.root.json", bytes);
    let server = files_there.serve();
    let url = format!("{}/7.root.json", server.metadata_url().trim_end_matches('/'));
    let without = init(&scene, "example", &["--root-url", &url]);
    assert_eq!(without.status, 2, "{}", without.stderr);
    assert_eq!(init(&scene, "example", &[]).status, 2);
    let right = digest_of_root(&scene);
    let wrong = right.replace(&right[..1], if right.starts_with('0') { "1" } else { "0" });
    let refused = init(&scene, "example", &["--root-url", &url, "--root-sha256", &wrong]);
    assert!(refused.stderr.contains("not the one given"), "{}", refused.stderr);
    assert_eq!(files(&scene.path("config")), []);
    for digest in ["", "00", &"g".repeat(64)] {
        assert_eq!(init(&scene, "example", &["--root-url", &url, "--root-sha256", digest]).status, 2);
    }
    init(&scene, "example", &["--root-url", &url, "--root-sha256", &right.to_uppercase()]).succeeds();
}

#[test]
fn mirrors_are_remembered_and_used() {
    let scene = Scene::new();
    let mirror = mirror(&scene, "mirror");
    init(&scene, "example", &["--root", &root(&scene), "--mirror", &mirror]).succeeds();
    std::fs::remove_file(scene.path("metadata/timestamp.json")).unwrap();
    let outcome = run(&scene, &["update", "--instance", "example", "--at", DAY_1]);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("warning: left the mirror "), "{}", outcome.stderr);
    let shown: Value = run(&scene, &["instance", "show", "example", "--json"]).succeeds().json();
    assert_eq!(shown["mirrors"], serde_json::json!([mirror]));
    assert_eq!(shown["root_sha256"], digest_of_root(&scene));
    assert_eq!(shown["local_copy"], scene.copy().to_str().unwrap());
}

#[test]
fn a_name_leads_nowhere_else_and_shadows_nothing() {
    let scene = Scene::new();
    for name in ["../x", "/abs", "a/b", ".x", "", "X", "sigstore", "github", "con"] {
        assert_eq!(init(&scene, name, &["--root", &root(&scene)]).status, 2, "{name}");
    }
    std::fs::create_dir_all(scene.path("outside")).unwrap();
    std::fs::write(scene.path("outside/instance.toml"), "").unwrap();
    let outside = run(&scene, &["status", "--instance", "../../outside"]);
    assert!(outside.stderr.starts_with("error: there is no instance \"../../outside\""), "{}", outside.stderr);
    // Somebody puts one there by hand.
    init(&scene, "example", &["--root", &root(&scene)]).succeeds();
    let folder = scene.path("config/instances");
    std::fs::rename(folder.join("example"), folder.join("sigstore")).unwrap();
    let shown = run(&scene, &["instance", "show", "sigstore"]).succeeds().stdout;
    assert!(shown.contains("https://tuf-repo-cdn.sigstore.dev"), "{shown}");
    assert_eq!(run(&scene, &["instance", "list"]).succeeds().stdout.lines().count(), 3);
}

#[test]
fn a_configuration_that_was_changed_is_refused_with_its_line() {
    let scene = Scene::new();
    init(&scene, "example", &["--root", &root(&scene)]).succeeds();
    let path = scene.path("config/instances/example/instance.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    for (text, what) in [
        (format!("{good}timeout = 3\n"), ":5: unknown field `timeout`"),
        (good.replacen("metadata_url", "metadataurl", 1), ":2: unknown field `metadataurl`"),
        (good.replace("metadata_url = ", "# "), ": missing field `metadata_url`"),
        (good.replace("format = 1", "format = 0"), ":1: a format is a number, 1 or more"),
        (format!("{good}[[mirror]]\nmetadata_url = 3\n"), ":6: invalid type"),
    ] {
        std::fs::write(&path, text).unwrap();
        let refused = run(&scene, &["status", "--instance", "example"]);
        assert!(refused.status == 1 && refused.stderr.contains(what), "{what}: {}", refused.stderr);
    }
    std::fs::write(&path, &good).unwrap();
    std::fs::write(scene.path("config/instances/example/root.json"), "{}").unwrap();
    let refused = run(&scene, &["status", "--instance", "example"]);
    assert!(refused.stderr.contains("root.json does not match its digest"), "{}", refused.stderr);
    // It does not stand in the way of the others.
    let listed = run(&scene, &["instance", "list"]);
    assert_eq!((listed.status, listed.stdout.lines().count()), (0, 3));
    assert!(listed.stderr.starts_with("warning: "), "{}", listed.stderr);
}

#[test]
fn only_what_was_made_known_can_be_removed_and_its_copy_stays() {
    let scene = Scene::new();
    init(&scene, "example", &["--root", &root(&scene)]).succeeds();
    let copy = files(&scene.path("cache"));
    std::fs::write(scene.path("config/instances/example/notes.txt"), "mine").unwrap();
    run(&scene, &["instance", "remove", "example"]).succeeds();
    assert_eq!(files(&scene.path("config")), [("instances/example/notes.txt".to_owned(), b"mine".to_vec())]);
    assert_eq!(files(&scene.path("cache")), copy);
    for (name, what) in [("example", "there is no instance"), ("github", "github is built in")] {
        let refused = run(&scene, &["instance", "remove", name]);
        assert!(refused.status == 1 && refused.stderr.contains(what), "{}", refused.stderr);
    }
}

#[test]
fn its_copy_goes_too_where_that_is_said() {
    let scene = Scene::new();
    init(&scene, "example", &["--root", &root(&scene)]).succeeds();
    scene.run(&["update"], DAY_1).succeeds();
    let said = run(&scene, &["instance", "remove", "example", "--with-cache"]).succeeds().stdout;
    assert!(said.starts_with("cleared example-") && said.ends_with("removed example\n"), "{said}");
    assert_eq!(files(&scene.path("config")), []);
    let left: Vec<String> = files(&scene.path("cache")).into_iter().map(|(path, _)| path).collect();
    assert!(left.iter().filter(|path| path.starts_with("example-")).all(|path| path.ends_with("/.lock")), "{left:?}");
    assert!(left.iter().any(|path| path.ends_with("/root.json")), "the copy of another repository stays: {left:?}");
}

#[cfg(unix)]
#[test]
fn credentials_in_a_url_are_kept_for_the_owner_alone_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let url = "https://user:secret@tuf.example";
    let said =
        run(&scene, &["instance", "add", "--name", "example", "--url", url, "--root", &root(&scene), "--no-check"]);
    let listed = run(&scene, &["instance", "list"]).succeeds();
    let shown = run(&scene, &["instance", "show", "example", "--json"]).succeeds();
    for outcome in [said, listed, shown] {
        assert!(outcome.status == 0 && !outcome.stdout.contains("secret"), "{}{}", outcome.stdout, outcome.stderr);
    }
    let path = scene.path("config/instances/example/instance.toml");
    assert!(std::fs::read_to_string(&path).unwrap().contains(url));
    for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
    }
}
