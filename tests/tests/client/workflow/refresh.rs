//! Whole refreshes: what is asked for, what is kept, and that every driver and every store comes to the same.

use std::fs;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rootline_client::store::{FileStore, LocalFile, MemoryStore, Store};
use rootline_client::transport::{Folder, Http, HttpBlocking, HttpSettings};
use rootline_client::{Client, Prefetch};
use rootline_tests::adversary;
use rootline_tests::recorder::Recorder;
use rootline_tests::simulator::{Delegation, PinStyle, Role, Simulator};
use rootline_tests::verifier::{Verifier, target_path};

/// 5.3.3, 5.4.1, 5.5.1, 5.6.1: exactly these, in this order.
#[test]
fn the_first_refresh_asks_for_everything_once_and_the_second_for_what_may_have_changed() {
    let mut sim = Simulator::default();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"]);
    sim.publish();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"]);
    // What has not changed is not asked for, also where pins are versions alone.
    sim.timestamp.pins = PinStyle::VersionOnly;
    sim.snapshot.pins = PinStyle::VersionOnly;
    sim.publish();
    sim.publish_snapshot();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "4.snapshot.json", "3.targets.json"]);
    sim.publish_snapshot();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "5.snapshot.json"]);
}

/// 5.5.1, 5.6.1, 5.7.3: what is stated is what a mirror may send, to the byte; where nothing is stated, the limit is.
#[test]
fn no_more_bytes_are_asked_for_than_are_stated() {
    for (style, stated) in [(PinStyle::Full, true), (PinStyle::VersionOnly, false)] {
        let mut sim = Simulator::default();
        (sim.timestamp.pins, sim.snapshot.pins) = (style, style);
        sim.delegate("targets", Delegation::to("a")).add_target("a", "x", b"four");
        sim.publish();
        let mut verifier = Verifier::of(&sim);
        verifier.download(sim.files(), sim.day(1), "x").unwrap();
        let pinned = |name: &str, limit: u64| match stated {
            true => sim.files().metadata(name).unwrap().len() as u64,
            false => limit,
        };
        let limits = &verifier.limits;
        let expected = [
            limits.root,
            limits.timestamp,
            pinned("2.snapshot.json", limits.snapshot),
            pinned("2.targets.json", limits.targets),
            pinned("1.a.json", limits.targets),
            4,
        ];
        assert_eq!(verifier.most_bytes(), expected);
    }
}

/// 5.3.8, 5.4.5, 5.5.7, 5.6.6: byte for byte, odd white space and unknown members included.
/// tough#950: what was verified and kept had been written again.
#[test]
fn what_is_kept_is_what_was_served() {
    let mut sim = Simulator::default();
    for more in [&mut sim.root.more, &mut sim.timestamp.more, &mut sim.snapshot.more, &mut sim.targets.more] {
        more.insert("x-unknown", vec!["\u{7f}\n\"".into(), 0u64.into(), true.into()].into());
    }
    sim.timestamp.pins = PinStyle::VersionOnly;
    sim.snapshot.pins = PinStyle::VersionOnly;
    sim.publish_root();
    sim.publish();
    let mut files = sim.files().clone();
    for name in ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"] {
        let padded = [b"\r\n\t ", files.metadata(name).unwrap(), b"  \n"].concat();
        files.set_metadata(name, padded);
    }
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(&files, sim.day(1)).unwrap();
    for (file, name) in [
        (LocalFile::Root, "2.root.json"),
        (LocalFile::RootHistory(2), "2.root.json"),
        (LocalFile::Timestamp, "timestamp.json"),
        (LocalFile::Snapshot, "2.snapshot.json"),
        (LocalFile::Targets, "2.targets.json"),
    ] {
        assert_eq!(verifier.stored(&file).unwrap(), files.metadata(name).unwrap(), "{name}");
    }
}

/// A repository with a delegated role whose name leads out of its folder, a target in a folder, and two roots.
fn eventful() -> Simulator {
    let mut sim = Simulator::default();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    sim.delegate("targets", Delegation::to("../up?#").paths(["dir/*"]));
    sim.add_target("../up?#", "dir/a b.txt", b"content");
    sim.publish();
    sim
}

const ASKED: [&str; 7] = [
    "2.root.json",
    "3.root.json",
    "timestamp.json",
    "2.snapshot.json",
    "2.targets.json",
    "1.../up?#.json",
    "targets/dir/ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73.a b.txt",
];

/// The files that a cache on disk has then.
fn listing(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        match entry.file_type().expect("a type").is_dir() {
            true => names.extend(listing(&entry.path()).into_iter().map(|below| format!("{name}/{below}"))),
            false => names.push(name),
        }
    }
    names.sort();
    names
}

