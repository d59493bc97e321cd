//! From when to when something is to be trusted.

use core::fmt;

use chrono::{DateTime, Utc};

use super::proto_json::{Message, timestamp_text};
use crate::json::{FormatError, Node, Value, ValueMembers};

/// A range of time that includes both of its ends, as Sigstore's `TimeRange` does and as sigstore-go, sigstore-python and sigstore-js
/// treat it. An end that is missing is no bound on that side: no `end` is the mark of what is in use, no `start` is somebody's mistake
/// and a finding of the [lint](super::lint).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

impl Window {
    /// No bound on either side.
    pub const ALWAYS: Window = Window { start: None, end: None };

    /// From `start` to `end`, each included. If the end comes first, no instant is inside.
    pub fn new(start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) -> Window {
        Window { start, end }
    }

    /// From `start` on, without an end.
    pub fn from(start: DateTime<Utc>) -> Window {
        Window { start: Some(start), end: None }
    }

    /// The first instant inside.
    pub fn start(self) -> Option<DateTime<Utc>> {
        self.start
    }

    /// The last instant inside.
    pub fn end(self) -> Option<DateTime<Utc>> {
        self.end
    }

    /// Whether `instant` is inside: start ≤ instant ≤ end.
    pub fn contains(self, instant: DateTime<Utc>) -> bool {
        self.start.is_none_or(|start| start <= instant) && self.end.is_none_or(|end| instant <= end)
    }

    /// Whether no instant is inside.
    pub fn is_empty(self) -> bool {
        matches!((self.start, self.end), (Some(start), Some(end)) if end < start)
    }

    /// A range without a bound where none is given; but a bound that cannot be read is an error, as to pass over it would widen the
    /// window (CVE-2026-54787).
    pub(super) fn read(node: Option<Node<'_>>) -> Result<Window, FormatError> {
        let Some(node) = node else { return Ok(Window::ALWAYS) };
        let range = Message::read(node)?;
        Ok(Window { start: range.instant("start")?, end: range.instant("end")? })
    }

    pub(super) fn to_value(self) -> Value {
        let bounds = [("start", self.start), ("end", self.end)];
        let written = bounds.into_iter().filter_map(|(name, bound)| Some((name, timestamp_text(bound?))));
        written.fold(ValueMembers::new(), |members, (name, text)| members.with(name, text)).into()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.start, self.end) {
            (None, None) => f.write_str("always"),
            (Some(start), None) => write!(f, "from {}", timestamp_text(start)),
            (None, Some(end)) => write!(f, "until {}", timestamp_text(end)),
            (Some(start), Some(end)) => write!(f, "from {} until {}", timestamp_text(start), timestamp_text(end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::json::Document;
    use crate::roles::expiry::parse_instant;

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text).unwrap()
    }

    fn read(text: &str) -> Result<Window, FormatError> {
        Window::read(Some(Document::parse(text.as_bytes().to_vec(), 1000).unwrap().top()))
    }

    #[test]
    fn both_ends_of_a_window_are_inside() {
        let window = Window::new(Some(at("2026-01-02T00:00:00Z")), Some(at("2026-01-03T00:00:00Z")));
        for (instant, inside) in [
            ("2026-01-01T23:59:59.999999999Z", false),
            ("2026-01-02T00:00:00Z", true),
            ("2026-01-03T00:00:00Z", true),
            ("2026-01-03T00:00:00.000000001Z", false),
        ] {
            assert_eq!(window.contains(at(instant)), inside, "{instant}");
        }
    }

    #[test]
    fn a_missing_end_does_not_bound_its_side() {
        let start = at("2026-01-02T00:00:00Z");
        assert!(Window::from(start).contains(at("9999-12-31T23:59:59Z")));
        assert!(!Window::from(start).contains(at("2026-01-01T23:59:59Z")));
        assert!(Window::new(None, Some(start)).contains(at("0001-01-01T00:00:00Z")));
        assert!(!Window::new(None, Some(start)).contains(at("2026-01-02T00:00:01Z")));
        assert!(Window::ALWAYS.contains(start));
    }

    #[test]
    fn a_window_that_ends_before_it_starts_contains_nothing() {
        let (start, end) = (at("2026-01-03T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        let backwards = Window::new(Some(start), Some(end));
        assert!(backwards.is_empty());
        for instant in [start, end, at("2026-01-02T12:00:00Z")] {
            assert!(!backwards.contains(instant));
        }
        assert!(!Window::new(Some(start), Some(start)).is_empty());
        assert!(Window::new(Some(start), Some(start)).contains(start));
    }

    #[test]
    fn a_bound_that_cannot_be_read_is_never_no_bound() {
        for text in [r#"{"end":"soon"}"#, r#"{"start":5}"#, r#"{"end":""}"#, r#"{"end":"2026-01-02"}"#, "[]", "\"\""] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("{}"), Ok(Window::ALWAYS));
        assert_eq!(read(r#"{"start":null}"#), Ok(Window::ALWAYS));
        assert_eq!(read(r#"{"start":"2026-01-02T00:00:00Z"}"#), Ok(Window::from(at("2026-01-02T00:00:00Z"))));
    }

    #[test]
    fn a_window_reads_as_a_sentence() {
        let window = Window::new(Some(at("2021-03-07T03:20:29Z")), Some(at("2022-12-31T23:59:59.999Z")));
        assert_eq!(window.to_string(), "from 2021-03-07T03:20:29Z until 2022-12-31T23:59:59.999Z");
        assert_eq!(Window::ALWAYS.to_string(), "always");
        assert_eq!(window.to_value().compact(), r#"{"start":"2021-03-07T03:20:29Z","end":"2022-12-31T23:59:59.999Z"}"#);
    }
}
