//! Sigstore's real repository, from every root it ever published, and the pinned roots of other instances. The data is not part of the
//! project; where it is missing these tests say so (see `real_data`).

use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use rootline_client::store::{FileStore, MemoryStore};
use rootline_client::transport::{AsyncTransport, Folder, Http, HttpBlocking, HttpSettings, Transport};
use rootline_client::workflow::{Check, Fault, File, RootChain, Trusted};
use rootline_client::{Cache, Client, Error, Instance, Limits};
use rootline_metadata::{
    DelegatedRoles, Envelope, Role, RoleName, Root, TargetPath, Targets, TopLevelRole, hex, parse_instant, sha256,
};
use rootline_tests::real_data;
use rootline_tests::simulator::Files;
use rootline_tests::verifier::{Verifier, target_path};

/// The newest root of the archive.
const NEWEST: u64 = 15;

fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).expect("an instant")
}

/// When the archive was good.
fn fresh() -> DateTime<Utc> {
    instant("2026-08-22T00:00:00Z")
}

/// The repository in a folder, and its two targets that matter most with their names and bytes.
struct Repository {
    files: Files,
    folder: std::path::PathBuf,
    expected: [(TargetPath, Vec<u8>); 2],
}

impl Repository {
    fn load() -> Option<Repository> {
        let folder = real_data::sigstore_prod()?;
        let files = Files::read_from(&folder).expect("the archive can be read");
        let (role, name) = npm_delegation(&files);
        let keys = real_data::file_ending(&folder.join("targets").join(role.as_str()), ".keys.json");
        let trusted_root = real_data::file_ending(&folder.join("targets"), ".trusted_root.json");
        let expected = [(target_path("trusted_root.json"), trusted_root), (name, keys)];
        Some(Repository { files, folder, expected })
    }

    fn root(&self, version: u64) -> Vec<u8> {
        self.files.metadata(&format!("{version}.root.json")).expect("a root of the archive").to_vec()
    }

    fn in_folder(&self) -> Folder {
        Folder::new(self.folder.join("metadata"), self.folder.join("targets"))
    }
}

/// The one delegated role and its one target that is a `keys.json`, as the metadata names them.
fn npm_delegation(files: &Files) -> (RoleName, TargetPath) {
    let parsed = |ending: &str| {
        let name = files.metadata_names().find(|name| name.ends_with(ending)).expect("a file of the archive");
        Envelope::<Targets>::parse(files.metadata(name).expect("it is there").to_vec(), 5_000_000).expect("targets")
    };
    let top = parsed(".targets.json");
    let DelegatedRoles::Listed(roles) = top.unverified().delegations().expect("delegations").roles() else {
        panic!("a list of roles")
    };
    let [npm] = &roles.iter().collect::<Vec<_>>()[..] else { panic!("one delegation") };
    let delegated = parsed(&format!(".{}.json", npm.name()));
    let name =
        delegated.unverified().targets().map(|(name, _)| name.into_owned()).find(|name| name.ends_with("/keys.json"));
    (npm.name().clone(), target_path(&name.expect("npm's keys")))
}

fn blocking<T: Transport>(repository: &Repository, root: u64, transport: T) {
    let mut client = Client::new(repository.root(root), transport, MemoryStore::new());
    let trusted = client.refresh(fresh()).unwrap_or_else(|error| panic!("from root {root}: {error}"));
    assert_newest(&trusted);
    for (path, bytes) in &repository.expected {
        assert!(client.target(&trusted, path).unwrap() == *bytes, "from root {root}: {path}");
    }
}

async fn asynchronous<T: AsyncTransport>(repository: &Repository, root: u64, transport: T) {
    let mut client = Client::new(repository.root(root), transport, MemoryStore::new());
    let trusted = client.refresh_async(fresh()).await.unwrap_or_else(|error| panic!("from root {root}: {error}"));
    assert_newest(&trusted);
    for (path, bytes) in &repository.expected {
        assert!(client.target_async(&trusted, path).await.unwrap() == *bytes, "from root {root}: {path}");
    }
}

fn assert_newest(trusted: &Trusted) {
    let versions = [
        trusted.root().version(),
        trusted.timestamp().version(),
        trusted.snapshot().version(),
        trusted.targets().version(),
    ];
    assert_eq!(versions.map(|version| version.number()), [NEWEST, 762, 165, 14]);
}

