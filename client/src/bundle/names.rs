//! The names of the files in a bundle: those that they have in a repository on a web server, so that it unpacks to one.

use std::collections::BTreeMap;

use rootline_metadata::file_name::TARGETS_FOLDER;

use super::error::BundleError;
use crate::store::escape::check_component;
use crate::transport::{InMemory, Place, Request, Transport};

/// The file that answers a request. A metadata file's name is percent-encoded where it has special characters, as clients ask for it.
///
/// # Errors
/// For a target whose name cannot be that of a file.
pub(super) fn file_name(request: &Request) -> Result<String, BundleError> {
    let refuse = |reason| BundleError::Name { name: request.name(), reason };
    match request.place {
        Place::Metadata => request.url_path().map_err(refuse),
        Place::Targets => {
            request.segments.iter().try_for_each(|part| check_component(part)).map_err(refuse)?;
            Ok(format!("{TARGETS_FOLDER}{}", request.name()))
        }
    }
}

/// Whether a bundle may have a file of this name.
///
/// # Errors
/// If it may not.
pub(super) fn check_name(name: &str) -> Result<(), BundleError> {
    let refuse = |reason| BundleError::Name { name: name.to_owned(), reason };
    let parts = name.strip_prefix(TARGETS_FOLDER).unwrap_or(name);
    parts.split('/').try_for_each(check_component).map_err(refuse)?;
    match name.contains('/') && parts.len() == name.len() {
        true => Err(refuse("it is in a folder that no bundle has")),
        false => Ok(()),
    }
}

/// Files by the names that they have in a bundle.
#[derive(Clone, Debug)]
pub(super) struct Files<B>(pub(super) BTreeMap<String, B>);

impl<B: AsRef<[u8]>> Files<B> {
    /// The files as a repository.
    pub(super) fn transport(&self) -> impl Transport + '_ {
        // A name that no file can have finds none.
        InMemory::new(|request: &Request| self.0.get(&file_name(request).unwrap_or_default())).in_place("in the bundle")
    }
}
