//! Publishing one file of one role.

use std::collections::BTreeMap;

use rootline_metadata::json::Value;

use super::key::Key;
use super::model::MetaFile;
use super::{Simulator, render};

/// A file that is about to be published. What it says is what the model says when [`Issue::publish`] is called.
#[must_use = "nothing is published before `publish`"]
pub struct Issue<'a> {
    simulator: &'a mut Simulator,
    role: String,
    bump: bool,
    signers: Option<Vec<Key>>,
    compact: bool,
    edits: Vec<Edit<'a>>,
}

type Edit<'a> = Box<dyn FnOnce(&mut Value) + 'a>;

impl<'a> Issue<'a> {
    pub(super) fn of(simulator: &'a mut Simulator, role: &str) -> Issue<'a> {
        Issue { simulator, role: role.to_owned(), bump: true, signers: None, compact: false, edits: Vec::new() }
    }

    /// With the version that the model has, in place of the next one.
    pub fn same_version(mut self) -> Self {
        self.bump = false;
        self
    }

    /// With that version.
    pub fn version(self, version: u64) -> Self {
        *self.simulator.version_of(&self.role) = version;
        self.same_version()
    }

    /// Signed by these keys and no others, whatever they are.
    pub fn signed_by(mut self, signers: impl Into<Vec<Key>>) -> Self {
        self.signers = Some(signers.into());
        self
    }

    /// Without white space and with sorted members, as large files are published.
    pub fn compact(mut self) -> Self {
        self.compact = true;
        self
    }

    /// With the signed part changed before it is signed. Names and pins are not changed by it.
    pub fn edited(mut self, edit: impl FnOnce(&mut Value) + 'a) -> Self {
        self.edits.push(Box::new(edit));
        self
    }

    /// Signs it, makes it public, and lets the model of the file that pins it say so.
    pub fn publish(self) -> &'a mut Simulator {
        let Issue { simulator, role, bump, signers, compact, edits } = self;
        if bump {
            *simulator.version_of(&role) += 1;
        }
        let signers = signers.unwrap_or_else(|| simulator.keys_of(&role));
        let mut signed = simulator.render(&role);
        edits.into_iter().for_each(|edit| edit(&mut signed));
        let file = render::envelope(&signed, &signers);
        // Without the newline at the end, so that every byte of the file matters.
        let bytes = match compact {
            true => sorted(file).compact().into_bytes(),
            false => file.pretty(1).trim_end().as_bytes().to_vec(),
        };
        simulator.make_public(&role, bytes);
        simulator
    }
}

impl Simulator {
    fn version_of(&mut self, role: &str) -> &mut u64 {
        match role {
            "root" => &mut self.root.version,
            "timestamp" => &mut self.timestamp.version,
            "snapshot" => &mut self.snapshot.version,
            targets => &mut self.targets_of(targets).version,
        }
    }

    /// The keys that sign for a role, unless a test says otherwise.
    pub fn keys_of(&self, role: &str) -> Vec<Key> {
        let mut keys = match role {
            "root" => self.last_root_keys.iter().chain(&self.root.root.keys).cloned().collect(),
            "timestamp" => self.root.timestamp.keys.clone(),
            "snapshot" => self.root.snapshot.keys.clone(),
            "targets" => self.root.targets.keys.clone(),
            delegated => self.delegated_keys(delegated),
        };
        let mut seen = std::collections::BTreeSet::new();
        keys.retain(|key| seen.insert(key.id().to_owned()));
        keys
    }

    /// The keys that any delegator names for a role.
    fn delegated_keys(&self, name: &str) -> Vec<Key> {
        let mut keys = Vec::new();
        for delegations in self.delegated.values().chain([&self.targets]).filter_map(|role| role.delegations.as_ref()) {
            let listed = delegations.roles.iter().filter(|delegation| delegation.name == name);
            keys.extend(listed.flat_map(|delegation| delegation.role.keys.clone()));
            let bins = delegations.bins.iter().filter(|bins| bins.names().iter().any(|bin| bin == name));
            keys.extend(bins.flat_map(|bins| bins.role.keys.clone()));
        }
        keys
    }

    fn render(&mut self, role: &str) -> Value {
        match role {
            "root" => render::root(&self.root),
            "timestamp" => render::timestamp(&self.timestamp),
            "snapshot" => render::snapshot(&self.snapshot),
            targets => render::targets(self.targets_of(targets)),
        }
    }

    fn make_public(&mut self, role: &str, bytes: Vec<u8>) {
        let version = *self.version_of(role);
        let versioned = role == "root" || (role != "timestamp" && self.root.consistent_snapshot);
        let name = if versioned { format!("{version}.{role}.json") } else { format!("{role}.json") };
        match role {
            "root" => self.last_root_keys = self.root.root.keys.clone(),
            "timestamp" => {}
            "snapshot" => self.timestamp.snapshot = MetaFile::of(version, &bytes, self.timestamp.pins),
            targets => {
                let pin = MetaFile::of(version, &bytes, self.snapshot.pins);
                self.snapshot.meta.insert(format!("{targets}.json"), pin);
                self.make_targets_public(targets);
            }
        }
        self.files.set_metadata(&name, bytes.clone());
        self.history.push((name, bytes.into()));
    }

    /// Under the plain name, or once for each digest (TUF 6.2).
    fn make_targets_public(&mut self, role: &str) {
        let consistent = self.root.consistent_snapshot;
        let listed = self.targets_of(role).targets.clone();
        for (path, target) in listed {
            let Some(content) = self.contents.get(&(role.to_owned(), path.clone())).cloned() else { continue };
            let (folder, name) =
                path.rsplit_once('/').map_or((String::new(), &*path), |(f, name)| (format!("{f}/"), name));
            if consistent {
                for digest in target.hashes.values() {
                    self.files.set_target(&format!("{folder}{digest}.{name}"), content.clone());
                }
            } else {
                self.files.set_target(&path, content);
            }
        }
    }
}

/// With the members of every object in order of their names.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> =
                members.iter().map(|(name, value)| (name.to_owned(), sorted(value.clone()))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(elements) => elements.into_iter().map(sorted).collect(),
        other => other,
    }
}
