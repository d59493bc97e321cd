//! `rootline-repo online`: snapshot and timestamp.

mod bridge;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::{
    KnownTime, Name, OnlinePeriods, Policy, Published, Release, ReleaseParts, Renewal, Sealed, SealedError, Signer,
    TargetName, concerns, due_from, is_due,
};
use rootline_metadata::{KeyId, Version, instant_text};
use serde_json::json;

use super::bounds;
use super::clock::ClockArgs;
use super::parse_name;
use super::status::due_for_keyholders;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::ceremony::{CeremonyFolder, Stage};
use crate::folder::record::{self, CeremonyRecord};
use crate::folder::repository::RepositoryFolder;
use crate::folder::verification::Verification;
use crate::preflight::{Checked, Files, Gate};
use crate::publish::destination;
use crate::publish::place::Place;
use crate::signer::{OpenSigner, SignerArgs, SignerUri};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo online --key online.pem
  rootline-repo online --key online.pem --renew
  rootline-repo online --key old.pem --key new.pem
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
    clock: ClockArgs,

    #[command(flatten)]
    signer: SignerArgs,
}

/// [`ExitStatus::NeedsPerson`] where a person is to do what an online key cannot: renew a role, or mend a ceremony. A ceremony in which
/// anything is wrong stays where it is, and keeps nothing that is public from being renewed; where nothing is due, it is the failure.
pub(crate) fn run(args: &OnlineArgs, context: &Context) -> Result<ExitStatus, Failure> {
    // Also where nothing is due: a name that is wrong every day is told on the first.
    for key in &args.key {
        SignerUri::parse(key)?;
    }
    let _lock = context.lock()?;
    let policy = context.folder.policy()?;
    let published = context.folder.published()?;
    args.clock.check(&published, context)?;
    if policy.publish_to().is_some() {
        destination::check_before_signing(&Place::find(None, context)?, &published, &policy.caches())?;
    }
    let (ceremonies, strays) = context.folder.ceremonies_and_strays()?;
    let mut needs_person = warn_of_strays(&strays, context);
    needs_person |= note_unnoted(&ceremonies, &published, context);
    let mut sealed = find_sealed(ceremonies, args.ceremony.as_ref(), &published, context)?;
    let at = context.now;
    let renewal = if args.renew { Renewal::Now } else { Renewal::WhenDue };

    let periods = OnlinePeriods::in_force(&published, None, &policy);
    let due = due_from(&published, periods).filter(|_| !is_due(&published, periods, at));
    let can_wait = renewal == Renewal::WhenDue && published.is_complete() && due.is_some();
    if sealed.ceremonies.is_empty() && can_wait {
        sealed.refuse()?;
        let due = due.map(instant_text).unwrap_or_default();
        context.report(&json!({ "written": [], "due_from": due }), |line| {
            line(format_args!("nothing is due before {due}"));
        });
        return left_to_people(&published, needs_person | sealed.has_superseded, context);
    }
    let keys = OpenSigner::open_all(&args.key, &args.signer, &context.terminal)?;
    let keys: Vec<&dyn Signer> = keys.iter().map(OpenSigner::as_signer).collect();
    let next = Next {
        published: &published,
        policy: &policy,
        keys: &keys,
        at,
        renewal,
        folder: &context.folder,
        roots_in_use: bridge::roots_in_use(&published, context)?,
        compromised: bridge::compromised(context)?,
    };
    let released = match next.with(&sealed.ceremonies) {
        Err(failure) if sealed.ceremonies.is_empty() || args.ceremony.is_some() => return Err(failure),
        // Nothing is public yet that could be renewed.
        Err(failure) if published.current().is_none() => return Err(failure),
        Err(failure) => {
            next.leave_out(&mut sealed, &failure);
            if sealed.ceremonies.is_empty() && can_wait {
                return Err(failure);
            }
            next.with(&sealed.ceremonies)?
        }
        Ok(released) => released,
    };
    needs_person |= sealed.warn(context);
    let Some((release, checked)) = released else {
        return left_to_people(&published, needs_person, context);
    };
    checked.note("the release");
    needs_person |= warn_of_remarks(&checked, context);
    context.folder.keep(&release)?;
    for (ceremony, sealed) in &mut sealed.ceremonies {
        ceremony.note_all([(at, checked.event("release")), (at, record::released(sealed.files()))])?;
    }
    let ids: Vec<&str> = sealed.ceremonies.iter().map(|(ceremony, _)| ceremony.id().as_str()).collect();
    let periods = OnlinePeriods::in_force(release.published(), None, &policy);
    report(&release, &ids, periods, context);
    bridge::warn(&release, &keys, context)?;
    left_to_people(release.published(), needs_person, context)
}

