//! `rootline-repo keyholder check`: verifies all attestations again.

use clap::Args;
use rootline::table::{Cell, Table};
use rootline_ceremonies::{Keyholders, Name, Refusal};
use rootline_metadata::KeyId;
use serde_json::json;

use crate::commands::parse_name;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations::{self, Attestations, CountingKeys};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo keyholder check
  rootline-repo keyholder check alice
  rootline-repo keyholder check --json --at 2030-01-31T12:00:00Z

Every ceremony does the same for the keys that count in it. Fails if a kept attestation is refused, or if a required one is missing.")]
pub(crate) struct CheckArgs {
    /// Check this keyholder only
    #[arg(value_parser = parse_name)]
    name: Option<Name>,
}

pub(crate) fn run(args: &CheckArgs, context: &Context) -> Result<(), Failure> {
    let policy = context.folder.policy()?;
    let keyholders = context.folder.keyholders()?;
    if let Some(name) = args.name.as_ref().filter(|name| keyholders.get(name).is_none()) {
        return Err(Refusal::NoSuchKeyholder { name: name.clone() }.into());
    }
    let roots = attestations::vendor_roots(&context.folder)?;
    let attestations = Attestations::read(&context.folder, &keyholders, policy.attestation(), &roots, context.now)?;
    let required = match policy.attestation().required {
        true => holders(context, &keyholders)?,
        false => CountingKeys::new(),
    };
    let mut checked = Vec::new();
    let mut failures = Vec::new();
    for holder in keyholders.iter().filter(|holder| args.name.as_ref().is_none_or(|name| name == holder.name())) {
        for key_id in holder.keys().iter().map(KeyId::of) {
            let name = holder.name();
            match (attestations.get(name, &key_id), attestations.refused(name, &key_id)) {
                (None, Some(why)) => failures.push(why.clone()),
                (None, None) if required.contains_key(&key_id) => failures.push(attestations::missing(name, &key_id)),
                (found, _) => checked.push((name, key_id, found)),
            }
        }
    }
    // It takes two to share a token, so all tokens are compared.
    failures.extend(attestations.token_owners().err().map(Failure::from));
    let to_json = |(name, key_id, _): &(&Name, KeyId, _)| json!({ "keyholder": name.as_str(), "keyid": key_id.as_str(), "attestation": attestations.json(Some(name), key_id) });
    // With a failure, the one JSON document is that of the failure.
    if failures.is_empty() || !context.json {
        let report = json!({ "keys": checked.iter().map(to_json).collect::<Vec<_>>() });
        context.report(&report, |line| {
            let mut table = Table::new(["name", "key", "attestation"]);
            for (name, key_id, found) in &checked {
                let found = found.map_or("no attestation".to_owned(), ToString::to_string);
                table.row([Cell::text(name.as_str()), Cell::text(key_id.short()), Cell::text(found)]);
            }
            line(format_args!("{}", table.render(&context.terminal)));
            for (name, _, found) in &checked {
                for warning in found.iter().flat_map(|attestation| attestation.warnings()) {
                    context.terminal.warning(format_args!("{name}: {warning}"));
                }
            }
        });
    }
    all_of(failures)
}

/// Whose keys hold root or targets: as the newest root says, and before there is one, as the policy does.
fn holders(context: &Context, keyholders: &Keyholders) -> Result<CountingKeys, Failure> {
    if let Some(root) = context.folder.published()?.root() {
        return Ok(attestations::counting_keys(root, keyholders));
    }
    let policy = context.folder.policy()?;
    let named = [policy.root(), policy.targets()].into_iter().filter_map(|role| role.holders.as_ref());
    let holders = named.flat_map(|holders| holders.names()).filter_map(|name| keyholders.get(name));
    Ok(holders.map(|holder| (KeyId::of(holder.key()), Some(holder.name().clone()))).collect())
}

/// The first failure, which says if there are more.
fn all_of(failures: Vec<Failure>) -> Result<(), Failure> {
    let others = failures.len().saturating_sub(1);
    let all: Vec<String> = failures.iter().map(|failure| failure.what().to_owned()).collect();
    match failures.into_iter().next() {
        None => Ok(()),
        Some(first) if others == 0 => Err(first),
        Some(first) => {
            Err(first.with_what(|_| format!("{} attestations are invalid or missing: {}", others + 1, all.join("; "))))
        }
    }
}
