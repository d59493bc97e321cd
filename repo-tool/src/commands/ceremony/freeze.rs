//! `rootline-repo ceremony freeze`: the exact bytes to sign.

use rootline_ceremonies::{Event, Frozen, FrozenRecord, Name, Standing};
use serde_json::json;

use super::standing::{signatures_json, signatures_text};
use super::{IdArgs, find, refuse_closed};
use crate::commands::Context;
use crate::failure::Failure;

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.folder.lock()?;
    let published = context.folder.published()?;
    let folder = find(args, &published, context)?;
    refuse_closed(&folder, &published)?;
    let keyholders = context.folder.keyholders()?;
    let plan = folder.plan(&keyholders, context.folder.policy()?.bounds())?;
    let frozen = Frozen::freeze(&plan, &published, &context.folder.targets()?)?;

    let before = folder.transcript()?.frozen();
    let revision = match &before {
        Some(before) if before.files == frozen.record(before.revision).files => before.revision,
        Some(before) => before.revision + 1,
        None => 1,
    };
    let record = frozen.record(revision);
    // First the files: if this is interrupted they do not fit what was noted down, and freezing again mends that.
    folder.write_frozen(&frozen)?;
    let changed = before.as_ref().is_none_or(|before| before.files != record.files || before.plan != record.plan);
    if changed {
        folder.note(context.now, Event::frozen(&record))?;
    }
    let ceremony = rootline_ceremonies::Ceremony::new(folder.id(), &frozen, &published, &keyholders)?;
    let standing = ceremony.tally(&folder.answers()?);
    report(folder.id(), &frozen, &record, before.as_ref(), &standing, context);
    Ok(())
}

fn report(
    id: &Name,
    frozen: &Frozen,
    record: &FrozenRecord,
    before: Option<&FrozenRecord>,
    standing: &Standing,
    context: &Context,
) {
    let files: Vec<String> = frozen.parts().map(|part| part.to_string()).collect();
    let (void, kept) = (standing.void(), standing.kept());
    let fingerprint = record.fingerprint();
    let json = json!({
        "ceremony": id.as_str(),
        "revision": record.revision,
        "files": files,
        "fingerprint": fingerprint.to_hex(),
        "void": signatures_json(void.iter().copied()),
        "kept": signatures_json(kept.iter().copied()),
    });
    context.report(&json, |line| {
        match before {
            Some(before) if before.files == record.files => {
                line(format_args!("nothing has changed since it was frozen"))
            }
            Some(_) => line(format_args!("frozen anew, revision {}", record.revision)),
            None => {}
        }
        line(format_args!("to be signed: {}", files.join(", ")));
        line(format_args!("fingerprint, for keyholders to read to each other:"));
        line(format_args!("  {fingerprint}"));
        if !void.is_empty() {
            let again = signatures_text(void.iter().copied());
            line(format_args!("void, as what was signed has changed; these have to sign again: {again}"));
        }
        if !kept.is_empty() {
            let kept = signatures_text(kept.iter().copied());
            line(format_args!("kept, as what was signed has not changed: {kept}"));
        }
        line(format_args!(
            "next: rootline-repo ceremony review {id}, then each keyholder: ceremony sign {id} --key FILE"
        ));
    });
}
