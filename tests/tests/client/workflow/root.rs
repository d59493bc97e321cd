//! From the pinned root to the newest (TUF 5.2, 5.3): each check from both sides of its limit.

use chrono::TimeDelta;
use rootline_client::store::LocalFile;
use rootline_client::workflow::{Check, Fault};
use rootline_client::{Error, Note};
use rootline_metadata::{Signatory, Version};
use rootline_tests::adversary::{self, Misbehaving, Misbehaviour};
use rootline_tests::simulator::{Key, Role, Simulator, unset};
use rootline_tests::verifier::Verifier;

// ---- 5.2: the pinned root

/// 5.2
#[test]
fn a_pinned_root_signed_by_exactly_its_threshold_is_accepted() {
    let sim = Simulator::default();
    let mut verifier =
        Verifier::pinning(adversary::keep_signatures(sim.files(), "1.root.json", 2).metadata("1.root.json").unwrap());
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
}

/// 5.2
#[test]
fn a_pinned_root_one_signature_short_is_refused_before_anything_is_asked_for() {
    let sim = Simulator::default();
    let short = adversary::keep_signatures(sim.files(), "1.root.json", 1);
    let mut verifier = Verifier::pinning(short.metadata("1.root.json").unwrap());
    assert_eq!(verifier.refused_by(sim.files(), sim.day(1)), Check::PinnedRoot);
    assert!(verifier.requests().is_empty());
    assert!(verifier.store().saved().is_empty());
}

/// 5.2: only the final root's expiry counts, and every shipped verifier pins a root that expires some day.
#[test]
fn a_pinned_root_that_has_long_expired_is_no_fault() {
    let mut sim = Simulator::default();
    sim.root.expires = sim.day(1000);
    sim.publish_root();
    sim.timestamp.expires = sim.day(907);
    sim.snapshot.expires = sim.day(921);
    sim.targets.expires = sim.day(990);
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(900)).unwrap();
    assert_eq!(verifier.holds(), "root 2, timestamp 2, snapshot 2, targets 2");
}

// ---- 5.3.3: is there a newer one?

/// 5.3.3: the answer "forbidden" means the same, and is noted: who forbids everything would freeze us.
#[test]
fn not_found_and_forbidden_both_mean_that_there_is_no_newer_root() {
    let sim = Simulator::default();
    let mut verifier = Verifier::of(&sim);
    verifier.with_client(sim.files(), |client| {
        client.refresh(sim.day(1)).unwrap();
        assert!(client.take_notes().is_empty());
    });

    let forbidding = Misbehaving::new(sim.files(), "2.root.json", Misbehaviour::Forbids);
    let mut notes = Vec::new();
    verifier.with_client(&forbidding, |client| {
        client.refresh(sim.day(1)).unwrap();
        notes = client.take_notes();
    });
    assert!(matches!(&notes[..], [Note::RootForbidden { name }] if name == "2.root.json"), "{notes:?}");
}

/// 5.3.3: otherwise whoever disturbs the network holds every verifier back at the root it has.
#[test]
fn a_newer_root_that_does_not_arrive_is_a_failure_and_not_the_end_of_the_chain() {
    let mut sim = Simulator::default();
    sim.publish_root();
    for how in Misbehaving::FAILURES {
        let mut verifier = Verifier::of(&sim);
        let error = verifier.refresh(&Misbehaving::new(sim.files(), "2.root.json", how), sim.day(1)).unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{how:?}: {error}");
        assert_eq!(verifier.requests(), ["2.root.json"]);
        assert_eq!(verifier.holds(), "root 1");
    }
}

/// 5.3.3: a limit in bytes, exactly met and one less.
#[test]
fn a_root_is_read_up_to_its_limit() {
    let mut sim = Simulator::default();
    sim.publish_root();
    let length = sim.files().metadata("2.root.json").unwrap().len() as u64;

    let mut verifier = Verifier::of(&sim);
    verifier.limits.root = length;
    verifier.refresh(sim.files(), sim.day(1)).unwrap();

    let mut verifier = Verifier::of(&sim);
    verifier.limits.root = length - 1;
    verifier.refresh(sim.files(), sim.day(1)).unwrap_err();
    // A transport that does not count changes nothing about it.
    assert_eq!(verifier.refused_by(&adversary::Careless(sim.files().clone()), sim.day(1)), Check::Form);
    assert_eq!(verifier.holds(), "root 1");
}

// ---- 5.3.4: signed by the root before it and by itself

