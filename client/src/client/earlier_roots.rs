//! The digests of the roots before a built-in one.

use rootline_metadata::{hex, sha256};

use super::instance::Instance;
use crate::workflow::EarlierRoots;

/// The digest of a pinned root that is built in, and those of root 1, root 2 and so on up to the one before it.
struct Known {
    pinned: &'static str,
    earlier: &'static [&'static str],
}

/// Where they come from is told in `instances/README.md`. Of the other built-in instances no earlier roots are at hand.
const KNOWN: [Known; 1] = [Known {
    pinned: "27aea7e372aa7864065174f0661784fcf8b0e28b1dbfebeada31a0f1fb19167f",
    earlier: &[
        "cd7549b15e7b4e660a89c950bca1bce262a524a5cf909952b66951b5c8667bc6",
        "f5ad897c9414cca99629f400ac3585e41bd8ebb44c5af07fb08dd636a9eced9c",
        "f612679ba5a4d31421e65068faa035ea363257edcaf22a555b9c49d189a2d4ef",
        "db9f88395e55e837c6926a5774f1031fd37faccdae828cc0e39304b63bb0378f",
        "e2a930b2d1d4053dd56e8faf66fd113658545d522e35d222ccf58fea87ccccf4",
        "62ec47d19857cb6cecf385ad72290c21f7600eea11b98576ea69dcadb1affea5",
        "c86f493b010dc9656004c86029570b2cf9b1f9ce2c57e2e0ce91fbb008067570",
        "1c86543d6777efe42d609b4e45f9fa1904c1c412bb5e2d3b64128e8b042fc641",
        "d9a9799ffe80d937ef4a641e2111a71163712ca6298224dee7d60f57021cd403",
        "836bff947925edfc23eb9ce17af66fb1e43bb5e2bdd240520985ae52b585eae9",
        "641adcaddce7b4af7d7ce81d8b58fa5dc871f13af48097dbf543597677702587",
        "5fe1e509a47277183a004745942c0a116379297da9f1cca529774320f1a5dfab",
        "39277f1fbd482f84d924b6cb77748f62ab0f031b3b5b9b29e681dae056c32250",
        "c8c41ec13f06ccabf5b48541ee2550098b4c7b5349e1d180390c29a7d5c2642c",
        "73747011d0857ada15479a16c4cae0f3ed03aac698b523b97e1de314ac9d9ca8",
    ],
}];

impl Instance {
    /// What is known of the roots before the pinned one: their digests where it is a built-in root and they were at hand, whatever the
    /// instance is called and wherever it is.
    pub fn earlier_roots(&self) -> EarlierRoots {
        known_before(&self.pinned_root)
    }
}

/// As [`Instance::earlier_roots`].
pub(crate) fn known_before(pinned_root: &[u8]) -> EarlierRoots {
    let pinned = hex::encode(&sha256(pinned_root));
    let Some(known) = KNOWN.iter().find(|known| known.pinned == pinned) else { return EarlierRoots::Unknown };
    let digest = |text: &&str| hex::decode(text).and_then(|bytes| bytes.try_into().ok());
    known.earlier.iter().map(digest).collect::<Option<_>>().map_or(EarlierRoots::Unknown, EarlierRoots::Digests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rootline_metadata::{Envelope, Role, Root, limits};

    #[test]
    fn every_known_root_stands_in_the_table_and_none_before_the_pinned_one_is_missing() {
        let table = include_str!("../../instances/README.md");
        for known in &KNOWN {
            let built_in = Instance::all_built_in().find(|one| hex::encode(&sha256(&one.pinned_root)) == known.pinned);
            let built_in = built_in.unwrap();
            let root = Envelope::<Root>::parse(built_in.pinned_root.clone(), limits::MAX_ROOT_BYTES).unwrap();
            assert_eq!(known.earlier.len() as u64 + 1, root.unverified().version().number());
            for (number, digest) in (1..).zip(known.earlier) {
                assert!(table.contains(&format!("| {number} | `{digest}` |")), "{} {number}", built_in.name);
            }
            let EarlierRoots::Digests(digests) = built_in.earlier_roots() else { panic!("{}", built_in.name) };
            assert_eq!(digests.iter().map(|digest| hex::encode(digest)).collect::<Vec<_>>(), known.earlier);
            assert_eq!(built_in.with_name("another name").earlier_roots(), EarlierRoots::Digests(digests));
        }
        assert_eq!(Instance::at("https://example.org", b"root".to_vec()).earlier_roots(), EarlierRoots::Unknown);
    }
}
