//! How fresh a caller wants the trust root, and what he is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use rootline_client::bundle::{Bundle, Contents};
use rootline_client::store::{LocalFile, MemoryStore, Store, StoreError};
use rootline_client::transport::{AsyncTransport, Request, Transport, TransportError};
use rootline_client::workflow::Check;
use rootline_client::{Client, Error, Freshness, SharedTrustRoot, SharedTrustRootAsync, TrustRoot};
use rootline_metadata::instant_text;
use rootline_tests::servers::distant::Distant;
use rootline_tests::simulator::{Delegation, Files, Simulator};

/// A trust root that trusts one log by this URL.
fn trusting(url: &str) -> Vec<u8> {
    format!(
        r#"{{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [{{"baseUrl": "{url}",
        "hashAlgorithm": "SHA2_256", "publicKey": {{"rawBytes": "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "keyDetails": "PKIX_ED25519", "validFor": {{"start": "2029-01-01T00:00:00Z"}}}},
        "logId": {{"keyId": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}}}]}}"#
    )
    .into_bytes()
}

/// A repository that ships a trust root. Its timestamp expires first, a week after day 0.
fn shipping() -> Simulator {
    let mut sim = Simulator::default();
    sim.add_target("targets", "trusted_root.json", &trusting("https://one.example")).publish();
    sim
}

/// Counts what is asked for.
#[derive(Default)]
struct Counted {
    files: std::sync::RwLock<Files>,
    requests: AtomicUsize,
}

impl Counted {
    fn of(files: &Files) -> Counted {
        Counted { files: std::sync::RwLock::new(files.clone()), requests: AtomicUsize::new(0) }
    }

    fn serve(&self, files: &Files) {
        *self.files.write().unwrap() = files.clone();
    }

    /// How many requests since this was last asked.
    fn take(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

impl Transport for Counted {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        Transport::fetch(&*self.files.read().unwrap(), request)
    }
}

impl AsyncTransport for Counted {
    async fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        Transport::fetch(self, request)
    }
}

fn client<'a, T>(
    sim: &Simulator,
    transport: T,
    store: &'a MemoryStore,
    freshness: Freshness,
) -> Client<T, &'a MemoryStore> {
    Client::new(sim.root_bytes(1), transport, store).with_freshness(freshness).recording_checks()
}

fn urls(trust_root: &rootline_client::TrustRoot) -> Vec<String> {
    trust_root.trusted_root().transparency_logs().iter().map(|log| log.base_url().to_owned()).collect()
}

const HOUR: TimeDelta = TimeDelta::hours(1);

