//! Who was shown as the holder of which keys when files were frozen.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{KeyId, PublicKey};

use super::{Event, EventKind, Transcript};
use crate::ceremony::frozen::Frozen;
use crate::model::keyholder::{Keyholder, Keyholders};
use crate::model::name::Name;
use crate::repository::published::Published;

/// A keyholder's keys, and the name under which they were shown: what a ceremony binds together when it is frozen. Keys decide; a name that is
/// changed later changes nothing about what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKeys {
    /// The name as people write it.
    pub display_name: String,
    /// All keys, the current one last.
    pub key_ids: Vec<KeyId>,
}

impl NamedKeys {
    fn of(keyholder: &Keyholder) -> NamedKeys {
        let key_ids = keyholder.keys().iter().map(KeyId::of).collect();
        NamedKeys { display_name: keyholder.display_name().to_owned(), key_ids }
    }

    /// Everyone whose keys stand in these files, or in the published ones that they replace: everyone whom a review shows.
    pub fn in_files(frozen: &Frozen, published: &Published, keyholders: &Keyholders) -> BTreeMap<Name, NamedKeys> {
        let roots = frozen.roots().map(|(_, root)| root).chain(published.root().map(|root| &**root));
        let of_roots = roots.flat_map(|root| root.keys().iter().map(|(id, _)| id.clone()));
        let current = published.current().into_iter().flat_map(|current| current.all_targets());
        let targets = frozen.all_targets().map(|(_, targets)| targets).chain(current.map(|(_, targets)| &**targets));
        let of_delegations = targets
            .filter_map(|targets| targets.delegations())
            .flat_map(|delegations| delegations.keys().iter().map(|(id, _)| id.clone()));
        let listed: BTreeSet<KeyId> = of_roots.chain(of_delegations).collect();
        let is_in = |holder: &&Keyholder| holder.keys().iter().any(|key| listed.contains(&KeyId::of(key)));
        keyholders.iter().filter(is_in).map(|holder| (holder.name().clone(), NamedKeys::of(holder))).collect()
    }
}

impl Event {
    /// The event, with who is shown as the holder of which keys.
    #[must_use]
    pub fn naming(self, named: &BTreeMap<Name, NamedKeys>) -> Event {
        let facts = |named: &NamedKeys| {
            let key_ids: Value = named.key_ids.iter().map(KeyId::as_str).collect();
            ValueMembers::new().with("display_name", &*named.display_name).with("keyids", key_ids).into()
        };
        self.with(
            "keyholders",
            named.iter().map(|(name, named)| (name.to_string(), facts(named))).collect::<ValueMembers>(),
        )
    }

    /// Who was shown as the holder of which keys; `None` where it does not say so, as those of earlier versions.
    pub fn named_keys(&self) -> Option<BTreeMap<Name, NamedKeys>> {
        let named = |(name, facts): (&str, &Value)| {
            let key_ids = facts.get("keyids")?.as_array()?.iter();
            let key_ids = key_ids.map(|id| id.as_text().map(KeyId::declared)).collect::<Option<_>>()?;
            let display_name = facts.get("display_name")?.as_text()?.to_owned();
            Some((name.parse().ok()?, NamedKeys { display_name, key_ids }))
        };
        self.facts.get("keyholders")?.as_object()?.iter().map(named).collect()
    }
}

impl Transcript {
    /// Who was shown as the holder of which keys when the files that are to be signed were frozen.
    pub fn named_keys(&self) -> Option<BTreeMap<Name, NamedKeys>> {
        self.last(&EventKind::Frozen)?.event.named_keys()
    }

    /// The keys by the names under which their holders have signed, as the transcript says: what is known of names where they were not bound to
    /// keys yet.
    fn names_that_signed(&self) -> BTreeMap<Name, BTreeSet<KeyId>> {
        let mut names: BTreeMap<Name, BTreeSet<KeyId>> = BTreeMap::new();
        for entry in self.entries().iter().filter(|entry| entry.event.kind == EventKind::Signed) {
            let fact = |name| entry.event.text(name);
            if let (Some(Ok(name)), Some(key_id)) = (fact("keyholder").map(str::parse), fact("keyid")) {
                names.entry(name).or_default().insert(KeyId::declared(key_id));
            }
        }
        names
    }
}

/// What has become of keyholders since a ceremony was frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyholdersSince {
    /// How many keyholders the ceremony names.
    pub named: usize,
    /// The keys of these are another keyholder's now: the name then and now.
    pub renamed: Vec<(Name, Name)>,
    /// These are shown under another name now: the display name then and now.
    pub shown_otherwise: Vec<(Name, String, String)>,
    /// Keys that no keyholder has any more, with the name of who had them.
    pub gone: Vec<(Name, KeyId)>,
}

impl Keyholders {
    /// The keyholders under the names that they had in that ceremony, and what has become of them since. Who is not named there is who they are
    /// now.
    pub fn as_in(&self, transcript: &Transcript) -> (Keyholders, KeyholdersSince) {
        let mut since = KeyholdersSince::default();
        let (mut then, mut taken) = (Vec::new(), BTreeSet::new());
        let key = |id: &KeyId| -> Option<(&Keyholder, &PublicKey)> {
            self.iter().find_map(|holder| Some((holder, holder.keys().iter().find(|key| KeyId::of(key) == *id)?)))
        };
        let recorded = transcript.named_keys();
        since.named = recorded.as_ref().map_or(0, BTreeMap::len);
        let named = recorded.unwrap_or_else(|| {
            // Of who has signed under a name that nobody has now.
            let signed = transcript.names_that_signed().into_iter().filter(|(name, _)| self.get(name).is_none());
            let owner = |ids: &BTreeSet<KeyId>| ids.iter().find_map(key).map(|(owner, _)| NamedKeys::of(owner));
            signed.filter_map(|(name, ids)| Some((name, owner(&ids)?))).collect()
        });
        for (name, NamedKeys { display_name, key_ids }) in &named {
            let mut keys = Vec::new();
            let mut owners: BTreeMap<&Name, &Keyholder> = BTreeMap::new();
            for id in key_ids {
                match key(id) {
                    Some((owner, key)) => {
                        keys.push(key.clone());
                        owners.insert(owner.name(), owner);
                    }
                    None => since.gone.push((name.clone(), id.clone())),
                }
            }
            for (&now, owner) in &owners {
                if now != name {
                    since.renamed.push((name.clone(), now.clone()));
                } else if owner.display_name() != display_name {
                    let names = (display_name.clone(), owner.display_name().to_owned());
                    since.shown_otherwise.push((name.clone(), names.0, names.1));
                }
                taken.insert(now.clone());
            }
            taken.insert(name.clone());
            then.extend(Keyholder::as_named(name.clone(), display_name.clone(), keys, &owners));
        }
        let others = self.iter().filter(|holder| !taken.contains(holder.name())).cloned();
        // Two that had the same key then are no more than what a record says, which is not a reason to have none.
        let all = Keyholders::new(then.into_iter().chain(others)).unwrap_or_else(|_| self.clone());
        (all, since)
    }
}
