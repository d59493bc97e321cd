//! A trust root as a whole: its media type, its lists and their members.

use alloc::format;

use super::super::proto_json::is_spelling;
use super::super::section::{Section, TrustedRootFormat};
use super::super::skipped::SkipReason;
use super::document_rules::MEMBER_FORM;
use super::entries::{Entry, View, entries, subject};
use super::findings::{Findings, below};
use super::schema::{Form, FormRules, RANGE, Schema, check_members, member};
use super::settings::LintSettings;
use super::{authority_rules, log_rules, window_rules};
use crate::json::{Kind, Node};
use crate::lint::{Rule, Severity};
use crate::quoted::Quoted;

pub(super) static MEDIA_TYPE: Rule = Rule {
    id: "tr-media-type",
    severity: Severity::Error,
    what: "the media type is not the one that clients take under this name",
    why: "Publish application/vnd.dev.sigstore.trustedroot+json;version=0.1 as trusted_root.json, and version 0.2 beside it as \
          trusted_root.v0.2.json.",
    who: "sigstore-go, sigstore-python and sigstore-java refuse every other one.",
};

pub(super) static LIST_MISSING: Rule = Rule {
    id: "tr-list-missing",
    severity: Severity::Error,
    what: "the list of transparency logs, CT logs or certificate authorities is absent",
    why: "Write an empty list where there is nothing to list. cosign and tufcli leave it out.",
    who: "sigstore-python refuses the file; sigstore-go, sigstore-js and sigstore-rust take the list for empty.",
};

pub(super) static NULL: Rule = Rule {
    id: "tr-null",
    severity: Severity::Error,
    what: "a list is null",
    why: "Write an empty list where there is nothing to list.",
    who: "sigstore-python and sigstore-rust refuse the file.",
};

pub(super) static NO_TLOG: Rule = Rule {
    id: "tr-no-tlog",
    severity: Severity::Warning,
    what: "no transparency log is listed",
    why: "Right for an instance that proves times by timestamps alone, as GitHub's does. All others need one.",
    who: "sigstore-python's verifier, Flux and Kyverno need one.",
};

pub(super) static UNKNOWN_MEMBER: Rule = Rule {
    id: "tr-unknown-member",
    severity: Severity::Error,
    what: "a member that the format does not have",
    why: "A misspelt name is a member that is missing, too. Remove it, or correct its name.",
    who: "sigstore-go and sigstore-python refuse the file; sigstore-js and sigstore-rust pass over it.",
};

pub(super) static V02_MEMBER: Rule = Rule {
    id: "tr-v02-member",
    severity: Severity::Warning,
    what: "a member of version 0.2 in a document of version 0.1",
    why: "operator and checkpointKeyId came with version 0.2, which goes into trusted_root.v0.2.json.",
    who: "Readers built on protobuf-specs before 0.4.2 refuse the file; sigstore-python accepts it.",
};

pub(super) static JSON_FORM: Rule = Rule {
    id: "tr-json-form",
    severity: Severity::Error,
    what: "a member is written in a form that only some readers take",
    why: "Proto3 JSON allows several forms. All read one: lowerCamelCase names, base64 of the standard alphabet with padding, \
          enumerations by name, each member once.",
    who: "Base64 of the alphabet for URLs or without padding: sigstore-python refuses the file. Numbers in place of names: \
          sigstore-python and sigstore-rust. Names with underscores: sigstore-rust refuses the file, sigstore-js takes the member for \
          absent.",
};

pub(super) static PEM: Rule = Rule {
    id: "tr-pem-in-rawbytes",
    severity: Severity::Error,
    what: "rawBytes is a PEM file",
    why: "It is to be the DER alone. Trusted Artifact Signer up to 1.3 wrote it so.",
    who: "Every client fails on the key or certificate.",
};

static PUBLIC_KEY: Schema =
    Schema(&[("rawBytes", Form::Bytes), ("keyDetails", Form::Name), ("validFor", Form::Message(&RANGE))]);
static LOG_ID: Schema = Schema(&[("keyId", Form::Bytes)]);
static LOG: Schema = Schema(&[
    ("baseUrl", Form::Text),
    ("hashAlgorithm", Form::Name),
    ("publicKey", Form::Message(&PUBLIC_KEY)),
    ("logId", Form::Message(&LOG_ID)),
    ("checkpointKeyId", Form::Message(&LOG_ID)),
    ("operator", Form::Text),
]);
static SUBJECT: Schema = Schema(&[("organization", Form::Text), ("commonName", Form::Text)]);
static CERTIFICATE: Schema = Schema(&[("rawBytes", Form::Bytes)]);
static CHAIN: Schema = Schema(&[("certificates", Form::List(&Form::Message(&CERTIFICATE)))]);
static AUTHORITY: Schema = Schema(&[
    ("subject", Form::Message(&SUBJECT)),
    ("uri", Form::Text),
    ("certChain", Form::Message(&CHAIN)),
    ("validFor", Form::Message(&RANGE)),
    ("operator", Form::Text),
]);
static TRUSTED_ROOT: Schema = Schema(&[
    ("mediaType", Form::Text),
    ("tlogs", Form::List(&Form::Message(&LOG))),
    ("certificateAuthorities", Form::List(&Form::Message(&AUTHORITY))),
    ("ctlogs", Form::List(&Form::Message(&LOG))),
    ("timestampAuthorities", Form::List(&Form::Message(&AUTHORITY))),
]);
static FORM_RULES: FormRules =
    FormRules { unknown_member: &UNKNOWN_MEMBER, json_form: &JSON_FORM, null: &NULL, pem: &PEM };