#[test]
fn within_its_max_age_a_cache_is_used_without_a_request_and_not_a_second_longer() {
    let (sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    let mut client = client(&sim, &server, &store, Freshness::MaxAge(HOUR));
    let then = sim.day(1);
    let first = client.trust_root(then).unwrap();
    assert!(server.take() > 0);
    assert_eq!(first.freshness().checked_at, Some(then));
    for (later, asks) in [(TimeDelta::zero(), false), (HOUR - TimeDelta::seconds(1), false), (HOUR, true)] {
        let trust_root = client.trust_root(then + later).unwrap();
        assert_eq!(server.take() > 0, asks, "{later}");
        let checked = if asks { then + later } else { then };
        assert_eq!(trust_root.freshness().checked_at, Some(checked));
        assert!(!trust_root.freshness().is_stale(then + later));
    }
}

/// A clock that was wrong once must not keep a verifier from ever asking again.
#[test]
fn a_check_in_the_future_spares_no_request() {
    let (sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    let mut client = client(&sim, &server, &store, Freshness::MaxAge(HOUR));
    client.trust_root(sim.day(2)).unwrap();
    server.take();
    client.trust_root(sim.day(2) - TimeDelta::seconds(1)).unwrap();
    assert!(server.take() > 0);
}

#[test]
fn what_has_expired_is_not_used_however_young_the_check_is() {
    let (mut sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    let mut client = client(&sim, &server, &store, Freshness::MaxAge(TimeDelta::days(1000)));
    let expiry = client.trust_root(sim.day(1)).unwrap().expiry().instant();
    server.take();
    client.trust_root(expiry - TimeDelta::seconds(1)).unwrap();
    assert_eq!(server.take(), 0);
    let refused = client.trust_root(expiry).unwrap_err();
    assert_eq!(refused.refusal().unwrap().check, Check::TimestampExpiry, "{refused}");
    assert!(server.take() > 0, "the repository was asked");
    sim.never_expire();
    sim.publish();
    server.serve(sim.files());
    client.trust_root(expiry).unwrap();
}

/// The record of the last check is no metadata, and nobody has signed it.
#[test]
fn a_record_of_the_last_check_that_says_anything_at_all_authorises_nothing() {
    let (sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    let mut client = client(&sim, &server, &store, Freshness::MaxAge(HOUR));
    client.trust_root(sim.day(1)).unwrap();
    for record in [&b"no JSON"[..], b"{}", br#"{"at": 1}"#, br#"{"at": "2030-01-02T00:00:00Z"}"#, &[b'['; 5000]] {
        store.save(&LocalFile::LastCheck, record).unwrap();
        server.take();
        client.trust_root(sim.day(1)).unwrap();
        assert!(server.take() > 0, "{record:?}");
    }
    store.remove(&LocalFile::Snapshot).unwrap();
    server.take();
    client.trust_root(sim.day(1)).unwrap();
    assert!(server.take() > 0, "a copy that is not whole");
}

#[test]
fn offline_no_request_is_made_and_the_copy_is_used_up_to_its_expiry_and_its_grace() {
    let (sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    client(&sim, &server, &store, Freshness::Online).trust_root(sim.day(1)).unwrap();
    server.take();
    let get = |freshness, now| client(&sim, &server, &store, freshness).trust_root(now);
    let expiry = get(Freshness::offline(), sim.day(1)).unwrap().expiry().instant();
    let second = TimeDelta::seconds(1);
    assert!(get(Freshness::offline(), expiry - second).is_ok());
    assert_eq!(get(Freshness::offline(), expiry).unwrap_err().refusal().unwrap().check, Check::TimestampExpiry);

    let grace = Freshness::OfflineWithGrace(HOUR);
    for (now, stale) in [(expiry - second, false), (expiry, true), (expiry + HOUR - second, true)] {
        let trust_root = get(grace, now).unwrap();
        assert_eq!(trust_root.freshness().is_stale(now), stale, "{}", instant_text(now));
        assert_eq!(trust_root.freshness().checked_at, Some(sim.day(1)));
        assert_eq!(trust_root.freshness().first_expiry().unwrap().0, "timestamp");
    }
    assert!(get(grace, expiry + HOUR).unwrap_err().refusal().is_some());

    let as_of = |instant| Freshness::OfflineAsOf(instant);
    let year_later = expiry + TimeDelta::days(365);
    let trust_root = get(as_of(expiry - second), year_later).unwrap();
    assert!(trust_root.freshness().is_stale(year_later));
    assert_eq!(trust_root.freshness().judged_at, expiry - second);
    assert!(get(as_of(expiry), year_later).is_err());
    assert_eq!(server.take(), 0);
}

#[test]
fn offline_without_a_copy_is_a_refusal_and_not_a_request() {
    let (sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    let refused = client(&sim, &server, &store, Freshness::offline()).trust_root(sim.day(1)).unwrap_err();
    assert_eq!(refused.refusal().unwrap().check, Check::TimestampPresent);
    assert_eq!(server.take(), 0);
}

/// The role that vouches for a delegated target counts for its freshness too.
#[test]
fn the_report_names_every_role_that_vouches() {
    let (mut sim, store) = (shipping(), MemoryStore::new());
    sim.delegate("targets", Delegation::to("helper").paths(["t"])).add_target("helper", "t", b"t").publish();
    let wanted = [rootline_client::workflow::TargetQuery::required(rootline_tests::verifier::target_path("t"))];
    let server = Counted::of(sim.files());
    let updated = client(&sim, &server, &store, Freshness::Online).update(sim.day(1), &wanted).unwrap();
    let roles: Vec<String> = updated.freshness().expiries.into_iter().map(|(role, _)| role).collect();
    assert_eq!(roles, ["root", "timestamp", "snapshot", "targets", "helper"]);
}

/// Loading and refreshing when nothing has changed leave the disk alone.
#[test]
fn nothing_is_written_by_a_load_or_where_nothing_is_new() {
    let (sim, store) = (shipping(), MemoryStore::new());
    Client::new(sim.root_bytes(1), sim.files().clone(), &store).trust_root(sim.day(1)).unwrap();
    let mut read_only = Client::new(sim.root_bytes(1), sim.files().clone(), ReadOnly(&store));
    read_only.trust_root(sim.day(1)).unwrap();
    assert!(read_only.take_notes().is_empty());
    Client::new(sim.root_bytes(1), sim.files().clone(), ReadOnly(&store))
        .with_freshness(Freshness::offline())
        .trust_root(sim.day(1))
        .unwrap();
}

/// A store that must not be written, locked for writing, or cleared.
struct ReadOnly<'a>(&'a MemoryStore);

impl Store for ReadOnly<'_> {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.load(file, limit)
    }

    fn save(&self, file: &LocalFile, _: &[u8]) -> Result<(), StoreError> {
        panic!("{file:?} was written")
    }

    fn lock(&self) -> Result<Option<rootline_client::store::StoreLock>, StoreError> {
        panic!("it was locked for writing")
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        panic!("{file:?} was removed")
    }
}

// ---- a log or an authority that is not known yet

fn log(trust_root: &rootline_client::TrustRoot, url: &str) -> Option<String> {
    urls(trust_root).into_iter().find(|known| known == url)
}

#[test]
fn an_unknown_log_forces_one_refresh_and_then_none_for_a_while() {
    let (mut sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    let mut client = client(&sim, &server, &store, Freshness::MaxAge(TimeDelta::days(2)));
    let now = sim.day(1);
    let mut trust_root = client.trust_root(now).unwrap();
    sim.add_target("targets", "trusted_root.json", &trusting("https://two.example")).publish();
    server.serve(sim.files());
    server.take();

    let mut find = |client: &mut Client<_, _>, now: DateTime<Utc>, url: &str| {
        trust_root.refresh_on_miss(client, now, |trust_root| log(trust_root, url)).unwrap()
    };
    assert_eq!(find(&mut client, now, "https://one.example").as_deref(), Some("https://one.example"));
    assert_eq!(server.take(), 0, "it is known");
    assert_eq!(find(&mut client, now, "https://two.example").as_deref(), Some("https://two.example"));
    assert!(server.take() > 0, "it is new");
    let just_before = now + TrustRoot::MISS_PAUSE - TimeDelta::seconds(1);
    assert_eq!(find(&mut client, just_before, "https://unknown.example"), None);
    assert_eq!(server.take(), 0, "whoever presents unknown logs does not decide how often the repository is asked");
    assert_eq!(find(&mut client, now + TrustRoot::MISS_PAUSE, "https://unknown.example"), None);
    assert!(server.take() > 0);
}

#[test]
fn offline_an_unknown_log_stays_unknown() {
    let (sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    client(&sim, &server, &store, Freshness::Online).trust_root(sim.day(1)).unwrap();
    let mut client = client(&sim, &server, &store, Freshness::offline());
    let mut trust_root = client.trust_root(sim.day(1)).unwrap();
    server.take();
    let found = trust_root.refresh_on_miss(&mut client, sim.day(1), |trust_root| log(trust_root, "https://x.example"));
    assert_eq!((found.unwrap(), server.take()), (None, 0));
}

#[test]
fn a_forced_refresh_that_fails_leaves_the_trust_root_and_is_not_repeated_at_once() {
    let (sim, store) = (shipping(), MemoryStore::new());
    let server = Counted::of(sim.files());
    let mut client = client(&sim, &server, &store, Freshness::Online);
    let mut trust_root = client.trust_root(sim.day(1)).unwrap();
    server.serve(&Files::default());
    server.take();
    let mut find =
        || trust_root.refresh_on_miss(&mut client, sim.day(1), |trust_root| log(trust_root, "https://x.example"));
    assert!(matches!(find(), Err(Error::Refused(_))));
    assert!(server.take() > 0);
    assert_eq!((find().unwrap(), server.take()), (None, 0));
    assert_eq!(urls(&trust_root), ["https://one.example"]);
}

// ---- one trust root for all threads

#[test]
fn many_threads_share_one_refresh() {
    let sim = shipping();
    let server = Counted::of(sim.files());
    let alone = {
        Client::new(sim.root_bytes(1), &server, MemoryStore::new()).trust_root(sim.day(1)).unwrap();
        server.take()
    };
    let shared = SharedTrustRoot::new(Client::new(sim.root_bytes(1), &server, MemoryStore::new()), HOUR);
    let all_get = |now: DateTime<Utc>| {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| shared.get(now).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let all = all_get(sim.day(1));
    assert_eq!(server.take(), alone);
    assert!(all.iter().all(|trust_root| Arc::ptr_eq(trust_root, &all[0])));
    all_get(sim.day(1) + HOUR - TimeDelta::seconds(1));
    assert_eq!(server.take(), 0);
    all_get(sim.day(1) + HOUR);
    assert_eq!(server.take(), 2, "one refresh in which nothing has changed");
    let expired = shared.get(sim.day(400)).unwrap_err();
    assert!(expired.refusal().is_some());
}

/// A setting is kept: a client that works offline goes on doing so.
#[test]
fn a_shared_trust_root_of_an_offline_client_makes_no_request() {
    let sim = shipping();
    let store = Arc::new(MemoryStore::new());
    let server = Counted::of(sim.files());
    Client::new(sim.root_bytes(1), &server, &store).trust_root(sim.day(1)).unwrap();
    server.take();
    let grace = TimeDelta::days(30);
    // The timestamp expires on day 7, the snapshot and the targets later than the grace.
    for (freshness, good, past) in [
        (Freshness::offline(), sim.day(6), sim.day(7)),
        (Freshness::OfflineWithGrace(grace), sim.day(36), sim.day(37)),
        (Freshness::OfflineAsOf(sim.day(1)), sim.day(400), sim.day(4000)),
    ] {
        let client = || Client::new(sim.root_bytes(1), &server, Arc::clone(&store)).with_freshness(freshness);
        let shared = SharedTrustRoot::new(client(), HOUR);
        let first = shared.get(good).unwrap();
        assert!(Arc::ptr_eq(&first, &shared.get(good + HOUR - TimeDelta::seconds(1)).unwrap()));
        assert!(!Arc::ptr_eq(&first, &shared.get(good + HOUR).unwrap()), "the cache is read again");
        assert!(shared.find(good, |trust_root| log(trust_root, "https://unknown.example")).unwrap().is_none());
        assert_eq!(shared.get(past).is_ok(), freshness == Freshness::OfflineAsOf(sim.day(1)), "{freshness:?}");
        assert_eq!(server.take(), 0, "{freshness:?}");
        let client = Client::new(sim.root_bytes(1), Counted::of(sim.files()), Arc::clone(&store));
        let shared = SharedTrustRootAsync::new(client.with_freshness(freshness), HOUR);
        let first = futures_util::FutureExt::now_or_never(shared.get(good)).unwrap().unwrap();
        let again = futures_util::FutureExt::now_or_never(shared.get(good)).unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &again));
    }
}

#[test]
fn many_threads_that_miss_the_same_log_force_one_refresh() {
    let mut sim = shipping();
    let server = Counted::of(sim.files());
    let shared = SharedTrustRoot::new(Client::new(sim.root_bytes(1), &server, MemoryStore::new()), HOUR);
    shared.get(sim.day(1)).unwrap();
    sim.add_target("targets", "trusted_root.json", &trusting("https://two.example")).publish();
    server.serve(sim.files());
    server.take();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let found = shared.find(sim.day(1), |trust_root| log(trust_root, "https://two.example"));
                assert!(found.unwrap().is_some());
            });
        }
    });
    assert_eq!(server.take(), 5, "one refresh: root, timestamp, snapshot, targets, target");
    assert!(shared.find(sim.day(1), |trust_root| log(trust_root, "https://x.example")).unwrap().is_none());
    assert_eq!(server.take(), 0);
}

