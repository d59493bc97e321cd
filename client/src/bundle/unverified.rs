//! A bundle as it arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use chrono::{DateTime, Utc};
use rootline_metadata::{Envelope, KeyId, Role, Root, TargetPath, TopLevelRole, Version, file_name};

use super::archive::ArchiveReader;
use super::contents::Work;
use super::error::{ArchiveFault, BundleError};
use super::limits::BundleLimits;
use super::manifest::{Claims, MANIFEST};
use super::names::{Files, check_name};
use super::verified::Bundle;
use crate::client::known_before;
use crate::driver::Prefetch;
use crate::store::MemoryStore;
use crate::workflow::freshness::Freshness;
use crate::workflow::{RootChain, Seen, TargetQuery};

/// The files of a bundle and what it says of itself, in memory. It has the form of a bundle; nothing else is known about it.
#[derive(Clone, Debug)]
pub struct UnverifiedBundle {
    claims: Claims,
    manifest: Vec<u8>,
    files: Files<Vec<u8>>,
    limits: BundleLimits,
}

/// What a bundle says of itself. None of it is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BundleClaims<'a> {
    /// The name of the instance.
    pub instance: &'a str,
    /// The version of the root that was pinned where the bundle was made.
    pub pinned_root: Version,
    /// When its files were last compared with the repository, if it says so.
    pub taken_at: Option<DateTime<Utc>>,
    /// The targets that it lists.
    pub targets: &'a [TargetPath],
    /// The names of its files and how long they are. That much is counted.
    pub files: Vec<(&'a str, u64)>,
}

