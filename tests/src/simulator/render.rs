//! From the model to the bytes of a file.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{Signature, instant_text};

use super::delegation::{Bins, Delegation, Delegations, Scope};
use super::key::Key;
use super::model::{MetaFile, Role, RootModel, SnapshotModel, TargetModel, TargetsModel, TimestampModel};

/// A file: `signed`, and the signatures of `signers` over it.
pub fn envelope<'a>(signed: &Value, signers: impl IntoIterator<Item = &'a Key>) -> Value {
    let message = signed.canonical();
    let signatures: Value = signers
        .into_iter()
        .map(|key| Signature { key_id: key.id().into(), bytes: Some(key.sign(&message)) }.to_value())
        .collect();
    ValueMembers::new().with("signatures", signatures).with("signed", signed.clone()).into()
}

pub(super) fn root(model: &RootModel) -> Value {
    let roles =
        model.roles().into_iter().fold(ValueMembers::new(), |roles, (name, role)| roles.with(name, role_keys(role)));
    let keys = key_objects(model.roles().into_iter().flat_map(|(_, role)| &role.keys));
    let signed = header("root", model.version, model.expires)
        .with("consistent_snapshot", model.consistent_snapshot)
        .with("keys", keys)
        .with("roles", roles);
    with_more(signed, &model.more)
}

pub(super) fn timestamp(model: &TimestampModel) -> Value {
    let meta = ValueMembers::new().with("snapshot.json", meta_file(&model.snapshot));
    with_more(header("timestamp", model.version, model.expires).with("meta", meta), &model.more)
}

pub(super) fn snapshot(model: &SnapshotModel) -> Value {
    let meta: ValueMembers = model.meta.iter().map(|(name, file)| (name.clone(), meta_file(file))).collect();
    with_more(header("snapshot", model.version, model.expires).with("meta", meta), &model.more)
}

pub(super) fn targets(model: &TargetsModel) -> Value {
    let targets: ValueMembers = model.targets.iter().map(|(path, file)| (path.clone(), target(file))).collect();
    let mut signed = header("targets", model.version, model.expires).with("targets", targets);
    if let Some(all) = &model.delegations {
        signed = signed.with("delegations", delegations(all));
    }
    with_more(signed, &model.more)
}

fn header(role: &str, version: u64, expires: DateTime<Utc>) -> ValueMembers {
    ValueMembers::new()
        .with("_type", role)
        .with("spec_version", "1.0.31")
        .with("version", version)
        .with("expires", instant_text(expires))
}

fn with_more(signed: ValueMembers, more: &ValueMembers) -> Value {
    more.iter().fold(signed, |signed, (name, value)| signed.with(name, value.clone())).into()
}

fn meta_file(file: &MetaFile) -> Value {
    let mut members = ValueMembers::new();
    if let Some(digests) = &file.hashes {
        members.insert("hashes", hashes(digests));
    }
    if let Some(length) = file.length {
        members.insert("length", length.into());
    }
    members.with("version", file.version).into()
}

fn hashes(digests: &BTreeMap<String, String>) -> Value {
    digests.iter().fold(ValueMembers::new(), |all, (name, digest)| all.with(name, digest.as_str())).into()
}

fn target(file: &TargetModel) -> Value {
    let mut members = ValueMembers::new();
    if let Some(custom) = &file.custom {
        members.insert("custom", custom.clone());
    }
    members.with("hashes", hashes(&file.hashes)).with("length", file.length).into()
}

fn role_keys(role: &Role) -> ValueMembers {
    let ids: Value = role.keys.iter().map(Key::id).collect();
    ValueMembers::new().with("keyids", ids).with("threshold", role.threshold)
}

fn key_objects<'a>(keys: impl Iterator<Item = &'a Key>) -> ValueMembers {
    keys.fold(ValueMembers::new(), |objects, key| objects.with(key.id(), key.object().clone()))
}

fn delegations(all: &Delegations) -> Value {
    let bin_role = all.bins.iter().map(|bins| &bins.role);
    let roles = all.roles.iter().map(|delegation| &delegation.role).chain(bin_role);
    let mut members = ValueMembers::new().with("keys", key_objects(roles.flat_map(|role| &role.keys)));
    if let Some(bins) = &all.bins {
        members.insert("succinct_roles", succinct_roles(bins).into());
    }
    if !all.roles.is_empty() || all.bins.is_none() {
        members.insert("roles", all.roles.iter().map(delegation).collect());
    }
    members.into()
}

fn delegation(delegation: &Delegation) -> Value {
    let members = role_keys(&delegation.role).with("name", delegation.name.as_str());
    let members = match &delegation.scope {
        Scope::Paths(patterns) => members.with("paths", patterns.iter().map(String::as_str).collect::<Value>()),
        Scope::HashPrefixes(prefixes) => {
            members.with("path_hash_prefixes", prefixes.iter().map(String::as_str).collect::<Value>())
        }
    };
    members.with("terminating", delegation.terminating).into()
}

fn succinct_roles(bins: &Bins) -> ValueMembers {
    role_keys(&bins.role).with("bit_length", u64::from(bins.bit_length)).with("name_prefix", bins.prefix.as_str())
}
