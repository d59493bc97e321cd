//! Why a file did not arrive.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::hint::Hint;

/// Why a file did not arrive. Each has its culprit: the repository (`NotFound`, `TooLong`), the network or the server
/// ([`is_network`](Self::is_network)), the local disk (`Io`), the caller (`BadLocation`, `Setup`), or, of an implementor's transport, what it
/// says itself (`Other`).
///
/// A `location` is a URL without credentials, with the proxy on the way to it if there is one, or a path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The repository has no such file.
    #[error("{location} was not found{}", if *.forbidden { " (the server answered 403, forbidden)" } else { "" })]
    NotFound {
        /// Where it was looked for.
        location: String,
        /// Whether the server said "forbidden" (403) rather than "not found" (404). Object stores say so of a missing
        /// file when they may not be listed; so do servers that want credentials.
        forbidden: bool,
    },
    /// The file has more bytes than were asked for, announced or counted.
    #[error("{location} is longer than the {limit} bytes allowed for it")]
    TooLong {
        /// Which file.
        location: String,
        /// The most bytes that were to be accepted.
        limit: u64,
    },
    /// The server answered with something other than the file.
    #[error("{location}: the server answered with status {status}{}", tried(*.tries))]
    Status {
        /// Which file.
        location: String,
        /// The HTTP status.
        status: u16,
        /// How long the server asked to be left alone, where that was too long to wait for.
        retry_after: Option<Duration>,
        /// How often it was tried.
        tries: u32,
    },
    /// Something did not happen in the time it had.
    #[error("{location}: {awaited} within {} s{}", .limit.as_secs_f32(), tried(*.tries))]
    TimedOut {
        /// Which file.
        location: String,
        /// What was missing: "no connection", "no answer", "no further data", "not all of it", "too little of it".
        awaited: &'static str,
        /// The time it had.
        limit: Duration,
        /// How often it was tried.
        tries: u32,
    },
    /// The whole session took longer than it may, with all its files, tries and pauses.
    #[error("{location} did not arrive in the {} s that all of the work has", .limit.as_secs_f32())]
    OutOfTime {
        /// The file that was on its way.
        location: String,
        /// The time that the session had.
        limit: Duration,
    },
    /// The server's certificate is not trusted: its authority is unknown, or it is for another name or another time.
    #[error("{location} cannot be reached safely: {reason}")]
    Untrusted {
        /// Which file.
        location: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// There was no connection: no such host, nobody listening, a proxy that refuses.
    #[error("{location} cannot be reached: {reason}{}", tried(*.tries))]
    Unreachable {
        /// Which file.
        location: String,
        /// What the network said.
        reason: String,
        /// How often it was tried.
        tries: u32,
    },
    /// The connection broke off before all of the file was there, or what came was not HTTP.
    #[error("{location} broke off: {reason}{}", tried(*.tries))]
    Interrupted {
        /// Which file.
        location: String,
        /// What the network said.
        reason: String,
        /// How often it was tried.
        tries: u32,
    },
    /// The server sent us somewhere that we do not go.
    #[error("{location}: {reason}")]
    Redirect {
        /// Which file.
        location: String,
        /// Why not.
        reason: &'static str,
    },
    /// The server compressed a metadata file although it was asked not to. Unpacking what nobody has verified yet is an
    /// attack surface (and its length would be unbounded), so nothing here does.
    #[error("{location} came encoded as {encoding:?}, although it was asked for as it is")]
    Encoded {
        /// Which file.
        location: String,
        /// The server's `Content-Encoding`.
        encoding: String,
    },
    /// The local disk refused.
    #[error("cannot read {location}: {error}")]
    Io {
        /// Which file or folder.
        location: String,
        /// What the operating system said.
        error: io::Error,
    },
    /// The base URL cannot be used, or a name in the repository cannot be made into a location below it.
    #[error("{location:?} cannot be used: {reason}")]
    BadLocation {
        /// The base or the name.
        location: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A symbolic link in a repository's folder leads to a place outside it, and links are not to be followed there.
    #[error("{location} leads by a symbolic link outside the repository's folder")]
    LinkLeadsOutside {
        /// Which file.
        location: String,
    },
    /// The caller's settings cannot be used.
    #[error("cannot set up the network: {reason}")]
    Setup {
        /// What is wrong with them.
        reason: String,
    },
    /// The URL of a proxy, or the list of hosts to reach without one, cannot be read. It may hold a secret, and is not shown.
    #[error("{setting} cannot be read")]
    ProxyUnreadable {
        /// Where it is: "the proxy's URL in http_proxy".
        setting: String,
    },
    /// Something failed that only the transport of an implementor knows: a registry, a queue, a key.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

impl TransportError {
    /// Makes a [`NotFound`](Self::NotFound): the repository has no such file.
    pub fn not_found(location: impl Into<String>) -> Self {
        Self::NotFound { location: location.into(), forbidden: false }
    }

    /// Makes an [`Other`](Self::Other) of an implementor's own error.
    pub fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }

    /// Whether the repository has no such file, for whichever reason. Of the next root version this is the good answer.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether the network or the server is to blame, so that another mirror, or a later time, may do better.
    pub fn is_network(&self) -> bool {
        matches!(
            self,
            Self::Status { .. }
                | Self::TimedOut { .. }
                | Self::OutOfTime { .. }
                | Self::Untrusted { .. }
                | Self::Unreachable { .. }
                | Self::Interrupted { .. }
                | Self::Redirect { .. }
                | Self::Encoded { .. }
        )
    }

    /// Whether nothing was reached that could have answered: no connection, no safe one, no time left, an answer that broke off, or a server that
    /// says that it cannot serve now (429 and 5xx). A later time may do better. What a server answers otherwise is not of this kind.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::OutOfTime { .. }
            | Self::Untrusted { .. }
            | Self::Interrupted { .. } => true,
            Self::Status { status, .. } => *status == 429 || *status >= 500,
            Self::NotFound { .. }
            | Self::TooLong { .. }
            | Self::Redirect { .. }
            | Self::Encoded { .. }
            | Self::Io { .. }
            | Self::BadLocation { .. }
            | Self::LinkLeadsOutside { .. }
            | Self::Setup { .. }
            | Self::ProxyUnreadable { .. }
            | Self::Other(_) => false,
        }
    }

    /// What to do next; `None` when nothing is known that helps, or the cause has a hint of its own.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::NotFound { forbidden: true, .. } | Self::Status { status: 401 | 407, .. } => {
                Some(Hint::CheckUrlAndCredentials)
            }
            Self::NotFound { .. } | Self::BadLocation { .. } => Some(Hint::CheckUrl),
            Self::ProxyUnreadable { .. } => Some(Hint::WriteProxyUrl),
            Self::LinkLeadsOutside { .. } => Some(Hint::FollowLinks),
            Self::Status { .. } | Self::TimedOut { .. } | Self::Interrupted { .. } => Some(Hint::TryLater),
            Self::OutOfTime { .. } => Some(Hint::TryLaterOrAllowMoreTime),
            Self::Untrusted { .. } => Some(Hint::TrustAuthority),
            Self::Unreachable { .. } => Some(Hint::CheckUrlAndNetwork),
            Self::Redirect { .. } | Self::Encoded { .. } => Some(Hint::TellMirror),
            Self::TooLong { .. } | Self::Io { .. } | Self::Setup { .. } | Self::Other(_) => None,
        }
    }
}

fn tried(tries: u32) -> String {
    if tries > 1 { format!(" (tried {tries} times)") } else { String::new() }
}
