//! The rows of rules about what is inside certificates.

use alloc::vec::Vec;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SerialNumber, date_time_ymd,
};

use super::catalogue::{Row, root, row, window};
use super::sound::{Made, OPEN, START, authority, edited, issuing, root as authority_params, stamping};
use crate::lint::Finding;
use crate::sigstore::proto_json::base64_text;

/// What a trust root breaks whose certificate authority has that chain.
fn ca(chain: &[&Made]) -> Vec<Finding> {
    ca_open(chain, OPEN)
}

fn ca_open(chain: &[&Made], window: &str) -> Vec<Finding> {
    root(|root| root.authorities = [authority("fulcio", chain, window)].into())
}

/// What a trust root breaks whose timestamp authority has that chain.
fn tsa(chain: &[&Made]) -> Vec<Finding> {
    root(|root| root.timestamp_authorities = [authority("tsa", chain, OPEN)].into())
}

/// Parameters with a change.
fn with(mut params: CertificateParams, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    change(&mut params);
    params
}

/// A certificate with some of its bytes in the place of others, whose signature does not fit any more.
fn patched(made: &Made, from: &[u8], to: &[u8]) -> Made {
    let at = made.der.windows(from.len()).position(|bytes| bytes == from).expect("the bytes are in the certificate");
    let mut der = made.der.clone();
    der[at..at + to.len()].copy_from_slice(to);
    Made { params: made.params.clone(), key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(), der }
}

/// An intermediate of a timestamp authority.
fn intermediate() -> CertificateParams {
    with(authority_params("intermediate"), |params| {
        params.extended_key_usages = [ExtendedKeyUsagePurpose::TimeStamping].into()
    })
}

pub(super) fn rows() -> Vec<Row> {
    [chains(), kinds(), dates(), timestamp_authorities()].into_iter().flatten().collect()
}

fn chains() -> Vec<Row> {
    let (anchor, renewed) = (Made::root("root"), Made::root("root"));
    let stranger = Made::root("stranger");
    let leaf = anchor.issue(issuing("issuing"));
    let stamping = anchor.issue(stamping("stamping"));
    [
        row(
            "ca-der",
            root(|root| {
                let der = authority("fulcio", &[&leaf, &anchor], OPEN);
                root.authorities = [edited(&der, &base64_text(&leaf.der), "MAA=")].into();
            }),
            ca(&[&leaf, &anchor]),
        ),
        row("ca-order", ca(&[&anchor, &leaf]), ca(&[&leaf, &anchor])),
        row("ca-order", ca(&[&leaf, &stranger, &anchor]), ca(&[&leaf, &anchor])),
        row("ca-order", tsa(&[&anchor, &stamping]), tsa(&[&stamping, &anchor])),
        row("ca-link", ca(&[&leaf, &renewed]), ca(&[&leaf, &anchor])),
        row("ca-link", ca(&[&leaf, &stranger]), ca(&[&leaf, &anchor])),
        row("ca-link", tsa(&[&stamping, &renewed]), tsa(&[&stamping, &anchor])),
        row("ca-incomplete", ca(&[&leaf]), ca(&[&anchor])),
        row(
            "ca-incomplete",
            ca(&[&patched(&anchor, &anchor.der[anchor.der.len() - 4..], &[1, 2, 3, 4])]),
            ca(&[&anchor]),
        ),
        row("ca-subject", ca(&[&stranger]), ca(&[&anchor])),
    ]
    .into()
}

fn kinds() -> Vec<Row> {
    let anchor = Made::root("root");
    let of = |change: fn(&mut CertificateParams)| ca(&[&anchor.issue(with(issuing("issuing"), change)), &anchor]);
    let below = |params: CertificateParams| {
        let top = Made::self_signed(params);
        ca(&[&top.issue(issuing("issuing")), &top])
    };
    let length = |length: u8| {
        below(with(authority_params("root"), |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(length))))
    };
    let numbered = |first: u8| {
        let made = Made::self_signed(with(authority_params("root"), |params| {
            params.serial_number = Some(SerialNumber::from_slice(&[0x41, 0x42, 0x43, 0x44, 0x45]));
        }));
        ca(&[&patched(&made, &[0x41, 0x42, 0x43, 0x44, 0x45], &[first, 0x42, 0x43, 0x44, 0x45])])
    };
    // The version stands in front of the serial number: [0] INTEGER 2 is version 3.
    let version = |number: u8| {
        let made = anchor.issue(issuing("issuing"));
        ca(&[&patched(&made, &[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, number]), &anchor])
    };
    // ecdsa-with-SHA384 is verified; ecdsa-with-SHA512 is not, and not known to be weak.
    let signed_with = |kind: u8| {
        let made = anchor.issue(issuing("issuing"));
        let oid = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
        let from = [&oid[..], &[2]].concat();
        let to = [&oid[..], &[kind]].concat();
        // In the signed part and beside the signature.
        let first = patched(&made, &from, &to);
        ca(&[&patched(&first, &from, &to), &anchor])
    };
    [
        row(
            "ca-not-ca",
            below(with(authority_params("root"), |params| params.key_usages = [KeyUsagePurpose::CrlSign].into())),
            below(authority_params("root")),
        ),
        row("ca-not-ca", length(0), length(1)),
        row("ca-leaf-given", of(|params| params.is_ca = IsCa::ExplicitNoCa), of(|_| ())),
        row(
            "ca-eku",
            of(|params| params.extended_key_usages = [ExtendedKeyUsagePurpose::TimeStamping].into()),
            of(|_| ()),
        ),
        row(
            "ca-eku",
            below(with(authority_params("root"), |params| {
                params.extended_key_usages = [ExtendedKeyUsagePurpose::ServerAuth].into()
            })),
            below(authority_params("root")),
        ),
        row("ca-eku-absent", of(|params| params.extended_key_usages.clear()), of(|_| ())),
        row("ca-weak", numbered(0xc1), numbered(0x41)),
        row("ca-weak", version(0), version(2)),
        row("ca-unverified", signed_with(4), signed_with(3)),
    ]
    .into()
}

