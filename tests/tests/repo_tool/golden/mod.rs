//! The formats of `rootline-repo` and of ceremonies, pinned by golden files: documents for programs, events, files that people hand each other, and
//! the names of files in a maintainer's folder.

mod documents;
mod events;
mod failures;
mod files;
mod newer;

use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::golden::Golden;

/// The golden files, with the paths of this repository blanked.
fn golden(fixture: &RepositoryFixture) -> Golden {
    Golden::of("rootline-repo").blank_folder(fixture.folder(), "FOLDER")
}

/// Compares what a command prints for programs on day 0, and gives it.
#[track_caller]
fn document(fixture: &RepositoryFixture, name: &str, arguments: &[&str]) -> Output {
    document_at(fixture, DAY_0, name, arguments)
}

#[track_caller]
fn document_at(fixture: &RepositoryFixture, at: &str, name: &str, arguments: &[&str]) -> Output {
    let output = fixture.done_at(at, &[arguments, &["--json"]].concat());
    golden(fixture).check(&format!("{name}.json"), &output.stdout);
    output
}

/// A repository with the ceremony `rotation` frozen, in which bob is about to be replaced by frank, and its request.
fn rotation() -> RepositoryFixture {
    let fixture = RepositoryFixture::after_the_first();
    let new =
        ["ceremony", "new", "rotation", "--replace", "bob=frank", "--threshold", "root=4", "--summary", "Bob retires"];
    fixture.done_at(DAY_1, &new);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    fixture.done_at(DAY_1, &["ceremony", "request", "rotation"]);
    fixture
}
