//! What our ceremonies publish is read by other people's clients: from root 1, and after two rotations, with the cache they made
//! before and without one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rootline_ceremonies::{OnlinePeriods, Release, ReleaseParts, Renewal};
use rootline_metadata::{Role, hex, instant_text, sha256};
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, day, key, keyholder, periods, target};
use rootline_tests::peers::{self, Reading};
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};
use tempfile::TempDir;

const TRUSTED_ROOT: &[u8] = rootline_ceremonies::SIGSTORE_TRUSTED_ROOT;
const NAMES: [&str; 2] = ["trusted_root.json", "more/notes.txt"];

/// A repository that is served, and a place for the peers' caches.
struct Fixture {
    room: Room,
    served: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    server: ScriptedServer,
    folder: TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let mut room = Room::new();
        room.targets =
            BTreeMap::from([(target(NAMES[0]), TRUSTED_ROOT.to_vec()), (target(NAMES[1]), b"in a folder\n".to_vec())]);
        let served = Arc::new(Mutex::new(BTreeMap::<String, Vec<u8>>::new()));
        let files = Arc::clone(&served);
        let server =
            ScriptedServer::answering(move |request| match files.lock().unwrap().get(wanted(&request.target)) {
                Some(bytes) => Reply::ok(bytes),
                None => Reply::status(404, "not found"),
            });
        Fixture { room, served, server, folder: tempfile::tempdir().unwrap() }
    }

    /// After a first ceremony that is published.
    fn after_the_first() -> Fixture {
        let mut fixture = Fixture::new();
        fixture.room.hold(&fixture.plan(&FIVE, 3, 0), &["alice", "bob", "dave"]);
        fixture.publish();
        fixture
    }

    fn publish(&self) {
        self.served.lock().unwrap().clone_from(self.room.published.files());
    }

    fn plan(&self, holders: &[&'static str], threshold: u64, on: i64) -> PlanText {
        PlanText { ship: NAMES.to_vec(), ..PlanText::of(holders, threshold) }.on(on)
    }

    /// Of root, timestamp, snapshot and targets, as they are published.
    fn versions(&self) -> [u64; 4] {
        let current = self.room.published.current().unwrap();
        let below = [current.timestamp.version(), current.snapshot.version(), current.targets.version()];
        let [timestamp, snapshot, targets] = below.map(|version| version.number());
        [self.room.published.roots().len() as u64, timestamp, snapshot, targets]
    }

    fn first_root(&self) -> PathBuf {
        let path = self.folder.path().join("root.json");
        std::fs::write(&path, self.room.published.roots()[0].bytes()).unwrap();
        path
    }

    #[track_caller]
    fn accepted_by(&self, peer: &str, cache: &str, at: Option<i64>, targets: &[&str], versions: [u64; 4]) {
        let at = at.map(|at| instant_text(day(at)));
        let (root, cache) = (self.first_root(), self.folder.path().join(cache));
        let reading = Reading { root: &root, url: &self.server.url(), at: at.as_deref(), cache: &cache, targets };
        let answer = peers::read(peer, &reading).unwrap_or_else(|why| panic!("{peer} refuses: {why}"));
        for (role, version) in ["root", "timestamp", "snapshot", "targets"].into_iter().zip(versions) {
            assert_eq!(answer[role], version, "{peer}: {role}");
        }
        for name in targets {
            let digest = hex::encode(&sha256(&self.room.targets[&target(name)]));
            assert_eq!(answer["files"][name], digest.as_str(), "{peer}: {name}");
        }
    }
}

/// tough asks for `DIGEST.folder/name` where the specification has `folder/DIGEST.name`; so it is not asked for a target in a folder.
fn targets_for(peer: &str) -> &'static [&'static str] {
    if peer == "tough" { &NAMES[..1] } else { &NAMES }
}

fn wanted(target: &str) -> &str {
    target.trim_start_matches('/')
}

#[test]
fn python_tuf_tuf_js_tough_and_sigstore_tuf_follow_from_root_1_through_two_rotations() {
    if !peers::installed() {
        return;
    }
    let mut fixture = Fixture::after_the_first();
    for peer in peers::TIMED {
        fixture.accepted_by(peer, peer, Some(1), targets_for(peer), [1, 1, 1, 1]);
    }
    // Bob's place goes to Frank; then Erin's to Grace, and two suffice.
    let second = fixture.plan(&["alice", "frank", "carol", "dave", "erin"], 3, 10);
    fixture.room.hold(&second, &["alice", "carol", "dave", "frank"]);
    fixture.room.targets.insert(target(NAMES[1]), b"changed\n".to_vec());
    let third = fixture.plan(&["alice", "frank", "carol", "dave", "grace"], 2, 20);
    fixture.room.hold(&third, &["alice", "carol", "dave", "grace"]);
    fixture.publish();
    for peer in peers::TIMED {
        fixture.accepted_by(peer, peer, Some(21), targets_for(peer), fixture.versions());
        fixture.accepted_by(peer, &format!("{peer}-new"), Some(21), targets_for(peer), fixture.versions());
    }
}

