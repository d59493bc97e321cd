//! What lies in `targets/`.

use std::collections::BTreeMap;

use rootline_ceremonies::TargetName;
use rootline_ceremonies::review::Warning;
use serde_json::{Value, json};

use super::links;
use super::read_files::read_files;
use super::repository::RepositoryFolder;
use crate::context::Context;
use crate::failure::Failure;

/// The files in `targets/`, by whether verifiers could get them.
#[derive(Debug)]
pub(crate) struct TargetsFolder {
    /// All that could be shipped.
    pub(crate) files: BTreeMap<TargetName, Vec<u8>>,
    /// The names of those that cannot, with why. They stop nothing, and nothing ships them.
    unnameable: BTreeMap<String, String>,
}

impl RepositoryFolder {
    /// All that lies in `targets/`. Files whose names begin with a full stop are passed over.
    pub(crate) fn targets(&self) -> Result<TargetsFolder, Failure> {
        let folder = self.join("targets");
        links::refuse_at(&folder)?;
        let mut targets = TargetsFolder { files: BTreeMap::new(), unnameable: BTreeMap::new() };
        for (name, bytes) in read_files(&folder)? {
            match name.parse::<TargetName>() {
                Ok(target) => drop(targets.files.insert(target, bytes)),
                Err(bad) => drop(targets.unnameable.insert(name, bad.to_string())),
            }
        }
        Ok(targets)
    }
}

impl TargetsFolder {
    /// Says of the files that cannot be shipped under their names that nothing ships them.
    pub(crate) fn warn_of_unnameable(&self, context: &Context) {
        for (name, bad) in &self.unnameable {
            context.terminal.warning(format_args!("targets/{name} is not shipped: {bad}; to ship it, rename it"));
        }
    }
}

/// Prints warnings about files in `targets/`.
pub(crate) fn warn_of_targets(warnings: &[Warning], context: &Context) {
    for warning in warnings {
        context.terminal.warning(format_args!("{}: {}", warning.about, warning.text_with_rule()));
    }
}

/// The same for programs.
pub(crate) fn warnings_json(warnings: &[Warning]) -> Value {
    let json = |warning: &Warning| json!({ "about": warning.about, "text": warning.text, "rule": warning.rule });
    warnings.iter().map(json).collect()
}
