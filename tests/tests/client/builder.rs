//! A client put together part by part.

use std::fs;

use rootline_client::bundle::{Bundle, Contents};
use rootline_client::store::{LocalFile, MemoryStore, Store};
use rootline_client::{Client, Error, Instance, Limits, Note, Persistence, TrustRoot};
use rootline_tests::simulator::Simulator;

fn instance(sim: &Simulator) -> Instance {
    Instance::at("https://tuf.example", sim.root_bytes(1))
}

#[test]
fn a_cache_folder_of_one_s_own_holds_the_caches_of_instances() {
    let sim = Simulator::default();
    let folder = tempfile::tempdir().unwrap();
    let build = || {
        let builder = Client::builder(instance(&sim)).cache_folder(folder.path()).persistence(Persistence::Required);
        builder.transport(sim.files().clone()).build().unwrap()
    };
    let trusted = build().refresh(sim.day(1)).unwrap();
    let client = build();
    assert_eq!(client.store().folder(), Some(&*folder.path().join(instance(&sim).cache_name())));
    let stored = client.store().load(&LocalFile::Timestamp, u64::MAX).unwrap();
    assert_eq!(stored.as_deref(), Some(trusted.timestamp().bytes()));
}

/// Where a file is in the folder's place: a failure if the cache has to be there, and else a note.
#[test]
fn a_cache_that_cannot_be_written_is_a_failure_only_where_it_is_required() {
    let sim = Simulator::default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let build = |persistence| {
        let builder = Client::builder(instance(&sim)).cache_folder(&file).persistence(persistence);
        builder.transport(sim.files().clone()).build()
    };
    assert!(matches!(build(Persistence::Required), Err(Error::Store(_))));
    let mut client = build(Persistence::BestEffort).unwrap();
    client.refresh(sim.day(1)).unwrap();
    assert!(matches!(&client.take_notes()[..], [Note::NotPersisted(_)]));
}

#[test]
fn limits_apply_to_a_store_and_a_transport_of_one_s_own() {
    let sim = Simulator::default();
    let build = |timestamp| {
        let builder = Client::builder(instance(&sim)).transport(sim.files().clone()).store(MemoryStore::new());
        builder.limits(Limits::default().with_timestamp(timestamp)).build().unwrap()
    };
    let length = sim.files().metadata("timestamp.json").unwrap().len() as u64;
    build(length).refresh(sim.day(1)).unwrap();
    assert!(matches!(build(length - 1).refresh(sim.day(1)), Err(Error::Transport(_))));
}

#[test]
fn a_bundle_without_a_trust_root_says_so() {
    let sim = Simulator::default();
    let (pinned, limits) = (sim.root_bytes(1), Limits::default());
    let nothing = MemoryStore::new();
    let contents =
        Contents::of_repository(&pinned, &nothing, sim.files(), sim.day(1), &TrustRoot::queries_if_listed(), &limits)
            .unwrap();
    let refused = Bundle::of(contents, "acme").trust_root().unwrap_err();
    assert_eq!(refused.to_string(), "the repository has no target trusted_root.json");
}
