//! What a file that is shipped says, in Sigstore's terms.

use chrono::{DateTime, Utc};
use rootline_ceremonies::review::Mark;
use rootline_ceremonies::review::{Certificate, ContentChange, Entry, EntryChange, window_text};

use crate::markup::{badge, class, sign, text, words};
use crate::timeline;

/// One file: its windows drawn, what changes in full, what stays in short.
pub(super) fn section(content: &ContentChange, at: DateTime<Utc>) -> String {
    let mut body = String::new();
    let settings = content.settings.iter().map(|happening| &happening.text).chain(&content.note);
    let mark = if content.kind_before.is_none() { Mark::Added } else { Mark::Changed };
    let settings: String = settings
        .map(|line| format!("<li class=\"{}\">{}<span>{}</span></li>\n", class(mark), sign(mark), words(line)))
        .collect();
    if !settings.is_empty() {
        body.push_str(&format!("<ul class=\"changes\">\n{settings}</ul>\n"));
    }
    if content.is_changed() {
        body.push_str(&timeline::figure(&content.entries, at));
    }
    content
        .entries
        .iter()
        .filter(|change| change.mark != Mark::Stays)
        .for_each(|change| body.push_str(&article(change)));
    body.push_str(&unchanged(&content.entries));
    if !content.skipped.is_empty() {
        let items = content.skipped.iter().map(|(mark, reason)| {
            format!("<li class=\"{}\">{}<span>{}</span></li>\n", class(*mark), badge(*mark, mark.word()), text(reason))
        });
        let items: String = items.collect();
        body.push_str(&format!("<h3>Not understood</h3>\n<ul class=\"changes\">\n{items}</ul>\n"));
    }
    let name = text(&content.name);
    format!("<section aria-label=\"{name}\">\n<h2>In <bdi>{name}</bdi></h2>\n{body}</section>\n")
}

fn article(change: &EntryChange) -> String {
    let entry = &change.entry;
    let happenings: String =
        change.happenings.iter().map(|happening| format!("<li>{}</li>\n", words(&happening.text))).collect();
    let mut facts = String::new();
    let mut fact = |name: &str, value: &str| facts.push_str(&format!("<dt>{name}</dt><dd>{value}</dd>\n"));
    match (change.before, change.after) {
        (Some(before), Some(after)) if before != after => fact(
            "window",
            &format!(
                "{}<br><span class=\"quiet\">so far {}</span>",
                words(&window_text(after)),
                words(&window_text(before))
            ),
        ),
        _ => fact("window", &words(&window_text(entry.window))),
    }
    for (name, value) in &entry.facts {
        fact(name, &words(value));
    }
    if !entry.chain.is_empty() {
        let certificates: String = entry.chain.iter().map(certificate).collect();
        fact("chain", &format!("<ol class=\"chain\">\n{certificates}</ol>"));
    }
    format!(
        "<article class=\"entry {}\">\n<h3>{}{}</h3>\n<ul>\n{happenings}</ul>\n<dl>\n{facts}</dl>\n</article>\n",
        class(change.mark),
        badge(change.mark, change.mark.word()),
        title(entry),
    )
}

/// What it is, its name and where.
fn title(entry: &Entry) -> String {
    let url = text(if entry.url.is_empty() { "without a URL" } else { &entry.url });
    let name = entry.name.as_ref().map(|name| format!(" <b>{name}</b>")).unwrap_or_default();
    format!("{}{name} <bdi>{url}</bdi>", entry.kind.name())
}

fn certificate(certificate: &Certificate) -> String {
    let validity = match &certificate.stated {
        Ok(stated) => format!("<br><span class=\"quiet\">{}</span>", words(&window_text(stated.validity))),
        Err(_) => String::new(),
    };
    format!(
        "<li>{}{validity}<br><code>sha256:{}</code></li>\n",
        text(&certificate.subject()),
        text(&certificate.fingerprint)
    )
}

fn unchanged(entries: &[EntryChange]) -> String {
    let stays = entries.iter().filter(|change| change.mark == Mark::Stays);
    let row = |change: &EntryChange| {
        let entry = &change.entry;
        // Of a service the URL is all.
        let id = if entry.kind.is_trusted() { format!("<br><code>{}</code>", text(&entry.id)) } else { String::new() };
        format!("<tr><th scope=\"row\">{}{id}</th><td>{}</td></tr>\n", title(entry), words(&window_text(entry.window)))
    };
    let rows: String = stays.map(row).collect();
    match rows.as_str() {
        "" => String::new(),
        rows => format!(
            "<h3>What stays</h3>\n<table>\n<thead><tr><th scope=\"col\">Entry</th><th scope=\"col\">Window</th></tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table>\n"
        ),
    }
}
