//! From when to when the entries of a list are trusted.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::super::proto_json::timestamp_text;
use super::super::section::Section;
use super::super::window::Window;
use super::entries::Entry;
use super::findings::{Findings, below};
use crate::lint::{Rule, Severity};

pub(super) static ORDER: Rule = Rule {
    id: "tr-order",
    severity: Severity::Warning,
    what: "a list is not in the order of its starts",
    why: "Put the oldest first. Readers that take one of several take it by its place.",
    who: "sigstore-python takes the first transparency log's URL as its Rekor.",
};

pub(super) static START_MISSING: Rule = Rule {
    id: "tr-start-missing",
    severity: Severity::Error,
    what: "a window has no start",
    why: "State since when the key or chain is to be trusted.",
    who: "sigstore-go, sigstore-python and sigstore-rust refuse the file for a log; for an authority sigstore-go and cosign accept it.",
};

pub(super) static VALID_FOR_MISSING: Rule = Rule {
    id: "tr-validfor-missing",
    severity: Severity::Error,
    what: "a log's key has no window at all",
    why: "State since when the key is to be trusted.",
    who: "sigstore-go refuses the file; sigstore-python takes the key for valid at every time.",
};

pub(super) static WINDOW_EMPTY: Rule = Rule {
    id: "tr-window-empty",
    severity: Severity::Error,
    what: "a window ends before it starts",
    why: "The entry is trusted at no time.",
    who: "sigstore-rust refuses the file; sigstore-go and sigstore-js trust nothing by it; sigstore-python heeds ends of timestamp \
          authorities alone.",
};

pub(super) static END_EXCLUSIVE: Rule = Rule {
    id: "tr-end-exclusive",
    severity: Severity::Note,
    what: "an entry starts at the very instant at which another ends",
    why: "Clients differ on whether the end belongs to the window, so what happens at that instant may be trusted by none. Let them overlap.",
    who: "sigstore-python leaves the end of a timestamp authority out; sigstore-go and sigstore-js leave it in.",
};

pub(super) static START_EPOCH: Rule = Rule {
    id: "tr-start-epoch",
    severity: Severity::Warning,
    what: "a window starts in 1970",
    why: "It says that nobody knows when the key came into use, so what is backdated with a stolen key is accepted. State the real start.",
    who: "",
};

pub(super) static NO_LIVE: Rule = Rule {
    id: "tr-no-live",
    severity: Severity::Error,
    what: "a list has entries and none of them is open",
    why: "Nothing new of that kind verifies.",
    who: "sigstore-go, sigstore-js and sigstore-rust refuse what is signed now; sigstore-python does for timestamp authorities alone.",
};

pub(super) static LIVE_ENDED: Rule = Rule {
    id: "tr-live-ended",
    severity: Severity::Error,
    what: "every window of a list has an end",
    why: "Nothing is marked as in use, and new signatures stop verifying at the last end unless somebody remembers. Scaffolding writes it \
          so. Leave the end of what is in use out.",
    who: "",
};

pub(super) static GAP: Rule = Rule {
    id: "tr-gap",
    severity: Severity::Error,
    what: "there is a time between the end of one entry and the start of the next",
    why: "What was signed in it does not verify. Let the windows overlap.",
    who: "Every client refuses signatures of that time.",
};

pub(super) fn check_windows(section: Section, entries: &[Entry<'_>], at: DateTime<Utc>, findings: &mut Findings) {
    let mut before: Option<DateTime<Utc>> = None;
    for entry in entries {
        check_window(entry, findings);
        let start = entry.window.and_then(Window::start);
        if let (Some(start), Some(before)) = (start, before)
            && start < before
        {
            findings.add(&ORDER, &*entry.place, &*entry.subject, "starts before the entry that it follows");
        }
        before = start.or(before);
    }
    let windows: Vec<(Window, &Entry<'_>)> =
        entries.iter().filter_map(|entry| entry.window.map(|window| (window, entry))).collect();
    if !windows.is_empty() {
        check_open(section, &windows, at, findings);
    }
    check_succession(windows, findings);
}

fn check_window(entry: &Entry<'_>, findings: &mut Findings) {
    let Some(window) = entry.window else { return };
    let holder = if entry.section.holds_logs() { below(&entry.place, "publicKey") } else { entry.place.clone() };
    let place = below(&holder, "validFor");
    let mut add = |rule, detail: String| findings.add(rule, &*place, &*entry.subject, detail);
    match window.start() {
        None if entry.range.is_none() && entry.section.holds_logs() => {
            add(&VALID_FOR_MISSING, "the key has no window".into());
        }
        None => add(&START_MISSING, "the window has no start".into()),
        Some(start) if start == DateTime::UNIX_EPOCH => {
            add(&START_EPOCH, format!("the window starts at {}", timestamp_text(start)));
        }
        Some(_) => {}
    }
    if let (true, Some(start), Some(end)) = (window.is_empty(), window.start(), window.end()) {
        let (start, end) = (timestamp_text(start), timestamp_text(end));
        add(&WINDOW_EMPTY, format!("the window ends before it starts: from {start} until {end}"));
    }
}

fn check_open(section: Section, windows: &[(Window, &Entry<'_>)], at: DateTime<Utc>, findings: &mut Findings) {
    let noun = section.noun();
    if !windows.iter().any(|(window, _)| window.contains(at)) {
        let detail = format!("no {noun} is open at {}", timestamp_text(at));
        findings.add(&NO_LIVE, section.as_str(), super::super::section::plural(noun), detail);
    } else if let Some(ends) = windows.iter().map(|(window, _)| window.end()).collect::<Option<Vec<_>>>() {
        let last = ends.into_iter().max().map(timestamp_text).unwrap_or_default();
        findings.add(
            &LIVE_ENDED,
            section.as_str(),
            super::super::section::plural(noun),
            format!("every window has an end, the last {last}"),
        );
    }
}

/// Goes along the windows in the order of their starts, and looks at where the time that they cover so far ends.
fn check_succession(mut windows: Vec<(Window, &Entry<'_>)>, findings: &mut Findings) {
    windows.retain(|(window, _)| !window.is_empty());
    windows.sort_by_key(|(window, _)| window.start());
    let mut covered: Option<(Option<DateTime<Utc>>, &Entry<'_>)> = None;
    for (window, entry) in windows {
        if let (Some((Some(end), earlier)), Some(start)) = (covered, window.start()) {
            if is_gap(end, start) {
                let detail = format!(
                    "nothing is trusted between its end, {}, and {}, when {} opens",
                    timestamp_text(end),
                    timestamp_text(start),
                    entry.subject
                );
                findings.add(&GAP, &*earlier.place, &*earlier.subject, detail);
            } else if end == start {
                let detail = format!("starts at {}, when {} ends", timestamp_text(start), earlier.subject);
                findings.add(&END_EXCLUSIVE, &*entry.place, &*entry.subject, detail);
            }
        }
        covered = match covered {
            Some((None, _)) => covered,
            Some((Some(end), _)) if window.end().is_some_and(|other| other <= end) => covered,
            _ => Some((window.end(), entry)),
        };
    }
}

/// Whether a whole second lies between the two. What is signed has its time in seconds.
fn is_gap(end: DateTime<Utc>, start: DateTime<Utc>) -> bool {
    let next_second = end.timestamp() + 1;
    let last_second = if start.timestamp_subsec_nanos() == 0 { start.timestamp() - 1 } else { start.timestamp() };
    next_second <= last_second
}
