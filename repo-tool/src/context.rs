//! The context of a command: the folder, the instant and the terminal.

use std::fmt::Arguments;

use chrono::{DateTime, Utc};
use rootline::terminal::Terminal;

use crate::folder::repository::RepositoryFolder;

/// The context of a command.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) folder: RepositoryFolder,
    pub(crate) now: DateTime<Utc>,
    pub(crate) json: bool,
    pub(crate) terminal: Terminal,
}

impl Context {
    /// Prints the next step after a result; nothing with `--quiet`.
    pub(crate) fn next(&self, step: Arguments<'_>) {
        self.terminal.report(format_args!("next: {step}"));
    }

    /// Prints the result, as JSON or as text.
    pub(crate) fn report(&self, json: &serde_json::Value, text: impl FnOnce(&dyn Fn(Arguments<'_>))) {
        if self.json {
            self.terminal.json(json);
        } else {
            text(&|line| self.terminal.line(line));
        }
    }
}
