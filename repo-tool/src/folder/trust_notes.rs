//! `trust.toml`: what the folder notes of the trust root's entries.

use std::path::PathBuf;

use rootline_ceremonies::trust::TrustNotes;

use super::input::{MAX_TEXT, read_own_text};
use super::{links, merge_conflict};
use crate::context::Context;
use crate::failure::Failure;

/// The file, in the folder.
pub(crate) const NOTES: &str = "trust.toml";

/// Where it is.
pub(crate) fn path(context: &Context) -> Result<PathBuf, Failure> {
    let path = context.folder.join(NOTES);
    links::refuse_at(&path)?;
    Ok(path)
}

/// The notes; none where nothing has been noted yet.
pub(crate) fn read(context: &Context) -> Result<TrustNotes, Failure> {
    let path = path(context)?;
    match read_own_text(&path, MAX_TEXT) {
        Ok(text) => {
            merge_conflict::refuse(&path, text.as_bytes())?;
            TrustNotes::parse(&text).map_err(|error| Failure::toml(&path, &error))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(TrustNotes::default()),
        Err(error) => Err(Failure::io("read", &path, &error)),
    }
}
