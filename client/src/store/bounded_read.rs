//! Reading that stops before it costs memory.

use std::fs::File;
use std::io::{self, Read};

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
    fn the_largest_limit_does_not_overflow() {
        assert_eq!(read_at_most(&b"x"[..], 1, u64::MAX).unwrap().as_deref(), Some(&b"x"[..]));
    }
}
