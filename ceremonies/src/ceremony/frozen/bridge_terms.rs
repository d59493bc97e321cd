//! Which roots the frozen files are held against beside the last one.

use std::collections::BTreeSet;

use rootline_metadata::{KeyId, Role, Root, Version};

use crate::plan::compromised::Bridging;
use crate::plan::plan::Plan;
use crate::repository::published::Published;

/// What was known at freezing about the roots that clients can have as their last. It is noted down with the frozen files, so that signatures
/// are counted alike on every machine and at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BridgeTerms {
    /// The published roots that were in use. None were noted by versions before this one: then the last root alone counts.
    pub roots: BTreeSet<Version>,
    /// The keys that the plan names as compromised.
    pub compromised: BTreeSet<KeyId>,
}

impl BridgeTerms {
    pub(super) fn of(plan: &Plan, roots: &BTreeSet<Version>) -> BridgeTerms {
        BridgeTerms { roots: roots.clone(), compromised: plan.compromised_keys().clone() }
    }

    /// The terms of two clones that froze the same files without knowing of each other: what either knew.
    pub(crate) fn join(&mut self, other: BridgeTerms) {
        self.roots.extend(other.roots);
        self.compromised.extend(other.compromised);
    }

    /// The roots in use, ascending.
    pub(crate) fn roots_in<'p>(&self, published: &'p Published) -> Vec<&'p Root> {
        let is_in_use = |root: &&rootline_metadata::Verified<Root>| self.roots.contains(&root.version());
        published.roots().iter().filter(is_in_use).map(|root| &**root).collect()
    }

    /// Whether the old roots are bridged.
    pub fn bridging(&self, published: &Published) -> Bridging {
        Bridging::of(&self.compromised, self.roots_in(published))
    }
}
