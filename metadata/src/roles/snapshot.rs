//! Snapshot: which targets files belong together (TUF 4.4).

use alloc::borrow::Cow;
use alloc::sync::Arc;

use crate::file_name;
use crate::json::{Document, FormatError, Object};
use crate::roles::header::{Header, Role, RoleName, TopLevelRole};
use crate::roles::meta_file::Pin;
use crate::roles::name_index::NameIndex;

/// The signed part of snapshot.json: a pin of targets.json and of every delegated targets file.
#[derive(Clone, Debug)]
pub struct Snapshot {
    header: Header,
    targets: Pin,
    pins: NameIndex,
}

impl Snapshot {
    /// What it says about targets.json.
    pub fn targets(&self) -> &Pin {
        &self.targets
    }

    /// What it says about a delegated role's file, if it lists it. A role that is not listed is not trusted.
    pub fn delegated(&self, role: &RoleName) -> Option<Pin> {
        self.pin(&file_name::role(role))
    }

    /// What it says about the file of that name (`targets.json`, `NAME.json`).
    pub fn pin(&self, file_name: &str) -> Option<Pin> {
        // Each was read once when the file was, so reading it again does not fail.
        self.pins.get(file_name).and_then(|node| Pin::read(node).ok())
    }

    /// All files it lists with their pins, in order of their names; also of roles that are long gone.
    pub fn pins(&self) -> impl ExactSizeIterator<Item = (Cow<'_, str>, Option<Pin>)> {
        self.pins.iter().map(|(name, node)| (name, Pin::read(node).ok()))
    }
}

impl Role for Snapshot {
    const TYPE: &'static str = "snapshot";

    fn read(header: Header, signed: Object<'_>, document: &Arc<Document>) -> Result<Self, FormatError> {
        let meta = signed.required("meta")?.object()?;
        for (_, pin) in meta.members() {
            Pin::read(pin)?;
        }
        let targets = Pin::read(meta.required(file_name::top_level(TopLevelRole::Targets))?)?;
        Ok(Snapshot { header, targets, pins: NameIndex::new(document, meta.node()) })
    }

    fn header(&self) -> &Header {
        &self.header
    }
}
