//! A client trust config: a trust root and a signing config that belong together.

use alloc::format;

use super::super::client_trust_config;
use super::super::signing_config::SigningConfig;
use super::super::trusted_root::TrustedRoot;
use super::Check;
use super::findings::Findings;
use super::schema::{Form, FormRules, Schema, check_members, member};
use super::settings::LintSettings;
use super::trust_history::uncovered_services;
use super::{document_rules, signing_config_rules, trusted_root_rules};
use crate::json::{Kind, Node};
use crate::lint::{Rule, Severity};
use crate::quoted::Quoted;

pub(super) static MEDIA_TYPE: Rule = Rule {
    id: "ctc-media-type",
    severity: Severity::Error,
    what: "the media type is not that of a client trust config",
    why: "Publish application/vnd.dev.sigstore.clienttrustconfig.v0.1+json.",
    who: "sigstore-python refuses every other one.",
};

pub(super) static UNKNOWN_MEMBER: Rule = Rule {
    id: "ctc-unknown-member",
    severity: Severity::Error,
    what: "a member that the format does not have",
    why: "Remove it, or correct its name.",
    who: "sigstore-go and sigstore-python refuse the file.",
};

pub(super) static PARTS: Rule = Rule {
    id: "ctc-parts",
    severity: Severity::Error,
    what: "one of the two documents is absent, or they do not fit together",
    why: "Every service that is signed with needs an instance in the trust root that is open at the same time and under the same host.",
    who: "What is signed with one half is refused with the other.",
};

static CLIENT_TRUST_CONFIG: Schema =
    Schema(&[("mediaType", Form::Text), ("trustedRoot", Form::Other), ("signingConfig", Form::Other)]);
static FORM_RULES: FormRules = FormRules {
    unknown_member: &UNKNOWN_MEMBER,
    json_form: &trusted_root_rules::JSON_FORM,
    null: &PARTS,
    pem: &document_rules::MEMBER_FORM,
};

pub(super) fn check(top: Node<'_>, settings: &LintSettings<'_>, findings: &mut Findings) {
    match member(top, "mediaType").map(|node| (node, node.text())) {
        None => findings.add(&MEDIA_TYPE, "mediaType", "", "the media type is absent"),
        Some((_, Some(name))) if name != client_trust_config::MEDIA_TYPE => {
            findings.add(&MEDIA_TYPE, "mediaType", "", format!("{} is not a client trust config's", Quoted(&name)));
        }
        // Of another kind, which is said where the forms are.
        Some(_) => {}
    }
    check_members(top, &CLIENT_TRUST_CONFIG, "", "", &FORM_RULES, &|_, _| None, findings);
    // In it both are of the form that sigstore-python takes, under any file name.
    let settings = LintSettings { name: "trusted_root.json", ..*settings };
    let halves: [(&str, Check); 2] =
        [("trustedRoot", trusted_root_rules::check), ("signingConfig", signing_config_rules::check)];
    for (name, check) in halves {
        match member(top, name) {
            Some(half) if half.kind() == Kind::Object => {
                let mut inner = Findings::default();
                check(half, &settings, &mut inner);
                findings.extend_within(name, inner.into_vec());
            }
            Some(_) => findings.add(&PARTS, name, "", format!("`{name}` is not an object")),
            None => findings.add(&PARTS, name, "", format!("`{name}` is absent")),
        }
    }
    let root = member(top, "trustedRoot").and_then(|node| TrustedRoot::read(node).ok());
    let config = member(top, "signingConfig").and_then(|node| SigningConfig::read(node).ok());
    if let (Some(root), Some(config)) = (root, config) {
        for service in uncovered_services(&config, &root, settings.at) {
            findings.add(&PARTS, format!("signingConfig.{}", service.place), service.subject, service.detail);
        }
    }
}
