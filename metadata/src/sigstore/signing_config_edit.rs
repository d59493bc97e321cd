//! Edits of a signing config. Each changes what it says and nothing else of the document, or nothing at all.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::edit::{instant_in, list_in, object_in};
use super::edit_error::EditError;
use super::entry::{check_no_credentials, check_operator_name, check_window};
use super::log_id::origin;
use super::proto_json::{spelling, timestamp_text};
use super::service::ServiceKind;
use super::signing_config::{SigningConfig, SigningConfigFormat};
use super::window::Window;
use crate::json::{MAX_BYTES, Value, ValueMembers};

/// A service to sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewService {
    /// Where it is: the base URL, for a timestamp authority the whole one.
    pub url: String,
    /// The version of its interface, at least 1.
    pub major_api_version: u32,
    /// From when to when it is to be signed with; the start is needed, and is not in the future, as `@sigstore/sign` uses what is listed at
    /// once.
    pub valid_for: Window,
    /// Who runs it, as in `acme.example`.
    pub operator: String,
}

impl NewService {
    fn to_value(&self) -> Result<Value, EditError> {
        check_window(self.valid_for)?;
        check_no_credentials(&self.url)?;
        if !self.url.contains("://") || origin(&self.url).is_none() {
            return Err(EditError::BaseUrl);
        }
        check_operator_name(&self.operator)?;
        if self.major_api_version == 0 {
            return Err(EditError::ApiVersionZero);
        }
        let service = ValueMembers::new()
            .with("url", self.url.as_str())
            .with("majorApiVersion", u64::from(self.major_api_version))
            .with("validFor", self.valid_for.to_value())
            .with("operator", self.operator.as_str());
        Ok(service.into())
    }
}

impl SigningConfig {
    /// A signing config of version 0.2 that lists nothing. All four lists are there, though empty.
    pub fn empty() -> SigningConfig {
        let members = ValueMembers::new().with("mediaType", SigningConfigFormat::V02.media_type());
        let members =
            ServiceKind::ALL.iter().fold(members, |members, kind| members.with(kind.as_str(), Vec::<Value>::new()));
        SigningConfig::from_value(&members.into()).expect("what is written here has the form that is read")
    }

    /// Adds a service before those that start no later than it does, and says that one of its kind suffices where nothing is said: `ANY`,
    /// the one selector that every client reads.
    ///
    /// # Errors
    /// If a part of it is not one that every client reads, or another service of its kind, operator and version is open when it starts: of two
    /// of them clients choose differently.
    pub fn add_service(&mut self, kind: ServiceKind, service: &NewService) -> Result<(), EditError> {
        let value = service.to_value()?;
        let overlaps = |window: Window| {
            let other_ends_first = window.end().is_some_and(|end| Some(end) < service.valid_for.start());
            let this_ends_first = service.valid_for.end().is_some_and(|end| Some(end) < window.start());
            !other_ends_first && !this_ends_first
        };
        let mut listed = self.services(kind).iter();
        let open = listed.find(|known| {
            known.operator() == Some(&*service.operator)
                && known.major_api_version() == service.major_api_version
                && overlaps(known.valid_for())
        });
        if let Some(open) = open {
            return Err(EditError::ServiceOpen { kind, position: open.position() });
        }
        let no_later = self.services(kind).iter();
        let no_later = no_later.filter(|known| known.valid_for().start() <= service.valid_for.start());
        let position = no_later.map(|known| known.position()).min();
        self.edit(kind, |list| {
            list.insert(position.unwrap_or(list.len()), value);
            Ok(())
        })
    }

    /// Ends a service's window, so that it is signed with until `end` and listed for what is signed already.
    ///
    /// # Errors
    /// If there is no such service, or its window starts later.
    pub fn close_service(&mut self, kind: ServiceKind, position: usize, end: DateTime<Utc>) -> Result<(), EditError> {
        self.edit(kind, |list| {
            let entry = list.get_mut(position).ok_or(EditError::NoSuchService { kind, position })?;
            let malformed = EditError::Malformed { member: kind.as_str() };
            let members = entry.as_object_mut().ok_or(malformed)?;
            let window = object_in(members, "validFor")?;
            let start = instant_in(window, "start");
            check_window(Window::new(start.or(Some(end)), Some(end)))?;
            window.insert(&spelling(window, "end"), timestamp_text(end).into());
            Ok(())
        })
    }

