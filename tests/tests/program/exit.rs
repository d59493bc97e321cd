//! What exit 0 means: everything asked for is verified, fresh, equal to what the repository serves, and on disk. Exit 1 is a refusal or a
//! failure with the trusted files as they were. Anything else, a panic's 101 above all, is a defect.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rootline_client::Error;
use rootline_client::store::LocalFile;
use rootline_tests::adversary;
use rootline_tests::binaries;
use rootline_tests::full_disk::FullDisk;
use rootline_tests::simulator::{Delegation, Files, Role, Server, Simulator};
use rootline_tests::skipped::skip;
use rootline_tests::verifier::{Verifier, target_path};
use tempfile::TempDir;

// ---- in this process, with a store that fails

fn eventful() -> Simulator {
    let mut sim = Simulator::default();
    sim.never_expire().publish_root().publish_root();
    sim.delegate("targets", Delegation::to("inner").paths(["d/*"])).add_target("inner", "d/x", b"content");
    sim.never_expire().publish();
    sim
}

/// CVE-2024-51491, the reverse: success with nothing stored.
#[test]
fn a_verified_file_that_cannot_be_kept_is_never_a_success() {
    let sim = eventful();
    // How many writes there are, and after which one it fails.
    for room in 0.. {
        let mut verifier = Verifier::with_store(sim.root_bytes(1), FullDisk::after(room));
        let download = |verifier: &mut Verifier<FullDisk>| {
            verifier.with_client(sim.files(), |client| {
                let trusted = client.refresh(sim.day(1))?;
                client.target(&trusted, &target_path("d/x"))
            })
        };
        match download(&mut verifier) {
            Ok(content) => {
                assert_eq!(content, b"content");
                // root.json thrice, two roots in the history, timestamp, snapshot, targets, inner, the target.
                assert_eq!(room, 10);
                return;
            }
            Err(error) => assert!(matches!(error, Error::Store(_)), "room for {room}: {error}"),
        }
        // What was kept is whole and of use, and the rest follows when there is room.
        verifier.store().clean_up();
        assert_eq!(download(&mut verifier).unwrap(), b"content", "room for {room}");
        assert_eq!(verifier.holds(), "root 3, timestamp 2, snapshot 2, targets 2");
        for version in [2, 3] {
            assert_eq!(verifier.stored(&LocalFile::RootHistory(version)).unwrap(), sim.root_bytes(version));
        }
    }
}

// ---- the program

/// A repository on a loopback server, and folders for one user of `rootline tuf`.
struct Fixture {
    sim: Simulator,
    server: Server,
    folders: TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let sim = eventful();
        let fixture =
            Fixture { server: sim.files().serve(), sim, folders: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(fixture.targets()).expect("a new folder");
        fs::write(fixture.folders.path().join("root.json"), fixture.sim.root_bytes(1)).expect("a new file");
        fixture
    }

    fn metadata(&self) -> PathBuf {
        self.folders.path().join("metadata")
    }

    fn targets(&self) -> PathBuf {
        self.folders.path().join("targets")
    }

    /// `rootline tuf` with its options and these further arguments.
    fn tuf(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries::rootline());
        command.arg("tuf").arg("--metadata-dir").arg(self.metadata());
        command.args(["--metadata-url", &self.server.metadata_url(), "--target-base-url", &self.server.targets_url()]);
        command.arg("--target-dir").arg(self.targets()).args(arguments);
        command
    }

    /// Its exit code and what it said.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        code(self.tuf(arguments).output().expect("a program that runs"))
    }

    fn init(&self) {
        let root = self.folders.path().join("root.json");
        assert_eq!(self.run(&["init", root.to_str().expect("UTF-8")]), (0, String::new()));
    }

    fn refresh(&self) -> (i32, String) {
        self.run(&["refresh"])
    }

    fn download(&self) -> (i32, String) {
        self.run(&["--target-name", "d/x", "download"])
    }

    /// Every file of the trusted metadata with its content, and the target's.
    fn on_disk(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for folder in [self.metadata(), self.metadata().join("root_history"), self.targets()] {
            for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry")) {
                if entry.file_type().expect("a type").is_file() {
                    let path = entry.path();
                    let name = path.strip_prefix(self.folders.path()).expect("below it").display().to_string();
                    files.push((name, fs::read(&path).expect("a file")));
                }
            }
        }
        files.sort();
        files
    }
}

