//! `rootline-repo trust create`.

use std::path::Path;

use clap::Args;
use rootline_ceremonies::SIGSTORE_TRUSTED_ROOT;
use rootline_ceremonies::review::{TRUSTED_ROOT, trusted_entries};
use rootline_metadata::limits::MAX_SIGSTORE_BYTES;
use rootline_metadata::sigstore::{TrustedRoot, TrustedRootFormat};
use serde_json::json;

use super::content;
use crate::commands::is_url;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::{atomic_file, input};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust create
  rootline-repo trust create --from sigstore
  rootline-repo trust create --from my_trusted_root.json")]
pub(crate) struct CreateArgs {
    /// The content: `empty`, `sigstore` (the public-good instance, built in), or a file
    #[arg(long, value_name = "WHAT", default_value = "empty")]
    from: String,
}

pub(super) fn run(args: &CreateArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    if is_url(Path::new(&args.from)) {
        let what = format!("{} is a URL, and a file is read here", rootline::printable::printable(&args.from));
        return Err(Failure::new(what, "fetch the file, and name it: --from FILE"));
    }
    let bytes = match args.from.as_str() {
        "empty" => TrustedRoot::empty(TrustedRootFormat::V01).to_json().into_bytes(),
        "sigstore" => SIGSTORE_TRUSTED_ROOT.to_vec(),
        file => input::read(Path::new(file), MAX_SIGSTORE_BYTES)?,
    };
    let path = context.folder.target_path(TRUSTED_ROOT)?;
    let root = content::parse(&path, &bytes)?;
    atomic_file::ensure(&path, &bytes)?;
    let number = trusted_entries(&root).len();
    context.report(&json!({ "written": path, "entries": number }), |line| {
        line(format_args!("wrote {}, which lists {number} logs and authorities", path.display()));
    });
    Ok(())
}
