//! `rootline-repo online`: snapshot and timestamp.

use std::ffi::OsString;

use clap::Args;
use rootline_ceremonies::{
    Event, EventKind, Name, OnlinePeriods, Published, Release, ReleaseParts, Renewal, Sealed, Signer, due_from,
};
use rootline_metadata::instant_text;
use serde_json::json;

use super::{Context, parse_name};
use crate::ceremony_folder::{CeremonyFolder, Stage, digests};
use crate::failure::Failure;
use crate::gate;
use crate::signer::{OpenSigner, SignerArgs};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo online --key online.pem                make a sealed ceremony current, or renew what is due
  rootline-repo online --key online.pem --renew        sign a new timestamp whether or not it is due
  rootline-repo online --key awskms:///alias/online    with a key in AWS KMS

Meant to be run every day: when nothing is due, nothing is signed. What is written is tried first with a verifier from \
every root ever published.")]
pub(crate) struct OnlineArgs {
    /// The private key of a keyholder that the plan names as an online key: a file, or a signer's URI
    #[arg(long, value_name = "URI")]
    key: Vec<OsString>,

    /// The sealed ceremony to make current, where there are several
    #[arg(long, value_name = "ID", value_parser = parse_name)]
    ceremony: Option<Name>,

    /// Sign a new timestamp even if it is not due
    #[arg(long)]
    renew: bool,

    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &OnlineArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.folder.lock()?;
    let policy = context.folder.policy()?;
    let published = context.folder.published()?;
    let sealed = find_sealed(args.ceremony.as_ref(), &published, context)?;
    let at = context.now;
    let periods = OnlinePeriods { snapshot: policy.snapshot(), timestamp: policy.timestamp() };
    let renewal = if args.renew { Renewal::Now } else { Renewal::WhenDue };

    let due = due_from(&published, periods);
    if sealed.is_none() && renewal == Renewal::WhenDue && published.is_complete() && due.is_some_and(|due| due > at) {
        let due = due.map(instant_text).unwrap_or_default();
        context.report(&json!({ "written": [], "due_from": due }), |line| {
            line(format_args!("nothing is due until {due}"));
        });
        return Ok(());
    }
    let keys = OpenSigner::open_all(&args.key, &args.signer, &context.terminal)?;
    let keys: Vec<&dyn Signer> = keys.iter().map(OpenSigner::as_signer).collect();
    let parts = ReleaseParts {
        sealed: sealed.as_ref().map(|(_, sealed)| sealed),
        targets: &context.folder.targets()?,
        keys: &keys,
        at,
        periods,
        renewal,
    };
    let Some(release) = Release::make(&published, parts)? else { return Ok(()) };
    gate::check(published.files(), release.published().files(), at)?;
    context.folder.keep(&release)?;
    if let Some((ceremony, sealed)) = &sealed {
        ceremony.note(at, Event::new(EventKind::Released).with("files", digests(sealed.files())))?;
    }
    report(&release, sealed.as_ref().map(|(ceremony, _)| ceremony), periods, context);
    Ok(())
}

/// The sealed ceremony that is to become current, if there is one.
fn find_sealed(
    wanted: Option<&Name>,
    published: &Published,
    context: &Context,
) -> Result<Option<(CeremonyFolder, Sealed)>, Failure> {
    let mut found = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        if wanted.is_some_and(|wanted| wanted != ceremony.id()) {
            continue;
        }
        match ceremony.stage(published)? {
            Stage::Sealed => found.extend(ceremony.sealed(published)?.map(|sealed| (ceremony, sealed))),
            // Asked for by name, it is a refusal with its reason; otherwise it must not keep a timestamp from being renewed.
            Stage::Overtaken if wanted.is_some() => drop(ceremony.sealed(published)?),
            Stage::Overtaken => context.terminal.warning(format_args!(
                "{0} was sealed and cannot be published any more: rootline-repo ceremony freeze {0}, or abandon it",
                ceremony.id()
            )),
            _ => {}
        }
    }
    if let (Some(wanted), true) = (wanted, found.is_empty()) {
        let hint = format!("seal it first: rootline-repo ceremony seal {wanted}");
        return Err(Failure::new(format!("{wanted} is not a ceremony that waits to be made current"), hint));
    }
    if found.len() > 1 {
        let ids: Vec<&str> = found.iter().map(|(ceremony, _)| ceremony.id().as_str()).collect();
        let what = format!("several ceremonies are sealed: {}", ids.join(", "));
        return Err(Failure::new(what, "name the one to make current first: --ceremony ID"));
    }
    Ok(found.pop())
}

fn report(release: &Release, ceremony: Option<&CeremonyFolder>, periods: OnlinePeriods, context: &Context) {
    let names: Vec<String> = release.files().iter().map(|(file, _)| file.to_string()).collect();
    let due = due_from(release.published(), periods).map(instant_text);
    let id = ceremony.map(|ceremony| ceremony.id().as_str());
    context.report(&json!({ "written": names, "ceremony": id, "due_from": due }), |line| {
        if let Some(id) = id {
            line(format_args!("what {id} has sealed is current"));
        }
        names
            .iter()
            .for_each(|name| line(format_args!("wrote {}", context.folder.join("metadata").join(name).display())));
        if let Some(due) = due {
            line(format_args!("next due: {due}"));
        }
        line(format_args!("next: rootline-repo publish"));
    });
}
