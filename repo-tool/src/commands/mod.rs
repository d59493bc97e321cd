//! One file for each command.

pub(crate) mod agreement;
pub(crate) mod ceremony;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod keyholder;
pub(crate) mod online;
pub(crate) mod publish;
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod trust;

use std::fmt::Arguments;

use chrono::{DateTime, Utc};
use rootline_ceremonies::{CeremonyRole, Name, TomlError};

use crate::failure::Failure;
use crate::repository_folder::RepositoryFolder;
use crate::review::is_hidden;
use rootline_client::cli::terminal::Terminal;

/// What every command works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) folder: RepositoryFolder,
    pub(crate) now: DateTime<Utc>,
    pub(crate) json: bool,
    pub(crate) terminal: Terminal,
}

impl Context {
    /// The result: for programs, or for people.
    pub(crate) fn report(&self, json: &serde_json::Value, text: impl FnOnce(&dyn Fn(Arguments<'_>))) {
        if self.json {
            self.terminal.json(json);
        } else {
            text(&|line| self.terminal.line(line));
        }
    }
}

/// Reads an option that is a keyholder's or a ceremony's name.
pub(crate) fn parse_name(text: &str) -> Result<Name, String> {
    text.parse().map_err(|bad| format!("{bad}"))
}

/// Reads an option that is the name of a role that people sign.
pub(crate) fn parse_role(text: &str) -> Result<CeremonyRole, Failure> {
    CeremonyRole::parse(text).ok_or_else(|| {
        let hint = "name root, targets, or a role that targets delegates to";
        Failure::new(format!("{text:?} is no role that a ceremony signs"), hint)
    })
}

/// Reads an option of the form LEFT=RIGHT.
pub(crate) fn parse_pair(text: &str) -> Result<(String, String), String> {
    let (left, right) = text.split_once('=').ok_or("expected two names with `=` between them")?;
    Ok((left.to_owned(), right.to_owned()))
}

/// Names, for a sentence.
pub(crate) fn join<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.into_iter().map(Name::as_str).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

/// A text from a file or a program, as it is shown where nobody compares it with anything: what nobody would see is a space. A review writes it
/// out instead.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|character| if is_hidden(character) { ' ' } else { character }).collect()
}

/// Where options make a file that could not be read again.
pub(crate) fn own_text(error: &TomlError) -> String {
    format!("these options do not make a good file: {}", error.problem)
}
