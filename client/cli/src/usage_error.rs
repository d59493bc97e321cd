//! What is wrong with a command line, without the secrets that were typed in a wrong place.

use clap::error::ContextValue;

/// The parser's message, if an argument that it repeats may hold a secret: with `...` in its place.
pub(crate) fn without_secrets(error: &clap::Error) -> Option<String> {
    let texts = error.context().flat_map(|(_, value)| match value {
        ContextValue::String(text) => vec![text.as_str()],
        ContextValue::Strings(texts) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    });
    let secrets: Vec<&str> = texts.filter(|text| may_hold_secret(text)).collect();
    let hidden = |message: String, secret: &&str| message.replace(*secret, "...");
    (!secrets.is_empty()).then(|| secrets.iter().fold(error.render().to_string(), hidden))
}

/// A URL with a password or a signature, also without its scheme, or a token's URI with a PIN.
fn may_hold_secret(argument: &str) -> bool {
    let has = |text: &str| argument.contains(text);
    (has(":") && has("@")) || (has("://") && (has("?") || has("#"))) || has("pin-value")
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for plain in ["--tires", "udpate", "https://tuf.example", "a@b", "C:\\dir", "2030-01-01T00:00:00Z", "what?"] {
            assert!(!may_hold_secret(plain), "{plain}");
        }
    }
}
