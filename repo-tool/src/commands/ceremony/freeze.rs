//! `rootline-repo ceremony freeze`: the exact bytes to sign.

use std::collections::BTreeSet;

use rootline_ceremonies::review::{Warning, unshipped};
use rootline_ceremonies::{
    Ceremony, Event, Freezing, Frozen, FrozenRecord, GivenUp, Keyholders, Name, NamedKeys, Plan, Published,
    SignatureFiles, Tally, TargetName, Waived,
};
use serde_json::{Value, json};

use super::given_up::{by_giving_up, given_up_json, given_up_lines};
use super::overlapping::{Overlapping, overlapping};
use super::tally::{signatures_json, signatures_text};
use super::{IdArgs, find, refuse_closed};
use crate::commands::{bounds, clock, documents};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations::{self, Attestations};
use crate::folder::ignored;
use crate::folder::record::CeremonyRecord;
use crate::folder::targets::{warn_of_targets, warnings_json};

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let froze = freeze(args, context)?;
    let id = &froze.id;
    context.report(&froze.to_json(), |line| {
        froze.lines().iter().for_each(|text| line(format_args!("{text}")));
        context.next(format_args!(
            "rootline-repo ceremony review {id}, then each keyholder: ceremony sign {id} --key FILE"
        ));
    });
    Ok(())
}

/// A ceremony that was frozen.
pub(crate) struct Froze {
    id: Name,
    /// The files to sign.
    files: Vec<String>,
    done: Done,
    given_up: Vec<GivenUp>,
    overlapping: Vec<Overlapping>,
    unshipped: Vec<Warning>,
}

/// Freezes it, in a folder that is locked.
pub(crate) fn freeze(args: &IdArgs, context: &Context) -> Result<Froze, Failure> {
    let published = context.folder.published()?;
    let mut record = find(args, &published, context)?;
    refuse_closed(&record)?;
    let keyholders = context.folder.keyholders()?;
    let plan = record.folder().plan(&keyholders, context.folder.policy()?.bounds())?;
    let folder = context.folder.targets()?;
    let targets = &folder.files;
    let in_use = context.folder.roots_in_use(&published, context.now)?;
    let frozen = Frozen::freeze_for(&plan, &published, targets, &in_use)?;
    let waived = documents::check(&plan, &published, targets, context)?;
    bounds::check(&plan, &frozen, context)?;
    clock::warn_of_plan(&plan, &published, context)?;
    ignored::warn_of_targets(context, targets.keys().map(TargetName::as_str));
    let given_up = by_giving_up(&record, Some(&frozen), &published, &keyholders);
    // What is valid all the same keeps its version for itself.
    let published = published.with_given_up(given_up.iter().cloned());
    let frozen = if given_up.is_empty() { frozen } else { Frozen::freeze_for(&plan, &published, targets, &in_use)? };

    folder.warn_of_unnameable(context);
    let unshipped = unshipped(targets, &frozen, &published);
    warn_of_targets(&unshipped, context);

    let content = Content { plan: &plan, frozen: &frozen, given_up: &given_up, waived: &waived };
    let done = freeze_plan(&mut record, &content, &published, &keyholders, context)?;
    let overlapping = overlapping(record.id(), &done.record, &published, context)?;
    let files = frozen.parts().map(|part| part.to_string()).collect();
    Ok(Froze { id: record.id().clone(), files, done, given_up, overlapping, unshipped })
}

/// What came of freezing.
pub(super) struct Done {
    /// What was frozen before, in whichever clones there were, if it was one thing.
    before: Option<FrozenRecord>,
    pub(super) record: FrozenRecord,
    pub(super) files: SignatureFiles,
    pub(super) tally: Tally,
    pub(super) attestations: Attestations,
}

/// What is frozen.
pub(super) struct Content<'a> {
    pub(super) plan: &'a Plan,
    pub(super) frozen: &'a Frozen,
    /// The versions that are given up for it.
    pub(super) given_up: &'a [GivenUp],
    /// What the folder lets through.
    pub(super) waived: &'a BTreeSet<Waived>,
}