fn code(output: Output) -> (i32, String) {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or_else(|| panic!("ended by a signal: {stderr}")), stderr)
}

#[test]
fn exit_0_means_that_everything_is_on_disk_as_it_was_served() {
    let fixture = Fixture::new();
    fixture.init();
    assert_eq!(fixture.download().0, 0);
    let public = |name: &str| fixture.sim.files().metadata(name).unwrap().to_vec();
    let expected = [
        ("metadata/.lock", Vec::new()),
        ("metadata/inner.json", public("1.inner.json")),
        ("metadata/root.json", public("3.root.json")),
        ("metadata/root_history/1.root.json", public("1.root.json")),
        ("metadata/root_history/2.root.json", public("2.root.json")),
        ("metadata/root_history/3.root.json", public("3.root.json")),
        ("metadata/snapshot.json", public("2.snapshot.json")),
        ("metadata/targets.json", public("2.targets.json")),
        ("metadata/timestamp.json", public("timestamp.json")),
        ("targets/d%2Fx", b"content".to_vec()),
    ];
    let expected = expected.map(|(name, bytes)| (name.to_owned(), bytes));
    assert_eq!(fixture.on_disk(), expected);
    // Again: the same, and nothing is asked for that cannot have changed.
    assert_eq!(fixture.download().0, 0);
    assert_eq!(fixture.on_disk(), expected);
}

/// tough#874: exit 0 before the bytes were on disk.
#[test]
fn exit_is_not_0_when_a_file_cannot_be_written() {
    // A folder where a file belongs resists also where there are no permissions, as for a superuser.
    for name in
        ["root.json", "timestamp.json", "snapshot.json", "targets.json", "inner.json", "root_history/2.root.json"]
    {
        let fixture = Fixture::new();
        fixture.init();
        let place = fixture.metadata().join(name);
        if place.exists() {
            fs::remove_file(&place).unwrap();
        }
        fs::create_dir_all(&place).unwrap();
        let (exit, output) = fixture.download();
        assert_eq!(exit, 1, "{name}: {output}");
        assert!(output.contains("error: cannot write") || output.contains(" is a folder"), "{name}: {output}");
        assert!(!fixture.targets().join("d%2Fx").exists(), "{name}");
        // The way is clear again, and what was kept is of use.
        fs::remove_dir(&place).unwrap();
        assert_eq!(fixture.download().0, 0, "{name}");
    }
    let fixture = Fixture::new();
    fixture.init();
    fs::create_dir(fixture.targets().join("d%2Fx")).unwrap();
    assert_eq!(fixture.download().0, 1);
    fs::remove_dir(fixture.targets().join("d%2Fx")).unwrap();
    assert_eq!(fixture.download().0, 0);
}

#[test]
fn exit_is_not_0_when_a_folder_is_a_file() {
    let fixture = Fixture::new();
    fs::write(fixture.metadata(), "in the way").unwrap();
    let root = fixture.folders.path().join("root.json");
    for arguments in [&["init", root.to_str().unwrap()][..], &["refresh"], &["--target-name", "d/x", "download"]] {
        let (exit, output) = fixture.run(arguments);
        assert_eq!(exit, 1, "{output}");
        assert!(output.starts_with("error: "), "{output}");
    }
    assert_eq!(fs::read(fixture.metadata()).unwrap(), b"in the way");

    let fixture = Fixture::new();
    fixture.init();
    fs::remove_dir(fixture.targets()).unwrap();
    fs::write(fixture.targets(), "in the way").unwrap();
    assert_eq!(fixture.download().0, 1);
    assert_eq!(fs::read(fixture.targets()).unwrap(), b"in the way");
}

