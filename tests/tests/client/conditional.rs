//! Servers that are asked whether a file is still the one we have, and tell the truth or not.

use std::sync::Mutex;

use rootline_client::store::{MemoryStore, Store};
use rootline_client::transport::{Fetched, Request, Transport, TransportError};
use rootline_client::workflow::Check;
use rootline_client::{Client, Prefetch};
use rootline_metadata::{Role as _, hex, sha256};
use rootline_tests::simulator::{Files, Role, Simulator};

/// A server with entity tags. It notes of each request whether it was asked with a tag.
struct Tagging<'a> {
    files: &'a Files,
    /// Whether it calls everything unchanged that it is asked for with a tag.
    lies: bool,
    asked: Mutex<Vec<(String, bool)>>,
}

impl<'a> Tagging<'a> {
    fn new(files: &'a Files) -> Tagging<'a> {
        Tagging { files, lies: false, asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<(String, bool)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Transport for Tagging<'_> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        Transport::fetch(self.files, request)
    }

    fn fetch_unless(&self, request: &Request, etag: Option<&str>) -> Result<Fetched, TransportError> {
        self.asked.lock().unwrap().push((request.name(), etag.is_some()));
        let bytes = self.fetch(request)?;
        let own = hex::encode(&sha256(&bytes));
        match etag {
            Some(etag) if etag == own || self.lies => Ok(Fetched::Unchanged),
            _ => Ok(Fetched::New { bytes, etag: Some(own) }),
        }
    }
}

fn refresh(sim: &Simulator, server: &Tagging<'_>, store: &MemoryStore, day: i64) -> Result<u64, Check> {
    let mut client = Client::new(sim.root_bytes(1), server, store).with_prefetch(Prefetch::Off).recording_checks();
    let trusted = client.refresh(sim.day(day));
    trusted
        .map(|trusted| trusted.timestamp().version().number())
        .map_err(|error| error.refusal().expect("a refusal").check)
}

const ROOT_AND_TIMESTAMP: [(&str, bool); 2] = [("2.root.json", false), ("timestamp.json", true)];

fn shown(asked: &[(String, bool)]) -> Vec<(&str, bool)> {
    asked.iter().map(|(name, tagged)| (name.as_str(), *tagged)).collect()
}

#[test]
fn a_timestamp_that_is_still_the_same_is_not_sent_again() {
    let (sim, store) = (Simulator::default(), MemoryStore::new());
    let server = Tagging::new(sim.files());
    assert_eq!(refresh(&sim, &server, &store, 1), Ok(1));
    assert!(server.asked().iter().all(|(_, tagged)| !tagged), "nothing is known at first");
    for _ in 0..2 {
        assert_eq!(refresh(&sim, &server, &store, 1), Ok(1));
        assert_eq!(shown(&server.asked()), ROOT_AND_TIMESTAMP);
    }
}

#[test]
fn a_new_timestamp_is_sent_and_its_tag_is_the_one_to_ask_with() {
    let (mut sim, store) = (Simulator::default(), MemoryStore::new());
    refresh(&sim, &Tagging::new(sim.files()), &store, 1).unwrap();
    sim.publish();
    let server = Tagging::new(sim.files());
    assert_eq!(refresh(&sim, &server, &store, 1), Ok(2));
    server.asked();
    assert_eq!(refresh(&sim, &server, &store, 1), Ok(2));
    assert_eq!(shown(&server.asked()), ROOT_AND_TIMESTAMP);
}

/// 5.4.4: whoever holds back new timestamps by calling the old one unchanged gets no further than its expiry.
#[test]
fn what_is_called_unchanged_expires_all_the_same() {
    let (mut sim, store) = (Simulator::default(), MemoryStore::new());
    refresh(&sim, &Tagging::new(sim.files()), &store, 1).unwrap();
    sim.timestamp.expires = sim.day(30);
    sim.publish();
    let lying = Tagging { lies: true, ..Tagging::new(sim.files()) };
    assert_eq!(refresh(&sim, &lying, &store, 1), Ok(1), "for now it is fresh");
    lying.asked();
    // From its expiry on it is asked for plainly, and a server that has a newer one sends it.
    assert_eq!(refresh(&sim, &lying, &store, 8), Ok(2));
    assert_eq!(
        shown(&lying.asked())[..4],
        [("2.root.json", false), ("timestamp.json", true), ("2.root.json", false), ("timestamp.json", false)]
    );
    let frozen = Simulator::default();
    let store = MemoryStore::new();
    refresh(&frozen, &Tagging::new(frozen.files()), &store, 1).unwrap();
    assert_eq!(refresh(&frozen, &Tagging::new(frozen.files()), &store, 8), Err(Check::TimestampExpiry));
}

/// A cache on the way calls the old timestamp unchanged although a new root has taken its key away.
#[test]
fn a_server_that_is_wrong_about_what_is_unchanged_is_asked_plainly() {
    let (mut sim, store) = (Simulator::default(), MemoryStore::new());
    refresh(&sim, &Tagging::new(sim.files()), &store, 1).unwrap();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root().publish();
    let lying = Tagging { lies: true, ..Tagging::new(sim.files()) };
    assert_eq!(refresh(&sim, &lying, &store, 1), Ok(2));
}

/// The tag belongs to the bytes that were served; a local timestamp that is another one is not asked about.
#[test]
fn a_local_timestamp_that_was_changed_is_fetched_again() {
    let (sim, store) = (Simulator::default(), MemoryStore::new());
    let server = Tagging::new(sim.files());
    refresh(&sim, &server, &store, 1).unwrap();
    server.asked();
    store.save(&rootline_client::store::LocalFile::Timestamp, b"something else").unwrap();
    assert_eq!(refresh(&sim, &server, &store, 1), Ok(1));
    assert!(server.asked().iter().all(|(_, tagged)| !tagged));
}
