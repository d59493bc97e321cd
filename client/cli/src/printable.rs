//! Texts that come from elsewhere, made fit for a terminal: names, URLs and messages out of somebody's file.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

/// Most characters of one name.
const MOST_OF_A_NAME: usize = 256;
/// Most characters of one message.
const MOST_OF_A_MESSAGE: usize = 2_000;

/// A name in one line: what a reader would not see is escaped, as `\u{202e}`, and a very long one is cut. Nothing in it can move the cursor,
/// turn the direction of writing, or look like a line of its own.
pub fn printable(name: &str) -> String {
    cut(&escaped(name, |_| false), MOST_OF_A_NAME)
}

/// A word of a command line in one line, likewise; `...` in its place if there may be a secret in it.
pub fn printable_argument(argument: &str) -> String {
    if may_hold_secret(argument) { "...".to_owned() } else { printable(argument) }
}

/// A path in one line, likewise, and whole: programs read it.
pub fn printable_path(path: &Path) -> String {
    escaped(&path.to_string_lossy(), |_| false).into_owned()
}

/// A message in one line, likewise.
pub(crate) fn message(text: &str) -> String {
    cut(&escaped(text, |_| false), MOST_OF_A_MESSAGE)
}

/// A URL with a password or a signature, also without its scheme, or a token's URI with a PIN.
pub(crate) fn may_hold_secret(argument: &str) -> bool {
    let has = |text: &str| argument.contains(text);
    (has(":") && has("@")) || (has("://") && (has("?") || has("#"))) || has("pin-value")
}

/// The lines of a result, escaped but for their ends and for the colours that this program has put in, if it does put in any.
pub(crate) fn lines(text: &str, has_colours: bool) -> Cow<'_, str> {
    match has_colours {
        false => escaped(text, |character| character == '\n'),
        true => {
            let mut parts = text.split(COLOUR).map(|part| (part, colour_end(part)));
            let mut whole = String::from(parts.next().map_or("", |(part, _)| part));
            whole = escaped(&whole, |character| character == '\n').into_owned();
            for (part, end) in parts {
                // Not a colour of ours: its first character is one to be escaped like any other.
                let (colour, rest) = part.split_at(end);
                let start = if end == 0 { Cow::Borrowed("\\u{1b}") } else { Cow::Owned(format!("{COLOUR}{colour}")) };
                whole.push_str(&start);
                whole.push_str(&escaped(rest, |character| character == '\n'));
            }
            Cow::Owned(whole)
        }
    }
}

