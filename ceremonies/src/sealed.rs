//! Signed files that are ready to be published.

use std::collections::BTreeMap;

use rootline_metadata::json::FormatError;
use rootline_metadata::{Envelope, Role, Root, Targets, TopLevelRole, Unsigned, Verified, Version};

use crate::file_name::PublishedFile;
use crate::published::{Published, most_bytes};
use crate::role::CeremonyRole;

/// The files of a ceremony with all their signatures, known to follow what is published. Nothing points at them yet: that takes a
/// snapshot and a timestamp, which a [`Release`](crate::Release) makes.
#[derive(Clone, Debug)]
pub struct Sealed {
    files: BTreeMap<String, Vec<u8>>,
    root: Option<Verified<Root>>,
    targets: Option<Verified<Targets>>,
}

impl Sealed {
    /// Takes sealed files up, by the names they are published under. A file that has been published already, byte for byte, is in
    /// order: then an earlier run got that far.
    ///
    /// # Errors
    /// If one does not follow what is published, or is not signed by those who have to sign it.
    pub fn read(files: BTreeMap<String, Vec<u8>>, published: &Published) -> Result<Sealed, SealedError> {
        let mut sealed = Sealed { files: BTreeMap::new(), root: None, targets: None };
        // Roots come first: they say whose signatures the targets need.
        for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with("root.json")) {
            let envelope = sealed.open::<Root>(name, bytes, CeremonyRole::Root, published)?;
            let verified = match published.root() {
                Some(same) if same.bytes() == &bytes[..] => Ok(same.clone()),
                Some(old) => envelope.verify_after(old),
                None => envelope.verify_self_signed(),
            };
            let unsigned = |source| SealedError::Unsigned { role: CeremonyRole::Root, source: Box::new(source) };
            sealed.root = Some(verified.map_err(unsigned)?);
        }
        for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with("root.json")) {
            let envelope = sealed.open::<Targets>(name, bytes, CeremonyRole::Targets, published)?;
            let root = sealed.root.as_ref().or(published.root()).ok_or(SealedError::NoRoot)?;
            let verified = envelope.verify(root.authority(TopLevelRole::Targets));
            let unsigned = |source| SealedError::Unsigned { role: CeremonyRole::Targets, source: Box::new(source) };
            sealed.targets = Some(verified.map_err(unsigned)?);
        }
        sealed.files = files;
        Ok(sealed)
    }

    /// The files by the names they are published under.
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// The next root, if there is one.
    pub fn root(&self) -> Option<&Verified<Root>> {
        self.root.as_ref()
    }

    /// The next targets file, if there is one.
    pub fn targets(&self) -> Option<&Verified<Targets>> {
        self.targets.as_ref()
    }

    /// Whether all of it is part of what is published.
    pub fn is_published(&self, published: &Published) -> bool {
        let current = published.current().map(|current| &current.targets);
        let same_bytes = |name: &String, bytes: &Vec<u8>| published.files().get(name) == Some(bytes);
        let reached = self.targets.as_ref().is_none_or(|own| current.is_some_and(|now| now.version() >= own.version()));
        reached && published.is_complete() && self.files.iter().all(|(name, bytes)| same_bytes(name, bytes))
    }

    fn open<R: Role>(
        &self,
        name: &str,
        bytes: &[u8],
        role: CeremonyRole,
        published: &Published,
    ) -> Result<Envelope<R>, SealedError> {
        let unknown = || SealedError::UnknownFile { name: name.to_owned() };
        let file = PublishedFile::parse(name).ok_or_else(unknown)?;
        let envelope: Envelope<R> = Envelope::parse(bytes.to_vec(), most_bytes(role.top_level()))
            .map_err(|source| SealedError::Format { name: name.to_owned(), source })?;
        let version = envelope.unverified().version();
        if role.published_file(version) != file {
            return Err(unknown());
        }
        let next = published.next_version(role.top_level()).ok();
        match published.files().get(name) {
            Some(same) if same == bytes => Ok(envelope),
            None if next == Some(version) => Ok(envelope),
            _ => Err(SealedError::DoesNotFollow { role, sealed: version, next }),
        }
    }
}

/// Why sealed files cannot be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// A file that no ceremony seals.
    #[error("{name} is no file of a sealed ceremony")]
    UnknownFile {
        /// Its name.
        name: String,
    },
    /// A file does not have the form it must have.
    #[error("the sealed {name} cannot be read: {source}")]
    Format {
        /// Its name.
        name: String,
        /// What is wrong, and where.
        source: FormatError,
    },
    /// A file is not the one after what is published.
    #[error("{role} was sealed as version {sealed}, which does not follow what is published")]
    DoesNotFollow {
        /// The role.
        role: CeremonyRole,
        /// The version it was sealed as.
        sealed: Version,
        /// The version that would follow, if there is one.
        next: Option<Version>,
    },
    /// Too few have signed.
    #[error("the sealed {role}.json is {source}")]
    Unsigned {
        /// The role.
        role: CeremonyRole,
        /// Whose signatures are missing.
        source: Box<Unsigned>,
    },
    /// There is no root that says whose signatures count.
    #[error("there is no root that says whose signatures the sealed targets.json needs")]
    NoRoot,
}

impl SealedError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            SealedError::DoesNotFollow { .. } => {
                "something else was published meanwhile: freeze, sign and seal the plan again"
            }
            _ => "seal the ceremony again: rootline-repo ceremony seal",
        }
    }
}
