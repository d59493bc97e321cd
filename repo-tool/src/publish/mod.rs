//! Making a repository public: the verifiers that are tried first, the order of writing, and a server for trying it out.

pub(crate) mod destination;
pub(crate) mod lint;
pub(crate) mod place;
pub(crate) mod preflight;
pub(crate) mod reached;
pub(crate) mod server;
pub(crate) mod staged;
