//! Other people's clients begin from a mirror of ours, also while it is being written.

use std::fs;
use std::ops::ControlFlow;

use rootline_client::Instance;
use rootline_client::mirror::{Mirror, Progress};
use rootline_client::transport::Folder;
use rootline_client::workflow::EarlierRoots;
use rootline_metadata::{hex, instant_text, parse_instant, sha256};
use rootline_tests::fixtures::client::TRUSTED_ROOT;
use rootline_tests::peers::{self, Reading};
use rootline_tests::real_data;
use rootline_tests::servers::static_server;
use rootline_tests::simulator::{Delegation, Simulator};

const AT: &str = "2026-08-22T00:00:00Z";

#[test]
fn every_peer_begins_from_a_mirror_of_sigstore_s_repository_at_each_root_that_it_can_read() {
    let Some(real) = real_data::sigstore_prod().filter(|_| peers::installed()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("mirror");
    let from = Folder::new(real.join("metadata"), real.join("targets"));
    let root = |version| place.join(format!("{version}.root.json"));
    let pinned = fs::read(real.join("metadata/15.root.json")).unwrap();
    let mirror = Mirror::new(pinned, from, &place).with_earlier_roots(Instance::sigstore().earlier_roots());
    mirror.update(parse_instant(AT).unwrap(), &mut ()).unwrap();
    let server = static_server::serve(&place);
    // tests/peers/README.md says which roots each of them can begin with.
    for (peer, oldest) in [("python", 5), ("node", 5), ("tough", 12), ("sigstore-tuf", 5)] {
        for version in [oldest, 15] {
            let cache = folder.path().join(format!("{peer}-{version}"));
            let (root, url) = (root(version), server.url());
            let targets = ["trusted_root.json", "signing_config.v0.2.json"];
            let reading = Reading { root: &root, url: &url, at: Some(AT), cache: &cache, targets: &targets };
            let answer = peers::read(peer, &reading).unwrap_or_else(|why| panic!("{peer} from root {version}: {why}"));
            assert_eq!((&answer["root"], &answer["timestamp"]), (&15.into(), &762.into()), "{peer}");
            assert_eq!(answer["files"].as_object().unwrap().len(), 2, "{peer}");
        }
    }
}

#[test]
fn python_tuf_sees_a_whole_publication_at_moments_of_the_writing() {
    if !peers::installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("mirror");
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("team/a").paths(["team/*"]));
    sim.add_target("targets", "top.txt", b"first").add_target("team/a", "team/file", b"first").publish();
    let mirror = |sim: &Simulator| Mirror::new(sim.root_bytes(1), sim.files().clone(), &place);
    mirror(&sim).update(sim.day(1), &mut ()).unwrap();
    fs::write(folder.path().join("root.json"), sim.root_bytes(1)).unwrap();
    let server = static_server::serve(&place);
    let read = |name: &str, at: &str| {
        let (cache, root) = (folder.path().join(name), folder.path().join("root.json"));
        let (url, targets) = (server.url(), ["top.txt", "team/file"]);
        peers::read("python", &Reading { root: &root, url: &url, at: Some(at), cache: &cache, targets: &targets })
    };
    sim.publish_root();
    sim.add_target("targets", "top.txt", b"second").add_target("team/a", "team/file", b"second").publish();
    let at = instant_text(sim.day(1));
    let (first, second) = (hex::encode(&sha256(b"first")), hex::encode(&sha256(b"second")));
    let mut looked = 0;
    let mut look = |progress: Progress<'_>| {
        let Progress::Writing { name, .. } = progress else { return ControlFlow::Continue(()) };
        // Where something changes for readers, and once before.
        if looked == 0 || ["2.root.json", "timestamp.json"].contains(&name) {
            let answer = read(&format!("cache-{looked}"), &at).unwrap_or_else(|why| panic!("before {name}: {why}"));
            for target in ["top.txt", "team/file"] {
                assert_eq!(answer["files"][target], first, "before {name}");
            }
            looked += 1;
        }
        ControlFlow::Continue(())
    };
    mirror(&sim).update(sim.day(1), &mut look).unwrap();
    assert_eq!(looked, 3);
    let answer = read("cache-0", &at).unwrap();
    assert_eq!((&answer["root"], &answer["files"]["team/file"]), (&2.into(), &second.into()));
}

#[test]
fn cosign_initialises_from_a_mirror() {
    if !peers::installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("mirror");
    let mut sim = Simulator::default();
    // cosign takes no time from its caller.
    sim.never_expire();
    sim.add_target("targets", "trusted_root.json", TRUSTED_ROOT.as_bytes());
    sim.publish_root();
    sim.publish();
    let mirror = Mirror::new(sim.root_bytes(2), sim.files().clone(), &place);
    let mirror = mirror.with_earlier_roots(EarlierRoots::Oldest(sim.root_bytes(1)));
    mirror.update(sim.day(1), &mut ()).unwrap();
    let server = static_server::serve(&place);
    let (root, cache, url) = (place.join("1.root.json"), folder.path().join("cache"), server.url());
    let reading = Reading { root: &root, url: &url, at: None, cache: &cache, targets: &["trusted_root.json"] };
    let answer = peers::read("cosign", &reading).unwrap();
    assert_eq!((&answer["root"], &answer["timestamp"]), (&2.into(), &sim.timestamp.version.into()));
    assert_eq!(answer["files"]["trusted_root.json"], hex::encode(&sha256(TRUSTED_ROOT.as_bytes())).as_str());
}
