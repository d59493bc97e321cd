//! Targets that old clients read in the place of a trust root: PEM files that say in `custom` what they are.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::super::key_details::Algorithm;
use super::super::section::Section;
use super::super::trusted_root::TrustedRoot;
use super::entries::title;
use super::findings::Findings;
use crate::json::Value;
use crate::keys::pem;
use crate::lint::{Finding, Rule, Severity};
use crate::quoted::Quoted;

pub(super) static UNREADABLE: Rule = Rule {
    id: "lg-unreadable",
    severity: Severity::Error,
    what: "a legacy target is not a PEM file",
    why: "Old clients download all of them, and one that does not parse fails them all.",
    who: "Kyverno, Connaisseur, Ratify, Tekton Chains and cosign up to 2.",
};

pub(super) static OUT_OF_STEP: Rule = Rule {
    id: "lg-out-of-step",
    severity: Severity::Error,
    what: "legacy targets and the trust root do not list the same",
    why: "Old clients read the one and new ones the other, so they trust different keys.",
    who: "Kyverno, Connaisseur, Ratify and Tekton Chains see another world than cosign 3 and sigstore-python.",
};

pub(super) static STATUS: Rule = Rule {
    id: "lg-status",
    severity: Severity::Warning,
    what: "a legacy target's status is not that of its window, or is not one that clients know",
    why: "Active is what is open and Expired what is closed; the usage is Fulcio, Rekor, CTFE or TSA. A target of another status or usage is \
          passed over.",
    who: "Old clients trust what is Active for new signatures.",
};

pub(super) static NAME_ALONE: Rule = Rule {
    id: "lg-name",
    severity: Severity::Warning,
    what: "a file has the name of a legacy target and is not one of the trust root's",
    why: "Where nothing states a usage in custom, old clients go by these names. Give the file another name, or let it follow from the trust \
          root.",
    who: "Old clients that find no target of a usage take what has the name.",
};

/// What a legacy target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Usage {
    Known(Section),
    /// The keys of artifacts, which no trust root lists.
    Unknown,
    Other,
}

/// A target that old clients read.
#[derive(Clone, Debug)]
pub struct LegacyTarget<'a> {
    name: &'a str,
    /// As the target states it, or as its name says.
    usage: String,
    /// Whether the target states it.
    is_stated: bool,
    status: Option<String>,
    uri: Option<String>,
    bytes: &'a [u8],
}

impl<'a> LegacyTarget<'a> {
    /// A target of that name with what is said of it in `custom`. `None` if old clients do not look at it.
    pub fn read(name: &'a str, custom: Option<&Value>, bytes: &'a [u8]) -> Option<LegacyTarget<'a>> {
        let stated = custom.and_then(Value::as_object).and_then(|custom| custom.get("sigstore"));
        let text = |member: &str| {
            let value = stated.and_then(Value::as_object).and_then(|stated| stated.get(member));
            value.and_then(Value::as_text).map(str::to_owned)
        };
        let stated = text("usage");
        let is_stated = stated.is_some();
        let usage = stated.or_else(|| usage_of_name(name).map(str::to_owned))?;
        let uri = text("uri").filter(|uri| !uri.is_empty());
        Some(LegacyTarget { name, usage, is_stated, status: text("status"), uri, bytes })
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The list of a trust root that its usage is about; `None` for a usage that clients pass over.
    pub fn section(&self) -> Option<Section> {
        match self.usage() {
            Usage::Known(section) => Some(section),
            Usage::Unknown | Usage::Other => None,
        }
    }

    /// Its usage, as the target states it or as its name says.
    pub fn usage_text(&self) -> &str {
        &self.usage
    }

    /// Whether the target states its usage. Of a usage that some target states, clients take no other target.
    pub fn is_stated(&self) -> bool {
        self.is_stated
    }

    /// Its status, as the target states it.
    pub fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// Its URL, as the target states it.
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// The file.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn usage(&self) -> Usage {
        match &*self.usage.to_ascii_lowercase() {
            "fulcio" => Usage::Known(Section::CertificateAuthorities),
            "rekor" => Usage::Known(Section::TransparencyLogs),
            "ctfe" => Usage::Known(Section::CertificateTransparencyLogs),
            "tsa" => Usage::Known(Section::TimestampAuthorities),
            "unknown" => Usage::Unknown,
            _ => Usage::Other,
        }
    }
}

