//! What git makes of the lines of two clones, whatever they did and however often they were merged, is a transcript.

use std::fs;
use std::path::Path;
use std::process::Command;

use rootline_ceremonies::{Event, EventKind, Transcript};
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::repository::DAY_0;
use rootline_tests::peers;

/// What git's union merge gives. Where only one side has changed, git takes that and merges nothing.
fn merged(git: &Path, folder: &Path, (ours, base, theirs): (&str, &str, &str)) -> String {
    if theirs == base || theirs == ours {
        return ours.to_owned();
    }
    if ours == base {
        return theirs.to_owned();
    }
    for (name, text) in [("ours", ours), ("base", base), ("theirs", theirs)] {
        fs::write(folder.join(name), text).unwrap();
    }
    let mut command = Command::new(git);
    command.current_dir(folder).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.args(["merge-file", "--union", "-p", "ours", "base", "theirs"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn noted(text: &str, by: &str) -> String {
    let mut transcript = parsed(text);
    let event = Event::new(EventKind::Signed).with("keyholder", by);
    format!("{text}{}\n", transcript.append(parse_instant(DAY_0).unwrap(), event))
}

#[track_caller]
fn parsed(text: &str) -> Transcript {
    Transcript::parse(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

#[test]
fn whatever_two_clones_did_git_merges_their_transcripts_into_one() {
    let Some(git) = peers::of_the_system("git") else { return };
    let folder = tempfile::tempdir().unwrap();
    let begun = noted(&noted("", "begin"), "freeze");
    let mut came_twice = 0;
    for history in 0..4_u32.pow(4) {
        // What both had when they last were the same.
        let (mut base, mut ours, mut theirs) = (begun.clone(), begun.clone(), begun.clone());
        for step in 0..4 {
            match history / 4_u32.pow(step) % 4 {
                0 => ours = noted(&ours, "alice"),
                // Now and then they write the same line.
                1 => theirs = noted(&theirs, if step % 2 == 0 { "alice" } else { "bob" }),
                2 => {
                    ours = merged(&git, folder.path(), (&ours, &base, &theirs));
                    (base, theirs) = (ours.clone(), ours.clone());
                }
                // Each merges the other's work at the same time.
                _ => {
                    let both = (&ours, &theirs);
                    let other_way = merged(&git, folder.path(), (both.1, &base, both.0));
                    (ours, theirs) = (merged(&git, folder.path(), (both.0, &base, both.1)), other_way);
                }
            }
        }
        let text = merged(&git, folder.path(), (&ours, &base, &theirs));
        let transcript = parsed(&text);
        for side in [parsed(&ours), parsed(&theirs)] {
            assert!(side.entries().iter().all(|entry| transcript.entries().contains(entry)), "{history}");
        }
        assert_eq!(transcript, parsed(&merged(&git, folder.path(), (&theirs, &base, &ours))), "{history}");
        came_twice += usize::from(text.lines().count() > transcript.entries().len());
    }
    assert!(came_twice > 0);
}
