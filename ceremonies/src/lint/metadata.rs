//! What one metadata file says about itself: its form, size, date, keys and signatures.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::json::{Document, Node};
use rootline_metadata::{
    Authority, DelegatedRoles, Delegations, Envelope, KeyId, KeyMaterial, Keys, MetaFile, Role, RoleKeys, Root,
    Snapshot, Targets, Timestamp, TopLevelRole, file_name, instant_text, limits,
};

use super::finding::{About, FileFinding, Findings, cut};
use super::rules;

/// The types of keys that legacy readers know.
const LEGACY_KEY_TYPES: [&str; 4] = ["ed25519", "ecdsa", "ecdsa-sha2-nistp256", "rsa"];
/// The members that a key object has.
const KEY_MEMBERS: [&str; 3] = ["keytype", "keyval", "scheme"];
/// Most signatures of one file that are verified: a verification costs more than all the rest, and no role has so many keys.
const MAX_VERIFIED: usize = 256;

/// Lints one metadata file of any role by itself. Whether its signatures are its role's, only the file that delegates to it says: of a root
/// alone, those of its own keys are verified. `None` if the bytes are no metadata at all.
pub(super) fn lint_metadata(file: &str, bytes: &[u8], at: DateTime<Utc>) -> Option<Vec<FileFinding>> {
    let mut found = Findings::default();
    let document = Document::parse(bytes.to_vec(), limits::MAX_METADATA_BYTES).ok()?;
    let kind = document.top().get("signed")?.get("_type")?.text()?.into_owned();
    match &*kind {
        Root::TYPE => {
            let root = read::<Root>(file, bytes, limits::MAX_ROOT_BYTES, at, &mut found);
            if let Some(root) = root {
                lint_root(file, &root, &mut found);
                lint_signatures(file, &root, &[root.unverified().authority(TopLevelRole::Root)], false, &mut found);
            }
        }
        Timestamp::TYPE => {
            if let Some(timestamp) = read::<Timestamp>(file, bytes, limits::MAX_TIMESTAMP_BYTES, at, &mut found) {
                lint_timestamp(file, &timestamp, &mut found);
                lint_signatures(file, &timestamp, &[], false, &mut found);
            }
        }
        Snapshot::TYPE => {
            if let Some(snapshot) = read::<Snapshot>(file, bytes, limits::MAX_SNAPSHOT_BYTES, at, &mut found) {
                lint_snapshot(file, &snapshot, &mut found);
                lint_signatures(file, &snapshot, &[], false, &mut found);
            }
        }
        Targets::TYPE => {
            if let Some(targets) = read::<Targets>(file, bytes, limits::MAX_TARGETS_BYTES, at, &mut found) {
                lint_delegations(file, &targets, &mut found);
                lint_signatures(file, &targets, &[], false, &mut found);
            }
        }
        _ => return None,
    }
    Some(found.into_sorted())
}

/// Reads a file of that role, and finds what is wrong with its size, form and date.
pub(super) fn read<R: Role>(
    file: &str,
    bytes: &[u8],
    limit: usize,
    at: DateTime<Utc>,
    found: &mut Findings,
) -> Option<Envelope<R>> {
    let envelope = read_any::<R>(file, bytes, limit, found)?;
    let expires = envelope.member("expires").and_then(Node::text).unwrap_or_default();
    let expiry = envelope.unverified().expiry();
    if expires != expiry.to_text() {
        let detail = format!("it expires at {:?}, which is {expiry}", cut(&expires));
        found.add(file, &rules::DATE, &About::new("signed.expires", ""), detail);
    }
    if expiry.has_passed(at) {
        let detail = format!("it expired at {expiry}, and it is {}", instant_text(at));
        found.add(file, &rules::EXPIRED, &About::new("signed.expires", ""), detail);
    }
    Some(envelope)
}

/// Reads a file of that role, which may be an old one.
pub(super) fn read_any<R: Role>(file: &str, bytes: &[u8], limit: usize, found: &mut Findings) -> Option<Envelope<R>> {
    if bytes.len() > limit {
        let detail = format!("it has {} bytes, and clients read {limit}", bytes.len());
        found.add(file, &rules::SIZE, &About::FILE, detail);
        return None;
    }
    match Envelope::<R>::parse(bytes.to_vec(), limit) {
        Ok(envelope) => Some(envelope),
        Err(error) => {
            let detail = format!("it is not a {} file: {error}", R::TYPE);
            found.add(file, &rules::UNREADABLE, &About::FILE, detail);
            None
        }
    }
}