fn dates() -> Vec<Row> {
    let anchor = Made::root("root");
    let from = |year: i32, month: u8, day: u8| {
        anchor.issue(with(issuing("issuing"), |params| params.not_before = date_time_ymd(year, month, day)))
    };
    let until = |year: i32, month: u8, day: u8| {
        anchor.issue(with(issuing("issuing"), |params| params.not_after = date_time_ymd(year, month, day)))
    };
    let closing = |made: &Made, end: &str| ca_open(&[made, &anchor], &window(START, end));
    [
        row("ca-window-cert", ca(&[&from(2026, 2, 2), &anchor]), ca(&[&from(2026, 2, 1), &anchor])),
        row(
            "ca-window-cert",
            closing(&until(2028, 1, 1), "2028-01-01T00:00:01Z"),
            closing(&until(2028, 1, 1), "2028-01-01T00:00:00Z"),
        ),
        row("ca-expired", ca(&[&until(2026, 11, 30), &anchor]), ca(&[&until(2026, 12, 1), &anchor])),
        row("ca-expired", ca(&[&until(2026, 11, 30), &anchor]), closing(&until(2026, 11, 30), "2026-11-30T00:00:00Z")),
        // 180 days after the first of December is the thirtieth of May.
        row("ca-expires", ca(&[&until(2027, 5, 29), &anchor]), ca(&[&until(2027, 5, 30), &anchor])),
        row("ca-expires", ca(&[&until(2027, 5, 29), &anchor]), closing(&until(2027, 5, 29), "2027-05-29T00:00:00Z")),
    ]
    .into()
}

fn timestamp_authorities() -> Vec<Row> {
    let anchor = Made::root("root");
    let leaf = anchor.issue(stamping("stamping"));
    let of = |change: fn(&mut CertificateParams)| tsa(&[&anchor.issue(with(stamping("stamping"), change)), &anchor]);
    let through = |params: CertificateParams| {
        let middle = anchor.issue(params);
        tsa(&[&middle.issue(stamping("stamping")), &middle, &anchor])
    };
    let twins = |second: u64| {
        let numbered = |number: u64| {
            anchor.issue(with(stamping("stamping"), |params| params.serial_number = Some(SerialNumber::from(number))))
        };
        let (one, two) = (numbered(7), numbered(second));
        root(|root| {
            root.timestamp_authorities =
                [authority("tsa", &[&one, &anchor], OPEN), authority("tsa2", &[&two, &anchor], OPEN)].into();
        })
    };
    [
        row("tsa-leaf-first", tsa(&[&anchor, &leaf]), tsa(&[&leaf, &anchor])),
        row("tsa-leaf-first", tsa(&[&anchor.issue(authority_params("other")), &anchor]), tsa(&[&leaf, &anchor])),
        row("tsa-leaf-ca", of(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)), of(|_| ())),
        row("tsa-eku", of(|params| params.custom_extensions.clear()), of(|_| ())),
        row(
            "tsa-eku",
            of(|params| {
                params.custom_extensions.clear();
                params.extended_key_usages = [ExtendedKeyUsagePurpose::TimeStamping].into();
            }),
            of(|params| params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3], [5, 0].to_vec()))),
        ),
        row("tsa-intermediate-eku", through(authority_params("intermediate")), through(intermediate())),
        row("tsa-intermediate-eku", through(issuing("intermediate")), through(intermediate())),
        row("tsa-serial", twins(7), twins(8)),
    ]
    .into()
}
