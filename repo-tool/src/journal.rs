//! What a command has done besides its result: files it has written or removed, requests to signers and services. `--verbose` shows it at the
//! end.
//!
//! A command runs on one thread, and the demo runs several commands one after the other; so each run takes what there is.

use std::cell::RefCell;
use std::fmt::Arguments;

thread_local! {
    static NOTES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes a file or a request, in one line.
pub(crate) fn note(line: Arguments<'_>) {
    NOTES.with_borrow_mut(|notes| notes.push(line.to_string()));
}

/// Takes the notes, in their order.
pub(crate) fn take() -> Vec<String> {
    NOTES.take()
}
