//! Edits of a trusted root. Each changes what it says and nothing else of the document, or nothing at all.

use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};

use super::entry::{EntryRef, NewCertificateAuthority, NewLog, check_window};
use super::proto_json::{spelling, timestamp_text};
use super::section::Section;
use super::trusted_root::TrustedRoot;
use super::window::Window;
use crate::expiry::parse_instant;
use crate::json::{FormatError, Value, ValueMembers};

/// Why an edit was refused. The document is then as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditError {
    /// There is no such entry.
    NoSuchEntry {
        /// The list.
        section: Section,
        /// The entry that was named.
        entry: EntryRef,
    },
    /// Several logs of the list state that id; name one by its position.
    SeveralEntries {
        /// The list.
        section: Section,
        /// The entry that was named.
        entry: EntryRef,
    },
    /// The list has a log with that id already. Clients look logs up by id, so one of two would be lost.
    AlreadyListed {
        /// The list.
        section: Section,
        /// Where that log stands.
        position: usize,
    },
    /// The window has no start, which three clients refuse the file for.
    NoStart,
    /// The window would end before it starts.
    EndBeforeStart {
        /// Its start.
        start: DateTime<Utc>,
        /// Its end.
        end: DateTime<Utc>,
    },
    /// An instant that a file cannot say: not in the years 0 to 9999.
    NoSuchDate,
    /// A member of version 0.2 for a document of version 0.1.
    NeedsVersion02 {
        /// Its name.
        member: &'static str,
    },
    /// The operator is empty or has a scheme; it is to be as in `sigstore.dev`.
    Operator,
    /// The base URL lacks its scheme or a host.
    BaseUrl,
    /// The chain has no certificate.
    EmptyChain,
    /// The bytes are not one DER SEQUENCE and nothing after it.
    NotACertificate {
        /// The position in the chain, from 0.
        position: usize,
    },
    /// The entry as it stands cannot be edited: a member of it is of the wrong kind.
    Malformed {
        /// The name of the member; the section's for the entry itself.
        member: &'static str,
    },
    /// What came out cannot be read.
    Format(FormatError),
}

impl TrustedRoot {
    /// Adds a Rekor log, after those that start no later than it does.
    ///
    /// # Errors
    /// If it is listed already, or a part of it is not one that every client reads, see [`EditError`].
    pub fn add_transparency_log(&mut self, log: &NewLog) -> Result<(), EditError> {
        self.add_log(Section::TransparencyLogs, log)
    }

    /// Adds a certificate transparency log, after those that start no later than it does.
    ///
    /// # Errors
    /// As for [`TrustedRoot::add_transparency_log`].
    pub fn add_ct_log(&mut self, log: &NewLog) -> Result<(), EditError> {
        self.add_log(Section::CertificateTransparencyLogs, log)
    }

    /// Adds a Fulcio chain, after those that start no later than it does.
    ///
    /// # Errors
    /// If a part of it is not one that every client reads, see [`EditError`].
    pub fn add_certificate_authority(&mut self, authority: &NewCertificateAuthority) -> Result<(), EditError> {
        let value = authority.to_value(self.format())?;
        self.insert(Section::CertificateAuthorities, value, authority.valid_for)
    }

    /// Adds a timestamp authority, after those that start no later than it does.
    ///
    /// # Errors
    /// As for [`TrustedRoot::add_certificate_authority`].
    pub fn add_timestamp_authority(&mut self, authority: &NewCertificateAuthority) -> Result<(), EditError> {
        let value = authority.to_value(self.format())?;
        self.insert(Section::TimestampAuthorities, value, authority.valid_for)
    }

