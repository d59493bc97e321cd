//! `rootline-repo trust`: what is shipped, edited by command.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use rootline::clock::parse_at;
use rootline::table::{Cell, Table};
use rootline_ceremonies::SIGSTORE_TRUSTED_ROOT;
use rootline_ceremonies::review::Mark;
use rootline_ceremonies::review::{
    Content, Entry, MAX_BYTES, Origin, TRUSTED_ROOT, content_change, trusted_entries, window_text,
};
use rootline_client::store::read_regular_file;
use rootline_metadata::PublicKey;
use rootline_metadata::limits::MAX_SIGSTORE_BYTES;
use rootline_metadata::sigstore::{EntryRef, LogId, LogKey, NewLog, Section, TrustedRoot, TrustedRootFormat, Window};
use serde_json::json;

use crate::commands::{is_url, local_path};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::{self, MAX_KEY, max_file};
use crate::folder::merge_conflict;
use crate::review::{entry_change_json, entry_change_lines};
use crate::text::visible;

#[derive(Subcommand, Debug)]
pub(crate) enum TrustCommand {
    /// Create targets/trusted_root.json
    Create(CreateArgs),
    /// List its logs and authorities, with warnings
    #[command(after_help = "Examples:
  rootline-repo trust show
  rootline-repo trust show --json")]
    Show,
    /// Add a log, trusted from an instant on
    AddLog(AddLogArgs),
    /// End the trust in a log; it stays listed for older entries
    RetireLog(RetireLogArgs),
}

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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogKind {
    /// A transparency log
    Rekor,
    /// A certificate transparency log
    Ct,
}

