//! `rootline-repo ceremony new`: a plan, filled in.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::review::{Warning, is_leaving, no_longer_planned};
use rootline_ceremonies::{
    BadTargetName, CeremonyRole, Days, Draft, Event, Name, Plan, Policy, Published, TargetName, heads_to_follow,
};
use rootline_metadata::json::{Document, Value, ValueMembers};
use rootline_metadata::{hex, sha256};
use serde_json::json;

use crate::commands::clock::ClockArgs;
use crate::commands::init::{ATTRIBUTES_FILE, UNION};
use crate::commands::{parse_name, parse_pair, parse_role, trust};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file::{self, Access};
use crate::folder::input::{MAX_TEXT, read_own_text};
use crate::folder::record::CeremonyRecord;
use crate::folder::targets::{warn_of_targets, warnings_json};
use crate::text::join;

/// Most bytes of what is said about a file.
const MAX_CUSTOM: usize = 16 << 10;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony new first
  rootline-repo ceremony new 2030-06 --replace bob=frank --summary \"Bob retires\"
  rootline-repo ceremony new renewal --renew root --expires root=365
  rootline-repo ceremony new keys --custom 'rekor.pub={\"sigstore\": {\"usage\": \"Rekor\"}}'
  rootline-repo ceremony new npm --delegate 'npm=npm/*' --add npm=frank --threshold npm=1

The plan states the repository after the ceremony. It starts from the current keyholders of root and targets (before the first ceremony: those \
of rootline.toml) and all files in targets/. Edit it, or use the options. ROLE is root, targets or a delegated role.")]
pub(crate) struct NewArgs {
    /// The name of the ceremony
    #[arg(value_parser = parse_name)]
    id: Name,

    /// The purpose in one sentence, for the review
    #[arg(long, value_name = "TEXT")]
    summary: Option<String>,

    /// Replace the keyholder OLD with NEW, in every role
    #[arg(long, value_name = "OLD=NEW", value_parser = parse_pair)]
    replace: Vec<(String, String)>,

    /// Add a keyholder to a role
    #[arg(long, value_name = "ROLE=NAME", value_parser = parse_pair)]
    add: Vec<(String, String)>,

    /// Remove a keyholder from a role
    #[arg(long, value_name = "ROLE=NAME", value_parser = parse_pair)]
    remove: Vec<(String, String)>,

    /// Set the threshold of a role
    #[arg(long, value_name = "ROLE=N", value_parser = parse_pair)]
    threshold: Vec<(String, String)>,

    /// Set the days until the next version expires
    #[arg(long, value_name = "ROLE=DAYS", value_parser = parse_pair)]
    expires: Vec<(String, String)>,

    /// Make a new version of a role, even if only its expiry changes
    #[arg(long, value_name = "ROLE")]
    renew: Vec<String>,

    /// Delegate the targets that match these patterns to a new role; --add names its keyholders
    #[arg(long, value_name = "ROLE=PATTERN[,PATTERN]", value_parser = parse_pair)]
    delegate: Vec<(String, String)>,

    /// Name a keyholder whose replaced keys somebody else may have, and how that came
    #[arg(long, value_name = "NAME[=REASON]", hide_short_help = true)]
    compromised: Vec<String>,

    /// Say something about a file that is shipped, in its `custom` object; {} takes away what is there
    #[arg(long, value_name = "FILE=JSON", value_parser = parse_pair, hide_short_help = true)]
    custom: Vec<(String, String)>,

    #[command(flatten)]
    clock: ClockArgs,
}

impl NewArgs {
    /// A plan that changes nothing but to renew these roles.
    pub(crate) fn renewing(roles: Vec<String>, id: Name, summary: &str, clock: ClockArgs) -> NewArgs {
        NewArgs {
            id,
            summary: Some(summary.to_owned()),
            replace: Vec::new(),
            add: Vec::new(),
            remove: Vec::new(),
            threshold: Vec::new(),
            expires: Vec::new(),
            renew: roles,
            delegate: Vec::new(),
            compromised: Vec::new(),
            custom: Vec::new(),
            clock,
        }
    }
}

