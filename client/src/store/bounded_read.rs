//! Reading that stops before it costs memory.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rootline_metadata::Digests;

/// Everything that `file` has, or `None` when that is more than `limit` bytes. A file that grows meanwhile is bounded all the same.
///
/// # Errors
///
/// When it cannot be read.
pub fn read_file_at_most(file: &File, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let announced = file.metadata()?.len();
    read_at_most(file, announced, limit)
}

/// The bytes of the regular file at `path`, or of the one that a link there leads to. Pipes and devices, which might never end or never
/// begin, are not opened.
///
/// # Errors
///
/// When it cannot be read, is not a regular file, or has more than `limit` bytes: found out while reading, whatever length it is said to have.
pub fn read_regular_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let refuse_others = |found: &fs::Metadata| match found.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    };
    refuse_others(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    refuse_others(&file.metadata()?)?;
    whole(&file, limit)
}

/// The bytes of what a person has named: a file, or a pipe as shells make for the output of a command.
///
/// # Errors
///
/// When it cannot be read, or has more than `limit` bytes.
pub fn read_input(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    whole(&File::open(path)?, limit)
}

fn whole(file: &File, limit: u64) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes"));
    read_file_at_most(file, limit)?.ok_or_else(too_long)
}

/// Everything `reader` has, or `None` when that is more than `limit` bytes. Never reads further than one byte beyond the
/// limit, whatever length was announced for it.
fn read_at_most(reader: impl Read, announced: u64, limit: u64) -> io::Result<Option<Vec<u8>>> {
    // One byte more than announced, so that the read that finds the end needs no growth.
    let capacity = usize::try_from(announced.min(limit)).unwrap_or(0).saturating_add(1);
    let mut bytes = Vec::with_capacity(capacity);
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Whether `file` has exactly these bytes; found out in pieces, so that a large file is not held a second time.
pub(crate) fn file_has(file: &File, bytes: &[u8]) -> io::Result<bool> {
    if file.metadata()?.len() != bytes.len() as u64 {
        return Ok(false);
    }
    reader_has(file, bytes)
}

/// Whether `reader` has exactly these bytes.
pub(crate) fn reader_has(mut reader: impl Read, bytes: &[u8]) -> io::Result<bool> {
    let mut rest = bytes;
    let mut piece = vec![0; PIECE.min(bytes.len() + 1)];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(rest.is_empty()),
            Ok(length) => match rest.strip_prefix(&piece[..length]) {
                Some(further) => rest = further,
                None => return Ok(false),
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether what `reader` has meets these digests; what cannot be read does not.
pub(crate) fn reader_meets(mut reader: impl Read, digests: &Digests) -> bool {
    let mut check = digests.check();
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return check.is_met(),
            Ok(length) => check.update(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

/// 64 KiB: more makes comparing no faster.
const PIECE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_a_content_only_if_they_are_all_of_it() {
        let long = vec![7; PIECE + 5];
        for content in [&b""[..], b"1", b"12345", &long] {
            assert!(reader_has(content, content).unwrap(), "{}", content.len());
            assert!(!reader_has(content, &[content, b"x"].concat()).unwrap(), "{}", content.len());
            assert!(!reader_has(&[content, b"x"].concat()[..], content).unwrap(), "{}", content.len());
            for changed in
                [0, content.len() / 2, content.len().saturating_sub(1)].into_iter().filter(|at| *at < content.len())
            {
                let mut other = content.to_vec();
                other[changed] ^= 1;
                assert!(!reader_has(content, &other).unwrap(), "{} {changed}", content.len());
            }
        }
    }

    #[test]
    fn exactly_the_limit_is_read_and_one_more_is_not() {
        assert_eq!(read_at_most(&b"12345"[..], 5, 5).unwrap().as_deref(), Some(&b"12345"[..]));
        assert_eq!(read_at_most(&b"123456"[..], 6, 5).unwrap(), None);
        assert_eq!(read_at_most(&b""[..], 0, 0).unwrap().as_deref(), Some(&b""[..]));
    }

    #[test]
    fn an_endless_source_is_given_up_one_byte_beyond_the_limit() {
        assert_eq!(read_at_most(io::repeat(7), 3, 1000).unwrap(), None);
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_nothing_but_regular_files_where_one_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"12345").unwrap();
        for read in [read_regular_file, read_input] {
            assert_eq!(read(&path, 5).unwrap(), b"12345");
            assert_eq!(read(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
            assert_eq!(read(&folder.path().join("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
            assert!(read(folder.path(), 4).is_err());
        }
    }

    /// What has no length, and does not end.
    #[cfg(unix)]
    #[test]
    fn a_device_is_read_as_far_as_the_limit_or_not_at_all_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [Path::new("/dev/zero"), &link] {
            assert_eq!(read_input(path, 1000).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
            assert_eq!(read_regular_file(path, 1000).unwrap_err().to_string(), "it is not a regular file");
        }
        fs::write(folder.path().join("file"), b"12345").unwrap();
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        assert_eq!(read_regular_file(&link, 5).unwrap(), b"12345");
    }

    #[test]
    fn the_largest_limit_does_not_overflow() {
        assert_eq!(read_at_most(&b"x"[..], 1, u64::MAX).unwrap().as_deref(), Some(&b"x"[..]));
    }
}
