//! Repositories that are known by name, each with its pinned root.

use std::fmt;

use rootline_metadata::{hex, sha256};

use crate::store::escape::percent_encode;
use crate::transport::address::shown;
use crate::transport::{Address, TransportError};

/// A named repository: where it is, and which root its verifiers begin with. `Debug` leaves out credentials in URLs, and the root.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// The name it is known by.
    pub name: String,
    /// Below this URL are the metadata files.
    pub metadata_url: String,
    /// Below this URL are the targets.
    pub targets_url: String,
    /// Further places of the same repository, in the order in which they are used when those before them have failed.
    pub mirrors: Vec<Location>,
    /// The root that is pinned for it. It may have expired; newer roots are followed from it.
    pub pinned_root: Vec<u8>,
    /// The URL that its cache is named after, where that is not the URL of its metadata.
    repository_url: Option<String>,
}

/// A place of a repository's files. `Debug` leaves out credentials in URLs.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// Below this URL are the metadata files.
    pub metadata_url: String,
    /// Below this URL are the targets.
    pub targets_url: String,
}

impl Location {
    /// A place with its metadata below one URL and its targets below another one.
    pub fn new(metadata_url: impl Into<String>, targets_url: impl Into<String>) -> Location {
        Location { metadata_url: metadata_url.into(), targets_url: targets_url.into() }
    }

    /// A place whose targets are below `targets/`, as Sigstore's are. A URL that cannot be used is refused when it is.
    pub fn at(url: &str) -> Location {
        match Address::parse(url) {
            Ok(address) => Location::new(address.to_text(), address.below("targets").to_text()),
            Err(_) => Location::new(url, format!("{}/targets", url.trim_end_matches('/'))),
        }
    }

    /// Where its metadata is.
    ///
    /// # Errors
    /// As [`Address::parse`].
    pub fn metadata(&self) -> Result<Address, TransportError> {
        Address::parse(&self.metadata_url)
    }

    /// Where its targets are.
    ///
    /// # Errors
    /// As [`Address::parse`].
    pub fn targets(&self) -> Result<Address, TransportError> {
        Address::parse(&self.targets_url)
    }

    /// How messages name it: the URL of its metadata, without credentials.
    pub fn shown(&self) -> String {
        shown(&self.metadata_url)
    }

    /// How messages name the place of its targets: without credentials.
    pub fn shown_targets(&self) -> String {
        shown(&self.targets_url)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Location").field("metadata", &self.shown()).field("targets", &self.shown_targets()).finish()
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Instance");
        text.field("name", &self.name).field("location", &self.location()).field("mirrors", &self.mirrors);
        text.field("repository", &self.repository_url.as_deref().map(shown)).finish_non_exhaustive()
    }
}

struct BuiltIn {
    name: &'static str,
    title: &'static str,
    url: &'static str,
    pinned_root: &'static [u8],
}

/// Where the pinned roots come from, and their digests, is told in `instances/README.md` beside them.
const BUILT_IN: [BuiltIn; 3] = [
    BuiltIn {
        name: "sigstore",
        title: "Sigstore public good",
        url: "https://tuf-repo-cdn.sigstore.dev",
        pinned_root: include_bytes!("../../instances/sigstore.root.json"),
    },
    BuiltIn {
        name: "sigstore-staging",
        title: "Sigstore staging",
        url: "https://tuf-repo-cdn.sigstage.dev",
        pinned_root: include_bytes!("../../instances/sigstore-staging.root.json"),
    },
    BuiltIn {
        name: "github",
        title: "GitHub",
        url: "https://tuf-repo.github.com",
        pinned_root: include_bytes!("../../instances/github.root.json"),
    },
];

impl Instance {
    /// Sigstore's public-good instance.
    pub fn sigstore() -> Instance {
        Instance::from_built_in(&BUILT_IN[0])
    }

    /// The built-in instance of that name: `sigstore`, `sigstore-staging` or `github`.
    pub fn built_in(name: &str) -> Option<Instance> {
        BUILT_IN.iter().find(|instance| instance.name == name).map(Instance::from_built_in)
    }

