//! The services of a signing config.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::super::proto_json::{Message, timestamp_text};
use super::super::service::ServiceKind;
use super::super::window::Window;
use super::findings::{Findings, below, element};
use super::schema::{member, text};
use super::signing_config_rules::MEMBER_MISSING;
use crate::json::{Kind, Node};
use crate::lint::{Rule, Severity};
use crate::quoted::{Quoted, plain};

pub(super) static START_MISSING: Rule = Rule {
    id: "sc-start-missing",
    severity: Severity::Error,
    what: "a service's window has no start",
    why: "Of several services clients take the one that starts last, so state since when it is to be signed with.",
    who: "sigstore-python and sigstore-rust refuse the file.",
};

pub(super) static WINDOW_EMPTY: Rule = Rule {
    id: "sc-window-empty",
    severity: Severity::Warning,
    what: "a service's window ends before it starts",
    why: "The service is never signed with.",
    who: "",
};

pub(super) static FUTURE: Rule = Rule {
    id: "sc-future",
    severity: Severity::Error,
    what: "a service starts in the future",
    why: "List it when it opens. Until every client waits for the start, a service that is listed is a service that is used.",
    who: "sigstore-js signs with it at once, as the newest one: log, timestamp authority and certificate authority.",
};

pub(super) static OVERLAP: Rule = Rule {
    id: "sc-overlap",
    severity: Severity::Error,
    what: "two services of one kind, operator and version are open",
    why: "Clients choose differently. Give the old one an end before the new one is listed.",
    who: "sigstore-go and sigstore-js take the newest, sigstore-rust the first in the file, sigstore-python the last.",
};

pub(super) static API_ZERO: Rule = Rule {
    id: "sc-api-zero",
    severity: Severity::Error,
    what: "majorApiVersion is absent or 0",
    why: "0 means that the interface has not been released. Most clients pass over the service.",
    who: "sigstore-go and sigstore-python pass over the service; sigstore-rust does too, and signs without one; sigstore-js uses it.",
};

pub(super) static ORDER: Rule = Rule {
    id: "sc-order",
    severity: Severity::Note,
    what: "services are not listed with the newest first",
    why: "The specification has a signing config newest first; a trust root is oldest first.",
    who: "",
};

pub(super) static TSA_URL: Rule = Rule {
    id: "sc-tsa-url",
    severity: Severity::Warning,
    what: "a timestamp authority's URL is not the whole one, or another service's is not the base",
    why: "Clients post to a timestamp authority's URL as it stands, and append their own path to the others.",
    who: "",
};

pub(super) static VERSION_MIX: Rule = Rule {
    id: "sc-version-mix",
    severity: Severity::Warning,
    what: "services of one kind with different API versions are open",
    why: "Clients choose differently, so signatures come out of both.",
    who: "sigstore-go takes the highest version only, sigstore-python the best of each operator, sigstore-js the newest start of any \
          version.",
};

pub(super) static OPERATOR: Rule = Rule {
    id: "sc-operator",
    severity: Severity::Warning,
    what: "an operator is not named as in acme.example",
    why: "The specification asks for a URI without a scheme. Services count once for each operator, so names must not vary.",
    who: "",
};

pub(super) static NO_CA: Rule = Rule {
    id: "sc-no-ca",
    severity: Severity::Error,
    what: "no certificate authority is open",
    why: "Nothing can be signed with an identity.",
    who: "sigstore-go, sigstore-python and sigstore-js fail.",
};

pub(super) static NO_REKOR: Rule = Rule {
    id: "sc-no-rekor",
    severity: Severity::Error,
    what: "no transparency log is open",
    why: "Signatures are not logged, and most verifiers refuse one that is not.",
    who: "sigstore-go, sigstore-python and sigstore-js fail.",
};

pub(super) static NONE_OPEN: Rule = Rule {
    id: "sc-none-open",
    severity: Severity::Error,
    what: "identity providers or timestamp authorities are listed, and none is open",
    why: "Clients find none to use. List one that is open, or none.",
    who: "sigstore-go and sigstore-js fail where no timestamp authority is open; sigstore-python and sigstore-rust sign without one.",
};

