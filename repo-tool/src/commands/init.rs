//! `rootline-repo init`: the folder of a new repository.

use std::path::PathBuf;

use clap::Args;
use rootline_ceremonies::{Holders, Name, Policy};
use serde_json::json;

use super::{own_text, parse_name};
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file::{self, Access};
use crate::folder::ignored::{GITIGNORE, GITIGNORE_FILE};
use crate::folder::repository::RepositoryFolder;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo init tuf
  rootline-repo init tuf --name \"Example trust root\" --holders alice,bob,carol --threshold 2
  rootline-repo init tuf --holders alice,bob,carol,dave,erin --threshold 3 --online online")]
pub(crate) struct InitArgs {
    /// The folder to create [default: that of --repository]
    #[arg(value_parser = local_path())]
    folder: Option<PathBuf>,

    /// The name of the trust root
    #[arg(long, value_name = "TEXT", default_value = "My trust root")]
    name: String,

    /// The keyholders of root and targets; they need not have keys yet
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_name)]
    holders: Vec<Name>,

    /// How many of them must sign [default: more than half]
    #[arg(long, value_name = "N")]
    threshold: Option<u64>,

    /// The online keys, which sign snapshot and timestamp
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_name)]
    online: Vec<Name>,
}

/// What git is to know: see [`ATTRIBUTES`].
pub(crate) const ATTRIBUTES_FILE: &str = ".gitattributes";

/// Lets git keep the lines of both sides of a transcript.
pub(crate) const UNION: &str = "ceremonies/*/transcript.jsonl merge=union";

/// Digests are of bytes, so nothing may change their line ends.
const ATTRIBUTES: &str = "* -text\nceremonies/*/transcript.jsonl merge=union\n";

pub(crate) fn run(args: &InitArgs, context: &Context) -> Result<(), Failure> {
    let folder = match &args.folder {
        Some(folder) => RepositoryFolder::new(folder.clone()),
        None => context.folder.clone(),
    };
    let people = args.holders.len();
    let threshold = args.threshold.unwrap_or_else(|| Holders::majority(people));
    let policy = Policy::template(&args.name, &args.holders, threshold, &args.online);
    make(&folder, &policy)?;
    let shown = folder.path().display().to_string();
    let report = json!({ "folder": shown, "policy": folder.policy_path(), "threshold": threshold, "holders": people });
    context.report(&report, |line| {
        line(format_args!("created {shown}: rootline.toml, keyholders/, targets/, metadata/, ceremonies/"));
        match people {
            0 => line(format_args!(
                "root and targets have no holders yet: name them in rootline.toml, with how many must sign"
            )),
            people => line(format_args!("root and targets: {threshold} of {people} keyholders must sign")),
        }
        context.next(format_args!("add the keyholders' keys: rootline-repo keyholder add NAME --public-key FILE"));
    });
    Ok(())
}

/// Makes a folder a repository of that policy.
pub(super) fn make(folder: &RepositoryFolder, policy: &str) -> Result<(), Failure> {
    Policy::parse(policy).map_err(|error| Failure::new(own_text(&error), "see rootline-repo init --help"))?;
    for name in RepositoryFolder::FOLDERS {
        atomic_file::create_folder(&folder.join(name))?;
    }
    for (name, text) in [(GITIGNORE_FILE, GITIGNORE), (ATTRIBUTES_FILE, ATTRIBUTES)] {
        if !folder.join(name).exists() {
            atomic_file::create(&folder.join(name), text.as_bytes(), Access::Umask)?;
        }
    }
    // Last, because it is what makes a folder a repository.
    atomic_file::ensure(&folder.policy_path(), policy.as_bytes())
}
