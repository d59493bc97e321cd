//! Keys that somebody else may have: `[[compromised]]` of a plan, and what follows for a rotation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rootline_metadata::{Authority, KeyId, KeyMaterial, PublicKey, Root, TopLevelRole};
use serde::Deserialize;
use toml::Spanned;

use crate::model::keyholder::{Keyholder, Keyholders};
use crate::model::name::Name;
use crate::model::toml_error::{TomlError, quoted};

/// Keys of one keyholder that a plan names as compromised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compromised {
    /// Whose keys they are.
    pub holder: Name,
    /// One key; `None` for every key of theirs that the plan gives no role.
    pub key: Option<KeyId>,
    /// How it happened, where the plan says so.
    pub reason: Option<String>,
}

impl Compromised {
    /// The table of `plan.toml`.
    pub(crate) fn to_toml(&self) -> String {
        let key = self.key.iter().map(|id| format!("key = \"{id}\"\n"));
        let reason = self.reason.iter().map(|reason| format!("reason = {}\n", quoted(reason)));
        let more: String = key.chain(reason).collect();
        format!(
            "\n# Keys that somebody else may have. They count for no bridge between roots.\n[[compromised]]\nholder = \"{}\"\n{more}",
            self.holder
        )
    }
}

/// Whether a rotation leads clients over from the old root to the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bridging {
    /// It does: what follows the new root satisfies the old one, too.
    Bridged,
    /// It does not, as somebody else may be able to sign for a role alone. The new root is to count at once.
    Emergency {
        /// The role.
        role: TopLevelRole,
        /// The compromised keys that count for it.
        keys: Vec<KeyId>,
    },
}

impl Bridging {
    /// What follows from these compromised keys where these roots are in use.
    pub fn of<'r>(compromised: &BTreeSet<KeyId>, roots: impl IntoIterator<Item = &'r Root>) -> Bridging {
        for root in roots {
            for role in TopLevelRole::ALL {
                let authority = root.authority(role);
                let found = compromised_in(authority, compromised);
                if !found.is_empty() && found.len() as u64 >= authority.role.threshold() {
                    return Bridging::Emergency { role, keys: found.into_values().collect() };
                }
            }
        }
        Bridging::Bridged
    }

    /// Whether it is an emergency.
    pub fn is_emergency(&self) -> bool {
        matches!(self, Bridging::Emergency { .. })
    }
}

impl fmt::Display for Bridging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bridging::Bridged => f.write_str("bridged"),
            Bridging::Emergency { role, keys } => {
                let ids: Vec<&str> = keys.iter().map(KeyId::short).collect();
                let (key, has) = if keys.len() == 1 { ("key", "is") } else { ("keys", "are") };
                write!(f, "not bridged: the {key} {} {has} compromised and enough to sign {role}", ids.join(", "))
            }
        }
    }
}

/// The compromised keys that count for a role, each key once, whatever number of ids it has.
fn compromised_in<'a>(authority: Authority<'a>, compromised: &BTreeSet<KeyId>) -> BTreeMap<&'a KeyMaterial, KeyId> {
    let ids = authority.usable_keys().map(|key| (key.material(), KeyId::of(key)));
    ids.filter(|(_, id)| compromised.contains(id)).collect()
}

/// The table in `plan.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCompromised {
    holder: Spanned<String>,
    key: Option<Spanned<String>>,
    reason: Option<String>,
}

/// What plans name as compromised, and the ids of those keys.
pub(super) fn read(
    text: &str,
    raw: &[RawCompromised],
    keyholders: &Keyholders,
    has_role: impl Fn(&PublicKey) -> bool,
) -> Result<(Vec<Compromised>, BTreeSet<KeyId>), TomlError> {
    let (mut all, mut ids) = (Vec::new(), BTreeSet::new());
    for raw in raw {
        let name = raw.holder.get_ref();
        let holder = name.parse().ok().and_then(|name| keyholders.get(&name));
        let unknown = || TomlError::at(text, raw.holder.span(), format!("there is no keyholder \"{name}\""));
        let holder = holder.ok_or_else(unknown)?;
        let key = raw.key.as_ref().map(|id| find_key(text, id, holder)).transpose()?;
        let keys: Vec<&PublicKey> = match key {
            Some(key) if has_role(key) => {
                let span = raw.key.as_ref().map_or(raw.holder.span(), Spanned::span);
                return Err(TomlError::at(text, span, "this key is compromised, and the plan gives it a role"));
            }
            Some(key) => vec![key],
            None => holder.keys().iter().filter(|key| !has_role(key)).collect(),
        };
        if keys.is_empty() {
            let problem = format!(
                "{name}'s only key has a role in this plan: give {name} another key first, or name somebody else"
            );
            return Err(TomlError::at(text, raw.holder.span(), problem));
        }
        ids.extend(keys.into_iter().map(KeyId::of));
        all.push(Compromised { holder: holder.name().clone(), key: key.map(KeyId::of), reason: raw.reason.clone() });
    }
    Ok((all, ids))
}

/// The key of a keyholder that this is the id of, or as much of its beginning as tells it from the others.
pub(super) fn find_key<'k>(
    text: &str,
    id: &Spanned<String>,
    holder: &'k Keyholder,
) -> Result<&'k PublicKey, TomlError> {
    let meant = |key: &&PublicKey| id.get_ref().len() >= 8 && KeyId::of(key).as_str().starts_with(id.get_ref());
    let found: Vec<&PublicKey> = holder.keys().iter().filter(meant).collect();
    let [key] = found[..] else {
        let problem =
            format!("this is not the id of one of {}'s keys, nor eight or more of its first digits", holder.name());
        return Err(TomlError::at(text, id.span(), problem));
    };
    Ok(key)
}
