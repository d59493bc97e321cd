//! What others write wrongly about authorities in a trust root, and what is meant.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::sigstore::Subject;
use rootline_metadata::x509::{Certificate, Chain, read_certificates};

use super::remark::Remarks;
use super::repair_log::{bytes, remove_new_members};
use super::told::Told;

/// An authority of a document while it is repaired.
pub(super) struct AuthorityEntry<'a> {
    /// For people: its place and its URL.
    pub(super) subject: &'a str,
}

impl AuthorityEntry<'_> {
    /// Repairs the entry. What is not recognised stays as it is.
    pub(super) fn repair(&self, entry: &mut ValueMembers, told: &mut Told) {
        let chain = self.repair_chain(entry, &mut told.remarks);
        if let Some(chain) = &chain {
            self.repair_subject(entry, chain, &mut told.remarks);
        }
        remove_new_members(entry, self.subject, &mut told.remarks);
        let url = entry.get("uri").and_then(Value::as_text).unwrap_or_default().to_owned();
        let digest = chain.as_ref().map(chain_hex);
        let names: Vec<String> = [url.clone()].into_iter().chain(digest).collect();
        if let Some(new) = told.answers.url(&names).filter(|new| *new != url) {
            told.remarks.repaired(self.subject, format!("uri was {url:?}; it is {new}, as was stated"));
            entry.insert("uri", new.into());
        }
    }

    /// The chain in DER, from leaf to root. `None` if its certificates make no chain, which stops it later.
    fn repair_chain(&self, entry: &mut ValueMembers, remarks: &mut Remarks) -> Option<Chain> {
        let list = entry.get_mut("certChain")?.as_object_mut()?.get_mut("certificates")?.as_array_mut()?;
        let mut found: Vec<(Certificate, Value)> = Vec::new();
        let mut is_pem = false;
        for listed in list.iter() {
            let raw = bytes(listed.get("rawBytes")?)?;
            is_pem |= raw.starts_with(b"-----BEGIN");
            for certificate in read_certificates(&raw).ok()? {
                // What else is said of it stays.
                let mut value = listed.clone();
                value.as_object_mut()?.insert("rawBytes", STANDARD.encode(certificate.der()).into());
                found.push((certificate, value));
            }
        }
        if is_pem {
            remarks.repaired(self.subject, "its certificates were PEM text where DER belongs");
        }
        let certificates: Vec<Certificate> = found.iter().map(|(certificate, _)| certificate.clone()).collect();
        let chain = Chain::of(certificates.clone()).ok();
        if let Some(chain) = chain.as_ref().filter(|chain| !is_order(chain, &certificates)) {
            remarks.repaired(self.subject, "its certificates were not in the order from leaf to root");
            let place = |certificate: &Certificate| chain.certificates().iter().position(|other| other == certificate);
            found.sort_by_key(|(certificate, _)| place(certificate));
            found.dedup_by(|one, other| one.0 == other.0);
            *list = found.into_iter().map(|(_, value)| value).collect();
        } else if is_pem {
            *list = found.into_iter().map(|(_, value)| value).collect();
        }
        chain
    }

    /// The subject as its certificates have it, where none is stated or the one of Sigstore's own that others copy.
    fn repair_subject(&self, entry: &mut ValueMembers, chain: &Chain, remarks: &mut Remarks) {
        let stated = entry.get("subject");
        let text = |name| stated.and_then(|subject| subject.get(name)).and_then(Value::as_text).unwrap_or_default();
        let said = (text("organization").to_owned(), text("commonName").to_owned());
        let is_copied = said == ("sigstore.dev".to_owned(), "sigstore".to_owned());
        let certified = subject_of(chain);
        let is_known = !certified.organization.is_empty() && !certified.common_name.is_empty();
        let is_missing = said.0.is_empty() && said.1.is_empty();
        let differs = (&certified.organization, &certified.common_name) != (&said.0, &said.1);
        if !is_known || !differs || !(is_copied || is_missing) {
            return;
        }
        let Subject { organization, common_name } = certified;
        let was = if is_missing { "it had no subject".to_owned() } else { "its subject was Sigstore's own".to_owned() };
        remarks.repaired(self.subject, format!("{was}; its certificates say O={organization}, CN={common_name}"));
        let subject = ValueMembers::new().with("organization", &*organization).with("commonName", &*common_name);
        entry.insert("subject", subject.into());
    }
}

