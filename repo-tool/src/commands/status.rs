//! `rootline-repo status`: what is published, who holds it, and until when.

use chrono::{DateTime, Utc};
use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline::table::{Cell, Table};
use rootline::terminal::Tone;
use rootline_ceremonies::{
    CeremonyRole, Concern, Keyholders, Name, OnlinePeriods, Periods, Policy, Published, concerns,
};
use rootline_metadata::{Authority, Expiry, KeyId, Role, TopLevelRole, Version, instant_text};
use serde_json::json;

use super::clock;
use crate::context::Context;
use crate::failure::Failure;
use crate::text::join;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo status
  rootline-repo status --json --at 2030-01-31T12:00:00Z")]
pub(crate) struct StatusArgs {}

pub(super) struct RoleStatus {
    role: String,
    /// The role, if people sign it.
    pub(super) signed_by_people: Option<CeremonyRole>,
    version: Version,
    expiry: Expiry,
    pub(super) due: DateTime<Utc>,
    threshold: u64,
    holders: Vec<Name>,
}

/// [`ExitStatus::NeedsPerson`] where a keyholder is to sign, a ceremony is to go on, or what is published is not as policy and clock have it.
pub(crate) fn run(_: &StatusArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let published = context.folder.published()?;
    let policy = context.folder.policy_for(&published)?;
    let keyholders = context.folder.keyholders()?;
    let now = context.now;
    let roles = role_statuses(&policy, &published, &keyholders);
    let mut open = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        let record = ceremony.load(&published)?;
        open.push((record.id().clone(), record.stage()?));
    }
    let concerns = concerns(&published, &policy, &clock::known_time(&published, context)?, now);
    let to_json = |role: &RoleStatus| {
        json!({
            "role": role.role,
            "version": role.version.number(),
            "expires": role.expiry.to_text(),
            "expired": role.expiry.has_passed(now),
            "due_from": instant_text(role.due),
            "threshold": role.threshold,
            "holders": role.holders.iter().map(Name::as_str).collect::<Vec<_>>(),
        })
    };
    let report = json!({
        "name": policy.name(),
        "at": instant_text(now),
        "roles": roles.iter().map(to_json).collect::<Vec<_>>(),
        "ceremonies": open.iter().map(|(id, stage)| json!({ "id": id.as_str(), "stage": stage.name() })).collect::<Vec<_>>(),
        "remarks": concerns.iter().map(Concern::to_string).collect::<Vec<_>>(),
    });
    context.report(&report, |line| {
        line(format_args!("{} at {}", policy.name(), instant_text(now)));
        match roles.is_empty() {
            true => line(format_args!("  nothing is published yet")),
            false => line(format_args!("{}", table(&roles, context))),
        }
        for (id, stage) in &open {
            line(format_args!("  ceremony {id}: {}", stage.name()));
        }
    });
    concerns.iter().for_each(|concern| context.terminal.warning(format_args!("{concern}")));
    let needs_person = roles.iter().any(|role| role.needs_person(now))
        || open.iter().any(|(_, stage)| stage.needs_person())
        || !concerns.is_empty();
    Ok(if needs_person { ExitStatus::NeedsPerson } else { ExitStatus::Done })
}

fn table(roles: &[RoleStatus], context: &Context) -> String {
    let mut table = Table::new(["role", "version", "expires", "due for renewal", "signers"]);
    for RoleStatus { role, version, expiry, due, threshold, holders, .. } in roles {
        let (due, tone) = match () {
            () if expiry.has_passed(context.now) => ("EXPIRED".to_owned(), Tone::Failure),
            () if *due <= context.now => ("now".to_owned(), Tone::Warning),
            () => (instant_text(*due), Tone::Plain),
        };
        table.row([
            Cell::text(role),
            Cell::number(version.number()),
            Cell::text(expiry.to_text()),
            Cell::text(due).toned(tone),
            Cell::text(format!("{threshold} of {}", join(holders))),
        ]);
    }
    table.render(&context.terminal)
}

impl RoleStatus {
    fn is_online(&self) -> bool {
        self.signed_by_people.is_none()
    }

    /// Whether people are to do something about it. What online keys sign they renew in time, so only its expiry is a person's business.
    fn needs_person(&self, now: DateTime<Utc>) -> bool {
        self.expiry.has_passed(now) || (!self.is_online() && self.due <= now)
    }
}

/// The published roles that keyholders are to renew, and since when.
pub(super) fn due_for_keyholders(
    policy: &Policy,
    published: &Published,
    keyholders: &Keyholders,
    now: DateTime<Utc>,
) -> Vec<(String, DateTime<Utc>)> {
    let roles = role_statuses(policy, published, keyholders).into_iter();
    let due = roles.filter(|role| role.due <= now && !role.is_online());
    due.map(|role| (role.role, role.due)).collect()
}

/// All roles that are published, the top-level ones first.
pub(super) fn role_statuses(policy: &Policy, published: &Published, keyholders: &Keyholders) -> Vec<RoleStatus> {
    let (Some(root), Some(current)) = (published.root(), published.current()) else { return Vec::new() };
    let periods = |role: &CeremonyRole, policy: Periods| {
        let signing = published.signing_days(role).unwrap_or(policy.signing);
        Periods { signing, ..policy }
    };
    let online = OnlinePeriods::in_force(published, None, policy);
    let root_periods = periods(&CeremonyRole::Root, policy.root().periods);
    let targets_periods = periods(&CeremonyRole::Targets, policy.targets().periods);
    let top_level = [
        (TopLevelRole::Root, root.version(), root.expiry(), root_periods),
        (TopLevelRole::Timestamp, current.timestamp.version(), current.timestamp.expiry(), online.timestamp),
        (TopLevelRole::Snapshot, current.snapshot.version(), current.snapshot.expiry(), online.snapshot),
        (TopLevelRole::Targets, current.targets.version(), current.targets.expiry(), targets_periods),
    ];
    let status =
        |role: String, signed_by_people, version, expiry, periods: Periods, authority: Authority<'_>| RoleStatus {
            role,
            signed_by_people,
            version,
            expiry,
            due: periods.due_from(expiry),
            threshold: authority.role.threshold(),
            holders: holders(authority, keyholders),
        };
    let mut statuses: Vec<RoleStatus> = top_level
        .into_iter()
        .map(|(role, version, expiry, periods)| {
            let signed_by_people = CeremonyRole::parse(role.name());
            status(role.to_string(), signed_by_people, version, expiry, periods, root.authority(role))
        })
        .collect();
    for (part, delegator) in current.all_targets() {
        for (name, authority) in rootline_ceremonies::delegates(delegator).unwrap_or_default() {
            let role = CeremonyRole::parse(name.as_str());
            let Some((role, file)) = role.and_then(|role| Some((role.clone(), current.targets_of(&role)?))) else {
                continue;
            };
            let periods = periods(&role, policy.periods_of(&role));
            let label =
                if part.role == CeremonyRole::Targets { name.to_string() } else { format!("{}/{name}", part.role) };
            statuses.push(status(label, Some(role.clone()), file.version(), file.expiry(), periods, authority));
        }
    }
    statuses
}

fn holders(authority: Authority<'_>, keyholders: &Keyholders) -> Vec<Name> {
    let owner = |id: &KeyId| keyholders.owner_of(authority, id).map(|owner| owner.name().clone());
    let mut holders: Vec<Name> = authority.role.key_ids().iter().filter_map(owner).collect();
    holders.sort();
    holders
}
