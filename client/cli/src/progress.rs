//! A progress line on a terminal, and nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line that is redrawn during the work and removed after it. In a pipe or a file it is not drawn.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    bar: ProgressBar,
}

/// Quick enough to be seen as moving.
const TICK: Duration = Duration::from_millis(120);

/// Most characters of a name that are shown.
const SHOWN: usize = 48;

impl ProgressLine {
    pub(super) fn on(target: ProgressDrawTarget) -> ProgressLine {
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{pos}/{len} files {wide_bar} {msg}");
        ProgressLine { bar: style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)) }
    }

    /// A spinner for requests, whose number is not known before.
    pub(super) fn asking(target: ProgressDrawTarget, repository: &str) -> ProgressLine {
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{spinner} asking {msg}");
        let line = ProgressLine { bar: style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)) };
        line.bar.set_message(shown(repository));
        if !line.bar.is_hidden() {
            line.bar.enable_steady_tick(TICK);
        }
        line
    }

    /// Sets the number of files, and starts again.
    pub(crate) fn files(&self, files: usize) {
        self.bar.reset();
        self.bar.set_length(files as u64);
    }

    /// One file more is done, or about to be. Its name may come from a repository: nothing in it reaches the terminal that could do more than
    /// be read.
    pub(crate) fn file(&self, name: &str, bytes: u64) {
        self.bar.set_message(format!("{} ({})", shown(name), size(bytes)));
        self.bar.inc(1);
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Keeps the end of a name: the beginning of a target's is a digest.
fn shown(name: &str) -> String {
    let letters = name.chars().count();
    let end: String = name.chars().skip(letters.saturating_sub(SHOWN)).collect();
    let escaped = end.escape_debug();
    if letters > SHOWN { format!("…{escaped}") } else { escaped.to_string() }
}

/// A number of bytes for people: three digits or fewer.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let scaled = |exponent: usize| bytes >> (10 * exponent);
    match UNITS.iter().enumerate().rev().find(|(exponent, _)| scaled(exponent + 1) > 0) {
        None => format!("{bytes} bytes"),
        Some((exponent, unit)) => format!("{} {unit}", scaled(exponent + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_repository_can_neither_reach_the_terminal_nor_fill_it() {
        assert_eq!(shown("targets/a.json"), "targets/a.json");
        assert_eq!(shown("\u{1b}[2J\n"), "\\u{1b}[2J\\n");
        assert_eq!(shown(&"n".repeat(48)), "n".repeat(48));
        assert_eq!(shown(&format!("x{}", "n".repeat(48))), format!("…{}", "n".repeat(48)));
    }

    #[test]
    fn sizes_are_told_in_the_largest_unit_that_makes_one() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            ((1 << 20) - 1, "1023 KiB"),
            (1 << 20, "1 MiB"),
            (u64::MAX, "16383 PiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