impl UnverifiedBundle {
    /// What it says of itself, to show to a person who wonders which bundle to verify.
    pub fn claims(&self) -> BundleClaims<'_> {
        let statement = &self.claims.statement;
        BundleClaims {
            instance: &statement.instance,
            pinned_root: statement.pinned,
            taken_at: statement.taken_at,
            targets: &self.claims.targets,
            files: self.files.0.iter().map(|(name, content)| (name.as_str(), content.len() as u64)).collect(),
        }
    }

    /// Its files by their names in a repository, as they are: nobody has vouched for them.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.files.0.iter().map(|(name, content)| (name.as_str(), &**content))
    }

    /// Reads a bundle to its end.
    ///
    /// # Errors
    /// If it cannot be read, is not a bundle, or has more than the limits allow, which is found out before memory is spent.
    pub fn read(source: impl Read, limits: BundleLimits) -> Result<UnverifiedBundle, BundleError> {
        let mut archive = ArchiveReader::new(source, limits.bytes);
        let manifest = match archive.next_head()? {
            Some((name, length)) if name == MANIFEST => {
                within(&name, length, limits.manifest)?;
                archive.content(length)?
            }
            _ => return Err(ArchiveFault::Order.into()),
        };
        let claims = Claims::read(&manifest, &limits)?;
        let mut files = BTreeMap::<String, Vec<u8>>::new();
        while let Some((name, length)) = archive.next_head()? {
            if files.len() >= limits.files {
                return Err(BundleError::TooManyFiles { limit: limits.files });
            }
            check_name(&name)?;
            if name == MANIFEST || files.last_key_value().is_some_and(|(before, _)| *before >= name) {
                return Err(ArchiveFault::Order.into());
            }
            within(&name, length, limits.of(&name))?;
            let content = archive.content(length)?;
            files.insert(name, content);
        }
        Ok(UnverifiedBundle { claims, manifest, files: Files(files), limits })
    }

    /// Verifies everything in it from the pinned root, as if it came over the network, and judges the expiries as `freshness` allows: online
    /// is at `now`. There is nothing in what it returns that is not signed, but for the two statements of [`Bundle`].
    ///
    /// # Errors
    /// If a check refuses something, if it is of another instance or older than the pinned root, or if there is more in it, or it says
    /// more of itself, than what is verified.
    pub fn verify(self, pinned_root: &[u8], now: DateTime<Utc>, freshness: Freshness) -> Result<Bundle, BundleError> {
        let earlier = self.roots_up_to(pinned_root)?;
        let wanted = self.claims.targets.iter().map(|path| TargetQuery::required(path.clone()));
        let wanted: Vec<TargetQuery> = wanted.collect();
        let instant = freshness.judged_at(now);
        let nothing = MemoryStore::new();
        let limits = &self.limits.repository;
        let transport = &self.files.transport();
        let work = Work { pinned_root, store: &nothing, transport, instant, wanted: &wanted, limits };
        let contents = work.attempt(Prefetch::Off, &mut Seen::new())?.with_earlier_roots(earlier)?;
        let bundle = Bundle::verified(contents, self.claims.statement.clone());
        let named = bundle.files()?;
        if let Some(name) = self.files.0.keys().find(|name| !named.contains_key(*name)) {
            return Err(BundleError::Unaccounted { name: name.clone() });
        }
        match bundle.manifest()? == self.manifest {
            true => Ok(bundle),
            false => Err(BundleError::ManifestDiffers),
        }
    }

    /// The roots before the pinned one, which has to be among those of the bundle.
    fn roots_up_to(&self, pinned_root: &[u8]) -> Result<Vec<Vec<u8>>, BundleError> {
        let begin = RootChain::begin(pinned_root.to_vec(), &self.limits.repository)?;
        let pinned = begin.newest().version();
        let mut roots: Vec<(Version, &Vec<u8>)> =
            self.files.0.iter().filter_map(|(name, root)| Some((file_name::root_version(name)?, root))).collect();
        roots.sort_by_key(|(version, _)| *version);
        let stated = self.claims.statement.instance.clone();
        let another = BundleError::AnotherInstance { stated: stated.clone(), version: pinned };
        let (Some((first, oldest)), Some((newest, latest))) = (roots.first(), roots.last()) else {
            return Err(another);
        };
        let (first, newest) = (*first, *newest);
        if pinned < first || newest < pinned {
            // Between two roots of one instance some keys stay, unless all keyholders were exchanged; and of some the digest is known.
            let nearest = if pinned < first { oldest } else { latest };
            let is_known = known_before(pinned_root).has(newest, latest);
            return Err(match is_known || shares_a_root_key(nearest, begin.newest(), &self.limits) {
                false => BundleError::Unrelated { stated, first, newest, pinned },
                true if pinned < first => BundleError::BeginsLater { first, pinned },
                true => BundleError::Older { trusted: pinned, offered: newest },
            });
        }
        if self.files.0.get(&file_name::root(pinned)).is_none_or(|root| root != pinned_root) {
            return Err(another);
        }
        Ok(roots.into_iter().take_while(|(version, _)| *version < pinned).map(|(_, root)| root.clone()).collect())
    }
}

impl BundleLimits {
    /// Most bytes of the file of that name.
    fn of(&self, name: &str) -> u64 {
        let limits = &self.repository;
        match name {
            file_name::TIMESTAMP => limits.timestamp,
            _ if name.starts_with(file_name::TARGETS_FOLDER) => limits.target,
            _ if file_name::root_version(name).is_some() => limits.root.max(limits.targets),
            _ => limits.snapshot.max(limits.targets),
        }
    }
}

/// Whether a root, which nothing has verified, names a root key of `pinned`. That can be forged, and then the bundle is refused for another
/// reason.
fn shares_a_root_key(root: &[u8], pinned: &Root, limits: &BundleLimits) -> bool {
    let limit = usize::try_from(limits.repository.root).unwrap_or(usize::MAX);
    let Ok(root) = Envelope::<Root>::parse(root.to_vec(), limit) else { return false };
    let ids = |root: &Root| root.role(TopLevelRole::Root).key_ids().iter().cloned().collect::<BTreeSet<KeyId>>();
    !ids(root.unverified()).is_disjoint(&ids(pinned))
}

fn within(name: &str, length: u64, limit: u64) -> Result<(), BundleError> {
    if length > limit { Err(BundleError::FileTooLong { name: name.to_owned(), length, limit }) } else { Ok(()) }
}
