//! A signing config as a whole: its media type, its lists and their members, and how many services are to be used.

use alloc::format;
use alloc::string::String;

use super::super::proto_json::is_spelling;
use super::super::service::{Selector, SelectorFault, ServiceKind};
use super::super::signing_config::SigningConfigFormat;
use super::document_rules::MEMBER_FORM;
use super::findings::{Findings, below};
use super::schema::{Form, FormRules, RANGE, Schema, check_members, member};
use super::service_rules::{self, Services};
use super::settings::LintSettings;
use crate::json::Node;
use crate::lint::{Rule, Severity};
use crate::quoted::Quoted;

/// The name under which version 0.1 was published, and still is for clients of that time.
const FIRST_NAME: &str = "signing_config.json";

pub(super) static MEDIA_TYPE: Rule = Rule {
    id: "sc-media-type",
    severity: Severity::Error,
    what: "the media type is not that of version 0.2",
    why: "Publish application/vnd.dev.sigstore.signingconfig.v0.2+json.",
    who: "sigstore-go, sigstore-python and sigstore-rust refuse every other one; sigstore-js does not look.",
};

pub(super) static NULL: Rule = Rule {
    id: "sc-null",
    severity: Severity::Error,
    what: "a list is null",
    why: "Write an empty list, or leave it out.",
    who: "sigstore-python and sigstore-rust refuse the file; sigstore-go and sigstore-js take the list for empty.",
};

pub(super) static MEMBER_MISSING: Rule = Rule {
    id: "sc-member-missing",
    severity: Severity::Error,
    what: "a service has no url, no operator or no validFor",
    why: "State all of them for each service.",
    who: "Without operator, sigstore-python refuses the file, and the whole trust config with it; without validFor, sigstore-rust does. \
          Without url, sigstore-go, sigstore-python and sigstore-rust fail, and sigstore-js signs to the log of Sigstore's public \
          instance.",
};

pub(super) static UNKNOWN_MEMBER: Rule = Rule {
    id: "sc-unknown-member",
    severity: Severity::Error,
    what: "a member that the format does not have",
    why: "A misspelt name is a member that is missing, too. Remove it, or correct its name.",
    who: "sigstore-go and sigstore-python refuse the file.",
};

pub(super) static JSON_FORM: Rule = Rule {
    id: "sc-json-form",
    severity: Severity::Error,
    what: "a member is written in a form that only some readers take",
    why: "Proto3 JSON allows several forms. All read one: lowerCamelCase names, enumerations by name, numbers without quotes, each member \
          once.",
    who: "sigstore-python and sigstore-rust refuse a number in quotes, and a number in place of a selector's name.",
};

pub(super) static EMPTY_CONFIG: Rule = Rule {
    id: "sc-empty-config",
    severity: Severity::Error,
    what: "rekorTlogConfig or tsaConfig does not say how many services to use",
    why: "Write {\"selector\": \"ANY\"}, or leave it out with the services. cosign writes an empty one where there is no timestamp authority.",
    who: "sigstore-go, sigstore-python and sigstore-js refuse the file.",
};

pub(super) static CONFIG_WITHOUT_SERVICE: Rule = Rule {
    id: "sc-config-without-service",
    severity: Severity::Error,
    what: "it is said how many services of a kind to use, and none is listed",
    why: "Leave rekorTlogConfig or tsaConfig out where there is no such service.",
    who: "sigstore-js fails.",
};

pub(super) static SERVICE_WITHOUT_CONFIG: Rule = Rule {
    id: "sc-service-without-config",
    severity: Severity::Error,
    what: "services of a kind are listed, and it is not said how many to use",
    why: "Write rekorTlogConfig beside rekorTlogUrls and tsaConfig beside tsaUrls, with {\"selector\": \"ANY\"}.",
    who: "sigstore-go refuses the file; sigstore-js signs without a log or a timestamp; cosign panics.",
};

pub(super) static SELECTOR: Rule = Rule {
    id: "sc-selector",
    severity: Severity::Error,
    what: "the selector is not ANY",
    why: "ALL and EXACT are in the format, and one client in wide use has neither.",
    who: "sigstore-js fails.",
};

pub(super) static EXACT: Rule = Rule {
    id: "sc-exact",
    severity: Severity::Error,
    what: "EXACT asks for no service, or for more than there are operators with an open one",
    why: "Services of one operator count once.",
    who: "sigstore-go, sigstore-js and sigstore-python refuse to sign, but sigstore-python takes 0 for 1; sigstore-rust does not look.",
};

