//! The formats of `rootline-repo` and of ceremonies, pinned by golden files: documents for programs, events, files that people hand each other, and
//! the names of files in a maintainer's folder.

mod documents;
mod events;
mod failures;
mod files;
mod newer;

use rootline_tests::fixtures::office::{self, DAY_1, Office, Said};
use rootline_tests::golden::Golden;

/// The golden files, with the paths of this office blanked.
fn golden(office: &Office) -> Golden {
    Golden::of("rootline-repo").blank_folder(office.folder(), "FOLDER")
}

/// Compares what a command prints for programs on day 0, and gives it.
#[track_caller]
fn document(office: &Office, name: &str, arguments: &[&str]) -> Said {
    document_at(office, office::DAY_0, name, arguments)
}

#[track_caller]
fn document_at(office: &Office, at: &str, name: &str, arguments: &[&str]) -> Said {
    let said = office.done_at(at, &[arguments, &["--json"]].concat());
    golden(office).check(&format!("{name}.json"), &said.out);
    said
}

/// An office with the ceremony `rotation` frozen, in which bob is about to be replaced by frank, and its request.
fn rotation() -> Office {
    let office = Office::after_the_first();
    let new =
        ["ceremony", "new", "rotation", "--replace", "bob=frank", "--threshold", "root=4", "--summary", "Bob retires"];
    office.done_at(DAY_1, &new);
    office.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    office.done_at(DAY_1, &["ceremony", "request", "rotation"]);
    office
}
