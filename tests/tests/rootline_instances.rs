//! Repositories that `rootline` knows by name, and their mirrors.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

use std::path::Path;

use rootline_tests::scene::{DAY_1, Scene};

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
