//! Finding a member among very many without building a map of them.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::json::{Document, Node};

/// The members of one object of a document, in order of their names: four bytes a member beside the document itself, so that a
/// role with a hundred thousand targets costs little more than its bytes.
#[derive(Clone, Debug)]
pub(crate) struct NameIndex {
    document: Arc<Document>,
    names: Vec<u32>,
}

impl NameIndex {
    /// Indexes the members of `object`, a node of `document`.
    pub(crate) fn new(document: &Arc<Document>, object: Node<'_>) -> NameIndex {
        let mut names: Vec<u32> = object.members().name_nodes().map(Node::position).collect();
        if !object.is_ascending() {
            names.sort_by(|left, right| document.node(*left).text().cmp(&document.node(*right).text()));
        }
        NameIndex { document: Arc::clone(document), names }
    }

    /// The value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<Node<'_>> {
        let found = self.names.binary_search_by(|at| self.document.node(*at).text().as_deref().cmp(&Some(name)));
        found.ok().map(|at| self.document.node(self.names[at]).following())
    }

    /// Names and values in ascending order of the names.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (alloc::borrow::Cow<'_, str>, Node<'_>)> {
        self.names.iter().map(|at| {
            let name = self.document.node(*at);
            (name.text().unwrap_or_default(), name.following())
        })
    }
}
