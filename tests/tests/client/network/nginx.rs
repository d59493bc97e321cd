//! nginx as a mirror, well set up and badly.

use std::time::Duration;

use rootline_client::store::MemoryStore;
use rootline_client::transport::{HttpSettings, Request, Transport, TransportError};
use rootline_client::workflow::TargetQuery;
use rootline_client::{Error, Note};
use rootline_tests::servers::nginx::{Nginx, Served};
use rootline_tests::servers::scripted_server::LoopbackCertificate;
use rootline_tests::simulator::Simulator;
use rootline_tests::verifier::target_path;
use tempfile::TempDir;

use super::{client, repository, settings, trusting};

fn published() -> (Simulator, TempDir) {
    let mut sim = Simulator::default();
    sim.add_target("targets", "a.txt", &[b'a'; 50_000]);
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    sim.files().write_to(folder.path()).unwrap();
    (sim, folder)
}

fn with(lines: &str) -> Option<(Simulator, TempDir, Nginx)> {
    let (sim, folder) = published();
    let nginx = Nginx::serving(folder.path(), None, lines)?;
    Some((sim, folder, nginx))
}

fn refresh(sim: &Simulator, url: &str, settings: HttpSettings, store: &MemoryStore) -> (Result<(), Error>, Vec<Note>) {
    let mut client = client(sim.root_bytes(1), url, settings, store);
    let refreshed = client.refresh(sim.day(1)).map(|_| ());
    (refreshed, client.take_notes())
}

fn failing(lines: &str, settings: HttpSettings) -> Option<(TransportError, Vec<Served>)> {
    let (sim, _folder, nginx) = with(lines)?;
    let (refreshed, _) = refresh(&sim, &nginx.url(), settings, &MemoryStore::new());
    let Err(Error::Transport(error)) = refreshed else { panic!("{refreshed:?}") };
    Some((error, nginx.into_log()))
}

fn asked_for(log: &[Served], path: &str) -> usize {
    log.iter().filter(|served| served.path == path).count()
}

#[test]
fn an_update_over_http_2_and_a_private_authority_takes_one_connection() {
    let (sim, folder) = published();
    let certificate = LoopbackCertificate::new().unwrap();
    let Some(nginx) = Nginx::serving(folder.path(), Some(&certificate), "") else { return };
    let (_ca, trusting) = trusting(&certificate.authority);
    let store = MemoryStore::new();
    let mut with_ca = client(sim.root_bytes(1), &nginx.url(), trusting, &store);
    let wanted = [TargetQuery::required(target_path("a.txt"))];
    let updated = with_ca.update(sim.day(1), &wanted).unwrap();
    assert_eq!(updated.targets[0].1.len(), 50_000);
    drop(with_ca);

    let (refused, _) = refresh(&sim, &nginx.url(), settings(), &MemoryStore::new());
    let Err(Error::Transport(refused @ TransportError::Untrusted { .. })) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.hint(), Some(rootline_client::Hint::TrustAuthority));

    let log = nginx.into_log();
    assert!(log.len() > 5, "{log:?}");
    assert!(
        log.iter().all(|served| served.protocol == "HTTP/2.0" && served.connection == log[0].connection),
        "{log:?}"
    );
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let Some((sim, _folder, nginx)) = with("") else { return };
    let store = MemoryStore::new();
    for _ in 0..2 {
        refresh(&sim, &nginx.url(), settings(), &store).0.unwrap();
    }
    let log = nginx.into_log();
    let unchanged: Vec<&str> = log.iter().filter(|served| served.status == "304").map(|served| &*served.path).collect();
    assert_eq!(unchanged, ["/metadata/timestamp.json"]);
    assert_eq!(asked_for(&log, "/metadata/timestamp.json"), 2);
}

#[test]
fn a_missing_root_is_no_fault_and_a_forbidden_one_is_a_note() {
    let Some((sim, _folder, nginx)) = with("") else { return };
    let (refreshed, notes) = refresh(&sim, &nginx.url(), settings(), &MemoryStore::new());
    assert!(refreshed.is_ok() && notes.is_empty(), "{notes:?}");
    let Some((sim, _folder, nginx)) = with(r"location ~ root\.json$ { return 403; }") else { return };
    let (refreshed, notes) = refresh(&sim, &nginx.url(), settings(), &MemoryStore::new());
    assert!(refreshed.is_ok());
    assert!(matches!(&notes[..], [Note::RootForbidden { name }] if name == "2.root.json"), "{notes:?}");
}

#[test]
fn a_connection_that_is_closed_without_a_word_is_tried_three_times() {
    let Some((error, log)) = failing("location = /metadata/timestamp.json { return 444; }", settings()) else { return };
    assert!(matches!(error, TransportError::Interrupted { tries: 3, .. }), "{error}");
    assert_eq!(asked_for(&log, "/metadata/timestamp.json"), 3);
}

#[test]
fn a_target_that_comes_too_slowly_is_cut_off() {
    let (_, folder) = published();
    let Some(nginx) = Nginx::serving(folder.path(), None, "limit_rate 10k;") else { return };
    let file = folder.path().join("targets").read_dir().unwrap().next().unwrap().unwrap();
    let request = Request::target(file.file_name().to_str().unwrap(), 50_000);
    let hurried =
        settings().with_request_timeout(Duration::from_millis(200)).with_slowest_rate(1_000_000).with_tries(1);
    let slow = repository(&nginx.url(), hurried).fetch(&request).unwrap_err();
    assert!(matches!(slow, TransportError::TimedOut { awaited: "not all of it", .. }), "{slow}");
}

#[test]
fn redirects_are_followed_to_where_the_files_are_and_not_in_circles() {
    let (sim, folder) = published();
    let there = r"location /metadata/ { return 302 /elsewhere$request_uri; } location /elsewhere/ { alias FOLDER/; }";
    let there = there.replace("FOLDER", folder.path().to_str().unwrap());
    let Some(nginx) = Nginx::serving(folder.path(), None, &there) else { return };
    refresh(&sim, &nginx.url(), settings(), &MemoryStore::new()).0.unwrap();
    let circle = "location = /metadata/timestamp.json { return 301 /metadata/timestamp.json; }";
    let Some((error, log)) = failing(circle, settings()) else { return };
    assert!(matches!(error, TransportError::Redirect { .. }), "{error}");
    assert_eq!(asked_for(&log, "/metadata/timestamp.json"), 6);
}

#[test]
fn a_server_that_is_busy_is_tried_again_when_it_says_so_and_left_alone_when_it_says_so() {
    for status in [429, 503] {
        for (seconds, tries) in [(0, 3), (3600, 1)] {
            let busy = format!(
                "location = /metadata/timestamp.json {{ add_header Retry-After {seconds} always; return {status}; }}"
            );
            let Some((error, log)) = failing(&busy, settings()) else { return };
            let asked_to_wait = matches!(error, TransportError::Status { retry_after: Some(_), .. });
            assert_eq!(asked_to_wait, seconds == 3600, "{error}");
            assert!(
                matches!(error, TransportError::Status { status: s, tries: t, .. } if s == status && t == tries),
                "{error}"
            );
            assert_eq!(asked_for(&log, "/metadata/timestamp.json"), tries as usize, "{log:?}");
        }
    }
}