#[test]
fn a_bundle_s_trust_root_is_that_of_the_repository_and_as_fresh_as_the_bundle() {
    let sim = shipping();
    let (pinned, now, limits) = (sim.root_bytes(1), sim.day(1), rootline_client::Limits::default());
    let nothing = MemoryStore::new();
    let wanted = TrustRoot::queries();
    let contents = Contents::of_repository(&pinned, &nothing, sim.files(), now, &wanted, &limits).unwrap();
    let bundle = Bundle::of(contents, "acme");
    let trust_root = bundle.trust_root().unwrap();
    assert_eq!(urls(&trust_root), ["https://one.example"]);
    assert_eq!(trust_root.freshness(), &bundle.freshness());
    assert_eq!(trust_root.freshness().checked_at, Some(now));
}

#[test]
fn asynchronous_callers_share_one_refresh() {
    let sim = shipping();
    let distant = Distant::new(sim.files().clone());
    let client = Client::new(sim.root_bytes(1), &distant, MemoryStore::new());
    let shared = SharedTrustRootAsync::new(client, HOUR);
    let now = sim.day(1);
    distant.block_on(async {
        let all = futures_util::future::join_all((0..16).map(|_| shared.get(now))).await;
        assert!(all.into_iter().all(|trust_root| urls(&trust_root.unwrap()) == ["https://one.example"]));
        let requests = distant.asked().len();
        let found = shared.find(now, |trust_root| log(trust_root, "https://x.example")).await.unwrap();
        assert!(found.is_none());
        assert_eq!(distant.asked().len(), requests + 1, "one round trip to look again");
        shared.find(now, |trust_root| log(trust_root, "https://x.example")).await.unwrap();
        assert_eq!(distant.asked().len(), requests + 1);
    });
}
