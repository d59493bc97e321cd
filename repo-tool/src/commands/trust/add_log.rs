//! `rootline-repo trust add-log`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use rootline::clock::parse_at;
use rootline_ceremonies::Name;
use rootline_metadata::sigstore::{LogId, LogIdKind, LogKey, NewLog, Section, TrustedRoot, Window};

use super::content::TrustContent;
use super::instants::{self, Consent};
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::input::{self, MAX_KEY};

/// What a log is, which decides how its id comes from its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogKind {
    /// Rekor: version 2 with an Ed25519 key, otherwise version 1
    Rekor,
    /// Rekor version 1
    RekorV1,
    /// Rekor version 2, whose entries lie in tiles
    RekorV2,
    /// A certificate transparency log, RFC 6962 or static
    Ct,
}

impl LogKind {
    pub(crate) fn section(self) -> Section {
        match self {
            LogKind::Rekor | LogKind::RekorV1 | LogKind::RekorV2 => Section::TransparencyLogs,
            LogKind::Ct => Section::CertificateTransparencyLogs,
        }
    }

    /// The rule for its id; `None` for the usual one of its list and key.
    fn id_kind(self) -> Option<LogIdKind> {
        match self {
            LogKind::Rekor => None,
            LogKind::RekorV1 | LogKind::Ct => Some(LogIdKind::KeyDigest),
            LogKind::RekorV2 => Some(LogIdKind::SignedNote),
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust add-log --url https://log2.example.org --public-key log2.pem.pub
  rootline-repo trust add-log --kind ct --url https://ct.example.org --public-key ct.pem.pub
  rootline-repo trust add-log --kind rekor-v2 --url https://log2.example.org \\
    --public-key log2.pem.pub --origin log2.example.org --name log2 \\
    --start 2030-01-31T12:00:00Z")]
pub(crate) struct AddLogArgs {
    /// The kind of log
    #[arg(long, value_enum, default_value_t = LogKind::Rekor)]
    kind: LogKind,

    #[command(flatten)]
    log: LogArgs,

    /// The name by which later commands call it [default: made of its kind and year]
    #[arg(long)]
    name: Option<Name>,

    /// The instant from which it is trusted [default: when every verifier can have it; before the first publication: when the first authority opens]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    start: Option<DateTime<Utc>>,

    /// The instant until which it is trusted [default: none, as for all that is in use]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    end: Option<DateTime<Utc>>,

    #[command(flatten)]
    consent: Consent,
}

/// A log's URL and key.
#[derive(Args, Debug)]
pub(crate) struct LogArgs {
    /// Its base URL; of Rekor version 2 the host is the origin of its checkpoints
    #[arg(long)]
    pub(crate) url: String,

    /// Its public key, in PEM or DER
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    pub(crate) public_key: PathBuf,

    /// The id that it must have, in hex or base64
    #[arg(long, value_name = "ID")]
    pub(crate) log_id: Option<String>,

    /// The origin of its checkpoints (Rekor version 2), which the URL must give
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
}

pub(super) fn run(args: &AddLogArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let start = opening(args.start, &content, context);
    args.consent.ask("the log would open", start, &content, context)?;
    let log = args.log.read(args.kind, Window::new(Some(start), args.end))?;
    let mut root = content.root.clone();
    add(&mut root, args.kind.section(), &log)?;
    content.write_named(&root, args.name.as_ref(), context)
}

pub(crate) fn add(root: &mut TrustedRoot, section: Section, log: &NewLog) -> Result<(), Failure> {
    match section {
        Section::CertificateTransparencyLogs => root.add_ct_log(log)?,
        _ => root.add_transparency_log(log)?,
    }
    Ok(())
}

/// When a log opens: when every verifier can have it. But no verifier is behind before the first publication, and a log of the instance may
/// have entries for as long as there is an authority.
fn opening(stated: Option<DateTime<Utc>>, content: &TrustContent, context: &Context) -> DateTime<Utc> {
    let authorities = content.root.certificate_authorities().iter().filter_map(|ca| ca.valid_for().start());
    let first = authorities.min().filter(|_| !content.is_published);
    stated.or(first).unwrap_or_else(|| instants::earliest(content, context))
}

impl LogArgs {
    pub(crate) fn read(&self, kind: LogKind, valid_for: Window) -> Result<NewLog, Failure> {
        let bytes = input::read(&self.public_key, MAX_KEY as usize)?;
        let key = LogKey::read_file(&bytes).map_err(|error| {
            let what = format!("{}: {error}", self.public_key.display());
            Failure::new(what, "name the log's public key, in PEM (BEGIN PUBLIC KEY) or DER")
        })?;
        let log = NewLog { base_url: self.url.clone(), key, id_kind: kind.id_kind(), valid_for, operator: None };
        self.check_origin()?;
        self.check_log_id(&log.log_id(kind.section()))?;
        Ok(log)
    }

    /// Clients take the origin from the URL, so one that differs would give an id that no checkpoint has.
    fn check_origin(&self) -> Result<(), Failure> {
        let Some(stated) = &self.origin else { return Ok(()) };
        if LogId::origin(&self.url) == Some(stated.as_str()) {
            return Ok(());
        }
        let url = rootline::printable::printable(&self.url);
        Err(Failure::new(
            format!("the origin {stated:?} is not the host of {url}, and clients take it from there"),
            format!("list the log as --url https://{stated}; where to write to is for the signing config"),
        ))
    }

    fn check_log_id(&self, derived: &LogId) -> Result<(), Failure> {
        let Some(stated) = &self.log_id else { return Ok(()) };
        match LogId::parse(stated) {
            Some(id) if id == *derived => Ok(()),
            Some(id) => Err(Failure::new(
                format!("the log id is {derived} ({}) by its key, not {id}", derived.to_hex()),
                "check the key, the URL and the kind of the log: its id follows from them",
            )
            .breaking("a log's id follows from its key")),
            None => Err(Failure::new(format!("{stated:?} is not a log id"), "give it in hex or base64")),
        }
    }
}
