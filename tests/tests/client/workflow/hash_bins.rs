//! Delegations by the digest of a target's name: hash prefixes (TUF 4.5) and succinct hash bins (TAP 15), through whole searches.

use rootline_client::workflow::Check;
use rootline_metadata::{hex, sha256};
use rootline_tests::large_repository::{CONTENT, Listing, WANTED, large_repository};
use rootline_tests::simulator::{Bins, Delegation, Key, Simulator, set, unset};
use rootline_tests::verifier::Verifier;

/// The hex digits of the digest of a target's name.
fn digest(path: &str) -> String {
    hex::encode(&sha256(path.as_bytes()))
}

/// 5.6.7: by the beginning of the digest of the name, of any length up to all of it.
#[test]
fn a_hash_prefix_delegates_the_targets_whose_name_s_digest_begins_with_it() {
    let path = "dir/x.txt";
    let digest = digest(path);
    let last = digest.as_bytes()[63];
    let other_last = format!("{}{}", &digest[..63], if last == b'0' { '1' } else { '0' });
    let other_first = if digest.starts_with('0') { "1" } else { "0" };
    let rows: [(&[&str], bool); 7] = [
        (&[""], true),
        (&[&digest[..1]], true),
        (&[&digest[..7]], true),
        (&[&digest], true),
        (&[&other_last], false),
        (&[other_first], false),
        (&[other_first, &digest[..3]], true),
    ];
    for (prefixes, covered) in rows {
        let mut sim = Simulator::default();
        let mut delegation = Delegation::to("a");
        delegation.scope =
            rootline_tests::simulator::Scope::HashPrefixes(prefixes.iter().map(|p| p.to_string()).collect());
        sim.delegate("targets", delegation).add_target("a", path, b"x");
        sim.publish();
        let mut verifier = Verifier::of(&sim);
        assert_eq!(verifier.find(sim.files(), sim.day(1), path).is_ok(), covered, "{prefixes:?}");
        assert_eq!(verifier.requests().len(), if covered { 5 } else { 4 }, "{prefixes:?}");
    }
}

/// TAP 15: every bit length with bins of one and of two digits. The bin is the first bits of the digest of the name.
#[test]
fn a_target_is_looked_for_in_its_bin_alone() {
    for bit_length in [1, 2, 3, 4, 5, 8] {
        let mut sim = Simulator::default();
        let bins = Bins::new("bin", bit_length);
        sim.delegate_to_bins("targets", bins.clone());
        let paths: Vec<String> = (0..6).map(|number| format!("dir/file-{number}.txt")).collect();
        let bin_of = |path: &str| {
            let number = u32::from_str_radix(&digest(path)[..8], 16).unwrap() >> (32 - bit_length);
            bins.names()[number as usize].clone()
        };
        for path in &paths {
            sim.add_target(&bin_of(path), path, path.as_bytes());
        }
        sim.publish();
        let mut verifier = Verifier::of(&sim);
        for path in &paths {
            let found = verifier.find(sim.files(), sim.day(1), path).unwrap();
            assert_eq!(found.role.unwrap().as_str(), bin_of(path), "{bit_length}");
        }
        // One that is not listed is asked for in one bin, and nowhere else.
        let mut verifier = Verifier::of(&sim);
        let refusal = verifier.find(sim.files(), sim.day(1), "nobody has it").unwrap_err().refusal().unwrap().clone();
        assert_eq!(refusal.check, Check::TargetKnown);
        assert_eq!(verifier.requests()[4..], [format!("1.{}.json", bin_of("nobody has it"))]);
    }
}

