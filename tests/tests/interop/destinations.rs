//! Repositories in buckets of servers that are not ours: moto's S3 and Azurite's blobs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1, TRUSTED_ROOT};
use rootline_tests::fixtures::output::Output;
use rootline_tests::servers::azurite::{ACCOUNT, Azurite, KEY};
use rootline_tests::servers::moto::Moto;
use rootline_tests::servers::plain_http::Answer;
use rootline_tests::servers::scripted_server::{Received, Reply, ScriptedServer};
use rootline_tests::simulator::Simulator;

/// A store, with a bucket that everybody may read.
enum Store {
    S3(Moto),
    Azure(Azurite),
}

impl Store {
    fn all() -> Option<[Store; 2]> {
        let (moto, azurite) = (Moto::start()?, Azurite::start()?);
        moto.create_bucket("bucket");
        azurite.create_container("bucket");
        Some([Store::S3(moto), Store::Azure(azurite)])
    }

    fn place(&self) -> &'static str {
        match self {
            Store::S3(_) => "s3://bucket/tuf",
            Store::Azure(_) => "az://bucket/tuf",
        }
    }

    /// The path of the repository in its public URL.
    fn path(&self) -> String {
        match self {
            Store::S3(_) => "/bucket/tuf".to_owned(),
            Store::Azure(_) => format!("/{ACCOUNT}/bucket/tuf"),
        }
    }

    fn public_url(&self) -> String {
        let url = match self {
            Store::S3(moto) => moto.url(),
            Store::Azure(azurite) => azurite.url(),
        };
        url + &self.path()
    }

    fn get(&self, name: &str) -> Answer {
        let target = format!("{}/{}", self.path(), name.replace(' ', "%20"));
        match self {
            Store::S3(moto) => moto.get(&target),
            Store::Azure(azurite) => azurite.get(&target),
        }
    }

    fn give_to(&self, command: &mut Command) {
        match self {
            Store::S3(moto) => give_s3(command, &moto.url()),
            Store::Azure(azurite) => {
                command.env("AZURE_STORAGE_USE_EMULATOR", "true").env("AZURITE_BLOB_STORAGE_URL", azurite.url());
                command.env("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT).env("AZURE_STORAGE_ACCOUNT_KEY", KEY);
            }
        }
    }
}

fn give_s3(command: &mut Command, url: &str) {
    command.env("AWS_ENDPOINT_URL", url).env("AWS_ALLOW_HTTP", "true");
    command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7ROOTLIN").env("AWS_SECRET_ACCESS_KEY", "hunter2");
}

