//! ARCHITECTURE.md names every source file.

use std::fs;
use std::path::Path;

use rootline_tests::binaries::workspace;

#[test]
fn every_source_file_has_its_line_in_the_architecture() {
    let page = fs::read_to_string(workspace().join("ARCHITECTURE.md")).unwrap();
    for package in ["metadata", "client", "ceremonies", "repo-tool", "tests"] {
        let (_, section) = page.split_once(&format!("\n### {package}\n")).unwrap();
        let section = section.split("\n### ").next().unwrap();
        let folder = workspace().join(package);
        for file in sources(&folder.join("src")) {
            let name = file.strip_prefix(&folder).unwrap().display().to_string();
            assert!(section.contains(&format!("- `{name}`: ")), "{package}/{name} has no line in ARCHITECTURE.md");
        }
        for line in section.lines().filter_map(|line| line.strip_prefix("- `")) {
            let name = line.split('`').next().unwrap();
            assert!(folder.join(name).exists(), "ARCHITECTURE.md tells of {package}/{name}, which is not there");
        }
    }
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a folder").path());
    let nested = entries.map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    });
    nested.flatten().filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