const NPM: &str = "[[delegations]]\nname = \"npm\"\npaths = [\"npm-*\"]\nterminating = true\nholders = [\"frank\"]\n\
                   threshold = 1\nexpires-days = 100\nship = [\"npm-keys.json\"]\n\
                   [[delegations]]\nname = \"digests\"\nhash-prefixes = [\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \
                   \"8\", \"9\", \"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]\nholders = [\"alice\", \"grace\"]\nthreshold = 2\n\
                   expires-days = 100\nship = [\"by-digest.txt\"]\n";

/// Three of five at once, which takes two roots; and two delegated roles, one by patterns and one by digests.
#[test]
fn the_peers_follow_a_sequence_of_roots_and_find_what_is_delegated() {
    if !peers::installed() {
        return;
    }
    let mut fixture = Fixture::new();
    fixture.room.keyholders.add(keyholder("heidi")).unwrap();
    for name in ["npm-keys.json", "by-digest.txt"] {
        fixture.room.targets.insert(target(name), format!("{name:?}").into_bytes());
    }
    let targets = [NAMES[0], "npm-keys.json", "by-digest.txt"];
    let first = fixture.plan(&FIVE, 3, 0).with(NPM);
    fixture.room.hold(&first, &["alice", "bob", "dave", "frank", "grace"]);
    fixture.publish();
    for peer in peers::TIMED {
        fixture.accepted_by(peer, peer, Some(1), &targets, [1, 1, 1, 1]);
    }
    let second = fixture.plan(&["alice", "bob", "frank", "grace", "heidi"], 3, 10).with(NPM);
    fixture.room.hold(&second, &["alice", "bob", "erin", "frank"]);
    fixture.publish();
    assert_eq!(fixture.versions()[0], 3);
    for peer in peers::TIMED {
        fixture.accepted_by(peer, peer, Some(11), &targets, fixture.versions());
        fixture.accepted_by(peer, &format!("{peer}-new"), Some(11), &targets, fixture.versions());
    }
}

/// Succinct bins (TAP 15): of the peers only python-tuf reads them.
#[test]
fn python_tuf_finds_what_is_in_bins() {
    if !peers::installed() {
        return;
    }
    let mut fixture = Fixture::new();
    let names = ["a.txt", "b.txt", "c.txt", "d.txt"];
    for name in names {
        fixture.room.targets.insert(target(name), name.as_bytes().to_vec());
    }
    let bins = format!(
        "[[delegations]]\nbins = {{ prefix = \"bin\", bits = 3 }}\nholders = [\"frank\"]\nthreshold = 1\nexpires-days = 100\n\
         ship = {names:?}\n"
    );
    fixture.room.hold(&fixture.plan(&FIVE, 3, 0).with(&bins), &["alice", "bob", "dave", "frank"]);
    fixture.publish();
    fixture.accepted_by("python", "python", Some(1), &names, [1, 1, 1, 1]);
}

#[test]
fn the_peers_refuse_what_has_expired_so_their_acceptance_means_something() {
    if !peers::installed() {
        return;
    }
    let fixture = Fixture::after_the_first();
    let (root, at) = (fixture.first_root(), instant_text(day(8)));
    for peer in peers::TIMED {
        let cache = fixture.folder.path().join(peer);
        let reading = Reading { root: &root, url: &fixture.server.url(), at: Some(&at), cache: &cache, targets: &[] };
        assert!(peers::read(peer, &reading).is_err(), "{peer}");
    }
}

#[test]
fn cosign_initialises_from_root_1_before_and_after_two_rotations() {
    if !peers::installed() {
        return;
    }
    // cosign takes no time from its caller, so this repository is good for ten years.
    let hold = |fixture: &mut Fixture, plan: &PlanText, signers: &[&str]| {
        let text = plan.text().replace("expires-days = 197", "expires-days = 3660");
        let plan = rootline_ceremonies::Plan::parse(&text, &fixture.room.keyholders, &Default::default()).unwrap();
        let frozen =
            rootline_ceremonies::Frozen::freeze(&plan, &fixture.room.published, &fixture.room.targets).unwrap();
        let sealed = fixture.room.seal(&frozen, signers).unwrap();
        let long = periods(3660, 1);
        let parts = ReleaseParts {
            sealed: Some(&sealed),
            targets: &fixture.room.targets,
            keys: &[&key("online")],
            at: plan.at(),
            periods: OnlinePeriods { snapshot: long, timestamp: long },
            renewal: Renewal::WhenDue,
            roots_in_use: &Default::default(),
            compromised: &Default::default(),
        };
        fixture.room.published = Release::make(&fixture.room.published, parts).unwrap().unwrap().published().clone();
        fixture.publish();
    };
    let mut fixture = Fixture::new();
    let first = fixture.plan(&FIVE, 3, 0);
    hold(&mut fixture, &first, &["alice", "bob", "dave"]);
    fixture.accepted_by("cosign", "cosign-1", None, &NAMES[..1], [1, 1, 1, 1]);
    let second = fixture.plan(&["alice", "frank", "carol", "dave", "erin"], 3, 10);
    hold(&mut fixture, &second, &["alice", "carol", "dave", "frank"]);
    let third = fixture.plan(&["alice", "frank", "carol", "dave", "grace"], 2, 20);
    hold(&mut fixture, &third, &["alice", "carol", "dave", "grace"]);
    fixture.accepted_by("cosign", "cosign-3", None, &NAMES[..1], fixture.versions());
}
