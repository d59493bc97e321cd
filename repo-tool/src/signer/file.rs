//! Private keys in files.

use std::fs;
use std::io;
use std::path::Path;

use rootline::terminal::Terminal;
use rootline_ceremonies::{KeyFileError, SecretKey};
use rootline_client::store::{keeps_private, read_input};
use zeroize::Zeroizing;

use super::secret::PassphraseArgs;
use crate::failure::{Failure, key_failure};
use crate::folder::input::MAX_KEY;

/// Reads a private key. The passphrase is asked for only if the key is encrypted.
pub(crate) fn read(path: &Path, passphrase: &PassphraseArgs, terminal: &Terminal) -> Result<SecretKey, Failure> {
    let unreadable = |error: io::Error| Failure::io("read the key", path, &error);
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let pem = read_input(path, MAX_KEY).map(Zeroizing::new).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => key_failure(path, &KeyFileError::Malformed),
        _ => unreadable(error),
    })?;
    let pem = std::str::from_utf8(&pem).map_err(|_| key_failure(path, &KeyFileError::Malformed))?;
    let key = match SecretKey::from_pem(pem, None) {
        Err(KeyFileError::NeedsPassphrase) => SecretKey::from_pem(pem, Some(passphrase.existing(path)?.as_bytes())),
        other => other,
    };
    if is_open_to_others(&metadata) {
        terminal.warning(format_args!("{} can be read by others", path.display()));
        let hint = match path.parent().map(keeps_private) {
            Some(Ok(false)) => "its file system keeps no permissions: move it to a disk that does".to_owned(),
            _ => format!("chmod 600 {}", path.display()),
        };
        terminal.hint(format_args!("{hint}"));
    }
    key.map_err(|error| key_failure(path, &error))
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
