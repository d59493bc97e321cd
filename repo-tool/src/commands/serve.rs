//! `rootline-repo serve`: a folder on this machine's own address.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::publish::place::Place;
use crate::publish::server::Server;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo serve public
  rootline-repo serve public --port 8000

For trials, on this machine only. A published folder is static files: any web server can serve it.")]
pub(crate) struct ServeArgs {
    /// The folder to serve [default: publish_to of rootline.toml]
    #[arg(value_parser = local_path())]
    folder: Option<PathBuf>,

    /// The port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
}

pub(crate) fn run(args: &ServeArgs, context: &Context) -> Result<(), Failure> {
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => {
            let place = Place::find(None, context)?;
            let folder = place.folder().map(Path::to_owned);
            folder.ok_or_else(|| Failure::new(format!("{place} is not a folder"), "name the folder to serve"))?
        }
    };
    let server = Server::start(&folder, args.port).map_err(|error| Failure::io("serve", &folder, &error))?;
    let url = server.url();
    context.report(&json!({ "url": url }), |line| {
        line(format_args!("serving {} at {url} (Ctrl-C to stop)", folder.display()));
    });
    server.wait();
    Ok(())
}
