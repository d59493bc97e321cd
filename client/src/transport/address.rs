//! Where files of a repository are: the one reader of URLs and folders.

use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{self, Path, PathBuf};

use super::TransportError;
use super::file_url::{Paths, after_scheme, begins_with_drive, path_of};

/// Where files of a repository are: below a URL of a web server, or in a folder of this machine. What is shown, connected to, stored, and
/// taken for the repository's identity all comes from this one reading.
///
/// A URL is kept in RFC 3986's normal form: scheme and host in lower case, no default port, only those escapes that a path needs, no dot
/// segments, no slash at the end. `Display` and `Debug` leave its credentials out.
///
/// ```
/// use rootline_client::transport::Address;
///
/// let address = Address::parse("HTTPS://ci:token@TUF.example:443/a%7Eb/")?;
/// assert_eq!(address.to_string(), "https://tuf.example/a~b");
/// assert_eq!(address.to_text(), "https://ci:token@tuf.example/a~b");
/// # Ok::<(), rootline_client::transport::TransportError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Web(WebUrl),
    Folder(PathBuf),
}

#[derive(Clone, PartialEq, Eq)]
struct WebUrl {
    scheme: &'static str,
    /// User name and password, percent-encoded, with their `@`; or nothing.
    credentials: String,
    /// The host, with its port if that is not the scheme's own.
    authority: String,
    /// Nothing, or a slash and more.
    path: String,
}

impl Address {
    /// Reads an `http`, `https` or `file` URL, or the path of a folder. Nothing is looked up: what a text means does not depend on the disk.
    ///
    /// # Errors
    /// [`TransportError::BadLocation`] for a URL that cannot be used, for one of another scheme, and for a host without a scheme. What may
    /// hold a secret is not in it.
    pub fn parse(text: &str) -> Result<Address, TransportError> {
        read(text, Paths::HERE)
            .map(Address)
            .map_err(|reason| TransportError::BadLocation { location: shown(text), reason })
    }

    /// Whether it is on a web server.
    pub fn is_web(&self) -> bool {
        matches!(self.0, Kind::Web(_))
    }

    /// The folder; `None` when it is on a web server.
    pub fn folder(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Web(_) => None,
            Kind::Folder(folder) => Some(folder),
        }
    }

    /// The address below this one, by a name that needs no escape.
    #[must_use]
    pub fn below(&self, name: &str) -> Address {
        Address(match &self.0 {
            Kind::Web(url) => Kind::Web(WebUrl { path: format!("{}/{name}", url.path), ..url.clone() }),
            Kind::Folder(folder) => Kind::Folder(folder.join(name)),
        })
    }

    /// The same address wherever it is read: a folder by its whole path.
    #[must_use]
    pub fn absolute(&self) -> Address {
        Address(match &self.0 {
            Kind::Folder(folder) => Kind::Folder(path::absolute(folder).unwrap_or_else(|_| folder.clone())),
            web => web.clone(),
        })
    }

    /// The text that [`Address::parse`] reads as this address: with credentials.
    pub fn to_text(&self) -> String {
        match &self.0 {
            Kind::Web(WebUrl { scheme, credentials, authority, path }) => {
                format!("{scheme}://{credentials}{authority}{path}")
            }
            Kind::Folder(folder) => {
                let text = folder.display().to_string();
                match read(&text, Paths::HERE) {
                    Ok(Kind::Folder(_)) => text,
                    // A name with a colon would be taken for a URL.
                    _ => format!("./{text}"),
                }
            }
        }
    }

    /// What tells this place from others, however it is written: the URL without credentials, or the folder's path with all links followed.
    pub(crate) fn identity(&self) -> String {
        match &self.0 {
            Kind::Web(_) => self.to_string(),
            Kind::Folder(folder) => resolved(folder, MAX_LINKS).display().to_string(),
        }
    }

    /// A short name for it: the URL without scheme and credentials, or the folder's own name.
    pub(crate) fn short_name(&self) -> String {
        match &self.0 {
            Kind::Web(url) => format!("{}{}", url.authority, url.path),
            Kind::Folder(folder) => {
                let resolved = resolved(folder, MAX_LINKS);
                resolved.file_name().map_or_else(|| "folder".to_owned(), |name| name.to_string_lossy().into_owned())
            }
        }
    }
}

