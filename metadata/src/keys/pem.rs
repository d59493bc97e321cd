//! PEM (RFC 7468): written as everybody reads it, and read as people keep it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use spki::der::pem::{self, LineEnding};

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// A PEM block of that label, such as `CERTIFICATE` (RFC 7468), in lines of 64 letters that end in a line feed. What the bytes are is not
/// looked at.
///
/// # Panics
/// If the label is not one that RFC 7468 allows, or the bytes are more than 2^28.
pub fn block(label: &'static str, der: &[u8]) -> String {
    pem::encode_string(label, LineEnding::LF, der)
        .expect("our labels are valid ones, and what was parsed once is not endless")
}

/// A block that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// What it says that it is.
    pub(crate) label: &'a str,
    body: &'a str,
}

impl Block<'_> {
    /// Its bytes, however its lines are broken; `None` if it has a header, as encrypted keys do, or is not base64.
    pub(crate) fn der(&self) -> Option<Vec<u8>> {
        let letters: String = self.body.split_ascii_whitespace().collect();
        STANDARD.decode(letters).ok()
    }
}

/// Whether a text has the beginning of a block in it.
pub(crate) fn has_block(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The blocks of a text, one after the other; what stands around them is passed over. `None` in the place of one without its end, which
/// is the last.
pub(crate) fn blocks(text: &str) -> impl Iterator<Item = Option<Block<'_>>> {
    let mut rest = text;
    core::iter::from_fn(move || {
        let (_, begun) = rest.split_once(BEGIN)?;
        rest = "";
        let read = || {
            let (label, after) = begun.split_once(DASHES)?;
            let (body, after) = after.split_once(&*format!("-----END {label}{DASHES}"))?;
            Some((Block { label, body }, after))
        };
        let block = read();
        if let Some((_, after)) = block {
            rest = after;
        }
        Some(block.map(|(block, _)| block))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_between_any_text_however_their_lines_are_broken() {
        let text = "before\n-----BEGIN A B-----\r\n AAE\nC AwQ=\n-----END A B-----between-----BEGIN X-----\n!\n-----END X-----";
        let blocks: Vec<_> = super::blocks(text).map(|block| block.map(|block| (block.label, block.der()))).collect();
        assert_eq!(blocks, [Some(("A B", Some([0, 1, 2, 3, 4].into()))), Some(("X", None))]);
        assert!(has_block(text) && !has_block("-----BEGIN"));
        let read: Vec<_> = super::blocks(&block("CERTIFICATE", &[7; 100])).filter_map(|block| block?.der()).collect();
        assert_eq!(read, [[7; 100]]);
    }

    #[test]
    fn a_block_without_its_own_end_is_the_last() {
        let whole = block("A", b"x");
        for broken in ["-----BEGIN A-----\nAAAA", "-----BEGIN A", "-----BEGIN A-----\n-----END B-----\n"] {
            let found: Vec<bool> = super::blocks(&format!("{whole}{broken}")).map(|block| block.is_some()).collect();
            assert_eq!(found, [true, false], "{broken}");
        }
        assert_eq!(super::blocks("").count(), 0);
    }
}
