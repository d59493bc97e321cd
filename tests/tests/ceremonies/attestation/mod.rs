//! Hardware evidence: two real tokens pass and are warned of, and every mutilation of what they said is refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "attestation/ceremonies.rs"]
mod ceremonies;
#[path = "attestation/commands.rs"]
mod commands;
#[path = "attestation/der.rs"]
mod der;
#[path = "attestation/forms.rs"]
mod forms;
#[path = "attestation/links.rs"]
mod links;
#[path = "repo_tool/office.rs"]
#[allow(dead_code, reason = "the tests of ceremonies use more of it")]
mod office;
#[path = "attestation/real.rs"]
mod real;
#[path = "attestation/rules.rs"]
mod rules;
#[path = "attestation/said.rs"]
mod said;
#[path = "attestation/vendor.rs"]
mod vendor;
