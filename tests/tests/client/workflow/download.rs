//! Fetching a target (TUF 5.7): each check from both sides of its limit.

use rootline_client::Error;
use rootline_client::workflow::{Check, Fault};
use rootline_metadata::{hex, sha256};
use rootline_tests::adversary::{self, Careless, Misbehaving};
use rootline_tests::simulator::{Simulator, set};
use rootline_tests::verifier::Verifier;

const CONTENT: &[u8] = b"what is shipped\n";

/// The name under which a consistent snapshot has [`CONTENT`].
fn prefixed(folder: &str, name: &str) -> String {
    format!("{folder}{}.{name}", hex::encode(&sha256(CONTENT)))
}

fn with_target(path: &str) -> Simulator {
    let mut sim = Simulator::default();
    sim.add_target("targets", path, CONTENT);
    sim.publish();
    sim
}

// ---- 5.7.2: somebody lists it

/// 5.7.2
#[test]
fn a_target_that_is_listed_is_found() {
    let sim = with_target("a.txt");
    let mut verifier = Verifier::of(&sim);
    assert_eq!(verifier.download(sim.files(), sim.day(1), "a.txt").unwrap(), CONTENT);
    assert_eq!(verifier.requests().last().unwrap(), &format!("targets/{}", prefixed("", "a.txt")));
}

/// 5.7.2: names are compared as they are. What was trusted before it was looked for stays trusted.
#[test]
fn a_target_that_nobody_lists_is_refused_and_not_asked_for() {
    let sim = with_target("a.txt");
    for name in ["b.txt", "A.txt", "a.tx", "a.txt ", "./a.txt", "a.txt/", "/a.txt", "a\u{2024}txt"] {
        let mut verifier = Verifier::of(&sim);
        let refusal = verifier.download(sim.files(), sim.day(1), name).unwrap_err().refusal().unwrap().clone();
        assert_eq!(refusal.check, Check::TargetKnown, "{name}");
        assert_eq!(refusal.fault, Fault::NotListed { asked: 1, gave_up: false }, "{name}");
        assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"]);
        assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 2, targets 2");
    }
}

// ---- 5.7.3: as long as, and with the digests that, was said

/// 5.7.3: exactly, one byte more, one less, one bit off.
#[test]
fn a_target_has_exactly_the_length_and_the_digest_that_are_stated() {
    let sim = with_target("dir/a.txt");
    let file = prefixed("dir/", "a.txt");
    let (length, longer, shorter) = (CONTENT.len() as u64, CONTENT.len() as u64 + 1, CONTENT.len() as u64 - 1);
    let attacks = [
        (adversary::lengthen(sim.files(), &file), Fault::WrongLength { expected: length, offered: longer }),
        (adversary::truncate(sim.files(), &file), Fault::WrongLength { expected: length, offered: shorter }),
        (
            adversary::flip(sim.files(), &file, 0),
            Fault::WrongDigest { expected: format!("sha256:{}", hex::encode(&sha256(CONTENT))) },
        ),
    ];
    for (attack, fault) in attacks {
        let mut verifier = Verifier::of(&sim);
        let error = verifier.download(&Careless(attack), sim.day(1), "dir/a.txt").unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.check, &refusal.fault), (Check::TargetContent, &fault));
        // Nothing of it is kept.
        assert!(!format!("{:?}", verifier.store().saved()).contains("Target("), "{:?}", verifier.store());
    }
    assert_eq!(Verifier::of(&sim).download(sim.files(), sim.day(1), "dir/a.txt").unwrap(), CONTENT);
}

/// 5.7.3: no more bytes than are stated are ever asked for.
#[test]
fn a_target_longer_than_stated_does_not_arrive() {
    let sim = with_target("a.txt");
    let longer = adversary::lengthen(sim.files(), &prefixed("", "a.txt"));
    let error = Verifier::of(&sim).download(&longer, sim.day(1), "a.txt").unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
}

/// 5.7.3: stated to be as long as is allowed, and one byte longer.
#[test]
fn a_target_is_downloaded_up_to_the_limit() {
    let sim = with_target("a.txt");
    let mut verifier = Verifier::of(&sim);
    verifier.limits.target = CONTENT.len() as u64;
    verifier.download(sim.files(), sim.day(1), "a.txt").unwrap();
    verifier.limits.target -= 1;
    let refusal = verifier.download(sim.files(), sim.day(1), "a.txt").unwrap_err().refusal().unwrap().clone();
    assert_eq!(refusal.check, Check::TargetContent);
    assert_eq!(refusal.fault, Fault::TooLong { stated: CONTENT.len() as u64, limit: CONTENT.len() as u64 - 1 });
    assert!(!verifier.requests().iter().any(|name| name.starts_with("targets/")));
}