/// What was planned.
pub(crate) struct Planned {
    pub(crate) id: Name,
    /// Where the plan is.
    pub(crate) path: PathBuf,
    pub(crate) draft: Draft,
    /// Why it cannot be frozen as it is.
    pub(crate) problem: Option<Failure>,
    /// The published files that are planned no longer.
    gone: Vec<Warning>,
}

/// [`ExitStatus::NeedsPerson`] where the plan cannot be frozen as it is.
pub(crate) fn run(args: &NewArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let _lock = context.lock()?;
    let Planned { id, path, problem, gone, .. } = plan(args, context)?;
    let problem = problem.as_ref().map(Failure::what);
    context.report(
        &json!({ "ceremony": id.as_str(), "plan": path, "problem": problem, "warnings": warnings_json(&gone) }),
        |line| {
            line(format_args!("wrote {}", path.display()));
            match problem {
                Some(problem) => line(format_args!("it cannot be frozen before an edit: {problem}")),
                None => context.next(format_args!("edit it, then rootline-repo ceremony freeze {id}")),
            }
        },
    );
    Ok(if problem.is_some() { ExitStatus::NeedsPerson } else { ExitStatus::Done })
}

/// Writes the plan, in a folder that is locked.
pub(crate) fn plan(args: &NewArgs, context: &Context) -> Result<Planned, Failure> {
    let keyholders = context.folder.keyholders()?;
    let targets = context.folder.targets()?;
    let at = context.now;
    let published = context.folder.published()?;
    args.clock.check(&published, context)?;
    let is_left = |name: &TargetName| is_leaving(name.as_str()) && published.target(name).is_none();
    let (left, ship): (Vec<TargetName>, Vec<TargetName>) = targets.files.keys().cloned().partition(is_left);
    let policy = context.folder.policy_for(&published)?;
    warn_of_unknown_periods(&policy, &published, context);
    let gone = no_longer_planned(&ship, &published);
    let mut draft = Draft::new(args.id.clone(), at, &policy, &published, &keyholders, ship)?;
    if policy.has_legacy_targets() {
        trust::legacy::plan(&mut draft, &targets.files, context)?;
    }
    change(&mut draft, args, &published)?;
    let text = draft.to_toml();

    let mut record = context.folder.ceremony(&args.id).load(&published)?;
    let text = write(&record, text)?;
    if record.transcript().entries().is_empty() {
        let others = heads_to_follow(&context.folder.transcripts()?);
        let planned = Event::planned(&hex::encode(&sha256(text.as_bytes())), args.summary.as_deref());
        record.note(at, planned.after(&others))?;
    }
    warn_of_merging(context);
    targets.warn_of_unnameable(context);
    for name in left {
        context.terminal.warning(format_args!(
            "targets/{name} looks like what an editor leaves, and is not planned: to ship it, add its name to `ship`"
        ));
    }
    warn_of_targets(&gone, context);
    let path = record.folder().plan_path();
    let problem = Plan::parse(&text, &keyholders, policy.bounds()).err().map(|error| Failure::toml(&path, &error));
    Ok(Planned { id: args.id.clone(), path, draft, problem, gone })
}

/// A JSON object without null, which a plan cannot say.
fn custom_members(name: &TargetName, json: &str) -> Result<ValueMembers, Failure> {
    const EXAMPLE: &str = "write an object, such as '{\"sigstore\": {\"usage\": \"Rekor\"}}'";
    let refuse = |problem: String| Failure::new(format!("what is said about {name}: {problem}"), EXAMPLE);
    let document = Document::parse(json.as_bytes().to_vec(), MAX_CUSTOM).map_err(|error| refuse(error.to_string()))?;
    match Value::from(document.top()) {
        value if has_null(&value) => Err(refuse("null says nothing".to_owned())),
        Value::Object(members) => Ok(members),
        _ => Err(refuse("expected an object".to_owned())),
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().any(has_null),
        Value::Object(members) => members.iter().any(|(_, value)| has_null(value)),
        _ => false,
    }
}

