//! The table of faults in `client/FAULTS.md` against the tests there are.

use std::collections::BTreeSet;
use std::fs;

use rootline_tests::binaries::workspace;
use rootline_tests::source_text::{tests_below, tests_in};

fn table() -> String {
    fs::read_to_string(workspace().join("client/FAULTS.md")).unwrap()
}

/// The cells of each row but the headings.
fn rows(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| fault |"));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// The names in a cell of tests.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').map(str::trim).filter(|name| !name.is_empty()).collect()
}

#[test]
fn each_fault_says_what_was_tried_what_was_lost_and_by_which_tests() {
    let (table, tests) = (table(), tests_below(&workspace().join("tests/tests")));
    let rows = rows(&table);
    assert!(rows.len() > 20, "{} rows", rows.len());
    for row in rows {
        let [fault, tried, lost, named] = row[..] else { panic!("not four cells: {row:?}") };
        assert!([fault, tried, lost].iter().all(|cell| !cell.is_empty()), "{row:?}");
        assert!(!names(named).is_empty(), "{fault}: no test");
        for name in names(named) {
            assert!(tests.contains_key(name), "{fault}: there is no test {name}");
        }
    }
}

#[test]
fn each_test_of_a_fault_of_the_cache_is_in_the_table() {
    let table = table();
    let named: BTreeSet<&str> = rows(&table).iter().flat_map(|row| names(row[3])).collect();
    for file in [
        "client/cache_crash",
        "client/file_systems",
        "client/persistence",
        "program/cache_faults",
        "program/cache_processes",
        "program/file_systems",
    ] {
        for name in tests_in(&workspace().join(format!("tests/tests/{file}.rs"))).keys() {
            assert!(named.contains(name.as_str()), "{file}: {name} is in no row");
        }
    }
}
