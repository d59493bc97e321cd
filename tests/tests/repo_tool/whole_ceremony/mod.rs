//! A whole ceremony of five keyholders with five kinds of signers, and then three of the five replaced at once: on the shipped program, from the
//! first command to what other people's clients make of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "attestation/der.rs"]
#[allow(dead_code, reason = "other tests make certificates with every defect")]
mod der;
#[path = "signers/desk.rs"]
#[allow(dead_code, reason = "of it only the place of the plugin is needed")]
mod desk;
#[path = "whole_ceremony/first.rs"]
mod first;
#[path = "air_gap/machine.rs"]
#[allow(dead_code, reason = "other tests begin elsewhere")]
mod machine;
#[path = "repo_tool/office.rs"]
#[allow(dead_code, reason = "the office of other tests, of which these need a part")]
mod office;
#[path = "whole_ceremony/people.rs"]
mod people;
#[path = "whole_ceremony/rotation.rs"]
mod rotation;
#[path = "attestation/vendor.rs"]
#[allow(dead_code, reason = "other tests have a vendor with every defect")]
mod vendor;
