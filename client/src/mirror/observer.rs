//! Who is told what a mirror does.

use std::ops::ControlFlow;

/// Is told of each step before it is done.
pub trait Observer {
    /// Goes on, or ends the work before this step: what readers are served stays complete.
    fn observe(&mut self, progress: Progress<'_>) -> ControlFlow<()>;
}

/// For callers who do not look.
impl Observer for () {
    fn observe(&mut self, _: Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(Progress<'_>) -> ControlFlow<()>> Observer for F {
    fn observe(&mut self, progress: Progress<'_>) -> ControlFlow<()> {
        self(progress)
    }
}

/// The next step.
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