/// A superuser may write everywhere, so this says something only to others.
#[cfg(unix)]
#[test]
fn exit_is_not_0_in_a_folder_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.init();
    let mode = |mode| fs::set_permissions(fixture.metadata(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    if File::create(fixture.metadata().join("probe")).is_ok() {
        skip("this user may write everywhere");
        return;
    }
    let (exit, output) = fixture.refresh();
    mode(0o700);
    assert_eq!(exit, 1, "{output}");
    assert_eq!(fixture.refresh().0, 0);
}

#[test]
fn exit_1_leaves_the_trusted_files_as_they_were() {
    let mut fixture = Fixture::new();
    fixture.init();
    assert_eq!(fixture.download().0, 0);
    let before = fixture.on_disk();
    let old = fixture.sim.files().clone();
    fixture.sim.add_target("inner", "d/x", b"changed");
    fixture.sim.publish();
    let now = fixture.sim.files().clone();
    // Refused before anything new was verified.
    let attacks: [(&str, Files); 5] = [
        ("tampered", adversary::tamper(&now, "timestamp.json")),
        ("withheld", adversary::withhold(&now, "timestamp.json")),
        ("unsigned", adversary::strip_signatures(&now, "timestamp.json")),
        ("cut short", adversary::truncate(&now, "timestamp.json")),
        ("gone", Files::default()),
    ];
    for (what, files) in attacks {
        fixture.server.replace(&files);
        let (exit, output) = fixture.download();
        assert_eq!(exit, 1, "{what}: {output}");
        assert_eq!(fixture.on_disk(), before, "{what}");
    }
    // Refused in the middle: what was verified is kept, and the rest is as it was.
    fixture.server.replace(&adversary::tamper(&now, "3.snapshot.json"));
    assert_eq!(fixture.download().0, 1);
    let changed: Vec<&str> = changed(&before, &fixture.on_disk());
    assert_eq!(changed, ["metadata/timestamp.json"]);
    // An old mirror is refused from then on, and an honest one is followed.
    fixture.server.replace(&old);
    let (exit, output) = fixture.refresh();
    assert_eq!(exit, 1);
    assert!(output.contains("TUF 5.4.3.1 (rollback)"), "{output}");
    fixture.server.replace(&now);
    assert_eq!(fixture.download().0, 0);
    assert_eq!(fs::read(fixture.targets().join("d%2Fx")).unwrap(), b"changed");
}

fn changed<'a>(before: &'a [(String, Vec<u8>)], after: &[(String, Vec<u8>)]) -> Vec<&'a str> {
    assert!(before.iter().map(|(name, _)| name).eq(after.iter().map(|(name, _)| name)));
    before.iter().zip(after).filter(|(before, after)| before != after).map(|(before, _)| before.0.as_str()).collect()
}