pub(super) static REKOR_V2_WITHOUT_TSA: Rule = Rule {
    id: "sc-rekor2-no-tsa",
    severity: Severity::Error,
    what: "a Rekor v2 log is open and no timestamp authority is",
    why: "Rekor v2 states no time, so a bundle without a timestamp has none and is not verified.",
    who: "Every client refuses such a bundle.",
};

/// The API versions that clients in use speak.
const API_VERSIONS: [u32; 2] = [1, 2];

/// One service as it stands in the document.
pub(super) struct Offered<'a> {
    kind: ServiceKind,
    node: Node<'a>,
    place: String,
    subject: String,
    url: String,
    /// None if it cannot be read.
    version: Option<u32>,
    window: Option<Window>,
    operator: String,
}

/// The services of all lists.
pub(super) struct Services<'a>(Vec<Offered<'a>>);

impl<'a> Services<'a> {
    pub(super) fn read(root: Node<'a>) -> Services<'a> {
        let of_kind = |kind: ServiceKind| {
            let nodes = member(root, kind.as_str()).into_iter().flat_map(Node::elements).enumerate();
            nodes.filter(|(_, node)| node.kind() == Kind::Object).map(move |(at, node)| Offered::read(kind, at, node))
        };
        Services(ServiceKind::ALL.into_iter().flat_map(of_kind).collect())
    }

    pub(super) fn of(&self, kind: ServiceKind) -> impl Iterator<Item = &Offered<'a>> {
        self.0.iter().filter(move |service| service.kind == kind)
    }

    fn open(&self, kind: ServiceKind, at: DateTime<Utc>) -> impl Iterator<Item = &Offered<'a>> {
        self.of(kind).filter(move |service| service.is_open(at))
    }

    pub(super) fn operators_open(&self, kind: ServiceKind, at: DateTime<Utc>) -> usize {
        self.open(kind, at).map(|service| &*service.operator).collect::<BTreeSet<_>>().len()
    }
}

impl<'a> Offered<'a> {
    fn read(kind: ServiceKind, position: usize, node: Node<'a>) -> Offered<'a> {
        let stated = |name| text(node, name).map(String::from).unwrap_or_default();
        Offered {
            kind,
            node,
            place: element(kind, position),
            subject: subject(kind, node),
            url: stated("url"),
            version: Message::read(node).and_then(|message| message.number("majorApiVersion")).ok(),
            window: Window::read(member(node, "validFor")).ok(),
            operator: stated("operator"),
        }
    }

    /// Whether a client that knows the version would use it at that time.
    fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.window.is_some_and(|window| window.contains(at))
            && self.version.is_some_and(|version| API_VERSIONS.contains(&version))
    }
}

/// What a service is, and where.
pub(super) fn subject(kind: ServiceKind, node: Node<'_>) -> String {
    let url = text(node, "url").map_or("without a URL".into(), |url| plain(&url));
    let version = Message::read(node).and_then(|message| message.number("majorApiVersion")).unwrap_or_default();
    match version {
        0 => format!("{} {url}", kind.noun()),
        version => format!("{} {url} v{version}", kind.noun()),
    }
}

/// What is wrong with the services of one list.
pub(super) fn check_services(services: &Services<'_>, kind: ServiceKind, at: DateTime<Utc>, findings: &mut Findings) {
    let mut before: Option<DateTime<Utc>> = None;
    for service in services.of(kind) {
        check_service(service, at, findings);
        let start = service.window.and_then(Window::start);
        if let (Some(start), Some(before)) = (start, before)
            && start > before
        {
            findings.add(&ORDER, &*service.place, &*service.subject, "starts after the service that it follows");
        }
        before = start.or(before);
    }
    let open: Vec<&Offered<'_>> = services.open(kind, at).collect();
    for (at, service) in open.iter().enumerate() {
        let same = |other: &&&Offered<'_>| (&other.operator, other.version) == (&service.operator, service.version);
        if let Some(earlier) = open[..at].iter().find(same) {
            let detail = format!("is open beside {}, of the same operator and version", earlier.subject);
            findings.add(&OVERLAP, &*service.place, &*service.subject, detail);
        }
    }
    let versions: BTreeSet<u32> = open.iter().filter_map(|service| service.version).collect();
    if versions.len() > 1 {
        let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
        let detail = format!("services of the API versions {} are open", versions.join(" and "));
        findings.add(&VERSION_MIX, kind.as_str(), super::super::section::plural(kind.noun()), detail);
    }
}

