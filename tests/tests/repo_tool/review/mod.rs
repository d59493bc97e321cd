//! `rootline-repo ceremony review`: what a signature means, as text, as JSON and as a page in a real browser.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "review/delegations.rs"]
mod delegations;
#[path = "repo_tool/office.rs"]
#[allow(dead_code, reason = "the tests of whole ceremonies use more of it")]
mod office;
#[path = "review/page.rs"]
mod page;
#[path = "review/real_files.rs"]
mod real_files;
#[path = "review/signed.rs"]
mod signed;
#[path = "review/text_and_json.rs"]
mod text_and_json;
