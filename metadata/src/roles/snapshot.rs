//! Snapshot: which targets files belong together (TUF 4.4).

use alloc::borrow::Cow;
use alloc::sync::Arc;

use crate::file_name;
use crate::json::{Document, FormatError, Object};
use crate::roles::header::{Header, Role, RoleName, TopLevelRole};
use crate::roles::meta_file::MetaFile;
use crate::roles::name_index::NameIndex;

/// The signed part of snapshot.json: the meta file of targets.json and of every delegated targets file.
#[derive(Clone, Debug)]
pub struct Snapshot {
    header: Header,
    targets: MetaFile,
    meta_files: NameIndex,
}

impl Snapshot {
    /// What it says about targets.json.
    pub fn targets(&self) -> &MetaFile {
        &self.targets
    }

    /// What it says about a delegated role's file, if it lists it. A role that is not listed is not trusted.
    pub fn delegated(&self, role: &RoleName) -> Option<MetaFile> {
        self.meta_file(&file_name::role(role))
    }

    /// What it says about the file of that name (`targets.json`, `NAME.json`).
    pub fn meta_file(&self, file_name: &str) -> Option<MetaFile> {
        // Each was read once when the file was, so reading it again does not fail.
        self.meta_files.get(file_name).and_then(|node| MetaFile::read(node).ok())
    }

    /// The names of the files it lists that begin with `prefix`, in their order.
    pub fn files_beginning_with(&self, prefix: &str) -> impl Iterator<Item = Cow<'_, str>> {
        self.meta_files.beginning_with(prefix).map(|(name, _)| name)
    }

    /// All files it lists, in order of their names; also of roles that are long gone.
    pub fn meta_files(&self) -> impl ExactSizeIterator<Item = (Cow<'_, str>, Option<MetaFile>)> {
        self.meta_files.iter().map(|(name, node)| (name, MetaFile::read(node).ok()))
    }
}

impl Role for Snapshot {
    const TYPE: &'static str = "snapshot";

    fn read(header: Header, signed: Object<'_>, document: &Arc<Document>) -> Result<Self, FormatError> {
        let meta = signed.required("meta")?.object()?;
        for (_, meta_file) in meta.members() {
            MetaFile::read(meta_file)?;
        }
        let targets = MetaFile::read(meta.required(file_name::top_level(TopLevelRole::Targets))?)?;
        Ok(Snapshot { header, targets, meta_files: NameIndex::new(document, meta.node()) })
    }

    fn header(&self) -> &Header {
        &self.header
    }
}
