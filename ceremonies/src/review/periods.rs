//! How long files hold, and when their next versions are due, as the files themselves state it.

use super::mark::Mark;

/// How many days before its expiry the next version of a file is due: before, and now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigningDays {
    /// What the version before said.
    pub before: Option<u16>,
    /// What the new one says.
    pub after: Option<u16>,
}

impl SigningDays {
    /// What becomes of it.
    pub fn mark(&self) -> Mark {
        Mark::of(self.before.as_ref(), self.after.as_ref())
    }

    /// What it is from now on, and what it was where that is another; nothing where nothing was or is said.
    pub fn line(&self) -> Option<String> {
        Some(match (self.before, self.after) {
            (None, None) => return None,
            (Some(before), None) => {
                format!("no longer says when it is due for renewal, so far {} before it expires", days(before))
            }
            (Some(before), Some(after)) if before != after => {
                format!("due for renewal {} before it expires, so far {before}", days(after))
            }
            (_, Some(after)) => format!("due for renewal {} before it expires", days(after)),
        })
    }

    /// What changes, as a sentence about a role.
    pub fn sentence(&self, role: &str) -> Option<String> {
        match (self.mark(), self.after) {
            (Mark::Stays, _) => None,
            (_, Some(_)) => Some(format!("{role} is {}", self.line()?)),
            (_, None) => Some(format!("{role} {}", self.line()?)),
        }
    }
}

/// How long the versions of a role hold that is signed without people: days to the expiry, and days before it in which the next one is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// What the root before said.
    pub before: Option<(u16, u16)>,
    /// What the new one says.
    pub after: Option<(u16, u16)>,
}

impl Validity {
    /// What becomes of it.
    pub fn mark(&self) -> Mark {
        Mark::of(self.before.as_ref(), self.after.as_ref())
    }

    /// What it is from now on, and what it was where that is another; nothing where nothing was or is said.
    pub fn line(&self) -> Option<String> {
        let stated = |(expires, signing): (u16, u16)| {
            format!("holds {}, and is due for renewal {} before it expires", days(expires), days(signing))
        };
        Some(match (self.before, self.after) {
            (None, None) => return None,
            (Some((expires, signing)), None) => {
                format!("no longer says how long it holds, so far {}, and {signing} before that", days(expires))
            }
            (Some(before), Some(after)) if before != after => {
                format!("{}; so far {} and {}", stated(after), before.0, before.1)
            }
            (_, Some(after)) => stated(after),
        })
    }

    /// What changes, as sentences about a role.
    pub fn sentences(&self, role: &str) -> Vec<String> {
        let mut found = Vec::new();
        match (self.before, self.after) {
            (None, None) => {}
            (None, Some(_)) => found.extend(self.line().map(|line| format!("{role} {line}"))),
            (Some((expires, signing)), None) => found.push(format!(
                "how long {role} holds is no longer stated; so far {}, due for renewal {} before it expires",
                days(expires),
                days(signing)
            )),
            (Some(before), Some(after)) => {
                if before.0 != after.0 {
                    found.push(format!("{role} holds {} instead of {}", days(after.0), before.0));
                }
                let signing = SigningDays { before: Some(before.1), after: Some(after.1) };
                found.extend(signing.sentence(role));
            }
        }
        found
    }
}

fn days(number: u16) -> String {
    if number == 1 { "1 day".to_owned() } else { format!("{number} days") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_days_are_told_where_they_change_and_shown_where_they_stay() {
        let of = |before, after| SigningDays { before, after };
        let told = |before, after| of(before, after).sentence("targets");
        assert_eq!(
            told(Some(46), Some(30)).as_deref(),
            Some("targets is due for renewal 30 days before it expires, so far 46")
        );
        assert_eq!(told(None, Some(1)).as_deref(), Some("targets is due for renewal 1 day before it expires"));
        assert_eq!(
            told(Some(46), None).as_deref(),
            Some("targets no longer says when it is due for renewal, so far 46 days before it expires")
        );
        assert_eq!(told(Some(46), Some(46)), None);
        assert_eq!(of(Some(46), Some(46)).line().as_deref(), Some("due for renewal 46 days before it expires"));
        assert_eq!(of(None, None).line(), None);
    }

    #[test]
    fn periods_are_told_one_by_one() {
        let told = |before, after| Validity { before, after }.sentences("timestamp");
        assert_eq!(told(Some((7, 6)), Some((3, 6))), ["timestamp holds 3 days instead of 7"]);
        assert_eq!(
            told(Some((7, 6)), Some((7, 5))),
            ["timestamp is due for renewal 5 days before it expires, so far 6"]
        );
        assert_eq!(told(Some((7, 6)), Some((8, 5))).len(), 2);
        assert_eq!(told(Some((7, 6)), Some((7, 6))), [""; 0]);
        assert_eq!(
            told(None, Some((7, 6))),
            ["timestamp holds 7 days, and is due for renewal 6 days before it expires"]
        );
        assert!(told(Some((7, 6)), None)[0].starts_with("how long timestamp holds is no longer stated; so far 7 days"));
        assert_eq!(Validity::default().line(), None);
    }
}
