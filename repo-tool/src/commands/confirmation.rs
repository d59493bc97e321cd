//! The word of a keyholder that what is about to be signed is what they want to sign.

use std::io::{self, IsTerminal};

use clap::Args;
use rootline_ceremonies::Fingerprint;

use crate::context::Context;
use crate::failure::Failure;

/// Given before, as an option; otherwise somebody is asked.
#[derive(Args, Debug)]
pub(crate) struct Confirmation {
    /// Sign only what has this fingerprint, and ask nothing
    #[arg(long, value_name = "TEXT")]
    fingerprint: Option<String>,

    /// Ask nothing: the review has been read
    #[arg(long, conflicts_with = "fingerprint")]
    yes: bool,
}

/// What a command asks about, in its own words.
pub(crate) struct Question<'a> {
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
        let Question { fingerprint, subject, read, is_for_people } = question;
        if self.yes {
            return Ok(());
        }
        if let Some(text) = &self.fingerprint {
            return match fingerprint.is_spelled(text) {
                true => Ok(()),
                false => Err(Failure::new(
                    format!("{subject} another fingerprint: {fingerprint}"),
                    "do not sign; find out which of the two is the one that was agreed on",
                )
                .breaking("what is signed is what the keyholders read to each other")),
            };
        }
        if !is_for_people || !io::stdin().is_terminal() {
            return Err(Failure::new(
                "there is no terminal to ask whether to sign",
                format!("read {read}, then add --fingerprint TEXT or --yes"),
            ));
        }
        show();
        context.terminal.line(format_args!("sign this? Type yes, or the fingerprint as you have heard it:"));
        let mut answer = String::new();
        let is_read = io::stdin().read_line(&mut answer).is_ok();
        match answer.trim() {
            "yes" if is_read => Ok(()),
            text if is_read && fingerprint.is_spelled(text) => Ok(()),
            _ => Err(Failure::new("nothing was signed", "run this again when you are sure")),
        }
    }
}
