//! Ceremonies as values: from a plan to a repository that a verifier accepts, and everything that is refused on the way.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

mod ceremonies {
    mod attestation;
    mod bridge;
    mod caches;
    mod delegations;
    mod diagnosis;
    mod format;
    mod online_bridge;
    mod plans;
    mod property;
    mod publishing;
    mod record;
    mod requests;
    mod sequence;
    mod signing;
    mod transcript;
    mod two_ids;
}
