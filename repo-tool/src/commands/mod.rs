//! One file for each command.

pub(crate) mod bounds;
pub(crate) mod ceremony;
pub(crate) mod clock;
pub(crate) mod confirmation;
pub(crate) mod demo;
pub(crate) mod doctor;
mod documents;
pub(crate) mod guide;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod keyholder;
pub(crate) mod lint;
pub(crate) mod online;
pub(crate) mod preflight;
pub(crate) mod publish;
pub(crate) mod quickstart;
pub(crate) mod renew;
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod trust;

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};
use rootline_ceremonies::{CeremonyRole, Name, TomlError};

use crate::failure::Failure;

/// Reads an option that is a keyholder's or a ceremony's name.
pub(crate) fn parse_name(text: &str) -> Result<Name, String> {
    text.parse().map_err(|bad| format!("{bad}"))
}

/// Reads an option that is the name of a role that people sign.
pub(crate) fn parse_role(text: &str) -> Result<CeremonyRole, Failure> {
    CeremonyRole::parse(text).ok_or_else(|| {
        let hint = "name root, targets, or a role that targets delegates to";
        Failure::new(format!("{text:?} is not a role that a ceremony signs"), hint)
    })
}

/// Reads the path of a file or a folder of this machine. A URL would be taken for the name of a folder, and made where something is written.
pub(crate) fn local_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match is_url(&path) {
        true => Err("this is a URL; name a file or a folder of this machine"),
        false => Ok(path),
    })
}

/// Whether somebody means a URL by a path.
pub(crate) fn is_url(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// Whether a text is one that a URL begins with; a single letter is a drive.
pub(crate) fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
}

/// Reads an option of the form LEFT=RIGHT.
pub(crate) fn parse_pair(text: &str) -> Result<(String, String), String> {
    let (left, right) = text.split_once('=').ok_or("expected two names with `=` between them")?;
    Ok((left.to_owned(), right.to_owned()))
}

/// Where options make a file that could not be read again.
pub(crate) fn own_text(error: &TomlError) -> String {
    format!("these options do not make a valid file: {}", error.problem)
}
