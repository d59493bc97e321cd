//! `rootline-repo trust import`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args};
use rootline::clock::parse_at;
use rootline::printable::printable_argument;
use rootline_ceremonies::review::{MAX_BYTES, SIGNING_CONFIG, TRUSTED_ROOT};
use rootline_ceremonies::trust::import::{
    Answers, Import, ImportError, Imported, Remark, RemarkKind, ServiceSpec, SpecKind,
};
use rootline_ceremonies::trust::{EntryId, NamedEntries};
use rootline_metadata::lint::Severity;
use rootline_metadata::sigstore::TrustedRoot;
use rootline_metadata::sigstore::lint::{LegacyTarget, LintSettings, lint_signing_config};
use rootline_metadata::x509::MAX_CONTAINER_BYTES;
use serde_json::{Value, json};

use super::content::{Told, TrustContent};
use super::endpoints::EndpointArgs;
use super::instants::Consent;
use super::source::{LegacyFile, OpenRepository, RepositoryArgs};
use crate::commands::{is_url, parse_pair};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::{atomic_file, input};
use crate::text::visible;

/// What the short help shows of [`EXAMPLES`].
const SHORT_EXAMPLES: &str = "Examples:
  rootline-repo trust import https://tuf.acme.example --root 1.root.json
  rootline-repo trust import trusted_root.json
  rootline-repo trust import --fulcio url=https://fulcio.acme.example,certificate-chain=fulcio.pem
  rootline-repo trust import --rekor-url https://rekor.acme.example";

const EXAMPLES: &str = "Examples:
  rootline-repo trust import https://tuf.acme.example --root 1.root.json
  rootline-repo trust import trusted_root.json \\
    --url-of http://rekor.rekor-system.svc=https://rekor.acme.example
  rootline-repo trust import old-tuf/ --root old-tuf/1.root.json --legacy-targets \\
    --end-of fulcio_2021.crt.pem=2024-01-31T12:00:00Z
  rootline-repo trust import fulcio.pem rekor.pub \\
    --url-of fulcio.pem=https://fulcio.acme.example \\
    --url-of rekor.pub=https://rekor.acme.example
  rootline-repo trust import --fulcio url=https://fulcio.acme.example,certificate-chain=ca.pem \\
    --rekor url=https://rekor.acme.example,public-key=rekor.pub,start-time=2030-01-31T12:00:00Z
  rootline-repo trust import --fulcio-url https://fulcio.acme.example \\
    --rekor-url https://rekor.acme.example

Entries that are listed already stay as they are. What is wrong with others' documents is repaired, and said, or refused; what no source says \
is asked for by the option that states it.";

#[derive(Args, Debug)]
#[command(
    group = ArgGroup::new("what").required(true).multiple(true),
    override_usage = "rootline-repo trust import [OPTIONS] [SOURCE]...",
    after_help = SHORT_EXAMPLES,
    after_long_help = EXAMPLES
)]
pub(crate) struct ImportArgs {
    /// A TUF repository's URL or folder, a document, certificates, or a key
    ///
    /// Told by what it is: a URL or a folder is a TUF repository, verified from --root; a file is a trust root, a client trust config, a signing
    /// config, certificates in PEM, DER or PKCS#7, or a log's public key.
    #[arg(value_name = "SOURCE", group = "what")]
    sources: Vec<String>,

    /// Of a repository take the PEM targets, not its trusted_root.json
    #[arg(long, requires = "sources")]
    legacy_targets: bool,

    /// A Fulcio, as cosign writes it; repeatable
    ///
    /// KEY=VALUE between commas, as for `cosign trusted-root create`: url, certificate-chain (a file), and where they are stated start-time and
    /// end-time.
    #[arg(long, value_name = "SPEC", group = "what")]
    fulcio: Vec<String>,

    /// A Rekor, as cosign writes it; repeatable
    ///
    /// KEY=VALUE between commas, as for `cosign trusted-root create`: url, public-key (a file), and where they are stated start-time, end-time and
    /// origin. The id is the one that its entries carry: of an Ed25519 key that of Rekor version 2, also without an origin.
    #[arg(long, value_name = "SPEC", group = "what")]
    rekor: Vec<String>,

    /// A CT log, as cosign writes it; repeatable
    ///
    /// KEY=VALUE between commas, as for `cosign trusted-root create`: url, public-key (a file), and where they are stated start-time, end-time and
    /// origin.
    #[arg(long, value_name = "SPEC", group = "what")]
    ctfe: Vec<String>,

    /// A timestamp authority, as cosign writes it; repeatable
    ///
    /// KEY=VALUE between commas, as for `cosign trusted-root create`: url, certificate-chain (a file), and where they are stated start-time and
    /// end-time.
    #[arg(long, value_name = "SPEC", group = "what")]
    tsa: Vec<String>,

