//! Why a command failed, as people and programs are told: the one home of its three lines and of its JSON document. `rootline-repo` adds its
//! own causes to it.

use std::io;
use std::path::{Path, PathBuf};

use rootline_client::Error;
use rootline_client::store::StoreError;
use rootline_client::transport::TransportError;
use rootline_client::workflow::{Fault, File, Refusal};
use rootline_metadata::instant_text;
use rootline_metadata::json::Problem;
use serde_json::{Value, json};

use crate::exit_status::ExitStatus;
use crate::hint::words;

/// A failure: what happened, which check it was and where, and what to do next.
#[derive(Clone, Debug)]
pub struct Failure {
    what: String,
    hint: Option<String>,
    about: Box<About>,
}

/// The circumstances of a failure, as far as they are known.
#[derive(Clone, Debug, Default)]
struct About {
    check: Option<String>,
    repository: Option<String>,
    cache: Option<PathBuf>,
    refusal: Option<Refusal>,
    unreachable: bool,
}

impl Failure {
    /// What happened, and what to do next.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::of(what.into(), Some(hint.into()))
    }

    fn of(what: String, hint: Option<String>) -> Failure {
        Failure { what, hint, about: Box::default() }
    }

    /// The failure in other words.
    #[must_use]
    pub fn with_what(self, what: impl Into<String>) -> Failure {
        Failure { what: what.into(), ..self }
    }

    /// The failure with another hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// The failure with the check that refused, or the rule that was broken.
    #[must_use]
    pub fn with_check(mut self, check: impl Into<String>) -> Failure {
        self.about.check = Some(check.into());
        self
    }

    /// The failure with its repository and the folder of its cache.
    #[must_use]
    pub fn located(mut self, repository: impl Into<String>, cache: Option<&Path>) -> Failure {
        self.about.repository = Some(repository.into());
        self.about.cache = cache.map(Path::to_owned);
        self
    }

    /// The failure, as one of something that could not be reached.
    #[must_use]
    pub fn unreachable(mut self) -> Failure {
        self.about.unreachable = true;
        self
    }

    /// How a program that fails with this ends: [`ExitStatus::Failed`], or [`ExitStatus::Unreachable`] if something could not be reached.
    pub fn exit_status(&self) -> ExitStatus {
        if self.about.unreachable { ExitStatus::Unreachable } else { ExitStatus::Failed }
    }

    pub(crate) fn missing_option(name: &str) -> Failure {
        Failure::new(format!("{name} is missing"), "see the command's --help")
    }

    /// A file that cannot be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
        Failure::new(format!("{} cannot be read: {error}", path.display()), "check the path and its permissions")
    }

    pub(crate) fn not_initialised(folder: &Path) -> Failure {
        Failure::new(
            format!("{} holds no trusted root", folder.display()),
            "pin one: rootline tuf --metadata-dir DIR init ROOT_JSON",
        )
    }

    /// What happened.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Which check it was.
    pub fn check(&self) -> Option<&str> {
        self.about.check.as_deref()
    }

    /// One line with its label: the check, the repository and the cache.
    pub fn detail(&self) -> Option<(&'static str, String)> {
        let label = if self.about.check.is_some() { "check" } else { "where" };
        let repository = self.about.repository.as_ref().map(|repository| format!("repository {repository}"));
        let cache = self.about.cache.as_ref().map(|folder| format!("cache {}", folder.display()));
        let parts: Vec<String> = [self.about.check.clone(), repository, cache].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| (label, parts.join(", ")))
    }

    /// The JSON document. For a refusal it has the role of the file, the check with its section of the specification and the attack it stops,
    /// what was trusted and what was offered; what does not apply is null.
    pub fn to_json(&self) -> Value {
        let refusal = self.about.refusal.as_ref();
        let check = refusal.map(|refusal| refusal.check);
        let (trusted, offered) = refusal.map_or((Value::Null, Value::Null), |refusal| sides(&refusal.fault));
        json!({ "error": {
            "what": self.what,
            "role": refusal.map(|refusal| role(&refusal.file)),
            "check": self.about.check,
            "section": check.map(|check| check.section()),
            "attack": check.map(|check| check.attack()),
            "trusted": trusted,
            "offered": offered,
            "repository": self.about.repository,
            "cache": self.about.cache.as_ref().map(|folder| folder.display().to_string()),
            "hint": self.hint,
        }})
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Transport(error) => error.into(),
            Error::Store(error) => error.into(),
            other => Failure::of(other.to_string(), None),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let hint = match &refusal.fault {
            Fault::TooLong { .. } => too_long_hint(option_for(&refusal.file)),
            Fault::Malformed(error) if matches!(error.problem, Problem::TooLong { .. }) => {
                too_long_hint(option_for(&refusal.file))
            }
            _ => words(refusal.hint()).unwrap_or_default().to_owned(),
        };
        let mut failure = Failure::new(refusal.to_string(), hint).with_check(refusal.check.to_string());
        failure.about.refusal = Some(refusal);
        failure
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let hint = match &error {
            TransportError::TooLong { .. } => Some(too_long_hint("the options under \"Limits\" in --help")),
            other => other.hint().and_then(words).map(str::to_owned),
        };
        let failure = Failure::of(error.to_string(), hint);
        if error.is_unreachable() { failure.unreachable() } else { failure }
    }
}

fn too_long_hint(option: &str) -> String {
    format!("if the repository is meant to be this large, allow it with {option}; otherwise tell its operators")
}

/// The option that lets a longer file through.
fn option_for(file: &File) -> &'static str {
    match file {
        File::Root(_) => "--max-root-bytes",
        File::Timestamp => "--max-timestamp-bytes",
        File::Snapshot => "--max-snapshot-bytes",
        File::Targets | File::Delegated(_) => "--max-targets-bytes",
        File::Target(_) => "--max-target-bytes",
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::of(error.to_string(), error.hint().and_then(words).map(str::to_owned))
    }
}

fn role(file: &File) -> &str {
    match file {
        File::Root(_) => "root",
        File::Timestamp => "timestamp",
        File::Snapshot => "snapshot",
        File::Targets => "targets",
        File::Delegated(role) => role.as_str(),
        File::Target(path) => path.as_str(),
    }
}

/// What was trusted or expected, and what was offered.
fn sides(fault: &Fault) -> (Value, Value) {
    match fault {
        Fault::Rollback { trusted, offered, .. } | Fault::WrongVersion { expected: trusted, offered } => {
            (trusted.number().into(), offered.number().into())
        }
        Fault::WrongLength { expected, offered } => ((*expected).into(), (*offered).into()),
        Fault::TooLong { stated, limit } => ((*limit).into(), (*stated).into()),
        Fault::WrongDigest { expected } => (expected.as_str().into(), Value::Null),
        Fault::Removed { name } => (name.as_str().into(), Value::Null),
        Fault::Expired { expiry, now } => (instant_text(*now).into(), expiry.to_text().into()),
        _ => (Value::Null, Value::Null),
    }
}
