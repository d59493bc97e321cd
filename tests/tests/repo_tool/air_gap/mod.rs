//! The air gap: keyholders sign requests on machines with nothing but the program, and what comes back is taken if it verifies.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "air_gap/accepting.rs"]
mod accepting;
#[path = "air_gap/detached.rs"]
mod detached;
#[path = "air_gap/machine.rs"]
mod machine;
#[path = "repo_tool/office.rs"]
#[allow(dead_code, reason = "the office has more than is needed here")]
mod office;
#[path = "air_gap/prompts.rs"]
mod prompts;
#[path = "air_gap/qr_codes.rs"]
mod qr_codes;
#[path = "air_gap/signing.rs"]
mod signing;
#[path = "air_gap/tampering.rs"]
mod tampering;
