//! Which clients have to get through before a publication: `[preflight]` of the policy.

use rootline_metadata::Version;
use serde::Deserialize;
use toml::Spanned;

use crate::model::toml_error::TomlError;

/// Which clients have to get through before something becomes public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreflightRules {
    oldest_root: Option<Version>,
}

impl PreflightRules {
    /// The oldest root that clients may begin with, where it is stated.
    pub fn oldest_root(&self) -> Option<Version> {
        self.oldest_root
    }
}

/// The table in `rootline.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawPreflightRules {
    oldest_root: Option<Spanned<u64>>,
}

impl RawPreflightRules {
    pub(crate) fn read(&self, text: &str) -> Result<PreflightRules, TomlError> {
        let version = |stated: &Spanned<u64>| {
            let version = Version::new(*stated.get_ref());
            version.ok_or_else(|| TomlError::at(text, stated.span(), "expected the version of a root, 1 or more"))
        };
        Ok(PreflightRules { oldest_root: self.oldest_root.as_ref().map(version).transpose()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::toml_error;

    fn read(text: &str) -> Result<PreflightRules, TomlError> {
        toml_error::read::<RawPreflightRules>(text)?.read(text)
    }

    #[test]
    fn the_oldest_root_is_a_version() {
        assert_eq!(read("").unwrap(), PreflightRules::default());
        assert_eq!(read("oldest-root = 7").unwrap().oldest_root(), Version::new(7));
        for text in ["\noldest-root = 0", "\noldest-root = \"1\"", "\noldest = 1"] {
            assert_eq!(read(text).unwrap_err().line, 2, "{text}");
        }
    }
}
