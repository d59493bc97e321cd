//! The nouns that everything else is said in: names, roles and their versions, people and their keys, periods and bounds.

pub(crate) mod bounds;
pub(crate) mod file_name;
pub(crate) mod fingerprint;
pub(crate) mod holders;
pub(crate) mod keyholder;
pub(crate) mod name;
pub(crate) mod period;
pub(crate) mod repository_url;
pub(crate) mod role;
pub(crate) mod role_version;
pub(crate) mod sigstore;
pub(crate) mod target_name;
pub(crate) mod toml_error;
