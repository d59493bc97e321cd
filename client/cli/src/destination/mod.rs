//! Places that a repository is put into for its readers: a folder, or a bucket of a cloud.
//!
//! A store is neither atomic nor quick, and others may write to it at the same time. So a [`Destination`] has few verbs, each of which can be
//! repeated: files that never change are [created](Destination::create) or found with the same content, and those that do are
//! [replaced](Destination::replace) only if they are as they were read. An [`Upload`] puts them together, in an order in which no
//! reader meets a name that leads nowhere.

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
mod bucket;
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
mod bucket_error;
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
mod bucket_settings;
mod error;
mod file;
mod folder;
mod place;
mod upload;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

pub use error::{DestinationError, Fault};
pub use file::{Content, OutgoingFile, Stage, cache_control, content_type};
pub use folder::FolderDestination;
pub use place::{Bucket, Cloud, Place, PlaceError};
pub use upload::{Pending, Step, Upload, Uploaded};

/// A place that files are put into. Its methods block.
pub trait Destination: fmt::Debug {
    /// Where it is.
    fn place(&self) -> &Place;

    /// All files there, by name.
    ///
    /// # Errors
    ///
    /// If it cannot be listed.
    fn list(&self) -> Result<BTreeMap<String, Listed>, DestinationError>;

    /// A file as it is now; `None` when it is not there. Not more than `limit` bytes are held.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or has more than `limit` bytes.
    fn read(&self, name: &str, limit: u64) -> Result<Option<Revision>, DestinationError>;

    /// Whether the file there has this content, compared in pieces; `None` when it is not there.
    ///
    /// # Errors
    ///
    /// If it, or the content, cannot be read.
    fn has(&self, file: &OutgoingFile) -> Result<Option<bool>, DestinationError>;

    /// Puts a file there unless it is there already. A retry that meets what it has written itself is no conflict.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    fn create(&self, file: &OutgoingFile) -> Result<Created, DestinationError>;

    /// Replaces a file, if it is still the revision that was read: `None` when none was there.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or is another one meanwhile ([`Fault::Conflict`]).
    fn replace(&self, name: &str, bytes: &[u8], read: Option<&Revision>) -> Result<(), DestinationError>;

    /// Finds out whether the place keeps the conditions that [`create`](Destination::create) and [`replace`](Destination::replace) rely upon.
    ///
    /// # Errors
    ///
    /// If it cannot be found out.
    fn probe(&self) -> Result<Conditions, DestinationError>;
}

/// What a list says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// How many bytes it has.
    pub bytes: u64,
}

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What became of a file that was to be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was not there, and is now.
    Created,
    /// It was there with the same content.
    Same,
    /// It is there with other content, and stays.
    Different,
}

/// Whether a store keeps the conditions of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conditions {
    /// Of two that create one file, one is refused.
    Kept,
    /// It ignores them: two publishers at once may overwrite each other.
    Ignored,
}

impl Conditions {
    /// What cannot be promised there; `None` when all can.
    pub fn warning(self, place: &Place) -> Option<String> {
        (self == Conditions::Ignored).then(|| {
            format!(
                "{place} ignores conditional writes: files are compared before they are written, but two publishers at the same time could \
                 overwrite each other's; see to it that only one runs"
            )
        })
    }
}

/// How a place is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The `max-age` of files that change (`timestamp.json`): `None` lets no cache keep them.
    pub lifetime: Option<Duration>,
    /// The time limit of one connection to a store.
    pub connect_timeout: Duration,
    /// The time limit of one answer of a store, with the upload before it, and of each pause in its body. A store that never answers has failed
    /// after three times as long.
    pub request_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { lifetime: None, connect_timeout: Duration::from_secs(10), request_timeout: Duration::from_secs(30) }
    }
}

/// Opens a place; nothing is asked of it yet.
///
/// # Errors
///
/// If its settings in the environment cannot be used, or the program was built without what it takes.
pub fn open(place: &Place, settings: Settings) -> Result<Box<dyn Destination>, DestinationError> {
    match place {
        Place::Folder(folder) => Ok(Box::new(FolderDestination::new(folder))),
        Place::Bucket(address) => open_bucket(place, address, settings),
    }
}

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
fn open_bucket(place: &Place, address: &Bucket, settings: Settings) -> Result<Box<dyn Destination>, DestinationError> {
    let store = bucket_settings::open(place, address, settings)?;
    Ok(Box::new(bucket::BucketDestination::new(place, address, store, settings)?))
}

#[cfg(not(any(feature = "s3", feature = "gcs", feature = "azure")))]
fn open_bucket(place: &Place, address: &Bucket, _: Settings) -> Result<Box<dyn Destination>, DestinationError> {
    Err(not_built(place, address.cloud))
}

#[cfg(not(all(feature = "s3", feature = "gcs", feature = "azure")))]
fn not_built(place: &Place, cloud: Cloud) -> DestinationError {
    let feature = cloud.feature();
    let what = format!("this program was built without the feature {feature}");
    DestinationError::new(place, Fault::NotBuilt(feature), what)
}

/// Whether two readers have the same bytes, read in pieces.
fn have_same(mut one: impl Read, mut other: impl Read) -> io::Result<bool> {
    let (mut ours, mut theirs) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let length = fill(&mut one, &mut ours)?;
        let other_length = fill(&mut other, &mut theirs)?;
        if ours[..length] != theirs[..other_length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the piece is full or there is no more.
fn fill(reader: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < piece.len() {
        match reader.read(&mut piece[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// More makes comparing no faster.
const PIECE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_compared_however_they_come_in_pieces() {
        let long = vec![7; PIECE + 5];
        let split = |at: usize| long[..at].chain(&long[at..]);
        assert!(have_same(split(1), split(PIECE)).unwrap());
        assert!(have_same(&b""[..], &b""[..]).unwrap());
        assert!(!have_same(&long[..], &long[1..]).unwrap());
        assert!(!have_same(&long[1..], &long[..]).unwrap());
        let mut other = long.clone();
        other[PIECE + 4] = 8;
        assert!(!have_same(&long[..], &other[..]).unwrap());
    }

    #[cfg(not(feature = "s3"))]
    #[test]
    fn a_bucket_that_this_build_cannot_reach_says_what_to_install() {
        let place = Place::parse("s3://bucket/tuf").unwrap();
        let refused = open(&place, Settings::default()).err().expect("it is not built");
        assert_eq!(refused.fault(), Fault::NotBuilt("s3"));
        assert!(refused.hint().contains("--features s3"));
    }
}
