//! The causes that this program adds to the failures of `rootline`: the errors of a ceremony, of keys and of publishing, with their hints.

use std::io;
use std::path::Path;

use rootline::destination::DestinationError;
use rootline_ceremonies::KeyFileError;
use rootline_ceremonies::attestation::AttestationRefusal;
use rootline_ceremonies::review::TargetDiffers;
use rootline_ceremonies::{
    ClockBehind, DraftError, FreezeError, FrozenChanged, HeadRefusal, KeyholderClash, MergeError, NotPublishable,
    PublishedError, RebuildError, Refusal, ReleaseError, RequestError, SealedError, SignerError, TomlError,
};
use rootline_metadata::format::{FileError, NewerFormat};
use rootline_metadata::sigstore::EditError;

use crate::preflight::PreflightRefusal;
use crate::text::plain;

/// The failure of a command, which prints and reports itself as those of `rootline` do. A type of its own, so that the errors of a ceremony
/// become one with `?`.
#[derive(Clone, Debug)]
pub(crate) struct Failure(rootline::failure::Failure);

impl Failure {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure(rootline::failure::Failure::new(what, hint))
    }

    /// The failure, as one that breaks a rule.
    pub(crate) fn breaking(self, rule: impl Into<String>) -> Failure {
        Failure(self.0.with_check(rule))
    }

    /// The failure, as one of something that could not be reached.
    pub(crate) fn unreachable(self) -> Failure {
        Failure(self.0.unreachable())
    }

    /// The operating system refused.
    pub(crate) fn io(doing: &str, path: &Path, error: &io::Error) -> Failure {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::FileTooLarge => "check that this is the right file",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space and run this again",
            _ => "check the path and its permissions, and run this again",
        };
        Failure::new(format!("cannot {doing} {}: {error}", path.display()), hint)
    }

    /// A file that people write is not as it must be.
    pub(crate) fn toml(path: &Path, error: &TomlError) -> Failure {
        let TomlError { line, column, problem, newer } = error;
        if let Some(newer) = newer {
            return Failure::newer(&path.display().to_string(), *newer);
        }
        // The parser's messages may have several lines.
        let problem = problem.trim().replace('\n', "; ");
        let what = format!("{}:{line}:{column}: {problem}", path.display());
        let hint = match problem.contains("there is no keyholder") {
            true => "correct the name, or add them: rootline-repo keyholder add NAME --public-key FILE".to_owned(),
            false => format!("edit {} and run this again", path.display()),
        };
        Failure::new(what, hint)
    }

    /// A file that only newer versions can read.
    fn newer(file: &str, newer: NewerFormat) -> Failure {
        Failure::new(format!("{file} was {newer}"), newer.hint())
    }

    /// A file of a ceremony is not as it must be; the hint is for one that is damaged.
    pub(crate) fn file(path: &Path, error: &FileError, hint: &str) -> Failure {
        match error {
            FileError::Newer(newer) => Failure::newer(&path.display().to_string(), *newer),
            error => Failure::new(format!("{}: {error}", path.display()), hint),
        }
    }

    /// The failure in other words, made of those it has.
    pub(crate) fn with_what(self, what: impl FnOnce(&str) -> String) -> Failure {
        let what = what(self.what());
        Failure(self.0.with_what(what))
    }

    /// The failure, with one of several things named as the one it is about.
    pub(crate) fn about(self, thing: &str) -> Failure {
        self.with_what(|what| format!("{thing}: {what}"))
    }

    /// The failure with another hint.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Failure {
        Failure(self.0.with_hint(hint))
    }

    pub(crate) fn what(&self) -> &str {
        self.0.what()
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.0.hint()
    }

    /// The failure as both programs print it.
    pub(crate) fn into_inner(self) -> rootline::failure::Failure {
        self.0
    }
}

impl From<rootline::failure::Failure> for Failure {
    fn from(failure: rootline::failure::Failure) -> Self {
        Failure(failure)
    }
}

impl From<DestinationError> for Failure {
    fn from(error: DestinationError) -> Self {
        Failure(error.into())
    }
}

impl From<SignerError> for Failure {
    fn from(error: SignerError) -> Self {
        let failure = Failure::new(error.to_string(), error.hint());
        match error {
            SignerError::WrongSignature { .. } => failure.breaking("a signature is verified before it is kept"),
            SignerError::Unreachable { .. } => failure.unreachable(),
            _ => failure,
        }
    }
}

impl From<PreflightRefusal> for Failure {
    fn from(refused: PreflightRefusal) -> Self {
        let failure = Failure::new(refused.to_string(), refused.hint());
        match refused.refusal() {
            Some(refusal) => failure.breaking(refusal.check.to_string()),
            None => failure,
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        // It may quote what stands in the request, which is anybody's text.
        let failure = Failure::new(plain(&error.to_string()), error.hint());
        match error.check() {
            Some(check) => failure.breaking(check),
            None => failure,
        }
    }
}

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        let is_unreachable = matches!(&error, ReleaseError::NotSigned { source: SignerError::Unreachable { .. }, .. });
        let failure = Failure::new(error.to_string(), error.hint());
        if is_unreachable { failure.unreachable() } else { failure }
    }
}

impl From<KeyholderClash> for Failure {
    fn from(clash: KeyholderClash) -> Self {
        let hint = match clash {
            KeyholderClash::SameName(_) => "choose another name; for their next key: keyholder add NAME --new-key",
            _ => "give each keyholder a key of their own: rootline-repo key generate",
        };
        Failure::new(clash.to_string(), hint).breaking("a keyholder counts once, whatever they sign with")
    }
}

impl From<NotPublishable> for Failure {
    fn from(error: NotPublishable) -> Self {
        Failure::new(error.to_string(), "make one: rootline-repo key generate --kind p256")
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        Failure::new(error.to_string(), "list its entries: rootline-repo trust show")
    }
}

/// Errors that carry their own hint.
macro_rules! with_hint {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Failure::new(error.to_string(), error.hint())
            }
        })*
    };
}

with_hint!(
    DraftError,
    FreezeError,
    FrozenChanged,
    MergeError,
    PublishedError,
    RebuildError,
    SealedError,
    TargetDiffers
);

/// Errors that carry the rule that was broken too.
macro_rules! with_hint_and_check {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Failure::new(error.to_string(), error.hint()).breaking(error.check())
            }
        })*
    };
}

with_hint_and_check!(AttestationRefusal, ClockBehind, HeadRefusal, Refusal);

/// A private key's file gives no key.
pub(crate) fn key_failure(path: &Path, error: &KeyFileError) -> Failure {
    let hint = match error {
        KeyFileError::NeedsPassphrase | KeyFileError::WrongPassphrase => {
            "enter its passphrase at the prompt, or set --passphrase-file FILE or ROOTLINE_PASSPHRASE"
        }
        _ => "name a private key in PEM, such as rootline-repo key generate writes",
    };
    Failure::new(format!("{}: {error}", path.display()), hint)
}