/// The keys and thresholds of a root.
pub(super) fn lint_root(file: &str, envelope: &Envelope<Root>, found: &mut Findings) {
    let root = envelope.unverified();
    lint_keys(file, "signed.keys", envelope.member("keys"), root.keys(), found);
    for role in TopLevelRole::ALL {
        let signers = match role {
            TopLevelRole::Root | TopLevelRole::Targets => Signers::People { is_top_level: true },
            TopLevelRole::Timestamp | TopLevelRole::Snapshot => Signers::Online,
        };
        let about = About::new(format!("signed.roles.{role}"), role.name());
        lint_role(file, &about, root.authority(role), signers, found);
    }
    let materials = |roles: [TopLevelRole; 2]| -> BTreeMap<&KeyMaterial, &KeyId> {
        roles.into_iter().flat_map(|role| materials(root.keys(), root.role(role))).collect()
    };
    let people = materials([TopLevelRole::Root, TopLevelRole::Targets]);
    let online = materials([TopLevelRole::Timestamp, TopLevelRole::Snapshot]);
    for (material, id) in people {
        if online.contains_key(material) {
            let about = About::new("signed.roles", key_name(id));
            let detail = "it signs root or targets, and timestamp or snapshot too";
            found.add(file, &rules::KEY_SHARED, &about, detail);
        }
    }
}

/// What a timestamp states of the snapshot.
pub(super) fn lint_timestamp(file: &str, envelope: &Envelope<Timestamp>, found: &mut Findings) {
    lint_meta_file(file, file_name::top_level(TopLevelRole::Snapshot), envelope.unverified().snapshot(), found);
}

/// What a snapshot states of the targets files.
pub(super) fn lint_snapshot(file: &str, envelope: &Envelope<Snapshot>, found: &mut Findings) {
    for (name, meta_file) in envelope.unverified().meta_files() {
        if let Some(meta_file) = meta_file {
            lint_meta_file(file, &name, &meta_file, found);
        }
    }
}

fn lint_meta_file(file: &str, name: &str, meta_file: &MetaFile, found: &mut Findings) {
    let missing = match (meta_file.length, &meta_file.digests) {
        (Some(_), Some(_)) => return,
        (None, None) => "neither length nor digest is stated",
        (None, Some(_)) => "no length is stated",
        (Some(_), None) => "no digest is stated",
    };
    let name = cut(name);
    found.add(file, &rules::MISSING_LENGTH, &About::new(format!("signed.meta.{name}"), name), missing);
}

/// The keys, thresholds and names of the roles that a targets file delegates to.
pub(super) fn lint_delegations(file: &str, envelope: &Envelope<Targets>, found: &mut Findings) {
    let Some(delegations) = envelope.unverified().delegations() else { return };
    let node = envelope.member("delegations").and_then(|node| node.get("keys"));
    lint_keys(file, "signed.delegations.keys", node, delegations.keys(), found);
    let mut role = |name: &str, keys: &RoleKeys| {
        let name = cut(name);
        let about = About::new(format!("signed.delegations.{name}"), &*name);
        let authority = Authority { keys: delegations.keys(), role: keys };
        lint_role(file, &about, authority, Signers::People { is_top_level: false }, found);
        lint_role_name(file, &about, &name, found);
    };
    lint_each_role(delegations, &mut role);
}

/// Calls `role` with every delegated role, with hash bins once for all of them.
fn lint_each_role(delegations: &Delegations, role: &mut impl FnMut(&str, &RoleKeys)) {
    match delegations.roles() {
        DelegatedRoles::Listed(roles) => {
            roles.iter().for_each(|delegation| role(delegation.name().as_str(), delegation.keys()));
        }
        DelegatedRoles::HashBins(bins) => role(bins.name_prefix(), bins.keys()),
    }
}

fn lint_role_name(file: &str, about: &About<'_>, name: &str, found: &mut Findings) {
    let odd: BTreeSet<char> =
        name.chars().filter(|letter| matches!(letter, '.' | '/' | '%') || letter.is_uppercase()).collect();
    if !odd.is_empty() {
        let odd: Vec<String> = odd.into_iter().map(|letter| format!("{letter:?}")).collect();
        found.add(file, &rules::ROLE_NAME, about, format!("its name has {}", odd.join(", ")));
    }
}

/// Who signs a role.
#[derive(Clone, Copy)]
enum Signers {
    /// Keyholders; at the top level they are the last resort.
    People { is_top_level: bool },
    /// Keys on machines, which a next root replaces.
    Online,
}

fn lint_role(file: &str, about: &About<'_>, authority: Authority<'_>, signers: Signers, found: &mut Findings) {
    let threshold = authority.role.threshold();
    let keys = materials(authority.keys, authority.role).count() as u64;
    let distinct = materials(authority.keys, authority.role).collect::<BTreeMap<_, _>>().len() as u64;
    if threshold > distinct {
        let detail = match keys > distinct {
            true => format!("it needs {threshold} signatures, and its keys are {distinct} different ones"),
            false => format!("it needs {threshold} signatures, and has {distinct} keys that can be used"),
        };
        found.add(file, &rules::THRESHOLD_UNREACHABLE, about, detail);
        return;
    }
    let Signers::People { is_top_level } = signers else { return };
    if threshold == distinct {
        let detail = match distinct {
            1 => "it has one key".to_owned(),
            _ => format!("it needs {threshold} signatures and has {distinct} keys"),
        };
        found.add(file, &rules::NO_SPARE, about, detail);
    }
    if threshold == 1 && is_top_level {
        found.add(file, &rules::SINGLE, about, "one signature is enough");
    }
}

