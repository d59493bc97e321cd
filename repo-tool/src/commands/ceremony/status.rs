//! `rootline-repo ceremony status`: who has signed, and who is still needed.

use serde_json::json;

use super::standing::{standing_json, standing_lines};
use super::{IdArgs, Room, find};
use crate::ceremony_folder::Stage;
use crate::commands::Context;
use crate::failure::Failure;

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let published = context.folder.published()?;
    let folder = find(args, &published, context)?;
    let id = folder.id().clone();
    let stage = folder.stage(&published)?;
    if !matches!(stage, Stage::Frozen | Stage::Sealed) {
        context.report(&json!({ "ceremony": id.as_str(), "stage": stage.name() }), |line| {
            line(format_args!("{id}: {}", stage.name()));
            if matches!(stage, Stage::Planned | Stage::Overtaken) {
                line(format_args!("next: rootline-repo ceremony freeze {id}"));
            }
        });
        return Ok(());
    }
    let room = Room::enter(args, context)?;
    let standing = room.tally(&folder.answers()?)?;
    let report = json!({
        "ceremony": id.as_str(),
        "stage": stage.name(),
        "revision": room.record.revision,
        "fingerprint": room.record.fingerprint().to_hex(),
        "standing": standing_json(&standing, &room.keyholders),
    });
    context.report(&report, |line| {
        line(format_args!("{id}: {}", stage.name()));
        standing_lines(&standing, &room.keyholders).iter().for_each(|text| line(format_args!("{text}")));
        match (stage, standing.is_met()) {
            (Stage::Sealed, _) => line(format_args!("next: rootline-repo online --key URI")),
            (_, true) => line(format_args!("next: rootline-repo ceremony seal {id}")),
            _ => line(format_args!("next: rootline-repo ceremony sign {id} --key URI")),
        }
    });
    Ok(())
}
