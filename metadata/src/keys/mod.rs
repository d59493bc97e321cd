//! Public keys: how they are written, what they are made of, and which code verifies with them.

pub mod backend;
pub(crate) mod key;
pub(crate) mod pem;
pub(crate) mod public_key;
