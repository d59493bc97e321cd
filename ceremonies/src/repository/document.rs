//! The text of the files that we write. It depends on nothing but what it says, so it is the same on every machine.

use std::collections::BTreeMap;

use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::spec::PUBLISHED_SPEC_VERSION;
use rootline_metadata::{
    Expiry, KeyId, MetaFile, PathPattern, PublicKey, Scope, Signature, TargetFile, TopLevelRole, Version, key_object,
};

use crate::model::period::{Days, Periods};
use crate::model::target_name::TargetName;
use crate::plan::delegation::Delegates;
use crate::repository::stated_periods::{with_periods, with_signing_days};

/// Whose keys a file lists for one role, and how many of them have to sign.
#[derive(Clone, Debug)]
pub(crate) struct RoleContent<'a> {
    pub(crate) keys: Vec<&'a PublicKey>,
    pub(crate) threshold: u64,
    /// For a role that is signed without people: how long its versions hold, where that is said.
    pub(crate) periods: Option<Periods>,
}

/// The member that the signatures are over.
const SIGNED: &str = "signed";

/// A signed file before anybody has signed it. Names are in order, two spaces a level, a newline at the end.
pub(crate) fn unsigned(signed: ValueMembers) -> Vec<u8> {
    let members = ValueMembers::new().with("signatures", Value::Array(Vec::new())).with(SIGNED, signed);
    Value::from(members).pretty(2).into_bytes()
}

/// Puts signatures into a file, in order of their key ids: the signed part stays as it was to the byte.
pub(crate) fn with_signatures(unsigned: &Value, signatures: &[Signature]) -> Vec<u8> {
    let mut signatures: Vec<&Signature> = signatures.iter().collect();
    signatures.sort_by_key(|signature| &signature.key_id);
    let mut file = unsigned.clone();
    if let Some(members) = file.as_object_mut() {
        members.insert("signatures", signatures.into_iter().map(Signature::to_value).collect());
    }
    file.pretty(2).into_bytes()
}

/// The bytes that signatures of a file are over.
pub(crate) fn message(file: &Value) -> Vec<u8> {
    file.get(SIGNED).map(Value::canonical).unwrap_or_default()
}

/// The signed part of a file.
pub(crate) fn signed_part(file: &Value) -> ValueMembers {
    file.get(SIGNED).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The signed part of a file that was read before.
pub(crate) fn read_signed_part(file: &[u8]) -> ValueMembers {
    Value::parse(file, file.len()).map(|file| signed_part(&file)).unwrap_or_default()
}

pub(crate) fn root(
    version: Version,
    expiry: Expiry,
    signing: Option<Days>,
    roles: &BTreeMap<TopLevelRole, RoleContent<'_>>,
) -> ValueMembers {
    let all_keys = roles.values().flat_map(|role| role.keys.iter().copied());
    let mut by_name: Vec<_> = roles.iter().map(|(role, content)| (role.name(), role_value(content))).collect();
    by_name.sort_by_key(|(name, _)| *name);
    let roles = by_name.into_iter().fold(ValueMembers::new(), |roles, (name, role)| roles.with(name, role));
    let members = ValueMembers::new()
        .with("_type", TopLevelRole::Root.name())
        .with("consistent_snapshot", true)
        .with("expires", expiry.to_text())
        .with("keys", keys_value(all_keys))
        .with("roles", roles)
        .with("spec_version", PUBLISHED_SPEC_VERSION)
        .with("version", version.number());
    with_signing_days(members, signing)
}

/// Key objects by id.
fn keys_value<'a>(keys: impl Iterator<Item = &'a PublicKey>) -> ValueMembers {
    let keys: BTreeMap<KeyId, &PublicKey> = keys.map(|key| (KeyId::of(key), key)).collect();
    keys.iter().fold(ValueMembers::new(), |keys, (id, key)| keys.with(id.as_str(), key_object(key)))
}

fn role_value(content: &RoleContent<'_>) -> ValueMembers {
    let members = ValueMembers::new().with("keyids", key_ids_value(content)).with("threshold", content.threshold);
    with_periods(members, content.periods)
}

