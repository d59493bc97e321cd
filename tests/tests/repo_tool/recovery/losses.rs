//! The states in which the sections of the runbook begin, and what has to be true after them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rootline_ceremonies::KeyKind;
use rootline_metadata::{KeyId, PublicKey, Role, TopLevelRole};
use rootline_tests::binaries;
use rootline_tests::fixtures::output::may_ask;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::folder::copy_folder;

/// A state, the instant at which somebody opens the runbook, and the end.
pub(crate) struct Section {
    at: &'static str,
    prepare: fn(&RepositoryFixture),
    pub(crate) after: fn(&RepositoryFixture),
}

/// The third night.
const NIGHT: &str = "2030-01-04T03:00:00Z";
/// When root and targets have expired.
const SUMMER: &str = "2030-09-01T03:00:00Z";

const fn at_night(prepare: fn(&RepositoryFixture), after: fn(&RepositoryFixture)) -> Section {
    Section { at: NIGHT, prepare, after }
}

/// Three of five, published.
pub(crate) const NOTHING: Section = at_night(|_| {}, followed);
pub(crate) const STOLEN: Section = at_night(
    |_| {},
    |fixture| {
        followed(fixture);
        no_root_lists(fixture, "alice");
    },
);
pub(crate) const NEW_TOKEN: Section = STOLEN;
pub(crate) const TWO_OF_FIVE: Section = at_night(two_of_five, |fixture| {
    followed(fixture);
    // The one before, and the three of the repair.
    assert!(fixture.path("public/5.root.json").exists() && !fixture.path("public/6.root.json").exists());
});
pub(crate) const TWO_OF_FIVE_STOLEN: Section = Section { prepare: two_of_five, ..STOLEN };
pub(crate) const RACE: Section = Section { prepare: race, ..STOLEN };
pub(crate) const ROOT_BROKEN: Section = at_night(
    |_| {},
    |fixture| {
        followed(fixture);
        assert!(fixture.verify("public-2", 1, NIGHT).is_ok());
        // With timestamps day after day what was published is good to its last second, and no longer.
        fixture.done_at("2030-07-16T12:00:00Z", &["online", "--key", "keys/online.pem"]);
        fixture.done_at("2030-07-16T12:00:00Z", &["publish"]);
        assert!(fixture.verify("public", 1, "2030-07-16T23:59:59Z").is_ok());
        assert!(fixture.verify("public", 1, "2030-07-17T00:00:00Z").is_err());
    },
);
pub(crate) const TARGETS_OF_TWO: Section = at_night(targets_of_two, followed);
pub(crate) const NPM_OF_FRANK: Section = at_night(npm_of_frank, followed);
pub(crate) const FAST_FORWARDED: Section = at_night(fast_forwarded, |fixture| {
    followed(fixture);
    no_root_lists(fixture, "online");
});
pub(crate) const DAMAGED: Section = at_night(damaged, followed);
pub(crate) const CHANGED: Section = at_night(changed, followed);
pub(crate) const OPEN: Section = at_night(open, followed);
pub(crate) const EXPIRED: Section = Section {
    at: SUMMER,
    prepare: |_| {},
    after: |fixture| {
        assert!(fixture.verify("public", 1, SUMMER).is_ok());
    },
};

impl Section {
    /// The repository as it is when somebody opens the runbook.
    pub(crate) fn repository(&self) -> RepositoryFixture {
        let fixture = RepositoryFixture::after_the_first();
        for name in ["grace", "heidi", "ivan", "online-2", "alice-next", "bob-next", "carol-next", "online-next"] {
            fixture.write_key(name, KeyKind::EcdsaP256);
        }
        fixture.write("pinned.root.json", fixture.read("public/1.root.json"));
        for (program, path) in [("rootline-repo", binaries::rootline_repo()), ("rootline", binaries::rootline())] {
            // The runbook is typed now; the test knows when that is.
            let script = format!("#!/bin/sh\nexec '{}' \"$@\" --at \"$RECOVERY_AT\"\n", path.display());
            fixture.write(&format!("bin/{program}"), script);
            make_executable(&fixture.path(&format!("bin/{program}")));
        }
        (self.prepare)(&fixture);
        fixture
    }

    /// Types one line: it succeeds, or after `!` it is refused.
    pub(crate) fn type_line(&self, fixture: &RepositoryFixture, line: &str) {
        let (command, status) = match line.strip_prefix("! ") {
            Some(command) => (command, 1),
            None => (line, 0),
        };
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(fixture.path("")).stdin(Stdio::null());
        shell.env("PATH", format!("{}:{path}", fixture.path("bin").display()));
        shell.env("RECOVERY_AT", self.at).env("ALICES_KEY", KeyId::of(&public_key(fixture, "alice")).as_str());
        shell.env("ROOTLINE_CACHE", fixture.path("cache")).env("ROOTLINE_CONFIG", fixture.path("config"));
        shell.env_remove("ROOTLINE_PASSPHRASE").env_remove("ROOTLINE_REPOSITORY").env("NO_COLOR", "1");
        let output = fixture.run_command(shell);
        let command: Vec<&str> = command.split_whitespace().skip(1).collect();
        let done = output.status == status || (status, output.status) == (0, 4) && may_ask(&command);
        assert!(done, "{line} exits with {}\n{}{}", output.status, output.stdout, output.stderr);
    }
}

