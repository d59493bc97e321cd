//! The word of a keyholder that what is about to be signed is what they want to sign.

use std::io::{self, IsTerminal};

use clap::Args;
use rootline_ceremonies::Fingerprint;

use crate::context::Context;
use crate::failure::Failure;

/// The heading of the options that confirm before anybody is asked.
const CONFIRMATION: &str = "Confirmation";

/// Given before, as an option; otherwise somebody is asked.
#[derive(Args, Debug)]
pub(crate) struct Confirmation {
    /// Sign without a question, if the files have this fingerprint
    #[arg(long, value_name = "TEXT", help_heading = CONFIRMATION)]
    fingerprint: Option<String>,

    /// Sign without a question: the review has been read
    #[arg(long, conflicts_with = "fingerprint", help_heading = CONFIRMATION)]
    yes: bool,
}

/// What a command asks about, in its own words.
pub(crate) struct Question<'a> {
    /// What would be signed, and as whom if that was said.
    pub(crate) what: String,
    pub(crate) fingerprint: Fingerprint,
    /// What has it, as a sentence begins: `the frozen files have`.
    pub(crate) subject: &'a str,
    /// Where the review is to be read by whoever cannot be asked here.
    pub(crate) read: &'a str,
    /// Whether there is somebody to show it to: what a program reads is one value, without a review before it.
    pub(crate) is_for_people: bool,
}

impl Confirmation {
    /// Nobody signs what they have not been shown: `show` shows it before anybody is asked.
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
                    format!("{subject} another fingerprint: {fingerprint}"),
                    "do not sign; find out which of the two was agreed on",
                )
                .breaking("keyholders sign the fingerprint that they read out")),
            };
        }
        if !is_for_people || !io::stdin().is_terminal() {
            return Err(Failure::new(
                "signing needs a confirmation, and there is no terminal to ask at",
                format!("read {read}, then add --fingerprint TEXT or --yes"),
            ));
        }
        show();
        context.terminal.line(format_args!("Sign {what}? Type yes, or the fingerprint that was read out:"));
        let mut answer = String::new();
        let is_read = io::stdin().read_line(&mut answer).is_ok();
        match answer.trim() {
            "yes" if is_read => Ok(()),
            text if is_read && fingerprint.is_spelled(text) => Ok(()),
            _ => Err(Failure::new("nothing was signed", "run this again when you are sure")),
        }
    }
}
