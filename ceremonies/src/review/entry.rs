//! An entry of a document of Sigstore's: a log, a chain of certificates, or a service.

use rootline_metadata::sigstore::{
    CertificateAuthority, LogInstance, Section, Service, ServiceKind, SigningConfig, TrustedRoot, Window,
};
use rootline_metadata::{hex, sha256};

use super::certificate::Certificate;
use super::content::Content;
use crate::model::name::Name;
use crate::trust::{EntryId, NamedEntries, TrustNotes};

/// Which list an entry stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Of a trusted root.
    Trusted(Section),
    /// Of a signing config.
    Offered(ServiceKind),
}

impl EntryKind {
    /// What it is, for a sentence.
    pub fn name(self) -> &'static str {
        match self {
            EntryKind::Trusted(section) => section.noun(),
            EntryKind::Offered(kind) => kind.noun(),
        }
    }

    /// Whether what it vouches for is verified with it.
    pub fn is_trusted(self) -> bool {
        matches!(self, EntryKind::Trusted(_))
    }
}

/// One entry, as a person is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// By what the maintainers call it; `None` for services, and where nothing is called by names.
    pub name: Option<Name>,
    /// The list it stands in.
    pub kind: EntryKind,
    /// Its position there, from 0, entries that are not understood counted.
    pub position: usize,
    /// Its URL, as the document has it.
    pub url: String,
    /// What makes it this one and no other, in hex: a log's id, the digest of a chain's fingerprints; of a service its URL and version.
    /// Empty if the document states none.
    pub id: String,
    /// From when to when it is trusted, or offered.
    pub window: Window,
    /// Everything else that the document says of it, by what it is called here.
    pub facts: Vec<(&'static str, String)>,
    /// The certificates, leaf to root; none for logs and services.
    pub chain: Vec<Certificate>,
}

/// The fact that is a log's id; it is told of where the key is.
pub(super) const LOG_ID: &str = "log id";

/// The entries of a document, in the order of its lists; those of a trusted root by name, if there are notes of names.
pub(super) fn entries(content: &Content, notes: Option<&TrustNotes>) -> Vec<Entry> {
    let mut trusted = content.trusted_root().map(trusted_entries).unwrap_or_default();
    if let Some((root, notes)) = content.trusted_root().zip(notes) {
        // Both are in the order of the document.
        for (entry, named) in trusted.iter_mut().zip(NamedEntries::new(root, notes).iter()) {
            entry.name = Some(named.name.clone());
        }
    }
    let offered = content.signing_config().map(offered_entries).unwrap_or_default();
    [trusted, offered].concat()
}

/// The entries of a trusted root that are understood.
pub fn trusted_entries(root: &TrustedRoot) -> Vec<Entry> {
    let of_section = |section: Section| {
        let logs = root.logs(section).iter().map(Entry::log);
        logs.chain(root.authorities(section).iter().map(Entry::authority))
    };
    Section::ALL.into_iter().flat_map(of_section).collect()
}

fn offered_entries(config: &SigningConfig) -> Vec<Entry> {
    let of_kind = |kind| config.services(kind).iter().map(move |service| Entry::service(kind, service));
    ServiceKind::ALL.into_iter().flat_map(of_kind).collect()
}

impl Entry {
    fn log(log: &LogInstance) -> Entry {
        let digest = hex::encode(&sha256(&log.key().spki_der()));
        let mut facts = vec![("key", format!("{}, its SHA-256 {digest}", log.key().details().as_str()))];
        let ids = [(LOG_ID, log.log_id()), ("checkpoint key id", log.checkpoint_key_id())];
        facts.extend(
            ids.into_iter().filter_map(|(name, id)| Some((name, format!("{}, in base64 {}", id?.to_hex(), id?)))),
        );
        facts.push(("tree hash", log.hash_algorithm().as_str().to_owned()));
        facts.extend(log.operator().map(|operator| ("operator", operator.to_owned())));
        Entry {
            name: None,
            kind: EntryKind::Trusted(log.section()),
            position: log.position(),
            url: log.base_url().to_owned(),
            id: log.log_id().map(|id| id.to_hex()).unwrap_or_default(),
            window: log.valid_for(),
            facts,
            chain: Vec::new(),
        }
    }

    fn authority(authority: &CertificateAuthority) -> Entry {
        let subject = authority.subject();
        let mut facts = vec![("listed as", format!("CN={},O={}", subject.common_name, subject.organization))];
        facts.extend(authority.operator().map(|operator| ("operator", operator.to_owned())));
        Entry {
            name: None,
            kind: EntryKind::Trusted(authority.section()),
            position: authority.position(),
            url: authority.uri().to_owned(),
            id: EntryId::of_authority(authority).hex().to_owned(),
            window: authority.valid_for(),
            facts,
            chain: authority.chain().map(Certificate::read).collect(),
        }
    }

    /// A service of a signing config.
    pub(super) fn service(kind: ServiceKind, service: &Service) -> Entry {
        let mut facts = vec![("API version", service.major_api_version().to_string())];
        facts.extend(service.operator().map(|operator| ("operator", operator.to_owned())));
        Entry {
            name: None,
            kind: EntryKind::Offered(kind),
            position: service.position(),
            url: service.url().to_owned(),
            id: format!("{} v{}", service.url(), service.major_api_version()),
            window: service.valid_for(),
            facts,
            chain: Vec::new(),
        }
    }

    /// A fact by what it is called here.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// What it is, its name and where, for a sentence.
    pub fn title(&self) -> String {
        let url = if self.url.is_empty() { "without a URL" } else { &self.url };
        match &self.name {
            Some(name) => format!("{} {name} ({url})", self.kind.name()),
            None => format!("{} {url}", self.kind.name()),
        }
    }
}
