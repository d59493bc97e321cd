//! Ceremonies as values: from a plan to a repository that a verifier accepts, and everything that is refused on the way.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "ceremony/delegations.rs"]
mod delegations;
#[path = "ceremony/diagnosis.rs"]
mod diagnosis;
#[path = "ceremony/format.rs"]
mod format;
#[path = "ceremony/plans.rs"]
mod plans;
#[path = "ceremony/property.rs"]
mod property;
#[path = "ceremony/publishing.rs"]
mod publishing;
#[path = "ceremony/record.rs"]
mod record;
#[path = "ceremony/requests.rs"]
mod requests;
#[path = "ceremony/room.rs"]
mod room;
#[path = "ceremony/sequence.rs"]
mod sequence;
#[path = "ceremony/signing.rs"]
mod signing;
#[path = "ceremony/transcript.rs"]
mod transcript;
#[path = "ceremony/two_ids.rs"]
mod two_ids;
