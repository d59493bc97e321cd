//! The context of a command: the folder, the instant and the terminal.

use std::fmt::Arguments;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use rootline::clock::At;
use rootline::terminal::Terminal;
use rootline_client::store::StoreLock;

use crate::failure::Failure;
use crate::folder::repository::RepositoryFolder;

/// The context of a command.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) folder: RepositoryFolder,
    /// The folder of this user's configuration; `None` when they have none.
    pub(crate) configuration: Option<PathBuf>,
    pub(crate) now: DateTime<Utc>,
    /// Where `now` is from.
    pub(crate) clock: At,
    pub(crate) json: bool,
    pub(crate) terminal: Terminal,
}

impl Context {
    /// Locks the folder while the command writes. Where locks do not work it goes on: the folder is one person's at a time, mostly; but says so.
    pub(crate) fn lock(&self) -> Result<StoreLock, Failure> {
        let mut lock = self.folder.lock()?;
        if let Some(missing) = lock.take_missing() {
            let hint = "let no other rootline-repo write there meanwhile, or move the folder to a local disk";
            self.terminal.warning(format_args!("{missing}; going on without"));
            self.terminal.hint(format_args!("{hint}"));
        }
        Ok(lock)
    }

    /// The context of the same command in another folder.
    pub(crate) fn in_folder(&self, folder: RepositoryFolder) -> Context {
        let (configuration, now, clock, json) = (self.configuration.clone(), self.now, self.clock, self.json);
        Context { folder, configuration, now, clock, json, terminal: Terminal::new() }
    }

    /// The context of the same command at the instant that it is by now.
    pub(crate) fn at_later(&self) -> Context {
        let terminal = Terminal::new().with_verbosity(self.terminal.verbosity());
        Context { now: self.later(), terminal, ..self.in_folder(self.folder.clone()) }
    }

    /// The instant by now, in whole seconds: later than `now` where a command takes long.
    pub(crate) fn later(&self) -> DateTime<Utc> {
        whole_second(self.clock.instant())
    }

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

/// The instant without its fraction of a second.
pub(crate) fn whole_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.timestamp(), 0).unwrap_or(instant)
}
