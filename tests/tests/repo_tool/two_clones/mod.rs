//! Two maintainers in two clones who merge with git: a clean merge or one clear conflict, and never a lost signature.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "two_clones/clones.rs"]
mod clones;
#[path = "two_clones/conflicts.rs"]
mod conflicts;
#[path = "two_clones/histories.rs"]
mod histories;
#[path = "two_clones/merges.rs"]
mod merges;
#[path = "repo_tool/office.rs"]
#[allow(dead_code, reason = "not every test that works in an office needs all of it")]
mod office;
