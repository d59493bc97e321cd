//! `rootline-repo ceremony list`: all ceremonies.

use rootline_ceremonies::Name;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::ceremony::{Stage, UNKNOWN_STAGE};

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    context.folder.policy()?;
    let published = context.folder.published()?;
    let mut all = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        let id = ceremony.id().clone();
        let stage = ceremony.load(&published).and_then(|record| record.stage());
        if let Err(failure) = &stage {
            context.terminal.warning(format_args!("{id}: {}", failure.what()));
        }
        all.push((id, stage.ok()));
    }
    let to_json =
        |(id, stage): &(Name, Option<Stage>)| json!({ "ceremony": id.as_str(), "stage": stage.map(Stage::name) });
    let report = json!({ "ceremonies": all.iter().map(to_json).collect::<Vec<_>>() });
    context.report(&report, |line| {
        for (id, stage) in &all {
            line(format_args!("{id}: {}", stage.map_or(UNKNOWN_STAGE, Stage::name)));
        }
        if all.is_empty() {
            line(format_args!("no ceremony yet; start one: rootline-repo ceremony new ID"));
        }
    });
    Ok(())
}
