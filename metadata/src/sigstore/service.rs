//! The services of a signing config.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use super::proto_json::Message;
use super::skipped::SkipReason;
use super::window::Window;
use crate::json::{FormatError, Node};

/// What a service does; the lists of a signing config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKind {
    /// `caUrls`: Fulcio.
    CertificateAuthority,
    /// `oidcUrls`: identity providers.
    IdentityProvider,
    /// `rekorTlogUrls`: Rekor.
    TransparencyLog,
    /// `tsaUrls`: RFC 3161 services.
    TimestampAuthority,
}

/// One service to sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    position: usize,
    url: String,
    major_api_version: u32,
    valid_for: Window,
    operator: Option<String>,
}

/// How many of the services that qualify are to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// One.
    Any,
    /// All.
    All,
    /// So many.
    Exact {
        /// How many, at least 1.
        count: u32,
    },
}

/// Why it is not known how many services are to be used. Nothing is assumed: the specification tells clients to refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectorFault {
    /// The config does not say.
    Missing,
    /// The selector is not one that is known here.
    Unknown {
        /// As the file has it.
        name: String,
    },
    /// `EXACT` without a count of at least 1.
    NoCount,
    /// It does not have the form it must have.
    Format(FormatError),
}

impl ServiceKind {
    /// Every kind.
    pub const ALL: [ServiceKind; 4] = [
        ServiceKind::CertificateAuthority,
        ServiceKind::IdentityProvider,
        ServiceKind::TransparencyLog,
        ServiceKind::TimestampAuthority,
    ];

    /// The name of its list in version 0.2.
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceKind::CertificateAuthority => "caUrls",
            ServiceKind::IdentityProvider => "oidcUrls",
            ServiceKind::TransparencyLog => "rekorTlogUrls",
            ServiceKind::TimestampAuthority => "tsaUrls",
        }
    }

    /// One of its services, for a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            ServiceKind::CertificateAuthority => "certificate service",
            ServiceKind::IdentityProvider => "identity provider",
            ServiceKind::TransparencyLog => "log service",
            ServiceKind::TimestampAuthority => "timestamp service",
        }
    }
}

impl Service {
    /// Its position in its list, from 0, skipped entries counted.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Where it is: the base URL, for a timestamp authority the whole one.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The version of its interface, which the caller must speak. 0 is one that has not been released.
    pub fn major_api_version(&self) -> u32 {
        self.major_api_version
    }

    /// From when to when it is to be signed with.
    pub fn valid_for(&self) -> Window {
        self.valid_for
    }

    /// Who runs it, as in `sigstore.dev`.
    pub fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }

    pub(super) fn read(position: usize, node: Node<'_>) -> Result<Service, SkipReason> {
        let message = Message::read(node)?;
        let url = message.required("url")?;
        Ok(Service {
            position,
            url: message.text("url")?.ok_or_else(|| url.invalid("expected a URL"))?,
            major_api_version: message.number("majorApiVersion")?,
            valid_for: Window::read(message.member("validFor")?)?,
            operator: message.text("operator")?,
        })
    }

    /// A service of version 0.1 is its URL; every service then had version 1 of its interface.
    pub(super) fn read_plain(position: usize, node: Node<'_>) -> Result<Service, SkipReason> {
        let url = node.string()?.into_owned();
        if url.is_empty() {
            return Err(node.invalid("expected a URL").into());
        }
        Ok(Service { position, url, major_api_version: 1, valid_for: Window::ALWAYS, operator: None })
    }
}

impl Selector {
    /// Names and numbers, with the kind of count each has.
    const TABLE: [(Option<Selector>, &'static str, u32); 4] = [
        (None, "SERVICE_SELECTOR_UNDEFINED", 0),
        (Some(Selector::All), "ALL", 1),
        (Some(Selector::Any), "ANY", 2),
        (Some(Selector::Exact { count: 0 }), "EXACT", 3),
    ];

    pub(super) fn read(config: Option<Node<'_>>) -> Result<Selector, SelectorFault> {
        let config = config.map(Message::read).transpose()?.ok_or(SelectorFault::Missing)?;
        if config.member("selector")?.is_none() {
            return Err(SelectorFault::Missing);
        }
        match config.one_of("selector", &Selector::TABLE)? {
            Ok(Some(Selector::Exact { .. })) => match config.number("count")? {
                0 => Err(SelectorFault::NoCount),
                count => Ok(Selector::Exact { count }),
            },
            Ok(selector) => selector.ok_or(SelectorFault::Missing),
            Err(name) => Err(SelectorFault::Unknown { name: name.to_owned() }),
        }
    }
}

impl From<FormatError> for SelectorFault {
    fn from(error: FormatError) -> Self {
        SelectorFault::Format(error)
    }
}

impl fmt::Display for ServiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for SelectorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelectorFault::Missing => f.write_str("the config does not say how many services to use"),
            SelectorFault::Unknown { name } => write!(f, "unknown selector {}", crate::quoted::Quoted(name)),
            SelectorFault::NoCount => f.write_str("`EXACT` needs a count of at least 1"),
            SelectorFault::Format(error) => error.fmt(f),
        }
    }
}