    #[command(flatten)]
    endpoints: EndpointArgs,

    /// The URL of a part; repeatable
    ///
    /// A part is called by its file or target, by the URL that its source has, or by its id in hex.
    #[arg(long, value_name = "PART=URL", value_parser = parse_pair)]
    url_of: Vec<(String, String)>,

    /// The instant a part opens; repeatable
    #[arg(long, value_name = "PART=INSTANT", value_parser = parse_instant_of)]
    start_of: Vec<(String, DateTime<Utc>)>,

    /// The instant a part closes; repeatable
    #[arg(long, value_name = "PART=INSTANT", value_parser = parse_instant_of)]
    end_of: Vec<(String, DateTime<Utc>)>,

    /// Do not ask about endpoints' answers and early starts
    ///
    /// TLS alone vouches for what an endpoint answers, and an entry may open before every verifier can have it.
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    repository: RepositoryArgs,
}

/// The instant stands behind the last `=`: a part's URL may have one.
fn parse_instant_of(text: &str) -> Result<(String, DateTime<Utc>), String> {
    let (part, instant) = text.rsplit_once('=').ok_or("expected a part and an instant with `=` between them")?;
    Ok((part.to_owned(), parse_at(instant)?))
}

pub(super) fn run(args: &ImportArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read_or_empty(context)?;
    let mut import = Import::into_root(content.root.clone(), args.answers());
    for (kind, specs) in args.specs() {
        specs.iter().try_for_each(|spec| add_spec(&mut import, kind, spec))?;
    }
    for source in &args.sources {
        args.add_source(&mut import, source, context)?;
    }
    let has_repository = args.sources.iter().any(|source| is_url(Path::new(source)));
    let fetched = args.endpoints.add(&mut import, &args.repository, has_repository)?;
    let imported = import.finish().map_err(failure)?;
    let consent = Consent::given(args.yes);
    fetched.confirm(&consent, context)?;
    ask_early(&content, &imported.root, &consent, context)?;
    let mut remarks = imported.remarks.clone();
    let config = config_to_write(&imported, &mut remarks, context)?;
    let lines = remarks.iter().map(|remark| visible(&remark.to_string())).collect();
    let mut told = Told { lines, ..Told::default() };
    fetched.tell(&mut told);
    told.members.insert("signing_config".to_owned(), json!(config.as_ref().map(|(path, _)| path)));
    told.members.insert("remarks".to_owned(), remarks.iter().map(remark_json).collect());
    if let Some((path, bytes)) = config {
        told.lines.push(format!("wrote {}", path.display()));
        told.files.push((path, bytes));
    }
    content.write_added(&imported.root, told, context)
}

impl ImportArgs {
    fn answers(&self) -> Answers {
        let mut answers = Answers::new();
        for (part, url) in &self.url_of {
            answers = answers.with_url(part, url);
        }
        for (part, start) in &self.start_of {
            answers = answers.with_start(part, *start);
        }
        for (part, end) in &self.end_of {
            answers = answers.with_end(part, *end);
        }
        answers
    }

    fn specs(&self) -> [(SpecKind, &[String]); 4] {
        [
            (SpecKind::Fulcio, &self.fulcio),
            (SpecKind::Rekor, &self.rekor),
            (SpecKind::Ctfe, &self.ctfe),
            (SpecKind::Tsa, &self.tsa),
        ]
    }

    /// A repository by its URL or folder, or a file.
    fn add_source(&self, import: &mut Import, source: &str, context: &Context) -> Result<(), Failure> {
        if !is_url(Path::new(source)) && !Path::new(source).is_dir() {
            let bytes = input::read(Path::new(source), MAX_CONTAINER_BYTES.max(MAX_BYTES))?;
            return import.add_file(source, &bytes).map_err(failure);
        }
        let shown = rootline::printable::printable(source);
        let mut repository = OpenRepository::open(source, &self.repository, context)?;
        let documents = match self.legacy_targets {
            true => None,
            false => repository.target(TRUSTED_ROOT)?,
        };
        let Some(bytes) = documents else {
            let files = repository.legacy_targets()?;
            return import.add_targets(&shown, &legacy_targets(&files)).map_err(failure);
        };
        import.add_file(&format!("{shown}: {TRUSTED_ROOT}"), &bytes).map_err(failure)?;
        // Nothing is taken from these, so what cannot be read of them stops nothing.
        match repository.legacy_targets() {
            Ok(files) => import.compare_targets(&shown, &legacy_targets(&files)),
            Err(failure) => {
                context.terminal.warning(format_args!("its PEM targets are not compared: {}", failure.what()));
            }
        }
        match repository.target(SIGNING_CONFIG)? {
            Some(bytes) => import.add_file(&format!("{shown}: {SIGNING_CONFIG}"), &bytes).map_err(failure),
            None => Ok(()),
        }
    }
}

