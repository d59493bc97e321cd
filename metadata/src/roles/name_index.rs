//! Finding a member among very many without building a map of them.

use alloc::borrow::Cow;
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
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (Cow<'_, str>, Node<'_>)> {
        self.names.iter().map(|at| self.member(*at))
    }

    /// Those whose names begin with `prefix`, found without a look at the others.
    pub(crate) fn beginning_with(&self, prefix: &str) -> impl Iterator<Item = (Cow<'_, str>, Node<'_>)> {
        let first = self.names.partition_point(|at| self.document.node(*at).text().as_deref() < Some(prefix));
        let members = self.names[first..].iter().map(|at| self.member(*at));
        members.take_while(move |(name, _)| name.starts_with(prefix))
    }

    fn member(&self, at: u32) -> (Cow<'_, str>, Node<'_>) {
        let name = self.document.node(at);
        (name.text().unwrap_or_default(), name.following())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_alike_are_found_in_an_object_in_any_order() {
        let text = br#"{"c": 1, "bin-1": 2, "a": 3, "bin-0": 4, "bin": 5, "bim": 6, "bio": 7}"#;
        let document = Arc::new(Document::parse(text.to_vec(), 100).unwrap());
        let index = NameIndex::new(&document, document.top());
        let found = |prefix| index.beginning_with(prefix).map(|(name, _)| name.into_owned()).collect::<Vec<_>>();
        assert_eq!(found("bin"), ["bin", "bin-0", "bin-1"]);
        assert_eq!(found("bin-"), ["bin-0", "bin-1"]);
        assert_eq!(found("").len(), 7);
        assert!(found("bin-2").is_empty() && found("d").is_empty());
    }
}
