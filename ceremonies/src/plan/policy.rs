//! The policy of a repository: `rootline.toml`.

use serde::Deserialize;
use toml::Spanned;

use crate::attestation::{AttestationRules, RawAttestationRules};
use crate::lint::Severities;
use crate::lint::severities::{self, RawSeverities};
use crate::model::bounds::{Bounds, RawBounds};
use crate::model::holders::{self, Holders, RawHolders, RawNames, RawOnline};
use crate::model::name::Name;
use crate::model::period::{Periods, RawPeriods};
use crate::model::repository_url::{BadRepositoryUrl, RepositoryUrl};
use crate::model::role::CeremonyRole;
use crate::model::toml_error::{self, TomlError};
use crate::plan::caches::{Caches, RawCaches};
use crate::plan::delegated_periods::DelegatedPeriods;
use crate::plan::policy_template::PolicyTemplate;
use crate::plan::preflight_rules::{PreflightRules, RawPreflightRules};

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
    url: Option<RepositoryUrl>,
    bounds: Bounds,
    attestation: AttestationRules,
    caches: Caches,
    preflight: PreflightRules,
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
            url: raw.publish.as_ref().map_or(Ok(None), |publish| publish.read_url(text))?,
            publish_to: raw.publish.map(|publish| publish.to),
            bounds: raw.bounds.read(text)?,
            attestation: raw.attestation.map(|rules| rules.read(text)).transpose()?.unwrap_or_default(),
            caches: raw.caches.read(text)?,
            preflight: raw.preflight.read(text)?,
            has_legacy_targets: raw.trust.legacy_targets,
            severities: severities::read(text, &raw.lint)?,
            delegated: DelegatedPeriods::default(),
        };
        Ok(policy)
    }

    /// The text of a new `rootline.toml`. Lists of names may be empty.
    pub fn template(name: &str, holders: &[Name], threshold: u64, online: &[Name]) -> String {
        let targets_threshold = threshold;
        let template =
            PolicyTemplate { name, holders, threshold, targets_threshold, online, url: None, legacy_targets: false };
        template.to_toml()
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

    /// Where verifiers reach what is published, if that is stated.
    pub fn url(&self) -> Option<&RepositoryUrl> {
        self.url.as_ref()
    }

    /// How long caches in front of the published files keep what they have.
    pub fn caches(&self) -> Caches {
        self.caches
    }

    /// Which clients have to get through before something becomes public.
    pub fn preflight(&self) -> &PreflightRules {
        &self.preflight
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
    preflight: RawPreflightRules,
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
    url: Option<Spanned<String>>,
}

impl RawPublish {
    fn read_url(&self, text: &str) -> Result<Option<RepositoryUrl>, TomlError> {
        let read = |url: &Spanned<String>| {
            url.get_ref().parse().map_err(|bad: BadRepositoryUrl| TomlError::at(text, url.span(), bad.to_string()))
        };
        self.url.as_ref().map(read).transpose()
    }
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
    fn where_verifiers_reach_it_is_a_url() {
        let text = Policy::template("new", &[], 3, &[]);
        assert_eq!(Policy::parse(&text).unwrap().url(), None);
        let stated = |url: &str| text.replacen("to = \"public\"", &format!("to = \"public\"\nurl = \"{url}\""), 1);
        let policy = Policy::parse(&stated("https://tuf.example")).unwrap();
        assert_eq!(policy.url().map(RepositoryUrl::as_str), Some("https://tuf.example"));
        let fault = Policy::parse(&stated("tuf.example")).unwrap_err();
        assert_eq!(fault.line, 1 + text.lines().position(|line| line.starts_with("to = ")).unwrap() + 1);
        assert!(fault.problem.contains("expected a URL"), "{fault}");
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
