//! `rootline-repo ceremony request`: a ceremony in one file.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::{Request, RequestParts};
use rootline_metadata::{hex, sha256};
use serde_json::json;

use super::{IdArgs, load};
use crate::commands::bounds;
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::STANDARD;
use crate::folder::open_ceremony::OpenCeremony;
use crate::pins;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony request 2030-06
  rootline-repo ceremony request 2030-06 --output /media/usb/2030-06.request.json
  rootline-repo ceremony request 2030-06 --output - | gpg -e -r bob > request.gpg

The file has all that a keyholder needs to judge and to sign: the frozen files and their plan, who holds which key, the files that are \
shipped, and what is published. It is the same for every keyholder. Each signs it anywhere: rootline-repo sign FILE --key KEY. Their responses \
come back with rootline-repo ceremony accept.")]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    id: IdArgs,

    /// The file to write; - for standard output [default: ID.request.json]
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &RequestArgs, context: &Context) -> Result<(), Failure> {
    let open = load(&args.id, context)?;
    let id = open.id();
    // What does not follow what is published is not worth a signature.
    open.ceremony()?;
    bounds::check_open(&open, context)?;
    open.attestations(context)?;
    pins::check_folder(&open.published, context)?;
    let policy = context.folder.policy()?;
    let parts = RequestParts {
        repository: policy.name(),
        plan: &open.plan()?,
        revision: open.frozen_record.revision,
        frozen: &open.frozen,
        published: &open.published,
        keyholders: &open.keyholders,
        targets: &context.folder.targets()?.files,
    };
    let request = Request::make(&parts)?;
    let bytes = request.to_json();
    let digest = hex::encode(&sha256(&bytes));
    let to = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{id}.request.json")));
    let size = bytes.len();
    let filed = file(&open, &request, &bytes, context);
    if to == Path::new(STANDARD) {
        context.terminal.bytes(&bytes)?;
        context.terminal.aside(format_args!("{size} bytes, sha256 {digest}"));
        return Ok(());
    }
    atomic_file::replace(&to, &bytes)?;
    let report = json!({
        "ceremony": id.as_str(),
        "revision": open.frozen_record.revision,
        "request": to,
        "bytes": size,
        "sha256": digest,
        "fingerprint": open.frozen_record.fingerprint().to_hex(),
        "filed": filed,
    });
    context.report(&report, |line| {
        line(format_args!("wrote {}: {size} bytes", to.display()));
        line(format_args!("  sha256 {digest}"));
        context.next(format_args!(
            "send it to each keyholder, to sign on any machine: rootline-repo sign {} --key FILE",
            to.display()
        ));
        line(format_args!("then: rootline-repo ceremony accept RESPONSE…"));
    });
    Ok(())
}

/// Keeps the request with the ceremony. Where that cannot be written, as in a copy on a read-only disk, the request is as good.
fn file(open: &OpenCeremony, request: &Request, bytes: &[u8], context: &Context) -> Option<PathBuf> {
    match context.lock().and_then(|_lock| open.record.folder().keep_request(request, bytes)) {
        Ok(path) => Some(path),
        Err(failure) => {
            context.terminal.warning(format_args!("not kept with the ceremony: {}", failure.what()));
            None
        }
    }
}
