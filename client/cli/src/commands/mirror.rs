//! `rootline mirror`: a static mirror of a repository.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use rootline_client::Error;
use rootline_client::mirror::{Mirror, MirrorError, MirrorLimits, MirrorReport, Progress, watch};
use rootline_client::transport::OpenTransport;
use rootline_metadata::{Role as _, instant_text};
use serde_json::{Value, json};

use crate::commands::mirror_upload::{MirrorUpload, Outcome};
use crate::contents::{earlier_roots, warn_left_out};
use crate::destination::{Place, Settings};
use crate::failure::Failure;
use crate::help::LIMITS;
use crate::hint::words;
use crate::progress::{ProgressLine, size};
use crate::repository::SourceArgs;
use crate::roles::{RoleState, by_expiry, role_states, role_table};
use crate::signals::Signals;
use crate::terminal::Terminal;
use rootline_metadata::parse_duration;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline mirror /srv/tuf                      mirror Sigstore's repository once
  rootline mirror /srv/tuf --watch 10m          and every ten minutes, until interrupted
  rootline mirror /srv/tuf --url https://tuf.example.org --root 1.root.json
  rootline mirror /srv/tuf --to s3://bucket/tuf and put it into a bucket

--to takes folder:PATH, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX, with the credentials of the environment \
(docs/destinations.md). What is verified in the folder is put there, what others need first and timestamp.json last, and never \
an older one.

Any web server can serve the folder: metadata is at its top, targets are below targets/. Whoever reads while it is written gets a \
whole publication. Files never go back to an older version, and files that rootline has not written are neither replaced nor removed. \
While watching, an interrupt ends it after a complete step, a second one at once.

Exit status: 0 up to date, or interrupted while watching; 1 refused or failed, and the mirror serves what it did before; 2 wrong \
usage; 3 the repository could not be reached.")]
pub(crate) struct MirrorArgs {
    /// The folder of the mirror, which is created if it is missing
    folder: PathBuf,

    /// Repeat at this interval; a round that fails is reported and retried sooner [default: 10m]
    #[arg(long, value_name = "INTERVAL", value_parser = parse_duration, num_args = 0..=1, default_missing_value = "10m")]
    watch: Option<TimeDelta>,

    /// Keep files that nothing refers to any more for this long, for readers in the middle of a download
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1d")]
    keep: TimeDelta,

    /// The oldest root.json to mirror, which you trust as much as the pinned one [default: as far back as digests are built in]
    #[arg(long, value_name = "FILE")]
    oldest_root: Option<PathBuf>,

    /// Put the mirror's files to this destination as well, such as s3://BUCKET/PREFIX
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,

    /// Let caches keep the destination's timestamp.json for this long [default: not at all]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, requires = "to")]
    timestamp_lifetime: Option<TimeDelta>,

    /// Print what would be written to the destination, in order; the folder is mirrored all the same
    #[arg(long, requires = "to")]
    dry_run: bool,

    /// Print the result as JSON; with --watch, one line for each round
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    source: SourceArgs,

    /// The most delegated roles to mirror
    #[arg(long, value_name = "NUMBER", default_value_t = MirrorLimits::default().roles, help_heading = LIMITS)]
    max_roles: usize,

    /// The most bytes of all targets to mirror
    #[arg(long, value_name = "BYTES", default_value_t = MirrorLimits::default().target_bytes, help_heading = LIMITS)]
    max_total_bytes: u64,
}

pub(crate) fn run(args: &MirrorArgs, terminal: &Terminal) -> Result<(), Failure> {
    let upload = args.upload()?;
    let source = args.source.open(terminal)?;
    let limits = MirrorLimits::default().with_roles(args.max_roles).with_target_bytes(args.max_total_bytes);
    let earlier = earlier_roots(args.oldest_root.as_deref(), &source.instance, &source.limits)?;
    let mirror = Mirror::new(source.instance.pinned_root.clone(), source.transport, &args.folder)
        .with_limits(source.limits)
        .with_mirror_limits(limits)
        .with_earlier_roots(earlier)
        .keeping(args.keep);
    let command = Command {
        args,
        terminal,
        name: &source.instance.name,
        url: source.instance.location().shown(),
        mirror,
        upload,
    };
    match args.watch {
        Some(interval) => command.watch(interval),
        None => command.once(),
    }
}

