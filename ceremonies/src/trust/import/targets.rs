//! PEM targets as old clients read them.

use rootline_metadata::sigstore::lint::LegacyTarget;
use rootline_metadata::sigstore::{LogKey, Section};
use rootline_metadata::x509::{Certificate, Chain, read_certificates};

use super::error::ImportError;
use super::part::{Part, PartKind, StatedEnd};
use super::remark::{RemarkKind, Remarks};

/// The parts that the targets of one repository are. Those that state a usage count; of a usage that none states, those of the names that
/// clients know. Certificates are put into chains by their signatures.
///
/// # Errors
/// If a target that old clients read cannot be read, or certificates make no chains.
pub(super) fn parts(
    source: &str,
    targets: &[LegacyTarget<'_>],
    remarks: &mut Remarks,
) -> Result<Vec<Part>, ImportError> {
    let mut parts = Vec::new();
    for target in targets.iter().filter(|target| target.is_stated() && target.section().is_none()) {
        let text = format!("its usage is {}, which no client trusts", target.usage_text());
        remarks.add(RemarkKind::PassedOver, target.name(), text);
    }
    for section in Section::ALL {
        let of_section = || targets.iter().filter(|target| target.section() == Some(section));
        let is_stated = of_section().any(LegacyTarget::is_stated);
        let mut read: Vec<(&LegacyTarget<'_>, bool)> = Vec::new();
        for target in of_section().filter(|target| target.is_stated() == is_stated) {
            match target.status().map(str::to_ascii_lowercase).as_deref() {
                None | Some("active") => read.push((target, false)),
                Some("expired") => read.push((target, true)),
                Some(other) => {
                    let text = format!("its status is {other}, and clients take what is active or expired");
                    remarks.add(RemarkKind::PassedOver, target.name(), text);
                }
            }
        }
        match section.holds_logs() {
            true => {
                for target in &read {
                    parts.push(log(source, section, *target)?);
                }
            }
            false => parts.extend(authorities(source, section, &read)?),
        }
    }
    Ok(parts)
}

fn log(source: &str, section: Section, (target, is_expired): (&LegacyTarget<'_>, bool)) -> Result<Part, ImportError> {
    let name = || format!("{source}: {}", target.name());
    let key = LogKey::read_file(target.bytes()).map_err(|problem| ImportError::Key { name: name(), problem })?;
    Ok(Part {
        source: target.name().to_owned(),
        called: vec![target.name().to_owned()],
        section,
        kind: PartKind::Log { key: Box::new(key), id_kind: None },
        url: target.uri().map(str::to_owned),
        start: None,
        end: end(is_expired),
    })
}

fn authorities(
    source: &str,
    section: Section,
    targets: &[(&LegacyTarget<'_>, bool)],
) -> Result<Vec<Part>, ImportError> {
    let mut all: Vec<(Certificate, &LegacyTarget<'_>, bool)> = Vec::new();
    for (target, is_expired) in targets {
        let name = || format!("{source}: {}", target.name());
        let certificates = read_certificates(target.bytes());
        let certificates = certificates.map_err(|problem| ImportError::Certificates { name: name(), problem })?;
        all.extend(certificates.into_iter().map(|certificate| (certificate, *target, *is_expired)));
    }
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = targets.iter().map(|(target, _)| target.name()).collect();
    let chains = Chain::split(all.iter().map(|(certificate, ..)| certificate.clone()).collect());
    let chains =
        chains.map_err(|problem| ImportError::Chain { name: format!("{source}: {}", names.join(", ")), problem })?;
    let part = |chain: Chain| {
        // The targets that it is made of, from the leaf up.
        let mut of: Vec<(&LegacyTarget<'_>, bool)> = Vec::new();
        for certificate in chain.certificates() {
            let from = all.iter().filter(|(other, ..)| other == certificate).map(|(_, target, is)| (*target, *is));
            of.extend(from);
        }
        let mut called: Vec<String> = Vec::new();
        for (target, _) in &of {
            if !called.iter().any(|name| name == target.name()) {
                called.push(target.name().to_owned());
            }
        }
        Part {
            source: called.join(" + "),
            called,
            section,
            kind: PartKind::Authority(chain),
            url: of.iter().find_map(|(target, _)| target.uri()).map(str::to_owned),
            start: None,
            end: end(of.iter().any(|(_, is_expired)| *is_expired)),
        }
    };
    Ok(chains.into_iter().map(part).collect())
}

fn end(is_expired: bool) -> StatedEnd {
    if is_expired { StatedEnd::NotSaid } else { StatedEnd::Open }
}

#[cfg(test)]
mod tests {
    use rootline_metadata::json::{Value, ValueMembers};
    use rootline_metadata::pem_block;
    use rootline_metadata::sigstore::TrustedRoot;

    use super::*;

    struct Made {
        name: &'static str,
        custom: Option<Value>,
        bytes: Vec<u8>,
    }

    fn said(usage: &str, status: &str) -> Option<Value> {
        let said = ValueMembers::new().with("usage", usage).with("status", status).with("uri", "https://x.example");
        Some(ValueMembers::new().with("sigstore", Value::from(said)).into())
    }

    fn sigstore() -> TrustedRoot {
        TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap()
    }

    fn key(at: usize) -> Vec<u8> {
        sigstore().certificate_transparency_logs()[at].key().to_pem().into_bytes()
    }

    fn certificate(section: Section, authority: usize, at: usize) -> Vec<u8> {
        let root = sigstore();
        pem_block("CERTIFICATE", root.authorities(section)[authority].chain().nth(at).unwrap()).into_bytes()
    }

    fn read(made: &[Made]) -> Result<(Vec<Part>, Vec<String>), ImportError> {
        let mut remarks = Remarks::default();
        let targets = made.iter().filter_map(|made| LegacyTarget::read(made.name, made.custom.as_ref(), &made.bytes));
        let parts = parts("theirs", &targets.collect::<Vec<_>>(), &mut remarks)?;
        Ok((parts, remarks.0.iter().map(ToString::to_string).collect()))
    }

    fn told(parts: &[Part]) -> Vec<(&str, Section, StatedEnd)> {
        parts.iter().map(|part| (&*part.source, part.section, part.end)).collect()
    }

    #[test]
    fn names_count_for_a_usage_that_no_target_states() {
        let ct = Section::CertificateTransparencyLogs;
        let named = || Made { name: "ctfe.pub", custom: None, bytes: key(0) };
        let stated = Made { name: "other.pub", custom: said("ctfe", "ACTIVE"), bytes: key(1) };
        let (parts, remarks) = read(&[named()]).unwrap();
        assert_eq!((told(&parts), remarks), (vec![("ctfe.pub", ct, StatedEnd::Open)], vec![]));
        assert_eq!(parts[0].url, None);
        let (parts, _) = read(&[named(), stated]).unwrap();
        assert_eq!(told(&parts), [("other.pub", ct, StatedEnd::Open)]);
        assert_eq!(parts[0].url.as_deref(), Some("https://x.example"));
    }

    #[test]
    fn a_status_is_active_expired_or_passed_over() {
        let of = |status: &str| read(&[Made { name: "a", custom: said("CTFE", status), bytes: key(0) }]).unwrap();
        assert_eq!(of("Active").0[0].end, StatedEnd::Open);
        assert_eq!(of("expired").0[0].end, StatedEnd::NotSaid);
        let (parts, remarks) = of("Retired");
        assert!(parts.is_empty());
        assert_eq!(remarks, ["passed over: a: its status is retired, and clients take what is active or expired"]);
        let unknown = Made { name: "artifact.pub", custom: said("Unknown", "Active"), bytes: b"no key".to_vec() };
        let (parts, remarks) = read(&[unknown]).unwrap();
        assert!(parts.is_empty());
        assert_eq!(remarks, ["passed over: artifact.pub: its usage is Unknown, which no client trusts"]);
    }

    #[test]
    fn certificates_of_several_targets_are_joined_by_their_signatures() {
        let fulcio = |at, place| certificate(Section::CertificateAuthorities, at, place);
        let target = |name, status, bytes| Made { name, custom: said("Fulcio", status), bytes };
        // Both roots have one name; one of them has issued.
        let all = [
            target("old", "Expired", fulcio(0, 0)),
            target("root", "Active", fulcio(1, 1)),
            target("issuing", "Active", fulcio(1, 0)),
        ];
        let (parts, _) = read(&all).unwrap();
        let ca = Section::CertificateAuthorities;
        assert_eq!(told(&parts), [("old", ca, StatedEnd::NotSaid), ("issuing + root", ca, StatedEnd::Open)]);
        let tsa = |name, at| Made { name, custom: None, bytes: certificate(Section::TimestampAuthorities, 0, at) };
        let (parts, _) = read(&[tsa("tsa_root.crt.pem", 1), tsa("tsa_leaf.crt.pem", 0)]).unwrap();
        let both = "tsa_leaf.crt.pem + tsa_root.crt.pem";
        assert_eq!(told(&parts), [(both, Section::TimestampAuthorities, StatedEnd::Open)]);
        // A root of the same name that has not signed.
        let wrong = [target("old", "Active", fulcio(0, 0)), target("issuing", "Active", fulcio(1, 0))];
        let error = read(&wrong).unwrap_err().to_string();
        assert!(error.starts_with("theirs: old, issuing: the certificate of"), "{error}");
    }

    #[test]
    fn one_that_cannot_be_read_is_named() {
        let target = |usage, bytes: &[u8]| Made { name: "a", custom: said(usage, "Active"), bytes: bytes.to_vec() };
        for (made, why) in [
            (target("Rekor", b"x"), "theirs: a: it is not a public key in PEM or DER"),
            (target("TSA", b"x"), "theirs: a: it has no certificate in it"),
            (target("Fulcio", &key(0)), "theirs: a: it is a public key, not a certificate"),
        ] {
            assert_eq!(read(&[made]).unwrap_err().to_string(), why);
        }
    }
}