fn key_ids_value(content: &RoleContent<'_>) -> Value {
    let mut ids: Vec<KeyId> = content.keys.iter().map(|key| KeyId::of(key)).collect();
    ids.sort();
    ids.iter().map(KeyId::as_str).collect()
}

/// To whom a targets role delegates, in order.
#[derive(Clone, Debug)]
pub(crate) struct DelegationContent<'a> {
    pub(crate) to: &'a Delegates,
    pub(crate) holders: RoleContent<'a>,
}

pub(crate) fn targets(
    version: Version,
    expiry: Expiry,
    signing: Option<Days>,
    files: &BTreeMap<TargetName, TargetFile>,
    delegations: &[DelegationContent<'_>],
) -> ValueMembers {
    let files = files.iter().fold(ValueMembers::new(), |all, (name, file)| all.with(name.as_str(), file.to_value()));
    let mut members = ValueMembers::new().with("_type", TopLevelRole::Targets.name());
    if !delegations.is_empty() {
        members.insert("delegations", delegations_value(delegations).into());
    }
    let members = members
        .with("expires", expiry.to_text())
        .with("spec_version", PUBLISHED_SPEC_VERSION)
        .with("targets", files)
        .with("version", version.number());
    with_signing_days(members, signing)
}

fn delegations_value(delegations: &[DelegationContent<'_>]) -> ValueMembers {
    let all_keys = delegations.iter().flat_map(|delegation| delegation.holders.keys.iter().copied());
    let members = ValueMembers::new().with("keys", keys_value(all_keys));
    let mut listed = Vec::new();
    for DelegationContent { to, holders } in delegations {
        let (key_ids, threshold) = (key_ids_value(holders), holders.threshold);
        match to {
            // TAP 15. Where there are bins there is nothing else.
            Delegates::Bins(bins) => {
                let bins = ValueMembers::new()
                    .with("bit_length", u64::from(bins.bit_length()))
                    .with("keyids", key_ids)
                    .with("name_prefix", bins.name_prefix())
                    .with("threshold", threshold);
                return members.with("succinct_roles", bins);
            }
            Delegates::Role { name, scope, terminating } => {
                let (member, texts) = match scope {
                    Scope::Patterns(patterns) => ("paths", patterns.iter().map(PathPattern::as_str).collect::<Value>()),
                    Scope::HashPrefixes(prefixes) => {
                        ("path_hash_prefixes", prefixes.iter().map(String::as_str).collect())
                    }
                };
                let role = ValueMembers::new()
                    .with("keyids", key_ids)
                    .with("name", name.as_str())
                    .with(member, texts)
                    .with("terminating", *terminating)
                    .with("threshold", threshold);
                listed.push(role);
            }
        }
    }
    members.with("roles", listed.into_iter().map(Value::from).collect::<Value>())
}

/// Whether two signed parts say the same but for their versions, their expiries and the specification they follow.
pub(crate) fn same_content(one: &ValueMembers, other: &ValueMembers) -> bool {
    let without_term = |members: &ValueMembers| {
        let mut members = members.clone();
        ["version", "expires", "spec_version"].iter().for_each(|name| {
            members.remove(name);
        });
        Value::from(members).canonical()
    };
    without_term(one) == without_term(other)
}

/// A snapshot, with what it says about every file, or a timestamp, with what it says about the snapshot.
pub(crate) fn meta_files(
    role: TopLevelRole,
    version: Version,
    expiry: Expiry,
    meta_files: &BTreeMap<String, MetaFile>,
) -> ValueMembers {
    let meta =
        meta_files.iter().fold(ValueMembers::new(), |all, (name, meta_file)| all.with(name, meta_file.to_value()));
    ValueMembers::new()
        .with("_type", role.name())
        .with("expires", expiry.to_text())
        .with("meta", meta)
        .with("spec_version", PUBLISHED_SPEC_VERSION)
        .with("version", version.number())
}
