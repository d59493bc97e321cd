//! A static mirror of a repository, in a folder.

mod interrupted;
mod keeping;
mod place;
mod program;
mod refused;
mod sigstore;
mod whole;