    /// Ends an entry's window: it is trusted until `end`, included, and stays listed for what it did before. Gives back the end that it
    /// had.
    ///
    /// # Errors
    /// If there is no such entry or several, if its window has no start or starts later, or if it cannot be edited.
    pub fn close_window(
        &mut self,
        section: Section,
        entry: &EntryRef,
        end: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, EditError> {
        let position = self.position_of(section, entry)?;
        let mut ended = None;
        self.edit(section, |list| {
            let members = list[position].as_object_mut().ok_or(EditError::Malformed { member: section.as_str() })?;
            let holder = if section.holds_logs() { object_in(members, "publicKey")? } else { members };
            let window = object_in(holder, "validFor")?;
            let start = instant_in(window, "start");
            ended = instant_in(window, "end");
            check_window(Window::new(start, Some(end)))?;
            window.insert(&spelling(window, "end"), timestamp_text(end).into());
            Ok(())
        })?;
        Ok(ended)
    }

    /// Takes an entry out. Rarely right: what it signed can no longer be verified; see [`TrustedRoot::close_window`]. Gives back the
    /// entry.
    ///
    /// # Errors
    /// If there is no such entry or several.
    pub fn remove(&mut self, section: Section, entry: &EntryRef) -> Result<Value, EditError> {
        let position = self.position_of(section, entry)?;
        let mut removed = Value::Null;
        self.edit(section, |list| {
            removed = list.remove(position);
            Ok(())
        })?;
        Ok(removed)
    }

    fn add_log(&mut self, section: Section, log: &NewLog) -> Result<(), EditError> {
        let value = log.to_value(section, self.format())?;
        let id = log.log_id(section);
        if let Some(listed) = self.logs(section).iter().find(|listed| listed.log_id() == Some(&id)) {
            return Err(EditError::AlreadyListed { section, position: listed.position() });
        }
        self.insert(section, value, log.valid_for)
    }

    /// Before the first entry that starts later; the others keep their places, in order or not.
    fn insert(&mut self, section: Section, value: Value, window: Window) -> Result<(), EditError> {
        self.edit(section, |list| {
            let later = list.iter().position(|entry| start_of(section, entry) > window.start());
            list.insert(later.unwrap_or(list.len()), value);
            Ok(())
        })
    }

    fn position_of(&self, section: Section, entry: &EntryRef) -> Result<usize, EditError> {
        let missing = || EditError::NoSuchEntry { section, entry: entry.clone() };
        match entry {
            EntryRef::Position(position) => {
                let top = self.value().as_object().ok_or_else(missing)?;
                let list = top.get(&spelling(top, section.as_str())).and_then(Value::as_array).unwrap_or_default();
                if *position < list.len() { Ok(*position) } else { Err(missing()) }
            }
            EntryRef::LogId(id) => {
                let mut found = self.logs(section).iter().filter(|log| log.log_id() == Some(id));
                match (found.next(), found.next()) {
                    (Some(log), None) => Ok(log.position()),
                    (None, _) => Err(missing()),
                    _ => Err(EditError::SeveralEntries { section, entry: entry.clone() }),
                }
            }
        }
    }

    /// Edits one list of a copy, and takes the copy's place if it can be read.
    fn edit(
        &mut self,
        section: Section,
        change: impl FnOnce(&mut Vec<Value>) -> Result<(), EditError>,
    ) -> Result<(), EditError> {
        let mut value = self.value().clone();
        let malformed = EditError::Malformed { member: section.as_str() };
        let top = value.as_object_mut().ok_or(malformed.clone())?;
        let name = spelling(top, section.as_str());
        if matches!(top.get(&name), None | Some(Value::Null)) {
            top.insert(&name, Vec::<Value>::new().into());
        }
        change(top.get_mut(&name).and_then(Value::as_array_mut).ok_or(malformed)?)?;
        *self = TrustedRoot::from_value(&value).map_err(EditError::Format)?;
        Ok(())
    }
}

/// The object of that name, made if it is not there.
fn object_in<'a>(members: &'a mut ValueMembers, name: &'static str) -> Result<&'a mut ValueMembers, EditError> {
    let spelled = spelling(members, name);
    if matches!(members.get(&spelled), None | Some(Value::Null)) {
        members.insert(&spelled, ValueMembers::new().into());
    }
    members.get_mut(&spelled).and_then(Value::as_object_mut).ok_or(EditError::Malformed { member: name })
}

fn instant_in(members: &ValueMembers, name: &'static str) -> Option<DateTime<Utc>> {
    parse_instant(members.get(&spelling(members, name))?.as_text()?)
}

/// When an entry starts, even one that is skipped. None, which comes before every instant, if it does not say.
fn start_of(section: Section, entry: &Value) -> Option<DateTime<Utc>> {
    let member = |value: &'_ Value, name| Some(spelling(value.as_object()?, name));
    let holder = if section.holds_logs() { entry.get(&member(entry, "publicKey")?)? } else { entry };
    let window = holder.get(&member(holder, "validFor")?)?;
    instant_in(window.as_object()?, "start")
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditError::NoSuchEntry { section, entry } => write!(f, "{section} has no {entry}"),
            EditError::SeveralEntries { section, entry } => {
                write!(f, "{section} has several of {entry}; name one by its position")
            }
            EditError::AlreadyListed { section, position } => {
                write!(f, "the log is listed already, as {section} entry {position}")
            }
            EditError::NoStart => f.write_str("the window has no start, and clients refuse a file with such an entry"),
            EditError::EndBeforeStart { start, end } => {
                write!(f, "the window would end {}, before it starts {}", timestamp_text(*end), timestamp_text(*start))
            }
            EditError::NoSuchDate => f.write_str("a window's start and end are in the years 0 to 9999"),
            EditError::NeedsVersion02 { member } => write!(f, "`{member}` needs a trusted root of version 0.2"),
            EditError::Operator => f.write_str("an operator is a name without a scheme, such as sigstore.dev"),
            EditError::BaseUrl => f.write_str("a log's base URL has a scheme and a host"),
            EditError::EmptyChain => f.write_str("the chain has no certificate"),
            EditError::NotACertificate { position } => {
                write!(f, "certificate {position} of the chain is not one DER SEQUENCE")
            }
            EditError::Malformed { member } => write!(f, "`{member}` is not of the kind it must be, so it cannot be edited"),
            EditError::Format(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EditError {}
