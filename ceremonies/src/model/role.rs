//! The roles that people sign.

use std::fmt;

use rootline_metadata::{RoleName, TopLevelRole, limits};

use crate::model::name::Name;

/// A role whose files a ceremony makes. Snapshot and timestamp are signed without people, by [`Release`](crate::Release).
///
/// They are in the order in which they are reviewed and signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CeremonyRole {
    /// Says whose keys count for what.
    Root,
    /// Says what is shipped, and who else may ship what.
    Targets,
    /// Says what is shipped of that which was delegated to it. Its name is none of the four top-level roles'.
    Delegated(Name),
}

impl CeremonyRole {
    /// The delegated role of that name; `None` for the name of a top-level role.
    pub fn delegated(name: Name) -> Option<CeremonyRole> {
        RoleName::new(name.as_str()).map(|_| CeremonyRole::Delegated(name))
    }

    /// The role's name in metadata.
    pub fn name(&self) -> &str {
        match self {
            CeremonyRole::Root => TopLevelRole::Root.name(),
            CeremonyRole::Targets => TopLevelRole::Targets.name(),
            CeremonyRole::Delegated(name) => name.as_str(),
        }
    }

    /// The role of that name; `None` for snapshot and timestamp, and for a text that is not a [`Name`].
    pub fn parse(name: &str) -> Option<CeremonyRole> {
        match name {
            "root" => Some(CeremonyRole::Root),
            "targets" => Some(CeremonyRole::Targets),
            other => CeremonyRole::delegated(other.parse().ok()?),
        }
    }

    /// The top-level role that it is; `None` for a delegated role.
    pub fn top_level(&self) -> Option<TopLevelRole> {
        match self {
            CeremonyRole::Root => Some(TopLevelRole::Root),
            CeremonyRole::Targets => Some(TopLevelRole::Targets),
            CeremonyRole::Delegated(_) => None,
        }
    }

    /// Largest file of the role, in bytes.
    pub(crate) fn max_bytes(&self) -> usize {
        limits::max_bytes(self.top_level().unwrap_or(TopLevelRole::Targets))
    }

    pub(crate) fn no_version_left(&self) -> NoVersionLeft {
        NoVersionLeft { role: self.to_string() }
    }

    /// The delegated role's name, as metadata has it.
    pub(crate) fn role_name(&self) -> Option<RoleName> {
        match self {
            CeremonyRole::Delegated(name) => RoleName::new(name.as_str()),
            _ => None,
        }
    }
}

impl fmt::Display for CeremonyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no version after 2^63-1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{role} has the highest version there is, so there can be no next one")]
pub struct NoVersionLeft {
    /// The role.
    pub role: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delegated_role_is_never_called_like_a_top_level_role() {
        for name in ["root", "targets", "registry.npmjs.org", "bin-0a"] {
            assert_eq!(CeremonyRole::parse(name).unwrap().name(), name);
        }
        for bad in ["snapshot", "timestamp", "", "Root", "../npm"] {
            assert_eq!(CeremonyRole::parse(bad), None, "{bad}");
        }
        for reserved in ["root", "targets", "snapshot", "timestamp"] {
            assert_eq!(CeremonyRole::delegated(reserved.parse().unwrap()), None, "{reserved}");
        }
    }

    #[test]
    fn roots_are_signed_before_targets_and_those_before_what_they_delegate() {
        let mut roles = ["npm", "targets", "apt", "root"].map(|name| CeremonyRole::parse(name).unwrap());
        roles.sort();
        assert_eq!(roles.map(|role| role.to_string()), ["root", "targets", "apt", "npm"]);
    }
}
