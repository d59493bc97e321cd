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

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::super::fixtures::at;
    use super::*;

    /// Services of one kind, each `(url, version, window, operator)`, and how many are to be used.
    fn config(services: &[(&str, u32, &str, &str)], selector: &str) -> SigningConfig {
        let services: Vec<String> = services
            .iter()
            .map(|(url, version, window, operator)| {
                format!(r#"{{"url":"{url}","majorApiVersion":{version},"validFor":{window},"operator":"{operator}"}}"#)
            })
            .collect();
        let services = services.join(",");
        let text = format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{services}],"oidcUrls":[{services}],
                "rekorTlogUrls":[{services}],"tsaUrls":[{services}],"rekorTlogConfig":{selector},"tsaConfig":{selector}}}"#
        );
        SigningConfig::parse(text.as_bytes(), 10_000).unwrap()
    }

    const NOW: &str = "2026-01-05T00:00:00Z";
    const OPEN: &str = r#"{"start":"2026-01-01T00:00:00Z"}"#;
    const LATER: &str = r#"{"start":"2026-01-02T00:00:00Z"}"#;
    const FUTURE: &str = r#"{"start":"2026-01-05T00:00:01Z"}"#;
    const PAST: &str = r#"{"start":"2025-01-01T00:00:00Z","end":"2026-01-04T23:59:59Z"}"#;

    fn urls(selected: Result<Vec<&Service>, SelectionError>) -> Result<Vec<&str>, String> {
        selected
            .map(|services| services.iter().map(|service| service.url()).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_newest_service_of_the_highest_supported_version_is_chosen() {
        let config = config(
            &[
                ("old", 1, OPEN, "a"),
                ("v1", 1, LATER, "a"),
                ("future", 2, FUTURE, "a"),
                ("past", 2, PAST, "a"),
                ("v3", 3, OPEN, "a"),
            ],
            r#"{"selector":"ANY"}"#,
        );
        let now = at(NOW);
        for (supported, expected) in
            [(&[1][..], "v1"), (&[1, 2], "v1"), (&[2, 1], "v1"), (&[1, 3], "v3"), (&[1, 2, 3, 4], "v3")]
        {
            assert_eq!(config.select_ca(now, supported).unwrap().url(), expected, "{supported:?}");
            assert_eq!(config.select_oidc(now, supported).unwrap().url(), expected, "{supported:?}");
            assert_eq!(urls(config.select_rekor(now, supported)), Ok(Vec::from([expected])), "{supported:?}");
            assert_eq!(urls(config.select_tsa(now, supported)), Ok(Vec::from([expected])), "{supported:?}");
        }
        // One second later the service that was yet to come is there, one second earlier the one that is past.
        assert_eq!(config.select_ca(at("2026-01-05T00:00:01Z"), &[1, 2]).unwrap().url(), "future");
        assert_eq!(config.select_ca(at("2026-01-04T23:59:59Z"), &[1, 2]).unwrap().url(), "past");
    }

    #[test]
    fn no_service_that_qualifies_is_an_error() {
        let config = config(&[("v1", 1, OPEN, "a")], r#"{"selector":"ALL"}"#);
        for (instant, supported) in [(NOW, &[][..]), (NOW, &[0, 2]), ("2025-12-31T23:59:59Z", &[1])] {
            let (now, none) = (at(instant), SelectionProblem::None);
            assert_eq!(config.select_ca(now, supported).unwrap_err().problem, none);
            assert_eq!(config.select_oidc(now, supported).unwrap_err().problem, none);
            assert_eq!(config.select_rekor(now, supported).unwrap_err().problem, none);
            assert_eq!(config.select_tsa(now, supported).unwrap_err().problem, none);
        }
        let error = config.select_tsa(at(NOW), &[2]).unwrap_err();
        assert_eq!(error.to_string(), "tsaUrls has no service of a supported version to use at 2026-01-05T00:00:00Z");
    }

    #[test]
    fn each_operator_gives_one_service_and_only_of_the_highest_version() {
        let services = [
            ("a1", 2, OPEN, "a"),
            ("a2", 2, LATER, "a"),
            ("b", 2, OPEN, "b"),
            ("c", 1, LATER, "c"),
            ("none", 2, OPEN, ""),
            ("none2", 2, OPEN, ""),
        ];
        let config = config(&services, r#"{"selector":"ALL"}"#);
        assert_eq!(urls(config.select_rekor(at(NOW), &[1, 2])), Ok(Vec::from(["a2", "b", "none"])));
        assert_eq!(urls(config.select_rekor(at(NOW), &[1])), Ok(Vec::from(["c"])));
    }

    #[test]
    fn as_many_are_used_as_the_config_says() {
        let services = [("a", 1, OPEN, "a"), ("b", 1, LATER, "b"), ("b2", 1, OPEN, "b"), ("c", 1, OPEN, "c")];
        let too_few = "rekorTlogUrls: services of 4 operators are needed at 2026-01-05T00:00:00Z, and there are 3";
        for (selector, expected) in [
            (r#"{"selector":"ALL"}"#, Ok(&["b", "a", "c"][..])),
            (r#"{"selector":1}"#, Ok(&["b", "a", "c"])),
            (r#"{"selector":"ANY"}"#, Ok(&["b"])),
            (r#"{"selector":"ANY","count":3}"#, Ok(&["b"])),
            (r#"{"selector":"EXACT","count":1}"#, Ok(&["b"])),
            (r#"{"selector":"EXACT","count":3}"#, Ok(&["b", "a", "c"])),
            (r#"{"selector":"EXACT","count":4}"#, Err(too_few)),
            (r#"{"selector":"EXACT"}"#, Err("rekorTlogUrls: `EXACT` needs a count of at least 1")),
            (r#"{"selector":"EXACT","count":0}"#, Err("rekorTlogUrls: `EXACT` needs a count of at least 1")),
            (r#"{"selector":"SOME"}"#, Err("rekorTlogUrls: unknown selector `SOME`")),
            (
                r#"{"selector":"SERVICE_SELECTOR_UNDEFINED"}"#,
                Err("rekorTlogUrls: the config does not say how many services to use"),
            ),
            (r#"{"selector":0}"#, Err("rekorTlogUrls: the config does not say how many services to use")),
            ("{}", Err("rekorTlogUrls: the config does not say how many services to use")),
            ("null", Err("rekorTlogUrls: the config does not say how many services to use")),
            ("5", Err("rekorTlogUrls: expected an object at rekorTlogConfig (line 2, column")),
        ] {
            let config = config(&services, selector);
            match (urls(config.select_rekor(at(NOW), &[1])), expected) {
                (Ok(urls), Ok(expected)) => assert_eq!(urls, expected, "{selector}"),
                (Err(error), Err(expected)) => assert!(error.starts_with(expected), "{selector}: {error}"),
                (selected, _) => panic!("{selector}: {selected:?}"),
            }
            // Where one is chosen, the selector has no say.
            assert_eq!(config.select_ca(at(NOW), &[1]).unwrap().url(), "b");
        }
    }
}
