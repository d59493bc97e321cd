//! Services of a signing config against the trust roots that verifiers may have.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::log_id::origin;
use super::super::proto_json::timestamp_text;
use super::super::section::Section;
use super::super::service::{Service, ServiceKind};
use super::super::signing_config::SigningConfig;
use super::super::trusted_root::TrustedRoot;
use super::findings::{Findings, element};
use crate::lint::{Finding, Rule, Severity};
use crate::quoted::plain;

pub(super) static UNTRUSTED: Rule = Rule {
    id: "sc-untrusted",
    severity: Severity::Error,
    what: "a service is listed that not every verifier has the key of",
    why: "List a service only once its key has been in the published trust root for one timestamp lifetime, and under its host. The \
          first publication of a repository may have both.",
    who: "Verifiers refuse what it signs.",
};

/// The trust roots that verifiers may have, and since when.
#[derive(Clone, Debug, Default)]
pub struct TrustHistory {
    /// What was published as `trusted_root.json`, and when, the oldest first.
    pub published: Vec<(DateTime<Utc>, TrustedRoot)>,
    /// What is published next under that name, or stays there.
    pub next: Option<TrustedRoot>,
    /// How long a timestamp holds: a verifier may be that far behind.
    pub timestamp_lifetime: TimeDelta,
    /// How long caches between the repository and a verifier show what was there before.
    pub caches: TimeDelta,
}

/// A service that a trust root has nothing for.
pub(super) struct Uncovered {
    pub(super) place: String,
    pub(super) subject: String,
    pub(super) detail: String,
}

/// A service that ought to have a key.
struct Offered<'a> {
    section: Section,
    service: &'a Service,
    place: String,
    subject: String,
    /// From when on it is signed with.
    begins: DateTime<Utc>,
}

const UNLISTED: &str =
    "under its host that is open when it is used; if its key is there under another host, compare the two by hand";

/// The services that a signing config lists and that not every verifier has the key of. `before` is the signing config that is published
/// already: what it lists has been signed with.
pub fn lint_services(
    config: &SigningConfig,
    before: Option<&SigningConfig>,
    history: &TrustHistory,
    at: DateTime<Utc>,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    for offered in offered(config, at) {
        let was_there = before.is_some_and(|before| is_listed(before, &offered));
        if let Some(problem) = history.problem_with(&offered, was_there) {
            findings.add(&UNTRUSTED, offered.place, offered.subject, problem);
        }
    }
    findings.into_vec()
}

/// The services that have no instance in the trust root.
pub(super) fn uncovered_services(config: &SigningConfig, root: &TrustedRoot, at: DateTime<Utc>) -> Vec<Uncovered> {
    let uncovered = offered(config, at).into_iter().filter(|offered| !lists(root, offered));
    let described = uncovered.map(|offered| {
        let detail = format!("the trust root lists nothing in {} {UNLISTED}", offered.section);
        Uncovered { place: offered.place, subject: offered.subject, detail }
    });
    described.collect()
}

fn offered(config: &SigningConfig, at: DateTime<Utc>) -> Vec<Offered<'_>> {
    let kinds = [
        (ServiceKind::CertificateAuthority, Section::CertificateAuthorities),
        (ServiceKind::TransparencyLog, Section::TransparencyLogs),
        (ServiceKind::TimestampAuthority, Section::TimestampAuthorities),
    ];
    let of_kind = |(kind, section): (ServiceKind, Section)| {
        let in_use = config.services(kind).iter().filter(move |service| {
            let window = service.valid_for();
            !window.is_empty() && window.end().is_none_or(|end| end >= at)
        });
        in_use.map(move |service| Offered {
            section,
            service,
            place: element(kind, service.position()),
            subject: format!("{} {} v{}", kind.noun(), plain(service.url()), service.major_api_version()),
            begins: service.valid_for().start().map_or(at, |start| start.max(at)),
        })
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

fn is_listed(config: &SigningConfig, offered: &Offered<'_>) -> bool {
    ServiceKind::ALL.iter().any(|kind| config.services(*kind).iter().any(|old| old.url() == offered.service.url()))
}

/// Whether a trust root lists something of the service's host that is open when it is first used. A log need not be written to where it
/// is known, so this is a hint and no proof.
fn lists(root: &TrustedRoot, offered: &Offered<'_>) -> bool {
    let host = origin(offered.service.url());
    let logs = root.logs(offered.section).iter().map(|log| (log.base_url(), log.valid_for()));
    let authorities =
        root.authorities(offered.section).iter().map(|authority| (authority.uri(), authority.valid_for()));
    logs.chain(authorities)
        .any(|(url, window)| host.is_some() && origin(url) == host && window.contains(offered.begins))
}

impl TrustHistory {
    fn problem_with(&self, offered: &Offered<'_>, was_there: bool) -> Option<String> {
        let days = self.timestamp_lifetime.num_days();
        if !self.next.as_ref().is_some_and(|root| lists(root, offered)) {
            return Some(format!("trusted_root.json lists nothing in {} {UNLISTED}", offered.section));
        }
        // What was offered before has been used before, and no verifier is behind what was there from the first.
        if was_there || self.published.first().is_none_or(|(_, root)| lists(root, offered)) {
            return None;
        }
        let since = self.published.iter().rev().take_while(|(_, root)| lists(root, offered)).last();
        match since {
            None => Some(format!(
                "its key comes into trusted_root.json at the same time; verifiers may be {days} days behind (one timestamp lifetime) and \
                 would refuse what it signs: list it in a later ceremony"
            )),
            Some((since, _)) if offered.begins.signed_duration_since(since) < self.timestamp_lifetime => Some(format!(
                "its key is in the published trusted_root.json since {} only; verifiers may be {days} days behind (one timestamp lifetime)",
                timestamp_text(*since)
            )),
            Some(_) => None,
        }
    }
}
