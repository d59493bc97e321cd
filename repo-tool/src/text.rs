//! Text from files and from people: characters that a reader would not see are written out or replaced by a space.

use rootline_ceremonies::Name;

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
        if is_hidden(character) || is_lost {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Replaces invisible characters by spaces, for texts that are not compared. A review writes them out instead.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|character| if is_hidden(character) { ' ' } else { character }).collect()
}

/// Names, for a sentence.
pub(crate) fn join<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.into_iter().map(Name::as_str).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

/// Controls, marks of direction (UAX 9), joiners, selectors and fillers without width, other spaces, separators of lines, tags; and the bracket
/// that code points are written in.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{3164}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{27e8}' | '\u{2800}' | '\u{fff9}'..='\u{fffb}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
        )
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
            ("a\u{a0}b\u{3000}", "a⟨U+00A0⟩b⟨U+3000⟩"),
            (" a  b ", "⟨U+0020⟩a ⟨U+0020⟩b⟨U+0020⟩"),
        ] {
            assert_eq!(visible(hidden), shown);
        }
    }
}
