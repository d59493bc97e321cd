//! `rootline-repo ceremony payload`: the exact bytes that a signature is over.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::{Frozen, Name, RoleVersion};
use rootline_metadata::{hex, sha256};
use serde_json::json;

use super::sign::parts_of;
use super::{IdArgs, load};
use crate::commands::bounds;
use crate::commands::local_path;
use crate::commands::{parse_name, parse_role};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::STANDARD;
use crate::pins;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony payload 2030-06 --role root --output root.payload
  openssl dgst -sha256 -sign bob.pem -out bob.sig root.payload                P-256
  openssl pkeyutl -sign -rawin -in root.payload -inkey bob.pem -out bob.sig   Ed25519
  rootline-repo ceremony accept bob.sig

Each root of a ceremony has its own payload:
  rootline-repo ceremony payload 2030-06 2.root --output 2.root.payload
  rootline-repo ceremony payload 2030-06 3.root --output 3.root.payload

With a device that signs digests only, and a P-256 key:
  openssl dgst -sha256 -binary -out root.digest root.payload
  pkcs11-tool --sign --mechanism ECDSA --input-file root.digest --output-file bob.sig
  rootline-repo ceremony accept bob.sig

The payload is the canonical form of the signed part. For its meaning: rootline-repo ceremony review.")]
pub(crate) struct PayloadArgs {
    /// The ceremony [default: the only open one]
    #[arg(value_parser = parse_name)]
    id: Option<Name>,

    /// The version of a role, such as 2.root
    #[arg(conflicts_with = "role")]
    part: Option<String>,

    /// The role: root, targets or a delegated role
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,

    /// The file to write; - for standard output
    #[arg(value_parser = local_path(), long, value_name = "FILE", default_value = STANDARD)]
    output: PathBuf,
}

pub(crate) fn run(args: &PayloadArgs, context: &Context) -> Result<(), Failure> {
    let open = load(&IdArgs { id: args.id.clone() }, context)?;
    pins::check_folder(&open.published, context)?;
    bounds::check_open(&open, context)?;
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
        context.next(format_args!("sign it, then rootline-repo ceremony accept FILE"));
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
                (true, Some(name)) => format!("this ceremony does not sign {name}"),
                _ => format!("this ceremony signs {} files, each with its own payload", parts.len()),
            };
            Err(Failure::new(what, format!("name one of them: {}", all.join(", "))))
        }
    }
}
