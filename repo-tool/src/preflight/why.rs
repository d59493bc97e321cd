//! Why a client does not get through.

use std::fmt;
use std::sync::Arc;

use rootline_client::Error;
use rootline_client::workflow::{Fault, File, Refusal};
use rootline_metadata::Version;

/// Why a client does not get through.
#[derive(Clone, Debug)]
pub(crate) enum Why {
    /// Our client says so.
    Client(Arc<Error>),
    /// A root is missing on the way to the newest one.
    MissingRoot {
        /// The root that is missing.
        missing: Version,
        /// The newest root.
        newest: Version,
    },
    /// There are more roots on the way than a client follows in one refresh.
    TooManyRoots {
        /// The root that it comes to.
        reached: Version,
        /// The newest root.
        newest: Version,
        /// What it says then.
        error: Box<Why>,
    },
    /// The trust root has no entry that counts at the instant.
    TrustsNothing,
    /// It accepts a file that has expired.
    AcceptsExpired,
}

impl Why {
    /// The check of our client that refuses, where it was one.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Why::Client(error) => error.refusal(),
            Why::TooManyRoots { error, .. } => error.refusal(),
            _ => None,
        }
    }

    /// Whether one of the four top-level roles has expired.
    pub(crate) fn is_expiry(&self) -> bool {
        self.refusal().is_some_and(|refusal| {
            let is_top_level = matches!(refusal.file, File::Root(_) | File::Timestamp | File::Snapshot | File::Targets);
            is_top_level && matches!(refusal.fault, Fault::Expired { .. })
        })
    }

    /// What to do.
    pub(crate) fn hint(&self) -> &'static str {
        match (self, self.refusal()) {
            (Why::TooManyRoots { .. }, _) => {
                "clients have to pin a newer root; name the oldest one that is still served: oldest-root in [preflight] of rootline.toml"
            }
            (_, Some(Refusal { fault: Fault::Expired { .. }, file: File::Timestamp | File::Snapshot, .. })) => {
                "sign a new timestamp first: rootline-repo online --key FILE"
            }
            (_, Some(Refusal { fault: Fault::Expired { .. }, .. })) => {
                "hold a ceremony that renews the file: rootline-repo renew ROLE"
            }
            (Why::TrustsNothing, _) => "ship a trust root with entries that are valid now: rootline-repo trust show",
            _ => {
                "nothing was written; restore the published files from version control, and find out what changed them"
            }
        }
    }
}

impl From<Error> for Why {
    fn from(error: Error) -> Why {
        Why::Client(Arc::new(error))
    }
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Why {
        Error::from(refusal).into()
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Client(error) => error.fmt(f),
            Why::MissingRoot { missing, newest } => {
                write!(f, "{missing}.root.json is missing, and root {newest} is the newest")
            }
            Why::TooManyRoots { reached, newest, error } => {
                write!(f, "one refresh comes to root {reached} of {newest}, where {error}")
            }
            Why::TrustsNothing => write!(f, "trusted_root.json has no authority and no log that is valid now"),
            Why::AcceptsExpired => write!(f, "it accepts a file that has expired"),
        }
    }
}