/// The text of a JSON document, where such characters stand in strings alone, with each of them as `\u` and four digits.
pub(crate) fn json(document: &str) -> Cow<'_, str> {
    let is_shown = |character: char| !is_hidden(character) || character == '\n' || character == ' ';
    if document.chars().all(is_shown) {
        return Cow::Borrowed(document);
    }
    let mut text = String::with_capacity(document.len() + 16);
    for character in document.chars() {
        if is_shown(character) {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(text)
}

/// Controls, marks of direction (UAX 9), joiners, selectors and fillers without width, other spaces, separators of lines, tags, and what is
/// no character at all (which XML forbids).
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || u32::from(character) & 0xfffe == 0xfffe
        || (character.is_whitespace() && character != ' ')
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{3164}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{2800}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// What begins a colour.
const COLOUR: char = '\u{1b}';

/// The colours that these programs use, after the escape character.
const COLOURS: [&str; 5] = ["[1;31m", "[1;33m", "[1;36m", "[97;40m", "[0m"];

/// Where the colour ends that `text` begins with; 0 if it begins with none.
fn colour_end(text: &str) -> usize {
    COLOURS.iter().find(|colour| text.starts_with(**colour)).map_or(0, |colour| colour.len())
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_shown = |character: char| !is_hidden(character) || stays(character);
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            shown if is_shown(shown) => whole.push(shown),
            '\n' => whole.push_str("\\n"),
            '\r' => whole.push_str("\\r"),
            '\t' => whole.push_str("\\t"),
            hidden => {
                let _ = write!(whole, "\\u{{{:x}}}", u32::from(hidden));
            }
        }
    }
    Cow::Owned(whole)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What must not reach a terminal, with what is shown in its place.
    const HIDDEN: [(&str, &str); 9] = [
        ("\u{1b}[31m", "\\u{1b}[31m"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("two\nlines", "two\\nlines"),
        ("back\r", "back\\r"),
        ("a\tb\u{7}\u{0}", "a\\tb\\u{7}\\u{0}"),
        ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
        ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
        ("a\u{a0}b\u{2028}c\u{85}", "a\\u{a0}b\\u{2028}c\\u{85}"),
        ("\u{e0041}", "\\u{e0041}"),
    ];

    #[test]
    fn what_a_reader_would_not_see_is_escaped_and_the_rest_stays() {
        for plain in ["Zoë", "日本", "नमस्ते", "e\u{301}", "a <b> & \"c\" \\ 'd'", "https://example.org/?a=b"]
        {
            assert_eq!(printable(plain), plain);
            assert_eq!(message(plain), plain);
            assert_eq!(lines(plain, true), plain);
        }
        for (hidden, shown) in HIDDEN {
            assert_eq!(printable(hidden), shown);
            assert_eq!(message(hidden), shown);
        }
    }

    #[test]
    fn a_name_and_a_message_are_cut_one_character_above_their_limits() {
        assert_eq!(printable(&"n".repeat(256)), "n".repeat(256));
        assert_eq!(printable(&"é".repeat(257)), format!("{}… (257 characters)", "é".repeat(256)));
        assert_eq!(message(&"n".repeat(2_000)), "n".repeat(2_000));
        assert_eq!(message(&"n".repeat(500_000)), format!("{}… (500000 characters)", "n".repeat(2_000)));
    }

    #[test]
    fn of_lines_the_ends_stay_and_our_own_colours_where_there_are_any() {
        assert_eq!(lines("one\ntwo", false), "one\ntwo");
        assert_eq!(lines("\u{1b}[1;31mred\u{1b}[0m", false), "\\u{1b}[1;31mred\\u{1b}[0m");
        assert_eq!(lines("a \u{1b}[1;31mred\u{1b}[0m\nb", true), "a \u{1b}[1;31mred\u{1b}[0m\nb");
        assert_eq!(lines("\u{1b}[2J\u{1b}\u{1b}[0mx", true), "\\u{1b}[2J\\u{1b}\u{1b}[0mx");
        assert_eq!(lines("\u{9b}2J\r", true), "\\u{9b}2J\\r");
    }

    #[test]
    fn a_json_document_says_the_same_without_such_characters() {
        for (hidden, _) in HIDDEN {
            let document = serde_json::json!({ hidden: [hidden] });
            let text = format!("{document:#}");
            let shown = json(&text);
            assert!(!shown.chars().any(|character| is_hidden(character) && character != '\n'), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), document);
        }
        assert!(matches!(json("{\"a\": \"Zoë\"}\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_may_hold_a_secret_is_hidden_and_nothing_else() {
        for secret in [
            "https://user:secret@h",
            "user:secret@h",
            "--url=https://user@h",
            "https://h?key=secret",
            "https://h#secret",
            "pkcs11:token=a?pin-value=1",
        ] {
            assert!(may_hold_secret(secret), "{secret}");
        }
        assert_eq!(printable_argument("https://user:secret@h"), "...");
        assert_eq!(printable_argument("https://h\n"), "https://h\\n");
        for plain in ["--tires", "udpate", "https://tuf.example", "a@b", "C:\\dir", "2030-01-01T00:00:00Z", "what?"] {
            assert!(!may_hold_secret(plain), "{plain}");
        }
    }
}
