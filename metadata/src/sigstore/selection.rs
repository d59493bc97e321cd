//! Which services to sign with at one instant.

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt;

use chrono::{DateTime, Utc};

use super::proto_json::timestamp_text;
use super::service::{Selector, SelectorFault, Service, ServiceKind};
use super::signing_config::SigningConfig;

/// Why there are no services to sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionError {
    /// The kind of service that was asked for.
    pub kind: ServiceKind,
    /// The instant that it was asked for.
    pub instant: DateTime<Utc>,
    /// What is wrong.
    pub problem: SelectionProblem,
}

/// What is wrong with a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectionProblem {
    /// No service is to be used at that instant and speaks a version that the caller does.
    None,
    /// Fewer operators than the config asks for.
    TooFew {
        /// How many are needed.
        needed: u32,
        /// How many there are.
        found: usize,
    },
    /// The config does not say how many to use, in a way that is known here.
    Selector(SelectorFault),
}

impl SigningConfig {
    /// The certificate authority to sign with at `instant`, of those with one of the `supported` major API versions.
    ///
    /// # Errors
    /// If there is none.
    pub fn select_ca(&self, instant: DateTime<Utc>, supported: &[u32]) -> Result<&Service, SelectionError> {
        self.newest(ServiceKind::CertificateAuthority, instant, supported)
    }

    /// The identity provider to sign with at `instant`.
    ///
    /// # Errors
    /// As for [`SigningConfig::select_ca`].
    pub fn select_oidc(&self, instant: DateTime<Utc>, supported: &[u32]) -> Result<&Service, SelectionError> {
        self.newest(ServiceKind::IdentityProvider, instant, supported)
    }

    /// The Rekor logs to write to at `instant`: of the [candidates](SigningConfig::candidates) as many as the config says, the newest
    /// first. Where any will do, that is the newest; a caller that spreads its load picks among the candidates itself.
    ///
    /// # Errors
    /// If there is none, if there are fewer than the config asks for, or if it does not say how many.
    pub fn select_rekor(&self, instant: DateTime<Utc>, supported: &[u32]) -> Result<Vec<&Service>, SelectionError> {
        self.several(ServiceKind::TransparencyLog, self.rekor_selector(), instant, supported)
    }

    /// The timestamp authorities to sign with at `instant`, otherwise as [`SigningConfig::select_rekor`].
    ///
    /// # Errors
    /// As for [`SigningConfig::select_rekor`].
    pub fn select_tsa(&self, instant: DateTime<Utc>, supported: &[u32]) -> Result<Vec<&Service>, SelectionError> {
        self.several(ServiceKind::TimestampAuthority, self.tsa_selector(), instant, supported)
    }

    /// The services that qualify: those whose windows contain `instant`, of these only those with the highest API version that is
    /// `supported`, and of each operator only the one that starts last. The newest come first; of two that start together, the one that
    /// the file has first. Services without an operator count as one operator's.
    pub fn candidates(&self, kind: ServiceKind, instant: DateTime<Utc>, supported: &[u32]) -> Vec<&Service> {
        let usable = |service: &&Service| {
            service.valid_for().contains(instant) && supported.contains(&service.major_api_version())
        };
        let mut services: Vec<&Service> = self.services(kind).iter().filter(usable).collect();
        let highest = services.iter().map(|service| service.major_api_version()).max();
        services.retain(|service| Some(service.major_api_version()) == highest);
        services.sort_by_key(|service| Reverse(service.valid_for().start()));
        let mut of_each_operator: Vec<&Service> = Vec::new();
        for service in services {
            if of_each_operator.iter().all(|chosen| chosen.operator() != service.operator()) {
                of_each_operator.push(service);
            }
        }
        of_each_operator
    }

    fn newest(&self, kind: ServiceKind, instant: DateTime<Utc>, supported: &[u32]) -> Result<&Service, SelectionError> {
        let newest = self.candidates(kind, instant, supported).first().copied();
        newest.ok_or(SelectionError { kind, instant, problem: SelectionProblem::None })
    }

    fn several(
        &self,
        kind: ServiceKind,
        selector: Result<Selector, &SelectorFault>,
        instant: DateTime<Utc>,
        supported: &[u32],
    ) -> Result<Vec<&Service>, SelectionError> {
        let refuse = |problem| SelectionError { kind, instant, problem };
        let mut services = self.candidates(kind, instant, supported);
        if services.is_empty() {
            return Err(refuse(SelectionProblem::None));
        }
        let needed = match selector.map_err(|fault| refuse(SelectionProblem::Selector(fault.clone())))? {
            Selector::All => return Ok(services),
            Selector::Any => 1,
            Selector::Exact { count } => count,
        };
        let found = services.len();
        match usize::try_from(needed) {
            Ok(wanted) if wanted <= found => services.truncate(wanted),
            _ => return Err(refuse(SelectionProblem::TooFew { needed, found })),
        }
        Ok(services)
    }
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SelectionError { kind, instant, problem } = self;
        match problem {
            SelectionProblem::None => {
                write!(f, "{kind} has no service of a supported version to use at {}", timestamp_text(*instant))
            }
            SelectionProblem::TooFew { needed, found } => write!(
                f,
                "{kind}: services of {needed} operators are needed at {}, and there are {found}",
                timestamp_text(*instant)
            ),
            SelectionProblem::Selector(fault) => write!(f, "{kind}: {fault}"),
        }
    }
}

impl core::error::Error for SelectionError {}
