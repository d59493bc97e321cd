//! `rootline-repo ceremony seal`: the signatures go in.

use std::collections::BTreeMap;

use rootline_ceremonies::{Event, EventKind, Name, Tally};
use rootline_metadata::KeyId;
use rootline_metadata::json::{Value, ValueMembers};
use serde_json::json;

use super::{IdArgs, opened};
use crate::commands::{bounds, clock};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::open_ceremony::OpenCeremony;
use crate::folder::record::digests;

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let mut open = opened(args, context)?.verified_with_signatures(context)?;
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
    let sealed = open.ceremony()?.seal(&signatures)?;
    require_shown_keys(&open.ceremony()?.unshown_keys(&signatures), &open, context)?;
    open.record.note_signatures(&signatures, &tally, &open.keyholders, &attestations)?;
    open.record.folder().write_sealed(&sealed)?;
    let files = digests(sealed.files());
    // Sealed once more with nothing new in it, there is nothing to note down.
    if open.record.transcript().sealing().is_none_or(|before| before.event.facts.get("files") != Some(&files)) {
        let event = Event::new(EventKind::Sealed).with("files", files).with("signed", signed(&tally));
        open.record.note(context.now, event.with("tally", tally_facts(&tally)))?;
    }
    let id = open.id();
    let names: Vec<&String> = sealed.files().keys().collect();
    context.report(&json!({ "ceremony": id.as_str(), "sealed": names }), |line| {
        for name in &names {
            line(format_args!("sealed {}", open.record.folder().sealed_path().join(name).display()));
        }
        context.next(format_args!("rootline-repo online --key FILE"));
    });
    Ok(())
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
            .with("threshold", quorum.threshold)
            .with("signed", quorum.signed.iter().map(|name| name.as_str()).collect::<Value>())
    });
    tallied.collect()
}
