//! The policy of a repository: `rootline.toml`.

use rootline_metadata::format;
use serde::Deserialize;
use toml::Spanned;

use crate::attestation::{AttestationRules, RawAttestationRules};
use crate::lint::Severities;
use crate::lint::severities::{self, RawSeverities};
use crate::model::bounds::{Bounds, RawBounds};
use crate::model::holders::{self, Holders, RawHolders, RawNames, RawOnline};
use crate::model::name::Name;
use crate::model::period::{Periods, RawPeriods};
use crate::model::role::CeremonyRole;
use crate::model::toml_error::{self, TomlError};
use crate::plan::caches::{Caches, RawCaches};
use crate::plan::delegated_periods::DelegatedPeriods;

/// What holds for a repository from one ceremony to the next: who is to sign, how long files hold, where they go.
#[derive(Clone, Debug)]
pub struct Policy {
    name: String,
    root: OfflinePolicy,
    targets: OfflinePolicy,
    online: Vec<Name>,
    snapshot: Periods,
    timestamp: Periods,
    publish_to: Option<String>,
    bounds: Bounds,
    attestation: AttestationRules,
    caches: Caches,
    has_legacy_targets: bool,
    severities: Severities,
    delegated: DelegatedPeriods,
}

/// A role that people sign.
#[derive(Clone, Debug)]
pub struct OfflinePolicy {
    /// Who is to sign it in the first ceremony; later the published root says who does. None yet while the policy is being written.
    pub holders: Option<Holders>,
    /// How long a version holds.
    pub periods: Periods,
}

impl Policy {
    /// Reads `rootline.toml`; [`Policy::template`] writes one.
    ///
    /// # Errors
    /// With its line, if it has another form, a member that is not known, or a number that is out of bounds.
    pub fn parse(text: &str) -> Result<Policy, TomlError> {
        let raw: RawPolicy = toml_error::read_file(text)?;
        let policy = Policy {
            name: raw.name,
            root: raw.root.read(text)?,
            targets: raw.targets.read(text)?,
            online: holders::read_names(text, &raw.online.keys)?,
            snapshot: raw.snapshot.read(text)?,
            timestamp: raw.timestamp.read(text)?,
            publish_to: raw.publish.map(|publish| publish.to),
            bounds: raw.bounds.read(text)?,
            attestation: raw.attestation.map(|rules| rules.read(text)).transpose()?.unwrap_or_default(),
            caches: raw.caches.read(text)?,
            has_legacy_targets: raw.trust.legacy_targets,
            severities: severities::read(text, &raw.lint)?,
            delegated: DelegatedPeriods::default(),
        };
        Ok(policy)
    }

    /// The text of a new `rootline.toml`, with a comment on every line that a person may want to change. Lists of names may be empty.
    pub fn template(name: &str, holders: &[Name], threshold: u64, online: &[Name]) -> String {
        format!(
            "# The policy of this repository: what `rootline-repo ceremony new` fills a plan in with.\n\
             # It is not signed; what a ceremony signs is its plan.\n\
             format = {current}\n\
             name = {name}\n\
             \n\
             # Says whose keys count. The holders and the threshold are those of the first root, named as the folders under keyholders/;\n\
             # afterwards the newest root says who they are, and every plan begins with them.\n\
             [root]\n\
             holders = {holders}\n\
             threshold = {threshold}      # how many of them have to sign\n\
             expires-days = 197 # how long a version holds\n\
             signing-days = 46  # how long before its expiry the next one is to be signed\n\
             \n\
             # Says what is shipped.\n\
             [targets]\n\
             holders = {holders}\n\
             threshold = {threshold}\n\
             expires-days = 197\n\
             signing-days = 46\n\
             \n\
             # The keys that sign without a person, also folders under keyholders/; any one of them suffices.\n\
             [online]\n\
             keys = {online}\n\
             \n\
             # Says which files belong together. Signed by an online key.\n\
             [snapshot]\n\
             expires-days = 30\n\
             signing-days = 15\n\
             \n\
             # Says that nothing is being held back: the shorter it holds, the sooner a verifier notices. Signed by an online key.\n\
             [timestamp]\n\
             expires-days = 7\n\
             signing-days = 6\n\
             \n\
             # Where `rootline-repo publish` puts the repository, seen from this file.\n\
             [publish]\n\
             to = \"public\"\n\
             \n\
             # What no plan may go beyond, and why; a plan that does is refused with the reason. Also: targets, delegations, online.\n\
             # [bounds]\n\
             # root = {{ least-threshold = 3, longest-days = 220, why = \"what we have promised\" }}\n\
             {attestation}",
            current = format::CURRENT,
            name = toml_error::quoted(name),
            holders = holders::names_toml(holders),
            online = holders::names_toml(online),
            attestation = AttestationRules::TEMPLATE,
        )
    }

    /// What the repository is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Root: whose keys count.
    pub fn root(&self) -> &OfflinePolicy {
        &self.root
    }

    /// Targets: what is shipped.
    pub fn targets(&self) -> &OfflinePolicy {
        &self.targets
    }

