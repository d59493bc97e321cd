//! Edits of a trusted root. Each changes what it says and nothing else of the document, or nothing at all.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::edit_error::EditError;
use super::entry::{EntryRef, NewCertificateAuthority, NewLog, check_window};
use super::log_instance::LogInstance;
use super::proto_json::{spelling, timestamp_text};
use super::section::Section;
use super::trusted_root::TrustedRoot;
use super::window::Window;
use crate::json::{Value, ValueMembers};
use crate::roles::expiry::parse_instant;

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

    /// Adds an entry as another document has it, with every member, after those that start no later than it does. It need not be understood.
    ///
    /// # Errors
    /// If what comes out cannot be read.
    pub fn add_entry(&mut self, section: Section, entry: Value) -> Result<(), EditError> {
        let start = start_of(section, &entry);
        self.insert(section, entry, Window::new(start, None))
    }

    /// Ends an entry's window: it is trusted until `end`, included, and stays listed for what it did before. Gives back the end that it
    /// had.
    ///
    /// # Errors
    /// If there is no such entry or several, if its window starts later, or if it cannot be edited.
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
            // A start that is missing must not keep a compromised key open.
            check_window(Window::new(start.or(Some(end)), Some(end)))?;
            window.insert(&spelling(window, "end"), timestamp_text(end).into());
            Ok(())
        })?;
        Ok(ended)
    }

    /// Replaces an entry's window. Gives back the one that it had.
    ///
    /// # Errors
    /// If there is no such entry or several, if the window has no start or ends before it, or if the entry cannot be edited.
    pub fn set_window(&mut self, section: Section, entry: &EntryRef, window: Window) -> Result<Window, EditError> {
        check_window(window)?;
        let position = self.position_of(section, entry)?;
        let mut before = Window::ALWAYS;
        self.edit(section, |list| {
            let members = list[position].as_object_mut().ok_or(EditError::Malformed { member: section.as_str() })?;
            let holder = if section.holds_logs() { object_in(members, "publicKey")? } else { members };
            let range = object_in(holder, "validFor")?;
            before = Window::new(instant_in(range, "start"), instant_in(range, "end"));
            for (name, bound) in [("start", window.start()), ("end", window.end())] {
                let spelled = spelling(range, name);
                match bound {
                    Some(bound) => range.insert(&spelled, timestamp_text(bound).into()),
                    None => range.remove(&spelled),
                };
            }
            Ok(())
        })?;
        Ok(before)
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
        let is_same = |listed: &LogInstance| {
            listed.log_id() == Some(&id) || listed.derived_ids().any(|(_, derived)| derived == id)
        };
        if let Some(listed) = self.logs(section).iter().find(|listed| is_same(listed)) {
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
        let top = value.as_object_mut().ok_or(EditError::Malformed { member: section.as_str() })?;
        change(list_in(top, section.as_str())?)?;
        *self = TrustedRoot::from_value(&value).map_err(EditError::Format)?;
        Ok(())
    }
}

/// The list of that name, made if it is not there.
pub(super) fn list_in<'a>(members: &'a mut ValueMembers, name: &'static str) -> Result<&'a mut Vec<Value>, EditError> {
    let spelled = spelling(members, name);
    if matches!(members.get(&spelled), None | Some(Value::Null)) {
        members.insert(&spelled, Vec::<Value>::new().into());
    }
    members.get_mut(&spelled).and_then(Value::as_array_mut).ok_or(EditError::Malformed { member: name })
}

/// The object of that name, made if it is not there.
pub(super) fn object_in<'a>(
    members: &'a mut ValueMembers,
    name: &'static str,
) -> Result<&'a mut ValueMembers, EditError> {
    let spelled = spelling(members, name);
    if matches!(members.get(&spelled), None | Some(Value::Null)) {
        members.insert(&spelled, ValueMembers::new().into());
    }
    members.get_mut(&spelled).and_then(Value::as_object_mut).ok_or(EditError::Malformed { member: name })
}

pub(super) fn instant_in(members: &ValueMembers, name: &'static str) -> Option<DateTime<Utc>> {
    parse_instant(members.get(&spelling(members, name))?.as_text()?)
}

/// When an entry starts, even one that is skipped. None, which comes before every instant, if it does not say.
fn start_of(section: Section, entry: &Value) -> Option<DateTime<Utc>> {
    let member = |value: &'_ Value, name| Some(spelling(value.as_object()?, name));
    let holder = if section.holds_logs() { entry.get(&member(entry, "publicKey")?)? } else { entry };
    let window = holder.get(&member(holder, "validFor")?)?;
    instant_in(window.as_object()?, "start")
}

#[cfg(test)]
mod tests;