#[test]
fn from_each_of_its_roots_alone_the_newest_is_reached_and_the_targets_come_out_byte_for_byte() {
    let Some(repository) = Repository::load() else { return };
    let server = repository.files.serve();
    let http = || Http::new(&server.metadata_url(), &server.targets_url(), HttpSettings::default()).unwrap();
    let over_http = HttpBlocking::new(http()).unwrap();
    for root in 1..=NEWEST {
        blocking(&repository, root, repository.in_folder());
        blocking(&repository, root, &over_http);
        over_http.block_on(asynchronous(&repository, root, repository.in_folder())).unwrap();
        over_http.block_on(asynchronous(&repository, root, http())).unwrap();
    }
}

/// Each release of this project pins a newer root, and none may forget what was seen: neither in the cache of one before it, nor in one whose
/// name was still made of the root that was pinned then.
#[test]
fn the_built_in_root_of_a_newer_release_keeps_the_cache_of_each_before_it() {
    let Some(repository) = Repository::load() else { return };
    let newest = Instance::sigstore();
    for root in 1..=NEWEST {
        let pinned = Instance::at(&newest.metadata_url, repository.root(root)).with_name("sigstore");
        let mut identity = sha256(&pinned.pinned_root).to_vec();
        for url in [&pinned.metadata_url, &pinned.targets_url] {
            identity.extend_from_slice(&(url.len() as u64).to_be_bytes());
            identity.extend_from_slice(url.as_bytes());
        }
        let earlier_name = format!("sigstore-{}", &hex::encode(&sha256(&identity))[..16]);
        for name in [pinned.cache_name(), earlier_name] {
            let caches = tempfile::tempdir().unwrap();
            let store = FileStore::open(caches.path().join(name)).unwrap();
            Client::new(repository.root(root), repository.in_folder(), store).refresh(fresh()).unwrap();
            let cache = Cache::open(caches.path(), &newest).unwrap();
            assert_eq!(fs::read_dir(caches.path()).unwrap().count(), 1, "root {root}");
            let mut client = Client::new(newest.pinned_root.clone(), Files::default(), cache);
            let kept = client.load(fresh(), &[]).unwrap_or_else(|error| panic!("from root {root}: {error}")).trusted;
            assert_eq!((kept.root().version().number(), kept.timestamp().version().number()), (NEWEST + 1, 762));
        }
    }
}

#[test]
fn what_is_asked_for_is_what_the_specification_says_and_what_is_kept_is_what_was_served() {
    let Some(repository) = Repository::load() else { return };
    let copy = tempfile::tempdir().unwrap();
    let mut verifier = Verifier::with_store(repository.root(1), FileStore::open(copy.path()).unwrap());
    let npm = repository.expected[1].0.as_str();
    verifier.find(&repository.files, fresh(), npm).unwrap();
    let roots = (2..=NEWEST + 1).map(|version| format!("{version}.root.json"));
    let (role, _) = npm_delegation(&repository.files);
    let (kept_role, public_role) = (format!("{role}.json"), format!("8.{role}.json"));
    let others = ["timestamp.json", "165.snapshot.json", "14.targets.json", &public_role];
    let expected: Vec<String> = roots.chain(others.map(str::to_owned)).collect();
    assert_eq!(verifier.requests(), expected);
    verifier.find(&repository.files, fresh(), npm).unwrap();
    assert_eq!(verifier.requests(), ["16.root.json", "timestamp.json"]);

    for (name, public) in [
        ("root.json", "15.root.json"),
        ("timestamp.json", "timestamp.json"),
        ("snapshot.json", "165.snapshot.json"),
        ("targets.json", "14.targets.json"),
        (&kept_role, &public_role),
    ] {
        assert_eq!(fs::read(copy.path().join(name)).unwrap(), repository.files.metadata(public).unwrap(), "{name}");
    }
    for version in 2..=NEWEST {
        let kept = fs::read(copy.path().join(format!("root_history/{version}.root.json"))).unwrap();
        assert_eq!(kept, repository.root(version), "{version}");
    }
}