/// What the next release is made of, but for the ceremonies in it.
struct Next<'a> {
    published: &'a Published,
    policy: &'a Policy,
    keys: &'a [&'a dyn Signer],
    at: DateTime<Utc>,
    renewal: Renewal,
    folder: &'a RepositoryFolder,
    /// The published roots that can be a client's last.
    roots_in_use: BTreeSet<Version>,
    /// The keys that ceremonies name as compromised.
    compromised: BTreeSet<KeyId>,
}

impl Next<'_> {
    /// The release with these ceremonies, once verifiers have accepted it; `None` if nothing is due. Nothing is written.
    fn with(&self, ceremonies: &[(CeremonyRecord, Sealed)]) -> Result<Option<(Release, Checked)>, Failure> {
        let sealed = together(ceremonies, self.published)?;
        let parts = ReleaseParts {
            sealed: sealed.as_ref(),
            targets: &self.targets(sealed.as_ref())?,
            keys: self.keys,
            at: self.at,
            periods: OnlinePeriods::in_force(self.published, sealed.as_ref(), self.policy),
            renewal: self.renewal,
            roots_in_use: &self.roots_in_use,
            compromised: &self.compromised,
        };
        let Some(release) = Release::make(self.published, parts)? else { return Ok(None) };
        let (old, new) = (self.published.files(), release.published().files());
        let checked = Gate::new(old, new, self.at, self.policy.preflight()).check()?;
        Ok(Some((release, checked)))
    }

    /// The files that sealed ceremonies ship, as far as they are in `targets/`. Nothing else there matters now.
    fn targets(&self, sealed: Option<&Sealed>) -> Result<BTreeMap<TargetName, Vec<u8>>, Failure> {
        let mut targets = BTreeMap::new();
        for name in sealed.into_iter().flat_map(Sealed::shipped) {
            if let Some(bytes) = self.folder.target(&name)? {
                targets.insert(name, bytes);
            }
        }
        Ok(targets)
    }

    /// Leaves out those of the ceremonies, all of which together cannot become current because of `failure`, that cannot together with those
    /// before them. Of two that have a new version of the same role, a person says which is to be the first.
    fn leave_out(&self, sealed: &mut SealedCeremonies, failure: &Failure) {
        let ceremonies = std::mem::take(&mut sealed.ceremonies);
        let clashes = |own: &CeremonyRecord, one: &Sealed| {
            ceremonies.iter().any(|(other, more)| {
                let is_other = other.id() != own.id();
                is_other && matches!(one.together(more, self.published), Err(SealedError::BothSeal { .. }))
            })
        };
        let clashing: Vec<bool> = ceremonies.iter().map(|(record, one)| clashes(record, one)).collect();
        let is_only = ceremonies.len() == 1;
        for (ceremony, clashes) in ceremonies.into_iter().zip(clashing) {
            sealed.ceremonies.push(ceremony);
            let result =
                if clashes || is_only { Err(failure.clone()) } else { self.with(&sealed.ceremonies).map(drop) };
            if let Err(failure) = result
                && let Some((left_out, _)) = sealed.ceremonies.pop()
            {
                sealed.left_out.push((left_out.id().clone(), failure));
            }
        }
    }
}

/// Says which folders beside the ceremonies are none, and returns whether there are any.
pub(crate) fn warn_of_strays(strays: &[Failure], context: &Context) -> bool {
    strays.iter().for_each(|stray| context.terminal.warning(format_args!("{}", stray.what())));
    !strays.is_empty()
}

/// Says that the record of a ceremony has a fault, which keeps nothing that is public from being renewed.
pub(crate) fn warn_of_fault(id: &Name, failure: &Failure, context: &Context) {
    let what = failure.what();
    context.terminal.warning(format_args!("{id}: {what}; see what is wrong: rootline-repo ceremony verify {id}"));
}

