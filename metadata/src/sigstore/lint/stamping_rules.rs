//! What is inside the certificates of timestamp authorities, and of no others.

use alloc::format;
use alloc::vec::Vec;

use super::super::section::Section;
use super::certificate_rules::Chain;
use super::entries::Entry;
use super::findings::{Findings, below, element};
use crate::lint::{Rule, Severity};
use crate::x509::Certificate;

pub(super) static TSA_LEAF_FIRST: Rule = Rule {
    id: "tsa-leaf-first",
    severity: Severity::Error,
    what: "a timestamp authority's chain does not begin with its signing certificate",
    why: "List the certificate that signs timestamps first, also where responses carry it.",
    who: "sigstore-js, sigstore-python and sigstore-rust refuse timestamps; sigstore-go takes the certificate of the response.",
};

pub(super) static TSA_LEAF_CA: Rule = Rule {
    id: "tsa-leaf-ca",
    severity: Severity::Error,
    what: "the certificate that signs timestamps is an authority's",
    why: "It is to have basicConstraints with CA:FALSE, or none.",
    who: "sigstore-go and sigstore-rust refuse timestamps. Where an authority stands in the place of the leaf, sigstore-js, \
          sigstore-python and sigstore-rust do, and sigstore-go takes the certificate of the response.",
};

pub(super) static TSA_EKU: Rule = Rule {
    id: "tsa-eku",
    severity: Severity::Error,
    what: "the certificate that signs timestamps is not for time stamping alone, in a critical extension",
    why: "RFC 3161, section 2.3, asks for exactly that.",
    who: "sigstore-go and sigstore-python refuse timestamps; sigstore-js and sigstore-rust accept them.",
};

pub(super) static TSA_INTERMEDIATE_EKU: Rule = Rule {
    id: "tsa-intermediate-eku",
    severity: Severity::Error,
    what: "an intermediate of a timestamp authority is not for time stamping",
    why: "Give it the purpose, as some readers ask it of every certificate below the root.",
    who: "Other purposes: sigstore-go and sigstore-rust refuse timestamps. None: sigstore-rust does.",
};

pub(super) static TSA_SERIAL: Rule = Rule {
    id: "tsa-serial",
    severity: Severity::Warning,
    what: "two timestamp authorities' certificates have one issuer and one serial number",
    why: "An issuer gives each certificate a number of its own.",
    who: "sigstore-js picks a certificate by issuer and serial number, and may pick the other one.",
};

impl Chain<'_> {
    /// What only a timestamp authority's chain has to be.
    pub(super) fn check_stamping(&mut self, is_in_order: bool) {
        let leaf = &self.certificates[0];
        let purposes = leaf.extended_key_usage();
        let stamps = purposes.is_some_and(|purposes| purposes.allows_time_stamping());
        let is_exact = purposes.is_some_and(|purposes| purposes.is_time_stamping_alone() && purposes.is_critical);
        if leaf.is_authority() && stamps && is_in_order {
            self.add(&TSA_LEAF_CA, 0, "certificate 1 of the chain signs timestamps and has CA:TRUE");
        } else if leaf.is_authority() {
            self.add(&TSA_LEAF_FIRST, 0, "certificate 1 of the chain is an authority's, not one that signs timestamps");
        } else if !is_exact {
            let detail = match stamps {
                true => "certificate 1 of the chain is not for time stamping alone, in a critical extension",
                false => "certificate 1 of the chain is not for time stamping",
            };
            self.add(&TSA_EKU, 0, detail);
        }
        if !is_in_order {
            return;
        }
        let last = self.certificates.len() - 1;
        let wrong: Vec<(usize, &str)> = self
            .issuers()
            .filter_map(|(position, certificate)| {
                let is_root = position == last && certificate.is_self_issued();
                match certificate.extended_key_usage() {
                    Some(purposes) if purposes.allows_time_stamping() => None,
                    Some(_) => Some((position, "is for other purposes than time stamping")),
                    None if is_root => None,
                    None => Some((position, "states no purposes, and time stamping is to be one")),
                }
            })
            .collect();
        for (position, problem) in wrong {
            self.add(&TSA_INTERMEDIATE_EKU, position, format!("certificate {} of the chain {problem}", position + 1));
        }
    }
}

/// What is wrong with the chains of one list together.
pub(super) fn check_chains(entries: &[Entry<'_>], findings: &mut Findings) {
    let leaves: Vec<(&Entry<'_>, Certificate)> = entries
        .iter()
        .filter(|entry| entry.section == Section::TimestampAuthorities)
        .filter_map(|entry| Some((entry, Certificate::read(entry.authority()?.chain().next()?).ok()?)))
        .collect();
    for (at, (entry, leaf)) in leaves.iter().enumerate() {
        let is_like = |(_, other): &&(&Entry<'_>, Certificate)| other != leaf && other.has_same_issuer_and_serial(leaf);
        if let Some((earlier, _)) = leaves[..at].iter().find(is_like) {
            let detail = format!("has the issuer and serial number of {}", earlier.subject);
            findings.add(
                &TSA_SERIAL,
                element(below(&entry.place, "certChain.certificates"), 0),
                &*entry.subject,
                detail,
            );
        }
    }
}
