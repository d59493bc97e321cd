//! What to look at before signing: rules of publishing that the content of a file breaks, each of which was broken by somebody or stops
//! a client that is in use.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::{
    Remark, Section, SelectionError, ServiceKind, SigningConfig, SigningConfigFormat, TrustedRoot, TrustedRootFormat,
    Window,
};

use super::certificate::order_problem;
use super::content::{Content, TRUSTED_ROOT};
use super::entry::{Entry, EntryKind, entries};
use super::moment::Origin;

/// The name under which a trust root of version 0.2 is shipped, beside the other.
const TRUSTED_ROOT_V02: &str = "trusted_root.v0.2.json";

/// The API versions that clients in use speak.
const API_VERSIONS: [u32; 2] = [1, 2];

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Whether it comes with this ceremony, or was so before.
    pub is_new: bool,
    /// The file or role that it is about.
    pub about: String,
    /// What is odd, and what follows from it.
    pub text: String,
}

/// The trust roots that verifiers may have, and since when.
#[derive(Clone, Debug, Default)]
pub struct TrustHistory {
    /// What was published as `trusted_root.json`, and when, the oldest first.
    pub published: Vec<(DateTime<Utc>, TrustedRoot)>,
    /// What this ceremony ships under that name, or leaves there.
    pub next: Option<TrustedRoot>,
    /// How long a timestamp holds: a verifier may be that far behind.
    pub timestamp_lifetime: Duration,
}

/// What is odd about the content of a file, new things first. `name` is the file's.
pub fn warnings(
    name: &str,
    before: Option<&Content>,
    after: &Content,
    history: &TrustHistory,
    at: DateTime<Utc>,
) -> Vec<Warning> {
    let known: BTreeSet<String> = before.map(|before| oddities(name, before, at)).into_iter().flatten().collect();
    let oddity = |text: String| Warning { is_new: !known.contains(&text), about: name.to_owned(), text };
    let mut found: Vec<Warning> = oddities(name, after, at).into_iter().map(oddity).collect();
    if let Some(config) = after.signing_config() {
        found.extend(keys_of_services(name, before.and_then(Content::signing_config), config, history, at));
    }
    found.sort_by_key(|warning| !warning.is_new);
    found
}

/// Every oddity in words that do not depend on where in the file it is, so that it is known again in the next version.
fn oddities(name: &str, content: &Content, at: DateTime<Utc>) -> Vec<String> {
    let mut found = Vec::new();
    if let Content::Unreadable { .. } = content {
        found.push(format!("{}; clients that want it will fail", content.kind()));
    }
    let entries = entries(content);
    found.extend(content.remarks().iter().map(|remark| remark_text(remark, &entries)));
    if let Some(root) = content.trusted_root() {
        found.extend(format_of_root(name, root));
    }
    if let Some(config) = content.signing_config() {
        found.extend(format_of_config(name, config));
        found.extend(nothing_to_sign_with(config, at));
    }
    for entry in &entries {
        found.extend(entry_oddities(entry, at).into_iter().map(|odd| format!("{}: {odd}", entry.title())));
    }
    for section in Section::ALL {
        let mut of_section = entries.iter().filter(|entry| entry.kind == EntryKind::Trusted(section)).peekable();
        if of_section.peek().is_some() && !of_section.any(|entry| entry.window.contains(at)) {
            let kind = EntryKind::Trusted(section).name();
            found.push(format!("no {kind} is trusted at the date of this ceremony, {}", instant_text(at)));
        }
    }
    found.extend(content.skipped().into_iter().map(|(reason, _)| {
        format!("not understood here: {reason}; clients that do not understand it either may refuse the whole file")
    }));
    found
}

/// Entries are named by what they are, not by their position, which moves when others are put before them.
fn remark_text(remark: &Remark, entries: &[Entry]) -> String {
    let is_it = |entry: &&Entry| {
        remark.section.map(EntryKind::Trusted) == Some(entry.kind) && remark.position == Some(entry.position)
    };
    match entries.iter().find(is_it) {
        Some(entry) => format!("{}: {}", entry.title(), remark.kind),
        None => remark.to_string(),
    }
}

