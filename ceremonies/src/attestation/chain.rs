//! The chain from the key's certificate to a vendor's root.

use chrono::{DateTime, Utc};

use super::certificate::Certificate;
use super::certificates::{AttestationCertificates, VendorRoot, VendorRoots};
use super::refusal::{AttestationRefusal, WhichCertificate};

/// Verifies every link, and gives the root that it ends at.
pub(super) fn verify(
    certificates: &AttestationCertificates,
    roots: &VendorRoots,
    at: DateTime<Utc>,
) -> Result<VendorRoot, AttestationRefusal> {
    // Otherwise any certificate for a key of an authority could be passed off as one for a token's key.
    if certificates.key.is_authority() {
        return Err(AttestationRefusal::AnAuthority);
    }
    let links = certificates.links();
    for (below, pair) in links.windows(2).enumerate() {
        if let [(which, certificate), (above, issuer)] = pair {
            check_named(*which, certificate, issuer)?;
            check_link(*which, certificate, *above, issuer, below)?;
            check_period(*above, issuer, at)?;
        }
    }
    // `below` counts the authorities between an issuer and the key's certificate: all but that one.
    let below = links.len().saturating_sub(1);
    let (which, last) = links.last().copied().unwrap_or((WhichCertificate::Key, &certificates.key));
    let mut refusal = AttestationRefusal::UnknownRoot { which, issuer: last.issuer().to_string() };
    // Vendors may have several roots of one name; one that holds suffices.
    for (root, vendor_root) in roots.issuers_of(last) {
        let checked = check_link(which, last, WhichCertificate::Root, root, below)
            .and_then(|()| check_period(WhichCertificate::Root, root, at));
        match checked {
            Ok(()) => return Ok(vendor_root),
            Err(why) => refusal = why,
        }
    }
    Err(refusal)
}

fn check_named(
    which: WhichCertificate,
    certificate: &Certificate,
    issuer: &Certificate,
) -> Result<(), AttestationRefusal> {
    if certificate.issuer() == issuer.subject() {
        return Ok(());
    }
    let (named, found) = (certificate.issuer().to_string(), issuer.subject().to_string());
    Err(AttestationRefusal::WrongIssuer { which, named, found })
}

fn check_link(
    which: WhichCertificate,
    certificate: &Certificate,
    above: WhichCertificate,
    issuer: &Certificate,
    below: usize,
) -> Result<(), AttestationRefusal> {
    issuer.may_certify(below).map_err(|why| AttestationRefusal::NotAnIssuer { which: above, why })?;
    if certificate.is_signed_by(issuer) {
        return Ok(());
    }
    Err(AttestationRefusal::BadSignature { which, issuer: issuer.subject().to_string() })
}

fn check_period(
    which: WhichCertificate,
    certificate: &Certificate,
    at: DateTime<Utc>,
) -> Result<(), AttestationRefusal> {
    // What no calendar reaches is no period that has not passed.
    let (from, until) = certificate.period().unwrap_or((DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH));
    if (from..=until).contains(&at) {
        Ok(())
    } else {
        Err(AttestationRefusal::OutsidePeriod { which, from, until, at })
    }
}
