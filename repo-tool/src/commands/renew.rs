//! `rootline-repo renew`: a ceremony that renews what is due, up to the signing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline_ceremonies::{CeremonyRole, Name};
use rootline_metadata::instant_text;
use serde_json::json;

use super::ceremony::new::{self, NewArgs};
use super::ceremony::{IdArgs, freeze, overlapping, request};
use super::clock::ClockArgs;
use super::status::role_statuses;
use super::{local_path, parse_name, parse_role};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo renew
  rootline-repo renew root targets --id 2030-06
  rootline-repo renew --output /media/usb/renewal.request.json

Does what ceremony new --renew, ceremony freeze and ceremony request do: the keyholders of a role sign a version that holds longer, and changes \
that lie in targets/ go along. What is due: rootline-repo status. Snapshot and timestamp are renewed by rootline-repo online.")]
pub(crate) struct RenewArgs {
    /// The roles to renew now [default: those that are due]
    #[arg(value_name = "ROLE")]
    roles: Vec<String>,

    /// The name of the ceremony [default: renewal- and the date]
    #[arg(long, value_parser = parse_name)]
    id: Option<Name>,

    /// The purpose in one sentence, for the review
    #[arg(long, value_name = "TEXT")]
    summary: Option<String>,

    /// The file for the signing request [default: ID.request.json]
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    clock: ClockArgs,
}

pub(crate) fn run(args: &RenewArgs, context: &Context) -> Result<(), Failure> {
    let lock = context.lock()?;
    let roles = roles(args, context)?;
    let names: Vec<String> = roles.iter().map(|role| role.name().to_owned()).collect();
    let id = args.id.clone().unwrap_or_else(|| dated(context.now));
    let summary = args.summary.clone().unwrap_or_else(|| format!("Renewal of {}", names.join(" and ")));
    let planned = new::plan(&NewArgs::renewing(names.clone(), id.clone(), &summary, args.clock.clone()), context)?;
    if let Some(problem) = planned.problem {
        return Err(planned_only(problem, &id, context));
    }
    let ceremony = IdArgs::from(id.clone());
    let froze = freeze::freeze(&ceremony, context).map_err(|failure| planned_only(failure, &id, context))?;
    drop(lock);
    let request = requested(&ceremony, args, context).map_err(|failure| {
        let go_on =
            format!("go on with rootline-repo ceremony request {id}, or sign here: ceremony sign {id} --key FILE");
        standing(failure, &format!("{id} is frozen, and there is no request yet"), &go_on, context)
    })?;
    let report = json!({
        "ceremony": id.as_str(),
        "roles": names,
        "plan": planned.path,
        "freeze": froze.to_json(),
        "request": request.to_json(),
    });
    context.report(&report, |line| {
        line(format_args!("{id} renews {}", names.join(", ")));
        froze.lines().iter().chain(&request.lines()).for_each(|text| line(format_args!("{text}")));
        context.next(format_args!("read it: rootline-repo ceremony review {id}"));
        context.next(format_args!("{}", request.next()));
        context.next(format_args!(
            "then: rootline-repo ceremony accept RESPONSE…, ceremony seal {id}, online --key FILE, publish"
        ));
    });
    Ok(())
}

/// The roles to renew: those that are named, or else those that are due and in no other ceremony's hands.
fn roles(args: &RenewArgs, context: &Context) -> Result<BTreeSet<CeremonyRole>, Failure> {
    let published = context.folder.published()?;
    if published.root().is_none() {
        let what = "nothing is published yet, so nothing is to be renewed";
        return Err(Failure::new(what, "hold the first ceremony: rootline-repo ceremony new first"));
    }
    if !args.roles.is_empty() {
        return args.roles.iter().map(|role| parse_role(role)).collect();
    }
    let (policy, keyholders) = (context.folder.policy_for(&published)?, context.folder.keyholders()?);
    let statuses = role_statuses(&policy, &published, &keyholders);
    let roles: Vec<(DateTime<Utc>, CeremonyRole)> =
        statuses.into_iter().filter_map(|status| Some((status.due, status.signed_by_people?))).collect();
    let due: BTreeSet<CeremonyRole> =
        roles.iter().filter(|(due, _)| *due <= context.now).map(|(_, role)| role.clone()).collect();
    if due.is_empty() {
        return Err(nothing_is_due(&roles));
    }
    if let Some((other, roles)) = overlapping::making(&due, &published, context)?.into_iter().next() {
        let roles: Vec<&str> = roles.iter().map(CeremonyRole::name).collect();
        return Err(Failure::new(
            format!("the ceremony {other} makes a new {} already", roles.join(" and ")),
            format!("go on with it: rootline-repo ceremony status {other}; or name the roles to renew"),
        ));
    }
    Ok(due)
}

fn nothing_is_due(roles: &[(DateTime<Utc>, CeremonyRole)]) -> Failure {
    let first = roles.iter().map(|(due, _)| *due).min();
    let with_it: Vec<&str> = roles.iter().filter(|(due, _)| Some(*due) == first).map(|(_, role)| role.name()).collect();
    let when = first.map(instant_text).unwrap_or_default();
    let verb = if with_it.len() == 1 { "is" } else { "are" };
    let what = format!("nothing is due before {when}, when {} {verb}", with_it.join(" and "));
    Failure::new(what, "run this again then, or name the roles to renew now: rootline-repo renew ROLE")
}

/// The ceremony of that day.
fn dated(now: DateTime<Utc>) -> Name {
    format!("renewal-{}", now.format("%Y-%m-%d")).parse().expect("a plain name")
}

/// The request, written.
fn requested(ceremony: &IdArgs, args: &RenewArgs, context: &Context) -> Result<request::NewRequest, Failure> {
    let request = request::make(ceremony, args.output.as_deref(), context)?;
    atomic_file::replace(&request.to, &request.bytes)?;
    Ok(request)
}

/// A failure where the plan was written and no more.
fn planned_only(failure: Failure, id: &Name, context: &Context) -> Failure {
    let go_on = format!(
        "go on with rootline-repo ceremony freeze {id} and ceremony request {id}, or end it: rootline-repo ceremony abandon {id}"
    );
    standing(failure, &format!("{id} is planned, and not frozen"), &go_on, context)
}

/// The failure, once it is said what stands and how to go on with that.
fn standing(failure: Failure, what: &str, go_on: &str, context: &Context) -> Failure {
    context.terminal.warning(format_args!("{what}"));
    context.terminal.hint(format_args!("{go_on}"));
    failure
}
