//! A trust root that somebody else has written, as every client reads it.

use chrono::{DateTime, Utc};
use rootline_metadata::instant_text;
use rootline_metadata::json::{FormatError, Value, ValueMembers};
use rootline_metadata::sigstore::{
    CertificateAuthority, EntryRef, LogId, LogIdCheck, LogIdKind, LogInstance, Section, SigningConfig, TrustedRoot,
    TrustedRootFormat, Window,
};
use rootline_metadata::x509::{Certificate, Chain};

use super::error::ImportError;
use super::remark::{Question, RemarkKind};
use super::repair_authority::AuthorityEntry;
use super::repair_log::LogEntry;
use super::told::{Named, Told};
use crate::review::MAX_BYTES;
use crate::trust::entry_id::EntryId;

/// A document on its way into the trust root.
#[derive(Clone, Debug)]
pub(super) struct Repaired {
    pub(super) name: String,
    pub(super) root: TrustedRoot,
}

/// Repairs all but the windows, which depend on one another.
///
/// # Errors
/// If what comes out cannot be read, or a URL is stated that would change a log's id.
pub(super) fn repair(name: &str, root: &TrustedRoot, told: &mut Told) -> Result<Repaired, ImportError> {
    let mut value = root.value().clone();
    if let Some(top) = value.as_object_mut() {
        repair_media_type(name, root.format(), top, told);
        repair_lists(name, top, told);
        for section in Section::ALL {
            repair_entries(section, root, top, told)?;
        }
    }
    match value == *root.value() {
        true => Ok(Repaired { name: name.to_owned(), root: root.clone() }),
        false => {
            let read = TrustedRoot::parse(value.pretty(2).as_bytes(), MAX_BYTES);
            Ok(Repaired { name: name.to_owned(), root: read.map_err(|problem| unreadable(name, problem))? })
        }
    }
}

fn unreadable(name: &str, problem: FormatError) -> ImportError {
    ImportError::Document { name: name.to_owned(), problem }
}

fn repair_media_type(name: &str, format: TrustedRootFormat, top: &mut ValueMembers, told: &mut Told) {
    if format != TrustedRootFormat::V01 {
        let text = format!("its media type was {}; most clients read another alone", format.media_type());
        top.insert("mediaType", TrustedRootFormat::V01.media_type().into());
        told.remarks.repaired(name, text);
    }
}

fn repair_lists(name: &str, top: &mut ValueMembers, told: &mut Told) {
    for section in Section::ALL {
        if matches!(top.get(section.as_str()), None | Some(Value::Null)) && !is_there(top, section) {
            top.insert(section.as_str(), Vec::<Value>::new().into());
            told.remarks
                .repaired(name, format!("the list {section} was left out; empty, it says the same to all clients"));
        }
    }
}

/// Whether the list stands under its other name, which is left to the lint.
fn is_there(top: &ValueMembers, section: Section) -> bool {
    let plain = section.as_str().to_ascii_lowercase();
    top.iter()
        .any(|(name, value)| name != section.as_str() && name.replace('_', "") == plain && value.as_array().is_some())
}

fn repair_entries(
    section: Section,
    root: &TrustedRoot,
    top: &mut ValueMembers,
    told: &mut Told,
) -> Result<(), ImportError> {
    let list = top.get_mut(section.as_str()).and_then(Value::as_array_mut);
    for (position, entry) in list.into_iter().flatten().enumerate() {
        let Some(entry) = entry.as_object_mut() else { continue };
        let url = entry.get(if section.holds_logs() { "baseUrl" } else { "uri" }).and_then(Value::as_text);
        let subject = subject(section, position, url.unwrap_or_default());
        match section.holds_logs() {
            true => {
                let known = root.logs(section).iter().find(|log| log.position() == position);
                LogEntry { section, subject: &subject, known }.repair(entry, told)?;
            }
            false => AuthorityEntry { subject: &subject }.repair(entry, told),
        }
    }
    Ok(())
}

fn subject(section: Section, position: usize, url: &str) -> String {
    format!("{section}[{position}] {url}").trim_end().to_owned()
}

impl Repaired {
    /// Settles the windows of its authorities.
    pub(super) fn settle_authorities(&mut self, told: &mut Told) {
        for section in [Section::CertificateAuthorities, Section::TimestampAuthorities] {
            let listed = self.root.authorities(section).to_vec();
            let newest = listed.iter().filter_map(|authority| authority.valid_for().start()).max();
            for authority in &listed {
                let window = authority_window(authority, newest, told);
                self.set_window(section, authority.position(), authority.valid_for(), window);
            }
        }
    }

    /// Settles the windows of its logs; `first` is when the first certificate authority opens.
    pub(super) fn settle_logs(&mut self, first: Option<DateTime<Utc>>, told: &mut Told) {
        for section in [Section::TransparencyLogs, Section::CertificateTransparencyLogs] {
            for log in self.root.logs(section).to_vec() {
                let window = log_window(&log, first, told);
                self.set_window(section, log.position(), log.valid_for(), window);
            }
            told.notice_late_logs(self.root.logs(section), first);
        }
    }

