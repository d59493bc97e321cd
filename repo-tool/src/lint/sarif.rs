//! Findings in SARIF 2.1.0 (OASIS), which code hosts show beside the files.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rootline_ceremonies::lint::{FileFinding, catalogue};
use rootline_metadata::lint::{Rule, Severity};
use serde_json::{Map, Value, json};

use super::report::{Findings, text};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What cannot stand in the path of a URI (RFC 3986, 3.3), and the colon, with which a relative one would have a scheme.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The whole log.
pub(crate) fn log(found: &Findings<'_>) -> Value {
    let rules: Vec<&Rule> = catalogue().collect();
    let indices: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(index, rule)| (rule.id, index)).collect();
    let result = |(severity, found): &(Severity, FileFinding)| result(*severity, found, &indices);
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "rootline-repo",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules.into_iter().map(rule_json).collect::<Vec<_>>(),
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": found.told.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// Sentences begin with a capital letter and end with a full stop.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn rule_json(rule: &Rule) -> Value {
    let help = if rule.who.is_empty() { rule.why.to_owned() } else { format!("{} {}", rule.why, rule.who) };
    json!({
        "id": rule.id,
        "shortDescription": { "text": sentence(rule.what) },
        "fullDescription": { "text": rule.why },
        "help": { "text": help },
        "defaultConfiguration": { "level": rule.severity.as_str() },
    })
}

fn result(severity: Severity, found: &FileFinding, indices: &BTreeMap<&str, usize>) -> Value {
    let FileFinding { file, finding } = found;
    let uri = utf8_percent_encode(file, NOT_IN_PATHS).to_string();
    let mut location = Map::from_iter([("physicalLocation".to_owned(), json!({ "artifactLocation": { "uri": uri } }))]);
    if !finding.place.is_empty() {
        location.insert("logicalLocations".to_owned(), json!([{ "fullyQualifiedName": finding.place }]));
    }
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": indices.get(finding.rule.id),
        "level": severity.as_str(),
        "message": { "text": text(finding) },
        "locations": [location],
    })
}

#[cfg(test)]
mod tests {
    use rootline_ceremonies::lint::{RULES, Severities};
    use rootline_metadata::lint::Finding;

    use super::*;

    #[test]
    fn every_result_names_its_rule_by_id_and_index() {
        let finding = |rule: &&'static Rule| FileFinding {
            file: "a b/ü:1.json".to_owned(),
            finding: Finding { rule, place: "signed".into(), subject: String::new(), detail: "is odd".into() },
        };
        let severities = Severities::default();
        let log = log(&Findings::new(RULES.iter().map(finding).collect(), &severities));
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert_eq!((log["version"].as_str(), results.len()), (Some("2.1.0"), RULES.len()));
        for result in results {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
            assert_eq!(result["message"]["text"], "signed: is odd");
            let location = &result["locations"][0];
            assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "a%20b/%C3%BC%3A1.json");
            assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "signed");
        }
        for rule in rules {
            assert!(rule["shortDescription"]["text"].as_str().unwrap().ends_with('.'), "{rule}");
            assert!(!rule["help"]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
    }
}
