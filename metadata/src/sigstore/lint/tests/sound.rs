//! Documents that break no rule, to be changed in one place.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};

pub(super) use crate::certificate_fixtures::authority as root;
use crate::sigstore::fixtures::{CT_LOG, CT_LOG_ID, MEDIA_TYPE, REKOR_V1, REKOR_V1_ID, log};
use crate::sigstore::proto_json::base64_text;

pub(super) const CONFIG_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
pub(super) const CTC_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";
pub(super) const START: &str = "2026-02-01T00:00:00Z";
pub(super) const OPEN: &str = r#"{"start":"2026-02-01T00:00:00Z"}"#;

/// A certificate that issues others, or a leaf, with its key.
pub(super) struct Made {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) der: Vec<u8>,
}

/// An authority that issues for signatures of code.
pub(super) fn issuing(name: &str) -> CertificateParams {
    let mut params = root(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.extended_key_usages = [ExtendedKeyUsagePurpose::CodeSigning].into();
    params
}

/// A leaf that signs timestamps, as RFC 3161 asks for.
pub(super) fn stamping(name: &str) -> CertificateParams {
    let mut params = root(name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = [KeyUsagePurpose::DigitalSignature].into();
    // Critical, which rcgen makes no extended key usage: 30 0a 06 08 id-kp-timeStamping.
    let purposes = [0x30, 0x0a, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8].to_vec();
    let mut extension = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 37], purposes);
    extension.set_criticality(true);
    params.custom_extensions = [extension].into();
    params
}

impl Made {
    pub(super) fn root(name: &str) -> Made {
        Made::self_signed(root(name))
    }

    pub(super) fn self_signed(params: CertificateParams) -> Made {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Made { params, key, der }
    }

    pub(super) fn issue(&self, params: CertificateParams) -> Made {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let der = params.signed_by(&key, &issuer).unwrap().der().to_vec();
        Made { params, key, der }
    }
}

/// An authority with that chain, named after its last certificate.
pub(super) fn authority(name: &str, chain: &[&Made], window: &str) -> String {
    let certificates: Vec<String> =
        chain.iter().map(|made| format!(r#"{{"rawBytes":"{}"}}"#, base64_text(&made.der))).collect();
    let certificates = certificates.join(",");
    format!(
        r#"{{"subject":{{"organization":"example.com","commonName":"root"}},"uri":"https://{name}.example.com","certChain":{{"certificates":[{certificates}]}},"validFor":{window}}}"#
    )
}

/// The lists of a trust root, and what stands before them.
#[derive(Clone)]
pub(super) struct Root {
    pub(super) media_type: String,
    pub(super) tlogs: Vec<String>,
    pub(super) authorities: Vec<String>,
    pub(super) ct_logs: Vec<String>,
    pub(super) timestamp_authorities: Vec<String>,
}

impl Root {
    pub(super) fn sound() -> Root {
        let (ca, tsa) = (Made::root("root"), Made::root("root"));
        let (issuing, stamping) = (ca.issue(issuing("issuing")), tsa.issue(stamping("stamping")));
        let ecdsa = "PKIX_ECDSA_P256_SHA_256";
        Root {
            media_type: MEDIA_TYPE.to_string(),
            tlogs: [log("https://rekor.example.com", ecdsa, REKOR_V1, OPEN, REKOR_V1_ID)].into(),
            authorities: [authority("fulcio", &[&issuing, &ca], OPEN)].into(),
            ct_logs: [log("https://ct.example.com", ecdsa, CT_LOG, OPEN, CT_LOG_ID)].into(),
            timestamp_authorities: [authority("tsa", &[&stamping, &tsa], OPEN)].into(),
        }
    }

    /// Sound but for what `change` does.
    pub(super) fn with(&self, change: impl FnOnce(&mut Root)) -> Root {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    pub(super) fn text(&self) -> String {
        format!(
            r#"{{"mediaType":"{}","tlogs":[{}],"certificateAuthorities":[{}],"ctlogs":[{}],"timestampAuthorities":[{}]}}"#,
            self.media_type,
            self.tlogs.join(","),
            self.authorities.join(","),
            self.ct_logs.join(","),
            self.timestamp_authorities.join(","),
        )
    }
}

/// A service of version 1.
pub(super) fn service(url: &str) -> String {
    format!(r#"{{"url":"{url}","majorApiVersion":1,"validFor":{OPEN},"operator":"example.com"}}"#)
}

/// The lists of a signing config, and how many of them to use.
#[derive(Clone)]
pub(super) struct Config {
    pub(super) ca: Vec<String>,
    pub(super) oidc: Vec<String>,
    pub(super) rekor: Vec<String>,
    pub(super) tsa: Vec<String>,
    pub(super) rekor_config: &'static str,
    pub(super) tsa_config: &'static str,
}

impl Config {
    pub(super) fn sound() -> Config {
        Config {
            ca: [service("https://fulcio.example.com")].into(),
            oidc: [service("https://login.example.com/auth")].into(),
            rekor: [service("https://rekor.example.com")].into(),
            tsa: [service("https://tsa.example.com/api/v1/timestamp")].into(),
            rekor_config: r#","rekorTlogConfig":{"selector":"ANY"}"#,
            tsa_config: r#","tsaConfig":{"selector":"ANY"}"#,
        }
    }

    /// Sound but for what `change` does.
    pub(super) fn with(&self, change: impl FnOnce(&mut Config)) -> Config {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    pub(super) fn text(&self) -> String {
        format!(
            r#"{{"mediaType":"{CONFIG_MEDIA_TYPE}","caUrls":[{}],"oidcUrls":[{}],"rekorTlogUrls":[{}],"tsaUrls":[{}]{}{}}}"#,
            self.ca.join(","),
            self.oidc.join(","),
            self.rekor.join(","),
            self.tsa.join(","),
            self.rekor_config,
            self.tsa_config,
        )
    }
}

/// Both in one file.
pub(super) fn client_trust_config(root: &Root, config: &Config) -> String {
    format!(r#"{{"mediaType":"{CTC_MEDIA_TYPE}","trustedRoot":{},"signingConfig":{}}}"#, root.text(), config.text())
}

/// The text with one part in the place of another, which must be there.
pub(super) fn edited(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1)
}