/// 5.3.4: the old root needs two of a and b. What the new one needs is in the first two columns.
/// CVE-2020-15163: it was not checked against its own keys.
#[test]
fn a_new_root_needs_the_threshold_of_the_old_root_and_its_own() {
    const OLD: Option<Signatory> = Some(Signatory::OldRoot);
    const NEW: Option<Signatory> = Some(Signatory::NewRoot);
    type Row = (u64, &'static [&'static str], &'static [&'static str], Option<Signatory>);
    let rows: [Row; 14] = [
        // Other keys altogether: exactly enough of both, and one less of either.
        (2, &["c", "d"], &["a", "b", "c", "d"], None),
        (2, &["c", "d"], &["a", "c", "d"], OLD),
        (2, &["c", "d"], &["b", "c", "d"], OLD),
        (2, &["c", "d"], &["a", "b", "c"], NEW),
        (2, &["c", "d"], &["a", "b"], NEW),
        (2, &["c", "d"], &["c", "d"], OLD),
        // One keyholder replaced: whoever stays signs once for both.
        (2, &["b", "c"], &["a", "b", "c"], None),
        (2, &["b", "c"], &["a", "b"], NEW),
        (2, &["b", "c"], &["b", "c"], OLD),
        // The threshold goes up, and down.
        (3, &["a", "b", "c"], &["a", "b", "c"], None),
        (3, &["a", "b", "c"], &["a", "b"], NEW),
        (1, &["a", "b"], &["a", "b"], None),
        (1, &["a", "b"], &["a"], OLD),
        // Signatures of strangers are in nobody's way.
        (2, &["a", "b"], &["stranger", "a", "b"], None),
    ];
    for (threshold, keys, signers, missing) in rows {
        let mut sim = Simulator::default();
        let keys_of = |names: &[&str]| names.iter().map(|name| Key::named(&format!("root-{name}"))).collect::<Vec<_>>();
        sim.root.root = Role { keys: keys_of(keys), threshold };
        sim.issue("root").signed_by(keys_of(signers)).publish();
        let row = format!("{threshold} of {keys:?}, signed by {signers:?}");

        let mut verifier = Verifier::of(&sim);
        match missing {
            None => {
                verifier.refresh(sim.files(), sim.day(1)).unwrap();
                assert_eq!(verifier.holds(), "root 2, timestamp 1, snapshot 1, targets 1", "{row}");
            }
            Some(signatory) => {
                let refusal = verifier.refusal(sim.files(), sim.day(1));
                assert_eq!(refusal.check, Check::RootSignatures, "{row}");
                assert!(
                    matches!(&refusal.fault, Fault::Unsigned(unsigned) if unsigned.by == signatory),
                    "{row}: {refusal}"
                );
                assert_eq!(verifier.requests(), ["2.root.json"], "{row}: it ends here");
                assert_eq!(verifier.holds(), "root 1", "{row}");
            }
        }
    }
}

/// 5.3.4, 5.3.8: what was good before stays.
/// CVE-2020-15163: a new root was stored before it was verified.
#[test]
fn a_bad_root_after_good_ones_leaves_the_last_good_one_trusted() {
    let mut sim = Simulator::default();
    sim.publish_root().publish_root().publish_root();
    let mut verifier = Verifier::of(&sim);
    assert_eq!(verifier.refused_by(&adversary::tamper(sim.files(), "4.root.json"), sim.day(1)), Check::RootSignatures);
    assert_eq!(verifier.requests(), ["2.root.json", "3.root.json", "4.root.json"]);
    assert_eq!(verifier.holds(), "root 3");
    // What is kept is what was served.
    for version in [2, 3] {
        assert_eq!(verifier.stored(&LocalFile::RootHistory(version)).unwrap(), sim.root_bytes(version));
    }
    assert_eq!(verifier.stored(&LocalFile::RootHistory(4)), None);
}

// ---- 5.3.5: exactly one version on

/// 5.3.5
#[test]
fn a_root_of_the_next_version_is_accepted() {
    let mut sim = Simulator::default();
    sim.publish_root();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), "root 2, timestamp 1, snapshot 1, targets 1");
    assert_eq!(
        verifier.requests(),
        ["2.root.json", "3.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
    );
}

