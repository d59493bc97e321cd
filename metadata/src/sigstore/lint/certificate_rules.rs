//! What is inside the certificates of a trust root's authorities.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::proto_json::timestamp_text;
use super::super::section::Section;
use super::authority_rules::DER;
use super::entries::Entry;
use super::findings::{Findings, below, element};
use super::settings::LintSettings;
use crate::keys::public_key::{PublicKey, UnusableKey};
use crate::lint::{Rule, Severity};
use crate::quoted::plain;
use crate::x509::{Certificate, LinkError, common_validity};

pub(super) static ORDER: Rule = Rule {
    id: "ca-order",
    severity: Severity::Error,
    what: "a chain does not run from leaf to root",
    why: "Put what issues, or signs, first and the root last.",
    who: "All accept the file; sigstore-go anchors at the last certificate given, of any kind.",
};

pub(super) static LINK: Rule = Rule {
    id: "ca-link",
    severity: Severity::Error,
    what: "a certificate is not signed by the one that follows it",
    why: "The issuer's name may fit all the same: a renewed root has the name of the old one and another key. List the root that signed.",
    who: "sigstore-go and sigstore-js refuse what is issued below the link. sigstore-python and sigstore-rust trust each certificate of \
          a chain by itself.",
};

pub(super) static UNVERIFIED: Rule = Rule {
    id: "ca-unverified",
    severity: Severity::Warning,
    what: "a certificate's signature is of a kind that is not verified here",
    why: "P-521 keys and RSA-PSS, for example. Try your clients first.",
    who: "",
};

pub(super) static INCOMPLETE: Rule = Rule {
    id: "ca-incomplete",
    severity: Severity::Error,
    what: "a chain does not end with a self-signed root",
    why: "Clients differ on whether they anchor at a certificate that others have issued. Add the root.",
    who: "sigstore-js finds no path to a root. sigstore-go, sigstore-python and sigstore-rust anchor at the last certificate all the \
          same.",
};

pub(super) static NOT_CA: Rule = Rule {
    id: "ca-not-ca",
    severity: Severity::Error,
    what: "a certificate that issues others may not",
    why: "It needs basicConstraints with CA:TRUE and a path length that reaches, and keyUsage with keyCertSign.",
    who: "sigstore-go and sigstore-js refuse what it has issued; sigstore-python does where it is the issuer itself; sigstore-rust does \
          not look.",
};

pub(super) static LEAF_GIVEN: Rule = Rule {
    id: "ca-leaf-given",
    severity: Severity::Error,
    what: "a certificate authority's chain begins with an end-entity certificate",
    why: "Begin with the certificate that issues signing certificates. Most often a timestamp authority's chain is in the wrong list.",
    who: "Every client refuses what it has not issued. Where it is the issuer that is no authority, sigstore-rust alone does not look.",
};

pub(super) static EKU: Rule = Rule {
    id: "ca-eku",
    severity: Severity::Error,
    what: "a certificate authority is for purposes that do not include code signing",
    why: "Purposes of an authority bound those of what it issues, and signing certificates are for code signing.",
    who: "sigstore-go refuses the signing certificates; Fulcio does not start with such an authority.",
};

pub(super) static EKU_ABSENT: Rule = Rule {
    id: "ca-eku-absent",
    severity: Severity::Note,
    what: "the issuing intermediate states no purposes",
    why: "It may then issue certificates of any kind. Fulcio demands code signing of intermediates that it issues with.",
    who: "",
};

pub(super) static WINDOW: Rule = Rule {
    id: "ca-window-cert",
    severity: Severity::Error,
    what: "a window is not inside the time in which all certificates of its chain hold",
    why: "Nothing verifies outside of it, so the window promises what cannot be.",
    who: "Every client refuses signatures of that time.",
};

pub(super) static EXPIRED: Rule = Rule {
    id: "ca-expired",
    severity: Severity::Error,
    what: "a chain is open and its certificates do not hold now",
    why: "Nothing new verifies against it. Close the window at the last instant at which all certificates held, and list the next chain.",
    who: "Every client refuses what is signed now.",
};

pub(super) static EXPIRES: Rule = Rule {
    id: "ca-expires",
    severity: Severity::Warning,
    what: "a chain that is open ends soon",
    why: "Plan a rotation: a new chain has to reach every verifier before the old one ends.",
    who: "",
};

pub(super) static WEAK: Rule = Rule {
    id: "ca-weak",
    severity: Severity::Error,
    what: "a certificate is of a kind that clients have come to refuse",
    why: "A signature over SHA-1 or MD5, an RSA key under 2048 bits, a certificate of version 1 or a negative serial number.",
    who: "Newer versions of Go, and so sigstore-go and cosign.",
};

pub(super) static SUBJECT: Rule = Rule {
    id: "ca-subject",
    severity: Severity::Note,
    what: "the subject is not the name that a certificate of the chain states",
    why: "It is shown to people only. cosign writes organisation and common name of the last certificate.",
    who: "policy-controller needs both to be there.",
};

