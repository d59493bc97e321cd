//! `rootline-repo ceremony seal`: the signatures go in.

use std::collections::BTreeMap;

use clap::Args;
use rootline_ceremonies::{Caches, Delegator, Event, EventKind, Name, QuorumTally, Refusal, RoleTally, Tally};
use rootline_metadata::KeyId;
use rootline_metadata::json::{Value, ValueMembers};
use serde_json::json;

use super::{IdArgs, opened};
use crate::commands::{bounds, clock};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::open_ceremony::OpenCeremony;
use crate::folder::record::digests;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony seal 2030-06
  rootline-repo ceremony seal 2030-06 --at-once

Targets are signed for each root that can be a client's last: the old ones and the new ones. So no client is refused while a rotation becomes \
public. --at-once is for where the old keyholders are gone.")]
pub(crate) struct SealArgs {
    #[command(flatten)]
    ceremony: IdArgs,

    /// Seal without the signatures that old roots need: clients behind caches are refused for a while
    #[arg(long)]
    at_once: bool,
}

pub(crate) fn run(args: &SealArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let mut open = opened(&args.ceremony, context)?.verified_with_signatures(context)?;
    clock::warn(&open.published, context)?;
    bounds::check_open(&open, context)?;
    open.frozen.check_targets(&context.folder.targets()?.files, &open.published)?;
    let attestations = open.attestations(context)?;
    let signatures = open.signature_files()?;
    let tally = open.tally(&signatures)?;
    for (part, (name, why)) in tally.parts.iter().flat_map(|part| part.rejected.iter().map(move |no| (&part.part, no)))
    {
        context.terminal.warning(format_args!("{part}: ignored the signature file of {name}: {why}"));
    }
    let caches = context.folder.policy()?.caches();
    let sealed = match args.at_once {
        true => open.ceremony()?.seal_at_once(&signatures)?,
        false => open.ceremony()?.seal(&signatures).map_err(|refusal| no_bridge(refusal, caches))?,
    };
    let is_at_once = !tally.is_met();
    require_shown_keys(&open.ceremony()?.unshown_keys(&signatures), &open, context)?;
    open.record.note_signatures(&signatures, &tally, &open.keyholders, &attestations)?;
    open.record.folder().write_sealed(&sealed)?;
    let files = digests(sealed.files());
    // Sealed once more with nothing new in it, there is nothing to note down.
    if open.record.transcript().sealing().is_none_or(|before| before.event.facts.get("files") != Some(&files)) {
        let event = Event::new(EventKind::Sealed).with("files", files).with("signed", signed(&tally));
        let event = event.with("tally", tally_facts(&tally));
        open.record.note(context.now, if is_at_once { event.at_once() } else { event })?;
    }
    let id = open.id();
    let names: Vec<&String> = sealed.files().keys().collect();
    let report = json!({ "ceremony": id.as_str(), "sealed": names, "at_once": is_at_once });
    context.report(&report, |line| {
        for name in &names {
            line(format_args!("sealed {}", open.record.folder().sealed_path().join(name).display()));
        }
        bridge_lines(&tally).iter().for_each(|text| line(format_args!("{text}")));
        context.next(format_args!("rootline-repo online --key FILE"));
    });
    Ok(())
}

/// A bridge that is missing, with how long clients would be refused without it.
fn no_bridge(refusal: Refusal, caches: Caches) -> Failure {
    if !matches!(refusal, Refusal::NoBridge { .. }) {
        return refusal.into();
    }
    let minutes = caches.longest_gap().num_minutes();
    let hint = format!("ask for it; or --at-once: for up to {minutes} minutes clients behind caches are refused");
    Failure::new(refusal.to_string(), hint).breaking(refusal.check())
}

/// For which roots targets are signed, where there are several, or why they are not.
fn bridge_lines(tally: &Tally) -> Vec<String> {
    let bridged = tally.parts.iter().filter(|part| part.quorums.iter().any(|quorum| quorum.is_bridge));
    let mut lines: Vec<String> = bridged.map(bridge_line).collect();
    if tally.bridging.is_emergency() {
        lines.push(tally.bridging.to_string());
    }
    lines
}

fn bridge_line(part: &RoleTally) -> String {
    let root = |quorum: &QuorumTally| match &quorum.delegator {
        Delegator::OldRoot(version) | Delegator::NewRoot(version) | Delegator::Root(version) => {
            format!("for root {version}")
        }
        Delegator::Targets(part) => format!("for {part}"),
    };
    let (met, lacking): (Vec<&QuorumTally>, Vec<&QuorumTally>) =
        part.quorums.iter().partition(|quorum| quorum.is_met());
    let met: Vec<String> = met.into_iter().map(root).collect();
    let names: Vec<&str> = part.signed().into_iter().map(|name| name.as_str()).collect();
    let signed = format!("{} is signed {} ({})", part.part, met.join(" and "), names.join(", "));
    let lacking: Vec<String> = lacking.into_iter().map(root).collect();
    match lacking.is_empty() {
        true => format!("{signed}: nobody is refused in between"),
        false => format!("{signed}, not {}: publish it at once", lacking.join(" or ")),
    }
}

/// A key that came as a public file, of which nobody has shown to hold the private half, counts among those who can sign. Once there is a root,
/// that is refused; before, when nobody depends on it yet, it is warned of.
fn require_shown_keys(
    unshown: &BTreeMap<KeyId, Option<Name>>,
    open: &OpenCeremony,
    context: &Context,
) -> Result<(), Failure> {
    let whose = |(id, owner): (&KeyId, &Option<Name>)| match owner {
        Some(name) => format!("{name}'s key {}", id.short()),
        None => format!("the key {}", id.short()),
    };
    let keys: Vec<String> = unshown.iter().map(whose).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let what = format!("nobody has shown to hold {}", keys.join(", "));
    let hint = "have them sign this ceremony, or prove it: rootline-repo key prove NAME --key KEY, then rootline-repo keyholder add NAME --proof FILE";
    if open.published.root().is_some() {
        return Err(Failure::new(what, hint).breaking("a key counts once its holder has shown to hold it"));
    }
    context.terminal.warning(format_args!("{what}: if one of them is wrong, fewer people can sign than it seems"));
    context.terminal.hint(format_args!("{hint}"));
    Ok(())
}

/// Who has signed each file, by name.
fn signed(tally: &Tally) -> ValueMembers {
    tally.parts.iter().fold(ValueMembers::new(), |members, part| {
        let names: Value = part.signed().into_iter().map(|name| name.as_str()).collect();
        members.with(&part.part.file_name(), names)
    })
}

/// The tally that allowed the sealing: for each file and each root that asks for signatures, how many were needed and who gave them.
fn tally_facts(tally: &Tally) -> Value {
    let quorums = tally.parts.iter().flat_map(|part| part.quorums.iter().map(move |quorum| (&part.part, quorum)));
    let tallied = quorums.map(|(part, quorum)| {
        ValueMembers::new()
            .with("role", part.role.name())
            .with("version", part.version.number())
            .with("under", quorum.delegator.to_string())
            .with("bridge", quorum.is_bridge)
            .with("threshold", quorum.threshold)
            .with("signed", quorum.signed.iter().map(|name| name.as_str()).collect::<Value>())
    });
    tallied.collect()
}
