//! The trust root of the folder with the notes beside it, and the one way in which commands edit both.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rootline_ceremonies::documents::Judgement;
use rootline_ceremonies::review::{Content, MAX_BYTES, Mark, Origin, TRUSTED_ROOT, content_change};
use rootline_ceremonies::trust::{Consequence, EntryId, NamedEntries, NamedEntry, Reach, TrustNotes, consequences};
use rootline_ceremonies::{Name, Policy, Published, TargetName};
use rootline_metadata::lint::Finding;
use rootline_metadata::sigstore::lint::{lint_shrinking, lint_timing};
use rootline_metadata::sigstore::{TrustedRoot, TrustedRootFormat, Window};
use serde_json::{Map, Value, json};

use super::findings;
use super::legacy;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::trust_notes;
use crate::review::{entry_change_json, entry_change_lines};

/// Where to see what an entry is called.
pub(super) const SEE: &str = "list the entries with their names: rootline-repo trust show";

/// What a command says beside what it changes: lines for people before the change, and members of its report.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) lines: Vec<String>,
    pub(super) members: Map<String, Value>,
    /// Files that are written with the trust root, or not at all.
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
}

/// The trust root of the folder, with the names of its entries.
#[derive(Debug)]
pub(super) struct TrustContent {
    path: PathBuf,
    bytes: Vec<u8>,
    pub(super) root: TrustedRoot,
    pub(super) notes: TrustNotes,
    pub(super) entries: NamedEntries,
    pub(super) policy: Policy,
    /// The trust root that verifiers have, if they have one that can be read.
    published: Option<TrustedRoot>,
    /// Whether verifiers have one already.
    pub(super) is_published: bool,
}

impl TrustContent {
    pub(super) fn read(context: &Context) -> Result<TrustContent, Failure> {
        let create = "create it: rootline-repo trust create --from sigstore";
        let (path, bytes) = read_target(TRUSTED_ROOT, create, context)?;
        TrustContent::of(path, bytes, context)
    }

    /// The trust root of the folder; an empty one where there is none yet.
    pub(super) fn read_or_empty(context: &Context) -> Result<TrustContent, Failure> {
        let path = context.folder.target_path(TRUSTED_ROOT)?;
        let bytes = context.folder.target(&target_name(TRUSTED_ROOT))?;
        let empty = || TrustedRoot::empty(TrustedRootFormat::V01).to_json().into_bytes();
        TrustContent::of(path, bytes.unwrap_or_else(empty), context)
    }

    fn of(path: PathBuf, bytes: Vec<u8>, context: &Context) -> Result<TrustContent, Failure> {
        let root = parse(&path, &bytes)?;
        let notes = trust_notes::read(context)?;
        let entries = NamedEntries::new(&root, &notes);
        let published = context.folder.published()?;
        let shipped = self::published(TRUSTED_ROOT, &published);
        let (policy, is_published) = (context.folder.policy()?, shipped.is_some());
        let published = shipped.and_then(|bytes| TrustedRoot::parse(bytes, MAX_BYTES).ok());
        Ok(TrustContent { path, bytes, root, notes, entries, policy, published, is_published })
    }

    /// What is wrong with it, as it is and against what is published.
    pub(super) fn findings(&self, at: DateTime<Utc>) -> Vec<Finding> {
        let mut found = findings::findings(&self.bytes, at);
        if let Some(published) = &self.published {
            found.extend(lint_shrinking(published, &self.root, at));
            // What is frozen later is signed later, so the time for that is left out here.
            let reach = Reach::of(&self.policy);
            found.extend(lint_timing(published, &self.root, at + reach.timestamp + reach.caches));
        }
        found
    }

    /// How bad it is to break a rule here.
    pub(super) fn judgement(&self) -> Judgement {
        Judgement::new(self.policy.severities(), &self.notes)
    }

