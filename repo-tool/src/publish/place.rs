//! Where a repository is published to.

use std::path::{Path, PathBuf};

use rootline::printable::printable;

use crate::commands::is_scheme;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::repository::RepositoryFolder;

/// A folder that is none of the repository's own.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// As it was given, so that it does not depend on where the command was run.
    pub(crate) name: String,
    /// The folder.
    pub(crate) path: PathBuf,
}

impl Place {
    /// The place that a command names, or else the policy.
    pub(crate) fn find(to: Option<&Path>, context: &Context) -> Result<Place, Failure> {
        let place = match to {
            Some(to) => Place { name: to.display().to_string(), path: refuse_url(to)?.to_owned() },
            None => match context.folder.policy()?.publish_to() {
                Some(to) => Place { name: to.to_owned(), path: context.folder.join(refuse_url(Path::new(to))?) },
                None => return Err(Failure::new("the policy names no folder to publish to", "name one: --to FOLDER")),
            },
        };
        let resolved = real(&place.path);
        let own =
            RepositoryFolder::FOLDERS.iter().chain(&RepositoryFolder::MADE_LATER).map(|name| context.folder.join(name));
        let inside = own.map(|own| real(&own)).find(|own| resolved.starts_with(own));
        if inside.is_some() || resolved == real(context.folder.path()) {
            let what = format!("{} is a folder of the repository itself", place.path.display());
            return Err(Failure::new(what, "name another folder, such as public/: verifiers read what is there"));
        }
        Ok(place)
    }
}

/// A URL would be taken for the name of a folder.
fn refuse_url(to: &Path) -> Result<&Path, Failure> {
    let text = to.to_string_lossy();
    match text.split_once(':') {
        Some((scheme, _)) if is_scheme(scheme) => Err(Failure::new(
            format!("{} is a URL, and publish writes a folder", printable(&text)),
            "publish to a folder and copy it from there, timestamp.json last; a folder of that name is ./NAME",
        )),
        _ => Ok(to),
    }
}

/// The path with links followed, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = whole.ancestors().find_map(|above| Some((above, std::fs::canonicalize(above).ok()?)));
    match there {
        Some((above, real)) => whole.strip_prefix(above).map_or_else(|_| real.clone(), |rest| real.join(rest)),
        None => whole,
    }
}
