//! Where other clients keep their caches.

use std::path::{Path, PathBuf};

use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{Role, TopLevelRole, file_name, instant_text};

use super::error::ExportError;
use super::file::ExportedFile;
use crate::bundle::Contents;
use crate::store::escape::{check_component, percent_encode};
use crate::transport::address::shown;
use crate::transport::{Address, TransportError};

/// The URL by which another client asks for a repository. The client names its cache after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientUrl {
    url: String,
    /// Where the part after the scheme begins.
    authority: usize,
}

impl ClientUrl {
    /// Takes an http(s) URL without credentials, as the other client is given it.
    ///
    /// # Errors
    /// If it is not such a URL.
    pub fn new(url: &str) -> Result<ClientUrl, ExportError> {
        // What cannot be used may hold a secret all the same.
        let refuse = |reason| Err(ExportError::Url { url: shown(url), reason });
        if let Err(TransportError::BadLocation { reason, .. }) = Address::parse(url) {
            return refuse(reason);
        }
        let lower = url.to_ascii_lowercase();
        let Some(scheme) = ["https://", "http://"].into_iter().find(|scheme| lower.starts_with(scheme)) else {
            return refuse("it does not begin with https:// or http://");
        };
        let rest = &url[scheme.len()..];
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.rsplit_once('@') {
            Some(_) => refuse("it has credentials in it"),
            None if authority.is_empty() => refuse("it has no host"),
            None if rest.contains(['?', '#']) => refuse("it has a query or a fragment"),
            None => Ok(ClientUrl { url: url.to_owned(), authority: scheme.len() }),
        }
    }

    fn without_scheme(&self) -> &str {
        &self.url[self.authority..]
    }

    /// Host and path as a browser would have them: the host in small letters and without the scheme's own port.
    fn normalised(&self) -> String {
        let rest = self.without_scheme();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = authority.to_ascii_lowercase();
        let own_port = if self.authority == "https://".len() { ":443" } else { ":80" };
        let host = authority.strip_suffix(own_port).unwrap_or(&authority);
        format!("{host}{}", path.strip_suffix('/').unwrap_or(path))
    }
}

/// The cache of cosign and sigstore-go, for the folder that `TUF_ROOT` names. cosign itself asks for a newer timestamp all the same; without a
/// network it wants the trusted root as a file.
///
/// # Errors
/// If a name cannot be that of a file there.
pub fn cosign(contents: &Contents, url: &ClientUrl) -> Result<Vec<ExportedFile>, ExportError> {
    let name = url.without_scheme().replace(['/', ':'], "-").to_lowercase();
    let folder = PathBuf::from(&name);
    let mut files = targets(contents, &folder.join("targets"), percent_encode)?;
    files.extend(metadata(contents, &folder, percent_encode)?);
    let remote = ValueMembers::new().with("mirror", url.url.as_str());
    files.push(plain(Path::new("remote.json"), Value::from(remote).compact().into_bytes()));
    // How long sigstore-go goes without asking, where it is told that it may, counts from here.
    if let Some(checked_at) = contents.updated().checked_at {
        let config = ValueMembers::new().with("lastTimestamp", instant_text(checked_at));
        files.push(plain(Path::new(&format!("{name}.json")), Value::from(config).compact().into_bytes()));
    }
    Ok(files)
}

/// The cache of sigstore-python on Linux, for a home folder.
///
/// # Errors
/// As [`cosign`].
pub fn sigstore_python(contents: &Contents, url: &ClientUrl) -> Result<Vec<ExportedFile>, ExportError> {
    let name = percent_encode(url.url.trim_end_matches('/'));
    let data = Path::new(".local/share/sigstore-python/tuf").join(&name);
    let cache = Path::new(".cache/sigstore-python/tuf").join(&name);
    let mut files = targets(contents, &cache, percent_encode)?;
    for (version, root) in contents.roots() {
        files.push(plain(&data.join("root_history").join(file_name::root(version)), root.to_vec()));
    }
    files.extend(metadata(contents, &data, percent_encode)?);
    Ok(files)
}

