//! Text from files and from people: characters that a reader would not see are written out or replaced by a space.

use rootline::printable::is_hidden;
use rootline_ceremonies::Name;
use rootline_metadata::{PublicKey, hex, sha256};

/// Opens a code point that is written out.
const OPENS: char = '\u{27e8}';

/// The text with every character that moves the cursor, turns the direction of writing, takes no room or is a space like any other written
/// as its code point, `⟨U+202E⟩`. A name that looks like another one must not read like it; so what opens a code point is written as one
/// too, and so is a space at either end or after another one.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_lost = character == ' ' && (matches!(before, None | Some(' ')) || characters.peek().is_none());
        before = Some(character);
        if is_hidden(character) || character == OPENS || is_lost {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Replaces invisible characters by spaces, for texts that are not compared. A review writes them out instead.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|character| if is_hidden(character) || character == OPENS { ' ' } else { character }).collect()
}

/// The SHA-256 digest of a key's SubjectPublicKeyInfo, in hex: the id that openssl, cosign and others print.
pub(crate) fn spki_sha256(key: &PublicKey) -> String {
    hex::encode(&sha256(&key.to_spki_der()))
}

/// Names, for a sentence.
pub(crate) fn join<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.into_iter().map(Name::as_str).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_would_see_is_written_out_and_the_rest_stays() {
        for plain in ["Alice Example", "Zoë", "日本", "a <b> & \"c\"", "https://example.org/?a=b"] {
            assert_eq!(visible(plain), plain);
        }
        for (hidden, shown) in [
            ("a\u{202e}b", "a⟨U+202E⟩b"),
            ("\u{1b}[31m", "⟨U+001B⟩[31m"),
            ("two\nlines", "two⟨U+000A⟩lines"),
            ("zero\u{200b}width", "zero⟨U+200B⟩width"),
            ("\u{2066}\u{e0041}", "⟨U+2066⟩⟨U+E0041⟩"),
            ("⟨U+202E⟩", "⟨U+27E8⟩U+202E⟩"),
            ("a\u{fffe}\u{1ffff}\u{fdd0}\u{fffd}", "a⟨U+FFFE⟩⟨U+1FFFF⟩⟨U+FDD0⟩\u{fffd}"),
            ("a\u{a0}b\u{3000}", "a⟨U+00A0⟩b⟨U+3000⟩"),
            (" a  b ", "⟨U+0020⟩a ⟨U+0020⟩b⟨U+0020⟩"),
        ] {
            assert_eq!(visible(hidden), shown);
        }
    }
}
