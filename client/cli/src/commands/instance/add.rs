//! `rootline instance add`: register a repository under a name.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline_client::transport::{Address, Request, Transport};
use rootline_client::workflow::RootChain;
use rootline_client::{Cache, Freshness, Instance, Limits, Location, Persistence, TrustRoot};
use rootline_metadata::{hex, instant_text, sha256};
use serde_json::json;

use crate::clock::{At, parse_at};
use crate::failure::Failure;
use crate::help::REPOSITORY;
use crate::instances::{Adding, InstancesArgs, parse_name, read_needed};
use crate::repository::{CacheArgs, ClientArgs, located};
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline instance add --name example --url https://tuf.example.org --root 1.root.json
  rootline instance add --name example --url https://tuf.example.org \\
      --root-url https://example.org/1.root.json --root-sha256 HEX
  rootline instance add --name example --url https://tuf.example.org --root 1.root.json \\
      --mirror https://tuf.example.net
  rootline show --instance example

Trust in everything that follows rests on this root: take it, or its digest, from a source that you trust. So a root is never fetched \
without its digest, nor taken because the repository serves it.

An instance of the same name is never replaced; adding the same one again is not a failure.")]
pub(crate) struct AddArgs {
    /// The name, for --instance and ROOTLINE_INSTANCE
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    name: String,

    /// The SHA-256 of the root.json, in hex, from a source that you trust
    #[arg(long, value_name = "HEX", value_parser = parse_digest)]
    root_sha256: Option<[u8; 32]>,

    /// Fetch the root.json to begin with from this URL; needs --root-sha256
    #[arg(long, value_name = "URL", requires = "root_sha256")]
    root_url: Option<String>,

    /// Add it without contacting the repository; only the root may be fetched
    #[arg(long)]
    no_check: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// The repository's http(s) URL or folder
    #[arg(long, help_heading = REPOSITORY, value_name = "URL")]
    url: String,

    /// The URL of its targets [default: targets/ below the URL]
    #[arg(long, help_heading = REPOSITORY, value_name = "URL")]
    targets_url: Option<String>,

    /// The trusted root.json to begin with, from a source that you trust
    #[arg(
        long, help_heading = REPOSITORY, value_name = "FILE", conflicts_with = "root_url",
        required_unless_present = "root_url"
    )]
    root: Option<PathBuf>,

    /// Try this mirror when those before it fail; may be given several times. Its targets are below targets/
    #[arg(long, help_heading = REPOSITORY, value_name = "URL")]
    mirror: Vec<String>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    instances: InstancesArgs,

    /// Work at this instant instead of now, such as 2026-08-22T00:00:00Z
    #[arg(long, help_heading = REPOSITORY, value_name = "INSTANT", value_parser = parse_at)]
    at: Option<DateTime<Utc>>,

    #[command(flatten)]
    client: ClientArgs,
}

pub(crate) fn run(args: &AddArgs, terminal: &Terminal) -> Result<(), Failure> {
    let instance = args.instance(args.pinned_root(terminal)?)?;
    let instances = args.instances.instances();
    // Nothing is asked of a repository that could not be kept anyway.
    instances.is_new(&instance)?;
    let checked_at = match args.no_check {
        true => None,
        false => Some(args.check(&instance, terminal)?),
    };
    let adding = instances.add(&instance)?;
    let name = &instance.name;
    let folder = instances.folder(name).unwrap_or_default();
    let digest = hex::encode(&sha256(&instance.pinned_root));
    if args.json {
        terminal.json(&json!({
            "instance": name,
            "url": instance.location().shown(),
            "root_sha256": digest,
            "folder": folder.display().to_string(),
            "added": adding == Adding::Added,
            "checked_at": checked_at.map(instant_text),
        }));
        return Ok(());
    }
    match adding {
        Adding::Added => terminal.report(format_args!("added {name}: {}", folder.display())),
        Adding::Unchanged => terminal.report(format_args!("{name} is already registered: {}", folder.display())),
    }
    terminal.report(format_args!("SHA-256 of its root: {digest}"));
    if let Some(instant) = checked_at {
        terminal.report(format_args!("verified from this root at {}", instant_text(instant)));
    }
    Ok(())
}