/// As messages show it: without credentials.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Web(WebUrl { scheme, authority, path, .. }) => write!(f, "{scheme}://{authority}{path}"),
            Kind::Folder(folder) => write!(f, "{}", folder.display()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// A text that was meant to be an address, for messages: by its reading, or, of what cannot be read, as much as cannot hold a secret. User
/// and password end in an `@`, and a query or fragment may be a signature.
pub(crate) fn shown(text: &str) -> String {
    match read(text, Paths::HERE) {
        Ok(kind) => Address(kind).to_string(),
        Err(_) if text.contains(['@', '?', '#']) => {
            let scheme = scheme_of(text).filter(|(_, rest)| rest.starts_with("//"));
            scheme.map_or("...".to_owned(), |(scheme, _)| format!("{scheme}://..."))
        }
        Err(_) => text.to_owned(),
    }
}

/// Whether a path that leads nowhere may be a host whose scheme was forgotten: `tuf.example.org`, `127.0.0.1:8080/tuf`.
pub(super) fn looks_like_host(path: &Path) -> bool {
    let Some(text) = path.to_str() else { return false };
    let authority = text.split('/').next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "0"));
    let labels: Vec<&str> = host.split('.').collect();
    let is_label =
        |label: &&str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let ends_as_name =
        labels.last().is_some_and(|last| last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let is_name = labels.len() >= 2 && labels.iter().all(is_label) && ends_as_name;
    port.parse::<u16>().is_ok() && (is_name || host == "localhost" || host.parse::<Ipv4Addr>().is_ok())
}

fn read(text: &str, paths: Paths) -> Result<Kind, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.contains(char::is_control) {
        return Err("it has a control character");
    }
    if text.trim() != text {
        return Err("it begins or ends with a space");
    }
    if after_scheme(text).is_some() {
        return path_of(text, paths).map(|path| Kind::Folder(folder(&path, paths)));
    }
    match scheme_of(text) {
        // A drive; and on Windows a folder of it that is relative.
        Some((drive, rest)) if drive.len() == 1 => {
            let is_relative = paths == Paths::Windows && !rest.contains('@');
            return if begins_with_drive(text) || is_relative {
                Ok(Kind::Folder(folder(text, paths)))
            } else {
                Err(NO_SCHEME)
            };
        }
        Some((scheme, rest)) => {
            let scheme = match scheme.to_ascii_lowercase().as_str() {
                "http" => "http",
                "https" => "https",
                _ if rest.starts_with("//") => return Err("its scheme is none of http, https and file"),
                _ => return Err(NO_SCHEME),
            };
            let rest = rest.strip_prefix("//").ok_or("two slashes belong behind its scheme, as in https://HOST")?;
            return web(scheme, rest).map(Kind::Web);
        }
        None if paths == Paths::Unix && text.starts_with("//") => return Err(NO_SCHEME),
        None => {}
    }
    Ok(Kind::Folder(folder(text, paths)))
}

const NO_SCHEME: &str = "it looks like a host or a URL without http:// or https:// before it; before the path of a folder, write ./ or one /";

/// What RFC 3986 calls a scheme, and what follows its colon.
fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    (scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(in_scheme))
        .then_some((scheme, rest))
}

/// Without separators at its end, unless they are the root's.
fn folder(path: &str, paths: Paths) -> PathBuf {
    let is_separator = |separator: char| separator == '/' || (separator == '\\' && paths == Paths::Windows);
    let trimmed = path.trim_end_matches(is_separator);
    let is_root = trimmed.is_empty() || (paths == Paths::Windows && begins_with_drive(trimmed) && trimmed.len() == 2);
    PathBuf::from(if is_root { path } else { trimmed })
}

