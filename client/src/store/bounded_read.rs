//! Reading that stops before it costs memory.

use std::io::{self, Read};

/// Everything `reader` has, or `None` when that is more than `limit` bytes. Never reads further than one byte beyond the
/// limit, whatever length was announced for it.
pub(crate) fn read_at_most(reader: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_limit_is_read_and_one_more_is_not() {
        assert_eq!(read_at_most(&b"12345"[..], 5).unwrap().as_deref(), Some(&b"12345"[..]));
        assert_eq!(read_at_most(&b"123456"[..], 5).unwrap(), None);
        assert_eq!(read_at_most(&b""[..], 0).unwrap().as_deref(), Some(&b""[..]));
    }

    #[test]
    fn an_endless_source_is_given_up_one_byte_beyond_the_limit() {
        assert_eq!(read_at_most(io::repeat(7), 1000).unwrap(), None);
    }

    #[test]
    fn the_largest_limit_does_not_overflow() {
        assert_eq!(read_at_most(&b"x"[..], u64::MAX).unwrap().as_deref(), Some(&b"x"[..]));
    }
}
