//! The names of instances, which become folders.

use rootline_client::Instance;
use rootline_metadata::plain_name::{self, MAX_LENGTH};

/// Reads the name of an instance of the user's own.
///
/// # Errors
/// If it is no such name: what is expected.
pub(crate) fn parse_name(text: &str) -> Result<String, String> {
    if plain_name::check(text).is_err() {
        return Err(format!("expected up to {MAX_LENGTH} of a-z, 0-9, '-', '.' and '_', such as example-prod"));
    }
    if Instance::built_in(text).is_some() {
        return Err(format!("{text} is the name of a built-in instance"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_taken() {
        for name in ["a", "example-prod", "tuf.example.org", "2030_06", &"a".repeat(64)] {
            assert_eq!(parse_name(name), Ok(name.to_owned()));
        }
    }

    #[test]
    fn names_that_mean_something_to_a_file_system_are_refused() {
        for name in
            ["", ".", "..", ".hidden", "a/b", "a\\b", "A", "a b", "-a", "a.", "con", "com1.x", "ä", &"a".repeat(65)]
        {
            assert!(parse_name(name).unwrap_err().starts_with("expected up to"), "{name:?}");
        }
    }

    #[test]
    fn the_names_of_built_in_instances_are_taken_already() {
        for (name, _) in Instance::built_in_names() {
            assert!(parse_name(name).unwrap_err().contains("built-in"), "{name}");
        }
    }
}