/// The keys of a role that can be used, with their ids.
fn materials<'a>(keys: &'a Keys, role: &'a RoleKeys) -> impl Iterator<Item = (&'a KeyMaterial, &'a KeyId)> {
    role.key_ids().iter().filter_map(|id| Some((keys.get(id)?.usable().ok()?.material(), id)))
}

fn lint_keys(file: &str, place: &str, node: Option<Node<'_>>, keys: &Keys, found: &mut Findings) {
    let mut ids: BTreeMap<&KeyMaterial, KeyId> = BTreeMap::new();
    for (id, object) in node.into_iter().flat_map(Node::members) {
        let id = KeyId::declared(id);
        let Some(key) = keys.get(&id) else { continue };
        let about = About::new(format!("{place}.{}", cut(id.as_str())), key_name(&id));
        if !key.hashes_to(&id) {
            found.add(file, &rules::KEY_ID, &about, "its id is not the digest of the key object");
        }
        let key_type = object.get("keytype").and_then(Node::text).unwrap_or_default();
        if !LEGACY_KEY_TYPES.contains(&&*key_type) {
            found.add(file, &rules::KEY_TYPE, &about, format!("its type is {:?}", cut(&key_type)));
        }
        let extra = object.members().filter(|(name, _)| !KEY_MEMBERS.contains(&&**name));
        let extra: Vec<String> = extra.take(KEY_MEMBERS.len() + 1).map(|(name, _)| cut(&name).into_owned()).collect();
        if !extra.is_empty() {
            found.add(file, &rules::KEY_EXTRA, &about, format!("it also has {}", extra.join(", ")));
        }
        if let Ok(key) = key.usable() {
            match ids.get(key.material()) {
                Some(other) => {
                    let detail = format!("it is the same key as {}", other.short());
                    found.add(file, &rules::KEY_SHARED, &about, detail);
                }
                None => _ = ids.insert(key.material(), id),
            }
        }
    }
}

/// What a key is called in findings.
fn key_name(id: &KeyId) -> String {
    format!("key {}", id.short())
}

/// The signatures of a file: empty, twice, and by which of the authorities. Where those are not all that may sign it, or are not known, a stranger's
/// signature is passed over.
pub(super) fn lint_signatures<R: Role>(
    file: &str,
    envelope: &Envelope<R>,
    authorities: &[Authority<'_>],
    are_all: bool,
    found: &mut Findings,
) {
    let message = envelope.message();
    let of_role: Vec<BTreeSet<&KeyId>> =
        authorities.iter().map(|authority| authority.role.key_ids().iter().collect()).collect();
    let (mut bytes_seen, mut materials_seen) = (BTreeMap::new(), BTreeMap::new());
    let mut verified = 0;
    for (position, signature) in envelope.signatures().iter().enumerate() {
        let id = &signature.key_id;
        let about = About::new(format!("signatures[{position}]"), key_name(id));
        let bytes = match signature.bytes.as_deref() {
            Some([]) => {
                found.add(file, &rules::SIG_EMPTY, &about, "its signature is empty");
                continue;
            }
            None => {
                found.add(file, &rules::SIG_BAD, &about, "its signature is not hex");
                continue;
            }
            Some(bytes) => bytes,
        };
        if let Some(other) = bytes_seen.insert(bytes, id) {
            let detail = format!("its signature is also there under {}", other.short());
            found.add(file, &rules::SIG_TWICE, &about, detail);
            continue;
        }
        let mut named = authorities.iter().zip(&of_role).filter(|(_, ids)| ids.contains(id)).peekable();
        if named.peek().is_none() {
            if are_all {
                found.add(file, &rules::SIG_FOREIGN, &about, "it is not a key of this role");
            }
            continue;
        }
        let usable: Vec<_> = named.filter_map(|(authority, _)| authority.key(id)).collect();
        if usable.is_empty() || verified == MAX_VERIFIED {
            continue;
        }
        verified += 1;
        match usable.iter().find(|key| key.verify(&message, bytes).is_ok()) {
            None => found.add(file, &rules::SIG_BAD, &about, "its signature is wrong"),
            Some(key) => {
                if let Some(other) = materials_seen.insert(key.material(), id) {
                    let detail = format!("it is the same key as {}, which has signed too", other.short());
                    found.add(file, &rules::SIG_TWICE, &about, detail);
                }
            }
        }
    }
}
