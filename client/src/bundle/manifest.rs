//! `bundle.json`: what is inside a bundle, for people and for programs. Nothing in it is trusted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::format::{self, FileError};
use rootline_metadata::json::{Document, FormatError, Object, Value, ValueMembers};
use rootline_metadata::{Expiry, Role, TargetPath, Version, file_name, hex, instant_text, parse_instant, sha256};

use super::contents::Contents;
use super::error::BundleError;
use super::limits::BundleLimits;

/// The name of the first file in every bundle.
pub const MANIFEST: &str = "bundle.json";
/// The member that has the version of its format, and says that it is a bundle's.
const FORMAT_MEMBER: &str = "bundle";

/// What cannot be told from the files themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The name of the instance.
    pub(super) instance: String,
    /// The root that was pinned where it was made.
    pub(super) pinned: Version,
    /// When the files were last compared with the repository.
    pub(super) taken_at: Option<DateTime<Utc>>,
}

/// The parts of a manifest that are read; the others are made again and compared.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    pub(super) statement: Statement,
    pub(super) targets: Vec<TargetPath>,
}

impl Claims {
    /// Reads a manifest within the limits.
    pub(super) fn read(bytes: &[u8], limits: &BundleLimits) -> Result<Claims, BundleError> {
        let limit = usize::try_from(limits.manifest).unwrap_or(usize::MAX);
        let malformed = |error| BundleError::Manifest(Box::new(error));
        let document = Document::parse(bytes.to_vec(), limit).map_err(malformed)?;
        // First of all: in another format anything else may be different.
        let top = document.top().object().map_err(malformed)?;
        top.required(FORMAT_MEMBER).map_err(malformed)?;
        match format::check(top, FORMAT_MEMBER) {
            Ok(()) => Claims::parse(top, limits).map_err(malformed),
            Err(FileError::Newer(newer)) => Err(BundleError::Newer(newer)),
            Err(FileError::Format(error)) => Err(malformed(error)),
        }
    }

    fn parse(top: Object<'_>, limits: &BundleLimits) -> Result<Claims, FormatError> {
        let taken_at = top.required("taken_at")?;
        let taken_at = match taken_at.text() {
            Some(text) => Some(parse_instant(&text).ok_or_else(|| taken_at.invalid("not an instant"))?),
            None => None,
        };
        let version = top.required("pinned_root")?.object()?.required("version")?;
        let pinned = version.digits().and_then(|digits| digits.parse().ok()).and_then(Version::new);
        let mut targets: Vec<TargetPath> = Vec::new();
        for target in top.required("targets")?.array()? {
            let name = target.object()?.required("name")?;
            let path = TargetPath::new(name.string()?.into_owned());
            let path = path.ok_or_else(|| name.invalid("a target's name is not empty"))?;
            // Each is searched for and held in memory, so that none is taken twice.
            if targets.last().is_some_and(|before| *before >= path) {
                return Err(name.invalid("targets stand in the order of their names, each of them once"));
            }
            if targets.len() >= limits.files {
                return Err(name.invalid("more targets than a bundle may have files"));
            }
            targets.push(path);
        }
        let pinned = pinned.ok_or_else(|| version.invalid("not a version"))?;
        let instance = top.required("instance")?.string()?.into_owned();
        Ok(Claims { statement: Statement { instance, pinned, taken_at }, targets })
    }
}

impl Statement {
    /// The manifest of these contents, whose files are `files`.
    pub(super) fn manifest(
        &self,
        contents: &Contents,
        files: &BTreeMap<String, &[u8]>,
    ) -> Result<Vec<u8>, BundleError> {
        let updated = contents.updated();
        let pinned = contents.roots().find(|(version, _)| *version == self.pinned);
        let pinned = pinned.map(|(version, root)| {
            ValueMembers::new().with("version", version.number()).with("sha256", hex::encode(&sha256(root)))
        });
        let mut targets = Vec::new();
        for (position, (found, _)) in updated.targets.iter().enumerate() {
            let target = ValueMembers::new()
                .with("name", found.path.as_str())
                .with("file", contents.target_file(position)?)
                .with("listed_by", found.role.as_ref().map_or("targets", |role| role.as_str()));
            targets.push(Value::from(target));
        }
        let inside = files.iter().map(|(name, bytes)| {
            let file = ValueMembers::new().with("file", name.as_str()).with("length", bytes.len() as u64);
            Value::from(file.with("sha256", hex::encode(&sha256(bytes))))
        });
        let manifest = ValueMembers::new()
            .with(FORMAT_MEMBER, format::CURRENT)
            .with("instance", self.instance.as_str())
            .with("pinned_root", pinned.unwrap_or_default())
            .with("taken_at", self.taken_at.map_or(Value::Null, |instant| instant_text(instant).into()))
            .with("fresh_until", contents.first_expiry().to_text())
            .with("roles", self.roles(contents)?)
            .with("targets", targets)
            .with("files", inside.collect::<Vec<_>>());
        Ok(Value::from(manifest).pretty(2).into_bytes())
    }

    fn roles(&self, contents: &Contents) -> Result<Vec<Value>, BundleError> {
        let trusted = &contents.updated().trusted;
        let role = |name: &str, version: Version, expiry: Expiry, file: String| {
            let role = ValueMembers::new().with("name", name).with("version", version.number());
            Value::from(role.with("expires", expiry.to_text()).with("file", file))
        };
        let (root, timestamp) = (trusted.root(), trusted.timestamp());
        let (snapshot, targets) = (trusted.snapshot(), trusted.targets());
        let file = |name, version| contents.role_file(name, version);
        let mut roles = vec![
            role("root", root.version(), root.expiry(), file_name::root(root.version())),
            role("timestamp", timestamp.version(), timestamp.expiry(), file("timestamp", None)?),
            role("snapshot", snapshot.version(), snapshot.expiry(), file("snapshot", Some(snapshot.version()))?),
            role("targets", targets.version(), targets.expiry(), file("targets", Some(targets.version()))?),
        ];
        for delegated in contents.delegated() {
            let name = delegated.name.as_str();
            roles.push(role(name, delegated.version, delegated.expiry, file(name, Some(delegated.version))?));
        }
        Ok(roles)
    }
}
