//! The program `rootline-repo` as maintainers and keyholders run it: whole ceremonies, and what it says when it refuses.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

mod repo_tool {
    mod air_gap;
    mod attestation;
    mod bounds;
    mod buckets;
    mod ceremonies;
    mod clock;
    mod doctor;
    mod file_systems;
    mod frozen_plans;
    mod given_up;
    mod golden;
    mod guide;
    mod ignored;
    mod keys;
    mod killed_commands;
    #[cfg(unix)]
    mod links;
    mod lint;
    mod merging;
    mod one_verified_state;
    mod origins;
    mod periods;
    mod pins;
    mod possession;
    mod preflight;
    mod publishing;
    mod quickstart;
    mod records;
    mod recovery;
    mod refusals;
    mod renamed;
    mod renew;
    mod review;
    mod signers;
    mod signing_config;
    mod stages;
    mod surface;
    mod targets_folder;
    mod times;
    mod trust;
    mod trust_import;
    mod two_clones;
    mod verify;
    mod whole_ceremony;
}
