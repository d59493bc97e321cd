//! `rootline-repo ceremony freeze`: the exact bytes to sign.

use rootline_ceremonies::{Event, Freezing, Frozen, FrozenRecord, Name};
use serde_json::json;

use super::{IdArgs, find, refuse_closed};
use crate::commands::{Context, join};
use crate::failure::Failure;

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.folder.lock()?;
    let published = context.folder.published()?;
    let folder = find(args, &published, context)?;
    refuse_closed(&folder, &published)?;
    let keyholders = context.folder.keyholders()?;
    let plan = folder.plan(&keyholders)?;
    let frozen = Frozen::freeze(&plan, &published, &context.folder.targets()?)?;

    let freezing = folder.transcript()?.freezing();
    let last = match &freezing {
        Freezing::Never => 0,
        Freezing::Agreed(before) => before.revision,
        Freezing::Disputed(several) => several.iter().map(|before| before.revision).max().unwrap_or(0),
    };
    let before = if let Freezing::Agreed(before) = freezing { Some(before) } else { None };
    let revision = match &before {
        Some(before) if before.files == frozen.record(before.revision).files => before.revision,
        _ => last.saturating_add(1),
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
    let mut void: Vec<&Name> = standing.roles.iter().flat_map(|role| &role.void).collect();
    void.sort();
    void.dedup();
    report(folder.id(), &frozen, &record, before.as_ref(), &void, context);
    Ok(())
}

fn report(
    id: &Name,
    frozen: &Frozen,
    record: &FrozenRecord,
    before: Option<&FrozenRecord>,
    void: &[&Name],
    context: &Context,
) {
    let files: Vec<String> = frozen
        .roles()
        .iter()
        .map(|role| format!("{role} {}", frozen.version(*role).map_or(0, |v| v.number())))
        .collect();
    let fingerprint = record.fingerprint();
    let json = json!({
        "ceremony": id.as_str(),
        "revision": record.revision,
        "files": files,
        "fingerprint": fingerprint.to_hex(),
        "void": void.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
    });
    context.report(&json, |line| {
        match before {
            Some(before) if before.files == record.files => {
                line(format_args!("nothing has changed since it was frozen"))
            }
            _ if record.revision > 1 => line(format_args!("frozen anew, revision {}", record.revision)),
            _ => {}
        }
        line(format_args!("to be signed: {}", files.join(", ")));
        line(format_args!("fingerprint, for keyholders to read to each other:"));
        line(format_args!("  {fingerprint}"));
        if !void.is_empty() {
            line(format_args!("have to sign again what has changed: {}", join(void.iter().copied())));
        }
        line(format_args!(
            "next: rootline-repo ceremony review {id}, then each keyholder: ceremony sign {id} --key FILE"
        ));
    });
}
