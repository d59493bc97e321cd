//! Tokens in software, each keyholder's as they need them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::peers;

/// SoftHSM with tokens of its own.
#[derive(Debug)]
pub struct SoftHsm {
    util: PathBuf,
    module: PathBuf,
    folder: TempDir,
}

impl SoftHsm {
    /// One without tokens. None if it is not installed.
    ///
    /// # Panics
    /// If it is not installed and `CI=true`.
    pub fn new() -> Option<SoftHsm> {
        let util = peers::unpacked("softhsm/usr/bin/softhsm2-util")?;
        let module = peers::unpacked("softhsm/lib/libsofthsm2.so")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let hsm = SoftHsm { util, module, folder };
        fs::create_dir(hsm.tokens()).expect("a folder");
        let tokens = hsm.tokens();
        let configuration =
            format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
        fs::write(hsm.configuration(), configuration).expect("a file");
        Some(hsm)
    }

    /// A new token.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn add_token(&self, label: &str, pin: &str) {
        self.util(&["--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "security officer"]);
    }

    /// Puts a private key in PKCS#8 on a token, with its public key unless that is left out.
    ///
    /// # Panics
    /// If it cannot be put there.
    pub fn import(&self, token: &str, pin: &str, key: &Path, label: &str, id: &str, with_public: bool) {
        let key = key.to_str().expect("a path of ours is Unicode");
        let mut arguments = vec!["--import", key, "--token", token, "--pin", pin, "--label", label, "--id", id];
        if !with_public {
            arguments.push("--no-public-key");
        }
        self.util(&arguments);
    }

    /// Makes a P-256 key pair on a token that wants its PIN for every signature, as the key in a YubiKey's slot 9c does. None where OpenSC, which
    /// makes it, is not installed.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn always_authenticate(&self, token: &str, pin: &str, label: &str, id: &str) -> Option<()> {
        let mut command = Command::new(peers::of_the_system("pkcs11-tool")?);
        command.arg("--module").arg(&self.module).args(["--token-label", token, "--login", "--pin", pin]);
        command.args(["--keypairgen", "--key-type", "EC:prime256v1", "--label", label, "--id", id, "--always-auth"]);
        let output =
            command.env("SOFTHSM2_CONF", self.configuration()).output().expect("a program that is installed runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(())
    }

    /// The folder of all tokens.
    pub fn tokens(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    /// The PKCS#11 library.
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// Lets a command see these tokens, through that library.
    pub fn give_to(&self, command: &mut Command) {
        command.env("SOFTHSM2_CONF", self.configuration()).env("ROOTLINE_PKCS11_MODULE", &self.module);
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }

    fn util(&self, arguments: &[&str]) {
        let mut command = Command::new(&self.util);
        command.arg("--module").arg(&self.module).args(arguments).env("SOFTHSM2_CONF", self.configuration());
        let output = command.output().expect("a program that is installed runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
