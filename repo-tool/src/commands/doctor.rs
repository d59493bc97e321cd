//! `rootline-repo doctor`: whether every threshold still holds, for how long, and what repairs it.

mod remarks;
mod steps;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline_ceremonies::{
    Ceremony, Diagnosis, Keyholder, Keyholders, Losses, Name, Published, RoleDiagnosis, SignedRole, Standing, Verdict,
};
use rootline_metadata::{Expiry, KeyId, instant_text};
use serde_json::{Value, json};

use self::remarks::remark_lines;
use self::steps::{Step, Steps};
use super::{Context, join, parse_name, parse_pair};
use crate::ceremony_folder::{CeremonyFolder, Stage};
use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo doctor                                    the state of health
  rootline-repo doctor --lost alice,bob                   what if these two could not sign any more
  rootline-repo doctor --lost alice --replace alice=frank     with the names that the repair will have
  rootline-repo doctor --compromised alice                what a thief of her keys could do, and how to get rid of him
  rootline-repo doctor --lost-key 3f0a9c21 --json

Nothing is changed. Before the first ceremony it is about the only plan that is open, or else about rootline.toml.

Exit status: 0 if every role can still be signed by keys that are their owners' alone; 1 if one cannot, if a thief has a threshold of keys, or \
if the folder cannot be read; 2 wrong usage. What is to be done for each loss stands in ceremonies/RECOVERY.md of the sources.")]
pub(crate) struct DoctorArgs {
    /// Keyholders who cannot sign any more
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_name)]
    lost: Vec<Name>,

    /// Keyholders whose keys somebody else has too
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_name)]
    compromised: Vec<Name>,

    /// Single keys that nobody can sign with any more, by their ids or the beginnings of these
    #[arg(long, value_name = "KEYIDS", value_delimiter = ',')]
    lost_key: Vec<String>,

    /// Who is to come in whose place, for the commands that are printed
    #[arg(long, value_name = "OLD=NEW", value_parser = parse_pair)]
    replace: Vec<(String, String)>,
}

/// Gives the exit status.
pub(crate) fn run(args: &DoctorArgs, context: &Context) -> Result<u8, Failure> {
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
        line(format_args!("{sentence}"));
        table(&diagnosis).iter().for_each(|row| line(format_args!("  {row}")));
        duration_lines(&diagnosis).iter().for_each(|text| line(format_args!("{text}")));
        if !steps.heading.is_empty() {
            line(format_args!("{}", steps.heading));
        }
        for Step { command, note } in &steps.steps {
            match command {
                Some(command) if note.is_empty() => line(format_args!("  {command}")),
                Some(command) => line(format_args!("  {command}\n      {note}")),
                None => line(format_args!("  {note}")),
            }
        }
        if !remarks.is_empty() {
            line(format_args!("worth knowing:"));
        }
        remarks.iter().for_each(|remark| line(format_args!("  {remark}")));
    });
    Ok(u8::from(!diagnosis.holds()))
}

fn losses(args: &DoctorArgs, keyholders: &Keyholders) -> Result<Losses, Failure> {
    let hint = "see who there is: rootline-repo keyholder list";
    for name in args.lost.iter().chain(&args.compromised) {
        if keyholders.get(name).is_none() {
            return Err(Failure::new(format!("there is no keyholder {name}"), hint));
        }
    }
    let mut losses = Losses {
        lost: args.lost.iter().cloned().collect(),
        stolen: args.compromised.iter().cloned().collect(),
        ..Losses::default()
    };
    let mut gone: BTreeSet<Name> = losses.lost.union(&losses.stolen).cloned().collect();
    for text in &args.lost_key {
        let (owner, key_id) = find_key(text, keyholders)?;
        gone.insert(owner.name().clone());
        losses.lost_keys.insert(key_id);
    }
    for (old, new) in &args.replace {
        let name = |text: &str| text.parse::<Name>().map_err(|bad| Failure::new(format!("{text:?}: {bad}"), hint));
        let (old, new) = (name(old)?, name(new)?);
        if !gone.contains(&old) {
            let what = format!("{old} is to be replaced, and is not said to be lost");
            return Err(Failure::new(what, "add --lost, --lost-key or --compromised for them"));
        }
        if gone.contains(&new) {
            return Err(Failure::new(format!("{new} is to come and is said to be lost"), "name somebody else"));
        }
        losses.replacements.insert(old, new);
    }
    Ok(losses)
}