/// A target that goes in parts: not a multiple of their length.
fn long_target() -> Vec<u8> {
    (0..(20 << 20) + 12_345_u32).map(|position| (position.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// The publication with this number, counted from the first; the same each time.
fn publish(fixture: &ClientFixture, number: usize, long: &[u8]) {
    let mut sim = Simulator::default();
    sim.add_target("targets", "trusted_root.json", TRUSTED_ROOT.as_bytes());
    if !long.is_empty() {
        sim.add_target("targets", "long.bin", long);
    }
    for _ in 0..number {
        sim.publish();
    }
    sim.files().write_to(&fixture.path("")).unwrap();
}

/// `rootline mirror --to`, with a folder of that name.
fn upload(fixture: &ClientFixture, folder: &str, place: &str) -> Command {
    let mut command = fixture.command_without_cache(&["mirror"], DAY_1);
    command.arg(fixture.path(folder)).args(["--to", place, "--json"]);
    command
}

/// Our client reads the repository by its public URL.
#[track_caller]
fn follow(fixture: &ClientFixture, url: &str) -> Output {
    let mut update = Command::new(rootline());
    update.env_remove("ROOTLINE_INSTANCE").args(["update", "--at", DAY_1, "--url", url]);
    update.arg("--cache").arg(fixture.path("cache")).arg("--root").arg(fixture.path("metadata/1.root.json"));
    Output::of(&mut update)
}

fn written(output: &Output) -> Vec<String> {
    serde_json::from_value(output.json()["destination"]["written"].clone()).unwrap()
}

#[test]
fn buckets_of_foreign_servers_get_a_repository_and_its_updates_and_clients_follow_it() {
    let Some(stores) = Store::all() else { return };
    let long = long_target();
    for store in stores {
        let fixture = ClientFixture::new();
        let run = || {
            let mut command = upload(&fixture, "mirror", store.place());
            store.give_to(&mut command);
            Output::of(&mut command)
        };
        publish(&fixture, 1, &long);
        let first = run().succeeds();
        assert!(!first.stderr.contains("conditional"), "it keeps conditions: {first:?}");
        let names = written(&first);
        assert_eq!(names.last().map(String::as_str), Some("timestamp.json"));
        assert!(names.iter().any(|name| name.ends_with(".long.bin")), "{names:?}");
        for name in &names {
            let public = store.get(name);
            let own = fs::read(fixture.path("mirror").join(name)).unwrap();
            assert!(public.status == 200 && public.body == own, "{name}: {}", public.status);
            let caching = if name == "timestamp.json" { "no-store" } else { "public, max-age=31536000, immutable" };
            assert_eq!(public.headers["cache-control"], caching, "{name}");
            let kind = if name.ends_with(".json") { "application/json" } else { "application/octet-stream" };
            assert_eq!(public.headers["content-type"], kind, "{name}");
        }
        assert_eq!(written(&run().succeeds()), [""; 0], "nothing is left to be done");
        follow(&fixture, &store.public_url()).succeeds();

        publish(&fixture, 2, &long);
        let updated = written(&run().succeeds());
        assert!(updated.len() >= 2 && updated.len() < names.len(), "{updated:?}");
        let replaced = store.get("timestamp.json").body;
        assert_eq!(replaced, fs::read(fixture.path("mirror/timestamp.json")).unwrap());
        follow(&fixture, &store.public_url()).succeeds();

        // An older publication does not take the place of a newer one.
        publish(&fixture, 1, &long);
        let mut command = upload(&fixture, "older", store.place());
        store.give_to(&mut command);
        let refused = Output::of(&mut command);
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.stderr.contains("timestamp 3 is there, and the mirror has timestamp 2"), "{refused:?}");
        assert_eq!(store.get("timestamp.json").body, replaced);
    }
}

#[test]
fn a_bucket_of_a_foreign_server_with_another_file_is_refused_before_the_first_write() {
    let Some(moto) = Moto::start() else { return };
    moto.create_bucket("bucket");
    let fixture = ClientFixture::new();
    moto.put("/bucket/tuf/2.snapshot.json", b"{}");
    let mut command = upload(&fixture, "mirror", "s3://bucket/tuf");
    give_s3(&mut command, &moto.url());
    let refused = Output::of(&mut command);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("s3://bucket/tuf: 2.snapshot.json is there with other content"), "{refused:?}");
    assert_eq!(moto.get("/bucket/tuf/timestamp.json").status, 404);
}

#[test]
fn a_bucket_that_a_foreign_server_does_not_have_is_named() {
    let Some([s3, azure]) = Store::all() else { return };
    for (store, place, code) in [(s3, "s3://none/tuf", "NoSuchBucket"), (azure, "az://none/tuf", "ContainerNotFound")] {
        let fixture = ClientFixture::new();
        let mut command = upload(&fixture, "mirror", place);
        store.give_to(&mut command);
        let refused = Output::of(&mut command);
        assert!(refused.status == 1 && refused.stderr.contains(code), "{refused:?}");
        assert!(refused.stderr.contains("create the bucket, or correct its name"), "{refused:?}");
    }
}

/// A proxy before a store that holds back the write of one file until it is let go.
struct Gate {
    server: ScriptedServer,
    arrived: Receiver<()>,
    go_on: Sender<()>,
}

impl Gate {
    fn before(moto: &'static Moto, name: &'static str) -> Gate {
        let (has_arrived, arrived) = channel();
        let (go_on, may_go_on) = channel();
        let gate = Mutex::new((has_arrived, may_go_on));
        let server = ScriptedServer::answering(move |request| {
            if request.method == "PUT" && request.target.ends_with(name) {
                let gate = gate.lock().unwrap();
                gate.0.send(()).unwrap();
                gate.1.recv().unwrap();
            }
            forward(moto, request)
        });
        Gate { server, arrived, go_on }
    }
}

fn forward(moto: &Moto, request: &Received) -> Reply {
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "connection"))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = moto.request(&request.method, &request.target, &headers, &request.body);
    let headers: Vec<(&str, &str)> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "connection"))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Reply::with_headers(answer.status, &headers, &answer.body)
}

#[test]
fn of_two_publishers_at_once_both_complete_the_same_and_one_is_refused_otherwise() {
    let Some(moto) = Moto::start() else { return };
    // The proxy's threads outlive no test, but their type does not say so.
    let moto: &'static Moto = Box::leak(Box::new(moto));
    // What the slow publisher is about to write when the quick one comes and completes.
    for (bucket, held, quick) in [
        ("same-entry", "timestamp.json", 2),
        ("same-content", "3.snapshot.json", 2),
        ("newer-entry", "timestamp.json", 3),
        ("newer-content", "3.snapshot.json", 3),
    ] {
        moto.create_bucket(bucket);
        let place = format!("s3://{bucket}/tuf");
        let fixture = ClientFixture::new();
        publish(&fixture, 1, b"");
        let direct = |folder: &str| {
            let mut command = upload(&fixture, folder, &place);
            give_s3(&mut command, &moto.url());
            Output::of(&mut command).succeeds()
        };
        direct("quick");
        publish(&fixture, 2, b"");
        let gate = Gate::before(moto, held);
        let mut command = upload(&fixture, "slow", &place);
        give_s3(&mut command, &gate.server.url());
        let slow = std::thread::spawn(move || Output::of(&mut command));
        gate.arrived.recv().unwrap();
        publish(&fixture, quick, b"");
        direct("quick");
        // A retry, if there is one, is not held back.
        gate.go_on.send(()).unwrap();
        drop(gate.go_on);
        let slow = slow.join().unwrap();
        if quick == 2 {
            assert_eq!(slow.status, 0, "{bucket}: {slow:?}");
        } else {
            assert_eq!(slow.status, 1, "{bucket}: {slow:?}");
            assert!(slow.stderr.contains("timestamp.json was written by somebody else meanwhile"), "{slow:?}");
        }
        let there = moto.get(&format!("/{bucket}/tuf/timestamp.json")).body;
        let own: PathBuf = fixture.path("quick/timestamp.json");
        assert_eq!(there, fs::read(own).unwrap(), "{bucket}: the quick one's publication is complete");
        follow(&fixture, &format!("{}/{bucket}/tuf", moto.url())).succeeds();
    }
}