/// Whoever comes back for the same target asks whether there is anything new, and for nothing else.
#[test]
fn a_bin_in_the_cache_is_not_asked_for_again() {
    for listing in [Listing::SuccinctBins(4), Listing::SuccinctBins(6), Listing::ListedBins(4), Listing::ListedBins(5)]
    {
        let mut sim = large_repository(listing, 200);
        let mut verifier = Verifier::of(&sim);
        assert_eq!(verifier.download(sim.files(), sim.day(1), WANTED).unwrap(), CONTENT);
        let asked = verifier.requests().to_vec();
        let [bin] = &asked.iter().filter(|name| name.contains(".bin-")).collect::<Vec<_>>()[..] else {
            panic!("one bin is asked for: {asked:?}");
        };
        let found = verifier.find(sim.files(), sim.day(2), WANTED).unwrap();
        assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"], "{listing:?}");

        // A new snapshot that names the same bin does not change that; a new bin does.
        sim.publish_snapshot();
        verifier.find(sim.files(), sim.day(2), WANTED).unwrap();
        assert!(!verifier.requests().contains(bin), "{:?}", verifier.requests());
        let role = found.role.unwrap();
        sim.issue(role.as_str()).publish();
        sim.publish_snapshot();
        verifier.find(sim.files(), sim.day(2), WANTED).unwrap();
        assert!(verifier.requests().contains(&format!("2.{role}.json")), "{:?}", verifier.requests());
    }
}

/// TAP 15: the last bin of 16 is `bin-f`, the first of 32 is `bin-00`.
#[test]
fn bins_are_called_with_as_many_digits_as_the_last_one_has() {
    for (bit_length, first, last) in
        [(1, "bin-0", "bin-1"), (4, "bin-0", "bin-f"), (5, "bin-00", "bin-1f"), (8, "bin-00", "bin-ff")]
    {
        let names = Bins::new("bin", bit_length).names();
        assert_eq!((names[0].as_str(), names[names.len() - 1].as_str()), (first, last));
    }
}

/// TAP 15: every bin is signed by the keys of the bins.
#[test]
fn a_bin_needs_the_keys_of_the_bins() {
    let mut sim = Simulator::default();
    let bins = Bins::new("bin", 1);
    sim.delegate_to_bins("targets", bins.clone());
    for bin in bins.names() {
        sim.add_target(&bin, "x", b"x");
    }
    sim.publish();
    Verifier::of(&sim).find(sim.files(), sim.day(1), "x").unwrap();
    for bin in bins.names() {
        sim.issue(&bin).signed_by(Key::all(["targets"])).publish();
    }
    sim.publish_snapshot();
    let refusal = Verifier::of(&sim).find(sim.files(), sim.day(1), "x").unwrap_err().refusal().unwrap().clone();
    assert_eq!(refusal.check, Check::TargetsSignatures);
}

/// TAP 15: the bits say how many roles there are; more than 32 are not in the digest that is used.
/// go-tuf 846cd4e: a length of 0, or of 33 and more.
#[test]
fn a_bit_length_is_from_1_to_32() {
    for (bit_length, accepted) in [(0u64, false), (1, true), (32, true), (33, false), (64, false), (1 << 40, false)] {
        let mut sim = Simulator::default();
        sim.delegate_to_bins("targets", Bins::new("bin", 1));
        let edit = |signed: &mut _| set(signed, "delegations/succinct_roles/bit_length", bit_length);
        sim.issue("targets").edited(edit).publish().publish_snapshot();
        let refreshed = Verifier::of(&sim).refresh(sim.files(), sim.day(1));
        let check = refreshed.err().map(|error| error.refusal().unwrap().check);
        assert_eq!(check, (!accepted).then_some(Check::Form), "{bit_length}");
    }
}

/// TAP 15: a list and bins together would leave open which comes first.
#[test]
fn delegations_are_either_a_list_or_bins() {
    let mut sim = Simulator::default();
    sim.delegate_to_bins("targets", Bins::new("bin", 1));
    sim.delegate("targets", Delegation::to("a"));
    sim.issue("targets").publish().publish_snapshot();
    assert_eq!(Verifier::of(&sim).refused_by(sim.files(), sim.day(1)), Check::Form);
    for member in ["delegations/roles", "delegations/succinct_roles"] {
        sim.issue("targets").edited(|signed| unset(signed, member)).publish().publish_snapshot();
        Verifier::of(&sim).refresh(sim.files(), sim.day(1)).unwrap();
    }
    let neither = |signed: &mut _| {
        unset(signed, "delegations/roles");
        unset(signed, "delegations/succinct_roles");
    };
    sim.issue("targets").edited(neither).publish().publish_snapshot();
    assert_eq!(Verifier::of(&sim).refused_by(sim.files(), sim.day(1)), Check::Form);
}
