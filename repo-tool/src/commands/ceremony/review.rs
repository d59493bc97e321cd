//! `rootline-repo ceremony review`: what a signature means.

use std::collections::BTreeMap;
use std::fmt::Arguments;

use rootline_ceremonies::{
    AuthorityChange, Bounds, DelegationChange, DelegationTerms, FileChange, Frozen, Keyholders, ListedKey, Name, Part,
    Plan, Published, Review, TargetChange, TargetName,
};
use rootline_metadata::{Expiry, TargetFile};
use serde_json::{Value, json};

use super::{IdArgs, Room};
use crate::commands::{Context, plain};
use crate::failure::Failure;
use crate::trust_changes::{TRUSTED_ROOT, TrustChange, trust_changes};

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let room = Room::enter(args, context)?;
    let review = Reviewed::new(&room, context)?;
    context.report(&review.to_json(), |line| review.print(line));
    Ok(())
}

/// Everything that a keyholder is shown before they sign.
pub(crate) struct Reviewed {
    id: Name,
    summary: String,
    review: Review,
    trust: Vec<TrustChange>,
    fingerprint: rootline_ceremonies::Fingerprint,
    at: chrono::DateTime<chrono::Utc>,
}

impl Reviewed {
    /// Refuses where a file in `targets/` is not what is about to be signed.
    pub(crate) fn new(room: &Room, context: &Context) -> Result<Reviewed, Failure> {
        let targets = context.folder.targets()?;
        // The ceremony is one that follows what is published.
        room.ceremony()?;
        room.frozen.check_targets(&targets, &room.published)?;
        let plan = room.folder.plan(&room.keyholders, &Bounds::default())?;
        if plan.digest() != room.record.plan {
            context
                .terminal
                .warning(format_args!("the plan was edited after it was frozen; what is signed is what was frozen"));
        }
        Ok(Reviewed::of(&plan, &room.frozen, &room.published, &room.keyholders, &targets))
    }

