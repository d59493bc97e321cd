//! Nothing is read without a limit that holds while it is read: a length that was asked for before says nothing of a device, a pipe, or a
//! file that grows.

use std::fs;

use rootline_tests::binaries::workspace;
use rootline_tests::source_text::rust_files;

const CRATES: [&str; 5] = ["metadata/src", "client/src", "client/cli/src", "ceremonies/src", "repo-tool/src"];
/// Read until the end, whatever that is.
const ENDLESS: [&str; 6] =
    ["fs::read(", "fs::read_to_string(", "read_to_end(", "read_to_string(", "read_line(", "read_until("];

/// The lines of a source, but for its tests and comments, that read without a limit on the same line.
fn unbounded(source: &str) -> Vec<&str> {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.filter(|line| ENDLESS.iter().any(|read| line.contains(read)) && !line.contains(".take(")).collect()
}

#[test]
fn whatever_is_read_to_its_end_has_a_limit() {
    let files = CRATES.iter().flat_map(|folder| rust_files(&workspace().join(folder)));
    let mut found = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        found.extend(unbounded(&source).into_iter().map(|line| format!("{}: {line}", file.display())));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_has_no_limit_is_found() {
    for line in ["let a = fs::read(path)?;", "file.read_to_end(&mut bytes)", "std::fs::read_to_string(path)"] {
        assert_eq!(unbounded(line), [line]);
    }
    for line in
        ["// fs::read(path)", "file.take(most).read_to_end(&mut bytes)", "#[cfg(test)]\nmod tests { fs::read(x) }"]
    {
        assert!(unbounded(line).is_empty(), "{line}");
    }
}
