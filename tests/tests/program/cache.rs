//! `rootline cache`: caches are found, told of and taken away, and nothing else is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;
use rootline_tests::folder::copy_folder;

fn run(fixture: &ClientFixture, arguments: &[&str]) -> Output {
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").env("NO_COLOR", "1").args(arguments);
    program.env("ROOTLINE_CONFIG", fixture.path("config")).env("ROOTLINE_CACHE", fixture.path("cache"));
    Output::of(&mut program)
}

/// A repository with a cache of an instance that is called `example`, and one of a repository that has no name.
fn two_copies() -> ClientFixture {
    let fixture = ClientFixture::new();
    let text = |name| fixture.path(name).to_str().unwrap().to_owned();
    let (url, targets, root) = (text("metadata"), text("targets"), text("metadata/1.root.json"));
    let options = [
        "instance",
        "add",
        "--name",
        "example",
        "--at",
        DAY_1,
        "--url",
        &url,
        "--targets-url",
        &targets,
        "--root",
        &root,
    ];
    run(&fixture, &options).succeeds();
    // The same files in another place are another repository.
    let other = fixture.path("other");
    std::fs::create_dir(&other).unwrap();
    for entry in fixture.path("metadata").read_dir().unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), other.join(entry.file_name())).unwrap();
    }
    let other = other.to_str().unwrap();
    let options = ["update", "--at", DAY_1, "--url", other, "--targets-url", &targets, "--root", &root];
    run(&fixture, &options).succeeds();
    fixture
}

