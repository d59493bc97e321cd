//! Names out of somebody's file, in messages.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt;

/// A name quoted, without control characters, and of bounded length, so that a file can neither reach the terminal nor fill it.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 60;
        f.write_str("`")?;
        self.0.chars().take(SHOWN).try_for_each(|letter| write!(f, "{}", letter.escape_debug()))?;
        f.write_str(if self.0.chars().nth(SHOWN).is_some() { "…`" } else { "`" })
    }
}

/// A name as it is, within the same bounds.
pub(crate) fn plain(name: &str) -> String {
    let quoted = format!("{}", Quoted(name));
    quoted.trim_start_matches('`').trim_end_matches('`').to_owned()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn control_characters_and_long_names_stay_out_of_messages() {
        assert_eq!(Quoted("PKIX_NEW").to_string(), "`PKIX_NEW`");
        assert_eq!(plain("https://a.example"), "https://a.example");
        assert_eq!(Quoted("\u{1b}[2J\n").to_string(), "`\\u{1b}[2J\\n`");
        assert_eq!(Quoted(&"k".repeat(60)).to_string(), format!("`{}`", "k".repeat(60)));
        assert_eq!(Quoted(&"k".repeat(61)).to_string(), format!("`{}…`", "k".repeat(60)));
    }
}
