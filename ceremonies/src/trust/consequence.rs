//! What a change of an entry's window stops, and for whom.

use std::fmt;

use chrono::{DateTime, Utc};
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::{Section, Window};

/// What stops verifying, or verifies again, once a verifier has a changed trust root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    section: Section,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The entry is not listed any more.
    Removed,
    /// What is later than this.
    StopsAfter(DateTime<Utc>),
    /// What is earlier than this.
    StopsBefore(DateTime<Utc>),
    /// What is no later than this, or all if nothing ends it.
    VerifiesUntil(Option<DateTime<Utc>>),
    /// What is no earlier than this, or all if nothing starts it.
    VerifiesFrom(Option<DateTime<Utc>>),
}

/// What follows from a window that changes; `None` is an entry that is not listed.
pub fn consequences(section: Section, before: Option<Window>, after: Option<Window>) -> Vec<Consequence> {
    let (Some(before), Some(after)) = (before, after) else {
        let kind = match (before, after) {
            (Some(_), None) => Some(Kind::Removed),
            (None, Some(after)) => Some(Kind::VerifiesFrom(after.start())),
            _ => None,
        };
        return kind.map(|kind| Consequence { section, kind }).into_iter().collect();
    };
    let end = match (before.end(), after.end()) {
        (before, Some(after)) if before.is_none_or(|before| after < before) => Some(Kind::StopsAfter(after)),
        (Some(before), after) if after.is_none_or(|after| after > before) => Some(Kind::VerifiesUntil(after)),
        _ => None,
    };
    let start = match (before.start(), after.start()) {
        (before, Some(after)) if before.is_none_or(|before| after > before) => Some(Kind::StopsBefore(after)),
        (Some(before), after) if after.is_none_or(|after| after < before) => Some(Kind::VerifiesFrom(after)),
        _ => None,
    };
    [start, end].into_iter().flatten().map(|kind| Consequence { section, kind }).collect()
}

impl Consequence {
    /// Whether it stops something that verifies now.
    pub fn stops(&self) -> bool {
        matches!(self.kind, Kind::Removed | Kind::StopsAfter(_) | Kind::StopsBefore(_))
    }

    /// Those for whom it is otherwise, as a sentence.
    pub fn exception(&self) -> Option<&'static str> {
        match (self.kind, self.section) {
            (Kind::StopsAfter(_), Section::TimestampAuthorities) => {
                Some("sigstore-python refuses a timestamp of that very second too")
            }
            (Kind::StopsAfter(_) | Kind::StopsBefore(_), Section::CertificateAuthorities) => {
                Some("sigstore-python does not look at the windows of certificate authorities: for it nothing stops")
            }
            (
                Kind::StopsAfter(_) | Kind::StopsBefore(_),
                Section::TransparencyLogs | Section::CertificateTransparencyLogs,
            ) => Some("sigstore-python does not look at the windows of logs: for it nothing stops"),
            _ => None,
        }
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.section {
            Section::TransparencyLogs => "signatures with an entry of this log",
            Section::CertificateAuthorities => "signatures with a certificate of this authority",
            Section::CertificateTransparencyLogs => "signatures with a certificate that this log alone has logged",
            Section::TimestampAuthorities => "signatures with a timestamp of this authority",
        };
        match self.kind {
            Kind::Removed => write!(f, "all {what} stop verifying, for every verifier that has the change"),
            Kind::StopsAfter(end) => {
                write!(
                    f,
                    "{what} from after {} stop verifying, for every verifier that has the change",
                    instant_text(end)
                )
            }
            Kind::StopsBefore(start) => {
                let start = instant_text(start);
                write!(f, "{what} from before {start} stop verifying, for every verifier that has the change")
            }
            Kind::VerifiesUntil(Some(end)) => write!(f, "{what} verify until {}", instant_text(end)),
            Kind::VerifiesUntil(None) => write!(f, "{what} verify without an end"),
            Kind::VerifiesFrom(Some(start)) => write!(f, "{what} verify from {} on", instant_text(start)),
            Kind::VerifiesFrom(None) => write!(f, "{what} verify however old they are"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rootline_metadata::parse_instant;

    use super::*;

    fn window(start: &str, end: Option<&str>) -> Option<Window> {
        let instant = |day: &str| parse_instant(&format!("2030-01-{day}T00:00:00Z")).unwrap();
        Some(Window::new(Some(instant(start)), end.map(instant)))
    }

    fn said(before: Option<Window>, after: Option<Window>) -> Vec<String> {
        consequences(Section::TransparencyLogs, before, after).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_change_stops_is_said() {
        let log = "signatures with an entry of this log";
        let all = "for every verifier that has the change";
        for (before, after, expected) in [
            (window("05", None), window("05", None), vec![]),
            (
                window("05", None),
                window("05", Some("09")),
                vec![format!("{log} from after 2030-01-09T00:00:00Z stop verifying, {all}")],
            ),
            (
                window("05", Some("09")),
                window("05", Some("08")),
                vec![format!("{log} from after 2030-01-08T00:00:00Z stop verifying, {all}")],
            ),
            (window("05", Some("09")), window("05", None), vec![format!("{log} verify without an end")]),
            (
                window("05", Some("09")),
                window("05", Some("10")),
                vec![format!("{log} verify until 2030-01-10T00:00:00Z")],
            ),
            (
                window("05", None),
                window("06", None),
                vec![format!("{log} from before 2030-01-06T00:00:00Z stop verifying, {all}")],
            ),
            (window("05", None), window("04", None), vec![format!("{log} verify from 2030-01-04T00:00:00Z on")]),
            (window("05", None), None, vec![format!("all {log} stop verifying, {all}")]),
            (None, window("05", None), vec![format!("{log} verify from 2030-01-05T00:00:00Z on")]),
            (None, None, vec![]),
        ] {
            assert_eq!(said(before, after), expected);
        }
        assert_eq!(said(window("05", None), window("06", Some("09"))).len(), 2);
    }

    #[test]
    fn those_for_whom_it_is_otherwise_are_named() {
        let of = |section| consequences(section, window("05", None), window("05", Some("09")))[0];
        let does_not_look = "sigstore-python does not look at the windows of";
        for (section, windows) in [
            (Section::CertificateAuthorities, "certificate authorities"),
            (Section::TransparencyLogs, "logs"),
            (Section::CertificateTransparencyLogs, "logs"),
        ] {
            let text = format!("{does_not_look} {windows}: for it nothing stops");
            assert_eq!(of(section).exception(), Some(text.as_str()));
        }
        assert!(of(Section::TimestampAuthorities).exception().unwrap().starts_with("sigstore-python refuses"));
        let later = |section| consequences(section, window("05", Some("09")), window("05", None))[0];
        assert_eq!(later(Section::TransparencyLogs).exception(), None);
        assert!(of(Section::TransparencyLogs).stops());
        let opened = consequences(Section::TransparencyLogs, None, window("05", None));
        assert!(!opened[0].stops());
    }
}
