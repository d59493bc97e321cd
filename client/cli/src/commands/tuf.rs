//! `rootline tuf`: a plain TUF client for any repository, with the command line of the official conformance suite.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use rootline_client::store::{FileStore, Layout, LocalFile, Store, TargetPlace};
use rootline_client::transport::{Http, HttpBlocking};
use rootline_client::workflow::{RootChain, Trusted};
use rootline_client::{Client, Limits, Location, Note, Prefetch};
use rootline_metadata::{Role, TargetPath};

use crate::failure::Failure;
use crate::instances::read_needed;
use crate::limits::LimitArgs;
use crate::network::{Network as _, NetworkArgs};
use crate::terminal::Terminal;

#[derive(Args, Debug)]
pub(crate) struct TufArgs {
    /// The URL of the repository's metadata
    #[arg(long, value_name = "URL")]
    metadata_url: Option<String>,

    /// The folder of the trusted metadata
    #[arg(long, value_name = "DIR")]
    metadata_dir: PathBuf,

    /// Download this target; may be given several times, and they are fetched in this order
    #[arg(long, value_name = "PATH")]
    target_name: Vec<String>,

    /// The URL of the repository's targets
    #[arg(long, value_name = "URL")]
    target_base_url: Option<String>,

    /// Download to this folder, each target as one file with the percent-encoded target path as its name
    #[arg(long, value_name = "DIR")]
    target_dir: Option<PathBuf>,

    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    network: NetworkArgs,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Trust this root from now on, without a request
    #[command(after_help = "Examples:
  rootline tuf --metadata-dir trusted init 1.root.json")]
    Init {
        /// The root.json to pin
        root_json: PathBuf,
    },
    /// Update the four top-level roles
    #[command(after_help = "Examples:
  rootline tuf --metadata-dir trusted --metadata-url https://tuf.example.org refresh")]
    Refresh,
    /// Refresh, then download the targets that are not there yet
    #[command(after_help = "Examples:
  rootline tuf --metadata-dir trusted --metadata-url https://tuf.example.org \\
      --target-base-url https://tuf.example.org/targets --target-dir downloads \\
      --target-name a.json download")]
    Download,
}

pub(crate) fn run(args: &TufArgs, now: DateTime<Utc>, terminal: &Terminal) -> Result<(), Failure> {
    match &args.verb {
        Verb::Init { root_json } => init(&args.metadata_dir, root_json, &args.limits.limits(), terminal),
        Verb::Refresh => located(args, refresh(args, now, terminal).map(|_| ())),
        Verb::Download => located(args, download(args, now, terminal)),
    }
}

fn located(args: &TufArgs, done: Result<(), Failure>) -> Result<(), Failure> {
    let Some(url) = &args.metadata_url else { return done };
    done.map_err(|failure| failure.located(Location::new(url, url).shown(), Some(&args.metadata_dir)))
}

/// Keeps the root only if it is one: nothing in the folder has not been verified.
fn init(folder: &Path, root_json: &Path, limits: &Limits, terminal: &Terminal) -> Result<(), Failure> {
    let bytes = read_needed(root_json, limits.root)?;
    let chain = RootChain::begin(bytes, limits)?;
    let root = chain.newest();
    let store = FileStore::open(folder)?;
    let mut lock = store.lock_exclusive()?;
    terminal.client_notes(lock.take_missing().map(Note::Unlocked).as_ref());
    let history = LocalFile::RootHistory(root.version().number());
    for file in [LocalFile::PinnedRoot, history, LocalFile::Root] {
        store.save(&file, root.bytes())?;
    }
    Ok(())
}

/// A client with its metadata refreshed, and what it trusts now.
fn refresh(args: &TufArgs, now: DateTime<Utc>, terminal: &Terminal) -> Result<(TufClient, Trusted), Failure> {
    let metadata_url = needed(args.metadata_url.as_deref(), "--metadata-url")?;
    let targets_url = args.target_base_url.as_deref().unwrap_or(metadata_url);
    let limits = args.limits.limits();
    let store = FileStore::open(&args.metadata_dir)?;
    // A folder that another program made may hold a root.json alone; then that is the root it has been given.
    let pinned = match store.load(&LocalFile::PinnedRoot, limits.root)? {
        Some(pinned) => Some(pinned),
        None => store.load(&LocalFile::Root, limits.root)?,
    };
    let pinned = pinned.ok_or_else(|| Failure::not_initialised(&args.metadata_dir))?;
    let settings = args.network.settings()?.with_observer(terminal.observer());
    let transport = HttpBlocking::new(Http::new(metadata_url, targets_url, settings)?)?;
    let mut client = Client::new(pinned, transport, store).with_limits(limits).with_prefetch(Prefetch::Off);
    let refreshed = client.refresh(now);
    terminal.client_notes(&client.take_notes());
    Ok((client, refreshed?))
}

type TufClient = Client<HttpBlocking, FileStore>;

fn download(args: &TufArgs, now: DateTime<Utc>, terminal: &Terminal) -> Result<(), Failure> {
    let folder = needed(args.target_dir.as_deref(), "--target-dir")?;
    needed(args.target_base_url.as_deref(), "--target-base-url")?;
    if args.target_name.is_empty() {
        return Err(Failure::missing_option("--target-name"));
    }
    let (mut client, trusted) = refresh(args, now, terminal)?;
    for name in &args.target_name {
        let path = TargetPath::new(name).ok_or_else(|| Failure::missing_option("--target-name"))?;
        let found = client.find(&trusted, &path)?;
        let place = TargetPlace::new(folder, path.as_str(), Layout::Flat)?;
        if !place.has(&found.file)? {
            place.write(&client.fetch(&found)?)?;
        }
        terminal.line(format_args!("{}", place.path().display()));
    }
    Ok(())
}

fn needed<T>(option: Option<T>, name: &'static str) -> Result<T, Failure> {
    option.ok_or_else(|| Failure::missing_option(name))
}