fn check_service(service: &Offered<'_>, at: DateTime<Utc>, findings: &mut Findings) {
    let mut add =
        |rule, name: &str, detail: String| findings.add(rule, below(&service.place, name), &*service.subject, detail);
    for (name, is_missing) in [
        ("url", service.url.is_empty()),
        ("operator", service.operator.is_empty()),
        ("validFor", member(service.node, "validFor").is_none()),
    ] {
        if is_missing {
            add(&MEMBER_MISSING, name, format!("`{name}` is absent"));
        }
    }
    if service.version == Some(0) {
        add(&API_ZERO, "majorApiVersion", "the major API version is 0 or absent".into());
    }
    if let Some(problem) = url_problem(service.kind, &service.url) {
        add(&TSA_URL, "url", problem.into());
    }
    let operator = &service.operator;
    let is_odd = operator.contains("://") || operator.contains(char::is_whitespace) || !operator.contains('.');
    if !operator.is_empty() && is_odd {
        add(&OPERATOR, "operator", format!("the operator is {}", Quoted(operator)));
    }
    let Some(window) = service.window else { return };
    match (window.start(), window.end()) {
        (Some(start), Some(end)) if window.is_empty() => {
            let (start, end) = (timestamp_text(start), timestamp_text(end));
            add(&WINDOW_EMPTY, "validFor", format!("the window ends before it starts: from {start} until {end}"));
        }
        (Some(start), _) if start > at => {
            add(&FUTURE, "validFor.start", format!("starts at {}, which is to come", timestamp_text(start)));
        }
        (None, _) if member(service.node, "validFor").is_some() => {
            add(&START_MISSING, "validFor", "the window has no start".into());
        }
        _ => {}
    }
}

fn url_problem(kind: ServiceKind, url: &str) -> Option<&'static str> {
    let (_, rest) = url.split_once("://")?;
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    match kind {
        ServiceKind::TimestampAuthority if path.is_empty() => {
            Some("the URL has no path, and is to be the one that requests are posted to")
        }
        ServiceKind::CertificateAuthority | ServiceKind::TransparencyLog if path.starts_with("api/") => {
            Some("the URL has the path of a request, and is to be the base")
        }
        ServiceKind::IdentityProvider if path.contains(".well-known") => {
            Some("the URL is that of the provider's configuration, and is to be the issuer's")
        }
        _ => None,
    }
}

/// What is wrong with the services of all lists together.
pub(super) fn check_together(services: &Services<'_>, at: DateTime<Utc>, findings: &mut Findings) {
    let is_open = |kind| services.open(kind, at).next().is_some();
    for kind in ServiceKind::ALL.into_iter().filter(|kind| !is_open(*kind)) {
        let is_listed = services.of(kind).next().is_some();
        let rule = match kind {
            ServiceKind::CertificateAuthority => &NO_CA,
            ServiceKind::TransparencyLog => &NO_REKOR,
            _ if is_listed => &NONE_OPEN,
            _ => continue,
        };
        let detail = format!("no {} of a version that clients speak is open at {}", kind.noun(), timestamp_text(at));
        findings.add(rule, kind.as_str(), "", detail);
    }
    let mut rekor = services.open(ServiceKind::TransparencyLog, at);
    if let Some(rekor) = rekor.find(|service| service.version == Some(2))
        && !is_open(ServiceKind::TimestampAuthority)
    {
        findings.add(&REKOR_V2_WITHOUT_TSA, &*rekor.place, &*rekor.subject, "no timestamp authority is open beside it");
    }
}
