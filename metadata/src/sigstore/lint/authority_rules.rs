//! The certificate and timestamp authorities of a trust root, without what is inside their certificates.

use alloc::format;
use alloc::vec::Vec;

use super::super::section::Section;
use super::super::skipped::SkipReason;
use super::entries::{Entry, View};
use super::findings::{Findings, below, element};
use super::schema::{member, text};
use super::settings::LintSettings;
use crate::lint::{Rule, Severity};

pub(super) static MEMBER_MISSING: Rule = Rule {
    id: "ca-member-missing",
    severity: Severity::Error,
    what: "an authority has no subject or no uri",
    why: "Both are shown to people, and some readers cannot do without. State the organisation, the name and the URL.",
    who: "sigstore-python refuses a file without the subject, sigstore-rust one without the uri.",
};

pub(super) static EMPTY: Rule = Rule {
    id: "ca-empty",
    severity: Severity::Error,
    what: "an authority has no certificate",
    why: "Nothing verifies against an empty chain.",
    who: "Every client refuses the file.",
};

pub(super) static DER: Rule = Rule {
    id: "ca-der",
    severity: Severity::Error,
    what: "a certificate cannot be parsed",
    why: "rawBytes is to be one DER certificate and nothing after it.",
    who: "Every client refuses the file.",
};

pub(super) static DUPLICATE: Rule = Rule {
    id: "ca-duplicate",
    severity: Severity::Warning,
    what: "a certificate is in a chain twice, or a chain is listed twice",
    why: "The second says nothing new, and when one of two windows is closed the other stays open.",
    who: "",
};

pub(super) static ONE_CERTIFICATE: Rule = Rule {
    id: "tsa-one-cert",
    severity: Severity::Error,
    what: "a timestamp authority's chain is a single certificate",
    why: "Put the signing certificate first and the root last.",
    who: "sigstore-python needs two; sigstore-go, sigstore-js and sigstore-rust find no root.",
};

pub(super) static WINDOWS_UNUSED: Rule = Rule {
    id: "ca-windows-unused",
    severity: Severity::Note,
    what: "a certificate authority has an end",
    why: "Right for one that is retired, and not every client looks at it. What a stolen authority issues is refused by all once its \
          chain is gone.",
    who: "sigstore-python pools the certificates of all authorities: any may anchor, and ends are passed over.",
};

pub(super) fn check_authority(entry: &Entry<'_>, settings: &LintSettings<'_>, findings: &mut Findings) {
    #[cfg(not(feature = "x509"))]
    let _ = settings;
    let mut missing = |name: &str| {
        findings.add(&MEMBER_MISSING, below(&entry.place, name), &*entry.subject, format!("`{name}` is absent"));
    };
    if member(entry.node, "subject").is_none() {
        missing("subject");
    }
    if text(entry.node, "uri").is_none() {
        missing("uri");
    }
    let certificates = below(&entry.place, "certChain.certificates");
    match &entry.view {
        View::Authority(authority) => {
            if entry.section == Section::TimestampAuthorities && authority.chain().len() == 1 {
                findings.add(&ONE_CERTIFICATE, certificates, &*entry.subject, "the chain is a single certificate");
            }
            check_repetition(entry, findings);
            #[cfg(feature = "x509")]
            if settings.reads_certificates {
                super::certificate_rules::check_chain(entry, settings, findings);
            }
        }
        View::Skipped(SkipReason::EmptyChain) => {
            findings.add(&EMPTY, certificates, &*entry.subject, "the chain has no certificate");
        }
        View::Skipped(SkipReason::NotACertificate { position }) => {
            let place = element(&certificates, *position);
            // A PEM file is no DER either.
            if !findings.are_within(&place) {
                let detail = format!("certificate {} of the chain is not one DER SEQUENCE", position + 1);
                findings.add(&DER, place, &*entry.subject, detail);
            }
        }
        View::Skipped(_) if member(entry.node, "certChain").is_none() => {
            findings.add(&EMPTY, certificates, &*entry.subject, "the chain is absent");
        }
        _ => {}
    }
}

fn check_repetition(entry: &Entry<'_>, findings: &mut Findings) {
    let chain: Vec<&[u8]> = entry.authority().into_iter().flat_map(|authority| authority.chain()).collect();
    for (position, certificate) in chain.iter().enumerate() {
        if let Some(earlier) = chain[..position].iter().position(|other| other == certificate) {
            let place = element(below(&entry.place, "certChain.certificates"), position);
            let detail = format!("certificate {} of the chain is certificate {} again", position + 1, earlier + 1);
            findings.add(&DUPLICATE, place, &*entry.subject, detail);
        }
    }
}

/// What is wrong with the authorities of one list together.
pub(super) fn check_authorities(entries: &[Entry<'_>], settings: &LintSettings<'_>, findings: &mut Findings) {
    #[cfg(feature = "x509")]
    if settings.reads_certificates {
        super::stamping_rules::check_chains(entries, findings);
    }
    #[cfg(not(feature = "x509"))]
    let _ = settings;
    check_ends(entries, findings);
    for (at, entry) in entries.iter().enumerate() {
        let Some(authority) = entry.authority() else { continue };
        let is_same = |other: &&Entry<'_>| other.authority().is_some_and(|other| other.chain().eq(authority.chain()));
        if let Some(earlier) = entries[..at].iter().find(is_same) {
            let detail = format!("has the chain of {}", earlier.subject);
            findings.add(&DUPLICATE, below(&entry.place, "certChain"), &*entry.subject, detail);
        }
    }
}

/// Says once that a client passes over the ends.
fn check_ends(entries: &[Entry<'_>], findings: &mut Findings) {
    let is_closed = |entry: &&Entry<'_>| entry.window.is_some_and(|window| window.end().is_some());
    let mut closed = entries.iter().filter(|entry| entry.section == Section::CertificateAuthorities).filter(is_closed);
    if let Some(entry) = closed.next() {
        let detail = "the window has an end, which sigstore-python does not look at";
        findings.add(&WINDOWS_UNUSED, below(&entry.place, "validFor.end"), &*entry.subject, detail);
    }
}
