//! Writes a static repository with very many targets, always the same: what `tests/bench/compare` lets clients read.
//!
//! usage: make-large-repository OUT_DIR one-role|succinct-bins|listed-bins [new-version]
//!
//! With `new-version` it is the same repository after it was published once more, all but its bins.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use rootline_tests::large_repository::{Listing, large_repository, publish_top_level};

#[expect(clippy::print_stderr, reason = "a program of its own, without a terminal module")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match write(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

fn write(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let usage = "usage: make-large-repository OUT_DIR one-role|succinct-bins|listed-bins [new-version]";
    let (folder, listing, new_version) = match arguments {
        [folder, listing] => (folder, listing, false),
        [folder, listing, more] if more == "new-version" => (folder, listing, true),
        _ => return Err(usage.into()),
    };
    let listing = match listing.as_str() {
        "one-role" => Listing::OneRole,
        "succinct-bins" => Listing::SuccinctBins(BITS),
        "listed-bins" => Listing::ListedBins(BITS),
        _ => return Err(usage.into()),
    };
    let mut repository = large_repository(listing, TARGETS);
    if new_version {
        publish_top_level(&mut repository);
    }
    Ok(repository.files().write_to(Path::new(folder))?)
}

/// 16 384 bins.
const BITS: u32 = 14;

/// In one role these are 13 MB.
const TARGETS: u32 = 100_000;