/// 5.3.5: well signed, under the right name, and with another version inside.
/// CVE-2025-2885: root N+1 did not have to be version N+1.
#[test]
fn a_root_that_repeats_or_skips_a_version_is_refused() {
    for inside in [1, 3, Version::LAST.number()] {
        let mut sim = Simulator::default();
        sim.issue("root").version(inside).publish();
        let published = sim.root_bytes(inside);
        let mut files = sim.files().clone();
        files.set_metadata("2.root.json", published);

        let mut verifier = Verifier::pinning(Simulator::default().root_bytes(1));
        let refusal = verifier.refusal(&files, sim.day(1));
        assert_eq!(refusal.check, Check::RootVersion);
        let expected = Version::new(2).unwrap();
        assert_eq!(refusal.fault, Fault::WrongVersion { expected, offered: Version::new(inside).unwrap() });
        assert_eq!(verifier.requests(), ["2.root.json"]);
        assert_eq!(verifier.holds(), "root 1");
    }
}

/// 5.3.5: a gap in what a mirror serves is the end of the chain, and nothing beyond it is asked for.
#[test]
fn the_chain_ends_at_a_gap() {
    let mut sim = Simulator::default();
    sim.publish_root().publish_root().publish_root();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(&adversary::cut_chain(sim.files(), 3), sim.day(1)).unwrap();
    assert_eq!(verifier.requests()[..3], ["2.root.json", "3.root.json", "timestamp.json"]);
    assert_eq!(verifier.holds(), "root 2, timestamp 1, snapshot 1, targets 1");
    // The whole chain is followed as soon as it is there.
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["3.root.json", "4.root.json", "5.root.json", "timestamp.json"]);
}

/// 5.3.2: there is nothing to ask for after the last version that can be.
#[test]
fn no_root_follows_the_last_version() {
    let mut sim = Simulator::default();
    let last = Version::LAST.number();
    sim.issue("root").version(last).publish();
    let mut verifier = Verifier::pinning(sim.root_bytes(last));
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["timestamp.json", "1.snapshot.json", "1.targets.json"]);
}

// ---- 5.3.10: the final root has not expired

/// 5.3.10
#[test]
fn the_final_root_is_good_until_one_second_before_its_expiry() {
    let mut sim = Simulator::default();
    sim.root.expires = sim.day(3);
    sim.publish_root();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(3) - TimeDelta::seconds(1)).unwrap();
}

/// 5.3.10, 5.3.8: it is kept although it has expired, or a newer one could not be followed from it.
/// CVE-2015-9259: the root's expiry was never checked.
#[test]
fn the_final_root_is_refused_from_the_very_instant_of_its_expiry() {
    let mut sim = Simulator::default();
    sim.root.expires = sim.day(3);
    sim.publish_root();
    for late in [TimeDelta::zero(), TimeDelta::seconds(1), TimeDelta::days(4000)] {
        let mut verifier = Verifier::of(&sim);
        let refusal = verifier.refusal(sim.files(), sim.day(3) + late);
        assert_eq!(refusal.check, Check::RootExpiry);
        assert_eq!(refusal.file.to_string(), "2.root.json");
        assert_eq!(verifier.requests(), ["2.root.json", "3.root.json"], "nothing else is asked for");
        assert_eq!(verifier.holds(), "root 2");
    }
}

/// 5.3.6
#[test]
fn roots_on_the_way_may_have_expired() {
    let mut sim = Simulator::default();
    let final_expiry = sim.root.expires;
    sim.root.expires = sim.day(-100);
    sim.publish_root().publish_root();
    sim.root.expires = final_expiry;
    sim.publish_root();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), "root 4, timestamp 1, snapshot 1, targets 1");
}

// ---- 5.3.12: names of files

/// 5.3.12: read from the final root, whatever earlier ones said.
#[test]
fn whether_names_carry_versions_is_read_from_the_final_root() {
    let mut sim = Simulator::default();
    sim.root.consistent_snapshot = false;
    sim.publish_root();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests()[2..], ["timestamp.json", "snapshot.json", "targets.json"]);

    sim.root.consistent_snapshot = true;
    sim.publish_root();
    sim.publish();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests()[2..], ["timestamp.json", "3.snapshot.json", "3.targets.json"]);
}

/// 5.3.12: where it is not stated, they do not.
#[test]
fn names_carry_no_versions_unless_the_root_says_so() {
    let mut sim = Simulator::default();
    sim.root.consistent_snapshot = false;
    sim.issue("root").edited(|signed| unset(signed, "consistent_snapshot")).publish();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests()[2..], ["timestamp.json", "snapshot.json", "targets.json"]);
}
