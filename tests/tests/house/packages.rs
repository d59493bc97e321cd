//! Each library can be packaged by itself: its manifest has what a registry asks for, and nothing it is built from lies outside it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use rootline_tests::binaries::cargo;
use serde_json::Value;

const LIBRARIES: [&str; 3] = ["rootline-metadata", "rootline-client", "rootline-ceremonies"];

fn libraries() -> Vec<Value> {
    let output =
        cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output().expect("cargo runs the tests");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let workspace: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = workspace["packages"].as_array().unwrap();
    LIBRARIES.map(|name| all.iter().find(|package| package["name"] == name).expect("it is a member").clone()).into()
}

fn folder(package: &Value) -> PathBuf {
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

#[test]
fn a_library_s_manifest_has_what_a_registry_asks_for() {
    for package in libraries() {
        let name = package["name"].as_str().unwrap();
        assert_eq!(package["publish"], Value::Null, "{name} may be published");
        for member in ["description", "license", "readme", "rust_version"] {
            assert!(package[member].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {member}");
        }
        let texts = |member: &str| -> Vec<&str> {
            package[member].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
        };
        let (keywords, categories) = (texts("keywords"), texts("categories"));
        assert!((1..=5).contains(&keywords.len()) && (1..=5).contains(&categories.len()), "{name}");
        let plain =
            |word: &&str| word.len() <= 20 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        assert!(keywords.iter().all(plain), "{name}: {keywords:?}");
        for dependency in package["dependencies"].as_array().unwrap() {
            let versioned = dependency["req"] != "*" || dependency["kind"] == "dev";
            assert!(versioned, "{name} depends on {} without a version", dependency["name"]);
        }
        for file in [folder(&package).join("LICENSE"), folder(&package).join(package["readme"].as_str().unwrap())] {
            assert!(file.is_file(), "{name} has no {}", file.display());
        }
    }
}

/// The paths that a file includes.
fn included(text: &str) -> impl Iterator<Item = &str> {
    text.split("include_").skip(1).filter_map(|rest| {
        let path = rest.strip_prefix("bytes!(\"").or_else(|| rest.strip_prefix("str!(\""))?;
        path.split_once('"').map(|(path, _)| path)
    })
}

/// How many folders below the package a path from `file` leads to; `None` where it leads out.
fn depth_of(file: &Path, included: &str) -> Option<usize> {
    let folders = file.parent().unwrap().components().count();
    Path::new(included).components().try_fold(folders, |depth, component| match component {
        Component::ParentDir => depth.checked_sub(1),
        Component::Normal(_) => Some(depth + 1),
        _ => None,
    })
}

#[test]
fn nothing_that_a_library_is_built_from_lies_outside_its_folder() {
    let mut seen = 0;
    for package in libraries() {
        let folder = folder(&package);
        let mut to_read = vec![PathBuf::new()];
        while let Some(below) = to_read.pop() {
            for entry in fs::read_dir(folder.join(&below)).unwrap().map(Result::unwrap) {
                let path = below.join(entry.file_name());
                // A package within the folder of another one is packaged by itself.
                if entry.file_type().unwrap().is_dir() && !entry.path().join("Cargo.toml").exists() {
                    to_read.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    for include in included(&fs::read_to_string(entry.path()).unwrap()) {
                        seen += 1;
                        assert!(depth_of(&path, include).is_some(), "{} includes {include}", entry.path().display());
                    }
                }
            }
        }
    }
    assert!(seen > 0);
    assert_eq!(depth_of(Path::new("src/a.rs"), "../data/x"), Some(2));
    assert_eq!(depth_of(Path::new("src/a.rs"), "../../x"), None);
}