fn web(scheme: &'static str, rest: &str) -> Result<WebUrl, &'static str> {
    if rest.contains('\\') {
        return Err("it has a backslash; write it as %5C");
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (credentials, host_and_port) = match authority.rsplit_once('@') {
        Some((credentials, rest)) => (Some(credentials), rest),
        None => (None, authority),
    };
    if path.contains(['?', '#']) {
        return Err(
            "it has a query or a fragment, which no file below it could have; write ? as %3F and # as %23, also in a password",
        );
    }
    let (host_text, port) = split_port(host_and_port)?;
    let host = host(host_text)?;
    // `https://user:12/34@host` reads as a host `user` with a port: it may be a password with a slash in it.
    let is_plain_host = host_text.contains('.') && port.is_none();
    if path.contains('@') && credentials.is_none() && !is_plain_host {
        return Err("it has an @ in its path; write it as %40, or a / in a password as %2F");
    }
    let port = port.filter(|port| *port != if scheme == "https" { 443 } else { 80 });
    Ok(WebUrl {
        scheme,
        credentials: credentials.map(credentials_of).unwrap_or_default(),
        authority: port.map_or(host.clone(), |port| format!("{host}:{port}")),
        path: normal_path(path)?,
    })
}

pub(super) fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let after_address = authority.rfind(']').map_or(0, |end| end + 1);
    let Some(colon) = authority[after_address..].find(':').map(|at| at + after_address) else {
        return Ok((authority, None));
    };
    let (host, port) = (&authority[..colon], &authority[colon + 1..]);
    if port.is_empty() {
        return Ok((host, None));
    }
    let number = port.bytes().all(|digit| digit.is_ascii_digit()).then(|| port.parse().ok()).flatten();
    number
        .map(|number| (host, Some(number)))
        .ok_or("its port is not a number up to 65535; in a password, write / as %2F, # as %23 and ? as %3F")
}

pub(super) fn host(text: &str) -> Result<String, &'static str> {
    const NO_HOST: &str = "its host is not a host";
    if text.is_empty() {
        return Err("it names no host");
    }
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().map(|address| format!("[{address}]")).map_err(|_| NO_HOST);
    }
    if !text.is_ascii() {
        return international(text);
    }
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let last = text.strip_suffix('.').unwrap_or(text).rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    match text.bytes().all(in_host) && (!is_number || text.parse::<Ipv4Addr>().is_ok()) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(NO_HOST),
    }
}

/// The ASCII form of a host with other letters.
#[cfg(feature = "http")]
fn international(host: &str) -> Result<String, &'static str> {
    let url = reqwest::Url::parse(&format!("http://{host}/")).ok();
    let ascii = url.and_then(|url| url.host_str().map(str::to_owned));
    ascii.ok_or("its host is not a host")
}

#[cfg(not(feature = "http"))]
fn international(_: &str) -> Result<String, &'static str> {
    Err("its host has letters beyond ASCII; write it in the form that begins with xn--")
}

/// User and password percent-encoded as the URL standard does, and an `@`. What is escaped already stays so.
fn credentials_of(text: &str) -> String {
    let in_text =
        |byte: u8| is_unreserved(byte) || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',');
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let (user, password) = (escaped(user, in_text), escaped(password, in_text));
    match (user.is_empty(), password.is_empty()) {
        (true, true) => String::new(),
        (_, true) => format!("{user}@"),
        _ => format!("{user}:{password}@"),
    }
}

fn normal_path(path: &str) -> Result<String, &'static str> {
    let bad = path.split('%').skip(1).any(
        |escape| !matches!(escape.as_bytes(), [one, two, ..] if one.is_ascii_hexdigit() && two.is_ascii_hexdigit()),
    );
    if bad {
        return Err("it has a % that is not followed by two hexadecimal digits; write % as %25");
    }
    let in_path = |byte: u8| {
        is_unreserved(byte)
            || matches!(
                byte,
                b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' | b'/'
            )
    };
    let escaped = escaped(path, in_path);
    let mut segments: Vec<&str> = Vec::new();
    for segment in escaped.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
    }
    let joined: String = segments.iter().flat_map(|segment| ["/", segment]).collect();
    Ok(joined.trim_end_matches('/').to_owned())
}