fn legacy_targets(files: &[LegacyFile]) -> Vec<LegacyTarget<'_>> {
    files.iter().filter_map(|(name, custom, bytes)| LegacyTarget::read(name, custom.as_ref(), bytes)).collect()
}

fn add_spec(import: &mut Import, kind: SpecKind, text: &str) -> Result<(), Failure> {
    let spec = ServiceSpec::parse(kind, text).map_err(|error| {
        let what = format!("{} {}: {error}", kind.option(), printable_argument(text));
        Failure::new(what, "write it as for cosign trusted-root create: KEY=VALUE,KEY=VALUE")
    })?;
    let bytes = input::read(Path::new(&spec.file), MAX_CONTAINER_BYTES)?;
    import.add_spec(&spec, &bytes).map_err(failure)
}

/// Asks about the entry that opens first of those that are new, if it opens before every verifier can have it.
fn ask_early(content: &TrustContent, root: &TrustedRoot, consent: &Consent, context: &Context) -> Result<(), Failure> {
    let entries = NamedEntries::new(root, &content.notes);
    let is_new = |id: &EntryId| content.entries.iter().all(|known| known.id != *id);
    let new = entries.iter().filter(|entry| is_new(&entry.id)).filter_map(|entry| Some((entry.window.start()?, entry)));
    match new.min_by_key(|(start, _)| *start) {
        Some((start, entry)) => consent.ask(&format!("{} would open", entry.name), start, content, context),
        None => Ok(()),
    }
}

/// The signing config of the sources, where there is none yet and clients can read it.
fn config_to_write(
    imported: &Imported,
    remarks: &mut Vec<Remark>,
    context: &Context,
) -> Result<Option<(PathBuf, Vec<u8>)>, Failure> {
    let Some(config) = &imported.signing_config else { return Ok(None) };
    let bytes = config.to_json().into_bytes();
    let path = context.folder.target_path(SIGNING_CONFIG)?;
    if atomic_file::holds(&path, &bytes) {
        return Ok(None);
    }
    let found = lint_signing_config(&bytes, &LintSettings::new(SIGNING_CONFIG, context.now));
    let stops = found.iter().find(|finding| finding.rule.severity == Severity::Error);
    let text = match stops {
        _ if path.exists() => "there is one already; change it: trust signing-config edit".to_owned(),
        Some(finding) => format!("{finding}; make one: trust signing-config create"),
        None => return Ok(Some((path, bytes))),
    };
    remarks.push(Remark { kind: RemarkKind::PassedOver, subject: SIGNING_CONFIG.to_owned(), text });
    Ok(None)
}

fn remark_json(remark: &Remark) -> Value {
    json!({ "kind": remark.kind.as_str(), "subject": remark.subject, "text": remark.text })
}

/// The failure of an import, with what to do about it.
pub(super) fn failure(error: ImportError) -> Failure {
    let hint = match &error {
        ImportError::Missing(missing) => {
            let options: Vec<String> = missing.iter().map(|missing| missing.option()).collect();
            format!("state it: {}", options.join(" "))
        }
        ImportError::Unused { .. } => "call a part by its file, its target, its URL, or its id in hex".to_owned(),
        ImportError::Ambiguous { .. } => "call each by its id".to_owned(),
        ImportError::OtherOrigin { .. } => "keep the URL here; where to write to is for the signing config".to_owned(),
        ImportError::Origin { origin, .. } => {
            format!("list the log as url=https://{origin}; where to write to is for the signing config")
        }
        ImportError::KeyOfWhat { .. } => {
            "say it: --rekor url=URL,public-key=FILE, or --ctfe url=URL,public-key=FILE".to_owned()
        }
        ImportError::Chain { .. } => "name the certificates of whole chains, up to the root".to_owned(),
        ImportError::Edit { .. } => "see how the entries stand: rootline-repo trust show".to_owned(),
        ImportError::Nothing { .. } => "name the files one by one".to_owned(),
        _ => "name a trust root, a client trust config, certificates or a log's public key".to_owned(),
    };
    let failure = Failure::new(visible(&error.to_string()), visible(&hint));
    match error {
        ImportError::Chain { .. } => failure.breaking("each certificate of a chain is signed by the next"),
        ImportError::OtherOrigin { .. } | ImportError::Origin { .. } => {
            failure.breaking("a log's id follows from its key")
        }
        _ => failure,
    }
}
