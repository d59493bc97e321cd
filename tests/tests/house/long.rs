//! The long matrices: the list that `tests/long/run` reads, the page with their last results, and the tests themselves name the same; and so do
//! `tests/long/platforms` and the page for the other systems.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rootline_tests::binaries::workspace;
use rootline_tests::source_text::rust_files;

struct Matrix {
    name: String,
    /// The file of its test.
    file: String,
}

fn listed() -> Vec<Matrix> {
    let list = fs::read_to_string(workspace().join("tests/long/list")).unwrap();
    let matrix = |line: &str| {
        let [name, executable, filter] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let mut modules = filter.split("::");
        assert_eq!(modules.next(), Some(executable), "{line}");
        Matrix { name: name.to_owned(), file: format!("{executable}/{}.rs", modules.next().unwrap()) }
    };
    list.lines().filter(|line| !line.starts_with('#')).map(matrix).collect()
}

/// The tables of the matrices and of the other systems, as text.
fn page() -> (String, String) {
    let page = fs::read_to_string(workspace().join("tests/long/README.md")).unwrap();
    let (matrices, systems) = page.split_once("\n## Other systems\n").unwrap();
    (matrices.to_owned(), systems.to_owned())
}

/// The rows of a table by their names.
fn rows(table: &str) -> Vec<(&str, &str)> {
    table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |")).collect()
}

#[test]
fn each_long_matrix_has_a_line_with_its_last_result() {
    let (page, _) = page();
    let on_the_page = rows(&page);
    let names: Vec<String> = listed().into_iter().map(|matrix| matrix.name).collect();
    assert_eq!(on_the_page.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    for (name, row) in on_the_page {
        assert!(row.contains(", passed, ") && row.contains(" s |"), "{name} has no last result: {row}");
    }
}

#[test]
fn each_other_system_has_a_line() {
    let script = fs::read_to_string(workspace().join("tests/long/platforms")).unwrap();
    let known = script.lines().find_map(|line| line.strip_prefix("known=(")?.strip_suffix(')')).unwrap();
    let (_, page) = page();
    assert_eq!(rows(&page).iter().map(|(name, _)| *name).collect::<Vec<_>>(), known.split(' ').collect::<Vec<_>>());
}

#[test]
fn each_test_that_samples_its_cases_can_be_run_whole_by_name() {
    let folder = workspace().join("tests/tests");
    let mut sampled = rust_files(&folder);
    let samples =
        |file: &PathBuf| fs::read_to_string(file).unwrap().lines().any(|line| line == "use rootline_tests::long;");
    sampled.retain(samples);
    let listed: BTreeSet<PathBuf> = listed().iter().map(|matrix| folder.join(&matrix.file)).collect();
    assert_eq!(sampled.into_iter().collect::<BTreeSet<_>>(), listed);
}
