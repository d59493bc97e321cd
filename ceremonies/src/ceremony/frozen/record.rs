//! What is noted down when files are frozen.

use std::collections::BTreeMap;

use rootline_metadata::{hex, sha256};

use super::bridge_terms::BridgeTerms;
use super::error::FrozenChanged;
use crate::model::fingerprint::Fingerprint;

/// The digests of frozen files, and which plan they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenRecord {
    /// How many times different bytes have been frozen in this ceremony, this one included.
    pub revision: u64,
    /// The SHA-256 digest of the plan, in hex.
    pub plan: String,
    /// The SHA-256 digest of each file by its name.
    pub files: BTreeMap<String, [u8; 32]>,
    /// Which roots targets are held against beside the last one.
    pub bridge: BridgeTerms,
}

impl FrozenRecord {
    /// The name under which the text of the plan is kept with the frozen files. It is not one of them: nobody signs it, and the fingerprint is
    /// over what is signed.
    pub const PLAN_FILE: &str = "plan.toml";

    /// Checks that `text` is the plan that was frozen, byte for byte: a keyholder is shown its summary and its date.
    ///
    /// # Errors
    /// [`FrozenChanged::Changed`] if its digest is another one.
    pub fn check_plan(&self, text: &[u8]) -> Result<(), FrozenChanged> {
        let found = hex::encode(&sha256(text));
        match found == self.plan {
            true => Ok(()),
            false => {
                let (file, frozen) = (FrozenRecord::PLAN_FILE.to_owned(), self.plan.clone());
                Err(FrozenChanged::Changed { file, frozen, found })
            }
        }
    }

    /// One short text for all of it.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.files)
    }
}
