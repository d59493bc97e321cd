//! The clock, held against the record before anything is signed or recorded by it.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use rootline_ceremonies::{ClockBehind, KnownInstant, KnownTime, OnlinePeriods, Plan, Published, Transcript};
use rootline_metadata::instant_text;

use crate::context::Context;
use crate::failure::Failure;
use crate::preflight::Files;
use crate::publish::destination;
use crate::publish::place::Place;

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ClockArgs {
    /// Go on though the record has later times than this clock, and record why
    #[arg(long, value_name = "REASON", value_parser = NonEmptyStringValueParser::new(), hide_short_help = true)]
    clock_is_right: Option<String>,
}

impl ClockArgs {
    /// Refuses a clock that is behind the record. Once a person has said that it is right, that is recorded, and what was later then is set aside.
    pub(crate) fn check(&self, published: &Published, context: &Context) -> Result<(), Failure> {
        self.judge(known_time(published, context)?.check(context.now), published, context)
    }

    /// Refuses a clock that is behind the record or the timestamp at the destination, and a timestamp that was signed by one that was.
    pub(crate) fn check_destination(
        &self,
        to: &Place,
        there: &Files,
        published: &Published,
        context: &Context,
    ) -> Result<(), Failure> {
        let (mut known, policy) = (known_time(published, context)?, context.folder.policy()?);
        let mut found = Ok(());
        if let Some((timestamp, periods)) = destination::timestamp(there, published, &policy) {
            let replaced = KnownInstant::of_file(&timestamp, periods.timestamp, Some(&to.to_string()));
            let own = published.current().map(|current| &current.timestamp);
            let periods = OnlinePeriods::stated(published.root(), &policy).timestamp;
            found = own.map_or(Ok(()), |own| known.check_replaced((own, periods), &replaced));
            known.add(replaced);
        }
        self.judge(known.check(context.now).and(found), published, context)
    }

    fn judge(&self, found: Result<(), ClockBehind>, published: &Published, context: &Context) -> Result<(), Failure> {
        match (found, &self.clock_is_right) {
            (Ok(()), _) => Ok(()),
            (Err(behind), None) => Err(behind.into()),
            (Err(behind), Some(reason)) => record(&behind, reason, published, context),
        }
    }
}

/// Warns of a clock that is behind the record, where its time is recorded and nothing expires by it.
pub(crate) fn warn(published: &Published, context: &Context) -> Result<(), Failure> {
    if let Err(behind) = known_time(published, context)?.check(context.now) {
        context.terminal.warning(format_args!("{behind}: set the clock, as its time is recorded"));
    }
    Ok(())
}

/// The same for a plan, whose files expire by its own date: one that is still to come makes them hold longer than the plan says.
pub(crate) fn warn_of_plan(plan: &Plan, published: &Published, context: &Context) -> Result<(), Failure> {
    warn(published, context)?;
    let delegated = plan.delegations().iter().map(|delegation| &delegation.role);
    let roles = [plan.root(), plan.targets()].into_iter().chain(delegated);
    let latest = roles.map(|role| role.at.unwrap_or(plan.at())).max().unwrap_or(plan.at());
    if latest > context.now + KnownTime::TOLERANCE {
        context.terminal.warning(format_args!(
            "the plan is of {}, and the clock says {}: what is signed before that date holds longer than its days",
            instant_text(latest),
            instant_text(context.now)
        ));
    }
    Ok(())
}

/// What the folder says of the time. A transcript that cannot be read says nothing, and stops other commands.
pub(crate) fn known_time(published: &Published, context: &Context) -> Result<KnownTime, Failure> {
    let periods = OnlinePeriods::stated(published.root(), &context.folder.policy()?);
    let mut known = KnownTime::of_published(published, periods);
    for ceremony in context.folder.ceremonies_and_strays()?.0 {
        if let Ok(transcript) = ceremony.transcript_text().map(|text| Transcript::read(&text).0) {
            known.add_transcript(ceremony.id(), &transcript);
        }
    }
    Ok(known)
}

/// Records a person's word in the transcript with the latest line, which is the one that the clock is behind, or the last one that was written.
fn record(behind: &ClockBehind, reason: &str, published: &Published, context: &Context) -> Result<(), Failure> {
    let mut latest = None;
    for ceremony in context.folder.ceremonies_and_strays()?.0 {
        let Ok(record) = ceremony.load(published) else { continue };
        let at = record.transcript().entries().iter().map(|entry| entry.at).max();
        if at.is_some() && latest.as_ref().is_none_or(|(before, _)| *before <= at) {
            latest = Some((at, record));
        }
    }
    match latest {
        Some((_, mut record)) => {
            record.note(context.now, behind.vouched(reason, published))?;
            context.terminal.warning(format_args!("{behind}; going on, as recorded in ceremony {}", record.id()));
        }
        None => context.terminal.warning(format_args!("{behind}; going on, and there is no transcript to record why")),
    }
    Ok(())
}
