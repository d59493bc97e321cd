//! The trust root and the signing config of a new instance.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use rootline_ceremonies::Name;
use rootline_ceremonies::quickstart::{AuthorityPart, LogPart, NewInstance};
use rootline_ceremonies::review::{SIGNING_CONFIG, TRUSTED_ROOT};
use rootline_ceremonies::trust::{EntryId, NamedEntries, TrustNotes, signing_config_of};
use rootline_metadata::sigstore::{EditError, TrustedRoot, TrustedRootFormat, Window};

use crate::commands::trust::add_authority::{AuthorityKind, ChainArgs};
use crate::commands::trust::add_log::{self, LogArgs, LogKind};
use crate::commands::trust::legacy;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::{atomic_file, trust_notes};

/// Writes both, with the names of the entries, and the files of old clients where they are wanted. Gives the names.
pub(super) fn write(instance: &NewInstance, context: &Context) -> Result<Vec<Name>, Failure> {
    let (root, notes) = content(instance)?;
    let logins = instance.logins();
    let config = signing_config_of(&root, context.now, instance.rekor_version, &instance.operator, logins)
        .map_err(|error| unfit("the signing config", &error))?;
    let entries = NamedEntries::new(&root, &notes);
    let notes = entries.noted_in(&notes);
    let write = |path: &Path, text: String| atomic_file::create(path, text.as_bytes(), atomic_file::Access::Umask);
    write(&context.folder.target_path(TRUSTED_ROOT)?, root.to_json())?;
    write(&context.folder.target_path(SIGNING_CONFIG)?, config.to_json())?;
    write(&trust_notes::path(context)?, notes.to_toml())?;
    if instance.legacy_targets {
        legacy::replace((&root, &entries), (&root, &entries), context)?;
    }
    Ok(entries.iter().map(|entry| entry.name.clone()).collect())
}

/// The trust root, with the names that were stated.
fn content(instance: &NewInstance) -> Result<(TrustedRoot, TrustNotes), Failure> {
    let mut content = Content { root: TrustedRoot::empty(TrustedRootFormat::V01), notes: TrustNotes::default() };
    for part in &instance.fulcio {
        content.add_authority(AuthorityKind::Ca, part)?;
    }
    for part in &instance.tsa {
        content.add_authority(AuthorityKind::Tsa, part)?;
    }
    // No verifier is behind before the first publication, and logs have nothing from before the first authority.
    let authorities = content.root.certificate_authorities().iter();
    let opens = authorities.filter_map(|authority| authority.valid_for().start()).min();
    for part in &instance.rekor {
        let kind = match part.version {
            Some(2) => LogKind::RekorV2,
            Some(_) => LogKind::RekorV1,
            None => LogKind::Rekor,
        };
        content.add_log(kind, part, opens)?;
    }
    for part in &instance.ct {
        content.add_log(LogKind::Ct, part, opens)?;
    }
    Ok((content.root, content.notes))
}

struct Content {
    root: TrustedRoot,
    notes: TrustNotes,
}

impl Content {
    fn add_authority(&mut self, kind: AuthorityKind, part: &AuthorityPart) -> Result<(), Failure> {
        let args = ChainArgs {
            chain: part.chain.clone(),
            organization: part.organization.clone(),
            common_name: part.common_name.clone(),
        };
        let chain = args.read(kind)?;
        let start = part.start.or_else(|| chain.validity().and_then(Window::start)).ok_or_else(|| {
            let what = format!("{}: its certificates state dates that cannot be told", part.url);
            Failure::new(what, "state the instant: start=INSTANT")
        })?;
        let authority = args.authority(&part.url, &chain, Window::new(Some(start), part.end))?;
        let known = self.ids();
        let added = match kind {
            AuthorityKind::Ca => self.root.add_certificate_authority(&authority),
            AuthorityKind::Tsa => self.root.add_timestamp_authority(&authority),
        };
        added.map_err(|error| unfit(&part.url, &error))?;
        self.name(part.name.as_ref(), &known)
    }

    fn add_log(&mut self, kind: LogKind, part: &LogPart, opens: Option<DateTime<Utc>>) -> Result<(), Failure> {
        let args = LogArgs {
            url: part.url.clone(),
            public_key: part.public_key.clone(),
            log_id: part.log_id.clone(),
            origin: part.origin.clone(),
        };
        let log = args.read(kind, Window::new(part.start.or(opens), part.end))?;
        let known = self.ids();
        add_log::add(&mut self.root, kind.section(), &log).map_err(|failure| failure.about(&part.url))?;
        self.name(part.name.as_ref(), &known)
    }

    fn ids(&self) -> BTreeSet<EntryId> {
        NamedEntries::new(&self.root, &self.notes).iter().map(|entry| entry.id.clone()).collect()
    }

    /// Notes the name of the entry that was added.
    fn name(&mut self, name: Option<&Name>, known: &BTreeSet<EntryId>) -> Result<(), Failure> {
        let Some(name) = name else { return Ok(()) };
        if self.notes.names().any(|(taken, _)| taken == name) {
            return Err(Failure::new(format!("two entries are to be called {name}"), "name each once"));
        }
        let entries = NamedEntries::new(&self.root, &self.notes);
        if let Some(added) = entries.iter().find(|entry| !known.contains(&entry.id)) {
            self.notes.set_name(added.id.clone(), name.clone());
        }
        Ok(())
    }
}

fn unfit(about: &str, error: &EditError) -> Failure {
    let about = rootline::printable::printable(about);
    Failure::new(format!("{about}: {error}"), "correct it, and run this again; nothing was made")
}
