//! `rootline-repo trust show`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use rootline::table::{Cell, Table};
use rootline_ceremonies::review::{Entry, EntryKind, trusted_entries, window_text};
use rootline_ceremonies::trust::NamedEntry;
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::Window;
use serde_json::{Value, json};

use super::content::TrustContent;
use super::findings;
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::STANDARD;
use crate::text::visible;
use crate::timeline::{Row, picture};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust show
  rootline-repo trust show --json
  rootline-repo trust show --timeline trust.svg
  rootline-repo trust show --timeline > trust.svg")]
pub(crate) struct ShowArgs {
    /// Draw from when to when each is trusted, as an SVG picture in this file; without FILE, or with -, on standard output
    #[arg(long, value_name = "FILE", value_parser = local_path(), num_args = 0..=1, default_missing_value = "-")]
    timeline: Option<PathBuf>,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<(), Failure> {
    let content = TrustContent::read(context)?;
    let entries = trusted_entries(&content.root);
    if let Some(file) = args.timeline.as_deref() {
        return draw(file, &content, &entries, context);
    }
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

/// Writes the picture.
fn draw(file: &Path, content: &TrustContent, entries: &[Entry], context: &Context) -> Result<(), Failure> {
    let row = |(named, entry): (&'_ NamedEntry, &Entry)| Row {
        name: named.name.to_string(),
        what: format!("{} {}", entry.kind.name(), entry.url),
        window: entry.window,
        state: state(entry.window, context.now),
    };
    let rows: Vec<Row> = content.entries.iter().zip(entries).map(row).collect();
    let picture = picture(&format!("What {} trusts", content.policy.name()), &rows, context.now);
    match (file == Path::new(STANDARD), context.json) {
        (true, true) => Err(Failure::new(
            "the picture and the JSON document cannot both go to standard output",
            "name a file for the picture: --timeline FILE",
        )),
        (true, false) => Ok(context.terminal.bytes(picture.as_bytes())?),
        (false, _) => {
            atomic_file::replace(file, picture.as_bytes())?;
            context.report(&json!({ "written": file }), |line| line(format_args!("wrote {}", file.display())));
            Ok(())
        }
    }
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
