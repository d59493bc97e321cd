//! One thing that is looked for.

use core::fmt;

/// How bad it is to break a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing, and no fault.
    Note,
    /// Risky: right for some, and somebody should have meant it.
    Warning,
    /// A client that is in use refuses the document, or is deceived by it. Stops a ceremony.
    Error,
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Severity; 3] = [Severity::Note, Severity::Warning, Severity::Error];

    /// Its name in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// The severity of that name.
    pub fn parse(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is looked for. Ids are promises: policies and other programs name rules by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Its name, such as `tr-media-type`: what it is about, and what is wrong.
    pub id: &'static str,
    /// How bad it is, where a policy does not say otherwise.
    pub severity: Severity,
    /// What is wrong, as a clause: "a list is absent".
    pub what: &'static str,
    /// What follows from it and what to do, in sentences.
    pub why: &'static str,
    /// Which clients refuse the document, and which accept it in silence, in sentences. Empty where it breaks no particular client.
    pub who: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_is_read_by_its_name_alone() {
        for severity in Severity::ALL {
            assert_eq!(Severity::parse(severity.as_str()), Some(severity));
        }
        for name in ["", "Error", "errors", "fatal"] {
            assert_eq!(Severity::parse(name), None);
        }
        assert!(Severity::Note < Severity::Warning && Severity::Warning < Severity::Error);
    }
}
