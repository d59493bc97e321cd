//! The file of a place's record: `publications/NAME.json`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::format::{self, FileError};
use rootline_metadata::json::{Document, FormatError, Node, Object, Value, ValueMembers};
use rootline_metadata::{Version, instant_text, parse_instant};

use super::place_record::{PlaceRecord, ShownTimestamp};

impl PlaceRecord {
    /// Most bytes of a file: thousands of roots, and a timestamp for each minute of a day.
    pub const MAX_BYTES: usize = 4 << 20;

    /// Reads one.
    ///
    /// # Errors
    /// If it does not have the form of one, or is of a newer version.
    pub fn parse(bytes: &[u8]) -> Result<PlaceRecord, FileError> {
        let document = Document::parse(bytes.to_vec(), PlaceRecord::MAX_BYTES)?;
        let object = document.top().object()?;
        format::check(object, format::MEMBER)?;
        let timestamps = object.required("timestamps")?.array()?.map(shown_timestamp);
        let known_since = object.optional("known_since").map(instant).transpose()?;
        Ok(PlaceRecord {
            place: object.required("place")?.string()?.into_owned(),
            known_since,
            roots: versions(object, "roots")?,
            snapshots: versions(object, "snapshots")?,
            timestamps: timestamps.collect::<Result<_, FormatError>>()?,
            stages_done: object.required("stages_done")?.number()?,
        })
    }

    /// The text of its file.
    pub fn to_json(&self) -> Vec<u8> {
        let versions = |since: &BTreeMap<Version, DateTime<Utc>>| {
            since.iter().fold(ValueMembers::new(), |members, (version, since)| {
                members.with(&version.to_string(), instant_text(*since))
            })
        };
        let shown = |shown: &ShownTimestamp| {
            let members = ValueMembers::new().with("since", instant_text(shown.since));
            let members = match shown.replaced {
                Some(replaced) => members.with("replaced", instant_text(replaced)),
                None => members,
            };
            members.with("file", String::from_utf8_lossy(&shown.bytes).as_ref())
        };
        let mut members = ValueMembers::new().with(format::MEMBER, format::CURRENT).with("place", self.place.as_str());
        if let Some(known_since) = self.known_since {
            members.insert("known_since", instant_text(known_since).into());
        }
        let members = members
            .with("roots", versions(&self.roots))
            .with("snapshots", versions(&self.snapshots))
            .with("timestamps", self.timestamps.iter().map(shown).collect::<Value>())
            .with("stages_done", self.stages_done);
        let mut text = Value::from(members).pretty(2).into_bytes();
        text.push(b'\n');
        text
    }
}

fn instant(node: Node<'_>) -> Result<DateTime<Utc>, FormatError> {
    parse_instant(&node.string()?).ok_or_else(|| node.invalid("expected a date and time"))
}

fn versions(object: Object<'_>, name: &'static str) -> Result<BTreeMap<Version, DateTime<Utc>>, FormatError> {
    let node = object.required(name)?;
    let version = |text: &str| text.parse().ok().and_then(Version::new);
    let members = node.object()?.members().map(|(name, since)| {
        Ok((
            version(&name).ok_or_else(|| since.invalid("expected the number of a version as the member's name"))?,
            instant(since)?,
        ))
    });
    members.collect()
}

fn shown_timestamp(node: Node<'_>) -> Result<ShownTimestamp, FormatError> {
    let object = node.object()?;
    Ok(ShownTimestamp {
        bytes: object.required("file")?.string()?.as_bytes().to_vec(),
        since: instant(object.required("since")?)?,
        replaced: object.optional("replaced").map(instant).transpose()?,
    })
}
