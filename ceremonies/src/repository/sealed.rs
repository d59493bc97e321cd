//! Signed files that are ready to be published.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::json::FormatError;
use rootline_metadata::{Envelope, Role, Root, Targets, TopLevelRole, Unsigned, Verified, Version};

use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::model::target_name::TargetName;
use crate::repository::delegates::delegates;
use crate::repository::published::Published;

/// The files of a ceremony with all their signatures, known to follow what is published. Nothing points at them yet: that takes a
/// snapshot and a timestamp, which a [`Release`](crate::Release) makes.
#[derive(Clone, Debug)]
pub struct Sealed {
    files: BTreeMap<String, Vec<u8>>,
    roots: Vec<Verified<Root>>,
    targets: BTreeMap<CeremonyRole, Verified<Targets>>,
}

impl Sealed {
    /// Takes sealed files up, by the names they are published under. A file that has been published already, byte for byte, is in
    /// order: then an earlier run got that far.
    ///
    /// # Errors
    /// If one does not follow what is published, or is not signed by those who have to sign it.
    pub fn read(files: BTreeMap<String, Vec<u8>>, published: &Published) -> Result<Sealed, SealedError> {
        let mut parts: BTreeMap<RoleVersion, &Vec<u8>> = BTreeMap::new();
        for (name, bytes) in &files {
            parts.insert(
                RoleVersion::parse(name).ok_or_else(|| SealedError::UnknownFile { name: name.clone() })?,
                bytes,
            );
        }
        let mut sealed = Sealed { files: BTreeMap::new(), roots: Vec::new(), targets: BTreeMap::new() };
        // Roots come first: they say whose signatures the others need.
        for (part, bytes) in parts.iter().filter(|(part, _)| part.role == CeremonyRole::Root) {
            sealed.read_root(part, bytes, published)?;
        }
        if let Some((part, bytes)) = parts.iter().find(|(part, _)| part.role == CeremonyRole::Targets) {
            let envelope = sealed.open::<Targets>(part, bytes, published)?;
            let root = sealed.roots.last().or(published.root()).ok_or(SealedError::NoRoot)?;
            let verified = envelope.verify(root.authority(TopLevelRole::Targets));
            let unsigned = |source| SealedError::Unsigned { part: part.clone(), source: Box::new(source) };
            sealed.targets.insert(part.role.clone(), verified.map_err(unsigned)?);
        }
        sealed.read_delegated(&parts, published)?;
        let is_read = |part: &&RoleVersion| part.role == CeremonyRole::Root || sealed.targets.contains_key(&part.role);
        if let Some(part) = parts.keys().find(|part| !is_read(part)) {
            return Err(SealedError::NotDelegated { part: part.clone() });
        }
        sealed.files = files;
        Ok(sealed)
    }

    /// The files by the names they are published under.
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// The next roots, the first one first.
    pub fn roots(&self) -> &[Verified<Root>] {
        &self.roots
    }

    /// The last of the next roots, if there is one.
    pub fn root(&self) -> Option<&Verified<Root>> {
        self.roots.last()
    }

    /// The next file of a targets role, if there is one.
    pub fn targets_of(&self, role: &CeremonyRole) -> Option<&Verified<Targets>> {
        self.targets.get(role)
    }

    /// The names of all files that the sealed targets files list, those that are published already included.
    pub fn shipped(&self) -> impl Iterator<Item = TargetName> {
        let names = self.targets.values().flat_map(|targets| targets.targets().map(|(name, _)| name));
        names.filter_map(|name| name.parse().ok())
    }

    /// What two ceremonies have sealed, where they have sealed different roles.
    ///
    /// # Errors
    /// [`SealedError::BothSeal`] if both have a file of one role; otherwise as [`Sealed::read`].
    pub fn together(&self, other: &Sealed, published: &Published) -> Result<Sealed, SealedError> {
        let role = |name: &String| RoleVersion::parse(name).map(|part| part.role);
        let own: BTreeSet<CeremonyRole> = self.files.keys().filter_map(role).collect();
        if let Some(role) = other.files.keys().filter_map(role).find(|role| own.contains(role)) {
            return Err(SealedError::BothSeal { role });
        }
        let files = self.files.iter().chain(&other.files);
        Sealed::read(files.map(|(name, bytes)| (name.clone(), bytes.clone())).collect(), published)
    }

    /// Whether all of it is part of what is published.
    pub fn is_published(&self, published: &Published) -> bool {
        let same_bytes = |(name, bytes): (&String, &Vec<u8>)| published.files().get(name) == Some(bytes);
        let reached = self.targets.iter().all(|(role, own)| {
            // A delegated role that is gone again was current once: nothing is ever taken out of what was published.
            let current = published.current().and_then(|current| current.targets_of(role));
            current.map_or(*role != CeremonyRole::Targets, |now| now.version() >= own.version())
        });
        let has_current = self.targets.is_empty() || published.current().is_some();
        reached && has_current && published.is_complete() && self.files.iter().all(same_bytes)
    }

