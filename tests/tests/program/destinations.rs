//! `rootline mirror --to`: a repository is put into buckets that behave, and into some that do not.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;
use rootline_tests::servers::bucket_server::{BUCKET, BucketServer, Fault, SECRET};
use rootline_tests::simulator::Simulator;

/// The places of the bucket, one for each protocol that the server speaks.
const PLACES: [&str; 2] = ["s3://bucket/tuf", "gs://bucket/tuf"];

fn mirror(fixture: &ClientFixture, server: &BucketServer, arguments: &[&str]) -> Command {
    let mut program = fixture.command_without_cache(&["mirror"], DAY_1);
    program.arg(fixture.path("mirror")).args(arguments);
    program.envs(server.environment());
    program
}

#[track_caller]
fn run(fixture: &ClientFixture, server: &BucketServer, arguments: &[&str]) -> Output {
    let output = Output::of(&mut mirror(fixture, server, arguments));
    assert!(!output.stdout.contains(SECRET) && !output.stderr.contains(SECRET), "{output:?}");
    output
}

fn publish_again(fixture: &ClientFixture, times: usize) {
    let mut sim = Simulator::default();
    sim.publish_root();
    for _ in 0..times {
        sim.publish();
    }
    sim.files().write_to(&fixture.path("")).unwrap();
}

fn timestamp(server: &BucketServer) -> Option<Vec<u8>> {
    server.files().get("tuf/timestamp.json").map(|file| file.bytes.clone())
}

#[test]
fn a_bucket_gets_all_that_the_folder_has_with_what_caches_may_do_with_it() {
    for place in PLACES {
        let (fixture, server) = (ClientFixture::new(), BucketServer::new());
        let planned = run(&fixture, &server, &["--to", place, "--dry-run", "--json"]).succeeds();
        assert!(server.files().is_empty() && server.written().is_empty(), "a dry run writes nothing");
        let planned = planned.json();
        let done = run(&fixture, &server, &["--to", place, "--json"]).succeeds().json();
        assert_eq!(done["destination"]["written"], planned["destination"]["written"]);
        assert_eq!(
            (&planned["destination"]["dry_run"], &done["destination"]["dry_run"]),
            (&true.into(), &false.into())
        );
        let names: Vec<&str> =
            done["destination"]["written"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(names[0].starts_with("targets/"), "{names:?}");
        assert_eq!(names.last(), Some(&"timestamp.json"));
        let files = server.files();
        assert_eq!(files.len(), names.len(), "and the probe has left nothing: {files:?}");
        for name in names {
            let stored = &files[&format!("tuf/{name}")];
            assert_eq!(stored.bytes, fs::read(fixture.path("mirror").join(name)).unwrap(), "{name}");
            let caching = if name == "timestamp.json" { "no-store" } else { "public, max-age=31536000, immutable" };
            assert_eq!(stored.headers["cache-control"], caching, "{name}");
            let is_json = name.ends_with(".json");
            assert_eq!(stored.headers["content-type"] == "application/json", is_json, "{name}");
        }
        // Nothing to be done, and the state is told all the same.
        let again = run(&fixture, &server, &["--to", place, "--json"]).json();
        assert_eq!(again["destination"]["written"], serde_json::json!([]));
        assert_eq!(again["destination"]["timestamp"], done["destination"]["timestamp"]);
        // The next publication replaces one file and adds the rest.
        publish_again(&fixture, 2);
        run(&fixture, &server, &["--to", place, "--timestamp-lifetime", "60s"]).succeeds();
        let replaced = &server.files()["tuf/timestamp.json"];
        assert_eq!(replaced.bytes, fs::read(fixture.path("mirror/timestamp.json")).unwrap());
        assert_eq!(replaced.headers["cache-control"], "public, max-age=60");
    }
}

#[test]
fn a_bucket_never_goes_back_and_never_takes_another_repository() {
    let (fixture, server) = (ClientFixture::new(), BucketServer::new());
    let upload = || run(&fixture, &server, &["--to", PLACES[0]]);
    upload().succeeds();
    let own = timestamp(&server).unwrap();
    let text = String::from_utf8(own.clone()).unwrap();
    for (other, complaint) in [
        (
            text.replace("\"version\": 2,\n  \"expires\"", "\"version\": 9,\n  \"expires\""),
            "timestamp 9 is there, and the mirror has timestamp 2",
        ),
        (format!("{text} "), "another timestamp 2 is there than the mirror's"),
        ("nonsense".to_owned(), "timestamp.json is there and is not a timestamp"),
    ] {
        assert_ne!(other, text);
        server.put("tuf/timestamp.json", other.as_bytes());
        let refused = upload();
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.stderr.contains(complaint), "{refused:?}");
        assert_eq!(timestamp(&server).unwrap(), other.as_bytes());
    }
    server.put("tuf/timestamp.json", &own);
    upload().succeeds();
    server.put("tuf/9.root.json", b"{}");
    let refused = upload();
    assert!(refused.status == 1 && refused.stderr.contains("root 9 is there"), "{refused:?}");
}

