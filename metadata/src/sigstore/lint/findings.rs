//! The findings of one document while it is looked at.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::lint::{Finding, Rule};

/// The findings so far.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn add(
        &mut self,
        rule: &'static Rule,
        place: impl Into<String>,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) {
        let finding = Finding { rule, place: place.into(), subject: subject.into(), detail: detail.into() };
        self.0.push(finding);
    }

    /// Whether something is said already of the value at that place or of one inside it.
    pub(super) fn are_within(&self, place: &str) -> bool {
        self.0.iter().any(|finding| {
            let inner = finding.place.strip_prefix(place);
            inner.is_some_and(|inner| inner.is_empty() || inner.starts_with(['.', '[']))
        })
    }

    /// Adds those of a document that is inside another, at that place.
    pub(super) fn extend_within(&mut self, place: &str, inner: Vec<Finding>) {
        self.0.extend(inner.into_iter().map(|finding| Finding { place: below(place, &finding.place), ..finding }));
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

/// A member below a place.
pub(super) fn below(place: &str, name: &str) -> String {
    match (place, name) {
        ("", name) => name.into(),
        (place, "") => place.into(),
        (place, name) if name.starts_with('[') => format!("{place}{name}"),
        (place, name) => format!("{place}.{name}"),
    }
}

/// An element of a list.
pub(super) fn element(list: impl fmt::Display, position: usize) -> String {
    format!("{list}[{position}]")
}
