//! Servers that a test starts: those that answer as it says, and those that others have written.

pub mod azurite;
pub mod bucket_server;
pub mod distant;
pub mod http2_server;
pub mod localstack;
pub mod moto;
pub mod nginx;
pub mod plain_http;
pub mod scripted_server;
pub mod static_server;
pub mod tinyproxy;
