//! sigstore-python verifies a bundle with the trust root that it gets from a mirror of ours, and with those that we exported.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rootline_client::TrustRoot;
use rootline_client::mirror::Mirror;
use rootline_tests::binaries::rootline;
use rootline_tests::peers;
use rootline_tests::servers::scripted_server::ScriptedServer;
use rootline_tests::servers::static_server;
use rootline_tests::simulator::Simulator;
use tempfile::TempDir;

use super::sigstore_instance::{Instance, SIGNER, start};

/// Two Sigstore instances, and a repository that ships the trust root of one of them; its mirror is served.
struct Fixture {
    folder: TempDir,
    sim: Simulator,
    server: ScriptedServer,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        for instance in ["first", "second"] {
            Instance::of(&format!("{instance}.example"), start()).write_to(&folder.path().join(instance));
        }
        let mut sim = Simulator::default();
        // sigstore-python takes no time from its caller.
        sim.never_expire();
        let server = static_server::serve(&folder.path().join("mirror"));
        let mut fixture = Fixture { folder, sim, server };
        fs::write(fixture.path("root.json"), fixture.sim.root_bytes(1)).unwrap();
        fixture.ship("first");
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Publishes the trust root of that instance, and brings the mirror up to date.
    fn ship(&mut self, instance: &str) {
        for name in [TrustRoot::TRUSTED_ROOT, TrustRoot::SIGNING_CONFIG] {
            let content = fs::read(self.path(instance).join(name)).unwrap();
            self.sim.add_target("targets", name, &content);
        }
        self.sim.publish_root();
        self.sim.publish();
        let mirror = Mirror::new(self.sim.root_bytes(1), self.sim.files().clone(), self.path("mirror"));
        mirror.update(self.sim.day(1), &mut ()).unwrap();
    }

    fn home(&self) -> PathBuf {
        self.path("home")
    }

    fn sigstore(&self, arguments: &[&str]) -> Output {
        sigstore(&self.home(), arguments)
    }

    /// Whether sigstore-python, configured so, accepts that artifact with the bundle of that instance.
    #[track_caller]
    fn verdict(&self, configuration: &[&str], artifact: &Path, bundle: &str) -> Result<(), String> {
        verdict(&self.home(), configuration, artifact, &self.path(bundle).join("artifact.sigstore.json"))
    }

    /// Lets `rootline export` write what it got from the mirror.
    fn export(&self, format: &str, output: &Path) {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").args(["export", "--format", format, "--url", &self.server.url()]);
        program.arg("--root").arg(self.path("root.json")).arg("--cache").arg(self.path("cache"));
        let output = program.arg("--output").arg(output).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The command `sigstore`, of somebody with that home.
pub(super) fn sigstore(home: &Path, arguments: &[&str]) -> Output {
    fs::create_dir_all(home).unwrap();
    let mut command = Command::new(peers::sigstore());
    command.env("HOME", home).env_remove("XDG_DATA_HOME").env_remove("XDG_CACHE_HOME");
    command.env("NO_COLOR", "1").args(arguments).output().unwrap()
}

/// Whether it accepts that artifact with that bundle, if it is configured so: by an option with its value, and others.
#[track_caller]
pub(super) fn verdict(home: &Path, configuration: &[&str], artifact: &Path, bundle: &Path) -> Result<(), String> {
    let (before, after) = configuration.split_at(2);
    let mut arguments = before.to_vec();
    arguments.extend(["verify", "identity", "--cert-identity", SIGNER.name, "--cert-oidc-issuer", SIGNER.issuer]);
    arguments.extend(["--bundle", bundle.to_str().unwrap()]);
    arguments.extend(after);
    arguments.push(artifact.to_str().unwrap());
    let verified = sigstore(home, &arguments);
    let complaint = String::from_utf8_lossy(&verified.stderr).into_owned();
    if verified.status.success() { Ok(()) } else { Err(complaint) }
}

#[test]
fn sigstore_python_verifies_a_bundle_with_the_trust_root_of_a_mirror_and_follows_the_mirror() {
    if !peers::installed() {
        return;
    }
    let mut fixture = Fixture::new();
    let url = fixture.server.url();
    let trusted =
        fixture.sigstore(&["--instance", &url, "trust-instance", fixture.path("root.json").to_str().unwrap()]);
    assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stderr));
    let (first, second) = (fixture.path("first/artifact.txt"), fixture.path("second/artifact.txt"));
    let by_mirror = ["--instance", url.as_str()];
    assert_eq!(fixture.verdict(&by_mirror, &first, "first"), Ok(()));
    assert!(fixture.verdict(&by_mirror, &second, "second").is_err());
    fixture.ship("second");
    assert_eq!(fixture.verdict(&by_mirror, &second, "second"), Ok(()));
    assert!(fixture.verdict(&by_mirror, &first, "first").is_err());
    // Acceptance means something: another artifact is refused.
    let other = fixture.path("other.txt");
    fs::write(&other, "another artifact\n").unwrap();
    assert!(fixture.verdict(&by_mirror, &other, "second").unwrap_err().contains("digest mismatch"));
}

#[test]
fn sigstore_python_verifies_a_bundle_with_the_trust_root_that_rootline_has_exported() {
    if !peers::installed() {
        return;
    }
    let fixture = Fixture::new();
    let file = fixture.path("trust-config.json");
    fixture.export("client-trust-config", &file);
    let by_file = ["--trust-config", file.to_str().unwrap()];
    assert_eq!(fixture.verdict(&by_file, &fixture.path("first/artifact.txt"), "first"), Ok(()));
    assert!(fixture.verdict(&by_file, &fixture.path("second/artifact.txt"), "second").is_err());
}

#[test]
fn sigstore_python_verifies_a_bundle_without_a_network_in_a_home_that_rootline_has_exported() {
    if !peers::installed() {
        return;
    }
    let mut fixture = Fixture::new();
    let url = fixture.server.url();
    fixture.export("sigstore-python", &fixture.path("home"));
    let offline = ["--instance", url.as_str(), "--offline"];
    // Another trust root than the exported one, so that it would show if anybody asked for it.
    fixture.ship("second");
    assert_eq!(fixture.verdict(&offline, &fixture.path("first/artifact.txt"), "first"), Ok(()));
    assert!(fixture.verdict(&offline, &fixture.path("second/artifact.txt"), "second").is_err());
}

#[test]
fn sigstore_python_refuses_a_mirror_that_was_tampered_with() {
    if !peers::installed() {
        return;
    }
    let fixture = Fixture::new();
    let url = fixture.server.url();
    let timestamp = fixture.path("mirror/timestamp.json");
    let text = fs::read_to_string(&timestamp).unwrap();
    fs::write(&timestamp, text.replacen("\"version\": ", "\"version\": 1", 1)).unwrap();
    let refused =
        fixture.sigstore(&["--instance", &url, "trust-instance", fixture.path("root.json").to_str().unwrap()]);
    assert!(!refused.status.success());
}
