//! An instance that has renewed everything: what was signed before and after verifies with one trust root, by its windows.

use chrono::{DateTime, Duration, Utc};
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::sigstore::documents::{self, Window};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Rekor, Services, Tsa};
use rootline_tests::peers::{self, VERIFIERS};

use super::judging::{judge_at, refusing};
use super::sigstore_instance::{ARTIFACT, ORGANIZATION, SIGNER};

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

/// What was in use together.
pub(super) struct Era {
    pub(super) fulcio: Fulcio,
    pub(super) ct_log: CtLog,
    pub(super) rekor: Rekor,
    pub(super) tsa: Tsa,
}

impl Era {
    pub(super) fn services(&self) -> Services<'_> {
        let Era { fulcio, ct_log, rekor, tsa } = self;
        Services { fulcio, ct_log, rekor, tsa: Some(tsa) }
    }
}

/// Two eras, of which the second has renewed everything. For a month both are open.
pub(super) struct Eras {
    pub(super) old: Era,
    pub(super) new: Era,
}

impl Eras {
    /// With the starts of their certificates.
    pub(super) fn new(first: DateTime<Utc>, second: DateTime<Utc>) -> Eras {
        let old = Era {
            fulcio: Fulcio::root(ORGANIZATION, first),
            ct_log: CtLog::new("https://ct.acme.example/2022"),
            rekor: Rekor::v1("rekor-2022.acme.example"),
            tsa: Tsa::new(ORGANIZATION, first),
        };
        let new = Era {
            fulcio: Fulcio::with_intermediate("renewed.acme.example", second),
            ct_log: CtLog::new("https://ct.acme.example/2024"),
            rekor: Rekor::v2("rekor-2024.acme.example"),
            tsa: Tsa::with_intermediate("renewed.acme.example", second),
        };
        Eras { old, new }
    }

    fn trusted_root(&self) -> String {
        let Eras { old, new } = self;
        let before = Window(at("2022-01-01T00:00:00Z"), Some(at("2024-02-01T00:00:00Z")));
        let after = Window(at("2024-01-01T00:00:00Z"), None);
        documents::trusted_root(
            &[documents::tlog(&old.rekor, before), documents::tlog(&new.rekor, after)],
            &[
                documents::certificate_authority(&old.fulcio, before),
                documents::certificate_authority(&new.fulcio, after),
            ],
            &[documents::ctlog(&old.ct_log, before), documents::ctlog(&new.ct_log, after)],
            &[documents::timestamp_authority(&old.tsa, before), documents::timestamp_authority(&new.tsa, after)],
        )
        .to_string()
    }
}

/// Which clients refuse each of these signatures, made with those services at that time. `now` is the present, if not the machine's.
pub(super) fn refused_by(
    now: Option<&str>,
    root: &str,
    signatures: &[(Services<'_>, DateTime<Utc>)],
) -> Vec<Vec<&'static str>> {
    let sign =
        |(services, signed): &(Services<'_>, DateTime<Utc>)| services.sign(ARTIFACT, &SIGNER, *signed).to_string();
    let bundles: Vec<String> = signatures.iter().map(sign).collect();
    let documents: Vec<(&str, &str)> = bundles.iter().map(|bundle| (root, bundle.as_str())).collect();
    judge_at(now, &documents).iter().map(refusing).collect()
}

#[test]
fn what_was_signed_before_and_after_a_renewal_verifies_with_one_trust_root() {
    if !peers::verifiers_installed() {
        return;
    }
    let eras = Eras::new(at("2022-01-01T00:00:00Z"), at("2024-01-01T00:00:00Z"));
    let signatures = [
        (eras.old.services(), at("2023-06-01T00:00:00Z")),
        // While both are open.
        (eras.old.services(), at("2024-01-31T23:00:00Z")),
        (eras.new.services(), at("2024-01-01T01:00:00Z")),
        (eras.new.services(), at("2024-06-01T00:00:00Z")),
    ];
    assert_eq!(refused_by(None, &eras.trusted_root(), &signatures), [[""; 0]; 4]);
}

#[test]
fn what_is_signed_with_a_retired_key_is_refused() {
    if !peers::verifiers_installed() {
        return;
    }
    let eras = Eras::new(at("2022-01-01T00:00:00Z"), at("2024-01-01T00:00:00Z"));
    check_retired_keys(None, &eras, &eras.trusted_root(), at("2024-02-01T00:00:00Z"));
}

/// Every client accepts each of the old keys beside the new ones before they are closed; afterwards those that heed windows refuse.
#[track_caller]
pub(super) fn check_retired_keys(now: Option<&str>, eras: &Eras, trusted_root: &str, closed: DateTime<Utc>) {
    let (new, old) = (eras.new.services(), &eras.old);
    let retired = [
        ("certificate authority", Services { fulcio: &old.fulcio, ..new }),
        ("CT log", Services { ct_log: &old.ct_log, ..new }),
        ("log", Services { rekor: &old.rekor, ..new }),
        ("timestamp authority", Services { tsa: Some(&old.tsa), ..new }),
    ];
    let times = [closed - Duration::hours(1), closed + Duration::days(1)];
    let signatures = times.iter().flat_map(|signed| retired.map(|(_, services)| (services, *signed)));
    let refused = refused_by(now, trusted_root, &signatures.collect::<Vec<_>>());
    let (before, after) = refused.split_at(retired.len());
    for ((kind, _), (before, after)) in retired.iter().zip(before.iter().zip(after)) {
        assert_eq!(before, &[""; 0], "{kind}");
        // sigstore-python asks of timestamp authorities alone whether they were open.
        let heeding = VERIFIERS.into_iter().filter(|peer| *kind == "timestamp authority" || *peer != "python");
        assert_eq!(after, &heeding.collect::<Vec<_>>(), "{kind}");
    }
}
