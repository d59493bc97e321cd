//! The entries of a trust root as they stand in the document, whether or not they are understood.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::certificate_authority::CertificateAuthority;
use super::super::log_instance::LogInstance;
use super::super::section::Section;
use super::super::skipped::SkipReason;
use super::super::window::Window;
use super::findings::element;
use super::schema::{member, text};
use crate::json::{Kind, Node};
use crate::quoted::plain;

/// One entry of a list of a trust root.
pub(super) struct Entry<'a> {
    pub(super) section: Section,
    pub(super) node: Node<'a>,
    pub(super) place: String,
    pub(super) subject: String,
    /// The range that it states, if it states one.
    pub(super) range: Option<Node<'a>>,
    /// From when to when it is trusted. None if that cannot be read.
    pub(super) window: Option<Window>,
    pub(super) view: View,
}

/// What is understood of an entry.
pub(super) enum View {
    Log(Box<LogInstance>),
    Authority(CertificateAuthority),
    Skipped(SkipReason),
}

impl Entry<'_> {
    pub(super) fn log(&self) -> Option<&LogInstance> {
        match &self.view {
            View::Log(log) => Some(log),
            _ => None,
        }
    }

    pub(super) fn authority(&self) -> Option<&CertificateAuthority> {
        match &self.view {
            View::Authority(authority) => Some(authority),
            _ => None,
        }
    }
}

/// The entries of a list that are objects, in the order of the document. None where the list is not there or is not a list.
pub(super) fn entries(root: Node<'_>, section: Section) -> Vec<Entry<'_>> {
    let list = member(root, section.as_str());
    let nodes = list.into_iter().flat_map(Node::elements).enumerate();
    let objects = nodes.filter(|(_, node)| node.kind() == Kind::Object);
    objects.map(|(position, node)| entry(section, position, node)).collect()
}

fn entry(section: Section, position: usize, node: Node<'_>) -> Entry<'_> {
    let range = range_of(section, node);
    let view = match section.holds_logs() {
        true => LogInstance::read(section, position, node).map(|log| View::Log(Box::new(log))),
        false => CertificateAuthority::read(section, position, node).map(View::Authority),
    };
    Entry {
        section,
        node,
        place: element(section, position),
        subject: subject(section, node),
        range,
        window: Window::read(range).ok(),
        view: view.unwrap_or_else(View::Skipped),
    }
}

fn range_of(section: Section, node: Node<'_>) -> Option<Node<'_>> {
    let holder = if section.holds_logs() { member(node, "publicKey")? } else { node };
    member(holder, "validFor")
}

/// What an entry is, where, and since when: so that it is known again in another document, and told from others of one URL.
pub(super) fn subject(section: Section, node: Node<'_>) -> String {
    let url = text(node, if section.holds_logs() { "baseUrl" } else { "uri" });
    let window = Window::read(range_of(section, node)).unwrap_or(Window::ALWAYS);
    title(section, url.as_deref().unwrap_or_default(), window)
}

pub(super) fn title(section: Section, url: &str, window: Window) -> String {
    let url = if url.is_empty() { "without a URL".to_string() } else { plain(url) };
    match window.start() {
        Some(start) => format!("{} {url} from {}", section.noun(), start.format("%Y-%m-%d")),
        None => format!("{} {url}", section.noun()),
    }
}
