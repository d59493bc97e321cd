//! Private keys in files.

#[cfg(unix)]
use std::fs;
use std::io;
use std::path::Path;

use rootline_ceremonies::{KeyFileError, SecretKey};
use rootline_client::store::{keeps_private, read_input};
use zeroize::Zeroizing;

use super::secret::PassphraseArgs;
use crate::failure::{Failure, key_failure};
use crate::folder::input::MAX_KEY;

/// Reads a private key, which no other user of this machine may read unless `allow_readable`. The passphrase is asked for only if the key is
/// encrypted.
pub(crate) fn read(path: &Path, passphrase: &PassphraseArgs, allow_readable: bool) -> Result<SecretKey, Failure> {
    let pem = read_input(path, MAX_KEY).map(Zeroizing::new).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => key_failure(path, &KeyFileError::Malformed),
        _ => Failure::io("read the key", path, &error),
    })?;
    let pem = std::str::from_utf8(&pem).map_err(|_| key_failure(path, &KeyFileError::Malformed))?;
    let key = match SecretKey::from_pem(pem, None) {
        Err(KeyFileError::NeedsPassphrase) => None,
        other => Some(other.map_err(|error| key_failure(path, &error))?),
    };
    // Of a file that was named by mistake, that it is not a private key is the more telling.
    if !allow_readable && is_open_to_others(path)? {
        return Err(open_to_others(path));
    }
    match key {
        Some(key) => Ok(key),
        None => SecretKey::from_pem(pem, Some(passphrase.existing(path)?.as_bytes()))
            .map_err(|error| key_failure(path, &error)),
    }
}

fn open_to_others(path: &Path) -> Failure {
    let private = match path.parent().map(keeps_private) {
        Some(Ok(false)) => "its file system keeps no permissions: move it to a disk that does".to_owned(),
        _ => format!("chmod 600 {}", path.display()),
    };
    Failure::new(
        format!("the private key {} can be read by others", path.display()),
        format!(
            "{private}; ask for another key if somebody may have read it. To use it all the same: --allow-readable-key"
        ),
    )
}

/// Whether others than its owner can open a file; what a shell makes for the output of a command is nobody else's.
#[cfg(unix)]
pub(super) fn is_open_to_others(path: &Path) -> Result<bool, Failure> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).map_err(|error| Failure::io("read the key", path, &error))?;
    Ok(metadata.is_file() && metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_open_to_others(_: &Path) -> Result<bool, Failure> {
    Ok(false)
}
