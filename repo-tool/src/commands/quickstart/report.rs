//! What was made, and what to do next.

use std::path::Path;

use rootline_ceremonies::Name;
use rootline_ceremonies::quickstart::NewInstance;
use serde_json::json;

use super::Made;
use crate::commands::guide;
use crate::context::Context;
use crate::folder::repository::RepositoryFolder;
use crate::folder::targets::{warn_of_targets, warnings_json};
use crate::text::{join, visible};

/// What was made, where.
pub(super) struct Report<'a> {
    pub(super) instance: &'a NewInstance,
    pub(super) made: &'a Made,
    pub(super) folder: &'a RepositoryFolder,
}

impl Report<'_> {
    pub(super) fn print(&self, context: &Context) {
        let Report { instance, made, folder } = self;
        let (root, targets) = (&instance.root, &instance.targets);
        let plan = folder.ceremony(&made.ceremony).plan_path();
        let page = folder.join(guide::PAGE);
        let place = match folder.path() {
            path if path == Path::new(".") => "this folder".to_owned(),
            path => path.display().to_string(),
        };
        let next = self.next();
        let names = |names: &[Name]| names.iter().map(Name::to_string).collect::<Vec<_>>();
        let json = json!({
            "folder": folder.path(),
            "policy": folder.policy_path(),
            "url": instance.url.as_str(),
            "holders": names(root.names()),
            "threshold": root.threshold(),
            "targets_threshold": targets.threshold(),
            "online": instance.online.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(),
            "without_key": names(&made.without_key),
            "names": names(&made.names),
            "ceremony": made.ceremony.as_str(),
            "plan": plan,
            "guide": page,
            "warnings": warnings_json(&made.warnings),
            "next": next,
        });
        context.report(&json, |line| {
            line(format_args!("created \"{}\" in {place}", visible(&instance.name)));
            line(format_args!("  trust root: {}", join(&made.names)));
            line(format_args!("  root: {} of {} must sign", root.threshold(), join(root.names())));
            if root.threshold() != targets.threshold() {
                line(format_args!("  targets: {} of them must sign", targets.threshold()));
            }
            line(format_args!("  plan: {}", plan.display()));
            line(format_args!("  for your users: {}", page.display()));
            if !made.without_key.is_empty() {
                line(format_args!("  without a key yet: {}", join(&made.without_key)));
            }
            context.next(format_args!("in {place}:"));
            next.iter().for_each(|step| context.terminal.report(format_args!("  {step}")));
        });
        warn_of_targets(&made.warnings, context);
    }

    /// The commands that follow, as they are typed.
    fn next(&self) -> Vec<String> {
        let Made { ceremony: id, without_key, .. } = self.made;
        let mut next = Vec::new();
        for name in without_key {
            next.push(format!("rootline-repo key generate --out ../{name}.pem  # {name}, on their own machine"));
            next.push(format!("rootline-repo keyholder add {name} --public-key ../{name}.pem.pub"));
        }
        let steps = [
            format!("rootline-repo ceremony freeze {id}"),
            format!("rootline-repo ceremony review {id}"),
            format!("rootline-repo ceremony sign {id} --key FILE  # each keyholder; or by ceremony request, elsewhere"),
            format!("rootline-repo ceremony seal {id}"),
            "rootline-repo online --key FILE".to_owned(),
            "rootline-repo publish".to_owned(),
            "rootline-repo guide  # the page for your users, with the digest of root 1".to_owned(),
        ];
        next.extend(steps);
        next
    }
}
