//! The verifier's program.
fn main() {}
