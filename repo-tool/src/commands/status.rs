//! `rootline-repo status`: what is published, who holds it, and until when.

use chrono::{DateTime, Utc};
use clap::Args;
use rootline_ceremonies::{Keyholders, Name, Periods, Published};
use rootline_metadata::{Expiry, KeyId, Role, TopLevelRole, Version, instant_text};
use serde_json::json;

use super::{Context, join};
use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo status
  rootline-repo status --json --at 2030-01-31T12:00:00Z")]
pub(crate) struct StatusArgs {}

struct RoleStatus {
    role: TopLevelRole,
    version: Version,
    expiry: Expiry,
    due: DateTime<Utc>,
    threshold: u64,
    holders: Vec<Name>,
}

pub(crate) fn run(_: &StatusArgs, context: &Context) -> Result<(), Failure> {
    let policy = context.folder.policy()?;
    let published = context.folder.published()?;
    let keyholders = context.folder.keyholders()?;
    let now = context.now;
    let periods = |role| match role {
        TopLevelRole::Root => policy.root().periods,
        TopLevelRole::Targets => policy.targets().periods,
        TopLevelRole::Snapshot => policy.snapshot(),
        TopLevelRole::Timestamp => policy.timestamp(),
    };
    let roles: Vec<RoleStatus> = TopLevelRole::ALL
        .into_iter()
        .filter_map(|role| role_status(role, periods(role), &published, &keyholders))
        .collect();
    let mut open = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        open.push((ceremony.id().clone(), ceremony.stage(&published)?));
    }
    let to_json = |role: &RoleStatus| {
        json!({
            "role": role.role.name(),
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
    });
    context.report(&report, |line| {
        line(format_args!("{} at {}", policy.name(), instant_text(now)));
        for role in &roles {
            let RoleStatus { role, version, expiry, due, threshold, holders } = role;
            let state = match () {
                () if expiry.has_passed(now) => "EXPIRED".to_owned(),
                () if *due <= now => "due now".to_owned(),
                () => format!("due {}", instant_text(*due)),
            };
            let name = role.name();
            line(format_args!("  {name:<9} {version:>4}  expires {expiry}  {state}  {threshold} of {}", join(holders)));
        }
        if roles.is_empty() {
            line(format_args!("  nothing has been published yet"));
        }
        for (id, stage) in &open {
            line(format_args!("  ceremony {id}: {}", stage.name()));
        }
    });
    Ok(())
}

fn role_status(
    role: TopLevelRole,
    periods: Periods,
    published: &Published,
    keyholders: &Keyholders,
) -> Option<RoleStatus> {
    let root = published.root()?;
    let (version, expiry) = match role {
        TopLevelRole::Root => (root.version(), root.expiry()),
        TopLevelRole::Timestamp => published.current().map(|now| (now.timestamp.version(), now.timestamp.expiry()))?,
        TopLevelRole::Snapshot => published.current().map(|now| (now.snapshot.version(), now.snapshot.expiry()))?,
        TopLevelRole::Targets => published.current().map(|now| (now.targets.version(), now.targets.expiry()))?,
    };
    let authority = root.authority(role);
    let owner = |id: &KeyId| {
        let key = authority.keys.get(id).and_then(|key| key.usable().ok())?;
        keyholders.owner(key.material()).map(|owner| owner.name().clone())
    };
    let mut holders: Vec<Name> = authority.role.key_ids().iter().filter_map(owner).collect();
    holders.sort();
    Some(RoleStatus {
        role,
        version,
        expiry,
        due: periods.due_from(expiry),
        threshold: authority.role.threshold(),
        holders,
    })
}
