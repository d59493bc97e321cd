//! `rootline-repo ceremony request`: a ceremony in one file.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::{FrozenRecord, Name, Request, RequestParts};
use rootline_metadata::{hex, sha256};
use serde_json::{Value, json};

use super::{IdArgs, load};
use crate::commands::bounds;
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::STANDARD;
use crate::folder::open_ceremony::OpenCeremony;
use crate::folder::trust_notes;
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
    let request = make(&args.id, args.output.as_deref(), context)?;
    if request.to == Path::new(STANDARD) {
        context.terminal.bytes(&request.bytes)?;
        context.terminal.aside(format_args!("{} bytes, sha256 {}", request.bytes.len(), request.digest()));
        return Ok(());
    }
    atomic_file::replace(&request.to, &request.bytes)?;
    context.report(&request.to_json(), |line| {
        request.lines().iter().for_each(|text| line(format_args!("{text}")));
        context.next(format_args!("{}", request.next()));
        line(format_args!("then: rootline-repo ceremony accept RESPONSE…"));
    });
    Ok(())
}

/// A request that is to be written.
pub(crate) struct NewRequest {
    id: Name,
    frozen: FrozenRecord,
    pub(crate) to: PathBuf,
    pub(crate) bytes: Vec<u8>,
    /// Where it is kept with the ceremony.
    filed: Option<PathBuf>,
}

/// The request of a ceremony, which is kept with it where that can be.
pub(crate) fn make(id: &IdArgs, to: Option<&Path>, context: &Context) -> Result<NewRequest, Failure> {
    let open = load(id, context)?;
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
        notes: &trust_notes::read(context)?,
        waived: &open.record.transcript().waived(),
    };
    let request = Request::make(&parts)?;
    let bytes = request.to_json();
    let to = to.map_or_else(|| PathBuf::from(format!("{id}.request.json")), Path::to_owned);
    let filed = file(&open, &request, &bytes, context);
    Ok(NewRequest { id: id.clone(), frozen: open.frozen_record.clone(), to, bytes, filed })
}

impl NewRequest {
    fn digest(&self) -> String {
        hex::encode(&sha256(&self.bytes))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "ceremony": self.id.as_str(),
            "revision": self.frozen.revision,
            "request": self.to,
            "bytes": self.bytes.len(),
            "sha256": self.digest(),
            "fingerprint": self.frozen.fingerprint().to_hex(),
            "filed": self.filed,
        })
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let wrote = format!("wrote {}: {} bytes", self.to.display(), self.bytes.len());
        vec![wrote, format!("  sha256 {}", self.digest())]
    }

    /// What to do with it.
    pub(crate) fn next(&self) -> String {
        let to = self.to.display();
        format!("send it to each keyholder, to sign on any machine: rootline-repo sign {to} --key FILE")
    }
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