/// Writes a plan that is not there yet. One that an earlier run of the same command wrote, which was ended before it could note that down,
/// is the plan, with its date. Gives the text that is there now.
fn write(record: &CeremonyRecord, text: String) -> Result<String, Failure> {
    let path = record.folder().plan_path();
    let but_for_the_date = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with("at = ")).map(str::to_owned).collect()
    };
    if let Ok(there) = read_own_text(&path, MAX_TEXT)
        && record.transcript().entries().len() <= 1
        && but_for_the_date(&there) == but_for_the_date(&text)
    {
        return Ok(there);
    }
    atomic_file::create(&path, text.as_bytes(), Access::Umask)?;
    Ok(text)
}

/// Says of which delegated roles no plan is known here: they are planned to hold as long as targets.
fn warn_of_unknown_periods(policy: &Policy, published: &Published, context: &Context) {
    let delegated = published.current().into_iter().flat_map(|current| current.delegated.keys());
    let unknown = delegated.filter(|name| !policy.delegated().is_known(&CeremonyRole::Delegated((*name).clone())));
    let unknown: Vec<Name> = unknown.cloned().collect();
    if !unknown.is_empty() {
        context.terminal.warning(format_args!(
            "no ceremony here says how long to hold: {}; planned as targets, {} days",
            join(&unknown),
            policy.targets().periods.expires.number()
        ));
    }
}

/// Where git merges transcripts line by line as any text, two maintainers get a conflict in every one of them.
fn warn_of_merging(context: &Context) {
    let Ok(folder) = fs::canonicalize(context.folder.path()) else { return };
    let Some(top) = folder.ancestors().position(|folder| folder.join(".git").exists()) else { return };
    let merges = |line: &str| line.contains("transcript.jsonl") && line.ends_with("merge=union");
    let has_line = |folder: &Path| {
        let text = read_own_text(&folder.join(ATTRIBUTES_FILE), MAX_TEXT);
        text.is_ok_and(|text| text.lines().any(|line| merges(line.trim())))
    };
    if !folder.ancestors().take(top + 1).any(has_line) {
        context.terminal.warning(format_args!(
            "git will conflict on transcripts: add the line `{UNION}` to {}",
            context.folder.join(ATTRIBUTES_FILE).display()
        ));
    }
}

fn change(draft: &mut Draft, args: &NewArgs, published: &Published) -> Result<(), Failure> {
    if let Some(summary) = &args.summary {
        draft.summarise(summary.as_str());
    }
    for (role, patterns) in &args.delegate {
        let patterns = patterns.split(',').map(str::to_owned).collect();
        let role = role.parse().map_err(|bad| Failure::new(format!("{role:?}: {bad}"), "name the role"))?;
        draft.delegate(role, patterns, published)?;
    }
    for (old, new) in &args.replace {
        draft.replace(&name(old)?, &name(new)?)?;
    }
    for (of, who) in &args.add {
        draft.add(&parse_role(of)?, &name(who)?)?;
    }
    for (of, who) in &args.remove {
        draft.remove(&parse_role(of)?, &name(who)?)?;
    }
    for (of, number) in &args.threshold {
        draft.set_threshold(&parse_role(of)?, whole_number(number)?)?;
    }
    for (of, days) in &args.expires {
        let days = Days::new(whole_number(days)?);
        let bad = || Failure::new(format!("an expiry is 1 to {} days away", Days::MAX), "use another number");
        draft.set_expiry(&parse_role(of)?, days.ok_or_else(bad)?)?;
    }
    for compromised in &args.compromised {
        let (who, reason) = compromised.split_once('=').map_or((&**compromised, None), |(who, why)| (who, Some(why)));
        draft.name_compromised(name(who)?, reason.map(str::to_owned));
    }
    for (file, json) in &args.custom {
        let name: TargetName = file
            .parse()
            .map_err(|bad: BadTargetName| Failure::new(format!("{file:?}: {bad}"), "name a file of targets/"))?;
        draft.set_custom(&name, custom_members(&name, json)?)?;
    }
    args.renew.iter().try_for_each(|of| Ok(draft.renew(&parse_role(of)?)?))
}

fn name(text: &str) -> Result<Name, Failure> {
    text.parse().map_err(|bad| Failure::new(format!("{text:?}: {bad}"), "name a keyholder"))
}

fn whole_number(text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| Failure::new(format!("{text:?} is not a whole number"), "use one, as in root=3"))
}
