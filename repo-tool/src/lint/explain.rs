//! What rules mean.

use rootline::table::{Cell, Table};
use rootline::terminal::Terminal;
use rootline_ceremonies::lint::{Severities, catalogue, is_fixed, nearest, rule};
use rootline_metadata::lint::Rule;
use serde_json::{Value, json};

use super::report::{change_json, change_line, tone};
use crate::failure::Failure;

/// The rule of that id.
///
/// # Errors
/// If there is none, with the one that may have been meant.
pub(crate) fn find(id: &str) -> Result<&'static Rule, Failure> {
    rule(id).ok_or_else(|| {
        let hint = match nearest(id) {
            Some(nearest) => format!("did you mean {}? All rules: rootline-repo lint --list", nearest.id),
            None => "list all rules: rootline-repo lint --list".to_owned(),
        };
        Failure::new(format!("there is no rule {id:?}"), hint)
    })
}

/// One rule, for people.
pub(crate) fn lines(rule: &Rule, severities: &Severities, terminal: &Terminal) -> Vec<String> {
    let severity = terminal.toned(tone(rule.severity), format_args!("{}", rule.severity));
    let mut lines = vec![format!("{}: {severity}", rule.id), terminal.prose(2, &format!("{}.", rule.what))];
    lines.push(terminal.prose(2, rule.why));
    if !rule.who.is_empty() {
        lines.push(terminal.prose(2, &format!("Who breaks: {}", rule.who)));
    }
    if let Some(change) = severities.change(rule) {
        lines.push(terminal.prose(2, &change_line(change)));
    } else if is_fixed(rule) {
        lines.push(terminal.prose(2, "No policy can change its severity."));
    }
    lines
}

/// All rules in a table.
pub(crate) fn table(severities: &Severities, terminal: &Terminal) -> String {
    let mut table = Table::new(["rule", "severity", "what is wrong"]);
    for rule in catalogue() {
        let severity = match severities.change(rule) {
            Some(change) => Cell::text(format!("{} (policy)", change.severity_text())),
            None => Cell::text(rule.severity.as_str()).toned(tone(rule.severity)),
        };
        table.row([Cell::text(rule.id), severity, Cell::text(rule.what)]);
    }
    table.render(terminal)
}

/// Rules for programs.
pub(crate) fn to_json<'a>(rules: impl IntoIterator<Item = &'a Rule>, severities: &Severities) -> Value {
    let rule = |rule: &Rule| {
        json!({
            "id": rule.id, "severity": rule.severity.as_str(), "what": rule.what, "why": rule.why, "who": rule.who,
            "changeable": !is_fixed(rule), "policy": severities.change(rule).map(change_json),
        })
    };
    json!({ "rules": rules.into_iter().map(rule).collect::<Vec<_>>() })
}
