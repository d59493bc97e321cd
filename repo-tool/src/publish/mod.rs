//! Making a repository public: the order of writing, and a server for trying it out.

pub(crate) mod destination;
pub(crate) mod emergency;
pub(crate) mod lint;
pub(crate) mod place;
pub(crate) mod reached;
pub(crate) mod server;
pub(crate) mod staged;
