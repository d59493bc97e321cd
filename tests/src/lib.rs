//! Placeholder.

pub mod scripted_server;
