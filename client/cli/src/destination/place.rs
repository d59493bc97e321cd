//! The address of a destination.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Where a repository is put: a folder, or a bucket of a cloud. Its text holds no credentials, as an address takes none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket, or what is below a prefix in it.
    Bucket(Bucket),
}

/// A bucket, or what is below a prefix in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    pub(super) cloud: Cloud,
    pub(super) name: String,
    /// Without a slash at either end; empty for the whole bucket.
    pub(super) prefix: String,
}

/// Whose protocol a bucket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Cloud {
    /// Amazon S3, and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage, where a bucket is a container.
    Azure,
}

impl Cloud {
    const ALL: [Cloud; 3] = [Cloud::S3, Cloud::Gcs, Cloud::Azure];

    /// What its addresses begin with, before `://`.
    pub fn scheme(self) -> &'static str {
        match self {
            Cloud::S3 => "s3",
            Cloud::Gcs => "gs",
            Cloud::Azure => "az",
        }
    }

    /// The Cargo feature that it takes.
    pub fn feature(self) -> &'static str {
        match self {
            Cloud::S3 => "s3",
            Cloud::Gcs => "gcs",
            Cloud::Azure => "azure",
        }
    }
}

/// Why a text is not the address of a destination.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Its scheme stands for nothing that can be written to.
    #[error("{0}: is not a kind of destination")]
    UnknownScheme(String),
    /// It has a scheme and nothing behind it.
    #[error("{0} names no folder or bucket")]
    Empty(String),
    /// Something in it has no place there. It may be a secret, so it is not repeated.
    #[error("an address of {scheme}:// is {scheme}://BUCKET/PREFIX, and this one has {found}")]
    NotPlain {
        /// The scheme of the address.
        scheme: &'static str,
        /// What was found.
        found: &'static str,
    },
}

impl PlaceError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            PlaceError::UnknownScheme(_) | PlaceError::Empty(_) => {
                "name folder:PATH, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX; a folder whose name has a colon is ./NAME"
            }
            PlaceError::NotPlain { .. } => {
                "leave it out: credentials and endpoints come from the environment (docs/destinations.md)"
            }
        }
    }
}

impl Place {
    /// Reads an address: `folder:PATH`, the path of a folder, `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`.
    ///
    /// # Errors
    ///
    /// If it has another scheme, or more than a bucket and a prefix.
    pub fn parse(text: &str) -> Result<Place, PlaceError> {
        let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
            return folder(text, text);
        };
        if scheme == "folder" {
            return folder(rest, text);
        }
        match (Cloud::ALL.into_iter().find(|cloud| cloud.scheme() == scheme), rest.strip_prefix("//")) {
            (Some(cloud), Some(rest)) => bucket(cloud, rest).map(Place::Bucket),
            _ => Err(PlaceError::UnknownScheme(scheme.to_owned())),
        }
    }
}

/// A letter is a drive of Windows, and no scheme.
fn is_scheme(text: &str) -> bool {
    let mut letters = text.chars();
    text.len() > 1
        && letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
}

fn folder(path: &str, text: &str) -> Result<Place, PlaceError> {
    if path.is_empty() { Err(PlaceError::Empty(text.to_owned())) } else { Ok(Place::Folder(path.into())) }
}

fn bucket(cloud: Cloud, rest: &str) -> Result<Bucket, PlaceError> {
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_end_matches('/');
    let found = if name.contains('@') {
        Some("a user or a password")
    } else if name.contains(':') {
        Some("a port")
    } else if rest.contains(['?', '#']) {
        Some("a query or a fragment")
    } else if prefix.split('/').any(|part| matches!(part, "." | "..") || part.is_empty() && !prefix.is_empty()) {
        Some("an empty or relative part")
    } else if rest.contains(|letter: char| letter.is_control() || letter == '\\' || letter == '%') {
        Some("a character that no web server would find it by")
    } else {
        None
    };
    match found {
        Some(found) => Err(PlaceError::NotPlain { scheme: cloud.scheme(), found }),
        None if name.is_empty() => Err(PlaceError::Empty(format!("{}://", cloud.scheme()))),
        None => Ok(Bucket { cloud, name: name.to_owned(), prefix: prefix.to_owned() }),
    }
}

impl fmt::Display for Place {
    /// The canonical text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Folder(path) => write!(f, "folder:{}", path.display()),
            Place::Bucket(bucket) => bucket.fmt(f),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.cloud.scheme(), self.name)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_canonical_text() {
        for (text, canonical) in [
            ("/srv/tuf", "folder:/srv/tuf"),
            ("folder:/srv/tuf", "folder:/srv/tuf"),
            ("public", "folder:public"),
            ("./s3:bucket", "folder:./s3:bucket"),
            ("C:\\tuf", "folder:C:\\tuf"),
            ("s3://bucket", "s3://bucket"),
            ("s3://bucket/", "s3://bucket"),
            ("s3://bucket/a/b/", "s3://bucket/a/b"),
            ("gs://bucket/tuf", "gs://bucket/tuf"),
            ("az://container/tuf", "az://container/tuf"),
        ] {
            let place = Place::parse(text).unwrap();
            assert_eq!(place.to_string(), canonical);
            assert_eq!(Place::parse(canonical).unwrap(), place);
        }
    }

    #[test]
    fn what_is_no_destination_is_refused_and_never_a_folder() {
        for text in
            ["https://tuf.example.org", "s3:bucket/a", "gcs://bucket", "ftp://host", "oci://host/repo", "S3://b"]
        {
            assert!(matches!(Place::parse(text), Err(PlaceError::UnknownScheme(_))), "{text}");
        }
        for text in ["", "folder:", "s3://", "az:///prefix"] {
            assert!(matches!(Place::parse(text), Err(PlaceError::Empty(_))), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_refused_and_not_repeated() {
        for text in
            ["s3://key:hunter2@bucket/a", "s3://bucket/a?token=hunter2", "az://c/a#hunter2", "gs://b/../hunter2"]
        {
            let refused = Place::parse(text).unwrap_err();
            assert!(!refused.to_string().contains("hunter2"), "{refused}");
        }
        for text in ["s3://b:1/a", "s3://b/a//b", "s3://b/./a", "s3://b/a%2f"] {
            assert!(matches!(Place::parse(text), Err(PlaceError::NotPlain { .. })), "{text}");
        }
    }
}
