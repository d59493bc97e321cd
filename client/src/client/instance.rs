//! Repositories that are known by name, each with its pinned root.

use rootline_metadata::{hex, sha256};

use crate::store::escape::percent_encode;
use crate::transport::address::shown;
use crate::transport::{Address, TransportError};

/// A named repository: where it is, and which root its verifiers begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// A place of a repository's files.
#[derive(Clone, Debug, PartialEq, Eq)]
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
            Err(_) => Location::new(url, url),
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
        Instance { name: name.into(), metadata_url, targets_url, mirrors: Vec::new(), pinned_root: pinned_root.into() }
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

    fn from_built_in(built_in: &BuiltIn) -> Instance {
        let name = built_in.name.to_owned();
        Instance { name, ..Instance::at(built_in.url, built_in.pinned_root.to_vec()) }
    }

    /// Where it is, first of all.
    pub fn location(&self) -> Location {
        Location { metadata_url: self.metadata_url.clone(), targets_url: self.targets_url.clone() }
    }

    /// A folder name for this instance's cache. It is made from the pinned root's digest and both URLs as well, so that no two
    /// repositories ever share a copy, whatever they are called (CVE-2026-24686). Mirrors are further places of the same repository, and
    /// change nothing: versions that were seen by way of one must not be forgotten by way of another.
    pub fn cache_name(&self) -> String {
        let mut identity = sha256(&self.pinned_root).to_vec();
        for url in [&self.metadata_url, &self.targets_url] {
            identity.extend_from_slice(&(url.len() as u64).to_be_bytes());
            identity.extend_from_slice(url.as_bytes());
        }
        let digest = hex::encode(&sha256(&identity));
        let name: String = percent_encode(&self.name).chars().take(80).collect();
        // Neither hidden nor a way up.
        let name = if name.starts_with('.') { format!("_{name}") } else { name };
        format!("{name}-{}", &digest[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rootline_metadata::{Envelope, Role, Root, limits};

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
    fn instances_that_differ_in_anything_have_caches_of_their_own() {
        let instance = Instance::at("https://example.org/tuf/", b"root".to_vec());
        assert_eq!(instance.metadata_url, "https://example.org/tuf");
        assert_eq!(instance.targets_url, "https://example.org/tuf/targets");
        let names = [
            instance.cache_name(),
            Instance { pinned_root: b"other".to_vec(), ..instance.clone() }.cache_name(),
            Instance { metadata_url: "https://example.org/tuf2".into(), ..instance.clone() }.cache_name(),
            Instance { targets_url: "https://example.org/t".into(), ..instance.clone() }.cache_name(),
        ];
        let mirrored = Instance { mirrors: vec![Location::at("https://mirror.example")], ..instance.clone() };
        assert_eq!(mirrored.cache_name(), instance.cache_name());
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn no_name_of_an_instance_leads_out_of_the_cache_folder() {
        for name in ["../../etc", "..", "/abs", "a/b", ".hidden", "", "a\\b"] {
            let instance = Instance { name: name.into(), ..Instance::at("http://h", Vec::new()) };
            let cache = instance.cache_name();
            assert!(!cache.contains(['/', '\\']) && !cache.starts_with('.'), "{name}: {cache}");
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
        }
    }
}
