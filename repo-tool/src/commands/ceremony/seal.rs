//! `rootline-repo ceremony seal`: the signatures go in.

use rootline_ceremonies::{Event, EventKind, Standing};
use rootline_metadata::json::{Value, ValueMembers};
use serde_json::json;

use super::{IdArgs, Room};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations;
use crate::folder::record::digests;

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.folder.lock()?;
    let room = Room::enter(args, context)?;
    room.frozen.check_targets(&context.folder.targets()?, &room.published)?;
    let evidence = attestations::of_ceremony(context, &room.frozen, &room.published, &room.keyholders)?;
    let answers = room.folder.answers()?;
    let standing = room.tally(&answers)?;
    for (part, (name, why)) in
        standing.parts.iter().flat_map(|part| part.rejected.iter().map(move |no| (&part.part, no)))
    {
        context.terminal.warning(format_args!("{part}: what is filed for {name} is left out: {why}"));
    }
    let sealed = room.ceremony()?.seal(&answers)?;
    room.folder.note_answers(&standing, &room.keyholders, &evidence)?;
    room.folder.write_sealed(&sealed)?;
    let files = digests(sealed.files());
    let transcript = room.folder.transcript()?;
    // Sealed once more with nothing new in it, there is nothing to note down.
    if transcript.sealing().is_none_or(|before| before.event.facts.get("files") != Some(&files)) {
        let event = Event::new(EventKind::Sealed).with("files", files).with("signed", signed(&standing));
        room.folder.note(context.now, event.with("tally", tally(&standing)))?;
    }
    let id = room.folder.id();
    let names: Vec<&String> = sealed.files().keys().collect();
    context.report(&json!({ "ceremony": id.as_str(), "sealed": names }), |line| {
        for name in &names {
            line(format_args!("sealed {}", room.folder.sealed_path().join(name).display()));
        }
        line(format_args!("next: rootline-repo online --key FILE"));
    });
    Ok(())
}

/// Who has signed each file, by name.
fn signed(standing: &Standing) -> ValueMembers {
    standing.parts.iter().fold(ValueMembers::new(), |members, part| {
        let names: Value = part.signed().into_iter().map(|name| name.as_str()).collect();
        members.with(&part.part.file_name(), names)
    })
}

/// The tally that allowed the sealing: for each file and each root that asks for signatures, how many were needed and who gave them.
fn tally(standing: &Standing) -> Value {
    let quorums = standing.parts.iter().flat_map(|part| part.quorums.iter().map(move |quorum| (&part.part, quorum)));
    let tallied = quorums.map(|(part, quorum)| {
        ValueMembers::new()
            .with("role", part.role.name())
            .with("version", part.version.number())
            .with("under", quorum.under.to_string())
            .with("threshold", quorum.threshold)
            .with("signed", quorum.signed.iter().map(|name| name.as_str()).collect::<Value>())
    });
    tallied.collect()
}
