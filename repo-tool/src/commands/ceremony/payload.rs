//! `rootline-repo ceremony payload`: the exact bytes that a signature is over.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::{Frozen, Name, RoleVersion};
use rootline_metadata::{hex, sha256};
use serde_json::json;

use super::sign::parts_of;
use super::{IdArgs, load};
use crate::commands::{parse_name, parse_role};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::STANDARD;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony payload 2030-06 --role root --output root.payload
  openssl dgst -sha256 -sign bob.pem -out bob.sig root.payload                     with a P-256 key
  openssl pkeyutl -sign -rawin -in root.payload -inkey bob.pem -out bob.sig        with an Ed25519 key
  rootline-repo ceremony accept bob.sig

Where a ceremony makes several roots, each has a payload of its own:
  rootline-repo ceremony payload 2030-06 2.root --output 2.root.payload
  rootline-repo ceremony payload 2030-06 3.root --output 3.root.payload

A device that signs digests only, with a P-256 key (Ed25519 signs whole messages only):
  openssl dgst -sha256 -binary -out root.digest root.payload
  pkcs11-tool --sign --mechanism ECDSA --input-file root.digest --output-file bob.sig
  rootline-repo ceremony accept bob.sig

The payload is the canonical form of what is signed. What it means is in rootline-repo ceremony review.")]
pub(crate) struct PayloadArgs {
    /// Which ceremony [default: the only one that is open]
    #[arg(value_parser = parse_name)]
    id: Option<Name>,

    /// Of what: a version of a role, such as 2.root
    #[arg(conflicts_with = "role")]
    part: Option<String>,

    /// Of what: root, targets, or a role that targets delegates to
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,

    /// Where to write it; - is standard output
    #[arg(long, value_name = "FILE", default_value = STANDARD)]
    output: PathBuf,
}

pub(crate) fn run(args: &PayloadArgs, context: &Context) -> Result<(), Failure> {
    let open = load(&IdArgs { id: args.id.clone() }, context)?;
    // What does not follow what is published is not worth a signature.
    open.ceremony()?;
    let part = part_of(args, &open.frozen)?;
    let payload = open.frozen.message(&part).unwrap_or_default();
    let (size, digest) = (payload.len(), hex::encode(&sha256(&payload)));
    let is_standard = args.output == Path::new(STANDARD);
    if !is_standard {
        atomic_file::replace(&args.output, &payload)?;
    } else if !context.json {
        context.terminal.bytes(&payload)?;
        context.terminal.aside(format_args!("payload of {part}: {size} bytes, sha256 {digest}"));
        return Ok(());
    }
    let report = json!({
        "ceremony": open.id().as_str(),
        "part": part.folder_name(),
        "payload": (!is_standard).then_some(&args.output),
        "bytes": size,
        "sha256": digest,
    });
    context.report(&report, |line| {
        line(format_args!("wrote the payload of {part} to {}: {size} bytes", args.output.display()));
        line(format_args!("  sha256 {digest}"));
        line(format_args!("next: sign it, then rootline-repo ceremony accept FILE"));
    });
    Ok(())
}

/// The one part that is meant.
fn part_of(args: &PayloadArgs, frozen: &Frozen) -> Result<RoleVersion, Failure> {
    let role = args.role.as_deref().map(parse_role).transpose()?;
    let mut parts = parts_of(role.as_ref(), frozen)?;
    if let Some(name) = &args.part {
        parts.retain(|part| part.folder_name() == *name);
    }
    match &parts[..] {
        [part] => Ok(part.clone()),
        several => {
            let all: Vec<String> = frozen.parts().map(RoleVersion::folder_name).collect();
            let what = match (several.is_empty(), &args.part) {
                (true, Some(name)) => format!("there is no {name} to sign in this ceremony"),
                _ => format!("{} files are to be signed, and each has a payload of its own", parts.len()),
            };
            Err(Failure::new(what, format!("name one of them: {}", all.join(", "))))
        }
    }
}
