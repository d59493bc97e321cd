//! The services to sign with that follow from a trust root.

use chrono::{DateTime, Utc};
use rootline_metadata::sigstore::{
    EditError, LogIdCheck, LogIdKind, LogInstance, NewService, Section, ServiceKind, SigningConfig, TrustedRoot, Window,
};

/// The services that follow from what a trust root has open at `at`: of each kind the instance that opened last, from its start on. Of Rekor
/// the logs of version `rekor_version` count, as clients differ where both versions are listed; without it version 1 where there is one. Where
/// to log in does not follow from a trust root.
pub fn services_of(
    root: &TrustedRoot,
    at: DateTime<Utc>,
    rekor_version: Option<u32>,
    operator: &str,
) -> Vec<(ServiceKind, NewService)> {
    let authority = |section: Section| {
        let authorities = root.authorities(section).iter().map(|ca| (ca.uri(), 1, ca.valid_for()));
        newest(authorities, at)
    };
    let logs = || root.transparency_logs().iter().map(|log| (log.base_url(), rekor_version_of(log), log.valid_for()));
    let of_version = |version: u32| newest(logs().filter(move |(_, of, _)| *of == version), at);
    let log = match rekor_version {
        Some(version) => of_version(version),
        None => of_version(1).or_else(|| of_version(2)),
    };
    let found = [
        (ServiceKind::CertificateAuthority, authority(Section::CertificateAuthorities)),
        (ServiceKind::TransparencyLog, log),
        (ServiceKind::TimestampAuthority, authority(Section::TimestampAuthorities)),
    ];
    let service = |(url, version, window): (&str, u32, Window)| NewService {
        url: url.to_owned(),
        major_api_version: version,
        valid_for: Window::new(window.start(), None),
        operator: operator.to_owned(),
    };
    found.into_iter().filter_map(|(kind, found)| Some((kind, service(found?)))).collect()
}

/// The signing config that follows from what a trust root has open at `at`, as [`services_of`] says, with the identity providers: each its
/// URL and who runs it. They open with the first of the others.
///
/// # Errors
/// If not every client reads a part of it as it is meant.
pub fn signing_config_of<'a>(
    root: &TrustedRoot,
    at: DateTime<Utc>,
    rekor_version: Option<u32>,
    operator: &str,
    logins: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<SigningConfig, EditError> {
    let mut config = SigningConfig::empty();
    let services = services_of(root, at, rekor_version, operator);
    let first = services.iter().filter_map(|(_, service)| service.valid_for.start()).min();
    for (kind, service) in &services {
        config.add_service(*kind, service)?;
    }
    for (url, operator) in logins {
        let service = NewService {
            url: url.to_owned(),
            major_api_version: 1,
            valid_for: Window::from(first.unwrap_or(at)),
            operator: operator.to_owned(),
        };
        config.add_service(ServiceKind::IdentityProvider, &service)?;
    }
    Ok(config)
}

/// Which version of Rekor a log is: version 2 names itself by a signed note's key id.
pub fn rekor_version_of(log: &LogInstance) -> u32 {
    match log.check_log_id() {
        LogIdCheck::Matches(LogIdKind::SignedNote) => 2,
        _ => 1,
    }
}

type Found<'a> = (&'a str, u32, Window);

fn newest<'a>(entries: impl Iterator<Item = Found<'a>>, at: DateTime<Utc>) -> Option<Found<'a>> {
    let open = entries.filter(|(url, _, window)| !url.is_empty() && window.contains(at));
    // Of two that opened together the first of the document.
    open.reduce(|best, next| if next.2.start() > best.2.start() { next } else { best })
}

#[cfg(test)]
mod tests {
    use rootline_metadata::parse_instant;

    use super::*;

    fn services(at: &str, version: Option<u32>) -> Vec<(ServiceKind, String, u32)> {
        let root = TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap();
        let services = services_of(&root, parse_instant(at).unwrap(), version, "sigstore.dev");
        services.into_iter().map(|(kind, service)| (kind, service.url, service.major_api_version)).collect()
    }

    #[test]
    fn the_signing_config_has_the_services_and_the_identity_providers() {
        let root = TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap();
        let at = parse_instant("2026-01-01T00:00:00Z").unwrap();
        let config = |logins: &[(&'static str, &'static str)]| {
            signing_config_of(&root, at, None, "sigstore.dev", logins.iter().copied())
        };
        let both = config(&[("https://a.example", "sigstore.dev"), ("https://b.example", "b.example")]).unwrap();
        let count = |kind| both.services(kind).len();
        assert_eq!(ServiceKind::ALL.map(count).iter().sum::<usize>(), 5);
        assert_eq!(count(ServiceKind::IdentityProvider), 2);
        // Of two of one operator clients would take different ones.
        assert!(config(&[("https://a.example", "x.example"), ("https://b.example", "x.example")]).is_err());
    }

    #[test]
    fn what_opened_last_of_each_kind_is_signed_with() {
        let fulcio = || (ServiceKind::CertificateAuthority, "https://fulcio.sigstore.dev".to_owned(), 1);
        let tsa = || (ServiceKind::TimestampAuthority, "https://timestamp.sigstore.dev/api/v1/timestamp".to_owned(), 1);
        let rekor = |url: &str, version| (ServiceKind::TransparencyLog, url.to_owned(), version);
        let one = rekor("https://rekor.sigstore.dev", 1);
        let two = rekor("https://log2025-1.rekor.sigstore.dev", 2);
        let now = "2026-01-01T00:00:00Z";
        assert_eq!(services(now, None), [fulcio(), one.clone(), tsa()]);
        assert_eq!(services(now, Some(1)), [fulcio(), one, tsa()]);
        assert_eq!(services(now, Some(2)), [fulcio(), two, tsa()]);
        assert_eq!(services("2019-01-01T00:00:00Z", None), []);
        assert_eq!(services("2021-06-01T00:00:00Z", Some(2)).len(), 1);
    }
}
