//! What to look at before signing: rules of publishing that the content of a file breaks, each of which was broken by somebody or stops
//! a client that is in use.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::{
    Remark, Section, SelectionError, ServiceKind, SigningConfig, SigningConfigFormat, TrustedRoot, TrustedRootFormat,
    Window,
};

use super::certificate::order_problem;
use super::content::{Content, TRUSTED_ROOT};
use super::entry::{Entry, EntryKind, entries};
use super::moment::Origin;

/// The name under which a trust root of version 0.2 is shipped, beside the other.
const TRUSTED_ROOT_V02: &str = "trusted_root.v0.2.json";

/// The API versions that clients in use speak.
const API_VERSIONS: [u32; 2] = [1, 2];

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    /// Whether it comes with this ceremony, or was so before.
    pub(crate) is_new: bool,
    /// The file or role that it is about.
    pub(crate) about: String,
    /// What is odd, and what follows from it.
    pub(crate) text: String,
}

/// The trust roots that verifiers may have, and since when.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustHistory {
    /// What was published as `trusted_root.json`, and when, the oldest first.
    pub(crate) published: Vec<(DateTime<Utc>, TrustedRoot)>,
    /// What this ceremony ships under that name, or leaves there.
    pub(crate) next: Option<TrustedRoot>,
    /// How long a timestamp holds: a verifier may be that far behind.
    pub(crate) timestamp_lifetime: Duration,
}

/// What is odd about the content of a file, new things first. `name` is the file's.
pub(crate) fn warnings(
    name: &str,
    before: Option<&Content>,
    after: &Content,
    history: &TrustHistory,
    at: DateTime<Utc>,
) -> Vec<Warning> {
    let known: BTreeSet<String> = before.map(|before| oddities(name, before, at)).into_iter().flatten().collect();
    let oddity = |text: String| Warning { is_new: !known.contains(&text), about: name.to_owned(), text };
    let mut found: Vec<Warning> = oddities(name, after, at).into_iter().map(oddity).collect();
    if let Some(config) = after.signing_config() {
        found.extend(keys_of_services(name, before.and_then(Content::signing_config), config, history, at));
    }
    found.sort_by_key(|warning| !warning.is_new);
    found
}

/// Every oddity in words that do not depend on where in the file it is, so that it is known again in the next version.
fn oddities(name: &str, content: &Content, at: DateTime<Utc>) -> Vec<String> {
    let mut found = Vec::new();
    if let Content::Unreadable { .. } = content {
        found.push(format!("{}; clients that want it will fail", content.kind()));
    }
    let entries = entries(content);
    found.extend(content.remarks().iter().map(|remark| remark_text(remark, &entries)));
    if let Some(root) = content.trusted_root() {
        found.extend(format_of_root(name, root));
    }
    if let Some(config) = content.signing_config() {
        found.extend(format_of_config(name, config));
        found.extend(nothing_to_sign_with(config, at));
    }
    for entry in &entries {
        found.extend(entry_oddities(entry, at).into_iter().map(|odd| format!("{}: {odd}", entry.title())));
    }
    for section in Section::ALL {
        let mut of_section = entries.iter().filter(|entry| entry.kind == EntryKind::Trusted(section)).peekable();
        if of_section.peek().is_some() && !of_section.any(|entry| entry.window.contains(at)) {
            let kind = EntryKind::Trusted(section).name();
            found.push(format!("no {kind} is trusted at the date of this ceremony, {}", instant_text(at)));
        }
    }
    found.extend(content.skipped().into_iter().map(|reason| {
        format!("not understood here: {reason}; clients that do not understand it either may refuse the whole file")
    }));
    found
}

/// Entries are named by what they are, not by their position, which moves when others are put before them.
fn remark_text(remark: &Remark, entries: &[Entry]) -> String {
    let is_it = |entry: &&Entry| {
        remark.section.map(EntryKind::Trusted) == Some(entry.kind) && remark.position == Some(entry.position)
    };
    match entries.iter().find(is_it) {
        Some(entry) => format!("{}: {}", entry.title(), remark.kind),
        None => remark.to_string(),
    }
}

fn format_of_root(name: &str, root: &TrustedRoot) -> Option<String> {
    let media_type = root.format().media_type();
    match (name, root.format()) {
        (TRUSTED_ROOT, TrustedRootFormat::V01Renamed) => Some(format!(
            "the media type {media_type} is refused by sigstore-go, sigstore-python and sigstore-java; everybody publishes {}",
            TrustedRootFormat::V01.media_type()
        )),
        (TRUSTED_ROOT, TrustedRootFormat::V02) => Some(format!(
            "the media type {media_type} is refused by clients under this name; ship it as {TRUSTED_ROOT_V02}, beside the other"
        )),
        (TRUSTED_ROOT_V02, TrustedRootFormat::V01 | TrustedRootFormat::V01Renamed) => {
            Some(format!("its name says version 0.2, and its media type is {media_type}"))
        }
        _ => None,
    }
}

fn format_of_config(name: &str, config: &SigningConfig) -> Option<String> {
    let differs = name.contains(".v0.2.") && config.format() != SigningConfigFormat::V02;
    differs.then(|| format!("its name says version 0.2, and its media type is {}", config.format().media_type()))
}

