//! Bundles of Sigstore's real repository, from every root it ever published, with the one role that it delegates to.

use std::fs;
use std::path::Path;

use rootline_client::bundle::{
    Bundle, BundleError, BundleLimits, Contents, UnverifiedBundle, every_target, fetch_earlier_roots,
};
use rootline_client::store::MemoryStore;
use rootline_client::transport::Folder;
use rootline_client::workflow::{EarlierRoots, TargetQuery};
use rootline_client::{Client, Freshness, Instance, Limits};
use rootline_metadata::parse_instant;
use rootline_tests::real_data;
use rootline_tests::tar_file::{Member, pack, unpack};

/// The newest root of the archive.
const NEWEST: u64 = 15;

fn root(folder: &Path, version: u64) -> Vec<u8> {
    fs::read(folder.join(format!("metadata/{version}.root.json"))).unwrap()
}

/// Every target, from that root.
fn contents(folder: &Path, version: u64) -> (Folder, Contents) {
    let now = parse_instant("2026-08-22T00:00:00Z").unwrap();
    let (pinned, store) = (root(folder, version), MemoryStore::new());
    let transport = Folder::new(folder.join("metadata"), folder.join("targets"));
    let mut client = Client::new(pinned.clone(), &transport, &store).recording_checks();
    let trusted = client.refresh(now).unwrap();
    let walked = client.all_delegated_roles(&trusted, 10).unwrap();
    // Not every target that is listed was kept in the archive.
    let mut wanted = every_target(&walked, &BundleLimits::default()).unwrap();
    wanted.retain(|target: &TargetQuery| {
        let found = client.find(&trusted, &target.path).unwrap();
        client.fetch(&found).is_ok()
    });
    client.update(now, &wanted).unwrap();
    let contents = Contents::of_cache(&pinned, &store, now, &wanted, &Limits::default()).unwrap();
    (transport, contents)
}

#[test]
fn every_target_travels_from_every_root_and_serves_whoever_pins_a_later_one() {
    let Some(folder) = real_data::sigstore_prod() else { return };
    let now = parse_instant("2026-08-22T00:00:00Z").unwrap();
    let archived = |name: &str| fs::read_dir(folder.join(name)).unwrap().count();
    for version in 1..=NEWEST {
        let (transport, contents) = contents(&folder, version);
        assert_eq!(contents.delegated().len(), 1);
        // The targets in the archive, but for the folder of the delegated role, and the one in that.
        assert_eq!(contents.updated().targets.len(), archived("targets"));
        let bytes = Bundle::of(contents.clone(), "sigstore").to_bytes().unwrap();
        let verified = |bytes: &[u8], pinned: u64| {
            let bundle = UnverifiedBundle::read(bytes, BundleLimits::default()).unwrap();
            bundle.verify(&root(&folder, pinned), now, Freshness::offline())
        };
        for pinned in [version, NEWEST] {
            let store = MemoryStore::new();
            let imported = verified(&bytes, pinned).unwrap().import(&store).unwrap();
            assert_eq!(imported.updated.targets.len(), archived("targets"), "from {version} for {pinned}");
        }
        assert!(version == 1 || verified(&bytes, version - 1).is_err());
        // With every root, all are the same but for which one was pinned.
        let oldest = EarlierRoots::Oldest(root(&folder, 1));
        let earlier = fetch_earlier_roots(&transport, contents.pinned_root(), oldest, &Limits::default()).unwrap();
        assert_eq!((earlier.roots.len() as u64, earlier.left_out), (version - 1, None));
        let whole = contents.with_earlier_roots(earlier.roots).unwrap();
        assert_eq!(whole.roots().count() as u64, NEWEST);
        let bytes = Bundle::of(whole, "sigstore").to_bytes().unwrap();
        verified(&bytes, 1).unwrap();
    }
}

/// Between Sigstore's first roots and the one that is built in, every root key was exchanged: their digests say that they are its own.
#[test]
fn an_old_bundle_of_sigstore_is_too_old_and_not_of_another_instance() {
    let Some(folder) = real_data::sigstore_prod() else { return };
    let (_, contents) = contents(&folder, 1);
    let whole = unpack(&Bundle::of(contents, "sigstore").to_bytes().unwrap());
    let refused = |newest: u64, pinned: &[u8]| {
        let is_kept = |member: &Member| match member.name.strip_suffix(".root.json") {
            Some(version) => version.parse::<u64>().unwrap() <= newest,
            None => true,
        };
        let members: Vec<Member> = whole.iter().filter(|member| is_kept(member)).cloned().collect();
        let bundle = UnverifiedBundle::read(&pack(&members)[..], BundleLimits::default()).unwrap();
        bundle.verify(pinned, parse_instant("2026-08-22T00:00:00Z").unwrap(), Freshness::offline()).unwrap_err()
    };
    for newest in 1..=NEWEST {
        let error = refused(newest, &Instance::sigstore().pinned_root);
        assert!(matches!(error, BundleError::Older { .. }), "{newest}: {error}");
    }
    let github = Instance::built_in("github").unwrap();
    for newest in [1, 8, 9, NEWEST] {
        let error = refused(newest, &github.pinned_root).to_string();
        assert!(error.starts_with("the bundle is of another instance: "), "{newest}: {error}");
    }
}