/// RFC 3986, 6.2.2: escapes in capitals, none for what needs none, and one for what does.
fn escaped(text: &str, stands_for_itself: impl Fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after;
                match value_of(*high) << 4 | value_of(*low) {
                    value if is_unreserved(value) => escaped.push(char::from(value)),
                    value => push_escape(&mut escaped, value),
                }
            }
            (byte, _) if stands_for_itself(*byte) => escaped.push(char::from(*byte)),
            (byte, _) => push_escape(&mut escaped, *byte),
        }
    }
    escaped
}

fn value_of(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

fn push_escape(text: &mut String, byte: u8) {
    text.push_str(&format!("%{byte:02X}"));
}

/// RFC 3986, 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// As many links as systems follow.
const MAX_LINKS: usize = 40;

/// The path with all links followed. What is not there now (a medium that is not mounted) is resolved as far as it goes, so that the same
/// folder has the same path before and after.
fn resolved(path: &Path, links: usize) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let path = path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return path };
    match fs::read_link(&path) {
        Ok(target) if links > 0 => resolved(&above.join(target), links - 1),
        _ => resolved(above, links).join(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web_text(text: &str) -> String {
        let address = Address::parse(text).unwrap();
        assert!(address.is_web(), "{text}");
        assert_eq!(Address::parse(&address.to_text()).unwrap(), address, "{text}");
        address.to_text()
    }

    fn refusal(text: &str, paths: Paths) -> &'static str {
        match read(text, paths) {
            Ok(kind) => panic!("{text}: {}", Address(kind)),
            Err(reason) => reason,
        }
    }

    #[test]
    fn one_web_address_has_one_form() {
        for (text, form) in [
            ("https://tuf.example", "https://tuf.example"),
            ("HTTPS://TUF.Example:443/", "https://tuf.example"),
            ("http://tuf.example:80//", "http://tuf.example"),
            ("http://tuf.example:", "http://tuf.example"),
            ("http://tuf.example:443/a/", "http://tuf.example:443/a"),
            ("http://h:08080", "http://h:8080"),
            ("https://h/%7euser/%5b..%2fa%5D", "https://h/~user/%5B..%2Fa%5D"),
            ("https://h/a/./b/../c/%2E%2e/d", "https://h/a/d"),
            ("https://h/../..", "https://h"),
            ("https://h/my dir/[ä]", "https://h/my%20dir/%5B%C3%A4%5D"),
            ("https://example.org/a@b", "https://example.org/a@b"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("http://[0:0::1]", "http://[::1]"),
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ] {
            assert_eq!(web_text(text), form, "{text}");
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_host_in_other_letters_is_known_by_its_ascii_form() {
        assert_eq!(web_text("https://BÜCHER.example/"), "https://xn--bcher-kva.example");
    }

    #[test]
    fn credentials_are_kept_and_never_shown() {
        for (text, kept) in [
            ("https://user:secret@H/tuf", "https://user:secret@h/tuf"),
            ("https://a@b@example.org", "https://a%40b@example.org"),
            ("https://u:se;cret%23=%zz@h", "https://u:se%3Bcret%23%3D%25zz@h"),
            ("https://:secret@h", "https://:secret@h"),
            ("https://@h", "https://h"),
        ] {
            assert_eq!(web_text(text), kept, "{text}");
            let address = Address::parse(text).unwrap();
            let shown = format!("{address} {address:?} {} {}", address.identity(), address.short_name());
            assert!(!shown.contains('@') && !shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn folders_are_paths_or_file_urls() {
        for (text, path) in [
            ("/srv/tuf/", "/srv/tuf"),
            ("/", "/"),
            ("own", "own"),
            ("./tuf.example.org", "./tuf.example.org"),
            ("tuf.example.org", "tuf.example.org"),
            ("./localhost:8080", "./localhost:8080"),
            ("folder@home", "folder@home"),
            ("c:/dir", "c:/dir"),
            ("file:///my%20mirror/", "/my mirror"),
            ("File:/srv", "/srv"),
            ("file:own", "own"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.folder(), Some(Path::new(path)), "{text}");
            assert_eq!(Address::parse(&address.to_text()).unwrap(), address, "{text}");
        }
        let colon = Address::parse("file:localhost:8080").unwrap();
        assert_eq!(colon.to_text(), "./localhost:8080");
    }

    #[test]
    fn windows_has_drives_shares_and_long_paths() {
        for (text, path) in [
            ("Z:\\dir\\", "Z:\\dir"),
            ("Z:\\", "Z:\\"),
            ("\\\\server\\share", "\\\\server\\share"),
            ("//server/share", "//server/share"),
            ("c:dir", "c:dir"),
            ("\\\\?\\Z:\\dir", "\\\\?\\Z:\\dir"),
            ("file:///Z:/dir", "Z:/dir"),
        ] {
            match read(text, Paths::Windows) {
                Ok(Kind::Folder(folder)) => assert_eq!(folder, Path::new(path), "{text}"),
                other => panic!("{text}: {:?}", other.map(Address)),
            }
        }
    }

    #[test]
    fn what_is_below_a_folder_is_a_path_and_not_a_url() {
        let below = |text| Address::parse(text).unwrap().below("targets");
        assert_eq!(below("/srv/tuf/").folder(), Some(&*Path::new("/srv/tuf").join("targets")));
        assert_eq!(below("https://u:p@h/tuf/").to_text(), "https://u:p@h/tuf/targets");
    }

    #[test]
    fn hosts_without_a_scheme_and_other_schemes_are_refused_with_words() {
        for text in [
            "u:secret@host",
            "a:b",
            "localhost:8080",
            "tuf.example.org:443/tuf",
            "//tuf.example.org",
            "s3:bucket/key",
            "user:secret@host/x",
        ] {
            assert_eq!(refusal(text, Paths::Unix), NO_SCHEME, "{text}");
        }
        for text in ["ftp://h/", "s3://bucket", "httpx://h", "git+https://h"] {
            assert!(refusal(text, Paths::Unix).contains("none of http, https and file"), "{text}");
        }
        for text in [
            "",
            "http:",
            "https:/h",
            "http:h",
            "http://",
            "https:///path",
            "http://h:x",
            "http://h:65536",
            "http://h:-1",
            "http://1.2.3",
            "http://h/%4",
            "http://h\\x",
            "http://a b/",
            "http://[::1",
            "http://h%2Ex/",
            "http://h/a\nb",
            " http://h",
            "http://h ",
            " own",
        ] {
            refusal(text, Paths::Unix);
        }
        assert!(looks_like_host(Path::new("tuf.example.org/tuf")) && looks_like_host(Path::new("127.0.0.1:8080")));
        assert!(looks_like_host(Path::new("localhost")));
        assert!(
            !looks_like_host(Path::new("own"))
                && !looks_like_host(Path::new("../tuf.d"))
                && !looks_like_host(Path::new("v1.2"))
        );
    }

    #[test]
    fn what_may_be_a_secret_is_refused_without_being_shown() {
        for text in [
            "https://user:secret@h/m?x",
            "https://h/m?signature=secret",
            "https://h/m#secret",
            "http://user:sec#ret@host",
            "http://user:sec/ret@host",
            "http://user:sec?ret@host",
            "http://CORP\\user:secret@host",
            "http://user:12/secret@host",
            "http://user/secret@host",
            "ftp://user:secret@host",
            "user:secret@host/x",
            "u:secret@host",
            "http://user:sec\nret@host",
        ] {
            let refused = Address::parse(text).unwrap_err();
            for part in ["sec", "ret", "user"] {
                assert!(!refused.to_string().contains(part), "{text}: {refused}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_the_same_by_every_way_to_it_also_while_it_is_not_there() {
        let place = tempfile::tempdir().unwrap();
        let real = place.path().join("real");
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink("real", place.path().join("link")).unwrap();
        let identity = |path: &str| Address::parse(&format!("{}/{path}", place.path().display())).unwrap().identity();
        let before = ["real", "link", "real/", "./real/../link", "link/."].map(identity);
        assert!(before.iter().all(|identity| *identity == before[0]), "{before:?}");
        fs::remove_dir(&real).unwrap();
        assert_eq!(["real", "link"].map(identity), [before[0].clone(), before[0].clone()]);
        assert_ne!(identity("other"), before[0]);
    }
}
