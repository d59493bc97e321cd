//! `instance.toml`: where an instance is, and which root it was made with.

use std::path::Path;

use rootline_client::transport::Address;
use rootline_client::{Instance, Location};
use rootline_metadata::format::{self, NewerFormat};
use rootline_metadata::{hex, sha256};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The file as it is written. What is not known is refused: a misspelled key must not be passed over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstanceFile {
    #[serde(default = "first")]
    format: u64,
    metadata_url: String,
    targets_url: String,
    root_sha256: String,
    #[serde(default, rename = "mirror", skip_serializing_if = "Vec::is_empty")]
    mirrors: Vec<Mirror>,
}

/// The version of its format alone.
#[derive(Debug, Deserialize)]
struct Stated {
    format: Option<toml::Spanned<u64>>,
}

/// A file that states none was written before formats were numbered.
fn first() -> u64 {
    format::CURRENT
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirror {
    metadata_url: String,
    targets_url: String,
}

impl InstanceFile {
    pub(super) fn of(instance: &Instance) -> InstanceFile {
        let mirror = |place: &Location| Mirror {
            metadata_url: place.metadata_url.clone(),
            targets_url: place.targets_url.clone(),
        };
        InstanceFile {
            format: format::CURRENT,
            metadata_url: instance.metadata_url.clone(),
            targets_url: instance.targets_url.clone(),
            root_sha256: hex::encode(&sha256(&instance.pinned_root)),
            mirrors: instance.mirrors.iter().map(mirror).collect(),
        }
    }

    pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<InstanceFile, Failure> {
        let refused = |line: usize, problem: &str| {
            let problem = without_values(problem.trim()).replace('\n', "; ");
            let what = format!("{}:{line}: {problem}", path.display());
            Failure::new(
                what,
                "correct this line, or remove the instance and add it again with `rootline instance add`",
            )
        };
        let text = str::from_utf8(bytes).map_err(|error| refused(line_of(bytes, error.valid_up_to()), "not UTF-8"))?;
        let malformed = |error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            refused(line_of(bytes, start), error.message())
        };
        // First of all: in another format there may be other keys.
        let Stated { format } = toml::from_str(text).map_err(malformed)?;
        let stated = format.as_ref().map_or_else(first, |stated| *stated.get_ref());
        if stated == 0 {
            let start = format.map_or(0, |stated| stated.span().start);
            return Err(refused(line_of(bytes, start), format::EXPECTED));
        }
        if let Some(newer) = NewerFormat::of(stated) {
            return Err(Failure::new(format!("{} was {newer}", path.display()), newer.hint()));
        }
        toml::from_str(text).map_err(malformed)
    }

    pub(super) fn to_toml(&self) -> String {
        toml::to_string(self).expect("texts and lists of texts can be written as TOML")
    }

    pub(super) fn root_sha256(&self) -> String {
        self.root_sha256.to_ascii_lowercase()
    }

    pub(super) fn into_instance(self, name: &str, pinned_root: Vec<u8>) -> Instance {
        // As it is read now, however it was written: the same instance compares equal. What cannot be read is refused when it is used.
        let normal = |url: String| Address::parse(&url).map_or(url, |address| address.to_text());
        let location = Location::new(normal(self.metadata_url), normal(self.targets_url));
        let instance = Instance::new(name, location, pinned_root);
        let place = |mirror: Mirror| Location::new(normal(mirror.metadata_url), normal(mirror.targets_url));
        self.mirrors.into_iter().map(place).fold(instance, Instance::with_mirror)
    }
}

/// The problem without the text that it is about: a URL in the wrong place may have credentials.
fn without_values(problem: &str) -> String {
    let quoted = problem.split_once('"').map(|(before, _)| before);
    let named = problem.split_once('`').filter(|_| problem.contains(['@', ':'])).map(|(before, _)| before);
    let Some(before) = quoted.or(named) else { return problem.to_owned() };
    let expected = problem.rfind(", expected").map_or("", |at| &problem[at..]);
    format!("{}{expected}", before.trim_end())
}

fn line_of(bytes: &[u8], position: usize) -> usize {
    bytes.iter().take(position).filter(|byte| **byte == b'\n').count() + 1
}
