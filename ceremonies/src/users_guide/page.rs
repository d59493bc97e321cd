//! A page in Markdown.

/// A page in Markdown, a block after the other.
#[derive(Debug, Default)]
pub(super) struct Page(Vec<String>);

impl Page {
    pub(super) fn title(&mut self, title: &str) {
        self.0.push(format!("# {title}"));
    }

    pub(super) fn heading(&mut self, title: &str) {
        self.0.push(format!("## {title}"));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }

    pub(super) fn code(&mut self, language: &str, code: &str) {
        self.0.push(format!("```{language}\n{}\n```", code.trim_end()));
    }

    pub(super) fn into_text(self) -> String {
        self.0.join("\n\n") + "\n"
    }
}

/// A text in YAML, on one line: as JSON has it, which YAML reads.
pub(super) fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A regular expression for that text and nothing else.
pub(super) fn exactly(text: &str) -> String {
    let mut pattern = String::from("^");
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern + "$"
}

/// A word of a shell.
pub(super) fn shell(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:%+@".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_one_word_wherever_they_stand() {
        assert_eq!(yaml("a \"b\": c"), r#""a \"b\": c""#);
        assert_eq!(exactly("https://a.example/?x"), r"^https://a\.example/\?x$");
        assert_eq!((&*shell("https://a.example"), &*shell("it's")), ("https://a.example", r"'it'\''s'"));
        assert_eq!(shell(""), "''");
    }
}