static SERVICE: Schema = Schema(&[
    ("url", Form::Text),
    ("majorApiVersion", Form::Number),
    ("validFor", Form::Message(&RANGE)),
    ("operator", Form::Text),
]);
static SELECTION: Schema = Schema(&[("selector", Form::Name), ("count", Form::Number)]);
static V02: Schema = Schema(&[
    ("mediaType", Form::Text),
    ("caUrls", Form::List(&Form::Message(&SERVICE))),
    ("oidcUrls", Form::List(&Form::Message(&SERVICE))),
    ("rekorTlogUrls", Form::List(&Form::Message(&SERVICE))),
    ("tsaUrls", Form::List(&Form::Message(&SERVICE))),
    ("rekorTlogConfig", Form::Message(&SELECTION)),
    ("tsaConfig", Form::Message(&SELECTION)),
]);
static V01: Schema = Schema(&[
    ("mediaType", Form::Text),
    ("caUrl", Form::Text),
    ("oidcUrl", Form::Text),
    ("tlogUrls", Form::List(&Form::Text)),
    ("tsaUrls", Form::List(&Form::Text)),
]);
static FORM_RULES: FormRules =
    FormRules { unknown_member: &UNKNOWN_MEMBER, json_form: &JSON_FORM, null: &NULL, pem: &MEMBER_FORM };

/// Everything that is wrong with a signing config, wherever it stands.
pub(super) fn check(root: Node<'_>, settings: &LintSettings<'_>, findings: &mut Findings) {
    let format = check_media_type(root, settings, findings);
    let title = |place: &str, node: Node<'_>| {
        let list = place.rsplit_once('[').map(|(list, _)| list)?;
        let kind = ServiceKind::ALL.into_iter().find(|kind| is_spelling(list, kind.as_str()))?;
        Some(service_rules::subject(kind, node))
    };
    if format == Some(SigningConfigFormat::V01) {
        // Its services have neither windows nor operators.
        return check_members(root, &V01, "", "", &FORM_RULES, &title, findings);
    }
    check_members(root, &V02, "", "", &FORM_RULES, &title, findings);
    let services = Services::read(root);
    for kind in ServiceKind::ALL {
        service_rules::check_services(&services, kind, settings.at, findings);
    }
    service_rules::check_together(&services, settings.at, findings);
    for (kind, name) in
        [(ServiceKind::TransparencyLog, "rekorTlogConfig"), (ServiceKind::TimestampAuthority, "tsaConfig")]
    {
        check_selection(root, kind, name, &services, settings, findings);
    }
}

fn check_media_type(
    root: Node<'_>,
    settings: &LintSettings<'_>,
    findings: &mut Findings,
) -> Option<SigningConfigFormat> {
    let Some(node) = member(root, "mediaType") else {
        findings.add(&MEDIA_TYPE, "mediaType", "", "the media type is absent");
        return None;
    };
    // Of another kind, which is said where the forms are.
    let name = node.text()?;
    let format = SigningConfigFormat::ALL.into_iter().find(|format| format.media_type() == name);
    match format {
        Some(SigningConfigFormat::V02) => {}
        // Clients of today do not ask for it, and those of then read nothing else.
        Some(SigningConfigFormat::V01) if settings.file_name() == FIRST_NAME => {}
        Some(_) => {
            let detail = format!("the media type {name} is refused by clients, which take version 0.2");
            findings.add(&MEDIA_TYPE, "mediaType", "", detail);
        }
        None => {
            findings.add(&MEDIA_TYPE, "mediaType", "", format!("{} is not a signing config's", Quoted(&name)));
        }
    }
    format
}

fn check_selection(
    root: Node<'_>,
    kind: ServiceKind,
    name: &'static str,
    services: &Services<'_>,
    settings: &LintSettings<'_>,
    findings: &mut Findings,
) {
    let is_listed = services.of(kind).next().is_some();
    let stated = member(root, name);
    let mut add = |rule, inner: &str, detail: String| findings.add(rule, below(name, inner), "", detail);
    let Some(config) = stated else {
        if is_listed {
            add(&SERVICE_WITHOUT_CONFIG, "", format!("{kind} lists services, and `{name}` is absent"));
        }
        return;
    };
    match Selector::read(Some(config)) {
        Ok(Selector::Any) => {}
        Ok(Selector::All) => add(&SELECTOR, "selector", format!("`{name}` asks for ALL")),
        Ok(Selector::Exact { count }) => {
            add(&SELECTOR, "selector", format!("`{name}` asks for EXACT"));
            let operators = services.operators_open(kind, settings.at);
            if usize::try_from(count).is_ok_and(|count| count > operators) {
                let detail = format!(
                    "`{name}` asks for services of {count} operators, and the number of those with an open one is {operators}"
                );
                add(&EXACT, "count", detail);
            }
        }
        Err(SelectorFault::NoCount) => add(&EXACT, "count", format!("`{name}` asks for EXACT without a count")),
        Err(SelectorFault::Missing) => add(&EMPTY_CONFIG, "", format!("`{name}` has no selector")),
        Err(SelectorFault::Unknown { name: selector }) => {
            add(&EMPTY_CONFIG, "selector", format!("`{name}` has the unknown selector {}", Quoted(&selector)));
        }
        // Of another form, which is said where the forms are.
        Err(SelectorFault::Format(_)) => {}
    }
    if !is_listed {
        add(&CONFIG_WITHOUT_SERVICE, "", format!("`{name}` is there, and {kind} lists no service"));
    }
}
