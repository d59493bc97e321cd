//! Private keys in files, and their passphrases.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::secret_key::{KeyFileError, SecretKey};
use zeroize::Zeroizing;

use crate::failure::{Failure, key_failure};
use rootline_client::cli::terminal::Terminal;

/// Most bytes of a key file.
const MOST_BYTES: u64 = 64 << 10;

/// Where a passphrase comes from.
#[derive(Args, Clone, Debug)]
pub(crate) struct PassphraseArgs {
    /// A file whose first line is the passphrase. Otherwise it is ROOTLINE_PASSPHRASE, or asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase for a key that there is.
    pub(crate) fn existing(&self, path: &Path) -> Result<Zeroizing<String>, Failure> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => prompt(&format!("passphrase for {}: ", path.display())),
        }
    }

    /// The passphrase for a key that is being made, asked for twice.
    pub(crate) fn new_one(&self, path: &Path) -> Result<Zeroizing<String>, Failure> {
        if let Some(passphrase) = self.given()? {
            return Ok(passphrase);
        }
        let first = prompt(&format!("new passphrase for {}: ", path.display()))?;
        let second = prompt("the same again: ")?;
        if first != second {
            return Err(Failure::new("the two passphrases differ", "run this again"));
        }
        Ok(first)
    }

    fn given(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(path) = &self.passphrase_file {
            let text = fs::read_to_string(path).map(Zeroizing::new);
            let text = text.map_err(|error| Failure::io("read the passphrase file", path, &error))?;
            return not_empty(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())).map(Some);
        }
        match std::env::var("ROOTLINE_PASSPHRASE") {
            Ok(passphrase) => not_empty(Zeroizing::new(passphrase)).map(Some),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(Failure::new(
                "ROOTLINE_PASSPHRASE is not Unicode",
                "give the passphrase in a file: --passphrase-file FILE",
            )),
        }
    }
}

/// Reads a private key. The passphrase is asked for only if the key is encrypted.
pub(crate) fn read(path: &Path, passphrase: &PassphraseArgs, terminal: &Terminal) -> Result<SecretKey, Failure> {
    let unreadable = |error: io::Error| Failure::io("read the key", path, &error);
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.len() > MOST_BYTES {
        return Err(key_failure(path, &KeyFileError::Malformed));
    }
    let pem = Zeroizing::new(fs::read(path).map_err(unreadable)?);
    let pem = std::str::from_utf8(&pem).map_err(|_| key_failure(path, &KeyFileError::Malformed))?;
    let key = match SecretKey::from_pem(pem, None) {
        Err(KeyFileError::NeedsPassphrase) => SecretKey::from_pem(pem, Some(passphrase.existing(path)?.as_bytes())),
        other => other,
    };
    if is_open_to_others(&metadata) {
        terminal.warning(format_args!("{} can be read by others: chmod 600 {0}", path.display()));
    }
    key.map_err(|error| key_failure(path, &error))
}

fn prompt(question: &str) -> Result<Zeroizing<String>, Failure> {
    let no_terminal = || {
        Failure::new(
            "a passphrase is needed, and there is no terminal to ask for it",
            "give it with --passphrase-file FILE or in ROOTLINE_PASSPHRASE",
        )
    };
    if !io::stdin().is_terminal() {
        return Err(no_terminal());
    }
    not_empty(rpassword::prompt_password(question).map(Zeroizing::new).map_err(|_| no_terminal())?)
}

fn not_empty(passphrase: Zeroizing<String>) -> Result<Zeroizing<String>, Failure> {
    if passphrase.is_empty() {
        return Err(Failure::new("the passphrase is empty", "choose one, or leave the key unencrypted with --plain"));
    }
    Ok(passphrase)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}
