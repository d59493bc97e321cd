//! Reads files, each up to a limit that holds while it is read.

use std::io::{self, Read};
use std::path::Path;

use rootline_client::Limits;
use rootline_client::store::{read_input, read_regular_file};

use crate::failure::Failure;

/// The name that means standard input or standard output.
pub(crate) const STANDARD: &str = "-";

/// Most bytes of a file that people write: a plan, a policy, a keyholder.
pub(crate) const MAX_TEXT: u64 = 2_000_000;

/// Most bytes of a public key in PEM, or of a file with a secret.
pub(crate) const MAX_KEY: u64 = 64 << 10;

/// Most bytes of one file of the repository's folder: what verifiers accept of a target.
pub(crate) fn max_file() -> u64 {
    Limits::default().target
}

/// Reads what a person has named: a file or a pipe, or standard input if its name is `-`.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let too_long = || {
        let what = format!("{} has more than the {most} bytes allowed", path.display());
        Failure::new(what, "check that this is the right file")
    };
    let bytes = match path == Path::new(STANDARD) {
        true => standard_input(most as u64),
        false => read_input(path, most as u64),
    };
    bytes.map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => too_long(),
        _ => Failure::io("read", path, &error),
    })
}

fn standard_input(most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than there may be tells that there are too many.
    io::stdin().lock().take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Reads text that a person has named; `doing` says what for, as in "read the public key".
pub(crate) fn read_text(doing: &str, path: &Path, most: u64) -> Result<String, Failure> {
    read_input(path, most).and_then(text).map_err(|error| Failure::io(doing, path, &error))
}

/// Reads a text of the repository's folder.
pub(crate) fn read_own_text(path: &Path, most: u64) -> io::Result<String> {
    read_regular_file(path, most).and_then(text)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [7; 10]).unwrap();
        assert_eq!(read(&path, 10).unwrap(), [7; 10]);
        assert!(read(&path, 9).unwrap_err().what().ends_with("has more than the 9 bytes allowed"));
        // What has no length, and does not end.
        #[cfg(unix)]
        assert!(read(Path::new("/dev/zero"), 9).unwrap_err().what().ends_with("has more than the 9 bytes allowed"));
        assert!(read(&folder.path().join("nowhere"), 9).unwrap_err().what().starts_with("cannot read"));
    }
}
