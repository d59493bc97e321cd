//! A folder for a mirror, and readers of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rootline_client::mirror::{Mirror, MirrorError, MirrorReport, ProgressObserver};
use rootline_client::store::MemoryStore;
use rootline_client::transport::{Folder, Transport};
use rootline_client::workflow::EarlierRoots;
use rootline_client::{Client, Error};
use rootline_metadata::Role as _;
use rootline_tests::simulator::{Bins, Delegation, Simulator};
use rootline_tests::verifier::target_path;
use tempfile::TempDir;

/// A folder that a mirror is in.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("mirror")
    }

    /// Mirrors what `from` has.
    pub(crate) fn mirror(
        &self,
        pinned: Vec<u8>,
        from: impl Transport,
        now: DateTime<Utc>,
    ) -> Result<MirrorReport, MirrorError> {
        self.mirror_observed(pinned, from, now, &mut ())
    }

    pub(crate) fn mirror_observed(
        &self,
        pinned: Vec<u8>,
        from: impl Transport,
        now: DateTime<Utc>,
        observer: &mut impl ProgressObserver,
    ) -> Result<MirrorReport, MirrorError> {
        Mirror::new(pinned, from, self.path()).update(now, observer)
    }

    /// Mirrors what `from` has, with the roots before the pinned one that are vouched for.
    pub(crate) fn mirror_vouched(
        &self,
        pinned: Vec<u8>,
        earlier: EarlierRoots,
        from: impl Transport,
        now: DateTime<Utc>,
    ) -> Result<MirrorReport, MirrorError> {
        Mirror::new(pinned, from, self.path()).with_earlier_roots(earlier).update(now, &mut ())
    }

    /// All files, by their place.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        if self.path().exists() {
            collect(&self.path(), "", &mut files);
        }
        files
    }

    /// The files that readers ask for.
    pub(crate) fn served(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files();
        files.retain(|name, _| !name.starts_with('.'));
        files
    }

    /// What a verifier without a cache, who has pinned that root, gets: the version of the timestamp, and every target.
    pub(crate) fn read(
        &self,
        pinned: Vec<u8>,
        now: DateTime<Utc>,
        targets: &[&str],
    ) -> Result<(u64, Vec<Vec<u8>>), Error> {
        let folder = Folder::new(self.path(), self.path().join("targets"));
        let mut client = Client::new(pinned, folder, MemoryStore::new());
        let trusted = client.refresh(now)?;
        let contents = targets.iter().map(|name| client.target(&trusted, &target_path(name)));
        Ok((trusted.timestamp().version().number(), contents.collect::<Result<_, _>>()?))
    }
}

fn collect(folder: &Path, above: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{above}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else if kind.is_file() {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// The targets of [`repository`].
pub(crate) const TARGETS: [&str; 4] = ["top", "a/one", "a/b/two", "in a bin"];

/// A repository with a role in a role, a name with a slash, a cycle, and hash bins.
pub(crate) fn repository() -> Simulator {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("a").paths(["a/*", "a/*/*"]));
    sim.delegate("a", Delegation::to("a/b").paths(["a/b/*"]));
    sim.delegate("a/b", Delegation::to("a").paths(["a/*"]));
    sim.delegate("targets", Delegation::to("bins").paths(["*"]));
    sim.delegate_to_bins("bins", Bins::new("bin", 2));
    publish(&mut sim, "first");
    sim
}

/// Publishes targets that say `content`.
pub(crate) fn publish(sim: &mut Simulator, content: &str) {
    sim.add_target("targets", "top", format!("{content} top").as_bytes());
    sim.add_target("a", "a/one", format!("{content} one").as_bytes());
    sim.add_target("a/b", "a/b/two", format!("{content} two").as_bytes());
    let bin = bin_of(sim, "in a bin");
    sim.add_target(&bin, "in a bin", format!("{content} in a bin").as_bytes());
    sim.publish();
}

/// What all targets say after [`publish`].
pub(crate) fn contents(content: &str) -> Vec<Vec<u8>> {
    ["top", "one", "two", "in a bin"].map(|name| format!("{content} {name}").into_bytes()).to_vec()
}

fn bin_of(sim: &Simulator, path: &str) -> String {
    let bins = &sim.delegated["bins"].delegations.as_ref().unwrap().bins.as_ref().unwrap();
    let first = rootline_metadata::sha256(path.as_bytes())[0];
    bins.names()[usize::from(first >> 6)].clone()
}

/// The digests of the roots before that version.
pub(crate) fn digests_before(sim: &Simulator, version: u64) -> EarlierRoots {
    EarlierRoots::Digests((1..version).map(|version| rootline_metadata::sha256(&sim.root_bytes(version))).collect())
}