/// A verifier who knows only the first root follows to the end, that night.
fn followed(fixture: &RepositoryFixture) {
    fixture.verify("public", 1, NIGHT).unwrap_or_else(|error| panic!("{error}"));
}

/// The key that somebody had first counts for nothing any more.
fn no_root_lists(fixture: &RepositoryFixture, name: &str) {
    let trusted = fixture.verify("public", 1, NIGHT).unwrap();
    let root = trusted.metadata().root();
    assert!(root.version().number() > 1);
    let old = KeyId::of(&public_key(fixture, name));
    let roles = [TopLevelRole::Root, TopLevelRole::Targets, TopLevelRole::Snapshot, TopLevelRole::Timestamp];
    assert!(roles.iter().all(|role| !root.role(*role).key_ids().contains(&old)));
}

fn public_key(fixture: &RepositoryFixture, name: &str) -> PublicKey {
    PublicKey::from_spki_pem(&fixture.read(&format!("keys/{name}.pub"))).unwrap()
}

fn make_executable(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn two_of_five(fixture: &RepositoryFixture) {
    let options = ["--threshold", "root=2", "--threshold", "targets=2"];
    fixture.hold("lower", &options, &["alice", "bob", "carol"], DAY_0);
}

fn targets_of_two(fixture: &RepositoryFixture) {
    let mut options = vec!["--threshold", "targets=2"];
    for out in ["targets=alice", "targets=bob", "targets=carol"] {
        options.extend(["--remove", out]);
    }
    fixture.make_current("split", &options, &["alice", "bob", "carol", "dave", "erin"], DAY_0);
    fixture.done(&["publish", "--at-once"]);
}

fn npm_of_frank(fixture: &RepositoryFixture) {
    fixture.write("targets/npm/keys.json", "{}\n");
    let options = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--threshold", "npm=1"];
    fixture.hold("npm", &options, &["alice", "bob", "carol", "frank"], DAY_0);
}

/// A verifier has seen timestamps of an attacker's with higher versions.
fn fast_forwarded(fixture: &RepositoryFixture) {
    attacker(fixture, "cache", |fixture| {
        for _ in 0..9 {
            fixture.done(&["--repository", "attacker", "online", "--key", "keys/online.pem", "--renew"]);
        }
    });
}

/// A verifier has seen a root that an attacker has made with the keys of Alice, Bob and Carol, and that lists nobody else.
fn race(fixture: &RepositoryFixture) {
    attacker(fixture, "reached-by-the-attacker", |fixture| {
        let done = |words: &[&str]| drop(fixture.done(&[&["--repository", "attacker"], words].concat()));
        done(&["ceremony", "new", "theft", "--remove", "root=dave", "--remove", "root=erin"]);
        done(&["ceremony", "freeze", "theft"]);
        for name in ["alice", "bob", "carol"] {
            done(&["ceremony", "sign", "theft", "--key", &format!("keys/{name}.pem"), "--yes"]);
        }
        done(&["ceremony", "seal", "theft"]);
        done(&["online", "--key", "keys/online.pem"]);
    });
}

/// An attacker does something in a copy of theirs, and a verifier with this cache finds the result at the very place where ours are.
fn attacker(fixture: &RepositoryFixture, cache: &str, does: impl Fn(&RepositoryFixture)) {
    let (ours, theirs) = (fixture.path("ours"), fixture.path("attacker"));
    for folder in ["keyholders", "targets", "metadata", "ceremonies", "public"] {
        copy_folder(&fixture.path(folder), &theirs.join(folder));
    }
    fixture.write("attacker/rootline.toml", fixture.read("rootline.toml"));
    does(fixture);
    fixture.done(&["--repository", "attacker", "publish", "--to", "attacker/public"]);
    fs::rename(fixture.path("public"), &ours).unwrap();
    fs::rename(theirs.join("public"), fixture.path("public")).unwrap();
    NOTHING.type_line(fixture, &format!("rootline update --url public --root pinned.root.json --cache {cache}"));
    fs::rename(fixture.path("public"), theirs.join("public")).unwrap();
    fs::rename(ours, fixture.path("public")).unwrap();
}

/// An open ceremony that one keyholder has signed, a clone of all of it, and then an accident.
fn damaged(fixture: &RepositoryFixture) {
    fixture.done(&["ceremony", "new", "renewal", "--renew", "root"]);
    fixture.done(&["ceremony", "freeze", "renewal"]);
    assert_eq!(fixture.sign("renewal", "alice").status, 0);
    copy_folder(&fixture.path("ceremonies"), &fixture.path("clone/ceremonies"));
    fixture.edit("metadata/1.targets.json", "2030", "2031");
    fixture.edit("ceremonies/renewal/frozen/2.root.json", "2030", "2031");
    fixture.edit("ceremonies/renewal/transcript.jsonl", "planned", "plotted");
}

fn changed(fixture: &RepositoryFixture) {
    fixture.edit("public/1.targets.json", "2030", "2031");
}

fn open(fixture: &RepositoryFixture) {
    fixture.done(&["ceremony", "new", "rotation", "--replace", "bob=frank"]);
    fixture.done(&["ceremony", "freeze", "rotation"]);
    assert_eq!(fixture.sign("rotation", "alice").status, 0);
}
