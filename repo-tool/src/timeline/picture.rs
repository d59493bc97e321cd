//! Windows as a picture by itself: one SVG, for a page, a chat or a printer. It has no script and fetches nothing.

use chrono::{DateTime, Utc};
use rootline_ceremonies::review::window_text;
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::Window;

use super::scale::{Scale, axis, bar, now, year_lines};
use crate::markup::text;

/// The width of all, of the names, and of what is beside both, in pixels.
const WIDTH: u32 = 960;
const NAMES: u32 = 320;
const MARGIN: u32 = 16;

/// The width of the bars, and where they begin.
const BARS: u32 = WIDTH - NAMES - 2 * MARGIN;
const LEFT: u32 = NAMES + MARGIN;

/// The height of the years, and of a row.
const AXIS: u32 = 22;
const ROW: u32 = 38;

/// Where a row's bar is, and how high.
const BAR: (u32, u32) = (13, 11);

const STYLE: &str = "
  svg { font-family: system-ui, sans-serif; color-scheme: light dark; }
  .ground { fill: #fff; }
  text { fill: #1d1d1f; font-size: 13px; }
  text.quiet, .axis text { fill: #5c5c66; font-size: 11px; }
  .axis text { text-anchor: middle; }
  line { stroke: #d5d5dc; stroke-width: 1; }
  line.now { stroke: #1d1d1f; stroke-width: 1.5; stroke-dasharray: 3 2; }
  .open rect { fill: #1a7f37; } .open line { stroke: #1a7f37; stroke-width: 2; }
  .to-come rect { fill: #0b5cad; } .to-come line { stroke: #0b5cad; stroke-width: 2; }
  .closed rect { fill: #85858f; } .closed line { stroke: #85858f; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #16161a; }
    text { fill: #ececf1; } text.quiet, .axis text { fill: #a5a5b0; }
    line { stroke: #3a3a44; } line.now { stroke: #ececf1; }
    .open rect { fill: #3fb950; } .open line { stroke: #3fb950; }
    .to-come rect { fill: #58a6ff; } .to-come line { stroke: #58a6ff; }
  }
";

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: String,
    /// What it is, and where.
    pub(crate) what: String,
    /// From when to when it is trusted.
    pub(crate) window: Window,
    /// Whether it is open at the instant that is marked: `open`, `to come` or `closed`.
    pub(crate) state: &'static str,
}

/// The picture, with the instant `at` marked.
pub(crate) fn picture(title: &str, rows: &[Row], at: DateTime<Utc>) -> String {
    let scale = Scale::of(rows.iter().map(|row| row.window), at).unwrap_or_else(|| Scale::around(at));
    let rows_height = ROW * u32::try_from(rows.len()).unwrap_or(u32::MAX / ROW);
    let height = rows_height.saturating_add(2 * MARGIN + 2 * AXIS);
    let described: String = rows.iter().map(|row| format!("{}\n", described(row))).collect();
    let drawn: String = rows.iter().zip(0_u32..).map(|(row, number)| drawn(row, number, &scale)).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"title description\">\n\
         <title id=\"title\">{title}</title>\n\
         <desc id=\"description\">At {at}:\n{described}</desc>\n\
         <style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <svg x=\"{LEFT}\" y=\"{MARGIN}\" width=\"{BARS}\" height=\"{AXIS}\">{axis}</svg>\n\
         {drawn}<text class=\"quiet\" x=\"{MARGIN}\" y=\"{end}\">green: open · blue: to come · grey: closed · dashed: {at}</text>\n\
         </svg>\n",
        title = text(title),
        at = instant_text(at),
        axis = axis(&scale),
        end = height - MARGIN,
    )
}

/// A row in words.
fn described(row: &Row) -> String {
    format!("{}, {}: {}, {}", text(&row.name), text(&row.what), text(&window_text(row.window)), row.state)
}

fn drawn(row: &Row, number: u32, scale: &Scale) -> String {
    let top = (ROW * number).saturating_add(MARGIN + AXIS);
    let class = row.state.replace(' ', "-");
    format!(
        "<g>\n<title>{described}</title>\n\
         <svg x=\"{MARGIN}\" y=\"{top}\" width=\"{width}\" height=\"{ROW}\"><text x=\"0\" y=\"16\">{name}</text>\
         <text class=\"quiet\" x=\"0\" y=\"31\">{what}</text></svg>\n\
         <svg x=\"{LEFT}\" y=\"{top}\" width=\"{BARS}\" height=\"{ROW}\">{years}{bar}{now}</svg>\n</g>\n",
        described = described(row),
        width = NAMES - MARGIN,
        name = text(&row.name),
        what = text(&row.what),
        years = year_lines(scale, ROW),
        bar = bar(row.window, scale, &class, BAR.0, BAR.1),
        now = now(scale, ROW),
    )
}

#[cfg(test)]
mod tests {
    use rootline_metadata::parse_instant;

    use super::*;

    fn row(name: &str, what: &str, window: Window) -> Row {
        Row { name: name.to_owned(), what: what.to_owned(), window, state: "open" }
    }

    #[test]
    fn every_entry_is_drawn_and_described_and_none_is_read_as_markup() {
        let at = parse_instant("2030-01-01T00:00:00Z").unwrap();
        let rows = [
            row("rekor-2030", "transparency log https://rekor.example/<script>", Window::from(at)),
            row("always", "timestamp authority a\u{0}b\u{fffe}", Window::ALWAYS),
        ];
        let picture = picture("what acme & co trust", &rows, at);
        assert_eq!(picture.matches("<g>\n").count(), 2);
        for told in [
            "<title id=\"title\">what acme &amp; co trust</title>",
            "rekor-2030, transparency log https://rekor.example/&lt;script&gt;: 2030-01-01T00:00:00Z, without an end, open",
            "a⟨U+0000⟩b",
            "height=\"152\" viewBox=\"0 0 960 152\"",
        ] {
            assert!(picture.contains(told), "{told} is missing: {picture}");
        }
        assert!(!picture.contains("<script") && !picture.contains('\u{0}') && !picture.contains('\u{fffe}'));
        assert_eq!(picture, super::picture("what acme & co trust", &rows, at));
    }

    #[test]
    fn a_trust_root_without_entries_or_bounds_has_a_picture_too() {
        let at = parse_instant("2030-01-01T00:00:00Z").unwrap();
        for rows in [vec![], vec![row("a", "b", Window::ALWAYS)]] {
            let picture = picture("x", &rows, at);
            assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
            assert!(picture.contains("x1=\"50.00%\""), "{picture}");
        }
    }
}
