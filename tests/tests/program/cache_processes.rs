//! Many processes on one cache: the shipped program, readers and writers, some of them killed, while the repository goes on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use rootline_client::Client;
use rootline_client::store::FileStore;
use rootline_client::workflow::TargetQuery;
use rootline_metadata::Role as _;
use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{DAY_1, TRUSTED_ROOT};
use rootline_tests::long;
use rootline_tests::simulator::{Files, Server, Simulator};
use rootline_tests::verifier::target_path;
use serde_json::Value;
use tempfile::TempDir;

/// Processes that run at the same time.
const PROCESSES: usize = 64;

/// A repository on a server, and one cache for all.
struct World {
    sim: Simulator,
    server: Server,
    folder: TempDir,
}

impl World {
    fn new() -> World {
        let mut sim = Simulator::default();
        sim.add_target("targets", "trusted_root.json", TRUSTED_ROOT.as_bytes()).publish();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("1.root.json"), sim.root_bytes(1)).unwrap();
        World { server: sim.files().serve(), sim, folder }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn start(&self, command: &[&str]) -> Child {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").env("NO_PROXY", "127.0.0.1").env("NO_COLOR", "1");
        program.args(command).args(["--json", "--at", DAY_1]);
        program.args(["--url", &self.server.metadata_url(), "--targets-url", &self.server.targets_url()]);
        program.arg("--root").arg(self.folder.path().join("1.root.json")).arg("--cache").arg(self.cache());
        program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// One more publication, with the next root every other time.
    fn publish(&mut self) {
        let next = self.sim.files().metadata_names().count();
        if next.is_multiple_of(2) {
            self.sim.publish_root();
        }
        self.sim.add_target("targets", "counter", next.to_string().as_bytes()).publish();
        self.server.replace(self.sim.files());
    }

    /// The versions of root and of everything below it, as a reader finds them who verifies all of it and changes nothing.
    fn versions(&self) -> [u64; 2] {
        let copies: Vec<_> = fs::read_dir(self.cache()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [copy] = &copies[..] else { panic!("{copies:?}") };
        let store = FileStore::open_existing(copy).unwrap().unwrap();
        let wanted = [TargetQuery::required(target_path("trusted_root.json"))];
        let mut reader = Client::new(self.sim.root_bytes(1), Files::default(), store);
        let trusted = reader.load(self.sim.day(1), &wanted).expect("a set that belongs together").trusted;
        let below = trusted.timestamp().version().number();
        assert_eq!([below; 2], [trusted.snapshot().version().number(), trusted.targets().version().number()]);
        [trusted.root().version().number(), below]
    }

    fn newest(&self) -> [u64; 2] {
        let versions = |role: &str| {
            let names = self.sim.files().metadata_names();
            names.filter_map(|name| name.strip_suffix(role)?.parse().ok()).max().unwrap()
        };
        [versions(".root.json"), versions(".targets.json")]
    }
}

/// The same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

/// Versions of root and of what is below it, in the report of `status` or `update`.
fn reported(stdout: &[u8]) -> [u64; 2] {
    let report: Value = serde_json::from_slice(stdout).unwrap();
    let version = |place: usize| report["roles"][place]["version"].as_u64().unwrap();
    assert_eq!([version(1); 2], [version(2), version(3)], "a mixed set: {report}");
    [version(0), version(1)]
}

fn not_below(versions: [u64; 2], floor: [u64; 2]) -> bool {
    versions[0] >= floor[0] && versions[1] >= floor[1]
}

/// One wave: all are started, then waited for in turn; every few of them the repository goes on, and some are killed, on their way or at their end.
fn wave(world: &mut World, numbers: &mut Numbers) {
    let floor = world.versions();
    let mut running: Vec<Option<(&str, Child)>> = Vec::new();
    let mut killed = Vec::new();
    let mut kill = |running: &mut Vec<Option<(&str, Child)>>, victim: usize| {
        if let Some((_, mut child)) = running[victim].take() {
            child.kill().unwrap();
            killed.push(child);
        }
    };
    for number in 0..PROCESSES {
        let command: &[&str] = match number % 4 {
            0 | 1 => &["update"],
            2 => &["status"],
            _ => &["show", "--offline"],
        };
        running.push(Some((command[0], world.start(command))));
        match number % 8 {
            3 => kill(&mut running, numbers.below(number)),
            7 => world.publish(),
            _ => {}
        }
    }
    for number in 0..PROCESSES {
        if let Some((command, child)) = running[number].take() {
            let output = child.wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && stderr.is_empty(), "{command} {number}: {}: {stderr}", output.status);
            if command == "show" {
                assert!(String::from_utf8_lossy(&output.stdout).contains("https://new.example"));
            } else {
                assert!(not_below(reported(&output.stdout), floor), "{command} {number} went back");
            }
        }
        match number % 8 {
            1 | 5 => kill(&mut running, numbers.below(PROCESSES)),
            7 => world.publish(),
            _ => {}
        }
    }
    for mut child in killed {
        child.wait().unwrap();
    }
    assert!(not_below(world.versions(), floor), "the cache went back");
}

#[test]
fn sixty_four_processes_that_read_and_write_and_are_killed_never_fail_mix_or_go_back() {
    let mut world = World::new();
    assert!(world.start(&["update"]).wait().unwrap().success());
    let mut numbers = Numbers(0x5EED);
    for _ in 0..if long::is_whole() { 64 } else { 4 } {
        wave(&mut world, &mut numbers);
    }
    assert!(world.start(&["update"]).wait().unwrap().success());
    assert_eq!(world.versions(), world.newest());
    let left = leftovers(&world.cache());
    assert!(left.is_empty(), "{left:?}");
}

/// What killed writers have left and nobody has cleaned up.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut left = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with(rootline_client::store::UNFINISHED) || name == ".pending" {
            left.push(entry.path());
        } else if entry.file_type().unwrap().is_dir() {
            left.extend(leftovers(&entry.path()));
        }
    }
    left
}

/// On a first visit there is nothing to begin with, not even the folder: all of them make it.
#[test]
fn processes_that_begin_together_with_nothing_all_come_to_the_same() {
    let world = World::new();
    let outcomes: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> =
            (0..16).map(|_| scope.spawn(|| world.start(&["update"]).wait_with_output().unwrap())).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for output in outcomes {
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(reported(&output.stdout), world.newest());
    }
    assert_eq!(world.versions(), world.newest());
}