/// Whether the certificates are the chain, one that is there twice counted once.
fn is_order(chain: &Chain, certificates: &[Certificate]) -> bool {
    let mut distinct: Vec<&Certificate> = Vec::new();
    for certificate in certificates {
        if !distinct.contains(&certificate) {
            distinct.push(certificate);
        }
    }
    distinct.into_iter().eq(chain.certificates())
}

/// The name to list an authority under: its root's, and what that does not say from the certificates below, from the root down.
pub(super) fn subject_of(chain: &Chain) -> Subject {
    let find = |of: fn(&Certificate) -> Option<String>| {
        let mut found = chain.certificates().iter().rev().filter_map(of);
        found.find(|text| !text.is_empty()).unwrap_or_default()
    };
    Subject { organization: find(Certificate::organization), common_name: find(Certificate::common_name) }
}

/// The digest of a chain in hex, as the notes call it.
pub(super) fn chain_hex(chain: &Chain) -> String {
    let certificates = chain.certificates().iter().map(Certificate::der);
    rootline_metadata::hex::encode(&crate::trust::entry_id::chain_digest(certificates))
}

#[cfg(test)]
mod tests {
    use rootline_metadata::pem_block;
    use rootline_metadata::sigstore::TrustedRoot;

    use super::*;

    /// Sigstore's Fulcio with an intermediate.
    fn authority() -> ValueMembers {
        let root = TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap();
        let list = root.value().get("certificateAuthorities").and_then(Value::as_array).unwrap();
        list[1].as_object().unwrap().clone()
    }

    fn certificates(authority: &ValueMembers) -> Vec<Value> {
        authority.get("certChain").unwrap().get("certificates").and_then(Value::as_array).unwrap().to_vec()
    }

    fn with(certificates: Vec<Value>) -> ValueMembers {
        let mut authority = authority();
        authority.insert("certChain", ValueMembers::new().with("certificates", certificates).into());
        authority
    }

    fn with_subject(organization: &str, common_name: &str) -> ValueMembers {
        let subject = ValueMembers::new().with("organization", organization).with("commonName", common_name);
        authority().with("subject", subject)
    }

    fn repaired(authority: &mut ValueMembers) -> Vec<String> {
        let mut told = Told::default();
        AuthorityEntry { subject: "ca" }.repair(authority, &mut told);
        told.remarks.0.into_iter().map(|remark| remark.text).collect()
    }

    #[test]
    fn a_chain_is_put_in_der_and_in_order_with_all_that_is_said_of_it() {
        let right = certificates(&authority());
        assert_eq!(repaired(&mut authority()), [""; 0]);
        let mut reversed = with(right.iter().rev().cloned().collect());
        assert_eq!(repaired(&mut reversed), ["its certificates were not in the order from leaf to root"]);
        assert_eq!(reversed, authority());
        // One text for the whole chain, and one for each.
        let pem = |value: &Value| pem_block("CERTIFICATE", &bytes(value.get("rawBytes").unwrap()).unwrap());
        let value = |text: String| Value::from(ValueMembers::new().with("rawBytes", STANDARD.encode(text)));
        let whole: String = right.iter().map(pem).collect();
        let each = right.iter().map(|one| value(pem(one))).collect();
        for mut text in [with(vec![value(whole)]), with(each)] {
            assert_eq!(repaired(&mut text), ["its certificates were PEM text where DER belongs"]);
            assert_eq!(text, authority());
        }
        // What makes no chain stays for the lint.
        let mut broken = with(vec![right[0].clone(), right[0].clone(), Value::Null]);
        let before = broken.clone();
        assert_eq!(repaired(&mut broken), [""; 0]);
        assert_eq!(broken, before);
    }

    #[test]
    fn a_subject_is_that_of_the_certificates_where_none_or_a_copied_one_is_stated() {
        let mut missing = authority();
        missing.remove("subject");
        assert_eq!(repaired(&mut missing), ["it had no subject; its certificates say O=sigstore.dev, CN=sigstore"]);
        assert_eq!(missing.get("subject"), authority().get("subject"));
        // Somebody's own choice stays.
        let mut own = with_subject("acme.example", "ours");
        assert_eq!(repaired(&mut own), [""; 0]);
        assert_eq!(own, with_subject("acme.example", "ours"));
    }
}