/// Several programs on one cache: each is as good as alone.
#[test]
fn programs_that_run_at_the_same_time_all_come_to_the_same() {
    let fixture = Fixture::new();
    fixture.init();
    let start =
        |_| fixture.tuf(&["--target-name", "d/x", "download"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn();
    let running: Vec<_> = (0..8).map(start).collect::<Result<_, _>>().unwrap();
    for program in running {
        assert_eq!(code(program.wait_with_output().unwrap()), (0, String::new()));
    }
    let together = fixture.on_disk();
    let alone = Fixture::new();
    alone.init();
    assert_eq!(alone.download().0, 0);
    assert_eq!(together, alone.on_disk());
}

/// A target asked for and not verified is as much a failure as the metadata, also when others were good.
#[test]
fn every_target_asked_for_has_to_be_there() {
    let mut fixture = Fixture::new();
    fixture.sim.add_target("targets", "one", b"1").add_target("targets", "two", b"2");
    fixture.sim.publish();
    fixture.server.replace(fixture.sim.files());
    fixture.init();
    let names = ["--target-name", "one", "--target-name", "nobody has it", "--target-name", "two", "download"];
    assert_eq!(fixture.run(&names).0, 1);
    assert!(fixture.targets().join("one").exists());
    assert!(!fixture.targets().join("two").exists(), "the first failure stops");
    assert_eq!(fixture.run(&["--target-name", "one", "--target-name", "two", "download"]).0, 0);
}

/// CVE-2026-44310: whatever goes wrong is 1.
/// CVE-2026-23991: nor does valid JSON that is not TUF cause one.
#[test]
fn nothing_ends_in_a_panic() {
    let mut fixture = Fixture::new();
    let root = fixture.folders.path().join("root.json");
    let root = root.to_str().unwrap();
    // Before there is a root, and with roots that are none.
    assert_eq!(fixture.refresh().0, 1);
    assert_eq!(fixture.run(&["init", "/nowhere/root.json"]).0, 1);
    for bytes in [&b""[..], b"{", b"null", b"[]", b"\xff", b"{\"signatures\":[],\"signed\":{}}"] {
        fs::write(root, bytes).unwrap();
        assert_eq!(fixture.run(&["init", root]).0, 1);
        assert!(!fixture.metadata().join("root.json").exists());
    }
    fs::write(root, fixture.sim.root_bytes(1)).unwrap();
    fixture.init();
    // Arguments that are none.
    for arguments in
        [&["refresh", "--nonsense"][..], &[], &["upgrade"], &["download"], &["--target-name", "", "download"]]
    {
        assert_eq!(fixture.run(arguments).0, 1, "{arguments:?}");
    }
    // A mirror that serves nonsense under every name.
    for nonsense in ["", "{", "null", "<html>captive portal</html>", "{\"signatures\":[],\"signed\":{}}", "\u{0}"] {
        let mut files = fixture.sim.files().clone();
        let names: Vec<String> = files.metadata_names().map(str::to_owned).collect();
        for name in names {
            files.set_metadata(&name, nonsense);
        }
        fixture.server.replace(&files);
        assert_eq!(fixture.refresh().0, 1, "{nonsense}");
    }
    // A cache of nonsense.
    fixture.server.replace(fixture.sim.files());
    for name in
        ["timestamp.json", "snapshot.json", "targets.json", "inner.json", "root_history/2.root.json", "root.json"]
    {
        let place = fixture.metadata().join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, "\u{1}nonsense").unwrap();
    }
    assert_eq!(fixture.download().0, 0);
    // Nobody to talk to.
    let closed =
        fixture.tuf(&["--target-name", "d/x", "download"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert_eq!(closed.unwrap().code(), Some(0));
    if Path::new("/dev/full").exists() {
        let full = || File::options().write(true).open("/dev/full").unwrap();
        let status = fixture.tuf(&["--target-name", "d/x", "download"]).stdout(full()).stderr(full()).status().unwrap();
        assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    }
    // Nobody at the other end.
    fixture.sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    let url = fixture.server.metadata_url();
    let folder = fixture.metadata();
    drop(fixture.server);
    let mut command = Command::new(binaries::rootline());
    command.args(["tuf", "--metadata-url", &url, "--metadata-dir"]).arg(folder).arg("refresh");
    assert_eq!(code(command.output().unwrap()).0, 1);
}

/// CVE-2024-45395: an answer without an end is given up at the limit.
#[test]
fn an_endless_answer_is_given_up() {
    for name in ["2.root.json", "timestamp.json", "2.snapshot.json"] {
        let fixture = Fixture::new();
        fixture.init();
        fixture.server.serve_endlessly(name);
        let (exit, output) = fixture.refresh();
        assert_eq!(exit, 1, "{name}");
        assert!(output.contains("longer than"), "{name}: {output}");
    }
}
