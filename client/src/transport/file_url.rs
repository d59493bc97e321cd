//! `file:` URLs (RFC 8089), for repositories in folders and for files of keys.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// How a system writes paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paths {
    /// One root, names between slashes.
    Unix,
    /// Drives, and backslashes as well.
    Windows,
}

impl Paths {
    /// Those of this system.
    pub(super) const HERE: Paths = if cfg!(windows) { Paths::Windows } else { Paths::Unix };
}

/// The path that a `file:` URL names, in every form of RFC 8089: `file:/PATH`, `file:///PATH` and `file://localhost/PATH`, percent-encoded; a
/// relative `file:PATH` too. On Windows the slash before a drive letter goes.
///
/// # Errors
/// What is wrong with it. The text may hold a secret, and is not repeated.
pub fn read_file_url(url: &str) -> Result<PathBuf, &'static str> {
    path_of(url, Paths::HERE).map(PathBuf::from)
}

/// What follows `file:`, in letters of any case.
pub(super) fn after_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once(':')?;
    scheme.eq_ignore_ascii_case("file").then_some(rest)
}

pub(super) fn path_of(url: &str, paths: Paths) -> Result<String, &'static str> {
    let rest = after_scheme(url).ok_or("it is not a file: URL")?;
    if rest.contains(['?', '#']) {
        return Err("a file: URL has no query or fragment; in a name, write ? as %3F and # as %23");
    }
    let path = match rest.strip_prefix("//") {
        // Not of RFC 8089, and often written.
        Some(path) if paths == Paths::Windows && begins_with_drive(path) => path,
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return Err(
                    "its file: URL names another machine; write three slashes before a path of this one, as in file:///srv/tuf",
                );
            }
            path
        }
        None => rest,
    };
    let path = decoded(path)?;
    let path = match path.strip_prefix('/') {
        Some(drive) if paths == Paths::Windows && begins_with_drive(drive) => drive.to_owned(),
        // Several slashes are one root.
        Some(rest) if paths == Paths::Unix => format!("/{}", rest.trim_start_matches('/')),
        _ => path,
    };
    match path.is_empty() {
        true => Err("its file: URL names no path"),
        // RFC 8089, appendix E.2.2: the drive's colon was once written as a bar.
        false if paths == Paths::Windows && begins_with_drive(&path) => Ok(path.replacen('|', ":", 1)),
        false => Ok(path),
    }
}

/// A letter and a colon, and then nothing or a separator.
pub(super) fn begins_with_drive(path: &str) -> bool {
    match path.as_bytes() {
        [letter, b':' | b'|', rest @ ..] => {
            letter.is_ascii_alphabetic() && rest.first().is_none_or(|next| matches!(next, b'/' | b'\\'))
        }
        _ => false,
    }
}

/// An escape that is a separator would make two names of one.
fn decoded(path: &str) -> Result<String, &'static str> {
    let mut escapes = path.split('%').skip(1);
    if !escapes.clone().all(|escape| escape.len() >= 2 && is_hex(&escape.as_bytes()[..2])) {
        return Err("it has a % that is not followed by two hexadecimal digits; write % as %25");
    }
    if escapes.any(|escape| escape.starts_with("00") || escape.starts_with("2F") || escape.starts_with("2f")) {
        return Err("it has an escaped / or NUL, which no name can hold");
    }
    let decoded = percent_decode_str(path).decode_utf8();
    decoded.map(String::from).map_err(|_| "its escapes are not UTF-8")
}

fn is_hex(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_file_url_names_its_path() {
        for (url, path) in [
            ("file:/srv/tuf", "/srv/tuf"),
            ("file:///srv/tuf", "/srv/tuf"),
            ("file://localhost/srv/tuf", "/srv/tuf"),
            ("FILE://LocalHost/srv/tuf", "/srv/tuf"),
            ("file:////srv/tuf", "/srv/tuf"),
            ("file:///my%20mirror/100%25/%C3%A4%2f".trim_end_matches("%2f"), "/my mirror/100%/ä"),
            ("file:///c:/dir", "/c:/dir"),
            ("file:///", "/"),
            ("file:alice.pem", "alice.pem"),
            ("file:keys/a%20b.pem", "keys/a b.pem"),
            ("file:///a%3Fb%23c", "/a?b#c"),
        ] {
            assert_eq!(path_of(url, Paths::Unix).as_deref(), Ok(path), "{url}");
        }
    }

    #[test]
    fn on_windows_the_slash_before_a_drive_goes() {
        for (url, path) in [
            ("file:///c:/dir", "c:/dir"),
            ("file:/C:/dir", "C:/dir"),
            ("file:c:/dir", "c:/dir"),
            ("file://localhost/c:/my%20dir", "c:/my dir"),
            ("file:///c%3A/dir", "c:/dir"),
            ("file:///c|/dir", "c:/dir"),
            ("file:///c:", "c:"),
            ("file://Z:\\dir", "Z:\\dir"),
            ("file://Z:/dir", "Z:/dir"),
            ("file:///srv/tuf", "/srv/tuf"),
            ("file:////server/share", "//server/share"),
            ("file:///cd:/dir", "/cd:/dir"),
        ] {
            assert_eq!(path_of(url, Paths::Windows).as_deref(), Ok(path), "{url}");
        }
    }

    #[test]
    fn what_names_no_path_of_this_machine_is_refused() {
        for url in [
            "file:",
            "file://",
            "file://localhost",
            "file://host/srv",
            "file://srv/tuf",
            "file://user:secret@localhost/srv",
            "file:///a?b",
            "file:///a#b",
            "file:///a%",
            "file:///a%4",
            "file:///a%zz",
            "file:///%ff",
            "file:///a%2Fb",
            "file:///a%00",
            "/srv/tuf",
            "files:///srv",
        ] {
            for paths in [Paths::Unix, Paths::Windows] {
                let refused = path_of(url, paths).unwrap_err();
                assert!(!refused.contains("secret"), "{url}: {refused}");
            }
        }
        assert!(path_of("file://c:/dir", Paths::Unix).is_err());
    }
}
