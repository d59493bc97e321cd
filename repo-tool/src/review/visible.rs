//! Text from files and from people, as it is shown: what a reader would not see is written out.

/// The text with every character that moves the cursor, turns the direction of writing or takes no room written as its code point,
/// `⟨U+202E⟩`. A name that looks like another one must not read like it.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Controls, marks of direction (UAX 9), joiners and fillers without width, separators of lines, tags.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{3164}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
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
        ] {
            assert_eq!(visible(hidden), shown);
        }
    }
}