    /// The entry that is called so.
    pub(super) fn find(&self, called: &str) -> Result<&NamedEntry, Failure> {
        self.entries.find(called).map_err(|error| {
            let called = rootline::printable::printable(&error.to_string());
            Failure::new(called, SEE)
        })
    }

    /// Refuses a name that another entry has.
    pub(super) fn check_free(&self, name: &Name, own: Option<&EntryId>) -> Result<(), Failure> {
        match self.entries.iter().find(|entry| entry.name == *name && Some(&entry.id) != own) {
            Some(entry) => Err(Failure::new(format!("{name} is the name of {} already", entry.url), SEE)),
            None => Ok(()),
        }
    }

    /// Writes an edit that adds an entry, which gets `name`.
    pub(super) fn write_named(self, root: &TrustedRoot, name: Option<&Name>, context: &Context) -> Result<(), Failure> {
        let mut notes = self.entries.noted_in(&self.notes);
        if let Some(name) = name {
            self.check_free(name, None)?;
            let entries = NamedEntries::new(root, &notes);
            let added = entries.iter().find(|entry| self.entries.iter().all(|known| known.id != entry.id));
            if let Some(added) = added {
                notes.set_name(added.id.clone(), name.clone());
            }
        }
        self.write(root, notes, None, Told::default(), context)
    }

    /// Writes an edit that only adds entries, with what else is to be said of it.
    pub(super) fn write_added(self, root: &TrustedRoot, told: Told, context: &Context) -> Result<(), Failure> {
        let notes = self.entries.noted_in(&self.notes);
        self.write(root, notes, None, told, context)
    }

    /// Writes an edit of what is listed. Where it takes something from what verifiers have, there must be a reason.
    pub(super) fn write_change(
        self,
        root: &TrustedRoot,
        reason: Option<&str>,
        context: &Context,
    ) -> Result<(), Failure> {
        let notes = self.entries.noted_in(&self.notes);
        self.write(root, notes, reason, Told::default(), context)
    }

    fn write(
        self,
        root: &TrustedRoot,
        mut notes: TrustNotes,
        reason: Option<&str>,
        told: Told,
        context: &Context,
    ) -> Result<(), Failure> {
        let after = root.to_json().into_bytes();
        let known = findings::findings(&self.bytes, context.now);
        let mut found = findings::only_new(&known, findings::findings(&after, context.now), &self.judgement())?;
        found.extend(findings::waive_shrinking(&mut notes, self.published.as_ref(), root, reason, context.now)?);
        // What this edit gives a reason for counts as meant already.
        let judgement = Judgement::new(self.policy.severities(), &notes);
        let notes = NamedEntries::new(root, &notes).noted_in(&notes);
        let entries = NamedEntries::new(root, &notes);
        let stopped = stopped(&self.entries, &entries);
        atomic_file::replace(&self.path, &after)?;
        told.files.iter().try_for_each(|(path, bytes)| atomic_file::replace(path, bytes))?;
        self.write_notes(&notes, context)?;
        let legacy = match self.policy.has_legacy_targets() {
            true => legacy::replace((&self.root, &self.entries), (root, &entries), context)?,
            false => Vec::new(),
        };
        let read = |bytes: &[u8]| Content::read(TRUSTED_ROOT, bytes);
        let (before, after) = (read(&self.bytes), read(&after));
        let change = content_change(TRUSTED_ROOT, Some(&before), Some(&after), &notes, Origin::now(context.now));
        let changes: Vec<_> = change.entries.iter().filter(|change| change.mark != Mark::Stays).collect();
        let names = changed_names(&self.entries, &entries);
        let mut report = json!({
            "written": self.path,
            "names": names,
            "changes": changes.iter().map(|change| entry_change_json(change)).collect::<Vec<_>>(),
            "consequences": stopped.iter().map(consequence_json).collect::<Vec<_>>(),
            "legacy_targets": legacy,
            "findings": findings::to_json(&found, &judgement),
        });
        if let Some(members) = report.as_object_mut() {
            members.extend(told.members);
        }
        context.report(&report, |line| {
            told.lines.iter().for_each(|text| line(format_args!("{text}")));
            match names[..] {
                [] => line(format_args!("nothing changes; {} stays as it is", self.path.display())),
                _ => line(format_args!("wrote {}: {}", self.path.display(), names.join(", "))),
            }
            let toned = |tone, text: &str| context.terminal.toned(tone, format_args!("{text}"));
            let lines = changes.iter().flat_map(|change| entry_change_lines(change, &toned));
            lines.for_each(|text| line(format_args!("{text}")));
            for (name, consequence) in &stopped {
                line(format_args!("{name}: {consequence}"));
                if let Some(exception) = consequence.exception() {
                    line(format_args!("  {exception}"));
                }
            }
            if !names.is_empty() {
                context.next(format_args!("ship it with a ceremony: rootline-repo ceremony new ID"));
            }
        });
        context.terminal.notes(findings::shown(&found, &judgement));
        Ok(())
    }

