//! Windows as a figure of a page: as they were, as they are from now on, and the ceremony's date.

use chrono::{DateTime, Utc};
use rootline_ceremonies::review::{EntryChange, window_text};

use super::scale::{Scale, axis, bar, now, year_lines};
use crate::markup::{class, sign, text};

/// The figure; nothing if no entry has a bound.
pub(crate) fn figure(entries: &[EntryChange], at: DateTime<Utc>) -> String {
    let windows = entries.iter().flat_map(|change| [change.before, change.after]).flatten();
    let Some(scale) = Scale::of(windows, at) else { return String::new() };
    let rows: String = entries.iter().map(|change| row(change, &scale)).collect();
    format!(
        "<figure class=\"timeline\">\n<div class=\"row\"><div class=\"quiet\">thin: so far · thick: from now on · dashed: this ceremony, {}</div>{}</div>\n\
         {rows}</figure>\n",
        at.format("%F"),
        axis(&scale)
    )
}

fn row(change: &EntryChange, scale: &Scale) -> String {
    let before = change.before.map(|window| bar(window, scale, "before", 5, 4)).unwrap_or_default();
    let after = change.after.map(|window| bar(window, scale, "after", 13, 10)).unwrap_or_default();
    let words = match (change.before, change.after) {
        (Some(before), Some(after)) if before != after => {
            format!("{}, so far {}", window_text(after), window_text(before))
        }
        (_, Some(after)) => window_text(after),
        (Some(before), None) => format!("no longer listed, so far {}", window_text(before)),
        (None, None) => String::new(),
    };
    let (kind, url) = (change.entry.kind.name(), text(&change.entry.url));
    let kind = change.entry.name.as_ref().map_or(kind.to_owned(), |name| format!("{kind} {name}"));
    format!(
        "<div class=\"row {}\"><div class=\"label\">{}<span>{kind} <bdi>{url}</bdi></span></div><svg width=\"100%\" height=\"30\" role=\"img\" \
         aria-label=\"{kind} {url}: {words}\">{}{before}{after}{}</svg></div>\n",
        class(change.mark),
        sign(change.mark),
        year_lines(scale, 30),
        now(scale, 30)
    )
}
