//! The names that a shell completes: what the repository has, as far as it can be read.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rootline::completions::{Names, Typed};
use rootline_ceremonies::CeremonyRole;

use crate::folder::repository::RepositoryFolder;

/// By what the values are called in help.
pub(crate) const NAMES: [Names; 6] = [
    Names { value_name: "NAME", kind: "@keyholders", list: keyholders },
    Names { value_name: "NAMES", kind: "@keyholder-lists", list: keyholders },
    Names { value_name: "ID", kind: "@ceremonies", list: ceremonies },
    Names { value_name: "INTO", kind: "@merge-into", list: ceremonies },
    Names { value_name: "FROM", kind: "@merge-from", list: ceremonies },
    Names { value_name: "ROLE", kind: "@roles", list: roles },
];

/// The folder that the command will work in.
fn folder(typed: &Typed) -> RepositoryFolder {
    let path = typed.option("--repository").or_else(|| std::env::var_os("ROOTLINE_REPOSITORY").map(PathBuf::from));
    RepositoryFolder::new(path.unwrap_or_else(|| PathBuf::from(".")))
}

fn keyholders(typed: &Typed) -> Vec<String> {
    let keyholders = folder(typed).keyholders();
    keyholders.iter().flat_map(|all| all.iter()).map(|holder| holder.name().to_string()).collect()
}

fn ceremonies(typed: &Typed) -> Vec<String> {
    let ceremonies = folder(typed).ceremonies();
    ceremonies.iter().flatten().map(|ceremony| ceremony.id().to_string()).collect()
}

/// Those that people sign: root, targets, and every role that the published targets delegate to.
fn roles(typed: &Typed) -> Vec<String> {
    let published = folder(typed).published().ok();
    let delegators = published.as_ref().and_then(|published| published.current()).into_iter();
    let delegated = delegators.flat_map(|current| current.all_targets()).flat_map(|(_, delegator)| {
        rootline_ceremonies::delegates(delegator).unwrap_or_default().into_iter().map(|(name, _)| name.to_string())
    });
    let top_level = [CeremonyRole::Root, CeremonyRole::Targets].map(|role| role.to_string());
    top_level.into_iter().chain(delegated.collect::<BTreeSet<_>>()).collect()
}
