//! What a new trust root takes from the one that is published.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::super::certificate_authority::CertificateAuthority;
use super::super::log_instance::LogInstance;
use super::super::proto_json::timestamp_text;
use super::super::section::Section;
use super::super::trusted_root::TrustedRoot;
use super::super::window::Window;
use super::entries::title;
use super::findings::{Findings, element};
use crate::lint::{Finding, Rule, Severity};

pub(super) static SHRUNK: Rule = Rule {
    id: "tr-shrunk",
    severity: Severity::Error,
    what: "what was trusted in the past is not trusted any more",
    why: "An instance is gone, its end lies in the past, or its start has moved forward: signatures of that time stop verifying. Right \
          for a stolen key, and then it is to be stated.",
    who: "Every client refuses the earlier signatures.",
};

pub(super) static TOO_EARLY: Rule = Rule {
    id: "tr-too-early",
    severity: Severity::Warning,
    what: "an instance opens or closes before every verifier can know",
    why: "Signing takes its days, and then verifiers may be one timestamp lifetime behind. Until they have the change they refuse what a \
          new instance signs, and accept what a closed one does.",
    who: "Verifiers that are behind.",
};

/// An entry of either kind.
#[derive(Clone, Copy)]
enum Instance<'a> {
    Log(&'a LogInstance),
    Authority(&'a CertificateAuthority),
}

impl<'a> Instance<'a> {
    fn all(root: &'a TrustedRoot) -> Vec<Instance<'a>> {
        let of_section = |section: Section| {
            let logs = root.logs(section).iter().map(Instance::Log);
            logs.chain(root.authorities(section).iter().map(Instance::Authority))
        };
        Section::ALL.into_iter().flat_map(of_section).collect()
    }

    fn section(self) -> Section {
        match self {
            Instance::Log(log) => log.section(),
            Instance::Authority(authority) => authority.section(),
        }
    }

    fn window(self) -> Window {
        match self {
            Instance::Log(log) => log.valid_for(),
            Instance::Authority(authority) => authority.valid_for(),
        }
    }

    fn subject(self) -> String {
        match self {
            Instance::Log(log) => title(log.section(), log.base_url(), log.valid_for()),
            Instance::Authority(authority) => title(authority.section(), authority.uri(), authority.valid_for()),
        }
    }

    fn place(self) -> String {
        match self {
            Instance::Log(log) => element(log.section(), log.position()),
            Instance::Authority(authority) => element(authority.section(), authority.position()),
        }
    }

    /// Whether what verified against the other one verifies against this one, at a time that both windows have.
    fn stands_for(self, old: Instance<'_>) -> bool {
        match (self, old) {
            (Instance::Log(new), Instance::Log(old)) => {
                // An id that was never the key's named nothing, so to correct it takes nothing away.
                let had_right_id = old.derived_ids().any(|(_, id)| Some(&id) == old.log_id());
                new.section() == old.section()
                    && new.key().spki_der() == old.key().spki_der()
                    && (new.log_id() == old.log_id() || !had_right_id)
            }
            (Instance::Authority(new), Instance::Authority(old)) => {
                new.section() == old.section() && new.chain().eq(old.chain())
            }
            _ => false,
        }
    }
}

/// The times before `at` at which something was trusted and no longer is. What is closed from `at` on takes nothing away.
pub fn lint_shrinking(before: &TrustedRoot, after: &TrustedRoot, at: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = Findings::default();
    let instances = Instance::all(after);
    for old in Instance::all(before) {
        let began = old.window().start();
        if old.window().is_empty() || began.is_some_and(|start| start >= at) {
            continue;
        }
        let matching: Vec<&Instance<'_>> = instances.iter().filter(|new| new.stands_for(old)).collect();
        let Some(place) = matching.first().map(|new| new.place()) else {
            let detail = format!("is gone: what it signed {} no longer verifies", span(old.window(), at));
            findings.add(&SHRUNK, old.section().as_str(), old.subject(), detail);
            continue;
        };
        let windows: Vec<Window> = matching.iter().map(|new| new.window()).collect();
        for lost in lost_times(old.window(), windows, at) {
            findings.add(&SHRUNK, &*place, old.subject(), format!("what it signed {lost} no longer verifies"));
        }
    }
    findings.into_vec()
}

/// The instances that open or close before `earliest`, when the change can have reached everybody, and did not before.
pub fn lint_timing(before: &TrustedRoot, after: &TrustedRoot, earliest: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = Findings::default();
    let olds = Instance::all(before);
    for new in Instance::all(after) {
        let matching: Vec<Window> = olds.iter().filter(|old| new.stands_for(**old)).map(|old| old.window()).collect();
        let (start, end) = (new.window().start(), new.window().end());
        let has_ended = end.is_some_and(|end| end < earliest);
        let mut add = |what: &str, instant: DateTime<Utc>| {
            let detail = format!(
                "{what} {}, and not every verifier can know before {}",
                timestamp_text(instant),
                timestamp_text(earliest)
            );
            findings.add(&TOO_EARLY, new.place(), new.subject(), detail);
        };
        match start {
            Some(start) if matching.is_empty() && start < earliest && !has_ended => add("opens at", start),
            _ => {}
        }
        match end {
            Some(end) if has_ended && !matching.is_empty() && matching.iter().all(|old| old.end() != Some(end)) => {
                add("closes at", end);
            }
            _ => {}
        }
    }
    findings.into_vec()
}

/// The parts of a window before `at` that no other covers, in words.
fn lost_times(window: Window, mut others: Vec<Window>, at: DateTime<Utc>) -> Vec<String> {
    others.retain(|other| !other.is_empty());
    others.sort_by_key(|other| other.start());
    let last = window.end().filter(|end| *end < at);
    let mut lost = Vec::new();
    // Everything up to here is covered; None at the beginning of time.
    let mut covered = window.start();
    let mut is_covered_whole = false;
    for other in others {
        if is_covered_whole {
            break;
        }
        match (other.start(), covered) {
            (Some(start), None) => lost.push(format!("until {}", timestamp_text(start))),
            (Some(start), Some(from)) if start > from => {
                let until = last.map_or(at, |last| last.min(at)).min(start);
                if until > from {
                    lost.push(format!("from {} until {}", timestamp_text(from), timestamp_text(until)));
                }
            }
            _ => {}
        }
        match other.end() {
            None => is_covered_whole = true,
            Some(end) => covered = Some(covered.map_or(end, |covered| covered.max(end))),
        }
    }
    let end = last.unwrap_or(at);
    match covered {
        _ if is_covered_whole => {}
        None => lost.push(format!("until {}", timestamp_text(end))),
        Some(covered) if covered < end => {
            lost.push(format!("from {} until {}", timestamp_text(covered), timestamp_text(end)));
        }
        Some(_) => {}
    }
    lost
}

/// A window as far as it is past, in words.
fn span(window: Window, at: DateTime<Utc>) -> String {
    match (window.start(), window.end().filter(|end| *end < at)) {
        (Some(start), Some(end)) => format!("from {} until {}", timestamp_text(start), timestamp_text(end)),
        (Some(start), None) => format!("since {}", timestamp_text(start)),
        (None, Some(end)) => format!("until {}", timestamp_text(end)),
        (None, None) => "at any time".into(),
    }
}