/// One run of the command.
struct Command<'a> {
    args: &'a MirrorArgs,
    terminal: &'a Terminal,
    name: &'a str,
    url: String,
    mirror: Mirror<OpenTransport>,
    upload: Option<MirrorUpload>,
}

impl MirrorArgs {
    /// The destination; one that cannot be used is refused before anything is mirrored.
    fn upload(&self) -> Result<Option<MirrorUpload>, Failure> {
        let Some(to) = &self.to else { return Ok(None) };
        let lifetime = self.timestamp_lifetime.and_then(|lifetime| lifetime.to_std().ok());
        let (connect_timeout, request_timeout) = self.source.time_limits();
        let settings = Settings { lifetime, connect_timeout, request_timeout };
        MirrorUpload::open(&Place::parse(to)?, settings, self.dry_run).map(Some)
    }
}

impl Command<'_> {
    fn once(&self) -> Result<(), Failure> {
        let now = self.args.source.now();
        self.probe()?;
        let report = self.round(now, || false).map_err(|error| self.failure(error))?;
        let outcome = self.put(&report)?;
        if self.args.json {
            self.terminal.json(&self.json(&report, outcome.as_ref(), now));
        } else {
            let folder = self.mirror.folder().display();
            let name = self.name.escape_debug();
            self.terminal
                .report(format_args!("the mirror of {name} in {folder} is up to date at {}", instant_text(now)));
            self.terminal
                .report(format_args!("{}", role_table(&role_states(&report.trusted, now), self.terminal, by_expiry)));
            self.terminal.report(format_args!("{}", has_line(&report)));
            self.terminal.report(format_args!("{}", done_line(&report)));
            if let Some(outcome) = &outcome {
                outcome.report(self.terminal);
            }
        }
        Ok(())
    }

    fn probe(&self) -> Result<(), Failure> {
        self.upload.as_ref().map_or(Ok(()), |upload| upload.probe(self.terminal))
    }

    /// Puts what the mirror has to the destination, if there is one.
    fn put(&self, report: &MirrorReport) -> Result<Option<Outcome>, Failure> {
        let Some(upload) = &self.upload else { return Ok(None) };
        let (root, timestamp) = (report.trusted.root(), report.trusted.timestamp().version());
        upload.run(self.mirror.folder(), root, timestamp, self.terminal).map(Some)
    }

    /// Ends after a complete step once it is interrupted.
    fn watch(&self, interval: TimeDelta) -> Result<(), Failure> {
        let interval = interval.to_std().unwrap_or(Duration::ZERO);
        if interval < SHORTEST_INTERVAL {
            return Err(Failure::new(
                "--watch needs an interval of at least ten seconds",
                "Sigstore's timestamp changes once a day: --watch 10m is plenty",
            ));
        }
        let signals = Signals::note().map_err(|error| {
            Failure::new(format!("cannot wait for signals: {error}"), "run it from a timer, without --watch")
        })?;
        self.probe()?;
        let fails = |failure: &Failure| {
            if self.args.json {
                self.terminal.json_line(&failure.to_json());
            }
            self.terminal.failure(failure);
            false
        };
        let round = || {
            let now = self.args.source.now();
            let report = match self.round(now, || signals.has_come()) {
                Ok(report) => report,
                Err(MirrorError::Stopped) => return true,
                Err(error) => return fails(&self.failure(error)),
            };
            match self.put(&report) {
                Ok(outcome) => {
                    self.tell(&report, outcome.as_ref(), now);
                    true
                }
                Err(failure) => fails(&failure),
            }
        };
        watch(interval, round, |pause| signals.wait(pause));
        Ok(())
    }

    fn round(&self, now: DateTime<Utc>, is_stopped: impl Fn() -> bool) -> Result<MirrorReport, MirrorError> {
        let progress = self.terminal.progress();
        let mut observer = |step: Progress<'_>| {
            show(&progress, step);
            if is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let updated = self.mirror.update(now, &mut observer);
        drop(progress);
        let report = updated?;
        self.terminal.client_notes(&report.notes);
        warn_left_out(&report.left_out, self.terminal);
        Ok(report)
    }

    fn failure(&self, error: MirrorError) -> Failure {
        Failure::from(error).located(self.mirror.transport().location(), Some(self.mirror.folder()))
    }

    /// One round of several. Where nothing has changed there is nothing to tell a person.
    fn tell(&self, report: &MirrorReport, outcome: Option<&Outcome>, now: DateTime<Utc>) {
        if self.args.json {
            self.terminal.json_line(&self.json(report, outcome, now));
            return;
        }
        if let Some(outcome) = outcome.filter(|outcome| outcome.has_changed()) {
            outcome.report(self.terminal);
        }
        if !report.written.is_empty() || !report.pruned.is_empty() {
            let timestamp = report.trusted.timestamp().version();
            self.terminal.report(format_args!("{}: timestamp {timestamp}, {}", instant_text(now), done_line(report)));
        }
    }

    fn json(&self, report: &MirrorReport, outcome: Option<&Outcome>, now: DateTime<Utc>) -> Value {
        let roles = role_states(&report.trusted, now);
        let delegated = report.delegated.iter().map(|(role, version, expiry)| {
            json!({
                "role": role,
                "version": version.number(),
                "expires": expiry.to_text(),
            })
        });
        json!({
            "instance": self.name,
            "url": self.url,
            "folder": self.mirror.folder().display().to_string(),
            "at": instant_text(now),
            "oldest_root": report.oldest_root.number(),
            "roles": roles.iter().map(RoleState::to_json).collect::<Vec<_>>(),
            "delegated_roles": delegated.collect::<Vec<_>>(),
            "targets": report.targets,
            "written": report.written,
            "written_bytes": report.written_bytes,
            "present": report.present,
            "kept": report.kept,
            "pruned": report.pruned,
            "left_out": report.left_out.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "destination": outcome.map(Outcome::json),
        })
    }
}

