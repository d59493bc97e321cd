//! The outcome of a preflight, for people and for programs.

use chrono::{DateTime, Utc};
use rootline::table::{Cell, Table};
use rootline::terminal::{Terminal, Tone};
use rootline_metadata::instant_text;
use serde_json::{Value, json};

/// Who got through, who did not, and why.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    /// Who does not get through and should.
    pub(crate) refused: Vec<Refused>,
}

/// One state, judged by one implementation.
#[derive(Debug)]
pub(crate) struct Row {
    judge: String,
    state: String,
    pub(crate) cases: u64,
    pub(crate) accepted: u64,
    /// Refused, because something has expired at the instant.
    pub(crate) expired: u64,
    /// Refused, as they were before the publication.
    pub(crate) before: u64,
    pub(crate) refused: u64,
}

/// Clients that do not get through and should.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) judge: String,
    pub(crate) roots: Vec<u64>,
    pub(crate) cached: String,
    pub(crate) state: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) why: String,
    pub(crate) hint: &'static str,
}

impl Refused {
    /// Whether only the instant is another.
    fn is_like(&self, other: &Refused) -> bool {
        let who = |one: &Refused| (one.judge.clone(), one.roots.clone(), one.cached.clone());
        who(self) == who(other) && self.state == other.state && self.why == other.why
    }
}

impl Report {
    /// A new row.
    pub(crate) fn row(&mut self, judge: &str, state: &str) -> &mut Row {
        let (judge, state) = (judge.to_owned(), state.to_owned());
        self.rows.push(Row { judge, state, cases: 0, accepted: 0, expired: 0, before: 0, refused: 0 });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// How many cases there were.
    pub(crate) fn cases(&self) -> u64 {
        self.rows.iter().map(|row| row.cases).sum()
    }

    /// The names of the implementations.
    pub(crate) fn judges(&self) -> Vec<&str> {
        let mut judges: Vec<&str> = self.rows.iter().map(|row| row.judge.as_str()).collect();
        judges.dedup();
        judges
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        let sum = |count: fn(&Row) -> u64| self.rows.iter().map(count).sum::<u64>();
        let states = self.rows.iter().map(|row| {
            json!({
                "judge": row.judge,
                "state": row.state,
                "cases": row.cases,
                "accepted": row.accepted,
                "expired": row.expired,
                "before": row.before,
                "refused": row.refused,
            })
        });
        let refused = self.refused.iter().map(|refused| {
            json!({
                "judge": refused.judge,
                "roots": refused.roots,
                "cached": refused.cached,
                "state": refused.state,
                "at": instant_text(refused.at),
                "why": refused.why,
                "hint": refused.hint,
            })
        });
        json!({
            "judges": self.judges(),
            "cases": self.cases(),
            "accepted": sum(|row| row.accepted),
            "expired": sum(|row| row.expired),
            "before": sum(|row| row.before),
            "states": states.collect::<Value>(),
            "refused": refused.collect::<Value>(),
        })
    }

    /// For people: a row for each state, and a line for each group of clients that is refused.
    pub(crate) fn lines(&self, terminal: &Terminal) -> Vec<String> {
        let mut table = Table::new(["client", "published", "cases", "accepted", "expired", "refused"]);
        for row in &self.rows {
            let tone = if row.refused == 0 { Tone::Plain } else { Tone::Failure };
            table.row([
                Cell::text(&row.judge),
                Cell::text(&row.state),
                Cell::number(row.cases),
                Cell::number(row.accepted),
                Cell::number(row.expired + row.before),
                Cell::number(row.refused).toned(tone),
            ]);
        }
        let mut lines = vec![table.render(terminal)];
        for same in self.refused.chunk_by(Refused::is_like) {
            let Some(Refused { judge, roots, cached, state, at, why, .. }) = same.first() else { continue };
            let (roots, at) = (roots_text(roots), instant_text(*at));
            let later = match same.len() - 1 {
                0 => String::new(),
                1 => " and another instant".to_owned(),
                more => format!(" and {more} other instants"),
            };
            lines.push(format!("{judge} refuses {state}, from {roots} with {cached}, at {at}{later}: {why}"));
        }
        lines.push(self.sentence());
        lines
    }

    fn sentence(&self) -> String {
        let judges = self.judges();
        let by = match judges.as_slice() {
            [one] => format!("1 implementation ({one})"),
            more => format!("{} implementations ({})", more.len(), more.join(", ")),
        };
        let refused: u64 = self.rows.iter().map(|row| row.refused).sum();
        let outcome = if refused == 0 { "nobody is refused".to_owned() } else { format!("{refused} are refused") };
        format!("judged by {by} in {} cases: {outcome}", self.cases())
    }
}

/// `root 1`, `roots 1 to 3, 5`
fn roots_text(roots: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for root in roots {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *root => *last = *root,
            _ => ranges.push((*root, *root)),
        }
    }
    let text = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    };
    let ranges: Vec<String> = ranges.iter().map(text).collect();
    format!("{} {}", if roots.len() == 1 { "root" } else { "roots" }, ranges.join(", "))
}
