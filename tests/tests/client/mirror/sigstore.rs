//! Sigstore's real repository, mirrored.

use rootline_client::Instance;
use rootline_client::transport::Folder;
use rootline_client::workflow::EarlierRoots;
use rootline_metadata::{Role as _, parse_instant};
use rootline_tests::real_data;

use super::place::Place;

#[test]
fn a_mirror_of_sigstore_s_repository_has_all_fifteen_roots_and_is_read_from_each_of_them() {
    let Some(real) = real_data::sigstore_prod() else { return };
    let now = parse_instant("2026-08-22T00:00:00Z").unwrap();
    let place = Place::new();
    let from = Folder::new(real.join("metadata"), real.join("targets"));
    let pinned = |version| std::fs::read(real.join(format!("metadata/{version}.root.json"))).unwrap();
    let earlier = EarlierRoots::Oldest(pinned(1));
    let report = place.mirror_vouched(pinned(15), earlier, &from, now).unwrap();
    assert_eq!((report.oldest_root.number(), report.trusted.root().version().number()), (1, 15));
    assert_eq!(report.delegated.len() + report.left_out.len(), 1);
    let served = place.served();
    let metadata = std::fs::read_dir(real.join("metadata")).unwrap();
    let mut compared = 0;
    for entry in metadata {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if let Some(bytes) = served.get(&name) {
            assert_eq!(*bytes, std::fs::read(entry.path()).unwrap(), "{name}");
            compared += 1;
        }
    }
    assert!(compared >= 15 + 3, "{compared} of {:?}", served.keys());
    for root in 1..=15 {
        let (timestamp, contents) = place.read(pinned(root), now, &["trusted_root.json"]).unwrap();
        assert_eq!(timestamp, 762);
        assert!(contents[0].len() > 4_000, "from root {root}");
    }
    // With the root that is built in, newer than the repository had then, their digests vouch for all before it.
    let sigstore = Instance::sigstore();
    let report = place.mirror_vouched(sigstore.pinned_root.clone(), sigstore.earlier_roots(), &from, now).unwrap();
    assert_eq!((report.oldest_root.number(), report.trusted.root().version().number()), (1, 16));
    assert_eq!(report.written, ["16.root.json"]);
    let place = Place::new();
    let report = place.mirror_vouched(sigstore.pinned_root.clone(), sigstore.earlier_roots(), &from, now).unwrap();
    assert_eq!(report.oldest_root.number(), 1);
}
