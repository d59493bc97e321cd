//! Writes a static repository with very many targets, always the same: what `tests/bench/compare` lets clients read.
//!
//! usage: make-large-repository OUT_DIR one-role|succinct-bins|listed-bins

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use rootline_tests::large_repository::{Listing, large_repository};

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
    let (folder, listing) = match arguments {
        [folder, listing] if listing == "one-role" => (folder, Listing::OneRole),
        [folder, listing] if listing == "succinct-bins" => (folder, Listing::SuccinctBins(BITS)),
        [folder, listing] if listing == "listed-bins" => (folder, Listing::ListedBins(BITS)),
        _ => return Err("usage: make-large-repository OUT_DIR one-role|succinct-bins|listed-bins".into()),
    };
    Ok(large_repository(listing, TARGETS).files().write_to(Path::new(folder))?)
}

/// 16 384 bins.
const BITS: u32 = 14;

/// In one role these are 13 MB.
const TARGETS: u32 = 100_000;
