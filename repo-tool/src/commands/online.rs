//! `rootline-repo online`: snapshot and timestamp.

use std::ffi::OsString;

use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::{
    Name, OnlinePeriods, Policy, Published, Release, ReleaseParts, Renewal, Sealed, SealedError, Signer, due_from,
};
use rootline_metadata::instant_text;
use serde_json::json;

use super::parse_name;
use super::status::due_for_keyholders;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::ceremony::Stage;
use crate::folder::record::CeremonyRecord;
use crate::folder::record::released;
use crate::publish::preflight::{self, Checked};
use crate::signer::{OpenSigner, SignerArgs};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo online --key online.pem
  rootline-repo online --key online.pem --renew
  rootline-repo online --key awskms:///alias/online

Makes sealed ceremonies current, or renews what is due; signs nothing when nothing is due. Run it every day. A verifier first tries the new files \
from every root ever published.")]
pub(crate) struct OnlineArgs {
    /// The private key of an online keyholder: a file or URI
    #[arg(long, value_name = "URI")]
    key: Vec<OsString>,

    /// The sealed ceremony to make current, if there are several
    #[arg(long, value_name = "ID", value_parser = parse_name)]
    ceremony: Option<Name>,

    /// Sign a new timestamp even if none is due
    #[arg(long)]
    renew: bool,

    #[command(flatten)]
    signer: SignerArgs,
}

/// [`ExitStatus::NeedsPerson`] where keyholders are to do what an online key cannot.
pub(crate) fn run(args: &OnlineArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let _lock = context.lock()?;
    let policy = context.folder.policy()?;
    let published = context.folder.published()?;
    note_unnoted(&published, context)?;
    let (mut ceremonies, superseded) = find_sealed(args.ceremony.as_ref(), &published, context)?;
    let sealed = together(&ceremonies, &published)?;
    let at = context.now;
    let periods = OnlinePeriods::in_force(&published, sealed.as_ref(), &policy);
    let renewal = if args.renew { Renewal::Now } else { Renewal::WhenDue };

    let due = due_from(&published, periods);
    if sealed.is_none() && renewal == Renewal::WhenDue && published.is_complete() && due.is_some_and(|due| due > at) {
        let due = due.map(instant_text).unwrap_or_default();
        context.report(&json!({ "written": [], "due_from": due }), |line| {
            line(format_args!("nothing is due before {due}"));
        });
        return left_to_people(&policy, &published, superseded, context);
    }
    let keys = OpenSigner::open_all(&args.key, &args.signer, &context.terminal)?;
    let keys: Vec<&dyn Signer> = keys.iter().map(OpenSigner::as_signer).collect();
    let parts = ReleaseParts {
        sealed: sealed.as_ref(),
        targets: &context.folder.targets()?,
        keys: &keys,
        at,
        periods,
        renewal,
    };
    let Some(release) = Release::make(&published, parts)? else {
        return left_to_people(&policy, &published, superseded, context);
    };
    let checked = preflight::check(published.files(), release.published().files(), at)?;
    checked.note("the release");
    warn_of_expired(&checked, context);
    context.folder.keep(&release)?;
    for (ceremony, sealed) in &mut ceremonies {
        ceremony.note_all([(at, checked.event("release")), (at, released(sealed.files()))])?;
    }
    let ids: Vec<&str> = ceremonies.iter().map(|(ceremony, _)| ceremony.id().as_str()).collect();
    report(&release, &ids, periods, context);
    left_to_people(&policy, release.published(), superseded || !checked.expired.is_empty(), context)
}

/// Says which roles keyholders are to renew; with those, or where there is something else already, a person is needed.
fn left_to_people(
    policy: &Policy,
    published: &Published,
    has_more: bool,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let due = due_for_keyholders(policy, published, &context.folder.keyholders()?, context.now);
    for (role, since) in &due {
        context.terminal.warning(format_args!(
            "{role} has been due for renewal since {}: rootline-repo ceremony new ID --renew {role}",
            instant_text(*since)
        ));
    }
    Ok(if due.is_empty() && !has_more { ExitStatus::Done } else { ExitStatus::NeedsPerson })
}

