//! Repositories with very many targets, for tests of limits and for benchmarks.

use rootline_metadata::{hex, sha256};

use crate::simulator::{Bins, Delegation, Key, Simulator, TargetModel};

/// The one target that can be fetched. The others are listed only.
pub const WANTED: &str = "package-000042.tar.gz";

/// What [`WANTED`] has in it.
pub const CONTENT: &[u8] = b"the content of package 42\n";

/// Where the targets are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// All in the top-level role: 130 bytes a target.
    OneRole,
    /// In 2 to the power of that many hash bins, described by two numbers (TAP 15).
    SuccinctBins(u32),
    /// In 2 to the power of that many hash bins, each delegated to by itself with the prefixes of its digests.
    ListedBins(u32),
}

/// A repository that lists so many targets, compactly written, that never expires.
pub fn large_repository(listing: Listing, targets: u32) -> Simulator {
    let mut simulator = Simulator::default();
    simulator.never_expire();
    let bins = match listing {
        Listing::OneRole => None,
        Listing::SuccinctBins(bits) | Listing::ListedBins(bits) => Some(Bins::new("bin", bits)),
    };
    match (&bins, listing) {
        (Some(bins), Listing::SuccinctBins(_)) => {
            simulator.delegate_to_bins("targets", bins.clone());
        }
        (Some(bins), _) => bins.names().iter().enumerate().for_each(|(number, name)| {
            simulator.delegate("targets", by_prefixes(bins, number, name));
        }),
        (None, _) => {}
    }
    let names = bins.as_ref().map(Bins::names);
    for number in 0..targets {
        let name = format!("package-{number:06}.tar.gz");
        let digest = sha256(name.as_bytes());
        let role = match (&bins, &names) {
            (Some(bins), Some(names)) => names[bins.number_of(digest)].as_str(),
            _ => "targets",
        };
        if name == WANTED {
            simulator.add_target(role, &name, CONTENT);
        } else {
            let hashes = [("sha256".to_owned(), hex::encode(&digest))].into();
            let target = TargetModel { length: 1_000_000 + u64::from(number), hashes, custom: None };
            simulator.targets_of(role).targets.insert(name, target);
        }
    }
    for (name, bins) in names.iter().flatten().map(|name| (name, &bins)) {
        let signers = bins.as_ref().map(|bins| bins.role.keys.clone()).unwrap_or_default();
        simulator.issue(name).signed_by(signers).compact().publish();
    }
    publish_top_level(&mut simulator);
    simulator
}

/// Publishes a new version of everything but root and bins.
pub fn publish_top_level(simulator: &mut Simulator) {
    for role in ["targets", "snapshot", "timestamp"] {
        simulator.issue(role).compact().publish();
    }
}

fn by_prefixes(bins: &Bins, number: usize, name: &str) -> Delegation {
    let digits = bins.digits();
    // A bin whose number takes fewer bits than its digits have is all the prefixes that begin with these bits.
    let spare = digits as u32 * 4 - bins.bit_length;
    let prefixes: Vec<String> =
        (number << spare..(number + 1) << spare).map(|prefix| format!("{prefix:0digits$x}")).collect();
    let mut delegation = Delegation::to(name);
    delegation.role.keys = vec![Key::named(&bins.prefix)];
    delegation.scope = crate::simulator::Scope::HashPrefixes(prefixes);
    delegation
}