#[test]
fn a_week_later_it_is_refused_as_expired_by_role_and_since_when() {
    let Some(repository) = Repository::load() else { return };
    let late = instant("2026-08-29T00:00:00Z");
    let mut since = None;
    for root in 1..=NEWEST {
        for transport in [&repository.files as &dyn Transport, &repository.in_folder()] {
            let mut client = Client::new(repository.root(root), transport, MemoryStore::new());
            let Err(Error::Refused(refusal)) = client.refresh(late) else { panic!("from root {root}: not refused") };
            assert_eq!((refusal.check, &refusal.file), (Check::TimestampExpiry, &File::Timestamp));
            let Fault::Expired { expiry, now } = refusal.fault else { panic!("{refusal}") };
            assert_eq!(now, late);
            let told = format!("timestamp.json expired at {expiry}");
            assert!(refusal.to_string().starts_with(&told), "{refusal}");
            since = Some(expiry);
        }
    }
    // To the second.
    let since = since.unwrap().instant();
    assert_eq!(since.date_naive().to_string(), "2026-08-28");
    let mut verifier = Verifier::pinning(repository.root(1));
    assert_eq!(verifier.refused_by(&repository.files, since), Check::TimestampExpiry);
    verifier.refresh(&repository.files, since - TimeDelta::seconds(1)).unwrap();
}

/// Its own copy of root 16 is newer than the archive's repository.
#[test]
fn the_pinned_roots_of_other_instances_load_and_verify() {
    let Some(anchors) = real_data::anchors() else { return };
    for (file, version) in
        [("github.9.root.json", 9), ("sigstore-staging.15.root.json", 15), ("sigstore-prod.16.root.json", 16)]
    {
        let bytes = read(&anchors, file);
        let root = Envelope::<Root>::parse(bytes.clone(), 512_000).unwrap().verify_self_signed().unwrap();
        assert_eq!(root.version().number(), version, "{file}");
        assert_eq!(root.bytes(), bytes);
        assert!(root.consistent_snapshot());
        // As a pinned root it begins a chain, whatever its expiry; and with one byte of its signed part changed it does not.
        RootChain::begin(bytes.clone(), &Default::default()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let changed = text.replacen(&format!("\"version\": {version}"), "\"version\": 99", 1);
        let changed = if changed == text {
            text.replacen(&format!("\"version\":{version}"), "\"version\":99", 1)
        } else {
            changed
        };
        assert_ne!(changed, text);
        let refusal = RootChain::begin(changed.into_bytes(), &Default::default()).unwrap_err();
        assert_eq!(refusal.check, Check::PinnedRoot, "{file}");
    }
    let Some(repository) = Repository::load() else { return };
    let mut chain = RootChain::begin(repository.root(1), &Default::default()).unwrap();
    for version in 2..=NEWEST {
        chain.extend(repository.root(version)).unwrap();
    }
    let root_16 = chain.extend(read(&anchors, "sigstore-prod.16.root.json")).unwrap();
    assert_eq!(root_16.version().number(), 16);
}

/// Whoever pins root 16 and meets the archive, which has no newer one, goes on with it: the online keys are the same.
#[test]
fn the_newest_pinned_root_works_with_the_repository_as_it_was() {
    let (Some(anchors), Some(repository)) = (real_data::anchors(), Repository::load()) else { return };
    let mut verifier = Verifier::pinning(read(&anchors, "sigstore-prod.16.root.json"));
    let trusted = verifier.refresh(&repository.files, fresh()).unwrap();
    assert_eq!(trusted.root().version().number(), 16);
    assert_eq!(verifier.requests()[..2], ["17.root.json", "timestamp.json"]);
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect("a file of the archive")
}

/// Sigstore's root says that a timestamp lives seven days, so nobody can make this one look newer than it is.
#[test]
fn when_sigstore_s_timestamp_was_signed_is_known_from_what_is_signed() {
    let Some(repository) = Repository::load() else { return };
    let mut verifier = Verifier::pinning(repository.root(1));
    let trusted = verifier.refresh(&repository.files, fresh()).unwrap();
    assert_eq!(trusted.signed_at(), Some(instant("2026-08-21T19:25:56Z")));
    let stated = |version| {
        let limits = Limits::default();
        let root = RootChain::begin(repository.root(version), &limits).unwrap();
        root.newest().stated_lifetime(TopLevelRole::Timestamp)
    };
    let stating: Vec<u64> = (1..=NEWEST).filter(|version| stated(*version).is_some()).collect();
    assert_eq!(stating, (stating[0]..=NEWEST).collect::<Vec<_>>());
    assert_eq!((stated(1), stated(NEWEST)), (None, Some(TimeDelta::days(7))));
}
