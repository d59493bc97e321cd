//! What is wrong with a command line, without the secrets that were typed in a wrong place.

use clap::error::ContextValue;

use crate::printable::may_hold_secret;

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
