//! `rootline-repo trust show`.

use chrono::{DateTime, Utc};
use rootline::table::{Cell, Table};
use rootline_ceremonies::review::{Entry, EntryKind, trusted_entries, window_text};
use rootline_ceremonies::trust::NamedEntry;
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::Window;
use serde_json::{Value, json};

use super::content::TrustContent;
use super::findings;
use crate::context::Context;
use crate::failure::Failure;
use crate::text::visible;

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    let content = TrustContent::read(context)?;
    let entries = trusted_entries(&content.root);
    let (findings, judgement) = (content.findings(context.now), content.judgement());
    // Both are in the order of the document.
    let named: Vec<(&NamedEntry, &Entry)> = content.entries.iter().zip(&entries).collect();
    let report = json!({
        "entries": named.iter().map(|(named, entry)| entry_json(named, entry, context.now)).collect::<Vec<_>>(),
        "findings": findings::to_json(&findings, &judgement),
    });
    context.report(&report, |line| {
        let mut table = Table::new(["name", "kind", "url", "window", "state"]);
        for (named, entry) in &named {
            table.row([
                Cell::text(named.name.as_str()),
                Cell::text(entry.kind.name()),
                Cell::text(visible(&entry.url)),
                Cell::text(window_text(entry.window)),
                Cell::text(state(entry.window, context.now)),
            ]);
        }
        line(format_args!("{}", table.render(&context.terminal)));
    });
    context.terminal.notes(findings::shown(&findings, &judgement));
    Ok(())
}

/// Whether it is trusted at that instant.
fn state(window: Window, at: DateTime<Utc>) -> &'static str {
    match (window.contains(at), window.start()) {
        (true, _) => "open",
        (false, Some(start)) if start > at => "to come",
        (false, _) => "closed",
    }
}

fn entry_json(named: &NamedEntry, entry: &Entry, at: DateTime<Utc>) -> Value {
    let EntryKind::Trusted(section) = entry.kind else { return Value::Null };
    json!({
        "name": named.name.as_str(),
        "kind": entry.kind.name(),
        "list": section.as_str(),
        "url": entry.url,
        "id": named.id.hex(),
        "window": window_text(entry.window),
        "start": entry.window.start().map(instant_text),
        "end": entry.window.end().map(instant_text),
        "state": state(entry.window, at),
    })
}