/// What several ceremonies have sealed, where each has sealed other roles.
fn together(ceremonies: &[(CeremonyRecord, Sealed)], published: &Published) -> Result<Option<Sealed>, Failure> {
    let mut all: Option<Sealed> = None;
    for (_, sealed) in ceremonies {
        let both = all.as_ref().map(|all| all.together(sealed, published)).transpose();
        all = Some(match both {
            Ok(both) => both.unwrap_or_else(|| sealed.clone()),
            Err(SealedError::BothSeal { role }) => {
                let ids: Vec<&str> = ceremonies.iter().map(|(ceremony, _)| ceremony.id().as_str()).collect();
                let what = format!("several ceremonies are sealed: {}; more than one has a new {role}", ids.join(", "));
                return Err(Failure::new(what, "name the one to make current first: --ceremony ID"));
            }
            Err(other) => return Err(other.into()),
        });
    }
    Ok(all)
}

/// Says which delegated roles have expired: only their holders can do something about it.
pub(crate) fn warn_of_expired(checked: &Checked, context: &Context) {
    for (role, expiry) in &checked.expired {
        context.terminal.warning(format_args!(
            "{role} expired at {expiry}: its files are refused until a ceremony renews it: ceremony new ID --renew {role}"
        ));
    }
}

/// Notes down what an earlier run made current that was ended before it could.
fn note_unnoted(published: &Published, context: &Context) -> Result<(), Failure> {
    for ceremony in context.folder.ceremonies()? {
        let mut record = ceremony.load(published)?;
        if let Some(released) = record.missing_release()? {
            // What was tried then is tried again; meanwhile the files may have expired, which does not undo the release.
            let checked = preflight::check(&preflight::Files::new(), published.files(), context.now).ok();
            let checked = checked.map(|checked| checked.event("release"));
            record.note_all(checked.into_iter().chain([released]).map(|event| (context.now, event)))?;
        }
    }
    Ok(())
}

/// The sealed ceremonies that are to become current, and whether others were superseded.
fn find_sealed(
    wanted: Option<&Name>,
    published: &Published,
    context: &Context,
) -> Result<(Vec<(CeremonyRecord, Sealed)>, bool), Failure> {
    let (mut found, mut has_superseded) = (Vec::new(), false);
    for ceremony in context.folder.ceremonies()? {
        if wanted.is_some_and(|wanted| wanted != ceremony.id()) {
            continue;
        }
        let record = ceremony.load(published)?;
        match record.stage()? {
            Stage::Sealed => {
                let sealed = record.sealed()?.cloned();
                found.extend(sealed.map(|sealed| (record, sealed)));
            }
            // Asked for by name, it is a refusal with its reason; otherwise it must not keep a timestamp from being renewed.
            Stage::Superseded if wanted.is_some() => drop(record.sealed()?),
            Stage::Superseded => {
                has_superseded = true;
                context.terminal.warning(format_args!(
                    "{0} is sealed and can no longer be published: rootline-repo ceremony freeze {0}, or abandon it",
                    record.id()
                ));
            }
            _ => {}
        }
    }
    if let (Some(wanted), true) = (wanted, found.is_empty()) {
        let hint = format!("seal it first: rootline-repo ceremony seal {wanted}");
        return Err(Failure::new(format!("{wanted} is not a sealed ceremony"), hint));
    }
    Ok((found, has_superseded))
}

fn report(release: &Release, ids: &[&str], periods: OnlinePeriods, context: &Context) {
    let names: Vec<String> = release.files().iter().map(|(file, _)| file.to_string()).collect();
    let due = due_from(release.published(), periods).map(instant_text);
    // One or several: a program that knows of one only goes on reading what it read.
    let json = json!({ "written": names, "ceremony": ids.first(), "ceremonies": ids, "due_from": due });
    context.report(&json, |line| {
        for id in ids {
            line(format_args!("{id} is now current"));
        }
        names
            .iter()
            .for_each(|name| line(format_args!("wrote {}", context.folder.join("metadata").join(name).display())));
        if let Some(due) = due {
            line(format_args!("next due: {due}"));
        }
        context.next(format_args!("rootline-repo publish"));
    });
}
