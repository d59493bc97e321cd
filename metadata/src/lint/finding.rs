//! One place that breaks a rule.

use alloc::string::String;
use core::fmt;

use super::rule::Rule;

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Where in the document, as in `tlogs[0].logId`. Empty for the document as a whole.
    pub place: String,
    /// What it is about, in words that do not depend on where it stands: `transparency log https://rekor.example`. Empty for the
    /// document as a whole.
    pub subject: String,
    /// What was found, with the values: "the log id is not its key's, which is …".
    pub detail: String,
}

impl Finding {
    /// Whether the other finding tells of the same fault, perhaps in another place: what was so before a change is so after it, though
    /// entries have moved.
    pub fn is_same_fault(&self, other: &Finding) -> bool {
        (self.rule.id, &self.subject, &self.detail) == (other.rule.id, &other.subject, &other.detail)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.subject.is_empty() {
            write!(f, "{}: ", self.subject)?;
        }
        write!(f, "{} [{}]", self.detail, self.rule.id)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::super::rule::Severity;
    use super::*;

    static RULE: Rule = Rule { id: "xx-odd", severity: Severity::Note, what: "", why: "", who: "" };

    fn finding(place: &str, subject: &str) -> Finding {
        Finding { rule: &RULE, place: place.into(), subject: subject.into(), detail: "is odd".into() }
    }

    #[test]
    fn a_finding_names_what_it_is_about_and_its_rule() {
        assert_eq!(finding("tlogs[0]", "log a").to_string(), "log a: is odd [xx-odd]");
        assert_eq!(finding("", "").to_string(), "is odd [xx-odd]");
    }

    #[test]
    fn a_fault_is_known_again_in_another_place() {
        assert!(finding("tlogs[0]", "log a").is_same_fault(&finding("tlogs[1]", "log a")));
        assert!(!finding("tlogs[0]", "log a").is_same_fault(&finding("tlogs[0]", "log b")));
    }
}