/// What is wrong with one chain.
pub(super) fn check_chain(entry: &Entry<'_>, settings: &LintSettings<'_>, findings: &mut Findings) {
    let Some(authority) = entry.authority() else { return };
    let place = below(&entry.place, "certChain.certificates");
    let mut certificates = Vec::new();
    for (position, der) in authority.chain().enumerate() {
        match Certificate::read(der) {
            Ok(certificate) => certificates.push(certificate),
            Err(error) => {
                let detail = format!("certificate {} of the chain cannot be read: {error}", position + 1);
                findings.add(&DER, element(&place, position), &*entry.subject, detail);
            }
        }
    }
    if certificates.len() != authority.chain().len() {
        return;
    }
    let mut chain = Chain { entry, place, certificates, findings };
    let is_in_order = chain.check_order();
    match entry.section {
        Section::TimestampAuthorities => chain.check_stamping(is_in_order),
        _ => chain.check_issuing(is_in_order),
    }
    if is_in_order {
        chain.check_authorities();
        chain.check_root();
    }
    chain.check_window(settings);
    chain.check_strength();
    chain.check_subject();
}

/// A chain whose certificates can all be read.
pub(super) struct Chain<'a> {
    entry: &'a Entry<'a>,
    place: String,
    /// At least one.
    pub(super) certificates: Vec<Certificate>,
    findings: &'a mut Findings,
}