/// Kinds of services that a client finds none of, though the config lists some or says how many to use.
fn nothing_to_sign_with(config: &SigningConfig, at: DateTime<Utc>) -> Vec<String> {
    let listed = |kind| !config.services(kind).is_empty();
    let failed = |kind, result: Result<(), SelectionError>| {
        result.err().filter(|_| listed(kind)).map(|error| format!("clients cannot choose services: {error}"))
    };
    let supported = &API_VERSIONS;
    [
        failed(ServiceKind::CertificateAuthority, config.select_ca(at, supported).map(|_| ())),
        failed(ServiceKind::IdentityProvider, config.select_oidc(at, supported).map(|_| ())),
        failed(ServiceKind::TransparencyLog, config.select_rekor(at, supported).map(|_| ())),
        failed(ServiceKind::TimestampAuthority, config.select_tsa(at, supported).map(|_| ())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn entry_oddities(entry: &Entry, at: DateTime<Utc>) -> Vec<String> {
    let mut found: Vec<String> = order_problem(&entry.chain).into_iter().collect();
    for (position, certificate) in entry.chain.iter().enumerate() {
        let number = position + 1;
        match &certificate.stated {
            Err(why) => found.push(format!("certificate {number} of the chain cannot be read: {why}")),
            Ok(stated) if entry.window.contains(at) && !stated.validity.contains(at) => found.push(format!(
                "certificate {number} of the chain ({}) does not hold at the date of this ceremony: its validity is {}",
                stated.subject, stated.validity
            )),
            Ok(stated) => found.extend(ends_before(entry.window, stated.validity).map(|(window, certificate)| {
                format!(
                    "its window runs until {}, and certificate {number} of the chain until {}",
                    instant_text(window),
                    instant_text(certificate)
                )
            })),
        }
    }
    // A trusted root's windows are among its remarks.
    if !entry.kind.is_trusted() {
        if entry.window.start().is_none() && entry.window != Window::ALWAYS {
            found.push("the window has no start".to_owned());
        }
        if entry.window.is_empty() {
            found.push("the window ends before it starts".to_owned());
        }
    }
    found
}

/// The two ends, where a window promises more than a certificate. A window without an end promises nothing about when it will be closed.
fn ends_before(window: Window, validity: Window) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    window.end().zip(validity.end()).filter(|(window, certificate)| certificate < window)
}

/// A service may be offered only once every verifier has its key: after it was in the trust root for one timestamp lifetime.
fn keys_of_services(
    name: &str,
    before: Option<&SigningConfig>,
    config: &SigningConfig,
    history: &TrustHistory,
    at: DateTime<Utc>,
) -> Vec<Warning> {
    let mut found = Vec::new();
    for (kind, section) in [
        (ServiceKind::CertificateAuthority, Section::CertificateAuthorities),
        (ServiceKind::TransparencyLog, Section::TransparencyLogs),
        (ServiceKind::TimestampAuthority, Section::TimestampAuthorities),
    ] {
        for service in config.services(kind) {
            let was_there =
                before.is_some_and(|before| before.services(kind).iter().any(|old| old.url() == service.url()));
            let begins = service.valid_for().start().map_or(at, |start| start.max(at));
            let is_over = service.valid_for().end().is_some_and(|end| end < at);
            let entry = Entry::service(kind, service);
            if !is_over && let Some(problem) = history.problem_with(section, entry.host(), begins, was_there, at) {
                found.push(Warning {
                    is_new: !was_there,
                    about: name.to_owned(),
                    text: format!("{}: {problem}", entry.title()),
                });
            }
        }
    }
    found
}

impl TrustHistory {
    /// What is wrong with signing by the service at `host` from `begins` on.
    fn problem_with(
        &self,
        section: Section,
        host: &str,
        begins: DateTime<Utc>,
        was_there: bool,
        at: DateTime<Utc>,
    ) -> Option<String> {
        let days = self.timestamp_lifetime.num_days();
        if !self.next.as_ref().is_some_and(|root| lists(root, section, host, begins)) {
            return Some(format!(
                "{TRUSTED_ROOT} lists nothing in {section} under its host that is open when it is used; if its key is \
                 there under another host, compare the two by hand"
            ));
        }
        // What was offered before has been used before, and nobody is behind what was there from the first.
        if was_there || self.published.first().is_none_or(|(_, root)| lists(root, section, host, begins)) {
            return None;
        }
        let since = self.published.iter().rev().take_while(|(_, root)| lists(root, section, host, begins)).last();
        match since {
            None => Some(format!(
                "its key comes into {TRUSTED_ROOT} with this very ceremony; verifiers may be {days} days behind (one timestamp \
                 lifetime) and would refuse what it signs: offer it in a later ceremony, or from a later instant on"
            )),
            Some((since, _)) if begins.signed_duration_since(since) < self.timestamp_lifetime => Some(format!(
                "its key is in the published {TRUSTED_ROOT} since {} only, {}; verifiers may be {days} days behind (one timestamp \
                 lifetime)",
                instant_text(*since),
                Origin::ceremony(at).beside(*since)
            )),
            Some(_) => None,
        }
    }
}

/// Whether a trust root lists something of that host which is open at `instant`. A log need not be written to where it is known, so this
/// is a hint and no proof.
fn lists(root: &TrustedRoot, section: Section, host: &str, instant: DateTime<Utc>) -> bool {
    super::entry::trusted_entries(root).iter().any(|entry| {
        entry.kind == EntryKind::Trusted(section) && entry.host() == host && entry.window.contains(instant)
    })
}
