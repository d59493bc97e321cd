//! A transport, a store and an executor of one's own, with nothing but what the client library shows to everybody.
//!
//! usage: outside FOLDER INSTANT     the repository is in `metadata` and `targets` below FOLDER, which is also where it writes

mod chains;
mod executor;
mod repository;
mod table;

use std::cell::Cell;
use std::env;
use std::error::Error;
use std::path::PathBuf;

use rootline_client::chrono::{DateTime, Utc};
use rootline_client::metadata::{Role, parse_instant};
use rootline_client::store::Store;
use rootline_client::{Client, Freshness, Instance, Limits, Location, Persistence};

use executor::{run, turn};
use repository::Published;
use table::Table;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, instant] = &arguments[..] else { return Err("usage: outside FOLDER INSTANT".into()) };
    let folder = PathBuf::from(folder);
    let now = parse_instant(instant).ok_or("INSTANT is not as in RFC 3339")?;
    let published = Published::read(&folder)?;

    one_s_own_transport_and_store(&published, now)?;
    other_tasks_go_on(&published, now)?;
    chains::say_each_thing_once(&folder, &published, now)
}

/// The client of `published` that keeps its files in `table`.
fn client(published: &Published, table: &Table) -> Result<Client<Published, Table>, rootline_client::Error> {
    let instance = Instance::new("acme", Location::at("https://tuf.example"), published.pinned_root());
    Client::builder(instance)
        .transport(published.clone())
        .store(table.clone())
        .limits(Limits::default().with_target(1 << 20))
        .persistence(Persistence::Required)
        .build()
}

/// The blocking client fetches with the one and stores in the other, and needs no request for what it has stored.
fn one_s_own_transport_and_store(published: &Published, now: DateTime<Utc>) -> Result<(), Box<dyn Error>> {
    let table = Table::new();
    let trust_root = client(published, &table)?.trust_root(now)?;
    let logs = trust_root.at(now).transparency_logs().count();
    println!("fetched and stored: timestamp {}, {logs} log", trust_root.metadata().timestamp().version());

    let requests = published.requests();
    let offline = client(published, &table)?.with_freshness(Freshness::offline()).trust_root(now)?;
    assert_eq!(published.requests(), requests, "no request is made offline");
    println!("from the store alone: fresh until {}", offline.expiry());
    Ok(())
}

/// How many turns the other task takes while the refresh waits.
const TURNS: u32 = 1000;

/// One thread runs two tasks. One refreshes, and has to wait for the store's lock; the other one holds that, and gives it back only after it has
/// taken all its turns. So the refresh ends only if it leaves the thread to the other task while it waits.
fn other_tasks_go_on(published: &Published, now: DateTime<Utc>) -> Result<(), Box<dyn Error>> {
    let table = Table::new();
    let lock = table.lock()?;
    let mut client = client(published, &table)?;
    let (mut refreshed, has_ended, turns) = (None, Cell::new(false), Cell::new(0));
    run([
        Box::pin(async {
            refreshed = Some(client.refresh_async(now).await);
            has_ended.set(true);
        }),
        Box::pin(async {
            while table.waiting() == 0 && !has_ended.get() {
                turn().await;
            }
            while turns.get() < TURNS && !has_ended.get() {
                turns.set(turns.get() + 1);
                turn().await;
            }
            drop(lock);
        }),
    ]);
    let trusted = refreshed.ok_or("the refresh has not ended")??;
    println!("{} turns of another task while the lock was held", turns.get());
    println!("refreshed once it was given back: timestamp {}", trusted.timestamp().version());
    Ok(())
}
