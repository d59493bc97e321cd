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
pub mod distant;
pub mod fixtures;
pub mod full_disk;
pub mod golden;
pub mod http2_server;
#[cfg(unix)]
pub mod interrupted;
pub mod large_repository;
pub mod localstack;
pub mod long;
pub mod nginx;
pub mod peers;
pub mod pem;
pub mod real_data;
pub mod recorder;
pub mod running;
pub mod scripted_server;
pub mod simulator;
pub mod skipped;
pub mod softhsm;
pub mod source_text;
pub mod static_server;
pub mod tar_file;
pub mod terminal;
pub mod tinyproxy;
pub mod verifier;
