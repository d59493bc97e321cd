//! The few pieces that pages and pictures are put together from.

use crate::text::visible;
use rootline_ceremonies::review::Mark;

/// A text as it may stand anywhere in a page or picture, attributes included: no character of it is read as markup, and none is hidden.
pub(crate) fn text(text: &str) -> String {
    escaped(&visible(text))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text in which digests and ids are set as such, and instants are not broken.
pub(crate) fn words(words: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ';', ')']);
        let rest = escaped(&word[bare.len()..]);
        match bare {
            bare if is_digest(bare) => format!("<code>{}</code>{rest}", escaped(bare)),
            bare if is_instant(bare) => format!("<time>{}</time>{rest}", escaped(bare)),
            _ => escaped(word),
        }
    };
    visible(words).split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Whether it looks like 32 bytes in hex or base64.
fn is_digest(word: &str) -> bool {
    let is_hex = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex || (word.len() == 44 && word.ends_with('='))
}

fn is_instant(word: &str) -> bool {
    rootline_metadata::parse_instant(word).is_some()
}

/// The class that gives something its colour.
pub(crate) fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "added",
        Mark::Removed => "removed",
        Mark::Changed => "changed",
        Mark::Stays => "stays",
    }
}

/// The sign alone; the words beside it say the same.
pub(crate) fn sign(mark: Mark) -> String {
    let sign = match mark {
        Mark::Added => "+",
        Mark::Removed => "−",
        Mark::Changed => "~",
        Mark::Stays => "·",
    };
    format!("<span class=\"sign\" aria-hidden=\"true\">{sign}</span>")
}

/// The sign with its word.
pub(crate) fn badge(mark: Mark, word: &str) -> String {
    format!("<span class=\"badge\">{}{word}</span>", sign(mark))
}

#[cfg(test)]
mod tests {
    use super::{text, words};

    #[test]
    fn digests_and_instants_are_set_as_such_and_the_rest_is_text() {
        let id = "ab".repeat(32);
        assert_eq!(words(&format!("its SHA-256 {id}, none")), format!("its SHA-256 <code>{id}</code>, none"));
        assert_eq!(words("opens 2030-01-01T00:00:00Z, now"), "opens <time>2030-01-01T00:00:00Z</time>, now");
        let hostile = format!("{}=", "<".repeat(43));
        assert_eq!(words(&hostile), format!("<code>{}=</code>", "&lt;".repeat(43)));
        assert_eq!(words("<b> & c"), "&lt;b&gt; &amp; c");
    }

    #[test]
    fn no_text_is_read_as_markup() {
        assert_eq!(text("<script>alert('1')</script>"), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
        assert_eq!(text("\" onload=\"x"), "&quot; onload=&quot;x");
        assert_eq!(text("&lt;"), "&amp;lt;");
        assert_eq!(text("a\u{202e}b\u{0}"), "a⟨U+202E⟩b⟨U+0000⟩");
    }
}
