//! The verifier's library: the workflow, its stores and transports, bundles, mirrors and what is exported.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

mod client {
    mod asynchronous;
    mod builder;
    mod bundle;
    mod cache_crash;
    mod cache_identity;
    mod canonical_json;
    mod conditional;
    mod conflicts;
    mod errors;
    mod export;
    mod failover;
    mod file_store;
    mod file_systems;
    mod freshness;
    mod mirror;
    mod network;
    mod nothing_forgotten;
    mod nothing_written;
    mod persistence;
    mod quorum;
    mod round_trips;
    mod transport;
    mod workflow;
}
