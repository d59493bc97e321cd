//! `rootline-repo ceremony import`: the record of published files that no ceremony made.

use std::collections::BTreeMap;

use clap::Args;
use rootline_ceremonies::{Event, Name, OriginFault, Origins, Transcripts, heads_to_follow};
use rootline_metadata::hex;
use serde_json::{Map, Value, json};

use crate::commands::parse_name;
use crate::context::Context;
use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony import before-2030 --reason \"Taken over from tuf-on-ci\"

Records the digests of all published roots, targets and delegated metadata without a record, in ceremonies/ID/transcript.jsonl. ceremony verify \
then accepts them as they are, and shows the import each time. Let keyholders sign it: rootline-repo ceremony witness ID.")]
pub(crate) struct ImportArgs {
    /// The name of the record, as of a ceremony
    #[arg(value_parser = parse_name)]
    id: Name,

    /// The reason, for the transcript
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(crate) fn run(args: &ImportArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let published = context.folder.published()?;
    let mut transcripts = Transcripts::new();
    // A file is without a record only if all records could be read.
    for folder in context.folder.ceremonies()? {
        let record = folder.load(&published)?;
        transcripts.insert(record.id().clone(), record.transcript().clone());
    }
    let mut record = context.folder.ceremony(&args.id).load(&published)?;
    if record.folder().exists() {
        return Err(Failure::new(format!("there is a ceremony {} already", args.id), "choose another name"));
    }
    let mut files = BTreeMap::new();
    for fault in Origins::find(&published, &transcripts).faults {
        match fault {
            OriginFault::NoRecord { file, digest } => drop(files.insert(file, digest)),
            // What differs from its record is not explained by an import.
            OriginFault::OtherBytes { .. } => return Err(Failure::new(fault.to_string(), fault.hint())),
            _ => {}
        }
    }
    if files.is_empty() {
        return Err(Failure::new("every published file has a record", "there is nothing to import"));
    }
    record.note(context.now, Event::imported(&files, &args.reason).after(&heads_to_follow(&transcripts)))?;
    let digests = files.iter().map(|(file, digest)| (file.clone(), Value::from(hex::encode(digest))));
    let report = json!({
        "ceremony": args.id.as_str(),
        "imported": digests.collect::<Map<_, _>>(),
        "reason": args.reason,
    });
    context.report(&report, |line| {
        for (file, digest) in &files {
            line(format_args!("imported {file}: sha256 {}", hex::encode(digest)));
        }
        line(format_args!("recorded in {}", record.folder().transcript_path().display()));
    });
    Ok(())
}
