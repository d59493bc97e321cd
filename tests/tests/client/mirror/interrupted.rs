//! Readers of a mirror that is being written, and mirrors that are interrupted.

use std::ops::ControlFlow;

use rootline_client::mirror::{Mirror, MirrorError, Progress};
use rootline_client::transport::Transport;
use rootline_tests::simulator::{Files, Role, Simulator};

use super::place::{Place, TARGETS, contents, publish, repository};

/// A repository and its next publication, which `change` decides.
fn publications(change: impl FnOnce(&mut Simulator)) -> (Simulator, Files) {
    let mut sim = repository();
    let first = sim.files().clone();
    change(&mut sim);
    publish(&mut sim, "second");
    (sim, first)
}

/// What a reader got: all targets, or why not.
type Read = Result<Vec<Vec<u8>>, String>;

/// Mirrors one publication after the other, and reads before each step of the second.
fn read_at_every_step(sim: &Simulator, first: &Files) -> Vec<(String, Read)> {
    let place = Place::new();
    place.mirror(sim.root_bytes(1), first, sim.day(1)).unwrap();
    let mut seen = Vec::new();
    let mut look = |progress: Progress<'_>| {
        let read = place.read(sim.root_bytes(1), sim.day(1), &TARGETS);
        seen.push((format!("{progress:?}"), read.map(|(_, contents)| contents).map_err(|error| error.to_string())));
        ControlFlow::Continue(())
    };
    place.mirror_observed(sim.root_bytes(1), sim.files(), sim.day(1), &mut look).unwrap();
    assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("second"));
    seen
}

#[test]
fn a_reader_at_any_moment_of_the_writing_sees_the_publication_before_or_the_one_after() {
    for change in [
        |_: &mut Simulator| {},
        |sim: &mut Simulator| {
            sim.publish_root();
        },
        |sim: &mut Simulator| {
            sim.publish_root().publish_root();
        },
        |sim: &mut Simulator| {
            sim.root.root = Role::new(1, ["next root"]);
            sim.publish_root();
        },
        // The new timestamp key is there before the old one is gone.
        |sim: &mut Simulator| {
            sim.root.timestamp = Role::new(1, ["timestamp", "next timestamp"]);
            sim.publish_root();
        },
    ] {
        let (sim, first) = publications(change);
        let seen = read_at_every_step(&sim, &first);
        assert!(seen.iter().filter(|(step, _)| step.starts_with("Writing")).count() > 10, "{seen:?}");
        for (step, read) in seen {
            let read = read.unwrap_or_else(|refusal| panic!("before {step}: {refusal}"));
            // Only once the timestamp is there; what is removed is removed after it.
            let expected = if step.starts_with("Removing") { "second" } else { "first" };
            assert_eq!(read, contents(expected), "before {step}");
        }
    }
}

#[test]
fn where_a_key_below_root_changes_readers_are_refused_between_the_new_root_and_the_new_timestamp_only() {
    for role in ["timestamp", "snapshot", "targets"] {
        let (sim, first) = publications(|sim| {
            let next = Role::new(1, ["next"]);
            match role {
                "timestamp" => sim.root.timestamp = next,
                "snapshot" => sim.root.snapshot = next,
                _ => sim.root.targets = next,
            }
            sim.publish_root();
        });
        let seen = read_at_every_step(&sim, &first);
        let refused: Vec<&str> = seen.iter().filter(|(_, read)| read.is_err()).map(|(step, _)| step.as_str()).collect();
        assert_eq!(refused.len(), 1, "{role}: {refused:?}");
        assert!(refused[0].starts_with("Writing { name: \"timestamp.json\""), "{role}: {refused:?}");
    }
}

/// Stops before the step of that number.
fn stopping_at(step: usize) -> impl FnMut(Progress<'_>) -> ControlFlow<()> {
    let mut steps = 0;
    move |_| {
        steps += 1;
        if steps > step { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_mirror_that_is_interrupted_before_any_step_serves_a_whole_publication_and_goes_on_from_there() {
    let (sim, first) = publications(|sim| {
        sim.publish_root();
    });
    let pinned = || sim.root_bytes(1);
    let straight = Place::new();
    straight.mirror(pinned(), &first, sim.day(1)).unwrap();
    straight.mirror(pinned(), sim.files(), sim.day(2)).unwrap();
    for step in 0.. {
        let place = Place::new();
        place.mirror(pinned(), &first, sim.day(1)).unwrap();
        match place.mirror_observed(pinned(), sim.files(), sim.day(2), &mut stopping_at(step)) {
            Err(MirrorError::Stopped) => {}
            Err(other) => panic!("{other}"),
            Ok(_) => {
                assert!(step > 15, "only {step} steps");
                break;
            }
        }
        let (_, read) = place.read(pinned(), sim.day(2), &TARGETS).unwrap();
        assert!([contents("first"), contents("second")].contains(&read), "stopped before step {step}");
        place.mirror(pinned(), sim.files(), sim.day(2)).unwrap();
        assert_eq!(place.files(), straight.files(), "stopped before step {step}");
    }
}

/// Fails once it has been asked for so many files.
struct Failing<'a> {
    files: &'a Files,
    left: std::cell::Cell<usize>,
}

impl Transport for Failing<'_> {
    fn fetch(
        &self,
        request: &rootline_client::transport::Request,
    ) -> Result<Vec<u8>, rootline_client::transport::TransportError> {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        if left > 0 {
            return Transport::fetch(self.files, request);
        }
        let (location, reason) = (request.name(), "it is down".to_owned());
        Err(rootline_client::transport::TransportError::Unreachable { location, reason, tries: 1 })
    }
}

#[test]
fn a_repository_that_goes_away_after_any_file_leaves_readers_with_what_they_had() {
    let (sim, first) = publications(|sim| {
        sim.publish_root();
    });
    for files in 0.. {
        let place = Place::new();
        place.mirror(sim.root_bytes(1), &first, sim.day(1)).unwrap();
        let failing = Failing { files: sim.files(), left: files.into() };
        let mirror = Mirror::new(sim.root_bytes(1), failing, place.path());
        if mirror.update(sim.day(1), &mut ()).is_ok() {
            assert!(files > 10, "only {files} files");
            break;
        }
        assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("first"), "{files}");
    }
}
