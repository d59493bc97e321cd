//! The long matrices: the list that `tests/long/run` reads, the page with their last results, and the tests themselves name the same.

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

#[test]
fn each_long_matrix_has_a_line_with_its_last_result() {
    let page = fs::read_to_string(workspace().join("tests/long/README.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let on_the_page: Vec<(&str, &str)> = rows.collect();
    let names: Vec<String> = listed().into_iter().map(|matrix| matrix.name).collect();
    assert_eq!(on_the_page.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    for (name, row) in on_the_page {
        assert!(row.contains(", passed, ") && row.contains(" s |"), "{name} has no last result: {row}");
    }
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
