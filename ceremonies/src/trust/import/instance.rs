//! What the endpoints of a running instance answer.

use rootline_metadata::json::Value;
use rootline_metadata::x509::{Certificate, ContainerError, MAX_CONTAINER_BYTES, read_certificates};

use super::error::ImportError;

/// Reads Fulcio's answer to `/api/v2/trustBundle`: `{"chains": [{"certificates": [PEM, …]}, …]}`.
///
/// # Errors
/// If it is not that, or has no certificates that can be read.
pub fn read_trust_bundle(name: &str, bytes: &[u8]) -> Result<Vec<Certificate>, ImportError> {
    let value = Value::parse(bytes, MAX_CONTAINER_BYTES)
        .map_err(|problem| ImportError::Document { name: name.to_owned(), problem })?;
    let list = |value: &Value, member: &str| value.get(member).and_then(Value::as_array).map(<[Value]>::to_vec);
    let chains = list(&value, "chains").unwrap_or_default();
    let certificates = chains.iter().flat_map(|chain| list(chain, "certificates").unwrap_or_default());
    let mut pem = String::new();
    for certificate in certificates {
        pem.push_str(certificate.as_text().unwrap_or_default());
        pem.push('\n');
    }
    read_certificate_chains(name, pem.as_bytes())
}

/// Reads certificates, in PEM, DER or PKCS#7: Fulcio's answer to `/api/v1/rootCert`, and a timestamp authority's to `…/certchain`.
///
/// # Errors
/// If there are none, or they cannot be read.
pub fn read_certificate_chains(name: &str, bytes: &[u8]) -> Result<Vec<Certificate>, ImportError> {
    let problem = |problem: ContainerError| ImportError::Certificates { name: name.to_owned(), problem };
    read_certificates(bytes).map_err(problem)
}

/// Whether a document is such an answer, kept in a file.
pub(super) fn is_trust_bundle(value: &Value) -> bool {
    value.get("chains").is_some_and(|chains| chains.as_array().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_trust_bundle_is_refused() {
        for bundle in ["{}", r#"{"chains":[]}"#, r#"{"chains":[{"certificates":[5]}]}"#, r#"{"chains":{"a":[]}}"#] {
            let error = read_trust_bundle("x", bundle.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, "x: it has no certificate in it", "{bundle}");
        }
        let error = read_trust_bundle("x", b"<html>").unwrap_err();
        assert!(matches!(error, ImportError::Document { .. }), "{error}");
    }
}