    fn read_root(&mut self, part: &RoleVersion, bytes: &[u8], published: &Published) -> Result<(), SealedError> {
        let envelope = self.open::<Root>(part, bytes, published)?;
        let same = published.roots().iter().find(|root| root.version() == part.version);
        let verified = match (same, self.roots.last().or(published.root())) {
            // `open` has seen that it is the same.
            (Some(same), _) => Ok(same.clone()),
            (None, Some(old)) => envelope.verify_after(old),
            (None, None) => envelope.verify_self_signed(),
        };
        let unsigned = |source| SealedError::Unsigned { part: part.clone(), source: Box::new(source) };
        self.roots.push(verified.map_err(unsigned)?);
        Ok(())
    }

    /// Delegated roles, each under the file that will delegate to it: the sealed one, or the published one where that stays.
    fn read_delegated(
        &mut self,
        parts: &BTreeMap<RoleVersion, &Vec<u8>>,
        published: &Published,
    ) -> Result<(), SealedError> {
        let mut to_visit = vec![CeremonyRole::Targets];
        let mut visited = BTreeSet::new();
        while let Some(role) = to_visit.pop() {
            let current = published.current().and_then(|current| current.targets_of(&role));
            let Some(delegator) = self.targets.get(&role).or(current).cloned() else { continue };
            for (name, authority) in delegates(&delegator).map_err(|what| SealedError::Delegations { role, what })? {
                let delegated = CeremonyRole::Delegated(name);
                if let Some((part, bytes)) = parts.iter().find(|(part, _)| part.role == delegated) {
                    let unsigned = |source| SealedError::Unsigned { part: part.clone(), source: Box::new(source) };
                    let verified = self.open::<Targets>(part, bytes, published)?.verify(authority);
                    self.targets.insert(delegated.clone(), verified.map_err(unsigned)?);
                }
                if visited.insert(delegated.clone()) {
                    to_visit.push(delegated);
                }
            }
        }
        Ok(())
    }

    fn open<R: Role>(
        &self,
        part: &RoleVersion,
        bytes: &[u8],
        published: &Published,
    ) -> Result<Envelope<R>, SealedError> {
        let name = part.file_name();
        let envelope: Envelope<R> = Envelope::parse(bytes.to_vec(), part.role.max_bytes())
            .map_err(|source| SealedError::Format { name: name.clone(), source })?;
        if envelope.unverified().version() != part.version {
            return Err(SealedError::UnknownFile { name });
        }
        let next = match self.roots.last().filter(|_| part.role == CeremonyRole::Root) {
            Some(before) => before.version().next(),
            None => published.next_part(&part.role).ok().map(|next| next.version),
        };
        match published.files().get(&name) {
            Some(same) if same == bytes => Ok(envelope),
            None if next == Some(part.version) => Ok(envelope),
            _ => Err(SealedError::DoesNotFollow { part: part.clone(), next }),
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
    #[error("{} was sealed as version {}, which does not follow what is published", .part.role, .part.version)]
    DoesNotFollow {
        /// What was sealed.
        part: RoleVersion,
        /// The version that would follow, if there is one.
        next: Option<Version>,
    },
    /// Too few have signed.
    #[error("the sealed {} is {source}", .part.file_name())]
    Unsigned {
        /// What was sealed.
        part: RoleVersion,
        /// Whose signatures are missing.
        source: Box<Unsigned>,
    },
    /// There is no root that says whose signatures count.
    #[error("there is no root that says whose signatures the sealed targets file needs")]
    NoRoot,
    /// No file delegates to a role.
    #[error("nobody delegates to {}, so {part} cannot be published", .part.role)]
    NotDelegated {
        /// What was sealed.
        part: RoleVersion,
    },
    /// A file delegates in a form that this program does not write.
    #[error("{role} delegates to {what}, which this program does not publish")]
    Delegations {
        /// The role that delegates.
        role: CeremonyRole,
        /// To whom.
        what: String,
    },
    /// Two ceremonies have made a file of the same role.
    #[error("both have sealed {role}")]
    BothSeal {
        /// The role.
        role: CeremonyRole,
    },
}

impl SealedError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            SealedError::DoesNotFollow { .. } => {
                "something else was published meanwhile: freeze, sign and seal the plan again"
            }
            SealedError::BothSeal { .. } => {
                "make one of them current first, then freeze, sign and seal the other again"
            }
            _ => "seal the ceremony again: rootline-repo ceremony seal",
        }
    }
}
