//! Hex digits (RFC 4648, section 8).

use alloc::string::String;
use alloc::vec::Vec;

/// The bytes as lowercase hex digits, two each.
pub fn encode(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Hex digits in groups of four with spaces between, as people read them out to each other.
pub fn encode_in_fours(bytes: &[u8]) -> String {
    bytes.chunks(2).map(encode).collect::<Vec<_>>().join(" ")
}

/// The bytes that hex digits of either case stand for; `None` if a character is no hex digit or their number is odd.
pub fn decode(digits: &str) -> Option<Vec<u8>> {
    base16ct::mixed::decode_vec(digits).ok()
}

/// As [`decode`], for exactly so many bytes.
pub fn decode_array<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let decoded = base16ct::mixed::decode(digits, &mut bytes).ok()?.len();
    (decoded == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_either_case_are_read_and_lowercase_is_written() {
        for (digits, bytes) in [("", &[][..]), ("00ff", &[0, 255]), ("aBCd", &[0xab, 0xcd])] {
            assert_eq!(decode(digits).as_deref(), Some(bytes), "{digits:?}");
            assert_eq!(encode(bytes), digits.to_lowercase());
        }
    }

    #[test]
    fn groups_have_four_digits_and_the_last_what_is_left() {
        for (bytes, digits) in [(&[][..], ""), (&[1], "01"), (&[1, 35], "0123"), (&[1, 35, 69], "0123 45")] {
            assert_eq!(encode_in_fours(bytes), digits);
        }
    }

    #[test]
    fn anything_else_is_not_hex() {
        for digits in ["0", "0g", " 00", "00\n", "0x00", "é0", "::", "@@"] {
            assert_eq!(decode(digits), None, "{digits:?}");
            assert_eq!(decode_array::<1>(digits), None, "{digits:?}");
        }
    }

    #[test]
    fn an_array_takes_exactly_its_own_length() {
        assert_eq!(decode_array(""), Some([]));
        assert_eq!(decode_array("aBCd"), Some([0xab, 0xcd]));
        for other in ["", "ab", "abcdef", "abc", "abcg"] {
            assert_eq!(decode_array::<2>(other), None, "{other:?}");
        }
    }
}
