//! The certificates of the demo's private instance: what the fixtures make, for a hundred years.

use std::fs;

use rootline_metadata::parse_instant;
use rootline_tests::binaries::workspace;
use rootline_tests::fixtures::sigstore::{Chain, Fulcio, Tsa, set_period};

/// The demo is run in any year.
fn for_a_hundred_years(mut chain: Chain) -> String {
    let (start, end) = ("2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z");
    let [start, end] = [start, end].map(|text| parse_instant(text).unwrap());
    for at in 0..chain.certificates().len() {
        chain.alter(at, |params| set_period(params, start, end));
    }
    chain.pem()
}

#[test]
fn the_demo_has_the_certificates_that_the_fixtures_make() {
    let start = parse_instant("2020-01-01T00:00:00Z").unwrap();
    for (name, chain) in [
        ("fulcio", Fulcio::with_intermediate("demo.example", start).chain),
        ("fulcio-2", Fulcio::with_intermediate("new.demo.example", start).chain),
        ("tsa", Tsa::new("demo.example", start).chain),
    ] {
        let path = workspace().join(format!("repo-tool/src/commands/demo/certificates/{name}.pem"));
        let expected = for_a_hundred_years(chain);
        if std::env::var_os("ROOTLINE_WRITE_GOLDEN").is_some() {
            fs::write(&path, &expected).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{name}");
    }
}