impl LogKind {
    fn section(self) -> Section {
        match self {
            LogKind::Rekor => Section::TransparencyLogs,
            LogKind::Ct => Section::CertificateTransparencyLogs,
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust add-log --url https://log2.example.org --public-key log2.pem.pub
  rootline-repo trust add-log --kind ct --url https://ct.example.org --public-key ct.pem.pub
  rootline-repo trust add-log --url https://log2.example.org --public-key log2.pem.pub \\
    --start 2030-01-31T12:00:00Z")]
pub(crate) struct AddLogArgs {
    /// The kind of log
    #[arg(long, value_enum, default_value_t = LogKind::Rekor)]
    kind: LogKind,

    /// Its base URL
    #[arg(long)]
    url: String,

    /// Its public key, in PEM
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    public_key: PathBuf,

    /// The instant from which it is trusted [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    start: Option<DateTime<Utc>>,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust retire-log https://rekor.sigstore.dev
  rootline-repo trust retire-log wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0= \\
    --end 2030-01-31T12:00:00Z")]
pub(crate) struct RetireLogArgs {
    /// Its log id, in hex or base64, or its base URL if no other log has it
    log: String,

    /// The kind of log
    #[arg(long, value_enum, default_value_t = LogKind::Rekor)]
    kind: LogKind,

    /// The instant until which it is trusted [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    end: Option<DateTime<Utc>>,
}

pub(crate) fn run(command: &TrustCommand, context: &Context) -> Result<(), Failure> {
    match command {
        TrustCommand::Create(args) => create(args, context),
        TrustCommand::Show => show(context),
        TrustCommand::AddLog(args) => add_log(args, context),
        TrustCommand::RetireLog(args) => retire_log(args, context),
    }
}

fn create(args: &CreateArgs, context: &Context) -> Result<(), Failure> {
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
    let root = parse(&path, &bytes)?;
    atomic_file::ensure(&path, &bytes)?;
    let number = trusted_entries(&root).len();
    context.report(&json!({ "written": path, "entries": number }), |line| {
        line(format_args!("wrote {}, which lists {number} logs and authorities", path.display()));
    });
    Ok(())
}

fn show(context: &Context) -> Result<(), Failure> {
    let (_, root) = read(context)?;
    let entries = trusted_entries(&root);
    let remarks: Vec<String> = root.remarks().iter().map(ToString::to_string).collect();
    let entry_json = |entry: &Entry| json!({ "kind": entry.kind.name(), "url": entry.url, "id": entry.id, "window": window_text(entry.window) });
    let report = json!({ "entries": entries.iter().map(entry_json).collect::<Vec<_>>(), "remarks": remarks });
    context.report(&report, |line| {
        let mut table = Table::new(["kind", "url", "id", "window"]);
        for entry in &entries {
            table.row([
                Cell::text(entry.kind.name()),
                Cell::text(visible(&entry.url)),
                Cell::text(entry.id.get(..16).unwrap_or(&entry.id)),
                Cell::text(window_text(entry.window)),
            ]);
        }
        line(format_args!("{}", table.render(&context.terminal)));
    });
    context.terminal.notes(&remarks);
    Ok(())
}

fn add_log(args: &AddLogArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let pem = input::read_text("read the public key", &args.public_key, MAX_KEY)?;
    let unusable = |why: String| {
        let what = format!("{}: {why}", args.public_key.display());
        Failure::new(what, "name the log's public key in PEM (BEGIN PUBLIC KEY)")
    };
    let key = PublicKey::from_spki_pem(&pem).map_err(|error| unusable(error.to_string()))?;
    let key = LogKey::of(&key).ok_or_else(|| unusable("logs do not use this kind of key".to_owned()))?;
    let start = args.start.unwrap_or(context.now);
    let log = NewLog { base_url: args.url.clone(), key, valid_for: Window::from(start), operator: None };
    edit(context, |root| match args.kind {
        LogKind::Rekor => Ok(root.add_transparency_log(&log)?),
        LogKind::Ct => Ok(root.add_ct_log(&log)?),
    })
}

fn retire_log(args: &RetireLogArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let end = args.end.unwrap_or(context.now);
    edit(context, |root| {
        let entry = find_log(root, args)?;
        Ok(root.close_window(args.kind.section(), &entry, end).map(|_| ())?)
    })
}

fn find_log(root: &TrustedRoot, args: &RetireLogArgs) -> Result<EntryRef, Failure> {
    let see = "list its entries: rootline-repo trust show";
    let url = args.log.trim_end_matches('/');
    let has_url = |log: &&rootline_metadata::sigstore::LogInstance| log.base_url().trim_end_matches('/') == url;
    let by_url: Vec<_> = root.logs(args.kind.section()).iter().filter(has_url).collect();
    match by_url[..] {
        [log] => Ok(EntryRef::Position(log.position())),
        [] => match LogId::parse(&args.log) {
            Some(id) => Ok(EntryRef::LogId(id)),
            None => Err(Failure::new(format!("{url:?} is neither the URL nor the id of a listed log"), see)),
        },
        _ => Err(Failure::new(format!("several logs have the URL {url:?}"), format!("name the log by its id; {see}"))),
    }
}

fn edit(context: &Context, change: impl FnOnce(&mut TrustedRoot) -> Result<(), Failure>) -> Result<(), Failure> {
    let (before, mut root) = read(context)?;
    change(&mut root)?;
    let after = root.to_json().into_bytes();
    let path = context.folder.target_path(TRUSTED_ROOT)?;
    atomic_file::replace(&path, &after)?;
    let read = |bytes: &[u8]| Content::read(TRUSTED_ROOT, bytes);
    let change = content_change(TRUSTED_ROOT, Some(&read(&before)), Some(&read(&after)), Origin::now(context.now));
    let changes: Vec<_> = change.entries.iter().filter(|change| change.mark != Mark::Stays).collect();
    let report = json!({ "written": path, "changes": changes.iter().map(|change| entry_change_json(change)).collect::<Vec<_>>() });
    context.report(&report, |line| {
        line(format_args!("wrote {}", path.display()));
        let toned = |tone, text: &str| context.terminal.toned(tone, format_args!("{text}"));
        let lines = changes.iter().flat_map(|change| entry_change_lines(change, &toned));
        lines.for_each(|text| line(format_args!("{text}")));
        context.next(format_args!("ship it with a ceremony: rootline-repo ceremony new ID"));
    });
    Ok(())
}

fn read(context: &Context) -> Result<(Vec<u8>, TrustedRoot), Failure> {
    let path = context.folder.target_path(TRUSTED_ROOT)?;
    let bytes = read_regular_file(&path, max_file()).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let what = format!("{} does not exist", path.display());
            Failure::new(what, "create it: rootline-repo trust create --from sigstore")
        }
        _ => Failure::io("read", &path, &error),
    })?;
    merge_conflict::refuse(&path, &bytes)?;
    let root = parse(&path, &bytes)?;
    Ok((bytes, root))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<TrustedRoot, Failure> {
    TrustedRoot::parse(bytes, MAX_BYTES).map_err(|error| {
        Failure::new(
            format!("{}: {error}", path.display()),
            "correct the file, or create another: rootline-repo trust create",
        )
    })
}
