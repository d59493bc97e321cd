//! Other people's clients, keys and data: what they publish we read, and what we publish they read.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

mod interop {
    mod altered_signing_configs;
    mod altered_trust_roots;
    mod bundle_sigstore;
    mod destinations;
    mod export_verified_with;
    mod judging;
    mod keys;
    mod mirror;
    mod private_instance;
    mod private_year;
    mod publishing;
    mod reading;
    mod signing_configs;
    mod sigstore_documents;
    mod sigstore_eras;
    mod sigstore_instance;
    mod sigstore_python;
    mod sigstore_repository;
    mod trust_commands;
    mod trust_roots;
    mod wycheproof;
}
