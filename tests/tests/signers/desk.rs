//! An office with tokens, and whatever a signer finds in its environment.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use rootline_tests::softhsm::SoftHsm;

use crate::office::{DAY_0, Office, Said};

/// A PIN that is nothing else, so that it is noticed wherever it is seen.
pub(crate) const PIN: &str = "904-PIN-217";

pub(crate) struct Desk {
    pub(crate) office: Office,
    pub(crate) hsm: SoftHsm,
}

impl Desk {
    /// With these tokens, each empty. None where SoftHSM is not installed.
    pub(crate) fn with_tokens(labels: &[&str]) -> Option<Desk> {
        let hsm = SoftHsm::new()?;
        labels.iter().for_each(|label| hsm.add_token(label, PIN));
        let office = Office::new();
        office.write("pin", format!("{PIN}\n"));
        Some(Desk { office, hsm })
    }

    /// With these tokens and a P-256 key `root` on each.
    pub(crate) fn with_keys(labels: &[&str]) -> Option<Desk> {
        let desk = Desk::with_tokens(labels)?;
        for label in labels {
            desk.generate(label, "root", "p256");
        }
        Some(desk)
    }

    pub(crate) fn generate(&self, token: &str, object: &str, kind: &str) -> Said {
        let out = format!("pkcs11:token={token};object={object}");
        let public = format!("keys/{token}-{object}.pub");
        self.done(&["key", "generate", "--out", &out, "--kind", kind, "--public-key-out", &public])
    }

    /// The program, with the PIN in a file.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(&[arguments, &["--pin-file", "pin"]].concat(), &[])
    }

    /// The program, with these variables in its environment, and no PIN from anywhere else. Nothing that it says has a PIN in it.
    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = self.office.command(&[arguments, &["--at", DAY_0]].concat());
        self.hsm.give_to(&mut command);
        command.env("PATH", path_with_plugin()).env_remove("ROOTLINE_PIN");
        command.envs(variables.iter().copied());
        let said = self.office.run_command(command);
        assert!(!said.out.contains(PIN) && !said.err.contains(PIN), "{said:?}");
        said
    }

    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.status, 0, "{arguments:?}: {said:?}");
        said
    }

    /// The serial number of a token.
    pub(crate) fn serials(&self, label: &str) -> Vec<String> {
        let listed = self.run_with(&["key", "list", "--json"], &[]);
        let tokens = listed.json();
        let is_it = |token: &&serde_json::Value| token["token"] == label;
        tokens
            .as_array()
            .unwrap()
            .iter()
            .filter(is_it)
            .map(|token| token["serial"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Where the plugin of the tests is, before everything else.
pub(crate) fn path_with_plugin() -> OsString {
    let plugin = Path::new(env!("CARGO_BIN_EXE_sigstore-kms-tests")).parent().unwrap().to_owned();
    let others = env::var_os("PATH").unwrap_or_default();
    env::join_paths([plugin].into_iter().chain(env::split_paths(&others))).unwrap()
}