    /// The keyholders that sign snapshot and timestamp; any one of them suffices.
    pub fn online(&self) -> &[Name] {
        &self.online
    }

    /// The policy, with what plans said of delegated roles.
    #[must_use]
    pub fn with_delegated(self, delegated: DelegatedPeriods) -> Policy {
        Policy { delegated, ..self }
    }

    /// What plans said of delegated roles.
    pub fn delegated(&self) -> &DelegatedPeriods {
        &self.delegated
    }

    /// How long a role that people sign holds: a delegated role as its own plan said, or else as long as targets. Of a period of its own, the
    /// same part is for signing as of the policy's.
    pub fn periods_of(&self, role: &CeremonyRole) -> Periods {
        match role {
            CeremonyRole::Root => self.root.periods,
            CeremonyRole::Targets => self.targets.periods,
            CeremonyRole::Delegated(_) => match self.delegated.own(role) {
                Some(expires) => self.targets.periods.scaled_to(expires),
                None => self.targets.periods,
            },
        }
    }

    /// How long a snapshot holds.
    pub fn snapshot(&self) -> Periods {
        self.snapshot
    }

    /// How long a timestamp holds.
    pub fn timestamp(&self) -> Periods {
        self.timestamp
    }

    /// What no plan may go beyond.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// The folder that is published to, where one is named.
    pub fn publish_to(&self) -> Option<&str> {
        self.publish_to.as_deref()
    }

    /// How long caches in front of the published files keep what they have.
    pub fn caches(&self) -> Caches {
        self.caches
    }

    /// How bad it is to break each rule of the lint.
    pub fn severities(&self) -> &Severities {
        &self.severities
    }

    /// Whether the PEM files that old clients read are shipped beside the trust root.
    pub fn has_legacy_targets(&self) -> bool {
        self.has_legacy_targets
    }

    /// What hardware tokens have to attest.
    pub fn attestation(&self) -> &AttestationRules {
        &self.attestation
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    #[serde(rename = "format")]
    _format: Option<u64>,
    name: String,
    root: RawOffline,
    targets: RawOffline,
    online: RawOnline,
    snapshot: RawPeriods,
    timestamp: RawPeriods,
    publish: Option<RawPublish>,
    #[serde(default)]
    bounds: RawBounds,
    attestation: Option<RawAttestationRules>,
    #[serde(default)]
    caches: RawCaches,
    #[serde(default)]
    lint: RawSeverities,
    #[serde(default)]
    trust: RawTrust,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTrust {
    #[serde(default)]
    legacy_targets: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawOffline {
    holders: RawNames,
    threshold: Spanned<u64>,
    expires_days: Spanned<u64>,
    signing_days: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPublish {
    to: String,
}

impl RawOffline {
    fn read(self, text: &str) -> Result<OfflinePolicy, TomlError> {
        let periods = RawPeriods::new(self.expires_days, self.signing_days).read(text)?;
        let raw = RawHolders { names: &self.holders, threshold: &self.threshold };
        let holders = if self.holders.get_ref().is_empty() { None } else { Some(raw.read(text)?) };
        Ok(OfflinePolicy { holders, periods })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<Name> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn the_template_reads_back_as_what_was_asked_for() {
        let text = Policy::template("A \"good\" name", &names(&["alice", "bob", "carol"]), 2, &names(&["online"]));
        let policy = Policy::parse(&text).unwrap();
        assert_eq!(policy.name(), "A \"good\" name");
        let holders = policy.root().holders.as_ref().unwrap();
        assert_eq!((holders.names().len(), holders.threshold()), (3, 2));
        assert_eq!(policy.online(), names(&["online"]));
        assert_eq!(policy.timestamp().expires.number(), 7);
        assert_eq!(policy.publish_to(), Some("public"));
    }

    #[test]
    fn a_policy_may_name_nobody_yet() {
        let policy = Policy::parse(&Policy::template("new", &[], 3, &[])).unwrap();
        assert!(policy.root().holders.is_none() && policy.online().is_empty());
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let text = Policy::template("new", &names(&["alice", "bob"]), 2, &names(&["online"]));
        let line = |text: &str, of: &str| 1 + text.lines().position(|line| line.contains(of)).unwrap();
        for (from, to, found) in [
            ("[\"alice\", \"bob\"]", "[\"alice\", \"alice\"]", "named twice"),
            ("[\"alice\", \"bob\"]", "[\"alice\", \"Bob\"]", "lowercase"),
            ("threshold = 2 ", "threshold = 3 ", "only 2 are named"),
            ("threshold = 2 ", "threshold = 0 ", "1 or more"),
            ("expires-days = 197 #", "expires-days = 0 #", "from 1 to 3660"),
            ("signing-days = 46  #", "signing-days = 197  #", "shorter than"),
            ("[publish]", "[publishing]", "publishing"),
        ] {
            let changed = text.replacen(from, to, 1);
            let fault = Policy::parse(&changed).unwrap_err();
            assert!(fault.problem.contains(found), "{to}: {fault}");
            assert_eq!(fault.line, line(&changed, to), "{to}: {fault}");
        }
    }
}