/// Everything that is wrong with a trust root, wherever it stands.
pub(super) fn check(root: Node<'_>, settings: &LintSettings<'_>, findings: &mut Findings) {
    let format = check_media_type(root, settings, findings);
    let title = |place: &str, node: Node<'_>| {
        let section = Section::ALL.into_iter().find(|section| {
            let rest = place.rsplit_once('[').map(|(list, _)| list);
            rest.is_some_and(|list| is_spelling(list, section.as_str()))
        })?;
        Some(subject(section, node))
    };
    check_members(root, &TRUSTED_ROOT, "", "", &FORM_RULES, &title, findings);
    for section in Section::ALL {
        check_list(root, section, findings);
        let entries = entries(root, section);
        for entry in &entries {
            check_newer_members(entry, format, findings);
            match section.holds_logs() {
                true => log_rules::check_log(entry, findings),
                false => authority_rules::check_authority(entry, settings, findings),
            }
            // What is not understood is never passed over in silence.
            if let View::Skipped(SkipReason::Format(error)) = &entry.view
                && !findings.are_within(&entry.place)
            {
                findings.add(&MEMBER_FORM, &*entry.place, &*entry.subject, format!("{}", error.problem));
            }
        }
        window_rules::check_windows(section, &entries, settings.at, findings);
        match section.holds_logs() {
            true => log_rules::check_logs(&entries, findings),
            false => authority_rules::check_authorities(&entries, settings, findings),
        }
    }
    log_rules::check_keys(root, findings);
}

fn check_media_type(root: Node<'_>, settings: &LintSettings<'_>, findings: &mut Findings) -> Option<TrustedRootFormat> {
    let Some(node) = member(root, "mediaType") else {
        findings.add(&MEDIA_TYPE, "mediaType", "", "the media type is absent");
        return None;
    };
    // Of another kind, which is said where the forms are.
    let name = node.text()?;
    let Some(format) = TrustedRootFormat::ALL.into_iter().find(|format| format.media_type() == name) else {
        findings.add(&MEDIA_TYPE, "mediaType", "", format!("{} is not a trust root's", Quoted(&name)));
        return None;
    };
    let file = settings.file_name();
    let expected = match (file.starts_with("trusted_root"), file.contains(".v0.2.")) {
        (true, true) => TrustedRootFormat::V02,
        (false, _) if format == TrustedRootFormat::V02 => TrustedRootFormat::V02,
        _ => TrustedRootFormat::V01,
    };
    if format != expected {
        let detail = match (format, expected) {
            (TrustedRootFormat::V02, _) => format!("the media type {name} belongs into trusted_root.v0.2.json"),
            (_, TrustedRootFormat::V02) => format!("the name says version 0.2, and the media type is {name}"),
            _ => format!("the media type {name} is refused by clients, which take {}", expected.media_type()),
        };
        findings.add(&MEDIA_TYPE, "mediaType", "", detail);
    }
    Some(format)
}

fn check_list(root: Node<'_>, section: Section, findings: &mut Findings) {
    let stated = root.members().find(|(name, _)| is_spelling(name, section.as_str())).map(|(_, value)| value);
    // Readers do without the timestamp authorities' list.
    if stated.is_none() && section != Section::TimestampAuthorities {
        findings.add(&LIST_MISSING, section.as_str(), "", format!("{section} is absent; write an empty list"));
    }
    if section == Section::TransparencyLogs {
        let is_empty = stated.is_none_or(|list| list.kind() == Kind::Null || list.elements().next().is_none());
        if is_empty && stated.is_none_or(|list| matches!(list.kind(), Kind::Null | Kind::Array)) {
            findings.add(&NO_TLOG, section.as_str(), "", "no transparency log is listed");
        }
    }
}

fn check_newer_members(entry: &Entry<'_>, format: Option<TrustedRootFormat>, findings: &mut Findings) {
    // Without a media type it is not known what belongs into it.
    if format.is_none_or(TrustedRootFormat::has_operators) {
        return;
    }
    let names: &[&str] = if entry.section.holds_logs() { &["operator", "checkpointKeyId"] } else { &["operator"] };
    for name in names.iter().filter(|name| member(entry.node, name).is_some()) {
        findings.add(
            &V02_MEMBER,
            below(&entry.place, name),
            &*entry.subject,
            format!("`{name}` belongs to version 0.2"),
        );
    }
}