#[test]
fn a_file_that_never_changes_and_is_another_one_there_stops_all() {
    let (fixture, server) = (ClientFixture::new(), BucketServer::new());
    server.put("tuf/2.snapshot.json", b"{}");
    let refused = run(&fixture, &server, &["--to", PLACES[0]]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("s3://bucket/tuf: 2.snapshot.json is there with other content"), "{refused:?}");
    assert_eq!(server.files().len(), 1);
}

#[test]
fn a_store_that_is_overloaded_is_asked_again_and_one_that_stays_so_is_told_of() {
    for (place, status) in PLACES.into_iter().zip([503, 429]) {
        let (fixture, server) = (ClientFixture::new(), BucketServer::new());
        server.set_fault(Fault::Fails(status, 2));
        run(&fixture, &server, &["--to", place]).succeeds();
        server.set_fault(Fault::Fails(status, usize::MAX));
        let failed = run(&fixture, &server, &["--to", place, "--dry-run"]);
        assert_eq!(failed.status, 3, "{failed:?}");
        let told = format!("{place}: listing: it answered {status} (SlowDown)");
        assert!(failed.stderr.contains(&told) && failed.stderr.contains("nothing is half done"), "{failed:?}");
    }
}

#[test]
fn a_write_whose_answer_is_lost_is_found_to_be_done() {
    for place in PLACES {
        let (fixture, server) = (ClientFixture::new(), BucketServer::new());
        run(&fixture, &server, &["--to", place]).succeeds();
        // The probe's first write, immutable files, and timestamp.json, which is the last.
        for (version, before) in [(2, 0), (3, 1), (4, 2), (5, 3)] {
            publish_again(&fixture, version);
            server.set_fault(Fault::LosesAnswer(before));
            run(&fixture, &server, &["--to", place]).succeeds();
            assert_eq!(server.fault(), Fault::None, "an answer was lost");
            let own = fs::read(fixture.path("mirror/timestamp.json")).unwrap();
            assert_eq!(timestamp(&server), Some(own), "{before}");
        }
        let there = server.files();
        assert!(there.keys().all(|name| !name.contains("probe")), "{there:?}");
    }
}

#[test]
fn a_bucket_that_ignores_conditions_is_found_out_and_told_of() {
    for place in PLACES {
        let (fixture, server) = (ClientFixture::new(), BucketServer::new());
        server.set_fault(Fault::IgnoresConditions);
        let output = run(&fixture, &server, &["--to", place]);
        assert_eq!(output.status, 0, "{output:?}");
        assert!(output.stderr.contains(&format!("{place} ignores conditional writes")), "{output:?}");
        assert!(server.files().keys().all(|name| !name.contains("probe")));
        server.set_fault(Fault::None);
        let output = run(&fixture, &server, &["--to", place]);
        assert!(!output.stderr.contains("conditional"), "{output:?}");
    }
}

