//! `rootline-repo doctor`: whether every threshold still holds, for how long, and what repairs it.

mod remarks;
mod report;
mod steps;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::{
    Ceremony, Concern, Diagnosis, Keyholder, Keyholders, Losses, Name, Published, RoleDiagnosis, Tally, Verdict,
    concerns,
};
use rootline_metadata::{Expiry, KeyId, instant_text};
use serde_json::{Value, json};

use self::remarks::remark_lines;
use self::report::{duration_lines, sentence, table};
use self::steps::{Step, Steps};
use super::{clock, parse_name, parse_pair};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::ceremony::{CeremonyFolder, Stage};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo doctor
  rootline-repo doctor --lost alice,bob
  rootline-repo doctor --lost alice --replace alice=frank
  rootline-repo doctor --compromised alice
  rootline-repo doctor --lost-key 3f0a9c21 --json

Reads only. Before the first ceremony it examines the only open plan, or else rootline.toml. ceremonies/RECOVERY.md of the sources has the steps \
for each loss.

Exit status: 0 if every role can still be signed by keys that only their owners have; 1 if one cannot, if an attacker has a threshold of keys, or \
if the folder cannot be read.")]
pub(crate) struct DoctorArgs {
    /// Keyholders who can no longer sign
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_name)]
    lost: Vec<Name>,

    /// Keyholders whose keys are compromised
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_name)]
    compromised: Vec<Name>,

    /// Single keys that are lost, by their ids or the first 8 digits
    #[arg(long, value_name = "KEYIDS", value_delimiter = ',')]
    lost_key: Vec<String>,

    /// The successor of a lost keyholder, for the printed commands
    #[arg(long, value_name = "OLD=NEW", value_parser = parse_pair)]
    replace: Vec<(String, String)>,
}

/// Returns [`ExitStatus::Failed`] where a threshold is broken or an attacker has one; the diagnosis is a result all the same.
pub(crate) fn run(args: &DoctorArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let keyholders = context.folder.keyholders()?;
    let published = context.folder.published()?;
    let losses = losses(args, &keyholders)?;
    let mut diagnosis = diagnose(&published, &keyholders, &losses, context)?;
    let damaged = look_at_ceremonies(&mut diagnosis, &published, &keyholders, &losses, context)?;

    let ids: BTreeSet<Name> = context.folder.ceremonies()?.iter().map(|ceremony| ceremony.id().clone()).collect();
    let steps = Steps::of(&diagnosis, &losses, &keyholders, &ids);
    let sentence = sentence(&diagnosis);
    let mut remarks = remark_lines(&diagnosis.remarks);
    remarks.extend(damaged);
    let known = clock::known_time(&published, context)?;
    let policy = context.folder.policy()?;
    remarks.extend(concerns(&published, &policy, &known, context.now).iter().map(Concern::to_string));
    let report = json!({
        "at": instant_text(diagnosis.at),
        "holds": diagnosis.holds(),
        "verdict": sentence,
        "published": diagnosis.is_published,
        "roles": diagnosis.roles.iter().map(|role| role_json(role, diagnosis.at)).collect::<Vec<_>>(),
        "first_to_expire": diagnosis.first_to_expire().map(|role| role.role.name()),
        "first_to_fail": diagnosis.first_to_fail().map(|role| role.role.name()),
        "repair": steps.to_json(),
        "remarks": remarks,
    });
    context.report(&report, |line| {
        let prose = |indent: usize, text: &str| line(format_args!("{}", context.terminal.prose(indent, text)));
        prose(0, &sentence);
        if !diagnosis.roles.is_empty() {
            line(format_args!("{}", table(&diagnosis).render(&context.terminal)));
        }
        duration_lines(&diagnosis).iter().for_each(|text| prose(0, text));
        if !steps.heading.is_empty() {
            prose(0, &steps.heading);
        }
        for Step { command, note } in &steps.steps {
            // A command is typed as it stands here, so it is not wrapped.
            if let Some(command) = command {
                line(format_args!("  {command}"));
            }
            if !note.is_empty() {
                prose(if command.is_some() { 6 } else { 2 }, note);
            }
        }
        if !remarks.is_empty() {
            line(format_args!("notes:"));
        }
        remarks.iter().for_each(|remark| prose(2, remark));
    });
    Ok(if diagnosis.holds() { ExitStatus::Done } else { ExitStatus::Failed })
}

