//! Certificates for the tests of this folder.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SignatureAlgorithm, date_time_ymd,
};

use super::certificate::Certificate;
pub(super) use crate::certificate_fixtures::authority;

/// What a certificate is made of, and the key that it is for.
pub(super) struct Made {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) certificate: Certificate,
}

pub(super) fn timestamping(name: &str) -> CertificateParams {
    let mut params = authority(name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = [KeyUsagePurpose::DigitalSignature].into();
    params.extended_key_usages = [ExtendedKeyUsagePurpose::TimeStamping].into();
    params.not_after = date_time_ymd(2027, 1, 1);
    params
}

impl Made {
    pub(super) fn root(name: &str) -> Made {
        Made::self_signed(authority(name), &PKCS_ECDSA_P384_SHA384)
    }

    pub(super) fn self_signed(params: CertificateParams, algorithm: &'static SignatureAlgorithm) -> Made {
        Made::self_signed_with(params, KeyPair::generate_for(algorithm).unwrap())
    }

    pub(super) fn self_signed_with(params: CertificateParams, key: KeyPair) -> Made {
        let certificate = read(params.self_signed(&key).unwrap().der());
        Made { params, key, certificate }
    }

    pub(super) fn issue(&self, params: CertificateParams) -> Made {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = read(params.signed_by(&key, &issuer).unwrap().der());
        Made { params, key, certificate }
    }

    pub(super) fn pem(&self) -> String {
        crate::keys::pem::block("CERTIFICATE", self.certificate.der())
    }
}

pub(super) fn read(der: &[u8]) -> Certificate {
    Certificate::read(der).unwrap()
}

pub(super) fn ed25519(name: &str) -> Made {
    Made::self_signed(authority(name), &PKCS_ED25519)
}

/// The subjects, in order, by their common names.
pub(super) fn names<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<String> {
    certificates.into_iter().map(|certificate| certificate.common_name().unwrap_or("?".to_string())).collect()
}

/// One DER element.
pub(super) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..=127 => [tag, u8::try_from(length).unwrap()].to_vec(),
        _ => [&[tag, 0x82][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [&head, content].concat()
}

/// A PKCS#7 bundle, as OpenSSL's `crl2pkcs7 -nocrl` makes them.
pub(super) fn pkcs7(certificates: &[&Certificate]) -> Vec<u8> {
    let all: Vec<u8> = certificates.iter().flat_map(|certificate| certificate.der().to_vec()).collect();
    let data = der(0x30, &der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]));
    let signed = der(0x30, &[der(2, &[1]), der(0x31, &[]), data, der(0xa0, &all), der(0x31, &[])].concat());
    der(0x30, &[der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]), der(0xa0, &signed)].concat())
}
