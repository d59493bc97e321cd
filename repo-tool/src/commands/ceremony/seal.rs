//! `rootline-repo ceremony seal`: the signatures go in.

use rootline_ceremonies::{Event, EventKind};
use rootline_metadata::json::{Value, ValueMembers};
use serde_json::json;

use super::{IdArgs, Room};
use crate::ceremony_folder::digests;
use crate::commands::Context;
use crate::evidence;
use crate::failure::Failure;

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.folder.lock()?;
    let room = Room::enter(args, context)?;
    room.frozen.check_targets(&context.folder.targets()?, &room.published)?;
    let evidence = evidence::of_ceremony(context, &room.frozen, &room.published, &room.keyholders)?;
    let answers = room.folder.answers()?;
    let standing = room.tally(&answers)?;
    for (part, (name, why)) in
        standing.parts.iter().flat_map(|part| part.rejected.iter().map(move |no| (&part.part, no)))
    {
        context.terminal.warning(format_args!("{part}: what is filed for {name} is left out: {why}"));
    }
    let sealed = room.ceremony()?.seal(&answers)?;
    room.folder.note_answers(&standing, &evidence)?;
    room.folder.write_sealed(&sealed)?;
    let signed = standing.parts.iter().fold(ValueMembers::new(), |members, part| {
        let names: Value = part.signed().into_iter().map(|name| name.as_str()).collect();
        members.with(&part.part.file_name(), names)
    });
    let event = Event::new(EventKind::Sealed).with("files", digests(sealed.files())).with("signed", signed);
    room.folder.note(context.now, event)?;
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
