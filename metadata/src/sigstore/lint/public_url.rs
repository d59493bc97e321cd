//! URLs that clients everywhere are to use.

use alloc::format;
use alloc::string::String;

use super::super::log_id::origin;
use crate::quoted::Quoted;

/// What is wrong with a URL that clients everywhere are to use; `None` if nothing is.
pub fn url_problem(url: &str) -> Option<String> {
    let Some((scheme, _)) = url.split_once("://") else { return Some("the URL has no scheme".into()) };
    if scheme != "https" {
        return Some(format!("the URL is {}, not https", Quoted(scheme)));
    }
    let Some(host) = origin(url) else { return Some("the URL has no host".into()) };
    if is_of_a_cluster(host) {
        return Some(format!("{} is a name inside a cluster", Quoted(host)));
    }
    url.ends_with('/').then(|| "the URL ends in a slash".into())
}

/// Names that a cluster's own resolver alone knows, or that mean another machine to everybody.
fn is_of_a_cluster(host: &str) -> bool {
    let is_address = host.contains(':') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    !is_address && (!host.contains('.') || [".svc", ".local", ".internal"].iter().any(|end| host.ends_with(end)))
}