/// Puts frozen files into a ceremony's folder and notes them down.
pub(super) fn freeze_plan(
    ceremony: &mut CeremonyRecord,
    content: &Content<'_>,
    published: &Published,
    keyholders: &Keyholders,
    context: &Context,
) -> Result<Done, Failure> {
    let Content { plan, frozen, given_up, waived } = *content;
    let attestations = attestations::of_ceremony(context, frozen, published, keyholders)?;
    let freezing = ceremony.transcript().freezing();
    let last = match &freezing {
        Freezing::Never => 0,
        Freezing::Agreed(before) => before.revision,
        Freezing::Disputed(several) => several.iter().map(|before| before.revision).max().unwrap_or(0),
    };
    let before = if let Freezing::Agreed(before) = freezing { Some(before) } else { None };
    let revision = match &before {
        Some(before) if before.files == frozen.record(before.revision).files => before.revision,
        _ => last.saturating_add(1),
    };
    let record = frozen.record(revision);
    // First what is given up, which cannot be found out once the files are others.
    if !given_up.is_empty() {
        ceremony.note(context.now, Event::given_up(given_up))?;
    }
    // Then the files: if this is interrupted they do not fit what was noted down, and freezing again mends that.
    ceremony.folder().write_frozen(frozen, plan)?;
    let changed = before.as_ref().is_none_or(|before| *before != record);
    // What the review shows beside the keys is bound to them, so that a later edit is found.
    let named = NamedKeys::in_files(frozen, published, keyholders);
    let is_named = ceremony.transcript().named_keys().is_none_or(|noted| noted == named);
    // So is what the folder lets through.
    if changed || !is_named || *waived != ceremony.transcript().waived() {
        let event = Event::frozen(&record).naming(&named).waiving(waived);
        ceremony.note(context.now, attestations.noted_in(event))?;
    }
    let files = ceremony.folder().signature_files()?;
    let tally = Ceremony::new(ceremony.id(), frozen, published, keyholders)?.tally(&files);
    Ok(Done { files, tally, before, record, attestations })
}

impl Froze {
    pub(crate) fn to_json(&self) -> Value {
        let Froze { id, files, done: Done { record, tally, .. }, given_up, overlapping, unshipped } = self;
        json!({
            "ceremony": id.as_str(),
            "revision": record.revision,
            "files": files,
            "fingerprint": record.fingerprint().to_hex(),
            "voided": signatures_json(tally.voided().iter().copied()),
            "kept": signatures_json(tally.kept().iter().copied()),
            "given_up": given_up_json(given_up),
            "overlaps": overlapping.iter().map(Overlapping::to_json).collect::<Vec<_>>(),
            "warnings": warnings_json(unshipped),
        })
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let Froze { files, done: Done { before, record, tally, .. }, given_up, overlapping, .. } = self;
        let mut lines = Vec::new();
        match before {
            Some(before) if before.files == record.files => {
                lines.push("nothing has changed since the last freeze".to_owned());
            }
            _ if record.revision > 1 => lines.push(format!("frozen again as revision {}", record.revision)),
            _ => {}
        }
        lines.push(format!("to be signed: {}", files.join(", ")));
        lines.push("fingerprint, for keyholders to read out:".to_owned());
        lines.push(format!("  {}", record.fingerprint()));
        let (voided, kept) = (tally.voided(), tally.kept());
        if !voided.is_empty() {
            let again = signatures_text(voided.iter().copied());
            lines.push(format!("voided because the signed files changed; to be signed again by: {again}"));
        }
        if !kept.is_empty() {
            let kept = signatures_text(kept.iter().copied());
            lines.push(format!("kept because the signed files did not change: {kept}"));
        }
        lines.extend(given_up_lines(given_up));
        lines.extend(overlapping.iter().map(Overlapping::to_string));
        lines
    }
}
