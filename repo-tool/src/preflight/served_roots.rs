//! The roots that clients may begin with.

use std::collections::BTreeMap;

use rootline_ceremonies::PreflightRules;
use rootline_client::Limits;
use rootline_metadata::Version;

/// From how many roots after the oldest on it is warned of: at one a week there is a year left.
const MANY: u64 = 200;

/// The roots that clients may begin with: all, but those that are so old that no client comes to the newest in one refresh, unless the policy
/// says which is the oldest.
#[derive(Clone, Debug)]
pub(crate) struct ServedRoots {
    all: Vec<Version>,
    oldest: Version,
    newest: Version,
    is_stated: bool,
}

impl ServedRoots {
    /// Of these published roots; `None` where there are none.
    pub(crate) fn of(roots: &BTreeMap<Version, &[u8]>, rules: &PreflightRules) -> Option<ServedRoots> {
        let all: Vec<Version> = roots.keys().copied().collect();
        let (first, newest) = (*all.first()?, *all.last()?);
        let most = u64::from(Limits::default().root_rotations);
        let reachable = Version::new(newest.number().saturating_sub(most)).unwrap_or(first);
        let oldest = rules.oldest_root().unwrap_or(reachable).clamp(first, newest);
        Some(ServedRoots { all, oldest, newest, is_stated: rules.oldest_root().is_some() })
    }

    /// Those that are served, ascending.
    pub(crate) fn roots(&self) -> impl Iterator<Item = Version> {
        self.all.iter().copied().filter(|root| *root >= self.oldest)
    }

    /// The same, of a repository that shows no root after this one.
    pub(crate) fn up_to(&self, newest: Version) -> ServedRoots {
        let all = self.all.iter().copied().filter(|root| *root <= newest).collect();
        ServedRoots { all, newest, ..self.clone() }
    }

    /// The newest root.
    pub(crate) fn newest(&self) -> Version {
        self.newest
    }

    /// The oldest root that is served.
    pub(crate) fn oldest(&self) -> Version {
        self.oldest
    }

    /// What is to be said of them, long before clients are refused.
    pub(crate) fn remark(&self) -> Option<String> {
        let (oldest, after) = (self.oldest, self.newest.number() - self.oldest.number());
        let most = Limits::default().root_rotations;
        let first = self.all.first().copied().unwrap_or(oldest);
        if !self.is_stated && first < oldest {
            return Some(format!(
                "clients follow at most {most} roots in one refresh: those that begin before root {oldest} are served no more; have them pin a \
                 newer root, and say so: oldest-root = {oldest} in [preflight] of rootline.toml"
            ));
        }
        (after > MANY).then(|| {
            format!(
                "clients follow at most {most} roots in one refresh, and {after} come after root {oldest}: have them pin a newer root, and name \
                 the oldest one that is still served: oldest-root in [preflight] of rootline.toml"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(newest: u64, rules: &str) -> ServedRoots {
        let roots = (1..=newest).map(|number| (Version::new(number).unwrap(), &b""[..])).collect();
        let policy = rootline_ceremonies::Policy::template("new", &[], 3, &[]) + rules;
        let policy = rootline_ceremonies::Policy::parse(&policy).unwrap();
        ServedRoots::of(&roots, policy.preflight()).unwrap()
    }

    #[test]
    fn all_roots_are_served_as_long_as_a_client_can_follow() {
        for (newest, oldest) in [(1, 1), (257, 1), (258, 2), (300, 44)] {
            let served = served(newest, "");
            assert_eq!((served.oldest().number(), served.newest().number()), (oldest, newest));
            assert_eq!(served.roots().count() as u64, newest - oldest + 1);
        }
    }

    #[test]
    fn the_policy_names_the_oldest() {
        for (stated, oldest) in [(1, 1), (7, 7), (300, 300), (301, 300)] {
            let rules = format!("\n[preflight]\noldest-root = {stated}\n");
            assert_eq!(served(300, &rules).oldest().number(), oldest);
        }
    }

    #[test]
    fn many_roots_are_warned_of_long_before_clients_are_refused() {
        assert_eq!(served(201, "").remark(), None);
        assert!(served(202, "").remark().unwrap().contains("201 come after root 1"));
        assert!(served(258, "").remark().unwrap().contains("oldest-root = 2 in"));
        assert_eq!(served(258, "\n[preflight]\noldest-root = 58\n").remark(), None);
        assert!(served(258, "\n[preflight]\noldest-root = 57\n").remark().unwrap().contains("201 come after root 57"));
    }
}
