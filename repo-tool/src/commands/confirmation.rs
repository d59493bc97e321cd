//! A keyholder's confirmation before they sign.

use std::io::{self, BufRead, IsTerminal, Read};

use clap::Args;
use rootline_ceremonies::{Fingerprint, Name};
use rootline_metadata::{KeyId, PublicKey};

use crate::context::Context;
use crate::failure::Failure;
use crate::text::visible;

/// The heading of the options that confirm without a question.
const CONFIRMATION: &str = "Confirmation";

/// Most bytes of an answer at a terminal.
const MAX_ANSWER: u64 = 4096;

/// The confirmation by an option; otherwise a question is asked.
#[derive(Args, Debug)]
pub(crate) struct Confirmation {
    /// Sign without a question, if the files have this fingerprint
    #[arg(long, value_name = "TEXT", help_heading = CONFIRMATION)]
    fingerprint: Option<String>,

    /// Sign without a question
    #[arg(long, conflicts_with = "fingerprint", help_heading = CONFIRMATION)]
    yes: bool,
}

/// What is confirmed.
pub(crate) struct Question<'a> {
    /// What would be signed: `root 4 and targets 3`.
    pub(crate) what: String,
    /// What the repository is called, where that is known.
    pub(crate) repository: Option<&'a str>,
    /// The digest of its root 1, if it has one.
    pub(crate) first_root: Option<&'a str>,
    /// Who signs.
    pub(crate) keyholder: &'a Name,
    /// Their full name, if anybody has it.
    pub(crate) display_name: Option<&'a str>,
    /// The key that signs, and where it is.
    pub(crate) key: PublicKey,
    pub(crate) place: String,
}

/// What is to be confirmed, before a key is opened.
pub(crate) struct Subject<'a> {
    pub(crate) fingerprint: Fingerprint,
    /// What has it, as a sentence begins: `the frozen files have`.
    pub(crate) subject: &'a str,
    /// The command that shows the review, for a run without a terminal.
    pub(crate) read: &'a str,
    /// Whether there is somebody to show it to: what a program reads is one value, without a review before it.
    pub(crate) is_for_people: bool,
}

impl Confirmation {
    /// Refuses what nobody could confirm, before anything is shown or a key is opened: another fingerprint, or no terminal to ask at.
    pub(crate) fn check(&self, subject: &Subject<'_>) -> Result<(), Failure> {
        let Subject { fingerprint, subject, read, is_for_people } = subject;
        match &self.fingerprint {
            Some(text) if fingerprint.is_spelled(text) => Ok(()),
            Some(_) => Err(Failure::new(
                format!("{subject} a different fingerprint: {fingerprint}"),
                "do not sign; find out which fingerprint was agreed on",
            )
            .breaking("keyholders sign the fingerprint that they read out")),
            None if self.yes => Ok(()),
            None if !is_for_people || !io::stdin().is_terminal() => Err(Failure::new(
                "signing needs a confirmation, and there is no terminal",
                format!("read {read}, then add --fingerprint TEXT or --yes"),
            )),
            None => Ok(()),
        }
    }

    /// Whether the review is shown: to people, unless they want no more than the result and have answered with an option.
    pub(crate) fn shows(&self, subject: &Subject<'_>, context: &Context) -> bool {
        subject.is_for_people && !(context.terminal.is_quiet() && self.is_given())
    }

    fn is_given(&self) -> bool {
        self.yes || self.fingerprint.is_some()
    }

    /// Shows who signs what as whom, below the review, and asks unless an option has answered: only what was shown is signed.
    pub(crate) fn ask(&self, question: &Question<'_>, subject: &Subject<'_>, context: &Context) -> Result<(), Failure> {
        if self.shows(subject, context) {
            question.lines().iter().for_each(|line| context.terminal.line(format_args!("{line}")));
        }
        if self.is_given() {
            return Ok(());
        }
        context.terminal.line(format_args!("{} Type yes, or the fingerprint that was read out:", question.text()));
        match answer().as_deref() {
            Some("yes") => Ok(()),
            Some(text) if subject.fingerprint.is_spelled(text) => Ok(()),
            _ => Err(Failure::new("not confirmed; nothing was signed", "run this again when you are sure")),
        }
    }
}

/// The line that somebody types at the terminal; `None` if it cannot be read.
pub(crate) fn answer() -> Option<String> {
    let mut answer = String::new();
    io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

impl Question<'_> {
    fn lines(&self) -> Vec<String> {
        let name = self.repository.map_or_else(|| "not named".to_owned(), |name| format!("\"{}\"", visible(name)));
        let root = self.first_root.map_or_else(|| "none yet".to_owned(), |digest| format!("sha256 {digest}"));
        let called = self.display_name.map(|name| format!(", {}", visible(name))).unwrap_or_default();
        vec![
            String::new(),
            format!("repository: {name}"),
            format!("root 1:     {root}"),
            format!("signs:      {}", self.what),
            format!("as:         {}{called}", self.keyholder),
            format!("with:       key {}, {}", KeyId::of(&self.key).short(), self.place),
        ]
    }

    fn text(&self) -> String {
        let of = self.repository.map(|name| format!(" of \"{}\"", visible(name))).unwrap_or_default();
        format!("Sign {}{of} as {} (key {})?", self.what, self.keyholder, KeyId::of(&self.key).short())
    }
}