    /// Every built-in instance.
    pub fn all_built_in() -> impl Iterator<Item = Instance> {
        BUILT_IN.iter().map(Instance::from_built_in)
    }

    /// Name and title of every built-in instance.
    pub fn built_in_names() -> impl Iterator<Item = (&'static str, &'static str)> {
        BUILT_IN.iter().map(|instance| (instance.name, instance.title))
    }

    /// A repository by name, with its location and the root that is pinned for it.
    pub fn new(name: impl Into<String>, location: Location, pinned_root: impl Into<Vec<u8>>) -> Instance {
        let Location { metadata_url, targets_url } = location;
        Instance {
            name: name.into(),
            metadata_url,
            targets_url,
            mirrors: Vec::new(),
            pinned_root: pinned_root.into(),
            repository_url: None,
        }
    }

    /// A repository whose targets are below `targets/`, as Sigstore's are. It is named after its URL.
    pub fn at(url: &str, pinned_root: Vec<u8>) -> Instance {
        let location = Location::at(url);
        let shown = location.shown();
        let name = shown.split_once("://").map_or(&*shown, |(_, rest)| rest).to_owned();
        Instance::new(name, location, pinned_root)
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Instance {
        Instance { name: name.into(), ..self }
    }

    /// Adds a further place of the same repository, which is used when those before it have failed.
    #[must_use]
    pub fn with_mirror(mut self, mirror: Location) -> Instance {
        self.mirrors.push(mirror);
        self
    }

    /// Reads the repository from another place alone, such as a mirror. Its cache stays the same: versions that were seen by way of one place
    /// must not be forgotten by way of another.
    #[must_use]
    pub fn by_way_of(self, place: Location) -> Instance {
        let repository_url = Some(self.repository_url.unwrap_or(self.metadata_url));
        let Location { metadata_url, targets_url } = place;
        Instance { metadata_url, targets_url, mirrors: Vec::new(), repository_url, ..self }
    }

    fn from_built_in(built_in: &BuiltIn) -> Instance {
        let name = built_in.name.to_owned();
        Instance { name, ..Instance::at(built_in.url, built_in.pinned_root.to_vec()) }
    }

    /// Where it is, first of all.
    pub fn location(&self) -> Location {
        Location { metadata_url: self.metadata_url.clone(), targets_url: self.targets_url.clone() }
    }

    /// A folder name for the cache of this repository. It is made from the URL of its metadata without credentials, or from its folder's path
    /// with all links followed, and from nothing else: neither the instance's name, nor how its URL is written, nor a newer pinned root may let
    /// the versions be forgotten that were seen. [`Cache::folders`](super::Cache::folders) says which folder is used where another chain of
    /// roots is known under the same URL.
    pub fn cache_name(&self) -> String {
        self.cache_name_with(None)
    }

    /// The folder name for the cache of this chain of roots, where the repository's own name is that of another.
    pub(super) fn cache_name_apart(&self) -> String {
        self.cache_name_with(Some(&self.pinned_root))
    }

    fn cache_name_with(&self, root: Option<&[u8]>) -> String {
        let url = self.repository_url.as_ref().unwrap_or(&self.metadata_url);
        let address = Address::parse(url).ok();
        let mut identity = address.as_ref().map_or_else(|| url.clone(), Address::identity).into_bytes();
        if let Some(root) = root {
            // No path and no URL has a NUL in it.
            identity.push(0);
            identity.extend_from_slice(&sha256(root));
        }
        // An implementor's own transport may have locations of its own.
        let without_scheme = || {
            let shown = shown(url);
            shown.split_once("://").map_or(&*shown, |(_, rest)| rest).to_owned()
        };
        let name = address.map_or_else(without_scheme, |address| address.short_name());
        format!("{}-{}", folder_name(&name), &hex::encode(&sha256(&identity))[..DIGEST_DIGITS])
    }
}

/// How many hexadecimal digits of a digest are in a cache's name.
pub(super) const DIGEST_DIGITS: usize = 16;

/// A name as the beginning of a folder's name: neither hidden nor a way up.
pub(super) fn folder_name(name: &str) -> String {
    let name: String = percent_encode(name).chars().take(80).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rootline_metadata::{Envelope, Role, Root, limits};
    use std::collections::BTreeSet;

    #[test]
    fn every_built_in_root_is_signed_by_itself_and_stands_in_the_table_with_its_digest() {
        let table = include_str!("../../instances/README.md");
        for (name, title) in Instance::built_in_names() {
            let instance = Instance::built_in(name).unwrap();
            let root = Envelope::<Root>::parse(instance.pinned_root.clone(), limits::MAX_ROOT_BYTES).unwrap();
            let root = root.verify_self_signed().unwrap();
            let row = table.lines().find(|row| row.contains(&format!("`{name}.root.json`"))).unwrap();
            assert!(row.contains(title), "{row}");
            assert!(row.contains(&format!("| {} |", root.version())), "{row}");
            assert!(row.contains(&root.expiry().to_text()[..10]), "{row}");
            assert!(row.contains(&hex::encode(&sha256(&instance.pinned_root))), "{row}");
        }
        assert_eq!(Instance::built_in("nobody"), None);
    }

    #[test]
    fn a_cache_is_named_by_its_repository_and_not_by_how_that_is_reached() {
        let instance = Instance::at("https://example.org/tuf/", b"root".to_vec());
        assert_eq!(instance.metadata_url, "https://example.org/tuf");
        assert_eq!(instance.targets_url, "https://example.org/tuf/targets");
        assert!(instance.cache_name().starts_with("example.org%2Ftuf-"), "{}", instance.cache_name());
        let mirror = || Location::at("https://mirror.example");
        for same in [
            Instance::at("HTTPS://ci:token@EXAMPLE.org:443/%74uf", b"root".to_vec()),
            Instance::at("https://ci:other@example.org/a/../tuf", b"other".to_vec()),
            Instance { targets_url: "https://example.org/t".into(), ..instance.clone() },
            instance.clone().with_name("site"),
            instance.clone().with_mirror(mirror()),
            instance.clone().by_way_of(mirror()),
            instance.clone().by_way_of(mirror()).by_way_of(Location::at("https://other.example")),
        ] {
            assert_eq!(same.cache_name(), instance.cache_name(), "{same:?}");
        }
        let others = [
            "https://example.org/tuf2",
            "https://example.org/TUF",
            "https://example.net/tuf",
            "http://example.org/tuf",
            "https://example.org:444/tuf",
            "https://example.org/%74uf%2F",
            "/tuf",
        ];
        let mut names: BTreeSet<String> =
            others.iter().map(|url| Instance::at(url, b"root".to_vec()).cache_name()).collect();
        names.insert(instance.cache_name());
        names.insert(instance.cache_name_apart());
        names.insert(Instance { pinned_root: b"other".to_vec(), ..instance }.cache_name_apart());
        assert_eq!(names.len(), others.len() + 3);
    }

    #[test]
    fn no_address_leads_out_of_the_cache_folder() {
        for url in
            ["../../etc", "..", "/", "a/b", ".hidden", "", "a\\b", "http://h/..", "http://h/.x", "http://.h", "ftp://x"]
        {
            let cache = Instance::at(url, Vec::new()).cache_name();
            assert!(!cache.contains(['/', '\\']) && !cache.starts_with('.'), "{url}: {cache}");
        }
    }

    #[test]
    fn credentials_in_a_url_are_in_no_name_and_in_no_message() {
        let instance = Instance::at("https://user:secret@example.org/tuf", Vec::new());
        assert_eq!(instance.name, "example.org/tuf");
        assert!(!instance.cache_name().contains("secret"));
        for (url, shown) in [
            ("https://user:secret@example.org/tuf", "https://example.org/tuf"),
            ("https://a@b@example.org", "https://example.org"),
            ("https://example.org/a@b", "https://example.org/a@b"),
            ("./folder@home", "./folder@home"),
        ] {
            assert_eq!(Location::at(url).shown(), shown);
            let debug = format!(
                "{:?}",
                Instance::at(url, Vec::new()).by_way_of(Location::at(url)).with_mirror(Location::at(url))
            );
            assert!(!debug.contains("secret"), "{debug}");
        }
    }
}
