//! `rootline-repo ceremony list`: all ceremonies.

use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    context.folder.policy()?;
    let published = context.folder.published()?;
    let mut all = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        let record = ceremony.load(&published)?;
        all.push((record.id().clone(), record.stage()?));
    }
    let report = all.iter().map(|(id, stage)| json!({ "ceremony": id.as_str(), "stage": stage.name() })).collect();
    context.report(&report, |line| {
        for (id, stage) in &all {
            line(format_args!("{id}: {}", stage.name()));
        }
        if all.is_empty() {
            line(format_args!("no ceremony yet; begin one: rootline-repo ceremony new ID"));
        }
    });
    Ok(())
}
