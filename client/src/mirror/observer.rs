//! Observers of a mirror's steps.

use std::ops::ControlFlow;

/// Observes each step of a mirror before it is taken, and may stop there.
pub trait ProgressObserver {
    /// Goes on, or stops before this step: what readers are served stays complete.
    fn observe(&mut self, progress: Progress<'_>) -> ControlFlow<()>;
}

/// Observes nothing.
impl ProgressObserver for () {
    fn observe(&mut self, _: Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(Progress<'_>) -> ControlFlow<()>> ProgressObserver for F {
    fn observe(&mut self, progress: Progress<'_>) -> ControlFlow<()> {
        self(progress)
    }
}

/// A step that a mirror is about to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// All metadata is verified. The mirror will have so many files; its targets have so many bytes together.
    Planned {
        /// Metadata files and targets.
        files: usize,
        /// Of all targets.
        target_bytes: u64,
    },
    /// This file is there already.
    Present {
        /// Its name below the mirror's folder, as the repository chose it.
        name: &'a str,
        /// Its length.
        bytes: u64,
    },
    /// This file is about to be put in its place.
    Writing {
        /// Its name below the mirror's folder, as the repository chose it.
        name: &'a str,
        /// Its length.
        bytes: u64,
    },
    /// This file, which nothing points at any more, is about to be removed.
    Removing {
        /// Its name below the mirror's folder, as the repository chose it.
        name: &'a str,
    },
}