/// 5.7.3: also one of no bytes at all, whose length has to be stated all the same.
#[test]
fn an_empty_target_is_a_target() {
    let mut sim = Simulator::default();
    sim.add_target("targets", "empty", b"");
    sim.publish();
    assert_eq!(Verifier::of(&sim).download(sim.files(), sim.day(1), "empty").unwrap(), b"");

    let edit = |signed: &mut _| rootline_tests::simulator::unset(signed, "targets/empty/length");
    sim.issue("targets").edited(edit).publish().publish_snapshot();
    assert_eq!(Verifier::of(&sim).refused_by(sim.files(), sim.day(1)), Check::Form);
}

/// 5.7.3: each digest has to match. The name has the SHA-256 digest where there is one, another where there is not.
#[test]
fn every_stated_digest_has_to_match() {
    // Of `CONTENT`, by sha512sum.
    const SHA512: &str = "d756688b385b74b980b143bcddc64ac940fc0eb6b3b456d0c471b6b9e232692c\
                          07f6beb478e3f8fb696bef43fd943a2763f488db15f465f66574d7594cf030a6";
    let sha256 = hex::encode(&sha256(CONTENT));
    let wrong = hex::encode(&[7; 64]);
    type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
    let rows: [Row<'_>; 6] = [
        (&[("sha256", &sha256)], Some(&sha256)),
        (&[("sha512", SHA512)], Some(SHA512)),
        (&[("sha256", &sha256), ("sha512", SHA512)], Some(&sha256)),
        (&[("sha256", &sha256), ("blake9", "00")], Some(&sha256)),
        (&[("sha256", &sha256), ("sha512", &wrong)], None),
        (&[("sha256", &wrong[..64]), ("sha512", SHA512)], None),
    ];
    for (hashes, prefix) in rows {
        let mut sim = Simulator::default();
        sim.add_target("targets", "a.txt", CONTENT);
        let hashes = hashes.iter().map(|(algorithm, digest)| (algorithm.to_string(), digest.to_string()));
        sim.targets.targets.get_mut("a.txt").unwrap().hashes = hashes.collect();
        sim.publish();
        let mut verifier = Verifier::of(&sim);
        match (prefix, verifier.download(sim.files(), sim.day(1), "a.txt")) {
            (Some(prefix), Ok(content)) => {
                assert_eq!(content, CONTENT);
                assert_eq!(verifier.requests().last().unwrap(), &format!("targets/{prefix}.a.txt"));
            }
            (None, Err(error)) => assert_eq!(error.refusal().unwrap().check, Check::TargetContent),
            (expected, found) => panic!("{expected:?}: {found:?}"),
        }
    }
}

/// 5.7.3: one that cannot be checked vouches for nothing.
/// go-tuf 17b4808: a target with empty `hashes` was accepted.
#[test]
fn a_target_needs_a_digest_that_can_be_checked() {
    let mut sim = with_target("a.txt");
    for hashes in [r#"{}"#, r#"{"md5": "00"}"#, r#"{"sha1": "00", "blake9": "00"}"#] {
        let hashes = rootline_metadata::json::Value::parse(hashes.as_bytes(), 100).unwrap();
        let edit = |signed: &mut _| set(signed, "targets/a.txt/hashes", hashes);
        sim.issue("targets").edited(edit).publish().publish_snapshot();
        assert_eq!(Verifier::of(&sim).refused_by(sim.files(), sim.day(1)), Check::Form);
    }
    sim.issue("targets").publish().publish_snapshot();
    Verifier::of(&sim).download(sim.files(), sim.day(1), "a.txt").unwrap();
}

/// 5.7.3
#[test]
fn a_target_that_does_not_arrive_is_a_failure() {
    let sim = with_target("a.txt");
    let name: &'static str = prefixed("", "a.txt").leak();
    let error = Verifier::of(&sim).download(&adversary::withhold(sim.files(), name), sim.day(1), "a.txt").unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    for how in Misbehaving::FAILURES {
        let mirror = Misbehaving::new(sim.files(), name, how);
        let error = Verifier::of(&sim).download(&mirror, sim.day(1), "a.txt").unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{how:?}: {error}");
    }
}

/// 6.2: with consistent snapshots the digest stands before the last part of the name, without them nothing does.
#[test]
fn the_digest_stands_before_the_last_part_of_the_name() {
    for (consistent, path, file) in [
        (true, "a.txt", prefixed("", "a.txt")),
        (true, "deep/er/a.txt", prefixed("deep/er/", "a.txt")),
        (true, "/a.txt", prefixed("/", "a.txt")),
        (false, "a.txt", "a.txt".to_owned()),
        (false, "deep/er/a.txt", "deep/er/a.txt".to_owned()),
    ] {
        let mut sim = Simulator::default();
        sim.root.consistent_snapshot = consistent;
        sim.publish_root();
        sim.add_target("targets", path, CONTENT);
        sim.publish();
        let mut verifier = Verifier::of(&sim);
        assert_eq!(verifier.download(sim.files(), sim.day(1), path).unwrap(), CONTENT, "{path}");
        assert_eq!(verifier.requests().last().unwrap(), &format!("targets/{file}"));
    }
}
