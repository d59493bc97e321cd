//! The page about the rules of the lint: the table is that of the code.

use std::fmt::Write as _;
use std::fs;

use rootline_ceremonies::lint::{catalogue, is_fixed};
use rootline_tests::binaries::workspace;

const PAGE: &str = "docs/reference/lint.md";
const BEGIN: &str = "<!-- rules -->\n";
const END: &str = "<!-- end of rules -->\n";

/// The table as the page has it.
fn table() -> String {
    let mut table = "\n| rule | severity | what is wrong | who breaks |\n|---|---|---|---|\n".to_owned();
    for rule in catalogue() {
        let fixed = if is_fixed(rule) { ", fixed" } else { "" };
        writeln!(table, "| `{}` | {}{fixed} | {} | {} |", rule.id, rule.severity, rule.what, rule.who).unwrap();
    }
    table + "\n"
}

#[test]
fn the_page_about_rules_has_every_rule_as_the_code_has_it() {
    let path = workspace().join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let expected = table();
    if std::env::var_os("ROOTLINE_WRITE_GOLDEN").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "{PAGE} is not what the code has: write it with ROOTLINE_WRITE_GOLDEN=1");
}

#[test]
fn no_text_of_a_rule_breaks_the_table() {
    for rule in catalogue() {
        for text in [rule.what, rule.why, rule.who] {
            assert!(!text.contains(['|', '\n', '<']), "{}: {text}", rule.id);
            assert!(!text.contains("  "), "{}: {text}", rule.id);
        }
        assert!(rule.why.ends_with('.'), "{}", rule.id);
        assert!(rule.who.is_empty() || rule.who.ends_with('.'), "{}", rule.id);
    }
}