/// Shorter pauses would only load the repository.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(10);

fn show(line: &ProgressLine, step: Progress<'_>) {
    match step {
        Progress::Planned { files, .. } => line.files(files),
        Progress::Present { name, bytes } | Progress::Writing { name, bytes } => line.file(name, bytes),
        _ => {}
    }
}

fn has_line(report: &MirrorReport) -> String {
    let (oldest, newest) = (report.oldest_root, report.trusted.root().version());
    let roles = report.delegated.len();
    format!("roots {oldest} to {newest}, {}, {}", many(roles, "delegated role"), many(report.targets, "target"))
}

fn done_line(report: &MirrorReport) -> String {
    let written = many(report.written.len(), "file");
    let bytes = size(report.written_bytes);
    let (pruned, kept) = (report.pruned.len(), report.kept);
    format!("wrote {written} ({bytes}), removed {pruned}, kept {kept} of earlier publications")
}

fn many(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

impl From<MirrorError> for Failure {
    fn from(error: MirrorError) -> Self {
        match error {
            MirrorError::Repository(error) => Error::into(error),
            MirrorError::TooManyRoles { .. } => too_large(&error, "--max-roles"),
            MirrorError::TooManyBytes { .. } => too_large(&error, "--max-total-bytes"),
            other => Failure::new(other.to_string(), other.hint().and_then(words).unwrap_or_default()),
        }
    }
}

fn too_large(error: &MirrorError, option: &str) -> Failure {
    let hint = format!("if the repository is meant to be this large, allow it with {option}");
    Failure::new(error.to_string(), hint)
}