    /// Writes the notes alone.
    pub(super) fn write_notes(&self, notes: &TrustNotes, context: &Context) -> Result<PathBuf, Failure> {
        let path = trust_notes::path(context)?;
        atomic_file::replace(&path, notes.to_toml().as_bytes())?;
        Ok(path)
    }
}

/// A file of `targets/`, if it is there.
pub(crate) fn target(name: &str, context: &Context) -> Result<Option<Vec<u8>>, Failure> {
    context.folder.target(&target_name(name))
}

/// A file of `targets/`, with its place; where it is not there, `create` says how to make it.
pub(super) fn read_target(name: &str, create: &str, context: &Context) -> Result<(PathBuf, Vec<u8>), Failure> {
    let path = context.folder.target_path(name)?;
    match target(name, context)? {
        Some(bytes) => Ok((path, bytes)),
        None => Err(Failure::new(format!("{} does not exist", path.display()), create)),
    }
}

/// What is published under that name.
pub(crate) fn published<'a>(name: &str, published: &'a Published) -> Option<&'a [u8]> {
    published.target(&target_name(name))
}

fn target_name(name: &str) -> TargetName {
    name.parse().expect("the names of Sigstore's documents are names of targets")
}

pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<TrustedRoot, Failure> {
    TrustedRoot::parse(bytes, MAX_BYTES).map_err(|error| {
        Failure::new(
            format!("{}: {error}", path.display()),
            "correct the file, or create another: rootline-repo trust create",
        )
    })
}

fn window_of(entries: &NamedEntries, entry: &NamedEntry) -> Option<Window> {
    entries.iter().find(|other| other.id == entry.id).map(|other| other.window)
}

/// What follows, with the name of each entry; an entry that is new takes nothing away and is told by the change itself.
fn stopped<'a>(before: &'a NamedEntries, after: &'a NamedEntries) -> Vec<(&'a str, Consequence)> {
    let of_entry = |entry: &'a NamedEntry| {
        let after = window_of(after, entry);
        let all = consequences(entry.section(), Some(entry.window), after);
        all.into_iter().map(|consequence| (entry.name.as_str(), consequence))
    };
    before.iter().flat_map(of_entry).collect()
}

/// The entries that are new, have another window, or are gone.
fn changed_names<'a>(before: &'a NamedEntries, after: &'a NamedEntries) -> Vec<&'a str> {
    let changed = after.iter().filter(|entry| window_of(before, entry) != Some(entry.window));
    let gone = before.iter().filter(|entry| window_of(after, entry).is_none());
    changed.chain(gone).map(|entry| entry.name.as_str()).collect()
}

fn consequence_json((name, consequence): &(&str, Consequence)) -> Value {
    json!({
        "name": name,
        "stops": consequence.stops(),
        "text": consequence.to_string(),
        "exception": consequence.exception(),
    })
}