/// Says which roles keyholders are to renew; with those, or where there is something else already, a person is needed.
fn left_to_people(published: &Published, has_more: bool, context: &Context) -> Result<ExitStatus, Failure> {
    // What became current just now is part of it.
    let policy = context.folder.policy_for(published)?;
    let keyholders = match context.folder.keyholders() {
        Ok(keyholders) => keyholders,
        Err(failure) => {
            context.terminal.warning(format_args!("{}", failure.what()));
            return Ok(ExitStatus::NeedsPerson);
        }
    };
    let due = due_for_keyholders(&policy, published, &keyholders, context.now);
    for (role, since) in &due {
        context.terminal.warning(format_args!(
            "{role} has been due for renewal since {}: rootline-repo renew",
            instant_text(*since)
        ));
    }
    let concerns = concerns(published, &policy, &KnownTime::default(), context.now);
    concerns.iter().for_each(|concern| context.terminal.warning(format_args!("{concern}")));
    Ok(if due.is_empty() && concerns.is_empty() && !has_more { ExitStatus::Done } else { ExitStatus::NeedsPerson })
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

/// Says what verifiers will be refused although they accept the rest: only people can do something about it. Returns whether there is any.
pub(crate) fn warn_of_remarks(checked: &Checked, context: &Context) -> bool {
    for (role, expiry) in &checked.expired {
        context.terminal.warning(format_args!(
            "{role} expired at {expiry}: its files are refused until a ceremony renews it: rootline-repo renew"
        ));
    }
    if let Some(why) = &checked.unusable {
        context.terminal.warning(format_args!("verifiers cannot use what has been published before: {why}"));
    }
    if let Some(remark) = &checked.roots_remark {
        context.terminal.warning(format_args!("{remark}"));
    }
    !checked.expired.is_empty() || checked.unusable.is_some()
}

/// Notes down what an earlier run made current that was ended before it could. Returns whether a record could not be read or written, which
/// is warned of.
fn note_unnoted(ceremonies: &[CeremonyFolder], published: &Published, context: &Context) -> bool {
    let note = |ceremony: &CeremonyFolder| {
        let mut record = ceremony.clone().load(published)?;
        if let Some(released) = record.missing_release()? {
            // What was tried then is tried again; meanwhile the files may have expired, which does not undo the release.
            let (nothing, policy) = (Files::new(), context.folder.policy()?);
            let checked = Gate::new(&nothing, published.files(), context.now, policy.preflight()).check().ok();
            let checked = checked.map(|checked| checked.event("release"));
            record.note_all(checked.into_iter().chain([released]).map(|event| (context.now, event)))?;
        }
        Ok::<(), Failure>(())
    };
    let mut has_fault = false;
    for ceremony in ceremonies {
        if let Err(failure) = note(ceremony) {
            has_fault = true;
            warn_of_fault(ceremony.id(), &failure, context);
        }
    }
    has_fault
}

/// The sealed ceremonies that are to become current, and those that cannot.
#[derive(Default)]
struct SealedCeremonies {
    ceremonies: Vec<(CeremonyRecord, Sealed)>,
    left_out: Vec<(Name, Failure)>,
    /// Whether there are some that can no longer be published, which has been warned of.
    has_superseded: bool,
}

impl SealedCeremonies {
    /// The first reason why one of them cannot become current, as the failure of a command that has nothing else to do.
    fn refuse(&self) -> Result<(), Failure> {
        let told = |(id, failure): &(Name, Failure)| failure.clone().about(&format!("{id} cannot become current"));
        self.left_out.first().map_or(Ok(()), |first| Err(told(first)))
    }

    /// Says why some cannot become current, and returns whether there are any.
    fn warn(&self, context: &Context) -> bool {
        for (id, failure) in &self.left_out {
            let hint = failure.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            context.terminal.warning(format_args!("{id} cannot become current: {}{hint}", failure.what()));
        }
        self.has_superseded || !self.left_out.is_empty()
    }
}

/// Finds the sealed ceremonies of which everything holds that `ceremony verify` checks. Of one that was asked for by name, a fault is the
/// refusal.
fn find_sealed(
    ceremonies: Vec<CeremonyFolder>,
    wanted: Option<&Name>,
    published: &Published,
    context: &Context,
) -> Result<SealedCeremonies, Failure> {
    let mut found = SealedCeremonies::default();
    for ceremony in ceremonies.into_iter().filter(|ceremony| wanted.is_none_or(|wanted| wanted == ceremony.id())) {
        // What cannot be read has been warned of.
        let record = match ceremony.load(published).and_then(|record| record.stage().map(|_| record)) {
            Err(failure) if wanted.is_some() => return Err(failure),
            Err(_) => continue,
            Ok(record) => record,
        };
        if wanted.is_none() && record.stage()? == Stage::Superseded {
            found.has_superseded = true;
            context.terminal.warning(format_args!(
                "{0} is sealed and can no longer be published: rootline-repo ceremony freeze {0}, or abandon it",
                record.id()
            ));
            continue;
        }
        match sealed(&record, published, context) {
            Ok(Some(sealed)) => found.ceremonies.push((record, sealed)),
            Ok(None) => {}
            Err(failure) if wanted.is_some() => return Err(failure),
            Err(failure) => found.left_out.push((record.id().clone(), failure)),
        }
    }
    if let (Some(wanted), true) = (wanted, found.ceremonies.is_empty()) {
        let hint = format!("seal it first: rootline-repo ceremony seal {wanted}");
        return Err(Failure::new(format!("{wanted} is not a sealed ceremony"), hint));
    }
    Ok(found)
}

/// What a ceremony has sealed and waits to become current, verified; `None` where nothing does.
fn sealed(record: &CeremonyRecord, published: &Published, context: &Context) -> Result<Option<Sealed>, Failure> {
    if !matches!(record.stage()?, Stage::Sealed | Stage::Superseded) {
        return Ok(None);
    }
    let sealed = record.sealed()?.cloned();
    let keyholders = context.folder.keyholders()?;
    Verification { record, published, keyholders: &keyholders, folder: &context.folder }.require()?;
    bounds::check_sealed(record, &keyholders, context)?;
    Ok(sealed)
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