fn losses(args: &DoctorArgs, keyholders: &Keyholders) -> Result<Losses, Failure> {
    let hint = "list the keyholders: rootline-repo keyholder list";
    for name in args.lost.iter().chain(&args.compromised) {
        if keyholders.get(name).is_none() {
            return Err(Failure::new(format!("there is no keyholder {name}"), hint));
        }
    }
    let mut losses = Losses {
        lost: args.lost.iter().cloned().collect(),
        compromised: args.compromised.iter().cloned().collect(),
        ..Losses::default()
    };
    let mut gone: BTreeSet<Name> = losses.lost.union(&losses.compromised).cloned().collect();
    for text in &args.lost_key {
        let (owner, key_id) = find_key(text, keyholders)?;
        gone.insert(owner.name().clone());
        losses.lost_keys.insert(key_id);
    }
    for (old, new) in &args.replace {
        let name = |text: &str| text.parse::<Name>().map_err(|bad| Failure::new(format!("{text:?}: {bad}"), hint));
        let (old, new) = (name(old)?, name(new)?);
        if !gone.contains(&old) {
            let what = format!("--replace names {old}, who is not lost");
            return Err(Failure::new(what, format!("add {old} to --lost or --compromised, or the key to --lost-key")));
        }
        if gone.contains(&new) {
            return Err(Failure::new(
                format!("--replace names {new}, who is lost, as the successor of {old}"),
                "name another keyholder",
            ));
        }
        losses.replacements.insert(old, new);
    }
    Ok(losses)
}

/// The one key of a keyholder whose id begins so.
fn find_key<'a>(text: &str, keyholders: &'a Keyholders) -> Result<(&'a Keyholder, KeyId), Failure> {
    let of = |holder: &'a Keyholder| holder.keys().iter().map(move |key| (holder, KeyId::of(key)));
    let mut found = keyholders.iter().flat_map(of).filter(|(_, id)| id.as_str().starts_with(text));
    let hint = "give more digits: rootline-repo keyholder list --json shows whole ids";
    match (found.next(), found.next()) {
        // As many characters as keys are shown with.
        _ if text.len() < 8 => {
            Err(Failure::new(format!("{text:?} is too short: a key id needs at least 8 digits"), hint))
        }
        (Some(only), None) => Ok(only),
        (None, _) => Err(Failure::new(format!("no key id begins with {text:?}"), hint)),
        _ => Err(Failure::new(format!("several key ids begin with {text:?}"), hint)),
    }
}

/// Of what is published, or else of the only plan there is, or else of the policy.
fn diagnose(
    published: &Published,
    keyholders: &Keyholders,
    losses: &Losses,
    context: &Context,
) -> Result<Diagnosis, Failure> {
    let policy = context.folder.policy_for(published)?;
    if published.root().is_some() {
        return Ok(Diagnosis::of_published(published, keyholders, &policy, losses, context.now));
    }
    let mut open = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        let stage = ceremony.clone().load(published).and_then(|record| record.stage());
        if stage.is_ok_and(|stage| !matches!(stage, Stage::Abandoned | Stage::Imported)) {
            open.push(ceremony);
        }
    }
    match &open[..] {
        [only] => Ok(Diagnosis::of_plan(&only.plan(keyholders, policy.bounds())?, losses, context.now)),
        _ => Ok(Diagnosis::of_policy(&policy, keyholders, losses, context.now)),
    }
}

/// Those that are frozen: what they ask for, and whether they can still get it. One that is damaged must not keep anybody from a diagnosis;
/// gives what is wrong with those.
fn look_at_ceremonies(
    diagnosis: &mut Diagnosis,
    published: &Published,
    keyholders: &Keyholders,
    losses: &Losses,
    context: &Context,
) -> Result<Vec<String>, Failure> {
    let mut damaged = Vec::new();
    for folder in context.folder.ceremonies()? {
        let tally = tally(folder.clone(), published, keyholders);
        match tally {
            Ok(Some(tally)) => diagnosis.look_at_ceremony(folder.id(), &tally, losses),
            Ok(None) => {}
            Err(failure) => damaged.push(format!("ceremony {}: {}", folder.id(), failure.what())),
        }
    }
    Ok(damaged)
}

/// The tally of a ceremony that is being signed.
fn tally(folder: CeremonyFolder, published: &Published, keyholders: &Keyholders) -> Result<Option<Tally>, Failure> {
    let record = folder.load(published)?;
    if record.stage()? != Stage::Frozen {
        return Ok(None);
    }
    let files = record.frozen()?;
    let signatures = record.folder().signature_files()?;
    Ok(Some(Ceremony::new(record.id(), &files.frozen, published, keyholders)?.tally(&signatures)))
}

fn role_json(role: &RoleDiagnosis, at: DateTime<Utc>) -> Value {
    let names = |names: &[Name]| names.iter().map(Name::as_str).map(Value::from).collect::<Vec<_>>();
    let verdict = match role.verdict {
        Verdict::Holds { .. } => "holds",
        Verdict::HoldsExactly => "holds-exactly",
        Verdict::HoldsWithCompromised => "holds-with-compromised",
        Verdict::Broken => "broken",
    };
    json!({
        "role": role.role.name(),
        "label": role.label,
        "delegator": role.delegator.as_ref().map(|by| by.name()),
        "threshold": role.threshold,
        "holders": names(&role.holders),
        "left": names(&role.left),
        "lost": names(&role.lost),
        "compromised": names(&role.compromised),
        "compromised_keys": role.compromised_keys,
        "verdict": verdict,
        "spare": role.verdict.spare(),
        "expires": role.expiry.map(Expiry::to_text),
        "days_left": role.expiry.map(|expiry| (expiry.instant() - at).num_days()),
        "due_from": role.due.map(instant_text),
        "attacker_can_sign": role.is_compromised(),
    })
}
