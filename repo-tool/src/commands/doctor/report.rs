//! A diagnosis for people: one sentence, a table, and until when what is published is good.

use chrono::{DateTime, Utc};
use rootline::table::{Cell, Table};
use rootline::terminal::Tone;
use rootline_ceremonies::{CeremonyRole, Diagnosis, RoleDiagnosis, SignedRole, Verdict};
use rootline_metadata::Expiry;

use crate::text::join;

/// The verdict in one sentence.
pub(super) fn sentence(diagnosis: &Diagnosis) -> String {
    let labels = |is: &dyn Fn(&RoleDiagnosis) -> bool| {
        let labels: Vec<&str> =
            diagnosis.roles.iter().filter(|role| is(role)).map(|role| role.label.as_str()).collect();
        and(&labels)
    };
    let is_signed_by_people = |role: &RoleDiagnosis| matches!(role.role, SignedRole::People(_));
    let attacker = labels(&|role| role.is_compromised());
    // Where keys are still missing, no keyholder need be lost.
    let not_yet = labels(&|role| role.verdict == Verdict::Broken && !role.without_key.is_empty());
    let broken = labels(&|role| role.verdict == Verdict::Broken && role.without_key.is_empty());
    let with_compromised = labels(&|role| role.verdict == Verdict::HoldsWithCompromised);
    let holding = labels(&|role| role.verdict.holds());
    let exactly = labels(&|role| role.verdict == Verdict::HoldsExactly && is_signed_by_people(role));
    let mut parts = Vec::new();
    if diagnosis.roles.is_empty() {
        return "nothing is published, and neither a plan nor the policy names keyholders".to_owned();
    }
    if !attacker.is_empty() {
        parts.push(format!("an attacker has enough keys to sign {attacker}"));
    }
    if !broken.is_empty() {
        parts.push(format!("the threshold is broken for {broken}"));
    }
    if !with_compromised.is_empty() {
        parts.push(format!("the threshold holds for {with_compromised} only with compromised keys"));
    }
    if !not_yet.is_empty() {
        parts.push(format!("{not_yet} cannot be signed yet, because keys are missing"));
    }
    if broken.is_empty() && with_compromised.is_empty() && not_yet.is_empty() {
        parts.push("the threshold still holds for every role".to_owned());
    } else if !holding.is_empty() {
        parts.push(format!("it holds for {holding}"));
    }
    if !exactly.is_empty() {
        parts.push(format!("{exactly} cannot afford another loss"));
    }
    parts.join("; ")
}

pub(super) fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

pub(super) fn table(diagnosis: &Diagnosis) -> Table {
    let mut table = Table::new(["role", "needs", "left", "spare", "good until", "time left", "missing"]);
    for role in &diagnosis.roles {
        let (until, from_now) = match role.expiry {
            Some(expiry) => (expiry.to_text(), from_now(expiry, diagnosis.at)),
            None => ("not published yet".to_owned(), String::new()),
        };
        let spare = match role.verdict {
            Verdict::Broken => Cell::number("BROKEN").toned(Tone::Failure),
            Verdict::HoldsWithCompromised => Cell::number("COMPROMISED").toned(Tone::Failure),
            _ => Cell::number(role.verdict.spare()),
        };
        let losses = [("lost", &role.lost), ("compromised", &role.compromised), ("without a key", &role.without_key)];
        let missing = losses.iter().filter(|(_, names)| !names.is_empty());
        let missing: Vec<String> = missing.map(|(why, names)| format!("{why}: {}", join(*names))).collect();
        table.row([
            Cell::text(&role.label),
            Cell::number(role.threshold),
            Cell::number(format!("{} of {}", role.left.len(), role.holders.len())),
            spare,
            Cell::text(until),
            Cell::text(from_now),
            Cell::text(missing.join("; ")),
        ]);
    }
    table
}

/// `46 days`, `5 hours`, or that it has passed.
fn from_now(expiry: Expiry, at: DateTime<Utc>) -> String {
    let left = expiry.instant() - at;
    match (left.num_days(), left.num_hours()) {
        _ if expiry.has_passed(at) => "EXPIRED".to_owned(),
        (0, 0) => "less than an hour".to_owned(),
        (0, 1) => "1 hour".to_owned(),
        (0, hours) => format!("{hours} hours"),
        (1, _) => "1 day".to_owned(),
        (days, _) => format!("{days} days"),
    }
}

/// When verifiers begin to refuse, and on account of which role.
pub(super) fn duration_lines(diagnosis: &Diagnosis) -> Vec<String> {
    let instant = |role: &RoleDiagnosis| {
        let text = |expiry: Expiry| format!("from {expiry} on ({}: {})", role.label, from_now(expiry, diagnosis.at));
        role.expiry.map(text).unwrap_or_default()
    };
    let mut lines = Vec::new();
    if let Some(role) = diagnosis.first_to_expire() {
        lines.push(format!("unless something is signed, verifiers refuse the repository {}", instant(role)));
    }
    if let Some(role) = diagnosis.first_to_fail() {
        let text = "if online signing continues and nothing is repaired, verifiers refuse the repository";
        lines.push(format!("{text} {}", instant(role)));
    }
    for role in diagnosis.roles.iter().filter(|role| !role.is_top_level() && role.verdict == Verdict::Broken) {
        if role.expiry.is_some() {
            lines.push(format!("only the files of {} are refused {}", role.label, instant(role)));
        }
    }
    for role in diagnosis.roles.iter().filter(|role| role.is_compromised()) {
        lines.push(format!("with {} keys of {} an attacker could {}", role.compromised_keys, role.label, power(role)));
    }
    lines
}

/// What an attacker with a threshold of keys can do.
fn power(role: &RoleDiagnosis) -> &'static str {
    match role.role {
        SignedRole::People(CeremonyRole::Root) => {
            "sign a next root of their own, and every verifier that sees it follows them for good"
        }
        SignedRole::People(CeremonyRole::Targets) => "ship any file, with an online key as well",
        SignedRole::People(_) => "ship any file that is delegated to it, with an online key as well",
        SignedRole::Online(_) => {
            "freeze verifiers at what is published now, or raise versions so high that yours are refused until the key is replaced"
        }
    }
}
