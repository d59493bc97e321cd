//! What no plan may go beyond, and why.

use chrono::{DateTime, Utc};
use rootline_metadata::Expiry;
use serde::Deserialize;
use toml::Spanned;

use crate::model::period::{CLOCKS_DIFFER, Days};
use crate::model::role::CeremonyRole;
use crate::model::toml_error::TomlError;

/// The bounds that a policy sets: the table `[bounds]` of `rootline.toml`. Without one there are none but those of the format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    root: Bound,
    targets: Bound,
    delegations: Bound,
    online: Bound,
}

/// The bounds of one role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// The fewest people that may have to sign.
    pub least_threshold: Option<u64>,
    /// The longest time that a version may hold.
    pub longest: Option<Days>,
    /// Why, in the words of the policy.
    pub why: Option<String>,
}

impl Bounds {
    /// Those of a role that people sign; every delegated role has the same.
    pub fn of(&self, role: &CeremonyRole) -> &Bound {
        match role {
            CeremonyRole::Root => &self.root,
            CeremonyRole::Targets => &self.targets,
            CeremonyRole::Delegated(_) => self.delegations(),
        }
    }

    /// Those of every delegated role.
    pub fn delegations(&self) -> &Bound {
        &self.delegations
    }

    /// Those of snapshot and timestamp. Nobody asks for a threshold there.
    pub fn online(&self) -> &Bound {
        &self.online
    }
}

impl Bound {
    /// Whether a threshold is high enough; if not, what to say.
    pub(crate) fn check_threshold(&self, threshold: u64) -> Result<(), String> {
        match self.least_threshold {
            Some(least) if threshold < least => {
                let why = "fewer people could change this alone, and fewer compromised keys would be enough";
                Err(format!("the policy asks for a threshold of at least {least}: {}", self.reason(why)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a time is short enough; if not, what to say.
    pub(crate) fn check_days(&self, days: Days) -> Result<(), String> {
        match self.longest {
            Some(longest) if days > longest => {
                let why = "the longer a file holds, the longer an old one can be passed off as the newest";
                let most = longest.number();
                Err(format!("the policy lets this hold {most} days at the most: {}", self.reason(why)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a file that expires then holds short enough from now on, but for what clocks may differ; if not, what to say.
    pub(crate) fn check_expiry(&self, expiry: Expiry, now: DateTime<Utc>) -> Result<(), String> {
        match self.longest {
            Some(longest) if expiry.instant() > longest.after(now).instant() + CLOCKS_DIFFER => {
                let why = "the longer a file holds, the longer an old one can be passed off as the newest";
                let most = longest.number();
                Err(format!(
                    "the policy lets this hold {most} days at the most, and it holds until {expiry}: {}",
                    self.reason(why)
                ))
            }
            _ => Ok(()),
        }
    }

    fn reason<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.why.as_deref().unwrap_or(otherwise)
    }
}

/// `[bounds]` as it stands in a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBounds {
    root: Option<RawBound>,
    targets: Option<RawBound>,
    delegations: Option<RawBound>,
    online: Option<RawOnlineBound>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawBound {
    least_threshold: Option<Spanned<u64>>,
    longest_days: Option<Spanned<u64>>,
    why: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawOnlineBound {
    longest_days: Option<Spanned<u64>>,
    why: Option<String>,
}

impl RawBounds {
    pub(crate) fn read(self, text: &str) -> Result<Bounds, TomlError> {
        let bound = |raw: Option<RawBound>| raw.map_or(Ok(Bound::default()), |raw| raw.read(text));
        let online =
            self.online.map(|raw| RawBound { least_threshold: None, longest_days: raw.longest_days, why: raw.why });
        Ok(Bounds {
            root: bound(self.root)?,
            targets: bound(self.targets)?,
            delegations: bound(self.delegations)?,
            online: bound(online)?,
        })
    }
}

impl RawBound {
    fn read(self, text: &str) -> Result<Bound, TomlError> {
        let least_threshold = match self.least_threshold {
            Some(raw) if *raw.get_ref() == 0 => {
                return Err(TomlError::at(text, raw.span(), "a threshold is 1 or more"));
            }
            raw => raw.map(Spanned::into_inner),
        };
        let longest = self.longest_days.map(|raw| Days::read(text, &raw)).transpose()?;
        Ok(Bound { least_threshold, longest, why: self.why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::toml_error;

    fn bounds(text: &str) -> Result<Bounds, TomlError> {
        toml_error::read::<RawBounds>(text)?.read(text)
    }

    #[test]
    fn a_bound_lets_through_what_is_on_it_and_names_its_reason_beyond() {
        let text = "root = { least-threshold = 3, longest-days = 200, why = \"we have promised it\" }\ntargets = { longest-days = 400 }";
        let bounds = bounds(text).unwrap();
        let (root, targets) = (bounds.of(&CeremonyRole::Root), bounds.of(&CeremonyRole::Targets));
        assert_eq!((root.check_threshold(3), root.check_days(Days::new(200).unwrap())), (Ok(()), Ok(())));
        let refused = root.check_threshold(2).unwrap_err();
        assert_eq!(refused, "the policy asks for a threshold of at least 3: we have promised it");
        let refused = root.check_days(Days::new(201).unwrap()).unwrap_err();
        assert_eq!(refused, "the policy lets this hold 200 days at the most: we have promised it");
        assert_eq!(targets.check_threshold(1), Ok(()));
        assert!(targets.check_days(Days::new(401).unwrap()).unwrap_err().contains("can be passed off as the newest"));
        assert_eq!(bounds.online().check_days(Days::new(3660).unwrap()), Ok(()));
        let now = rootline_metadata::parse_instant("2030-01-01T00:00:00Z").unwrap();
        let holds = |until: &str| root.check_expiry(Expiry::at(rootline_metadata::parse_instant(until).unwrap()), now);
        assert_eq!(holds("2030-07-20T00:10:00Z"), Ok(()));
        let refused = holds("2030-07-20T00:10:01Z").unwrap_err();
        assert!(refused.ends_with("and it holds until 2030-07-20T00:10:01Z: we have promised it"), "{refused}");
    }

    #[test]
    fn faults_are_named_with_their_line() {
        for (text, line) in [
            ("root = { least-threshold = 0 }", 1),
            ("\nroot = { longest-days = 0 }", 2),
            ("\n\nonline = { least-threshold = 1 }", 3),
            ("root = {}\nsnapshot = {}", 2),
        ] {
            assert_eq!(bounds(text).unwrap_err().line, line, "{text}");
        }
        assert_eq!(bounds("").unwrap(), Bounds::default());
    }
}
