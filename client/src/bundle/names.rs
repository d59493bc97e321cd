//! The names of the files in a bundle: those that they have in a repository on a web server, so that it unpacks to one.

use std::collections::BTreeMap;

use super::error::BundleError;
use crate::store::escape::check_component;
use crate::transport::{Place, Request, Transport, TransportError};

/// Below this are the targets; the metadata is at the top.
pub(super) const TARGETS: &str = "targets/";

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
            Ok(format!("{TARGETS}{}", request.name()))
        }
    }
}

/// Whether a bundle may have a file of this name.
///
/// # Errors
/// If it may not.
pub(super) fn check_name(name: &str) -> Result<(), BundleError> {
    let refuse = |reason| BundleError::Name { name: name.to_owned(), reason };
    let parts = name.strip_prefix(TARGETS).unwrap_or(name);
    parts.split('/').try_for_each(check_component).map_err(refuse)?;
    match name.contains('/') && parts.len() == name.len() {
        true => Err(refuse("it is in a folder that no bundle has")),
        false => Ok(()),
    }
}

/// Files by the names that they have in a bundle. What is asked for and is not among them is absent, as in any repository.
#[derive(Clone, Debug)]
pub(super) struct Files<B>(pub(super) BTreeMap<String, B>);

impl<B: AsRef<[u8]>> Transport for Files<B> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let location = format!("{} in the bundle", request.name());
        // A name that no file can have is the name of none.
        match self.0.get(&file_name(request).unwrap_or_default()).map(AsRef::as_ref) {
            Some(bytes) if bytes.len() as u64 > request.limit => {
                Err(TransportError::TooLong { location, limit: request.limit })
            }
            Some(bytes) => Ok(bytes.to_vec()),
            None => Err(TransportError::NotFound { location, forbidden: false }),
        }
    }
}
