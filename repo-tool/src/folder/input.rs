//! Reads files of others, up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

/// The name that means standard input or standard output.
pub(crate) const STANDARD: &str = "-";

/// Reads a file, or standard input if its name is `-`, of `most` bytes at the most.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| Failure::io("read", path, &error);
    let too_long = || {
        let what = format!("{} has more than the {most} bytes allowed", path.display());
        Failure::new(what, "check that this is the right file")
    };
    let mut bytes = Vec::new();
    // One byte more than there may be tells that there are too many.
    let limit = most as u64 + 1;
    if path == Path::new(STANDARD) {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.len() > most as u64 {
            return Err(too_long());
        }
        file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() > most { Err(too_long()) } else { Ok(bytes) }
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
