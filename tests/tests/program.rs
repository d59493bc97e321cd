//! The program `rootline`, as it is shipped: what it prints where, its exit status, and what it leaves on disk.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

mod program {
    mod addresses;
    mod bundle;
    mod cache;
    mod cache_faults;
    mod cache_processes;
    mod commands;
    mod destinations;
    mod exit;
    mod file_systems;
    mod fit_for_a_terminal;
    mod formats;
    mod freshness;
    mod golden;
    mod instances;
    mod limits;
    mod one_bad_role;
    mod show;
    mod status;
    mod surface;
}