impl Chain<'_> {
    pub(super) fn add(&mut self, rule: &'static Rule, position: usize, detail: impl Into<String>) {
        self.findings.add(rule, element(&self.place, position), &*self.entry.subject, detail);
    }

    /// The certificates above the first of a timestamp authority, or all: those that issue others.
    pub(super) fn issuers(&self) -> impl Iterator<Item = (usize, &Certificate)> {
        let leaves = usize::from(self.entry.section == Section::TimestampAuthorities);
        self.certificates.iter().enumerate().skip(leaves)
    }

    /// Whether each names the next as its issuer.
    fn check_order(&mut self) -> bool {
        let links: Vec<Option<LinkError>> =
            self.certificates.windows(2).map(|pair| pair[0].check_signed_by(&pair[1]).err()).collect();
        if links.contains(&Some(LinkError::OtherIssuer)) {
            let is_issuer = |certificate: &Certificate, other: &Certificate| {
                certificate != other && !matches!(certificate.check_signed_by(other), Err(LinkError::OtherIssuer))
            };
            let is_upside_down = self.certificates.windows(2).all(|pair| is_issuer(&pair[1], &pair[0]));
            let unlinked = links.iter().position(|link| *link == Some(LinkError::OtherIssuer)).unwrap_or_default();
            let has_its_issuer = self.certificates.iter().any(|other| is_issuer(&self.certificates[unlinked], other));
            match (is_upside_down, has_its_issuer) {
                (true, _) => self.add(
                    &ORDER,
                    0,
                    "the chain is in the wrong order: it runs from the root to the leaf, and clients read it from leaf to root",
                ),
                (_, true) => {
                    let detail = format!("certificate {} of the chain is not followed by its issuer", unlinked + 1);
                    self.add(&ORDER, unlinked, detail);
                }
                _ => {
                    let detail =
                        format!("certificate {} of the chain was not issued by the one that follows it", unlinked + 1);
                    self.add(&LINK, unlinked, detail);
                }
            }
            return false;
        }
        for (position, link) in links.into_iter().enumerate() {
            let number = position + 1;
            match link {
                Some(LinkError::BadSignature) => {
                    let detail = format!(
                        "certificate {number} of the chain names the one that follows it as its issuer, and is not signed by its key"
                    );
                    self.add(&LINK, position, detail);
                }
                // A weak one is a finding of its own.
                Some(LinkError::Unsupported { oid }) if !self.certificates[position].has_weak_signature() => {
                    let detail =
                        format!("the signature of certificate {number} of the chain ({oid}) is not verified here");
                    self.add(&UNVERIFIED, position, detail);
                }
                _ => {}
            }
        }
        true
    }

    /// Of a certificate authority.
    fn check_issuing(&mut self, is_in_order: bool) {
        if is_in_order && !self.certificates[0].is_authority() {
            self.add(&LEAF_GIVEN, 0, "certificate 1 of the chain is an end-entity certificate");
        }
        let other: Vec<usize> = self
            .certificates
            .iter()
            .enumerate()
            .filter_map(|(position, certificate)| {
                let purposes = certificate.extended_key_usage()?;
                (!purposes.allows_code_signing()).then_some(position)
            })
            .collect();
        for position in other {
            let detail = format!("certificate {} of the chain is for other purposes than code signing", position + 1);
            self.add(&EKU, position, detail);
        }
        if is_in_order && self.certificates.len() > 1 && self.certificates[0].extended_key_usage().is_none() {
            self.add(&EKU_ABSENT, 0, "certificate 1 of the chain states no purposes");
        }
    }

    /// Of those that issue others, a chain's first certificate of a certificate authority among them.
    fn check_authorities(&mut self) {
        let leaves = usize::from(self.entry.section == Section::TimestampAuthorities);
        let mut problems = Vec::new();
        for (position, certificate) in self.issuers() {
            // An end-entity certificate in the first place is a finding of its own.
            if !certificate.is_authority() {
                if position > 0 {
                    problems.push((position, "is not an authority's (basicConstraints with CA:TRUE)"));
                }
            } else if !certificate.may_sign_certificates() {
                problems.push((position, "may not sign certificates (keyUsage without keyCertSign)"));
            } else if certificate.path_length().is_some_and(|most| usize::from(most) < position - leaves) {
                problems.push((position, "has a path length that does not reach down the chain"));
            }
        }
        for (position, problem) in problems {
            self.add(&NOT_CA, position, format!("certificate {} of the chain {problem}", position + 1));
        }
    }

    fn check_root(&mut self) {
        let last = self.certificates.len() - 1;
        let root = &self.certificates[last];
        let detail = match root.check_signed_by(root) {
            Err(LinkError::OtherIssuer) => "the last certificate of the chain is not self-signed",
            Err(LinkError::BadSignature) => {
                "the last certificate of the chain names itself as its issuer, and has not signed itself"
            }
            Ok(()) | Err(_) => return,
        };
        self.add(&INCOMPLETE, last, detail);
    }

    fn check_window(&mut self, settings: &LintSettings<'_>) {
        let (Some(window), at) = (self.entry.window, settings.at) else { return };
        let Some(common) = common_validity(&self.certificates).filter(|_| !window.is_empty()) else { return };
        let (Some(start), Some(end)) = (common.start(), common.end()) else { return };
        let mut add = |rule, detail: String| {
            self.findings.add(rule, below(&self.entry.place, "validFor"), &*self.entry.subject, detail);
        };
        if window.start().is_some_and(|opens| opens < start) {
            let opens = window.start().map(timestamp_text).unwrap_or_default();
            let detail = format!(
                "its window opens at {opens}, and the certificates of its chain hold from {} on",
                timestamp_text(start)
            );
            add(&WINDOW, detail);
        }
        if let Some(closes) = window.end()
            && closes > end
        {
            let detail = format!(
                "its window runs until {}, and the certificates of its chain hold until {}",
                timestamp_text(closes),
                timestamp_text(end)
            );
            add(&WINDOW, detail);
        }
        if !window.contains(at) {
            return;
        }
        if !common.contains(at) {
            add(
                &EXPIRED,
                format!("is open at {}, and the certificates of its chain hold {common}", timestamp_text(at)),
            );
        } else if end - at < settings.expiry_notice && window.end().is_none_or(|closes| closes > end) {
            add(&EXPIRES, format!("is open, and the certificates of its chain hold until {}", timestamp_text(end)));
        }
    }

    fn check_strength(&mut self) {
        let last = self.certificates.len() - 1;
        let mut problems: Vec<(usize, String)> = Vec::new();
        for (position, certificate) in self.certificates.iter().enumerate() {
            // Nobody verifies a root's own signature.
            let is_root = position == last && certificate.is_self_issued();
            if certificate.has_weak_signature() && !is_root {
                problems.push((position, "is signed over SHA-1 or MD5".into()));
            }
            match PublicKey::from_spki_der(&certificate.spki_der()) {
                Err(UnusableKey::RsaModulus { bits }) if bits < 2048 => {
                    problems.push((position, format!("has an RSA key of {bits} bits")));
                }
                _ => {}
            }
            if certificate.version() < 3 {
                problems.push((position, format!("is of version {}", certificate.version())));
            }
            if certificate.serial().first().is_some_and(|first| first & 0x80 != 0) {
                problems.push((position, "has a negative serial number".into()));
            }
        }
        for (position, problem) in problems {
            self.add(&WEAK, position, format!("certificate {} of the chain {problem}", position + 1));
        }
    }

    fn check_subject(&mut self) {
        let Some(stated) = self.entry.authority().map(|authority| authority.subject().clone()) else { return };
        let is_name_of = |certificate: &Certificate| {
            certificate.organization().unwrap_or_default() == stated.organization
                && certificate.common_name().unwrap_or_default() == stated.common_name
        };
        let ends = [self.certificates.first(), self.certificates.last()];
        if ends.into_iter().flatten().any(is_name_of) {
            return;
        }
        let named = self.certificates.last().map(Certificate::subject).unwrap_or_default();
        let detail = format!(
            "the subject is CN={},O={}, and the last certificate's is {}",
            plain(&stated.common_name),
            plain(&stated.organization),
            plain(&named)
        );
        self.findings.add(&SUBJECT, below(&self.entry.place, "subject"), &*self.entry.subject, detail);
    }
}