    /// The review of what follows what is published; `targets` are the files to be shipped.
    pub(crate) fn of(
        plan: &Plan,
        frozen: &Frozen,
        published: &Published,
        keyholders: &Keyholders,
        targets: &BTreeMap<TargetName, Vec<u8>>,
    ) -> Reviewed {
        let trust = match TRUSTED_ROOT.parse() {
            Ok(name) if frozen.all_targets().next().is_some() => {
                trust_changes(published.target(&name), targets.get(&name).map(Vec::as_slice))
            }
            _ => Vec::new(),
        };
        Reviewed {
            id: plan.id().clone(),
            summary: plan.summary().unwrap_or_default().to_owned(),
            review: Review::new(frozen, published, keyholders),
            trust,
            fingerprint: frozen.fingerprint(),
            at: plan.at(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let files = self.review.files.iter().map(file_json);
        let authorities = self.review.authorities.iter().map(authority_json);
        let targets = self.review.targets.iter().map(target_json);
        json!({
            "ceremony": self.id.as_str(),
            "summary": self.summary,
            "files": files.collect::<Vec<_>>(),
            "authorities": authorities.collect::<Vec<_>>(),
            "delegations": self.review.delegations.iter().map(delegation_json).collect::<Vec<_>>(),
            "targets": targets.collect::<Vec<_>>(),
            "trust": self.trust.iter().map(TrustChange::to_json).collect::<Vec<_>>(),
            "fingerprint": self.fingerprint.to_hex(),
        })
    }

    pub(crate) fn print(&self, line: &dyn Fn(Arguments<'_>)) {
        match self.summary.as_str() {
            "" => line(format_args!("ceremony {}", self.id)),
            summary => line(format_args!("ceremony {}: {}", self.id, plain(summary))),
        }
        for FileChange { part: Part { role, version }, before, expiry } in &self.review.files {
            let days = expiry.instant().signed_duration_since(self.at).num_days();
            let was =
                before.map(|(version, expiry)| format!(" (now version {version}, until {expiry})")).unwrap_or_default();
            line(format_args!("{role}: version {version}, holds {days} days, until {expiry}{was}"));
        }
        for change in &self.review.authorities {
            print_authority(change, line);
        }
        for change in &self.review.delegations {
            print_delegation(change, line);
        }
        for change in &self.review.targets {
            match (&change.before, &change.after) {
                (None, Some(after)) => line(format_args!("+ ships {}, {}", change.name, file_text(after))),
                (Some(_), None) => line(format_args!("- no longer ships {}", change.name)),
                (_, Some(after)) if !change.is_unchanged() => {
                    line(format_args!("~ ships another {}, {}", change.name, file_text(after)));
                }
                _ => line(format_args!("  ships {} as before", change.name)),
            }
        }
        self.trust.iter().for_each(|change| line(format_args!("{change}")));
        line(format_args!("fingerprint:"));
        line(format_args!("  {}", self.fingerprint));
    }
}

fn print_authority(change: &AuthorityChange, line: &dyn Fn(Arguments<'_>)) {
    let AuthorityChange { by: _, role, threshold_before, threshold_after, joins, leaves, stays } = change;
    let holders = joins.len() + stays.len();
    let was = match threshold_before {
        Some(before) if before != threshold_after => format!(" (now {before} of {})", leaves.len() + stays.len()),
        _ => String::new(),
    };
    line(format_args!("{role} is signed by {threshold_after} of {holders}{was}"));
    joins.iter().for_each(|key| line(format_args!("  + {}", key_text(key))));
    leaves.iter().for_each(|key| line(format_args!("  - {}", key_text(key))));
    stays.iter().for_each(|key| line(format_args!("    {}", key_text(key))));
}

fn print_delegation(change: &DelegationChange, line: &dyn Fn(Arguments<'_>)) {
    let DelegationChange { by, role, before, after } = change;
    let by = &by.role;
    match (before, after) {
        (None, Some((_, terms))) => line(format_args!("+ {by} delegates to {role}: {terms}")),
        (Some(_), None) => line(format_args!("- {by} no longer delegates to {role}")),
        (Some(before), Some(after)) if before == after => line(format_args!("  {by} delegates to {role} as before")),
        (_, Some((place, terms))) => line(format_args!("~ {by} delegates to {role}, in place {place}: {terms}")),
        (None, None) => {}
    }
}

fn key_text(key: &ListedKey) -> String {
    let owner = key.owner.as_ref().map_or("nobody known", Name::as_str);
    format!("{owner:<16} {} {}", key.key_id.short(), key.scheme)
}

fn file_text(file: &TargetFile) -> String {
    format!("{} bytes, {}", file.length, file.digests)
}

fn file_json(change: &FileChange) -> Value {
    let state = |(version, expiry): &(rootline_metadata::Version, Expiry)| json!({ "version": version.number(), "expires": expiry.to_text() });
    let after = (change.part.version, change.expiry);
    json!({ "role": change.part.role.name(), "before": change.before.as_ref().map(state), "after": state(&after) })
}

fn authority_json(change: &AuthorityChange) -> Value {
    let keys = |keys: &[ListedKey]| {
        let key = |key: &ListedKey| json!({ "owner": key.owner.as_ref().map(Name::as_str), "keyid": key.key_id.as_str(), "scheme": key.scheme });
        keys.iter().map(key).collect::<Vec<_>>()
    };
    json!({
        "by": change.by.to_string(),
        "role": change.role,
        "threshold_before": change.threshold_before,
        "threshold": change.threshold_after,
        "joins": keys(&change.joins),
        "leaves": keys(&change.leaves),
        "stays": keys(&change.stays),
    })
}

fn delegation_json(change: &DelegationChange) -> Value {
    let terms = |(place, terms): &(usize, DelegationTerms)| json!({ "place": place, "terms": terms.to_string() });
    json!({
        "by": change.by.to_string(),
        "role": change.role,
        "before": change.before.as_ref().map(terms),
        "after": change.after.as_ref().map(terms),
    })
}

fn target_json(change: &TargetChange) -> Value {
    let file = |file: &TargetFile| json!({ "length": file.length, "digest": file.digests.to_string() });
    json!({ "by": change.by.to_string(), "name": change.name, "before": change.before.as_ref().map(file), "after": change.after.as_ref().map(file) })
}
