//! The one place where this program writes to the terminal.

use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};

use crate::failure::Failure;

/// Standard output for results, standard error for everything else. Colours only on a terminal, and never where `NO_COLOR` is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    colours: bool,
}

impl Terminal {
    pub(crate) fn new() -> Terminal {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Terminal { colours: wanted && io::stderr().is_terminal() }
    }

    /// One line of a result. A reader who has gone away is no failure.
    pub(crate) fn line(self, line: Arguments<'_>) {
        let _ = writeln!(io::stdout().lock(), "{line}");
    }

    /// A result for programs.
    pub(crate) fn json(self, value: &serde_json::Value) {
        self.line(format_args!("{value:#}"));
    }

    /// What a person is asked, without a line end.
    pub(crate) fn question(self, question: &str) {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{question} ").and_then(|()| stderr.flush());
    }

    /// Something that was noticed and is no failure.
    pub(crate) fn warning(self, warning: impl Display) {
        let _ = writeln!(io::stderr().lock(), "{} {warning}", self.paint("33", "warning:"));
    }

    /// What went wrong, one detail, and what to do next.
    pub(crate) fn failure(self, failure: &Failure) {
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "{} {}", self.paint("31", "error:"), failure.what());
        if let Some(check) = failure.check() {
            let _ = writeln!(stderr, "  check: {check}");
        }
        if let Some(hint) = failure.hint() {
            let _ = writeln!(stderr, "  {} {hint}", self.paint("36", "hint:"));
        }
    }

    fn paint(self, colour: &str, word: &str) -> String {
        if self.colours { format!("\u{1b}[1;{colour}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}
