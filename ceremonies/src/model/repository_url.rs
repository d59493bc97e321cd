//! Where a repository is published.

use std::fmt;
use std::str::FromStr;

/// The URL at which verifiers reach what is published: of characters that mean themselves in a shell and in YAML, and without a slash at
/// its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryUrl(String);

/// Why a text is no [`RepositoryUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a URL such as https://tuf.example.org: https or http, a host, and a path; no user, query or fragment"
)]
pub struct BadRepositoryUrl;

impl RepositoryUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryUrl {
    type Err = BadRepositoryUrl;

    fn from_str(text: &str) -> Result<RepositoryUrl, BadRepositoryUrl> {
        let url = text.trim_end_matches('/');
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(BadRepositoryUrl)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:%+[]".contains(&byte);
        let has_host = rest.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'[');
        match has_host && rest.bytes().all(is_plain) {
            true => Ok(RepositoryUrl(url.to_owned())),
            false => Err(BadRepositoryUrl),
        }
    }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_nothing_that_a_shell_would_read() {
        for (good, kept) in [
            ("https://tuf.acme.example", "https://tuf.acme.example"),
            ("https://tuf.acme.example/sigstore/", "https://tuf.acme.example/sigstore"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(good.parse::<RepositoryUrl>().unwrap().as_str(), kept);
        }
        for bad in [
            "",
            "https://",
            "https:///x",
            "tuf.acme.example",
            "ftp://tuf.acme.example",
            "https://user:secret@tuf.acme.example",
            "https://tuf.acme.example/?x=y",
            "https://tuf.acme.example/#x",
            "https://tuf.acme.example/$(id)",
            "https://tuf.acme.example/a b",
            "https://tuf.acme.example/\"",
        ] {
            assert_eq!(bad.parse::<RepositoryUrl>(), Err(BadRepositoryUrl), "{bad}");
        }
    }
}