impl AddArgs {
    /// The root to pin: signed by itself, and of the digest that was given.
    fn pinned_root(&self, terminal: &Terminal) -> Result<Vec<u8>, Failure> {
        let limits = self.client.limits();
        let bytes = match (&self.root, &self.root_url) {
            (Some(path), _) => read_needed(path, limits.root)?,
            (None, Some(url)) => self.fetch_root(url, &limits, terminal)?,
            (None, None) => return Err(Failure::missing_option("--root or --root-url")),
        };
        let digest = sha256(&bytes);
        if self.root_sha256.is_some_and(|expected| expected != digest) {
            return Err(Failure::new(
                format!("the SHA-256 of this root is {}, not the given one", hex::encode(&digest)),
                "nothing was added; get the digest from the repository's operators through another channel",
            ));
        }
        RootChain::begin(bytes.clone(), &limits)?;
        Ok(bytes)
    }

    fn fetch_root(&self, url: &str, limits: &Limits, terminal: &Terminal) -> Result<Vec<u8>, Failure> {
        let url = Address::parse(url)?.to_text();
        let (base, name) = url.rsplit_once('/').unwrap_or_default();
        let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        if base.is_empty() || base.ends_with('/') || name.is_empty() || !is_plain(name) {
            return Err(Failure::new(
                "--root-url does not end in a plain file name",
                "write it as https://example.org/1.root.json, or download the root and use --root FILE",
            ));
        }
        let from = Instance::at(base, Vec::new());
        let way = from.transport(&self.client.http(terminal)?)?;
        way.fetch(&Request::metadata(name, limits.root)).map_err(|error| located(error, &from.location().shown(), None))
    }

    fn instance(&self, pinned_root: Vec<u8>) -> Result<Instance, Failure> {
        let place = |url: &str| absolute(url).map(|url| Location::at(&url));
        let mut location = place(&self.url)?;
        if let Some(targets_url) = &self.targets_url {
            location.targets_url = absolute(targets_url)?;
        }
        let instance = Instance::new(&self.name, location, pinned_root);
        self.mirror.iter().try_fold(instance, |instance, url| Ok(instance.with_mirror(place(url)?)))
    }

    /// Verifies the instance by an update, which is kept if possible.
    fn check(&self, instance: &Instance, terminal: &Terminal) -> Result<DateTime<Utc>, Failure> {
        let (mut cache, note) = Cache::open_if_possible(self.cache.folder().ok().as_deref(), instance);
        terminal.client_notes(&note.or_else(|| cache.take_note()));
        let now = At::new(self.at).instant();
        let mut client =
            self.client.open(instance, cache, Freshness::Online, terminal)?.with_persistence(Persistence::BestEffort);
        let targets = TrustRoot::queries_if_listed();
        let updated = client.update(now, &targets);
        terminal.client_notes(&client.take_notes());
        let folder = client.store().folder();
        let updated = updated.map_err(|error| located(error, client.transport().location(), folder))?;
        Ok(updated.checked_at.unwrap_or(now))
    }
}

/// A folder is known by its whole path, so that the instance is the same wherever it is used.
fn absolute(url: &str) -> Result<String, Failure> {
    let address = Address::parse(url)?.absolute();
    match address.folder().filter(|folder| folder.to_str().is_none()) {
        Some(folder) => Err(Failure::new(format!("{folder:?} is not UTF-8"), "use a folder with a UTF-8 path")),
        None => Ok(address.to_text()),
    }
}

fn parse_digest(text: &str) -> Result<[u8; 32], String> {
    let digest = hex::decode(&text.to_ascii_lowercase()).and_then(|bytes| bytes.try_into().ok());
    digest.ok_or_else(|| "expected 64 hexadecimal digits".to_owned())
}
