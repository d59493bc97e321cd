//! Other programs verify a signature with the trust root that they have from us, on a machine without a network that got it in a bundle.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rootline_client::TrustRoot;
use rootline_tests::binaries::rootline;
use rootline_tests::peers;
use rootline_tests::simulator::Simulator;
use tempfile::TempDir;

use super::sigstore_instance::{Instance, SIGNER, start};

/// Where the repository is, if there were a network.
const URL: &str = "https://tuf.invalid/prod";

/// Two Sigstore instances, and a site without a network that has imported a bundle with the trust root of the first.
struct Site {
    folder: TempDir,
    has_no_network: bool,
}

impl Site {
    fn new() -> Site {
        let unshared = Command::new("unshare").args(["-n", "true"]).status();
        let has_no_network = unshared.is_ok_and(|status| status.success());
        let site = Site { folder: tempfile::tempdir().unwrap(), has_no_network };
        for instance in ["first", "second"] {
            Instance::of(&format!("{instance}.example"), start()).write_to(&site.path(instance));
        }
        let mut sim = Simulator::default();
        // These programs take no time from their caller.
        sim.never_expire();
        for name in [TrustRoot::TRUSTED_ROOT, TrustRoot::SIGNING_CONFIG] {
            sim.add_target("targets", name, &fs::read(site.path("first").join(name)).unwrap());
        }
        sim.publish_root().publish();
        sim.files().write_to(&site.path("repository")).unwrap();
        let repository = site.path("repository/metadata");
        let root = site.path("repository/metadata/1.root.json");
        let mut export = Command::new(rootline());
        export.env_remove("ROOTLINE_INSTANCE").args(["bundle", "create", "--output"]).arg(site.path("site.bundle"));
        export.arg("--url").arg(repository).arg("--targets-url").arg(site.path("repository/targets"));
        succeeds(export.arg("--root").arg(&root).arg("--cache").arg(site.path("exporter")));
        fs::copy(root, site.path("root.json")).unwrap();
        site.rootline(&["bundle", "import", site.path("site.bundle").to_str().unwrap()]);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program on the site.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("unshare");
        match self.has_no_network {
            true => _ = command.arg("-n").arg(program),
            false => command = Command::new(program),
        }
        for variable in ["ROOTLINE_INSTANCE", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(variable);
        }
        command.env("HOME", self.path("home")).env("NO_COLOR", "1");
        command
    }

    fn rootline(&self, arguments: &[&str]) {
        let mut command = self.command(rootline());
        command.args(arguments).args(["--url", URL]).arg("--root").arg(self.path("root.json"));
        succeeds(command.arg("--cache").arg(self.path("cache")));
    }

    /// What `rootline export` writes from the cache.
    fn exported(&self, format: &str, more: &[&str]) -> PathBuf {
        let path = self.path(if format == "sigstore-python" { "home" } else { format });
        let arguments = ["export", "--offline", "--format", format, "--output", path.to_str().unwrap()];
        self.rootline(&[&arguments, more].concat());
        path
    }

    /// Whether a program accepts the artifact of each instance.
    #[track_caller]
    fn accepts_the_first_and_not_the_second(&self, verify: impl Fn(&str) -> Command) {
        let run = |instance: &str| {
            let artifact = self.path(instance).join("artifact.txt");
            let done = verify(self.path(instance).join("artifact.sigstore.json").to_str().unwrap())
                .arg(artifact)
                .output()
                .unwrap();
            (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
        };
        let (first, second) = (run("first"), run("second"));
        assert!(first.0, "{}", first.1);
        assert!(!second.0, "it accepts whatever it is given");
    }
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn sigstore_python_verifies_with_the_document_and_with_the_cache_that_we_wrote_for_it() {
    if !peers::installed() {
        return;
    }
    let site = Site::new();
    let document = site.exported("client-trust-config", &[]);
    site.exported("sigstore-python", &[]);
    for configuration in [["--trust-config", document.to_str().unwrap()], ["--instance", URL]] {
        site.accepts_the_first_and_not_the_second(|bundle| {
            let mut command = site.command(peers::sigstore());
            command.args(configuration).args(["verify", "identity", "--offline", "--bundle", bundle]);
            command.args(["--cert-identity", SIGNER.name, "--cert-oidc-issuer", SIGNER.issuer]);
            command
        });
    }
}

#[test]
fn cosign_verifies_with_the_trusted_root_that_we_wrote_for_it() {
    if !peers::installed() {
        return;
    }
    let site = Site::new();
    let document = site.exported("trusted-root", &[]);
    site.accepts_the_first_and_not_the_second(|bundle| {
        let mut command = site.command(peers::cosign());
        command.args(["verify-blob", "--bundle", bundle, "--trusted-root"]).arg(&document);
        command.args(["--certificate-identity", SIGNER.name, "--certificate-oidc-issuer", SIGNER.issuer]);
        command
    });
}
