//! Signed files: the bytes that arrived, their signatures, and whether enough keys have signed.

pub(crate) mod envelope;
pub(crate) mod quorum;
pub(crate) mod signature;
