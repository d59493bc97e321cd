//! A keyholder's confirmation before they sign.

use std::io::{self, BufRead, IsTerminal, Read};

use clap::Args;
use rootline_ceremonies::Fingerprint;

use crate::context::Context;
use crate::failure::Failure;

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

    /// Sign without a question: the review has been read
    #[arg(long, conflicts_with = "fingerprint", help_heading = CONFIRMATION)]
    yes: bool,
}

/// The question of a command.
pub(crate) struct Question<'a> {
    /// What would be signed, and as whom if that was said.
    pub(crate) what: String,
    pub(crate) fingerprint: Fingerprint,
    /// What has it, as a sentence begins: `the frozen files have`.
    pub(crate) subject: &'a str,
    /// The command that shows the review, for a run without a terminal.
    pub(crate) read: &'a str,
    /// Whether there is somebody to show it to: what a program reads is one value, without a review before it.
    pub(crate) is_for_people: bool,
}

impl Confirmation {
    /// Asks after `show` has shown the review: only what was shown is signed.
    pub(crate) fn confirm(
        &self,
        question: &Question<'_>,
        show: impl FnOnce(),
        context: &Context,
    ) -> Result<(), Failure> {
        let Question { what, fingerprint, subject, read, is_for_people } = question;
        if self.yes {
            return Ok(());
        }
        if let Some(text) = &self.fingerprint {
            return match fingerprint.is_spelled(text) {
                true => Ok(()),
                false => Err(Failure::new(
                    format!("{subject} a different fingerprint: {fingerprint}"),
                    "do not sign; find out which fingerprint was agreed on",
                )
                .breaking("keyholders sign the fingerprint that they read out")),
            };
        }
        if !is_for_people || !io::stdin().is_terminal() {
            return Err(Failure::new(
                "signing needs a confirmation, and there is no terminal",
                format!("read {read}, then add --fingerprint TEXT or --yes"),
            ));
        }
        show();
        context.terminal.line(format_args!("Sign {what}? Type yes, or the fingerprint that was read out:"));
        let mut answer = String::new();
        let is_read = io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer).is_ok();
        match answer.trim() {
            "yes" if is_read => Ok(()),
            text if is_read && fingerprint.is_spelled(text) => Ok(()),
            _ => Err(Failure::new("not confirmed; nothing was signed", "run this again when you are sure")),
        }
    }
}