    /// A window that cannot be is left as it was: the lint says so.
    fn set_window(&mut self, section: Section, position: usize, before: Window, window: Window) {
        if window != before && window.start().is_some() {
            let _ = self.root.set_window(section, &EntryRef::Position(position), window);
        }
    }
}

fn authority_window(authority: &CertificateAuthority, newest: Option<DateTime<Utc>>, told: &mut Told) -> Window {
    let stated = authority.valid_for();
    let subject = subject(authority.section(), authority.position(), authority.uri());
    let names = names(authority.uri(), EntryId::of_authority(authority).hex());
    let named = Named { subject: &subject, names: &names };
    let certificates: Option<Vec<Certificate>> = authority.chain().map(|der| Certificate::read(der).ok()).collect();
    let first = certificates.as_ref().and_then(|all| all.first()?.validity()?.end());
    let holds = certificates.and_then(|all| Chain::of(all).ok()?.validity());
    // What is in use has no end; one that is its certificate's says nothing.
    let is_unmeant = stated.end().is_some() && stated.end() == first && stated.start() >= newest;
    let meant = if is_unmeant { Window::new(stated.start(), None) } else { stated };
    let said = within(meant, holds, &named, told);
    let start = told.authority_start(&named, said.start(), holds.and_then(Window::start));
    told.notice_url(&named, authority.section(), authority.uri());
    if authority.uri().is_empty() {
        told.ask(Question::Url, &named, "its URL is not said".to_owned());
    }
    let end = match told.answers.end(&names) {
        Some(end) => Some(end),
        None if is_unmeant => {
            let text = format!("it is in use, and its end was that of its first certificate, {}", text(stated.end()));
            told.remarks.repaired(&subject, text);
            None
        }
        None => said.end(),
    };
    Window::new(start, end)
}

/// The part of a window in which the whole chain holds: outside of it nothing verifies, and clients refuse the document or what it lists.
fn within(said: Window, holds: Option<Window>, named: &Named<'_>, told: &mut Told) -> Window {
    let Some(holds) = holds else { return said };
    let (mut start, mut end) = (said.start(), said.end());
    if start.is_some() && start < holds.start() {
        told.remarks.repaired(
            named.subject,
            format!("it opened at {}, before its whole chain holds, from {} on", text(start), text(holds.start())),
        );
        start = holds.start();
    }
    if end.is_some() && end > holds.end() {
        told.remarks.repaired(
            named.subject,
            format!("it closed at {}, after its chain holds, until {}", text(end), text(holds.end())),
        );
        end = holds.end();
    }
    Window::new(start, end)
}

fn log_window(log: &LogInstance, first: Option<DateTime<Utc>>, told: &mut Told) -> Window {
    let said = log.valid_for();
    let subject = subject(log.section(), log.position(), log.base_url());
    let names = names(log.base_url(), EntryId::of_log(log).hex());
    let named = Named { subject: &subject, names: &names };
    let start = told.log_start(&named, said.start(), first);
    told.notice_url(&named, log.section(), log.base_url());
    notice_id(log, &named, told);
    if log.base_url().is_empty() {
        told.ask(Question::Url, &named, "its URL is not said".to_owned());
    }
    Window::new(start, told.answers.end(&names).or(said.end()))
}

/// Notices an id that cosign gives a log of version 2 whose origin it was not told. A log of version 1 may have such a key, too.
fn notice_id(log: &LogInstance, named: &Named<'_>, told: &mut Told) {
    let is_note = |(kind, _): &(LogIdKind, LogId)| *kind == LogIdKind::SignedNote;
    let usual = log.derived_ids().next().filter(is_note);
    if let (Some((_, note)), LogIdCheck::Matches(LogIdKind::KeyDigest)) = (usual, log.check_log_id()) {
        let text = format!(
            "its id is the digest of its key, as in version 1 of Rekor. If it is of version 2, its id is {note}: remove it, and add it with \
             --rekor"
        );
        told.remarks.add(RemarkKind::Noticed, named.subject, text);
    }
}

fn names(url: &str, id: &str) -> Vec<String> {
    let url = Some(url).filter(|url| !url.is_empty());
    url.into_iter().chain([id]).map(str::to_owned).collect()
}

fn text(instant: Option<DateTime<Utc>>) -> String {
    instant.map(instant_text).unwrap_or_default()
}

/// A signing config with the URLs that are stated in place of its own.
///
/// # Errors
/// If what comes out cannot be read.
pub(super) fn with_urls(name: &str, config: &SigningConfig, told: &mut Told) -> Result<SigningConfig, ImportError> {
    let mut value = config.value().clone();
    let lists = ["caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls"];
    for list in lists {
        let services = value.as_object_mut().and_then(|top| top.get_mut(list)).and_then(Value::as_array_mut);
        for service in services.into_iter().flatten().filter_map(Value::as_object_mut) {
            let Some(old) = service.get("url").and_then(Value::as_text).map(str::to_owned) else { continue };
            if let Some(new) = told.answers.url(std::slice::from_ref(&old)).filter(|new| *new != old) {
                told.remarks.repaired(name, format!("{list} had {old}; it is {new}, as was stated"));
                service.insert("url", new.into());
            }
        }
    }
    SigningConfig::parse(value.pretty(2).as_bytes(), MAX_BYTES).map_err(|problem| unreadable(name, problem))
}