/// Every file below a folder; of a link only that it is there.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut to_read = vec![folder.to_owned()];
    while let Some(next) = to_read.pop() {
        for entry in next.read_dir().into_iter().flatten().map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                to_read.push(entry.path());
            } else {
                found.insert(entry.path(), kind.is_file().then(|| std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    found
}

fn folder_of(fixture: &ClientFixture, name: &str) -> PathBuf {
    PathBuf::from(run(fixture, &["cache", "path", "--instance", name]).succeeds().stdout.trim_end())
}

/// The last line of a clearing, and the only one: what is lost.
fn warns_of_what_is_forgotten(output: &Output) {
    assert_eq!((output.status, output.stderr.lines().count()), (0, 1), "{}", output.stderr);
    assert!(output.stderr.starts_with("warning: removed the highest versions seen"), "{}", output.stderr);
}

#[test]
fn path_names_the_folder_of_all_copies_and_of_each() {
    let fixture = two_copies();
    let all = run(&fixture, &["cache", "path"]).succeeds().stdout;
    assert_eq!(Path::new(all.trim_end()), fixture.path("cache"));
    assert!(folder_of(&fixture, "example").join("root.json").is_file());
    assert!(folder_of(&fixture, "github").starts_with(fixture.path("cache")), "also where there is none yet");
    assert_eq!(run(&fixture, &["cache", "path", "--instance", "nobody"]).status, 1);
}

#[test]
fn list_tells_of_every_copy_and_verifies_those_whose_root_is_known() {
    let fixture = two_copies();
    let report = run(&fixture, &["cache", "list", "--json"]).succeeds().json();
    let copies = report["copies"].as_array().unwrap();
    assert_eq!(copies.len(), 2);
    let example = copies.iter().find(|copy| copy["instance"] == "example").unwrap();
    let versions = serde_json::json!({ "root": 1, "timestamp": 2, "snapshot": 2, "targets": 2 });
    assert_eq!((&example["versions"], &example["verified"]), (&versions, &true.into()));
    assert_eq!((&example["checked_at"], &example["url"]), (&DAY_1.into(), &fixture.path("metadata").to_str().into()));
    let bytes: usize = tree(&folder_of(&fixture, "example")).values().flatten().map(Vec::len).sum();
    assert_eq!(example["bytes"], bytes);
    let other = copies.iter().find(|copy| copy["instance"].is_null()).unwrap();
    assert_eq!((&other["verified"], &other["versions"].is_null()), (&false.into(), &true));
    let output = run(&fixture, &["cache", "list"]).succeeds().stdout;
    assert!(output.contains("  verified      root 1, timestamp 2, snapshot 2, targets 2\n"), "{output}");
    assert!(output.contains("  instance      unknown\n"), "{output}");
    // Who changes the copy is not believed.
    std::fs::write(folder_of(&fixture, "example").join("snapshot.json"), "{}").unwrap();
    let output = run(&fixture, &["cache", "list"]).succeeds().stdout;
    assert!(output.contains("  verified      no: `rootline status` says why\n"), "{output}");
}

#[test]
fn nothing_is_listed_where_there_is_nothing() {
    let fixture = ClientFixture::new();
    assert_eq!(run(&fixture, &["cache", "list"]).succeeds().stdout, "");
    assert_eq!(run(&fixture, &["cache", "clear", "--all"]).succeeds().stdout, "");
    assert!(!fixture.path("cache").exists());
}

#[test]
fn clear_takes_away_what_was_named_and_says_what_that_means() {
    let fixture = two_copies();
    let before = tree(&fixture.path("cache"));
    let dry = run(&fixture, &["cache", "clear", "--instance", "example", "--dry-run"]).succeeds();
    assert!(dry.stdout.starts_with("would clear metadata-"), "{}", dry.stdout);
    assert_eq!(tree(&fixture.path("cache")), before);
    let done = run(&fixture, &["cache", "clear", "--instance", "example"]);
    warns_of_what_is_forgotten(&done);
    assert_eq!(done.stdout, dry.stdout.replace("would clear", "cleared"));
    let copy = folder_of(&fixture, "example");
    let left: Vec<PathBuf> = tree(&fixture.path("cache")).into_keys().filter(|path| path.starts_with(&copy)).collect();
    assert_eq!(left, [copy.join(".lock")]);
    let others = |tree: BTreeMap<PathBuf, _>| tree.into_iter().filter(|(path, _)| !path.starts_with(&copy)).count();
    assert_eq!(others(tree(&fixture.path("cache"))), others(before));
    // It can be made anew.
    run(&fixture, &["update", "--instance", "example", "--at", DAY_1]).succeeds();
}

#[test]
fn a_copy_that_has_no_name_is_named_by_its_folder() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let folder = fixture.copy();
    let name = folder.file_name().unwrap().to_str().unwrap();
    warns_of_what_is_forgotten(&run(&fixture, &["cache", "clear", "--instance", name]));
    assert!(!folder.join("root.json").exists());
    let none = run(&fixture, &["cache", "clear", "--instance", "nobody"]);
    assert!(none.status == 1 && none.stderr.contains("the cache holds nothing of \"nobody\""), "{}", none.stderr);
}

/// Earlier versions made one for each spelling of the URL.
#[test]
fn prune_takes_away_what_another_copy_of_the_repository_has_replaced() {
    let fixture = two_copies();
    let used = folder_of(&fixture, "example");
    let url = fixture.path("metadata").to_str().unwrap().replace('/', "%2F");
    let start: String = url.chars().take(80).collect();
    let replaced = fixture.path("cache").join(format!("{start}-0123456789abcdef"));
    copy_folder(&used, &replaced);
    let before = tree(&fixture.path("cache"));
    let listed = run(&fixture, &["cache", "list"]).succeeds().stdout;
    assert_eq!(
        listed.matches("  not used      another cache of this repository knows higher versions").count(),
        1,
        "{listed}"
    );
    let dry = run(&fixture, &["cache", "prune", "--dry-run"]).succeeds().stdout;
    assert!(dry.starts_with(&format!("would clear {start}-")) && dry.lines().count() == 1, "{dry}");
    assert_eq!(tree(&fixture.path("cache")), before);
    let done = run(&fixture, &["cache", "prune", "--json"]).succeeds();
    assert_eq!((done.json()["cleared"].as_array().unwrap().len(), &*done.stderr), (1, ""));
    let kept = |tree: BTreeMap<PathBuf, _>| {
        tree.into_iter().filter(|(path, _)| !path.starts_with(&replaced)).collect::<Vec<_>>()
    };
    assert_eq!(kept(tree(&fixture.path("cache"))), kept(before));
    assert_eq!(tree(&replaced).into_keys().collect::<Vec<_>>(), [replaced.join(".lock")]);
    // What is gone is not listed as replaced, and an unknown one is nobody's to prune.
    assert_eq!(run(&fixture, &["cache", "prune"]).succeeds().stdout, "");
}

#[test]
fn clear_wants_to_be_told_which() {
    let fixture = two_copies();
    let before = tree(&fixture.path("cache"));
    for wrong in [&["cache", "clear"][..], &["cache", "clear", "--all", "--instance", "example"]] {
        assert_eq!(run(&fixture, wrong).status, 2);
    }
    let mut program = Command::new(rootline());
    program.args(["cache", "clear", "--cache"]).arg(fixture.path("cache")).env("ROOTLINE_INSTANCE", "example");
    assert_eq!(Output::of(&mut program).status, 2, "the environment alone takes nothing away");
    assert_eq!(tree(&fixture.path("cache")), before);
    warns_of_what_is_forgotten(&run(&fixture, &["cache", "clear", "--all"]));
    assert!(tree(&fixture.path("cache")).keys().all(|path| path.ends_with(".lock")));
}

#[test]
fn folders_that_are_no_caches_are_left_alone() {
    let fixture = two_copies();
    let cache = fixture.path("cache");
    for (folder, file) in [
        // Not so called; so called without the lock.
        ("photographs", ".lock"),
        ("holiday-0123456789abcdeg", ".lock"),
        ("holiday-0123456789abcdef", "root.json"),
    ] {
        std::fs::create_dir(cache.join(folder)).unwrap();
        std::fs::write(cache.join(folder).join(file), "").unwrap();
    }
    warns_of_what_is_forgotten(&run(&fixture, &["cache", "clear", "--all"]));
    assert!(cache.join("holiday-0123456789abcdef/root.json").exists() && cache.join("photographs/.lock").exists());
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_what_others_have_put_there_stays() {
    use std::os::unix::fs::symlink;
    let fixture = two_copies();
    let (copy, outside) = (folder_of(&fixture, "example"), fixture.path("outside"));
    std::fs::create_dir(&outside).unwrap();
    for name in ["mine.json", ".lock", "root.json"] {
        std::fs::write(outside.join(name), "mine").unwrap();
    }
    std::fs::remove_dir_all(copy.join("targets")).unwrap();
    symlink(&outside, copy.join("targets")).unwrap();
    std::fs::remove_file(copy.join("snapshot.json")).unwrap();
    symlink(outside.join("mine.json"), copy.join("snapshot.json")).unwrap();
    std::fs::write(copy.join("notes.txt"), "mine").unwrap();
    // A whole copy that is a link is none.
    symlink(&outside, fixture.path("cache/example-0123456789abcdef")).unwrap();
    let before = tree(&outside);
    let cleared = run(&fixture, &["cache", "clear", "--all"]);
    assert_eq!(cleared.status, 0, "{}", cleared.stderr);
    for name in ["targets", "snapshot.json", "notes.txt"] {
        let stays = format!("warning: {} was not written by rootline, and was not removed", copy.join(name).display());
        assert!(cleared.stderr.lines().any(|line| line == stays), "{name}: {}", cleared.stderr);
    }
    assert_eq!(tree(&outside), before);
    let left: Vec<PathBuf> = tree(&copy).into_keys().collect();
    assert_eq!(left, [".lock", "notes.txt", "snapshot.json", "targets"].map(|name| copy.join(name)));
}
