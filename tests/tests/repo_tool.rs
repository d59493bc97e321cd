//! The program `rootline-repo` as maintainers run it: whole ceremonies through its commands, and what it says when it refuses.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "repo_tool/ceremonies.rs"]
mod ceremonies;
#[path = "repo_tool/keys.rs"]
mod keys;
#[path = "repo_tool/merging.rs"]
mod merging;
#[path = "repo_tool/office.rs"]
mod office;
#[path = "repo_tool/publishing.rs"]
mod publishing;
#[path = "repo_tool/records.rs"]
mod records;
#[path = "repo_tool/refusals.rs"]
mod refusals;
#[path = "repo_tool/verify.rs"]
mod verify;
