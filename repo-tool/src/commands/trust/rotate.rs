//! `rootline-repo trust rotate`.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use rootline::clock::parse_at;
use rootline_ceremonies::Name;
use rootline_ceremonies::trust::Reach;
use rootline_metadata::parse_duration;
use rootline_metadata::sigstore::Window;

use super::add_authority::{self, AuthorityKind, ChainArgs};
use super::add_log::{self, LogArgs, LogKind};
use super::content::TrustContent;
use super::instants::{self, Consent};
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust rotate fulcio-2026 --chain fulcio-2031.pem
  rootline-repo trust rotate rekor-2026 --url https://rekor-2.example.org \\
    --public-key rekor-2.pub --overlap 30d --name rekor-2031")]
pub(crate) struct RotateArgs {
    /// The name, log id or URL of the entry that is replaced
    #[arg(value_name = "NAME")]
    entry: String,

    /// The URL of its successor [default: the same; a log's must be another]
    #[arg(long)]
    url: Option<String>,

    /// Of an authority: a file with certificates of the new chain, in any order; repeatable
    #[arg(long, value_name = "FILE", value_parser = local_path(), required_unless_present = "public_key", conflicts_with = "public_key")]
    chain: Vec<PathBuf>,

    /// Of a log: the new public key, in PEM or DER
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    public_key: Option<PathBuf>,

    /// Of a log: its kind [default: as `add-log` has it]
    #[arg(long, value_enum, requires = "public_key")]
    kind: Option<LogKind>,

    /// The name by which later commands call the successor [default: made of its kind and year]
    #[arg(long)]
    name: Option<Name>,

    /// The instant from which the successor is trusted [default: when every verifier can have it]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    start: Option<DateTime<Utc>>,

    /// How long both are trusted [default: the lifetime of a timestamp and of the caches]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    overlap: Option<TimeDelta>,

    #[command(flatten)]
    consent: Consent,
}

pub(super) fn run(args: &RotateArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let entry = content.find(&args.entry)?;
    let url = args.url.clone().unwrap_or_else(|| entry.url.clone());
    let mut root = content.root.clone();
    let start = match (AuthorityKind::of(entry.section()), &args.public_key) {
        (Some(kind), None) => {
            let files = ChainArgs { chain: args.chain.clone(), organization: None, common_name: None };
            let chain = files.read(kind)?;
            let start = add_authority::opening(&chain, args.start, &content, context)?;
            let authority = files.authority(&url, &chain, Window::from(start))?;
            match kind {
                AuthorityKind::Ca => root.add_certificate_authority(&authority)?,
                AuthorityKind::Tsa => root.add_timestamp_authority(&authority)?,
            }
            start
        }
        (None, Some(public_key)) => {
            let start = args.start.unwrap_or_else(|| instants::earliest(&content, context));
            let files = LogArgs { url, public_key: public_key.clone(), log_id: None, origin: None };
            let usual = match entry.section() == LogKind::Ct.section() {
                true => LogKind::Ct,
                false => LogKind::Rekor,
            };
            let log = files.read(args.kind.unwrap_or(usual), Window::from(start))?;
            add_log::add(&mut root, entry.section(), &log)?;
            start
        }
        (Some(kind), Some(_)) => {
            let what = format!("{} is a {}, which has a chain of certificates", entry.name, kind.word());
            return Err(Failure::new(what, "name the new chain: --chain FILE"));
        }
        (None, None) => {
            let what = format!("{} is a log, which has a public key", entry.name);
            return Err(Failure::new(what, "name the new key: --public-key FILE"));
        }
    };
    args.consent.ask(&format!("the successor of {} would open", entry.name), start, &content, context)?;
    let reach = Reach::of(&content.policy);
    let end = start + args.overlap.unwrap_or(reach.timestamp + reach.caches);
    // The successor may stand before the entry now, so the entry is found again.
    let notes = content.entries.noted_in(&content.notes);
    let entries = rootline_ceremonies::trust::NamedEntries::new(&root, &notes);
    let again = entries.iter().find(|other| other.id == entry.id);
    let position = again.ok_or_else(|| {
        Failure::new(format!("{} has the same certificates as its successor", entry.name), "name another chain")
    })?;
    root.close_window(entry.section(), &position.entry_ref(), end)?;
    content.write_named(&root, args.name.as_ref(), context)
}
