//! The text of the files that we write. It depends on nothing but what it says, so it is the same on every machine.

use std::collections::BTreeMap;

use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::spec::PUBLISHED_SPEC_VERSION;
use rootline_metadata::{Expiry, KeyId, Pin, PublicKey, Signature, TargetFile, TopLevelRole, Version, key_object};

use crate::target_name::TargetName;

/// Whose keys a root lists for one role, and how many of them have to sign.
#[derive(Clone, Debug)]
pub(crate) struct RoleContent<'a> {
    pub(crate) keys: Vec<&'a PublicKey>,
    pub(crate) threshold: u64,
}

/// A signed file before anybody has signed it. Names are in order, two spaces a level, a newline at the end.
pub(crate) fn unsigned(signed: ValueMembers) -> Vec<u8> {
    let members = ValueMembers::new().with("signatures", Value::Array(Vec::new())).with("signed", signed);
    Value::from(members).pretty(2).into_bytes()
}

/// The same file with its signatures, in order of their key ids: the signed part stays as it was to the byte.
pub(crate) fn with_signatures(unsigned: &Value, signatures: &[Signature]) -> Vec<u8> {
    let mut signatures: Vec<&Signature> = signatures.iter().collect();
    signatures.sort_by_key(|signature| &signature.key_id);
    let mut file = unsigned.clone();
    if let Some(members) = file.as_object_mut() {
        members.insert("signatures", signatures.into_iter().map(Signature::to_value).collect());
    }
    file.pretty(2).into_bytes()
}

pub(crate) fn root(version: Version, expiry: Expiry, roles: &BTreeMap<TopLevelRole, RoleContent<'_>>) -> ValueMembers {
    let all_keys: BTreeMap<KeyId, &PublicKey> =
        roles.values().flat_map(|role| role.keys.iter().map(|key| (KeyId::of(key), *key))).collect();
    let keys = all_keys.iter().fold(ValueMembers::new(), |keys, (id, key)| keys.with(id.as_str(), key_object(key)));
    let mut by_name: Vec<_> = roles.iter().map(|(role, content)| (role.name(), role_value(content))).collect();
    by_name.sort_by_key(|(name, _)| *name);
    let roles = by_name.into_iter().fold(ValueMembers::new(), |roles, (name, role)| roles.with(name, role));
    ValueMembers::new()
        .with("_type", TopLevelRole::Root.name())
        .with("consistent_snapshot", true)
        .with("expires", expiry.to_text())
        .with("keys", keys)
        .with("roles", roles)
        .with("spec_version", PUBLISHED_SPEC_VERSION)
        .with("version", version.number())
}

fn role_value(content: &RoleContent<'_>) -> ValueMembers {
    let mut ids: Vec<KeyId> = content.keys.iter().map(|key| KeyId::of(key)).collect();
    ids.sort();
    let ids: Value = ids.iter().map(KeyId::as_str).collect();
    ValueMembers::new().with("keyids", ids).with("threshold", content.threshold)
}

pub(crate) fn targets(version: Version, expiry: Expiry, files: &BTreeMap<TargetName, TargetFile>) -> ValueMembers {
    let files = files.iter().fold(ValueMembers::new(), |all, (name, file)| all.with(name.as_str(), file.to_value()));
    ValueMembers::new()
        .with("_type", TopLevelRole::Targets.name())
        .with("expires", expiry.to_text())
        .with("spec_version", PUBLISHED_SPEC_VERSION)
        .with("targets", files)
        .with("version", version.number())
}

/// A snapshot, with what it says about every file, or a timestamp, with what it says about the snapshot.
pub(crate) fn pins(role: TopLevelRole, version: Version, expiry: Expiry, pins: &BTreeMap<String, Pin>) -> ValueMembers {
    let meta = pins.iter().fold(ValueMembers::new(), |all, (name, pin)| all.with(name, pin.to_value()));
    ValueMembers::new()
        .with("_type", role.name())
        .with("expires", expiry.to_text())
        .with("meta", meta)
        .with("spec_version", PUBLISHED_SPEC_VERSION)
        .with("version", version.number())
}
