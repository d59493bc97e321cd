//! PEM (RFC 7468), as everybody reads it: lines of 64 letters that end in a line feed.

use alloc::string::String;

use spki::der::pem::{self, LineEnding};

/// A PEM block of that label, such as `CERTIFICATE` (RFC 7468). What the bytes are is not looked at.
///
/// # Panics
/// If the label is not one that RFC 7468 allows, or the bytes are more than 2^28.
pub fn block(label: &'static str, der: &[u8]) -> String {
    pem::encode_string(label, LineEnding::LF, der)
        .expect("our labels are valid ones, and what was parsed once is not endless")
}
