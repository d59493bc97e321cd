//! Targets, top-level and delegated: what is shipped, and who may ship what (TUF 4.5).

use alloc::borrow::Cow;
use alloc::sync::Arc;

use crate::delegations::Delegations;
use crate::json::{Document, FormatError, Object, Problem};
use crate::roles::header::{Header, Role};
use crate::roles::name_index::NameIndex;
use crate::roles::target::{TargetFile, TargetPath};

/// The signed part of targets.json or of a delegated role's file.
#[derive(Clone, Debug)]
pub struct Targets {
    header: Header,
    targets: NameIndex,
    delegations: Option<Delegations>,
}

impl Targets {
    /// What it says about a file itself; its delegations are not asked.
    pub fn target(&self, path: &TargetPath) -> Option<TargetFile> {
        // Each was read once when the file was, so reading it again does not fail.
        self.targets.get(path.as_str()).and_then(|node| TargetFile::read(node).ok())
    }

    /// All names and files that it lists itself, in order of the names.
    pub fn targets(&self) -> impl ExactSizeIterator<Item = (Cow<'_, str>, Option<TargetFile>)> {
        self.targets.iter().map(|(name, node)| (name, TargetFile::read(node).ok()))
    }

    /// To whom it delegates, if to anyone.
    pub fn delegations(&self) -> Option<&Delegations> {
        self.delegations.as_ref()
    }
}

impl Role for Targets {
    const TYPE: &'static str = "targets";

    fn read(header: Header, signed: Object<'_>, document: &Arc<Document>) -> Result<Self, FormatError> {
        let targets = signed.required("targets")?.object()?;
        for (name, file) in targets.members() {
            if name.is_empty() {
                return Err(file.error(Problem::Invalid("a target's name is not empty".into())));
            }
            TargetFile::check(file)?;
        }
        Ok(Targets {
            header,
            targets: NameIndex::new(document, targets.node()),
            delegations: signed.optional("delegations").map(|all| Delegations::read(all, document)).transpose()?,
        })
    }

    fn header(&self) -> &Header {
        &self.header
    }
}