/// The one key of a keyholder whose id begins so.
fn find_key<'a>(text: &str, keyholders: &'a Keyholders) -> Result<(&'a Keyholder, KeyId), Failure> {
    let of = |holder: &'a Keyholder| holder.keys().iter().map(move |key| (holder, KeyId::of(key)));
    let mut found = keyholders.iter().flat_map(of).filter(|(_, id)| id.as_str().starts_with(text));
    let hint = "give more of its id: rootline-repo keyholder list --json has all of it";
    match (found.next(), found.next()) {
        // As many characters as keys are shown with.
        _ if text.len() < 8 => Err(Failure::new(format!("{text:?} is too little of a key's id"), hint)),
        (Some(only), None) => Ok(only),
        (None, _) => Err(Failure::new(format!("no keyholder has a key whose id begins with {text:?}"), hint)),
        _ => Err(Failure::new(format!("several keys have ids that begin with {text:?}"), hint)),
    }
}

/// Of what is published, or else of the only plan there is, or else of the policy.
fn diagnose(
    published: &Published,
    keyholders: &Keyholders,
    losses: &Losses,
    context: &Context,
) -> Result<Diagnosis, Failure> {
    let policy = context.folder.policy()?;
    if published.root().is_some() {
        return Ok(Diagnosis::of_published(published, keyholders, &policy, losses, context.now));
    }
    let mut open = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        if ceremony.stage(published).is_ok_and(|stage| stage != Stage::Abandoned) {
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
        let standing = standing(&folder, published, keyholders);
        match standing {
            Ok(Some(standing)) => diagnosis.look_at_ceremony(folder.id(), &standing, losses),
            Ok(None) => {}
            Err(failure) => damaged.push(format!("ceremony {}: {}", folder.id(), failure.what())),
        }
    }
    Ok(damaged)
}

/// The tally of a ceremony that is being signed.
fn standing(
    folder: &CeremonyFolder,
    published: &Published,
    keyholders: &Keyholders,
) -> Result<Option<Standing>, Failure> {
    if folder.stage(published)? != Stage::Frozen {
        return Ok(None);
    }
    let (frozen, _) = folder.frozen()?;
    Ok(Some(Ceremony::new(folder.id(), &frozen, published, keyholders)?.tally(&folder.answers()?)))
}

/// The verdict in one sentence.
fn sentence(diagnosis: &Diagnosis) -> String {
    let labels = |is: &dyn Fn(&RoleDiagnosis) -> bool| {
        let labels: Vec<&str> =
            diagnosis.roles.iter().filter(|role| is(role)).map(|role| role.label.as_str()).collect();
        and(&labels)
    };
    let is_signed_by_people = |role: &RoleDiagnosis| matches!(role.role, SignedRole::People(_));
    let thief = labels(&|role| role.is_in_a_thiefs_hands());
    // Nobody need be lost where keys have not been given yet.
    let not_yet = labels(&|role| role.verdict == Verdict::Broken && !role.without_key.is_empty());
    let broken = labels(&|role| role.verdict == Verdict::Broken && role.without_key.is_empty());
    let with_stolen = labels(&|role| role.verdict == Verdict::HoldsWithStolen);
    let holding = labels(&|role| role.verdict.holds());
    let exactly = labels(&|role| role.verdict == Verdict::HoldsExactly && is_signed_by_people(role));
    let mut parts = Vec::new();
    if diagnosis.roles.is_empty() {
        return "nothing is published, and neither a plan nor the policy names anybody".to_owned();
    }
    if !thief.is_empty() {
        parts.push(format!("a thief has enough keys to sign {thief} alone"));
    }
    if !broken.is_empty() {
        parts.push(format!("the threshold is broken for {broken}"));
    }
    if !with_stolen.is_empty() {
        parts.push(format!("the threshold holds for {with_stolen} only with keys that are stolen"));
    }
    if !not_yet.is_empty() {
        parts.push(format!("{not_yet} cannot be signed yet, as keys are missing"));
    }
    if broken.is_empty() && with_stolen.is_empty() && not_yet.is_empty() {
        parts.push("the threshold still holds for every role".to_owned());
    } else if !holding.is_empty() {
        parts.push(format!("it holds for {holding}"));
    }
    if !exactly.is_empty() {
        parts.push(format!("{exactly} could not lose another one"));
    }
    parts.join("; ")
}

fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn table(diagnosis: &Diagnosis) -> Vec<String> {
    let width = diagnosis.roles.iter().map(|role| role.label.len()).max().unwrap_or(0).max(9);
    let head = format!("{:<width$}  {:>5}  {:>8}  {:>6}  good until", "role", "needs", "left", "spare");
    let row = |role: &RoleDiagnosis| {
        let left = format!("{} of {}", role.left.len(), role.holders.len());
        let until = match role.expiry {
            Some(expiry) => format!("{expiry}  {}", from_now(expiry, diagnosis.at)),
            None => "not published yet".to_owned(),
        };
        let spare = match role.verdict {
            Verdict::Broken => "BROKEN".to_owned(),
            Verdict::HoldsWithStolen => "STOLEN".to_owned(),
            _ => role.verdict.spare().to_string(),
        };
        let mut who = String::new();
        for (what, names) in [("lost", &role.lost), ("stolen", &role.stolen), ("without a key", &role.without_key)] {
            if !names.is_empty() {
                who.push_str(&format!("; {what}: {}", join(names)));
            }
        }
        format!("{:<width$}  {:>5}  {left:>8}  {spare:>6}  {until}{who}", role.label, role.threshold)
    };
    [head].into_iter().chain(diagnosis.roles.iter().map(row)).collect()
}

/// `46 days`, `5 hours`, or that it has passed.
fn from_now(expiry: Expiry, at: DateTime<Utc>) -> String {
    let left = expiry.instant() - at;
    match (left.num_days(), left.num_hours()) {
        _ if expiry.has_passed(at) => "EXPIRED".to_owned(),
        (0, 0) => "less than an hour".to_owned(),
        (0, 1) => "1 hour".to_owned(),
        (0, hours) => format!("{hours} hours"),
        (1, _) => "1 day".to_owned(),
        (days, _) => format!("{days} days"),
    }
}

/// When verifiers begin to refuse, and on account of which role.
fn duration_lines(diagnosis: &Diagnosis) -> Vec<String> {
    let instant = |role: &RoleDiagnosis| {
        let text = |expiry: Expiry| format!("from {expiry} on ({}: {})", role.label, from_now(expiry, diagnosis.at));
        role.expiry.map(text).unwrap_or_default()
    };
    let mut lines = Vec::new();
    if let Some(role) = diagnosis.first_to_expire() {
        lines.push(format!("if nothing is signed from now on, verifiers refuse {}", instant(role)));
    }
    if let Some(role) = diagnosis.first_to_fail() {
        let text = "if all is signed that still can be and nothing is repaired, verifiers refuse";
        lines.push(format!("{text} {}", instant(role)));
    }
    for role in diagnosis.roles.iter().filter(|role| !role.is_top_level() && role.verdict == Verdict::Broken) {
        if role.expiry.is_some() {
            lines.push(format!("what {} ships, and nothing else, is refused {}", role.label, instant(role)));
        }
    }
    for role in diagnosis.roles.iter().filter(|role| role.is_in_a_thiefs_hands()) {
        lines.push(format!("with {} keys of {} a thief could {}", role.stolen_keys, role.label, power(role)));
    }
    lines
}

/// What whoever can sign a role alone can do with it.
fn power(role: &RoleDiagnosis) -> &'static str {
    use rootline_ceremonies::CeremonyRole;
    match role.role {
        SignedRole::People(CeremonyRole::Root) => {
            "sign a next root of his own, which every verifier who sees it takes for yours, for good"
        }
        SignedRole::People(CeremonyRole::Targets) => "ship anything, once he has an online key as well",
        SignedRole::People(_) => "ship anything that is delegated to it, once he has an online key as well",
        SignedRole::Online(_) => {
            "hold verifiers at what is published now, or drive versions so high that yours are refused until the key is replaced"
        }
    }
}

fn role_json(role: &RoleDiagnosis, at: DateTime<Utc>) -> Value {
    let names = |names: &[Name]| names.iter().map(Name::as_str).map(Value::from).collect::<Vec<_>>();
    let verdict = match role.verdict {
        Verdict::Holds { .. } => "holds",
        Verdict::HoldsExactly => "holds-exactly",
        Verdict::HoldsWithStolen => "holds-with-stolen",
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
        "stolen": names(&role.stolen),
        "stolen_keys": role.stolen_keys,
        "verdict": verdict,
        "spare": role.verdict.spare(),
        "expires": role.expiry.map(Expiry::to_text),
        "days_left": role.expiry.map(|expiry| (expiry.instant() - at).num_days()),
        "due_from": role.due.map(instant_text),
        "thief_can_sign": role.is_in_a_thiefs_hands(),
    })
}
