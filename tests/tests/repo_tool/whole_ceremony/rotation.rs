//! Three of the five are replaced at once, and everybody follows.

use std::fs;

use rootline_client::store::MemoryStore;
use rootline_metadata::{Role as _, TopLevelRole, hex, sha256};
use rootline_tests::browser::Browser;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture, read};
use rootline_tests::peers::{self, Reading};
use rootline_tests::servers::scripted_server::ScriptedServer;
use rootline_tests::servers::static_server;
use serde_json::Value;
use tempfile::TempDir;

use super::first::frozen;
use super::people::{People, no_secret_is_kept};

const DAY_10: &str = "2030-01-11T00:00:00Z";
const DAY_11: &str = "2030-01-12T00:00:00Z";
/// Who leaves, and who comes for them: from a file, a token and AWS KMS to a file, a token and AWS KMS, each another person's.
const REPLACED: [(&str, &str); 3] = [("alice", "frank"), ("bob", "grace"), ("dave", "heidi")];
const NAMES: [&str; 2] = ["trusted_root.json", "npm-keys.json"];

#[test]
fn three_of_the_five_are_replaced_at_once_and_everybody_follows_from_root_1() {
    let Some(people) = People::gathered() else { return };
    let fixture = frozen(&people);
    for name in ["alice", "carol", "dave"] {
        people.sign(&fixture, "first", name, DAY_0);
    }
    people.publish(&fixture, "first", DAY_0);
    let before = fixture.copy();
    let readers = Readers::of(&fixture);
    for peer in peers::TIMED {
        readers.follow(peer, 1, DAY_0, peer, [1, 1]);
    }

    let frozen = rotation(&people, &fixture);
    let page = people.done(&fixture, "erin", DAY_10, &["ceremony", "review", "rotation", "--html"]).stdout;
    // Of the old ones, of those who stay and of those who come, enough for either root; one answer for all that there is to sign.
    let mut answer = None;
    for name in ["bob", "carol", "dave", "erin", "frank", "grace", "heidi"] {
        answer = answer.or(people.sign(&fixture, "rotation", name, DAY_10));
    }
    let answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
    let parts: Vec<&String> = answer["signatures"].as_object().unwrap().keys().collect();
    assert_eq!(parts, ["2.root", "3.root", "2.targets"]);
    assert_eq!(answer["fingerprint"].as_str().unwrap(), frozen);
    reads_as_it_was_signed(&page, &frozen);
    people.publish(&fixture, "rotation", DAY_10).says("accepted by a verifier that begins with each of 3 roots");
    people.done_with_key(&fixture, "erin", DAY_10, &["ceremony", "witness", "rotation"]);
    let verified = people.done(&fixture, "erin", DAY_10, &["ceremony", "verify"]);
    verified.says("first: done: everything matches the transcript");
    verified.says("rotation: done: everything matches the transcript");
    no_secret_is_kept(&fixture);

    for first in 1..=3 {
        let trusted = fixture.verify("public", first, DAY_11).unwrap();
        let root = trusted.metadata().root();
        assert_eq!((root.version().number(), root.role(TopLevelRole::Root).threshold()), (3, 3));
        for peer in peers::TIMED {
            readers.follow(peer, first, DAY_11, &format!("{peer}-{first}"), [3, 2]);
        }
    }
    // With what they had before.
    let copy = MemoryStore::new();
    read(&before.path("public"), 1, DAY_0, &copy).unwrap();
    read(&fixture.path("public"), 1, DAY_11, &copy).unwrap();
    for peer in peers::TIMED {
        readers.follow(peer, 1, DAY_11, peer, [3, 2]);
    }
}

/// Planned and frozen, with the fingerprint.
fn rotation(people: &People, fixture: &RepositoryFixture) -> String {
    let mut new = vec!["ceremony", "new", "rotation", "--summary", "Three tokens are too old"];
    let pairs = REPLACED.map(|(old, new)| format!("{old}={new}"));
    for (pair, (_, name)) in pairs.iter().zip(REPLACED) {
        people.join(fixture, name);
        new.extend(["--replace", pair]);
    }
    fixture.done_at(DAY_10, &new);
    let output = fixture.done_at(DAY_10, &["ceremony", "freeze", "rotation"]);
    output.says("to be signed: root 2, root 3, targets 2");
    let shown = output.stdout.lines().find(|line| line.starts_with("  ")).unwrap();
    let review = fixture.done_at(DAY_10, &["ceremony", "review", "rotation", "--json"]);
    let review: Value = serde_json::from_str(&review.stdout).unwrap();
    let fingerprint = review["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(shown.replace(' ', ""), fingerprint);
    fingerprint
}

/// The page, in a real browser, on a desk and on a phone: who leaves and who joins, both roots, how many have to sign, and the fingerprint.
fn reads_as_it_was_signed(page: &str, fingerprint: &str) {
    let Some(browser) = Browser::installed() else { return };
    for width in [400, 1200] {
        let seen = browser.open(page, width);
        for line in [
            "Three tokens are too old",
            "alice and bob no longer sign root from root 2 on",
            "dave no longer signs root and targets from root 3 on",
            "alice and bob no longer sign targets from root 3 on",
            "frank and grace sign root from root 2 on",
            "heidi signs root and targets from root 3 on",
            "frank and grace sign targets from root 3 on",
            "root 2 takes the place of root 1",
            "root 3 takes the place of root 2",
            "3 of 5",
        ] {
            assert!(seen.text.contains(line), "{line:?} is not in {}", seen.text);
        }
        let groups: Vec<&str> = (0..16).map(|at| &fingerprint[4 * at..4 * at + 4]).collect();
        let shown: Vec<&str> = seen.text.split_whitespace().filter(|word| groups.contains(word)).collect();
        assert_eq!(shown, groups);
        assert!(seen.width <= u64::from(width), "{} pixels in a window of {width}", seen.width);
    }
}

/// Other people's clients, what is published to them, and their caches.
struct Readers<'a> {
    fixture: &'a RepositoryFixture,
    server: ScriptedServer,
    copies: TempDir,
}

impl Readers<'_> {
    fn of(fixture: &RepositoryFixture) -> Readers<'_> {
        Readers { fixture, server: static_server::serve(&fixture.path("public")), copies: tempfile::tempdir().unwrap() }
    }

    /// One of them begins with a root and a cache, and finds these versions of root and targets, and what is shipped.
    #[track_caller]
    fn follow(&self, peer: &str, first: u64, at: &str, copy: &str, [root, targets]: [u64; 2]) {
        let pinned = self.fixture.path(&format!("public/{first}.root.json"));
        let (url, cache) = (self.server.url(), self.copies.path().join(copy));
        let reading = Reading { root: &pinned, url: &url, at: Some(at), cache: &cache, targets: &NAMES };
        let read = peers::read(peer, &reading).unwrap_or_else(|why| panic!("{peer} refuses: {why}"));
        assert_eq!((&read["root"], &read["targets"]), (&root.into(), &targets.into()), "{peer} from root {first}");
        for name in NAMES {
            let digest = hex::encode(&sha256(&fs::read(self.fixture.path(&format!("targets/{name}"))).unwrap()));
            assert_eq!(read["files"][name], digest, "{peer} from root {first}: {name}");
        }
    }
}
