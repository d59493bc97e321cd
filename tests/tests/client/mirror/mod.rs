//! A static mirror of a repository, in a folder.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "mirror/interrupted.rs"]
mod interrupted;
#[path = "mirror/keeping.rs"]
mod keeping;
#[path = "mirror/place.rs"]
mod place;
#[path = "mirror/program.rs"]
mod program;
#[path = "mirror/refused.rs"]
mod refused;
#[path = "mirror/sigstore.rs"]
mod sigstore;
#[path = "mirror/whole.rs"]
mod whole;
