//! `tests/outside`, a program that is not of this workspace: what its author can see of the client library is enough.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rootline_tests::binaries::{cargo, profile_folder, workspace};
use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;

/// Names and versions of the packages that a lock file has from elsewhere.
fn locked(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let packages = text.split("\n[[package]]\n").skip(1).filter(|package| package.contains("\nsource = "));
    packages.map(|package| package.lines().take(2).collect::<Vec<_>>().join(" ")).collect()
}

/// Its own transport and store, errors that say each thing once, and an executor of one thread whose other task goes on while a refresh waits
/// for the store's lock.
#[test]
fn a_program_outside_does_with_the_public_items_what_it_has_to() {
    let fixture = ClientFixture::new();
    let target = profile_folder().parent().unwrap().join("outside");
    let mut outside = cargo();
    outside.args(["run", "--quiet", "--locked", "--manifest-path", "tests/outside/Cargo.toml", "--target-dir"]);
    outside.arg(target).arg("--").arg(fixture.path("")).arg(DAY_1);
    assert_eq!(
        Output::of(&mut outside).succeeds().stdout,
        "fetched and stored: timestamp 2, 1 log\n\
         from the store alone: fresh until 2030-01-08T00:00:00Z\n\
         1000 turns of another task while the lock was held\n\
         refreshed once it was given back: timestamp 2\n\
         23 errors with 3 causes: no sentence twice\n"
    );
}

#[test]
fn the_programs_outside_have_the_versions_of_the_workspace() {
    for (program, backend) in [("tests/outside", "\"ring\""), ("tests/wasm", "\"ml-dsa\"")] {
        let own = locked(&workspace().join(program).join("Cargo.lock"));
        let all = locked(&workspace().join("Cargo.lock"));
        assert!(own.len() > 50 && own.iter().any(|package| package.contains(backend)), "{own:?}");
        let others: Vec<&String> = own.difference(&all).collect();
        assert!(others.is_empty(), "bring {program}/Cargo.lock up to date: {others:?}");
    }
}
