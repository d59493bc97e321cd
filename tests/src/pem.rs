//! PEM (RFC 7468), for tests that change what is inside.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A block of that label, in lines of 64 letters.
pub fn block(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// What the one block of a text holds, whatever its label.
///
/// # Panics
/// If there is none, or its letters are no base64.
pub fn decode(text: &str) -> Vec<u8> {
    let lines = text.lines().skip_while(|line| !line.starts_with("-----BEGIN ")).skip(1);
    let text: String = lines.take_while(|line| !line.starts_with("-----END ")).collect();
    assert!(!text.is_empty(), "there is no PEM block");
    STANDARD.decode(text).expect("the letters of a PEM block are base64")
}
