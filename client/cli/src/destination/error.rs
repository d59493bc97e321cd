//! Why a destination failed, with whose turn it is.

use thiserror::Error;

use super::Place;
use crate::failure::Failure;

/// Why something could not be read from a destination, or written to it. Never has credentials.
#[derive(Debug, Error)]
#[error("{place}: {what}")]
pub struct DestinationError {
    place: Place,
    what: String,
    fault: Fault,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It could not be reached, or failed by itself, however often it was asked.
    Unreachable,
    /// It answered that this is not allowed.
    Forbidden,
    /// There are no credentials for it.
    Credentials,
    /// There is no such bucket.
    Missing,
    /// A file that never changes is there with other content.
    Different,
    /// Somebody else wrote a file between reading and writing it.
    Conflict,
    /// A file has more bytes than it may.
    TooLong,
    /// The place or its settings cannot be used.
    Unusable,
    /// The program was built without what the place takes: this feature.
    NotBuilt(&'static str),
    /// A file of this machine could not be read or written.
    Local,
}

impl DestinationError {
    pub(super) fn new(place: &Place, fault: Fault, what: impl Into<String>) -> DestinationError {
        DestinationError { place: place.clone(), what: what.into(), fault }
    }

    /// What kind of failure it was.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        let hint = match self.fault {
            Fault::Unreachable => {
                "nothing is half done: run it again, and it goes on where it ended; if it fails again, look at the \
                 network and at the status page of the store"
            }
            Fault::Forbidden => {
                "give these credentials the right to list, read and write there (docs/destinations.md names the permissions)"
            }
            Fault::Credentials => {
                "set them in the environment (those of a profile: aws configure export-credentials --format env); for the role of an EC2 \
                 instance set AWS_METADATA_ENDPOINT=http://169.254.169.254"
            }
            Fault::Missing => "create the bucket, or correct its name, region or endpoint",
            Fault::Different => {
                "published files never change: find out who wrote it; if it is another repository, choose another \
                 prefix, otherwise remove the file there"
            }
            Fault::Conflict => "another publisher is at work: wait until it has ended, then run this again",
            Fault::TooLong => "find out who wrote it: no repository file is that large",
            Fault::Unusable => "see docs/destinations.md for addresses and settings",
            Fault::NotBuilt(feature) => return format!("install it with: cargo install --features {feature}"),
            Fault::Local => "check the path and its permissions, then run it again",
        };
        hint.to_owned()
    }
}

impl From<DestinationError> for Failure {
    fn from(error: DestinationError) -> Failure {
        let failure = Failure::new(error.to_string(), error.hint());
        if error.fault == Fault::Unreachable { failure.unreachable() } else { failure }
    }
}
