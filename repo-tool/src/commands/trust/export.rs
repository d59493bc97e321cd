//! `rootline-repo trust export`: the same content in the forms that some clients take.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rootline_ceremonies::review::TRUSTED_ROOT;
use rootline_metadata::sigstore::ClientTrustConfig;
use serde_json::json;

use super::content::TrustContent;
use super::signing_config;
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::STANDARD;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust export --format client-trust-config --output acme.json
  rootline-repo trust export --format v0.2 --operator acme.example \\
    --output targets/trusted_root.v0.2.json

It is what is in targets/ now, signed or not. What is published is exported by `rootline export`.")]
pub(crate) struct ExportArgs {
    /// The form
    #[arg(long, value_enum)]
    format: Form,

    /// Of version 0.2: who runs the entries, a name without a scheme
    #[arg(long, value_name = "NAME", required_if_eq("format", "v0.2"))]
    operator: Option<String>,

    /// The file to write, or `-` for standard output
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The trust root and the signing config in one file, as sigstore-python's --trust-config takes it
    ClientTrustConfig,
    /// The trust root in version 0.2, which has operators; ship it as trusted_root.v0.2.json, beside the other
    #[value(name = "v0.2")]
    Version02,
}

pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<(), Failure> {
    let root = TrustContent::read(context)?.root;
    let text = match args.format {
        Form::ClientTrustConfig => ClientTrustConfig::new(root, signing_config::read_own(context)?).to_json(),
        Form::Version02 => root.in_version_02(args.operator.as_deref().unwrap_or_default())?.to_json(),
    };
    if args.output == Path::new(STANDARD) {
        return Ok(context.terminal.bytes(text.as_bytes())?);
    }
    if args.output == context.folder.target_path(TRUSTED_ROOT)? {
        let what = format!("{} is the trust root itself, which every client reads", args.output.display());
        return Err(Failure::new(what, "name another file, such as targets/trusted_root.v0.2.json"));
    }
    atomic_file::replace(&args.output, text.as_bytes())?;
    context.report(&json!({ "written": args.output }), |line| line(format_args!("wrote {}", args.output.display())));
    Ok(())
}
