//! What part of time is drawn, and what stands where in it.

use chrono::{DateTime, Datelike, Duration, TimeZone, Utc};
use rootline_metadata::sigstore::Window;

/// What part of time is drawn.
pub(super) struct Scale {
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    at: DateTime<Utc>,
}

impl Scale {
    /// All that is bounded in these windows, and the instant that is marked; `None` if nothing is.
    pub(super) fn of(windows: impl IntoIterator<Item = Window>, at: DateTime<Utc>) -> Option<Scale> {
        let bounds: Vec<DateTime<Utc>> =
            windows.into_iter().flat_map(|window| [window.start(), window.end()]).flatten().collect();
        let first = bounds.iter().copied().min()?.min(at);
        let last = bounds.iter().copied().max()?.max(at);
        // Some room on both sides, so that what goes on can be told from what ends.
        let room = ((last - first) / 20).max(Duration::days(30));
        Some(Scale { first: first.checked_sub_signed(room)?, last: last.checked_add_signed(room)?, at })
    }

    /// The weeks about an instant, where nothing is bounded.
    pub(super) fn around(at: DateTime<Utc>) -> Scale {
        let room = Duration::days(30);
        let (first, last) = (at.checked_sub_signed(room), at.checked_add_signed(room));
        Scale { first: first.unwrap_or(at), last: last.unwrap_or(at), at }
    }

    /// Where an instant is drawn, in hundredths of a percent of the width.
    fn place(&self, instant: DateTime<Utc>) -> i64 {
        let (part, whole) = ((instant - self.first).num_seconds(), (self.last - self.first).num_seconds());
        i64::try_from(i128::from(part) * 10_000 / i128::from(whole.max(1))).unwrap_or(0).clamp(0, 10_000)
    }

    /// The first instants of years, as many as have room.
    fn years(&self) -> Vec<(i32, i64)> {
        let (from, to) = (self.first.year().saturating_add(1), self.last.year());
        let step = usize::try_from((to - from) / 6 + 1).unwrap_or(1);
        let year = |year| Some((year, self.place(Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single()?)));
        (from..=to).step_by(step).filter_map(year).collect()
    }
}

/// Hundredths of a percent as a length.
fn percent(hundredths: i64) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// The years, and the instant that is marked.
pub(super) fn axis(scale: &Scale) -> String {
    let label = |(year, place): (i32, i64)| format!("<text x=\"{}\" y=\"13\">{year}</text>", percent(place));
    let years: String = scale.years().into_iter().map(label).collect();
    format!("<svg class=\"axis\" width=\"100%\" height=\"18\" aria-hidden=\"true\">{years}{}</svg>", now(scale, 18))
}

/// A line where each year begins, so high.
pub(super) fn year_lines(scale: &Scale, height: u32) -> String {
    let line = |(_, place): (i32, i64)| {
        let x = percent(place);
        format!("<line class=\"year\" x1=\"{x}\" x2=\"{x}\" y1=\"0\" y2=\"{height}\"/>")
    };
    scale.years().into_iter().map(line).collect()
}

/// The instant that is marked.
pub(super) fn now(scale: &Scale, height: u32) -> String {
    let x = percent(scale.place(scale.at));
    format!("<line class=\"now\" x1=\"{x}\" x2=\"{x}\" y1=\"0\" y2=\"{height}\"/>")
}

/// A window as a bar, with an upright end where it has a bound and none where it goes on.
pub(super) fn bar(window: Window, scale: &Scale, class: &str, top: u32, height: u32) -> String {
    let start = window.start().map_or(0, |start| scale.place(start));
    let end = window.end().map_or(10_000, |end| scale.place(end));
    let (x, width) = (percent(start), percent((end - start).max(0)));
    let upright = |place: i64| {
        let x = percent(place);
        let (from, to) = (top.saturating_sub(3), top + height + 3);
        format!("<line class=\"bound\" x1=\"{x}\" x2=\"{x}\" y1=\"{from}\" y2=\"{to}\"/>")
    };
    let bounds = window.start().map(|_| upright(start)).unwrap_or_default()
        + &window.end().map(|_| upright(end)).unwrap_or_default();
    format!("<g class=\"{class}\"><rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>{bounds}</g>")
}

#[cfg(test)]
mod tests {
    use rootline_metadata::parse_instant;

    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        parse_instant(text).unwrap()
    }

    #[test]
    fn a_window_is_drawn_from_its_start_to_its_end_and_to_the_edge_where_it_has_none() {
        let scale = Scale {
            first: instant("2030-01-01T00:00:00Z"),
            last: instant("2030-01-11T00:00:00Z"),
            at: instant("2030-01-06T00:00:00Z"),
        };
        let (start, end) = (instant("2030-01-02T00:00:00Z"), instant("2030-01-04T12:00:00Z"));
        let drawn = |window| bar(window, &scale, "after", 5, 4);
        let closed = drawn(Window::new(Some(start), Some(end)));
        assert!(closed.contains("<rect x=\"10.00%\" y=\"5\" width=\"25.00%\" height=\"4\"/>"), "{closed}");
        assert_eq!(closed.matches("class=\"bound\"").count(), 2);
        let open = drawn(Window::from(start));
        assert!(open.contains("<rect x=\"10.00%\" y=\"5\" width=\"90.00%\" height=\"4\"/>"), "{open}");
        assert_eq!(open.matches("class=\"bound\"").count(), 1);
        assert!(drawn(Window::ALWAYS).contains("<rect x=\"0.00%\" y=\"5\" width=\"100.00%\" height=\"4\"/>"));
        // One that ends before it starts has no room.
        assert!(drawn(Window::new(Some(end), Some(start))).contains("width=\"0.00%\""));
        assert!(now(&scale, 9).contains("x1=\"50.00%\""));
    }

    #[test]
    fn the_furthest_instants_still_have_a_place() {
        let scale = Scale {
            first: instant("0001-01-01T00:00:00Z"),
            last: instant("9999-12-31T23:59:59Z"),
            at: instant("2030-01-01T00:00:00Z"),
        };
        assert_eq!(scale.place(scale.first), 0);
        assert_eq!(scale.place(scale.last), 10_000);
        assert!(scale.years().len() <= 7, "{:?}", scale.years());
    }
}
