//! The instants at which entries open and close: late enough that every verifier can have the change.

use std::io::{self, IsTerminal};

use chrono::{DateTime, Utc};
use clap::Args;
use rootline_ceremonies::trust::Reach;
use rootline_metadata::instant_text;

use super::content::TrustContent;
use crate::commands::confirmation::answer;
use crate::context::Context;
use crate::failure::Failure;

/// The answer to a question that would be asked.
#[derive(Args, Debug)]
pub(crate) struct Consent {
    /// Open or close without a question before every verifier can have the change
    #[arg(long)]
    yes: bool,
}

/// When a change can have reached every verifier.
pub(super) fn earliest(content: &TrustContent, context: &Context) -> DateTime<Utc> {
    Reach::of(&content.policy).earliest(context.now)
}

impl Consent {
    /// The answer that another option gives.
    pub(super) fn given(yes: bool) -> Consent {
        Consent { yes }
    }

    /// Asks about an instant that is too early. Where nothing is published, no verifier is behind.
    pub(super) fn ask(
        &self,
        what: &str,
        instant: DateTime<Utc>,
        content: &TrustContent,
        context: &Context,
    ) -> Result<(), Failure> {
        let earliest = earliest(content, context);
        if !content.is_published || instant >= earliest {
            return Ok(());
        }
        let reach = Reach::of(&content.policy);
        let early = format!(
            "{what} at {}, and not every verifier can know before {}: signing may take {} days, a verifier may keep what it has for {} \
             days, and caches for {} minutes",
            instant_text(instant),
            instant_text(earliest),
            reach.signing.num_days(),
            reach.timestamp.num_days(),
            reach.caches.num_minutes()
        );
        self.confirm(&early, "choose a later instant", context)
    }

    /// Asks whether something is meant; `otherwise` says what to do where it is not.
    pub(super) fn confirm(&self, what: &str, otherwise: &str, context: &Context) -> Result<(), Failure> {
        if self.yes {
            context.terminal.warning(format_args!("{what}"));
            return Ok(());
        }
        if context.json || !io::stdin().is_terminal() {
            return Err(Failure::new(what, format!("{otherwise}, or add --yes where this is meant")));
        }
        context.terminal.line(format_args!("{what}. Type yes if this is meant:"));
        match answer().as_deref() {
            Some("yes") => Ok(()),
            _ => Err(Failure::new("not confirmed; nothing was written", otherwise)),
        }
    }
}