    /// Takes a service out.
    ///
    /// # Errors
    /// If there is no such service.
    pub fn remove_service(&mut self, kind: ServiceKind, position: usize) -> Result<(), EditError> {
        self.edit(kind, |list| {
            if position >= list.len() {
                return Err(EditError::NoSuchService { kind, position });
            }
            list.remove(position);
            Ok(())
        })
    }

    /// Edits one list of a copy, and takes the copy's place if it can be read. A list of logs or timestamp authorities says how many of them to
    /// use, and does not where it is empty: `@sigstore/sign` refuses that, and signs without a log where it is missing.
    fn edit(
        &mut self,
        kind: ServiceKind,
        change: impl FnOnce(&mut Vec<Value>) -> Result<(), EditError>,
    ) -> Result<(), EditError> {
        let mut value = self.value().clone();
        let top = value.as_object_mut().ok_or(EditError::Malformed { member: kind.as_str() })?;
        let list = list_in(top, kind.as_str())?;
        change(list)?;
        let is_empty = list.is_empty();
        if let Some(config) = config_of(kind) {
            let name = spelling(top, config);
            match (is_empty, top.get(&name)) {
                (true, Some(_)) => {
                    top.remove(&name);
                }
                (false, None | Some(Value::Null)) => {
                    top.insert(&name, ValueMembers::new().with("selector", "ANY").into());
                }
                _ => {}
            }
        }
        *self = SigningConfig::from_value(&value).map_err(EditError::Format)?;
        Ok(())
    }

    fn from_value(value: &Value) -> Result<SigningConfig, crate::json::FormatError> {
        SigningConfig::parse(value.pretty(2).as_bytes(), MAX_BYTES)
    }
}

