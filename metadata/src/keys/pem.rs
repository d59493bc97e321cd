//! PEM (RFC 7468), as everybody reads it: lines of 64 letters that end in a line feed.

use alloc::string::String;

use spki::der::pem::{self, LineEnding};

/// The block of that label.
pub(crate) fn block(label: &'static str, der: &[u8]) -> String {
    pem::encode_string(label, LineEnding::LF, der)
        .expect("our labels are valid ones, and what was parsed once is not endless")
}