/// The names that clients fall back to where no target states a usage.
fn usage_of_name(name: &str) -> Option<&'static str> {
    match name {
        "fulcio.crt.pem" | "fulcio_v1.crt.pem" | "fulcio_intermediate_v1.crt.pem" => Some("Fulcio"),
        "rekor.pub" => Some("Rekor"),
        "ctfe.pub" => Some("CTFE"),
        "tsa_leaf.crt.pem" | "tsa_root.crt.pem" => Some("TSA"),
        _ => {
            let number = name.strip_prefix("tsa_intermediate_")?.strip_suffix(".crt.pem")?;
            (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some("TSA")
        }
    }
}

/// One entry of the trust root as old clients know it: what is in the PEM files.
struct Instance {
    subject: String,
    section: Section,
    is_open: bool,
    /// Its key, or its certificates.
    parts: Vec<Vec<u8>>,
    is_read: bool,
}

/// Compares the targets that old clients read with the trust root.
pub fn lint_legacy_targets(targets: &[LegacyTarget<'_>], root: &TrustedRoot, at: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = Findings::default();
    let instances = instances(root, at);
    let mut shipped: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut usages: Vec<Section> = Vec::new();
    for target in targets {
        let subject = format!("target {}", Quoted(target.name));
        let section = match target.usage() {
            Usage::Known(section) => section,
            Usage::Unknown => continue,
            Usage::Other => {
                findings.add(&STATUS, "", subject, format!("unknown usage {}", Quoted(&target.usage)));
                continue;
            }
        };
        if target.is_stated {
            usages.push(section);
        }
        // What is known by its name alone need not be meant for old clients.
        let (unreadable, out_of_step) = match target.is_stated {
            true => (&UNREADABLE, &OUT_OF_STEP),
            false => (&NAME_ALONE, &NAME_ALONE),
        };
        let Some(blocks) = pem_blocks(target.bytes) else {
            findings.add(unreadable, "", subject, "is not a PEM file");
            continue;
        };
        let of_kind = || instances.iter().filter(|instance| instance.section == section);
        let holders: Vec<&Instance> =
            of_kind().filter(|instance| blocks.iter().any(|block| instance.parts.contains(block))).collect();
        for block in blocks {
            if !of_kind().any(|instance| instance.parts.contains(&block)) {
                let detail = format!("the trust root's {section} do not have what it holds");
                findings.add(out_of_step, "", &*subject, detail);
            }
            shipped.insert(block);
        }
        check_status(target, subject, &holders, &mut findings);
    }
    for instance in instances.iter().filter(|instance| instance.is_open && instance.is_read) {
        let is_complete = instance.parts.iter().all(|part| shipped.contains(part));
        if usages.contains(&instance.section) && !is_complete {
            findings.add(&OUT_OF_STEP, instance.section.as_str(), &*instance.subject, "no legacy target has it");
        }
    }
    findings.into_vec()
}

fn check_status(target: &LegacyTarget<'_>, subject: String, holders: &[&Instance], findings: &mut Findings) {
    let Some(status) = &target.status else { return };
    let is_open = holders.iter().any(|instance| instance.is_open);
    let detail = match &*status.to_ascii_lowercase() {
        _ if holders.is_empty() => return,
        "active" if !is_open => format!("is Active, and the window of {} is closed", holders[0].subject),
        "expired" if is_open => format!("is Expired, and the window of {} is open", holders[0].subject),
        "active" | "expired" => return,
        _ => format!("unknown status {}", Quoted(status)),
    };
    findings.add(&STATUS, "", subject, detail);
}

fn instances(root: &TrustedRoot, at: DateTime<Utc>) -> Vec<Instance> {
    let of_section = |section: Section| {
        let logs = root.logs(section).iter().map(move |log| Instance {
            subject: title(section, log.base_url(), log.valid_for()),
            section,
            is_open: log.valid_for().contains(at),
            parts: [log.key().spki_der().into_owned()].into(),
            // Old clients know no Ed25519 log: to leave it out is right.
            is_read: log.key().details().algorithm() != Algorithm::Ed25519,
        });
        let authorities = root.authorities(section).iter().map(move |authority| Instance {
            subject: title(section, authority.uri(), authority.valid_for()),
            section,
            is_open: authority.valid_for().contains(at),
            parts: authority.chain().map(<[u8]>::to_vec).collect(),
            is_read: true,
        });
        logs.chain(authorities)
    };
    Section::ALL.into_iter().flat_map(of_section).collect()
}

/// What is in the PEM blocks of a file; text between them is passed over. None if there is none, or one is not base64.
fn pem_blocks(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let blocks: Vec<Vec<u8>> =
        pem::blocks(core::str::from_utf8(bytes).ok()?).map(|block| block?.der()).collect::<Option<_>>()?;
    (!blocks.is_empty()).then_some(blocks)
}
