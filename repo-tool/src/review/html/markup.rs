//! The few pieces that the page is put together from.

use super::super::{Mark, visible};

/// A text as it may stand anywhere in the page, attributes included: no character of it is read as markup, and none is hidden.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in visible(text).chars() {
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

/// A text in which ids and digests are set as such.
pub(super) fn with_digests(words: &str) -> String {
    /// Shorter ones are words.
    const SHORTEST: usize = 40;
    let word = |word: &str| {
        let bare = word.trim_end_matches(',');
        match bare.len() >= SHORTEST && !bare.contains(['_', '/', '.']) || bare.len() >= SHORTEST && bare.ends_with('=')
        {
            true => format!("<code>{}</code>{}", text(bare), &word[bare.len()..]),
            false => text(word),
        }
    };
    words.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The class that gives something its colour.
pub(super) fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "added",
        Mark::Removed => "removed",
        Mark::Changed => "changed",
        Mark::Stays => "stays",
    }
}

/// The sign alone; the words beside it say the same.
pub(super) fn sign(mark: Mark) -> String {
    let sign = match mark {
        Mark::Added => "+",
        Mark::Removed => "−",
        Mark::Changed => "~",
        Mark::Stays => "·",
    };
    format!("<span class=\"sign\" aria-hidden=\"true\">{sign}</span>")
}

/// The sign with its word.
pub(super) fn badge(mark: Mark, word: &str) -> String {
    format!("<span class=\"badge\">{}{word}</span>", sign(mark))
}

#[cfg(test)]
mod tests {
    use super::{text, with_digests};

    #[test]
    fn ids_are_set_as_such_and_stay_text() {
        let id = "ab".repeat(32);
        assert_eq!(
            with_digests(&format!("its SHA-256 {id}, so far none")),
            format!("its SHA-256 <code>{id}</code>, so far none")
        );
        let hostile = "<".repeat(40);
        assert_eq!(with_digests(&hostile), format!("<code>{}</code>", "&lt;".repeat(40)));
    }

    #[test]
    fn no_text_is_read_as_markup() {
        assert_eq!(text("<script>alert('1')</script>"), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
        assert_eq!(text("\" onload=\"x"), "&quot; onload=&quot;x");
        assert_eq!(text("&lt;"), "&amp;lt;");
        assert_eq!(text("a\u{202e}b\u{0}"), "a⟨U+202E⟩b⟨U+0000⟩");
    }
}
