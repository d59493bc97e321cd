//! Online signatures for roots that can be a client's last beside the newest one.

use std::collections::BTreeSet;

use rootline_metadata::{
    Authority, Envelope, KeyId, PublicKey, Role, Root, Thoroughness, TopLevelRole, Verified, Version,
};

use crate::keys::signer::Signer;
use crate::plan::compromised::Bridging;
use crate::repository::published::Published;
use crate::repository::sealed::Sealed;

/// An older root that the keys of the last one do not satisfy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlineBridge {
    /// The root.
    pub root: Version,
    /// The keys that it lists and the last root does not.
    pub keys: Vec<PublicKey>,
    /// Whether enough of them have signed.
    pub is_met: bool,
}

/// The roots that snapshot and timestamp are signed for: the last one, without which no client accepts them, and the others that can be a client's
/// last.
pub(super) struct OnlineRoots<'a> {
    pub(super) last: &'a Verified<Root>,
    pub(super) others: Vec<&'a Verified<Root>>,
}

impl<'a> OnlineRoots<'a> {
    /// Where a compromised key would be enough for a role, the last root counts alone.
    pub(super) fn of(
        last: &'a Verified<Root>,
        published: &'a Published,
        sealed: Option<&'a Sealed>,
        in_use: &BTreeSet<Version>,
        compromised: &BTreeSet<KeyId>,
    ) -> OnlineRoots<'a> {
        let in_use = published.roots().iter().filter(|root| in_use.contains(&root.version()));
        let roots: Vec<&Verified<Root>> = in_use.chain(sealed.into_iter().flat_map(Sealed::roots)).collect();
        let is_emergency = Bridging::of(compromised, roots.iter().map(|root| &***root)).is_emergency();
        let others = roots.into_iter().filter(|root| root.version() != last.version() && !is_emergency);
        OnlineRoots { last, others: others.collect() }
    }

    /// Whether a file is signed as it will have to be, as far as these keys can sign it.
    pub(super) fn accept<R: Role>(&self, file: &Envelope<R>, role: TopLevelRole, keys: &[&dyn Signer]) -> bool {
        let is_signed = |root: &Verified<Root>| file.tally(root.authority(role), Thoroughness::Enough).is_met();
        let can_sign = |root: &Verified<Root>| {
            let authority = root.authority(role);
            let listed: BTreeSet<&KeyId> =
                keys.iter().filter_map(|key| listed_as(authority, &key.public_key())).collect();
            listed.len() as u64 >= authority.role.threshold()
        };
        is_signed(self.last) && self.others.iter().all(|root| is_signed(root) || !can_sign(root))
    }

    /// The roots that a timestamp satisfies only by keys that the last one does not list, or not at all.
    pub(super) fn bridges<R: Role>(&self, file: &Envelope<R>, role: TopLevelRole) -> Vec<OnlineBridge> {
        let of_last = self.last.authority(role);
        let mut bridges = Vec::new();
        for root in &self.others {
            let authority = root.authority(role);
            let keys: Vec<&PublicKey> = authority.usable_keys().collect();
            let (shared, own): (Vec<&PublicKey>, Vec<&PublicKey>) =
                keys.into_iter().partition(|key| listed_as(of_last, key).is_some());
            let tally = file.tally(authority, Thoroughness::All);
            let has_signed = |key: &&PublicKey| listed_as(authority, key).is_some_and(|id| tally.counted.contains(id));
            let by_shared = shared.iter().filter(|key| has_signed(key)).count() as u64;
            if by_shared < authority.role.threshold() {
                let keys = own.into_iter().cloned().collect();
                bridges.push(OnlineBridge { root: root.version(), keys, is_met: tally.is_met() });
            }
        }
        bridges
    }
}

/// The id under which an authority lists a key, if it does.
pub(super) fn listed_as<'a>(authority: Authority<'a>, key: &PublicKey) -> Option<&'a KeyId> {
    let is_it = |id: &&KeyId| authority.key(id).is_some_and(|listed| listed.material() == key.material());
    authority.role.key_ids().iter().find(is_it)
}