/// The same machine, driven by each driver over each transport, with the files on disk.
#[test]
fn every_driver_and_every_transport_comes_to_the_same() {
    let sim = eventful();
    let served = tempfile::tempdir().unwrap();
    sim.files().write_to(served.path()).unwrap();
    let mut server = sim.files().serve();
    let folder = || Folder::new(served.path().join("metadata"), served.path().join("targets"));
    let http = || Http::new(&server.metadata_url(), &server.targets_url(), HttpSettings::default()).unwrap();
    let runtime = HttpBlocking::new(http()).unwrap();

    let copies: Vec<tempfile::TempDir> = (0..5).map(|_| tempfile::tempdir().unwrap()).collect();
    let store = |number: usize| FileStore::open(copies[number].path().join("copy")).unwrap();
    let (pinned, now, path) = (sim.root_bytes(1), sim.day(1), target_path("dir/a b.txt"));
    macro_rules! client {
        ($recorder:expr, $number:expr) => {
            Client::new(pinned.clone(), $recorder, store($number)).with_prefetch(Prefetch::Off)
        };
    }
    macro_rules! blocking {
        ($number:expr, $transport:expr) => {{
            let recorder = Recorder::new($transport);
            let mut client = client!(&recorder, $number);
            let trusted = client.refresh(now).unwrap();
            let found = client.find(&trusted, &path).unwrap();
            assert_eq!(client.fetch(&found).unwrap(), b"content");
            assert_eq!(recorder.take_names(), ASKED);
        }};
    }
    macro_rules! asynchronous {
        ($number:expr, $transport:expr) => {{
            let recorder = Recorder::new($transport);
            let mut client = client!(&recorder, $number);
            let driven = runtime.block_on(async {
                let trusted = client.refresh_async(now).await?;
                let found = client.find_async(&trusted, &path).await?;
                client.fetch_async(&found).await
            });
            assert_eq!(driven.unwrap().unwrap(), b"content");
            assert_eq!(recorder.take_names(), ASKED);
        }};
    }
    blocking!(0, sim.files().clone());
    blocking!(1, folder());
    blocking!(2, HttpBlocking::new(http()).unwrap());
    asynchronous!(3, folder());
    asynchronous!(4, http());

    let over_http = [
        "/metadata/2.root.json",
        "/metadata/3.root.json",
        "/metadata/timestamp.json",
        "/metadata/2.snapshot.json",
        "/metadata/2.targets.json",
        "/metadata/1...%2Fup%3F%23.json",
        "/targets/dir/ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73.a%20b.txt",
    ];
    assert_eq!(server.take_requests(), [over_http, over_http].concat());

    for copy in &copies {
        let folder = copy.path().join("copy");
        let expected = [
            "%2E.%2Fup%3F%23.json",
            ".lock",
            "root.json",
            "root_history/2.root.json",
            "snapshot.json",
            "targets.json",
            "timestamp.json",
        ];
        assert_eq!(listing(&folder), expected, "and nothing beside it");
        assert_eq!(listing(copy.path()).len(), expected.len());
        for (name, public) in [
            ("root.json", "2.root.json"),
            ("timestamp.json", "timestamp.json"),
            ("snapshot.json", "2.snapshot.json"),
            ("targets.json", "2.targets.json"),
            ("%2E.%2Fup%3F%23.json", "1.../up?#.json"),
        ] {
            assert_eq!(fs::read(folder.join(name)).unwrap(), sim.files().metadata(public).unwrap(), "{name}");
        }
    }
}

/// A target that is in the cache is verified like one that arrives.
#[test]
fn a_stored_target_is_used_only_if_it_is_what_is_listed_now() {
    let mut sim = Simulator::default();
    sim.add_target("targets", "a.txt", b"one");
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    let target = |verifier: &mut Verifier, sim: &Simulator| {
        verifier.with_client(sim.files(), |client| {
            let trusted = client.refresh(sim.day(1)).unwrap();
            client.target(&trusted, &target_path("a.txt")).unwrap()
        })
    };
    let fetched = |verifier: &Verifier| verifier.requests().iter().any(|name| name.starts_with("targets/"));
    assert_eq!((target(&mut verifier, &sim), fetched(&verifier)), (b"one".to_vec(), true));
    assert_eq!((target(&mut verifier, &sim), fetched(&verifier)), (b"one".to_vec(), false));
    verifier.store().save(&LocalFile::Target("a.txt".to_owned()), b"two").unwrap();
    assert_eq!((target(&mut verifier, &sim), fetched(&verifier)), (b"one".to_vec(), true));
    sim.add_target("targets", "a.txt", b"new");
    sim.publish();
    assert_eq!((target(&mut verifier, &sim), fetched(&verifier)), (b"new".to_vec(), true));
    assert_eq!(verifier.stored(&LocalFile::Target("a.txt".to_owned())).unwrap(), b"new");
}

/// What a future comes to that never waits, as those of [`Files`](rootline_tests::simulator::Files) do not.
fn now_or_never<F: Future>(future: F) -> F::Output {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// A refusal by one driver is the same refusal by the other, and leaves the same behind.
#[test]
fn both_drivers_refuse_alike() {
    let mut sim = eventful();
    sim.publish();
    let now = sim.files();
    let name = "2.../up?#.json";
    let attacks = [
        adversary::tamper(now, "2.root.json"),
        adversary::withhold(now, "timestamp.json"),
        adversary::strip_signatures(now, "timestamp.json"),
        adversary::withhold(now, "3.snapshot.json"),
        adversary::flip(now, "3.snapshot.json", 7),
        adversary::truncate(now, "3.targets.json"),
        adversary::lengthen(now, "3.targets.json"),
        adversary::flip(now, name, 100),
        adversary::withhold(now, name),
        adversary::freeze(Simulator::default().files()),
    ];
    let (day, path) = (sim.day(1), target_path("dir/a b.txt"));
    for (number, files) in attacks.iter().enumerate() {
        let stores = [MemoryStore::new(), MemoryStore::new()].map(Arc::new);
        let mut client = Client::new(sim.root_bytes(1), files, Arc::clone(&stores[0]));
        let refreshed = client.refresh(day);
        let blocking = refreshed.and_then(|trusted| client.target(&trusted, &path)).unwrap_err();
        let mut client = Client::new(sim.root_bytes(1), files, Arc::clone(&stores[1]));
        let refreshed = now_or_never(client.refresh_async(day));
        let found = refreshed.and_then(|trusted| now_or_never(client.target_async(&trusted, &path)));
        assert_eq!(found.unwrap_err().to_string(), blocking.to_string(), "attack {number}");
        assert_eq!(stores[0].saved(), stores[1].saved(), "attack {number}");
    }
}