/// The cache of sigstore-js, for the folder that it calls `cachePath`.
///
/// # Errors
/// As [`cosign`].
pub fn sigstore_js(contents: &Contents, url: &ClientUrl) -> Result<Vec<ExportedFile>, ExportError> {
    let folder = PathBuf::from(encode_uri_component(&url.normalised()));
    let mut files = targets(contents, &folder.join("targets"), encode_uri_component)?;
    files.extend(metadata(contents, &folder, encode_uri_component)?);
    Ok(files)
}

fn targets(contents: &Contents, folder: &Path, escape: fn(&str) -> String) -> Result<Vec<ExportedFile>, ExportError> {
    let targets = contents.updated().targets.iter();
    targets
        .map(|(found, bytes)| Ok(plain(&folder.join(component(found.path.as_str(), escape)?), bytes.to_vec())))
        .collect()
}

/// What points at other files comes after them.
fn metadata(contents: &Contents, folder: &Path, escape: fn(&str) -> String) -> Result<Vec<ExportedFile>, ExportError> {
    let trusted = &contents.updated().trusted;
    let mut files = Vec::new();
    let mut add = |stem: &str, bytes: &[u8], version| {
        let path = folder.join(format!("{stem}.json"));
        files.push(ExportedFile::new(path, bytes).with_version(version));
    };
    for role in contents.delegated() {
        let name = role.name.as_str();
        if TopLevelRole::ALL.iter().any(|role| role.name().eq_ignore_ascii_case(name)) {
            let reason = "a delegated role has the name of a top-level one";
            return Err(ExportError::Name { name: name.to_owned(), reason });
        }
        add(&component(name, escape)?, &role.bytes, role.version);
    }
    add("targets", trusted.targets().bytes(), trusted.targets().version());
    add("snapshot", trusted.snapshot().bytes(), trusted.snapshot().version());
    add("root", trusted.root().bytes(), trusted.root().version());
    add("timestamp", trusted.timestamp().bytes(), trusted.timestamp().version());
    Ok(files)
}

fn plain(path: &Path, bytes: Vec<u8>) -> ExportedFile {
    ExportedFile::new(path, bytes)
}

fn component(name: &str, escape: fn(&str) -> String) -> Result<String, ExportError> {
    let escaped = escape(name);
    check_component(&escaped).map_err(|reason| ExportError::Name { name: name.to_owned(), reason })?;
    Ok(escaped)
}

/// As ECMAScript escapes: these five are left as they are as well.
fn encode_uri_component(text: &str) -> String {
    let mut escaped = percent_encode(text);
    for (encoded, plain) in [("%21", "!"), ("%27", "'"), ("%28", "("), ("%29", ")"), ("%2A", "*")] {
        escaped = escaped.replace(encoded, plain);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_that_a_client_can_be_given_are_taken_and_credentials_are_not_shown() {
        for url in ["https://tuf.example", "HTTP://host:8080/a/b/", "http://[::1]:80/"] {
            assert!(ClientUrl::new(url).is_ok(), "{url}");
        }
        for url in
            ["", "./mirror", "file:///mirror", "https://", "https:///path", "ftp://host", "https://h?q", "https://h#f"]
        {
            assert!(ClientUrl::new(url).is_err(), "{url}");
        }
        let refused = ClientUrl::new("https://user:secret@tuf.example/").unwrap_err().to_string();
        assert!(refused.contains("credentials") && !refused.contains("secret"), "{refused}");
        for url in
            ["ftp://u:secret@h", "https://u:sec#ret@h", "https://u:sec/ret@h", "https://h?key=secret", "u:secret@h"]
        {
            let refused = ClientUrl::new(url).unwrap_err().to_string();
            assert!(["sec", "ret"].iter().all(|part| !refused.contains(part)), "{url}: {refused}");
        }
    }

    #[test]
    fn a_url_is_normalised_as_browsers_do() {
        for (url, normalised) in [
            ("https://TUF.example/", "tuf.example"),
            ("https://tuf.example:443/Prod/", "tuf.example/Prod"),
            ("http://tuf.example:80", "tuf.example"),
            ("https://tuf.example:80/a", "tuf.example:80/a"),
        ] {
            assert_eq!(ClientUrl::new(url).unwrap().normalised(), normalised, "{url}");
        }
        assert_eq!(encode_uri_component("a/b c!'()*-_.~%21"), "a%2Fb%20c!'()*-_.~%2521");
    }
}
