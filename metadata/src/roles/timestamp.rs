//! Timestamp: which snapshot is the newest (TUF 4.6).

use alloc::sync::Arc;

use crate::file_name;
use crate::json::{Document, FormatError, Object};
use crate::roles::header::{Header, Role, TopLevelRole};
use crate::roles::meta_file::MetaFile;

/// The signed part of timestamp.json. It has exactly one meta file, the snapshot's; a file without it is refused when it is read, so that it can never
/// be stored and then stand in the way.
#[derive(Clone, Debug)]
pub struct Timestamp {
    header: Header,
    snapshot: MetaFile,
}

impl Timestamp {
    /// What it says about snapshot.json.
    pub fn snapshot(&self) -> &MetaFile {
        &self.snapshot
    }
}

impl Role for Timestamp {
    const TYPE: &'static str = "timestamp";

    fn read(header: Header, signed: Object<'_>, _document: &Arc<Document>) -> Result<Self, FormatError> {
        let meta = signed.required("meta")?.object()?;
        Ok(Timestamp {
            header,
            snapshot: MetaFile::read(meta.required(file_name::top_level(TopLevelRole::Snapshot))?)?,
        })
    }

    fn header(&self) -> &Header {
        &self.header
    }
}
