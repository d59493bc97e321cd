//! The chain of roots.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::{Envelope, Role, Root, Thoroughness, TopLevelRole, Version, file_name, limits};

use super::finding::{About, Findings};
use super::metadata::{lint_root, lint_signatures, read, read_any};
use super::rules;
use super::view::RepositoryView;

/// Most roots that a client takes in one refresh.
pub(super) const MAX_ROTATIONS: u64 = 256;

/// Lints the chain, and everything about its newest root, which is returned.
pub(super) fn lint_roots(view: &RepositoryView, at: DateTime<Utc>, found: &mut Findings) -> Option<Envelope<Root>> {
    let versions: BTreeMap<Version, (&String, &Vec<u8>)> =
        view.files.iter().filter_map(|(name, bytes)| Some((file_name::root_version(name)?, (name, bytes)))).collect();
    let (newest, first) = (versions.keys().next_back().copied(), versions.keys().next().copied());
    let mut before: Option<(Version, Option<Envelope<Root>>)> = None;
    for (version, (file, bytes)) in &versions {
        let is_newest = Some(*version) == newest;
        let root = match is_newest {
            true => read::<Root>(file, bytes, limits::MAX_ROOT_BYTES, at, found),
            false => read_any::<Root>(file, bytes, limits::MAX_ROOT_BYTES, found),
        };
        if let Some((old, _)) = &before {
            lint_gap(*old, *version, found);
        }
        if let Some(root) = &root {
            let old = before.as_ref().filter(|(old, _)| old.next() == Some(*version)).and_then(|(_, old)| old.as_ref());
            lint_link(file, *version, root, old, found);
            if is_newest {
                lint_root(file, root, found);
                let own = root.unverified().authority(TopLevelRole::Root);
                let old = old.map(|old| old.unverified().authority(TopLevelRole::Root));
                let authorities: Vec<_> = [Some(own), old].into_iter().flatten().collect();
                lint_signatures(file, root, &authorities, old.is_some() || *version == Version::FIRST, found);
            }
        }
        before = Some((*version, root));
    }
    if let (Some(first), Some(newest)) = (first, newest)
        && newest.number() - first.number() > MAX_ROTATIONS
    {
        let detail = format!("more than {MAX_ROTATIONS} roots follow root {first}");
        found.add(&file_name::root(newest), &rules::ROOTS_256, &About::FILE, detail);
    }
    lint_alias(view, newest, found);
    before.and_then(|(_, root)| root)
}

fn lint_gap(old: Version, new: Version, found: &mut Findings) {
    let missing = new.number() - old.number() - 1;
    let Some(first) = old.next().filter(|_| missing > 0) else { return };
    let detail = match missing {
        1 => "it is missing".to_owned(),
        _ => format!("it is missing, and the roots after it up to {}", new.number() - 1),
    };
    found.add(&file_name::root(first), &rules::CHAIN, &About::FILE, detail);
}

fn lint_link(file: &str, version: Version, root: &Envelope<Root>, old: Option<&Envelope<Root>>, found: &mut Findings) {
    let stated = root.unverified().version();
    if stated != version {
        let detail = format!("it states version {stated}");
        found.add(file, &rules::CHAIN, &About::new("signed.version", ""), detail);
    }
    for (by, authority) in [("its own root keys", Some(root)), ("the keys of the root before it", old)] {
        let Some(authority) = authority.map(Envelope::unverified) else { continue };
        let tally = root.tally(authority.authority(TopLevelRole::Root), Thoroughness::Enough);
        if !tally.is_met() {
            let detail = format!("{by} have given {} of {} signatures", tally.counted.len(), tally.threshold);
            found.add(file, &rules::CHAIN, &About::new("signatures", ""), detail);
        }
    }
}

/// `root.json`, which many tools fetch though no client needs it.
fn lint_alias(view: &RepositoryView, newest: Option<Version>, found: &mut Findings) {
    let alias = file_name::top_level(TopLevelRole::Root);
    let Some(newest) = newest else { return };
    let Some(bytes) = view.files.get(alias) else {
        if view.lacks(alias) {
            found.add(alias, &rules::ROOT_JSON, &About::FILE, "it is not there");
        }
        return;
    };
    let Some(root) = read_any::<Root>(alias, bytes, limits::MAX_ROOT_BYTES, found) else { return };
    let version = root.unverified().version();
    let same = view.files.get(&file_name::root(version));
    if same.is_some_and(|same| same != bytes) {
        let detail = format!("it is root {version} with other bytes than {}", file_name::root(version));
        found.add(alias, &rules::CHAIN, &About::FILE, detail);
    } else if version != newest {
        let detail = format!("it is root {version}, and the newest is {newest}");
        found.add(alias, &rules::ROOT_JSON, &About::FILE, detail);
    }
}