/// The member that says how many services of a kind to use.
fn config_of(kind: ServiceKind) -> Option<&'static str> {
    match kind {
        ServiceKind::TransparencyLog => Some("rekorTlogConfig"),
        ServiceKind::TimestampAuthority => Some("tsaConfig"),
        ServiceKind::CertificateAuthority | ServiceKind::IdentityProvider => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::super::fixtures::at;
    use super::super::lint::{LintSettings, lint_signing_config};
    use super::*;

    const REKOR: ServiceKind = ServiceKind::TransparencyLog;

    fn service(url: &str, version: u32, start: &str) -> NewService {
        NewService {
            url: url.into(),
            major_api_version: version,
            valid_for: Window::from(at(start)),
            operator: "acme.example".into(),
        }
    }

    fn urls(config: &SigningConfig, kind: ServiceKind) -> Vec<&str> {
        config.services(kind).iter().map(|service| service.url()).collect()
    }

    #[test]
    fn an_empty_config_has_all_four_lists_and_no_selector() {
        let lists = r#""caUrls":[],"oidcUrls":[],"rekorTlogUrls":[],"tsaUrls":[]"#;
        let media_type = SigningConfigFormat::V02.media_type();
        let expected = alloc::format!(r#"{{"mediaType":"{media_type}",{lists}}}"#);
        assert_eq!(SigningConfig::empty().value().compact(), expected);
    }

    #[test]
    fn a_config_with_a_service_of_each_kind_breaks_no_rule() {
        let mut config = SigningConfig::empty();
        for (kind, url) in [
            (ServiceKind::CertificateAuthority, "https://fulcio.acme.example"),
            (ServiceKind::IdentityProvider, "https://login.acme.example"),
            (REKOR, "https://rekor.acme.example"),
            (ServiceKind::TimestampAuthority, "https://tsa.acme.example/api/v1/timestamp"),
        ] {
            config.add_service(kind, &service(url, 1, "2026-01-01T00:00:00Z")).unwrap();
        }
        let settings = LintSettings::new("signing_config.v0.2.json", at("2026-01-01T00:00:00Z"));
        assert_eq!(lint_signing_config(config.to_json().as_bytes(), &settings), []);
        let text = config.value().compact();
        assert!(
            text.contains(r#""rekorTlogConfig":{"selector":"ANY"}"#)
                && text.contains(r#""tsaConfig":{"selector":"ANY"}"#)
        );
        config.remove_service(REKOR, 0).unwrap();
        assert!(!config.value().compact().contains("rekorTlogConfig"));
    }

    #[test]
    fn services_stand_newest_first_and_one_is_open_of_a_kind_operator_and_version() {
        let mut config = SigningConfig::empty();
        config.add_service(REKOR, &service("https://a.example", 1, "2026-01-01T00:00:00Z")).unwrap();
        let second = service("https://b.example", 1, "2026-02-01T00:00:00Z");
        assert_eq!(
            config.add_service(REKOR, &second).unwrap_err(),
            EditError::ServiceOpen { kind: REKOR, position: 0 }
        );
        config.close_service(REKOR, 0, at("2026-02-01T00:00:00Z")).unwrap();
        assert!(config.add_service(REKOR, &second).is_err());
        config.close_service(REKOR, 0, at("2026-01-31T23:59:59Z")).unwrap();
        config.add_service(REKOR, &second).unwrap();
        assert_eq!(urls(&config, REKOR), ["https://b.example", "https://a.example"]);
        // Another version, and another operator.
        config.add_service(REKOR, &service("https://c.example", 2, "2026-02-02T00:00:00Z")).unwrap();
        let other = NewService { operator: "other.example".into(), ..second };
        config.add_service(REKOR, &other).unwrap();
        assert_eq!(
            urls(&config, REKOR),
            ["https://c.example", "https://b.example", "https://b.example", "https://a.example"]
        );
        assert!(
            config
                .add_service(
                    ServiceKind::CertificateAuthority,
                    &service("https://a.example", 1, "2026-01-01T00:00:00Z")
                )
                .is_ok()
        );
    }

    #[test]
    fn what_some_client_cannot_read_is_not_added() {
        let mut config = SigningConfig::empty();
        let good = service("https://a.example", 1, "2026-01-01T00:00:00Z");
        for (bad, why) in [
            (NewService { url: "a.example".into(), ..good.clone() }, EditError::BaseUrl),
            (NewService { url: "https://u:p@a.example".into(), ..good.clone() }, EditError::Credentials),
            (NewService { major_api_version: 0, ..good.clone() }, EditError::ApiVersionZero),
            (NewService { operator: String::new(), ..good.clone() }, EditError::Operator),
            (NewService { operator: "https://a.example".into(), ..good.clone() }, EditError::Operator),
            (NewService { valid_for: Window::ALWAYS, ..good.clone() }, EditError::NoStart),
        ] {
            assert_eq!(config.add_service(REKOR, &bad).unwrap_err(), why);
        }
        let none = EditError::NoSuchService { kind: REKOR, position: 0 };
        assert_eq!(config.remove_service(REKOR, 0).unwrap_err(), none);
        assert_eq!(
            config.close_service(REKOR, 0, at("2026-01-01T00:00:00Z")).unwrap_err().to_string(),
            none.to_string()
        );
        assert_eq!(config, SigningConfig::empty());
        config.add_service(REKOR, &good).unwrap();
        let before = config.clone();
        assert!(config.close_service(REKOR, 0, at("2025-12-31T23:59:59Z")).is_err());
        assert_eq!(config, before);
    }

    #[test]
    fn members_that_are_not_known_here_stay() {
        let text = r#"{"x":1,"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekor_tlog_urls":[{"url":"https://z.example","majorApiVersion":1,"y":2}],"rekorTlogConfig":{"selector":"ALL"}}"#;
        let mut config = SigningConfig::parse(text.as_bytes(), 10_000).unwrap();
        config.add_service(REKOR, &service("https://a.example", 1, "2026-01-01T00:00:00Z")).unwrap();
        let text = config.value().compact();
        assert!(text.starts_with(r#"{"x":1,"#) && text.contains(r#""y":2"#) && text.contains("ALL"), "{text}");
    }
}
