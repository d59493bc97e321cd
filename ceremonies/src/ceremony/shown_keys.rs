//! Which keys that would count nobody has shown to hold.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::{Authority, KeyId, KeyMaterial, Targets, TopLevelRole};

use crate::ceremony::ceremony::{Ceremony, SignatureFiles};
use crate::model::keyholder::Keyholder;
use crate::model::name::Name;
use crate::repository::delegates::delegates;

impl Ceremony<'_> {
    /// The keys of people that would count from this ceremony on and that nobody has shown to hold, with whose they are said to be: no published
    /// file lists them, no [proof](crate::PossessionProof) is kept with them, and they have signed nothing in this ceremony. A wrong or
    /// foreign key among those that count leaves fewer people than it seems.
    ///
    /// Online keys are not among them: the first thing that they sign comes before anything is public.
    pub fn unshown_keys(&self, signature_files: &SignatureFiles) -> BTreeMap<KeyId, Option<Name>> {
        let published = self.published().roots().iter().flat_map(|root| of_root(root));
        let delegated = self.published().current().into_iter().flat_map(|current| current.all_targets());
        let delegated = delegated.flat_map(|(_, targets)| of_targets(targets));
        let listed: BTreeSet<&KeyMaterial> = published.chain(delegated).flat_map(keys).map(|(_, key)| key).collect();
        let signed: BTreeSet<KeyId> = self
            .tally(signature_files)
            .parts
            .into_iter()
            .flat_map(|part| part.signatures)
            .map(|signature| signature.key_id)
            .collect();

        let roots = self.frozen().roots().flat_map(|(_, root)| of_root(root));
        let targets = self.frozen().all_targets().flat_map(|(_, targets)| of_targets(targets));
        let new = roots.chain(targets).flat_map(keys).filter(|(id, key)| !listed.contains(key) && !signed.contains(id));
        let owned = new.map(|(id, key)| (id, self.keyholders().owner(key)));
        let is_shown = |id: &KeyId, owner: Option<&Keyholder>| owner.is_some_and(|owner| owner.is_proven(id));
        owned
            .filter(|(id, owner)| !is_shown(id, *owner))
            .map(|(id, owner)| (id, owner.map(|owner| owner.name().clone())))
            .collect()
    }
}

fn of_root(root: &rootline_metadata::Root) -> Vec<Authority<'_>> {
    [TopLevelRole::Root, TopLevelRole::Targets].into_iter().map(|role| root.authority(role)).collect()
}

fn of_targets(targets: &Targets) -> Vec<Authority<'_>> {
    // A form that this program does not write is refused where it is read or frozen.
    delegates(targets).unwrap_or_default().into_iter().map(|(_, authority)| authority).collect()
}

/// The keys that count, by their ids as keyholders have them.
fn keys(authority: Authority<'_>) -> impl Iterator<Item = (KeyId, &KeyMaterial)> {
    let ids = authority.role.key_ids().iter();
    ids.filter_map(move |id| authority.key(id)).map(|key| (KeyId::of(key), key.material()))
}