#[test]
fn whose_turn_it_is_is_told_where_access_is_refused() {
    for place in PLACES {
        let (fixture, server) = (ClientFixture::new(), BucketServer::new());
        server.set_fault(Fault::Forbids);
        let refused = run(&fixture, &server, &["--to", place]);
        assert_eq!(refused.status, 1);
        assert!(refused.stderr.contains("it answered 403 (AccessDenied)"), "{refused:?}");
        assert!(refused.stderr.contains("the right to list, read and write"), "{refused:?}");
        assert!(!fixture.path("mirror").exists(), "nothing is mirrored before");
    }
}

#[test]
fn what_is_no_destination_is_refused_and_makes_no_folder() {
    let (fixture, server) = (ClientFixture::new(), BucketServer::new());
    for to in ["https://tuf.example", "s3:bucket", "oci://host/repository"] {
        let refused = run(&fixture, &server, &["--to", to]);
        assert!(refused.status == 1 && refused.stderr.contains("is not a kind of destination"), "{refused:?}");
    }
    let secret = run(&fixture, &server, &["--to", &format!("s3://key:{SECRET}@{BUCKET}/tuf")]);
    assert_eq!(secret.status, 1);
    assert!(!fixture.path("mirror").exists());
}

#[test]
fn a_folder_is_a_destination_that_a_client_can_read() {
    let (fixture, server) = (ClientFixture::new(), BucketServer::new());
    let public = fixture.path("public");
    let to = format!("folder:{}", public.display());
    run(&fixture, &server, &["--to", &to]).succeeds();
    let mut update = Command::new(rootline_tests::binaries::rootline());
    update.env_remove("ROOTLINE_INSTANCE").args(["update", "--at", DAY_1, "--url"]).arg(&public);
    update.arg("--cache").arg(fixture.path("cache")).arg("--root").arg(fixture.path("metadata/1.root.json"));
    Output::of(&mut update).succeeds();
}

#[test]
fn a_store_that_never_answers_is_given_up() {
    for place in PLACES {
        let (fixture, server) = (ClientFixture::new(), BucketServer::new());
        server.set_fault(Fault::Stalls);
        let began = Instant::now();
        let failed = run(&fixture, &server, &["--to", place, "--dry-run", "--request-timeout", "1s"]);
        assert_eq!(failed.status, 3, "{failed:?}");
        assert!(failed.stderr.contains(&format!("{place}: listing: it did not answer in time")), "{failed:?}");
        // Three times the limit, with pauses and whatever else this machine does meanwhile.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}

#[test]
fn credentials_that_are_missing_are_named_at_once_and_asked_of_no_service() {
    let (fixture, server) = (ClientFixture::new(), BucketServer::new());
    for (left_out, complaint) in [
        (&["AWS_SECRET_ACCESS_KEY"][..], "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"),
        (
            &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
            "no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
        ),
    ] {
        let mut command = mirror(&fixture, &server, &["--to", PLACES[0]]);
        for name in left_out {
            command.env_remove(name);
        }
        let refused = Output::of(&mut command);
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.stderr.contains(&format!("{}: {complaint}", PLACES[0])), "{refused:?}");
        assert!(!fixture.path("mirror").exists(), "nothing is mirrored before");
    }
    // A service that is named is asked: here the bucket's own server, which is none.
    let mut command = mirror(&fixture, &server, &["--to", PLACES[0], "--request-timeout", "1s"]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let asked = Output::of(command.env("AWS_METADATA_ENDPOINT", server.url()));
    assert!(asked.status != 0 && !asked.stderr.contains("no credentials"), "{asked:?}");
    assert!(server.targets().iter().any(|target| target.contains("latest")), "{:?}", server.targets());
}
