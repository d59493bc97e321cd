//! A folder as any web server serves it: files under their names, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use crate::servers::scripted_server::{Reply, ScriptedServer};

/// Serves what is in `folder` at the time of each request, on this machine only, until it is dropped.
pub fn serve(folder: &Path) -> ScriptedServer {
    let folder = folder.to_owned();
    ScriptedServer::answering(move |request| match file(&folder, &request.target).map(fs::read) {
        Some(Ok(bytes)) => Reply::ok(&bytes),
        _ => Reply::status(404, "not found"),
    })
}

/// Web servers decode the whole path before they look for it, slashes too.
fn file(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = decoded(path.trim_start_matches('/'))?;
    let climbs = path.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    (!climbs).then(|| folder.join(path))
}

fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}
