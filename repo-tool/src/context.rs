//! What every command is run with: the folder, the instant, and where its result goes.

use std::fmt::Arguments;

use chrono::{DateTime, Utc};
use rootline::terminal::Terminal;

use crate::folder::repository::RepositoryFolder;

/// What every command works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) folder: RepositoryFolder,
    pub(crate) now: DateTime<Utc>,
    pub(crate) json: bool,
    pub(crate) terminal: Terminal,
}

impl Context {
    /// What to do next, after a result: not with `--quiet`.
    pub(crate) fn next(&self, step: Arguments<'_>) {
        self.terminal.report(format_args!("next: {step}"));
    }

    /// The result: for programs, or for people.
    pub(crate) fn report(&self, json: &serde_json::Value, text: impl FnOnce(&dyn Fn(Arguments<'_>))) {
        if self.json {
            self.terminal.json(json);
        } else {
            text(&|line| self.terminal.line(line));
        }
    }
}
