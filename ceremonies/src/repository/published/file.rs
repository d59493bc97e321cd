//! One file of a repository, by its name: of the version that its name says, and as the meta file of another one describes it.

use std::collections::BTreeMap;

use rootline_metadata::{Envelope, MetaFile, Role};

use super::error::PublishedError;
use crate::model::file_name::PublishedFile;

/// Reads a file of the version that its name says.
pub(super) fn open<R: Role>(file: &PublishedFile, bytes: &[u8], limit: usize) -> Result<Envelope<R>, PublishedError> {
    let envelope = Envelope::parse(bytes.to_vec(), limit)
        .map_err(|source| PublishedError::Format { name: file.to_string(), source })?;
    check_version(file, &envelope)?;
    Ok(envelope)
}

fn check_version<R: Role>(file: &PublishedFile, envelope: &Envelope<R>) -> Result<(), PublishedError> {
    let stated = envelope.unverified().version();
    match file {
        PublishedFile::Root(named)
        | PublishedFile::Snapshot(named)
        | PublishedFile::Targets(named)
        | PublishedFile::Delegated(_, named)
            if *named != stated =>
        {
            Err(PublishedError::Version { name: file.to_string(), stated })
        }
        _ => Ok(()),
    }
}

/// The file that a meta file describes, if length and digests fit.
pub(super) fn pinned<'a>(
    named: &BTreeMap<PublishedFile, &'a Vec<u8>>,
    by: PublishedFile,
    file: &PublishedFile,
    meta_file: &MetaFile,
) -> Result<&'a Vec<u8>, PublishedError> {
    let (name, named_by) = (file.to_string(), by.to_string());
    let Some(bytes) = named.get(file) else { return Err(PublishedError::Missing { name, named_by }) };
    if fits(meta_file, bytes) { Ok(bytes) } else { Err(PublishedError::MetaFile { name, pinned_by: named_by }) }
}

/// Whether a file is the one that another one names.
pub(crate) fn fits(meta_file: &MetaFile, bytes: &[u8]) -> bool {
    let length_fits = meta_file.length.is_none_or(|length| length == bytes.len() as u64);
    length_fits && meta_file.digests.as_ref().is_none_or(|digests| digests.match_bytes(bytes))
}