fn format_of_root(name: &str, root: &TrustedRoot) -> Option<String> {
    let media_type = root.format().media_type();
    match (name, root.format()) {
        (TRUSTED_ROOT, TrustedRootFormat::V01Renamed) => Some(format!(
            "the media type {media_type} is refused by sigstore-go, sigstore-python and sigstore-java; everybody publishes {}",
            TrustedRootFormat::V01.media_type()
        )),
        (TRUSTED_ROOT, TrustedRootFormat::V02) => Some(format!(
            "the media type {media_type} is refused by clients under this name; ship it as {TRUSTED_ROOT_V02}, beside the other"
        )),
        (TRUSTED_ROOT_V02, TrustedRootFormat::V01 | TrustedRootFormat::V01Renamed) => {
            Some(format!("its name says version 0.2, and its media type is {media_type}"))
        }
        _ => None,
    }
}

fn format_of_config(name: &str, config: &SigningConfig) -> Option<String> {
    let differs = name.contains(".v0.2.") && config.format() != SigningConfigFormat::V02;
    differs.then(|| format!("its name says version 0.2, and its media type is {}", config.format().media_type()))
}

/// Kinds of services that a client finds none of, though the config lists some or says how many to use.
fn nothing_to_sign_with(config: &SigningConfig, at: DateTime<Utc>) -> Vec<String> {
    let listed = |kind| !config.services(kind).is_empty();
    let failed = |kind, result: Result<(), SelectionError>| {
        result.err().filter(|_| listed(kind)).map(|error| format!("clients cannot choose services: {error}"))
    };
    let supported = &API_VERSIONS;
    [
        failed(ServiceKind::CertificateAuthority, config.select_ca(at, supported).map(|_| ())),
        failed(ServiceKind::IdentityProvider, config.select_oidc(at, supported).map(|_| ())),
        failed(ServiceKind::TransparencyLog, config.select_rekor(at, supported).map(|_| ())),
        failed(ServiceKind::TimestampAuthority, config.select_tsa(at, supported).map(|_| ())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn entry_oddities(entry: &Entry, at: DateTime<Utc>) -> Vec<String> {
    let mut found: Vec<String> = order_problem(&entry.chain).into_iter().collect();
    for (position, certificate) in entry.chain.iter().enumerate() {
        let number = position + 1;
        match &certificate.stated {
            Err(why) => found.push(format!("certificate {number} of the chain cannot be read: {why}")),
            Ok(stated) if entry.window.contains(at) && !stated.validity.contains(at) => found.push(format!(
                "certificate {number} of the chain ({}) does not hold at the date of this ceremony: its validity is {}",
                stated.subject, stated.validity
            )),
            Ok(stated) => found.extend(ends_before(entry.window, stated.validity).map(|(window, certificate)| {
                format!(
                    "its window runs until {}, and certificate {number} of the chain until {}",
                    instant_text(window),
                    instant_text(certificate)
                )
            })),
        }
    }
    // A trusted root's windows are among its remarks.
    if !entry.kind.is_trusted() {
        if entry.window.start().is_none() && entry.window != Window::ALWAYS {
            found.push("the window has no start".to_owned());
        }
        if entry.window.is_empty() {
            found.push("the window ends before it starts".to_owned());
        }
    }
    found
}

/// The two ends, where a window promises more than a certificate. A window without an end promises nothing about when it will be closed.
fn ends_before(window: Window, validity: Window) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    window.end().zip(validity.end()).filter(|(window, certificate)| certificate < window)
}

/// A service may be offered only once every verifier has its key: after it was in the trust root for one timestamp lifetime.
fn keys_of_services(
    name: &str,
    before: Option<&SigningConfig>,
    config: &SigningConfig,
    history: &TrustHistory,
    at: DateTime<Utc>,
) -> Vec<Warning> {
    let mut found = Vec::new();
    for (kind, section) in [
        (ServiceKind::CertificateAuthority, Section::CertificateAuthorities),
        (ServiceKind::TransparencyLog, Section::TransparencyLogs),
        (ServiceKind::TimestampAuthority, Section::TimestampAuthorities),
    ] {
        for service in config.services(kind) {
            let was_there =
                before.is_some_and(|before| before.services(kind).iter().any(|old| old.url() == service.url()));
            let begins = service.valid_for().start().map_or(at, |start| start.max(at));
            let is_over = service.valid_for().end().is_some_and(|end| end < at);
            let entry = Entry::service(kind, service);
            if !is_over && let Some(problem) = history.problem_with(section, entry.host(), begins, was_there, at) {
                // What was offered may lose its key by this very ceremony.
                let had_key =
                    history.published.last().is_some_and(|(_, root)| lists(root, section, entry.host(), begins));
                found.push(Warning {
                    is_new: !was_there || had_key,
                    about: name.to_owned(),
                    text: format!("{}: {problem}", entry.title()),
                });
            }
        }
    }
    found
}

impl TrustHistory {
    /// What is wrong with signing by the service at `host` from `begins` on.
    fn problem_with(
        &self,
        section: Section,
        host: &str,
        begins: DateTime<Utc>,
        was_there: bool,
        at: DateTime<Utc>,
    ) -> Option<String> {
        let days = self.timestamp_lifetime.num_days();
        if !self.next.as_ref().is_some_and(|root| lists(root, section, host, begins)) {
            return Some(format!(
                "{TRUSTED_ROOT} lists nothing in {section} under its host that is open when it is used; if its key is \
                 there under another host, compare the two by hand"
            ));
        }
        // What was offered before has been used before, and nobody is behind what was there from the first.
        if was_there || self.published.first().is_none_or(|(_, root)| lists(root, section, host, begins)) {
            return None;
        }
        let since = self.published.iter().rev().take_while(|(_, root)| lists(root, section, host, begins)).last();
        match since {
            None => Some(format!(
                "its key comes into {TRUSTED_ROOT} with this very ceremony; verifiers may be {days} days behind (one timestamp \
                 lifetime) and would refuse what it signs: offer it in a later ceremony, or from a later instant on"
            )),
            Some((since, _)) if begins.signed_duration_since(since) < self.timestamp_lifetime => Some(format!(
                "its key is in the published {TRUSTED_ROOT} since {} only, {}; verifiers may be {days} days behind (one timestamp \
                 lifetime)",
                instant_text(*since),
                Origin::ceremony(at).beside(*since)
            )),
            Some(_) => None,
        }
    }
}

/// Whether a trust root lists something of that host which is open at `instant`. A log need not be written to where it is known, so this
/// is a hint and no proof.
fn lists(root: &TrustedRoot, section: Section, host: &str, instant: DateTime<Utc>) -> bool {
    super::entry::trusted_entries(root).iter().any(|entry| {
        entry.kind == EntryKind::Trusted(section) && entry.host() == host && entry.window.contains(instant)
    })
}

#[cfg(test)]
mod tests {
    use rootline_metadata::parse_instant;
    use serde_json::{Value, json};

    use super::*;

    fn sigstore() -> Value {
        serde_json::from_slice(crate::SIGSTORE_TRUSTED_ROOT).unwrap()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        parse_instant(text).unwrap()
    }

    fn read(name: &str, value: &Value) -> Content {
        Content::read(name, &serde_json::to_vec(value).unwrap())
    }

    fn warned(name: &str, before: Option<&Value>, after: &Value, history: &TrustHistory, at: &str) -> Vec<Warning> {
        let before = before.map(|before| read(name, before));
        warnings(name, before.as_ref(), &read(name, after), history, instant(at))
    }

    const DAY: &str = "2030-01-01T00:00:00Z";

    /// The warnings that an edit of Sigstore's trust root brings.
    fn of_edit(edit: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut after = sigstore();
        edit(&mut after);
        let warned = warned(TRUSTED_ROOT, Some(&sigstore()), &after, &TrustHistory::default(), DAY);
        assert!(warned.iter().all(|warning| warning.is_new));
        warned.into_iter().map(|warning| warning.text).collect()
    }

    #[test]
    fn sigstores_own_trust_root_is_as_it_should_be() {
        assert_eq!(of_edit(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn what_clients_stumble_over_is_warned_of() {
        let rekor = "transparency log https://rekor.sigstore.dev: ";
        let fulcio = "certificate authority https://fulcio.sigstore.dev: ";
        let media_type = |media_type: &'static str| move |root: &mut Value| root["mediaType"] = json!(media_type);
        for (warned, expected) in [
            (of_edit(|root| root["tlogs"][0]["logId"]["keyId"] = json!("AAAA")), format!("{rekor}the log id is not its key's, which is wNI9")),
            (of_edit(|root| root["tlogs"][0]["publicKey"]["validFor"] = json!({})), format!("{rekor}the window has no start")),
            (
                of_edit(|root| root["certificateAuthorities"][1]["validFor"]["end"] = json!("2030-06-01T00:00:00Z")),
                "certificateAuthorities: every window has an end".to_owned(),
            ),
            (
                of_edit(|root| root["certificateAuthorities"][1]["certChain"]["certificates"].as_array_mut().unwrap().reverse()),
                format!("{fulcio}the chain is in the wrong order"),
            ),
            (
                of_edit(|root| root["certificateAuthorities"][1]["certChain"]["certificates"][1]["rawBytes"] = json!("MAA=")),
                format!("{fulcio}certificate 2 of the chain cannot be read"),
            ),
            (
                of_edit(media_type("application/vnd.dev.sigstore.trustedroot.v0.2+json")),
                "the media type application/vnd.dev.sigstore.trustedroot.v0.2+json is refused by clients under this name".to_owned(),
            ),
            (
                of_edit(media_type("application/vnd.dev.sigstore.trustedroot.v0.1+json")),
                "the media type application/vnd.dev.sigstore.trustedroot.v0.1+json is refused by sigstore-go".to_owned(),
            ),
            (of_edit(media_type("application/json")), "cannot be read as a trusted root".to_owned()),
            (
                of_edit(|root| root["tlogs"][1]["publicKey"]["keyDetails"] = json!("PKIX_COLOUR")),
                "not understood here: tlogs: unknown kind of key `PKIX_COLOUR`; clients".to_owned(),
            ),
        ] {
            assert_eq!(warned.len(), 1, "{warned:?}");
            assert!(warned[0].starts_with(&expected), "{expected} is not how this begins: {warned:?}");
        }
        let closed = of_edit(|root| root["timestampAuthorities"][0]["validFor"]["end"] = json!("2029-12-31T00:00:00Z"));
        assert!(
            closed.iter().any(|text| text.starts_with("no timestamp authority is trusted at the date of this")),
            "{closed:?}"
        );
        let late = of_edit(|root| root["certificateAuthorities"][1]["validFor"]["end"] = json!("2032-01-01T00:00:00Z"));
        assert!(
            late.iter().any(|text| text.contains("its window runs until 2032-01-01T00:00:00Z, and certificate 1")),
            "{late:?}"
        );
    }

    #[test]
    fn a_certificate_that_no_longer_holds_is_warned_of_while_its_window_is_open() {
        let expired = |at: &str| {
            let warned = warned(TRUSTED_ROOT, None, &sigstore(), &TrustHistory::default(), at);
            warned.iter().filter(|warning| warning.text.contains("does not hold at the date")).count()
        };
        assert_eq!(expired("2031-10-05T13:56:58Z"), 0);
        assert_eq!(expired("2031-10-05T13:56:59Z"), 2);
    }

    #[test]
    fn what_was_odd_before_is_told_last_and_as_that() {
        let mut before = sigstore();
        before["tlogs"][0]["publicKey"]["validFor"] = json!({});
        let mut after = before.clone();
        after["ctlogs"][0]["logId"]["keyId"] = json!("AAAA");
        let warned = warned(TRUSTED_ROOT, Some(&before), &after, &TrustHistory::default(), DAY);
        assert_eq!(warned.iter().map(|warning| warning.is_new).collect::<Vec<_>>(), [true, false]);
        assert!(warned[0].text.starts_with("CT log https://ctfe.sigstore.dev/test: the log id"));
    }

    #[test]
    fn a_service_waits_until_every_verifier_has_its_key() {
        let root = |with: bool| {
            let mut root = sigstore();
            root["tlogs"][0]["baseUrl"] = json!(if with { "https://log.example" } else { "https://other.example" });
            TrustedRoot::parse(&serde_json::to_vec(&root).unwrap(), 1 << 20).unwrap()
        };
        let config = json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "rekorTlogUrls": [{"url": "https://log.example/api", "majorApiVersion": 1, "validFor": {"start": "2030-01-08T00:00:00Z"}}],
            "rekorTlogConfig": {"selector": "ANY"},
        });
        let told = |published: &[(&str, bool)], next: bool, before: Option<&Value>| -> Vec<String> {
            let history = TrustHistory {
                published: published.iter().map(|(at, with)| (instant(at), root(*with))).collect(),
                next: Some(root(next)),
                timestamp_lifetime: Duration::days(7),
            };
            let warned = warned("signing_config.v0.2.json", before, &config, &history, DAY);
            warned.into_iter().map(|warning| warning.text).filter(|text| text.contains("log.example")).collect()
        };
        let first = ("2029-01-01T00:00:00Z", false);
        // Neither there nor coming; coming with this ceremony; there, one second too late and just in time.
        assert!(told(&[first], false, None)[0].contains("trusted_root.json lists nothing in tlogs under its host"));
        assert!(told(&[first], true, None)[0].contains("comes into trusted_root.json with this very ceremony"));
        let late = told(&[first, ("2030-01-01T00:00:01Z", true)], true, None);
        assert!(late[0].contains("is in the published trusted_root.json since 2030-01-01T00:00:01Z only"), "{late:?}");
        assert_eq!(told(&[first, ("2030-01-01T00:00:00Z", true)], true, None), Vec::<String>::new());
        // Nobody is behind what was there from the first, or before anything was published; and what is offered already is offered.
        assert_eq!(told(&[("2029-12-31T00:00:00Z", true)], true, None), Vec::<String>::new());
        assert_eq!(told(&[], true, None), Vec::<String>::new());
        assert_eq!(told(&[first], true, Some(&config)), Vec::<String>::new());
        let gone = |published: bool| {
            let history = TrustHistory {
                published: vec![(instant("2029-01-01T00:00:00Z"), root(published))],
                next: Some(root(false)),
                timestamp_lifetime: Duration::days(7),
            };
            let warned = warned("signing_config.v0.2.json", Some(&config), &config, &history, DAY);
            warned.iter().find(|warning| warning.text.contains("lists nothing in tlogs")).unwrap().is_new
        };
        assert!(gone(true), "its key goes with this ceremony");
        assert!(!gone(false), "its key was never there");
    }

    #[test]
    fn a_signing_config_that_leaves_clients_without_a_service_is_warned_of() {
        let service =
            json!({"url": "https://tsa.example", "majorApiVersion": 1, "validFor": {"start": "2029-01-01T00:00:00Z"}});
        let config = |count: u32, media_type: &str| {
            json!({
                "mediaType": media_type, "tsaUrls": [service], "tsaConfig": {"selector": "EXACT", "count": count},
            })
        };
        let told = |config: &Value| {
            let warned = warned("signing_config.v0.2.json", None, config, &TrustHistory::default(), DAY);
            let texts: Vec<String> = warned.into_iter().map(|warning| warning.text).collect();
            texts.into_iter().filter(|text| !text.contains("lists nothing in")).collect::<Vec<_>>()
        };
        let media_type = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
        assert_eq!(told(&config(1, media_type)), Vec::<String>::new());
        assert!(
            told(&config(2, media_type))[0]
                .starts_with("clients cannot choose services: tsaUrls: services of 2 operators")
        );
        let old = json!({"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.1+json", "tsaUrls": []});
        assert!(told(&old)[0].starts_with("its name says version 0.2"));
    }
}
