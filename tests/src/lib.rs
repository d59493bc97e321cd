//! Tools to try rootline with: a repository in memory and attacks on it, a web server that does what a test says, and verifiers to
//! try them on. The tests themselves are in `tests/`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "this crate is only ever linked into tests, where a panic is the report"
)]

pub mod adversary;
pub mod binaries;
pub mod browser;
pub mod crashing_disk;
pub mod fixtures;
pub mod folder;
pub mod full_disk;
pub mod golden;
#[cfg(unix)]
pub mod interrupted;
pub mod large_repository;
pub mod long;
pub mod peers;
pub mod pem;
pub mod real_data;
pub mod recorder;
pub mod refusing_disk;
pub mod running;
pub mod servers;
pub mod simulator;
pub mod skipped;
pub mod softhsm;
pub mod source_text;
pub mod tar_file;
pub mod terminal;
pub mod verifier;
