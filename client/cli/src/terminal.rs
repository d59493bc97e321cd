//! The one place where a program of this workspace writes to the terminal.

use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};

use indicatif::ProgressDrawTarget;

use crate::failure::Failure;
use crate::progress::ProgressLine;

/// Standard output for results, standard error for everything else. Colours only on a terminal, and never where `NO_COLOR` is set.
#[derive(Debug, Default)]
pub struct Terminal {
    colours: bool,
    colours_in_results: bool,
}

/// How a part of a result is meant. What it means always stands there in words too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing is to be done.
    Plain,
    /// Something is to be done soon.
    Warning,
    /// Something is to be done now.
    Failure,
}

impl Terminal {
    /// The terminal of this process.
    pub fn new() -> Terminal {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Terminal {
            colours: wanted && io::stderr().is_terminal(),
            colours_in_results: wanted && io::stdout().is_terminal(),
        }
    }

    /// One line of a result. A reader who has gone away is no failure.
    pub fn line(&self, line: Arguments<'_>) {
        let _ = writeln!(io::stdout().lock(), "{line}");
    }

    /// A part of a result's line, in the colour of its tone.
    pub fn toned(&self, tone: Tone, text: Arguments<'_>) -> String {
        let colour = match tone {
            Tone::Warning if self.colours_in_results => "33",
            Tone::Failure if self.colours_in_results => "31",
            _ => return text.to_string(),
        };
        format!("\u{1b}[1;{colour}m{text}\u{1b}[0m")
    }

    /// A result for programs.
    pub fn json(&self, value: &serde_json::Value) {
        self.line(format_args!("{value:#}"));
    }

    /// A result that is a file: all of it is written, or it is a failure.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| {
            Failure::new(
                format!("standard output cannot be written: {error}"),
                "or write to a folder with --output DIR",
            )
        })
    }

    /// A text in white on black, where there are colours: for pictures made of characters, which must not be seen as their negative.
    pub fn white_on_black(&self, text: &str) -> String {
        if self.colours_in_results { format!("\u{1b}[97;40m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// One line about a result that goes to standard output: on standard error, so that it is no part of the result.
    pub fn aside(&self, line: Arguments<'_>) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Something that was noticed and is no failure.
    pub fn warning(&self, warning: Arguments<'_>) {
        let _ = writeln!(io::stderr().lock(), "{} {warning}", self.paint("33", "warning:"));
    }

    /// Something that a person is to do while a program waits for it, on a terminal alone.
    pub fn request(&self, request: Arguments<'_>) {
        let mut stderr = io::stderr().lock();
        if stderr.is_terminal() {
            let _ = writeln!(stderr, "{request}");
        }
    }

    /// Several of them.
    pub fn notes(&self, notes: impl IntoIterator<Item = impl Display>) {
        for note in notes {
            self.warning(format_args!("{note}"));
        }
    }

    /// What went wrong, one detail, and what to do next.
    pub fn failure(&self, failure: &Failure) {
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "{} {}", self.paint("31", "error:"), failure.what());
        if let Some((label, detail)) = failure.detail() {
            let _ = writeln!(stderr, "  {label}: {detail}");
        }
        if let Some(hint) = failure.hint() {
            let _ = writeln!(stderr, "  {} {hint}", self.paint("36", "hint:"));
        }
    }

    /// Begins to show how far long work has come, on a terminal alone.
    pub(crate) fn progress(&self) -> ProgressLine {
        ProgressLine::on(ProgressDrawTarget::stderr())
    }

    /// Shows that a repository is being asked, until it is dropped; on a terminal alone.
    pub(crate) fn asking(&self, repository: &str) -> ProgressLine {
        ProgressLine::asking(ProgressDrawTarget::stderr(), repository)
    }

    fn paint(&self, colour: &str, word: &str) -> String {
        if self.colours { format!("\u{1b}[1;{colour}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}

/// Names come from repositories; nothing in them may move the cursor.
pub fn printable(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).collect()
}
