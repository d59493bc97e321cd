//! `rootline-repo ceremony verify`: the origin of what is published, and the record of each ceremony, replayed against the repository.

mod kept_head;
mod origins;

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::{FrozenRecord, Keyholders, Name, Published, Request, Waived};
use serde_json::{Value, json};

use super::named;
use crate::commands::parse_name;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations;
use crate::folder::ceremony::{CeremonyFolder, Stage, UNKNOWN_STAGE};
use crate::folder::record::CeremonyRecord;
use crate::folder::verification::{Finding, Verification};
use crate::text::plain;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony verify
  rootline-repo ceremony verify 2030-06
  rootline-repo ceremony verify --head \"2677 f61e 8274 …\"
  rootline-repo ceremony verify --head alice-0cd2a0d8f1f8b6a1.json
  rootline-repo ceremony verify --json

Verifies what is published and every ceremony, or one ceremony; needs no key and changes nothing. Every published root, targets and delegated \
metadata file must have the ceremony that made it, or an import that names it. Renders each plan again and compares it with the frozen files, \
verifies every signature and every signed head, and compares the sealed and published files with the transcript. A ceremony that was removed is \
found by those that began after it. Lines removed from the end of a transcript, or the last ceremony as a whole, are found if a keyholder has \
signed a later head (rootline-repo ceremony witness), or with --head and a head that somebody kept.

Times are those of the writers' clocks and are not signed. Those that cannot all be right are called odd, which is no fault: a signature dated \
before its file was frozen or after the release, and lines whose times run backwards, by more than a day.

Exit status: 0 if everything matches the record; 1 if not.")]
pub(crate) struct VerifyArgs {
    /// The ceremony [default: all, and what is published]
    #[arg(value_parser = parse_name)]
    id: Option<Name>,

    /// A head that somebody kept: its digest as ceremony log prints it, or a file with the digest or a signed head
    #[arg(long, value_name = "DIGEST|FILE")]
    head: Vec<OsString>,
}

impl Finding {
    fn lines(&self) -> Vec<String> {
        let Finding { check, result } = self;
        match result {
            Ok(found) => vec![format!("  ok    {check}: {found}")],
            Err(wrong) => {
                let hint = wrong.hint().map(|hint| format!("        hint: {hint}"));
                [format!("  WRONG {check}: {}", wrong.what())].into_iter().chain(hint).collect()
            }
        }
    }

    fn to_json(&self) -> Value {
        let Finding { check, result } = self;
        match result {
            Ok(found) => json!({ "check": check, "holds": true, "found": found }),
            Err(wrong) => json!({ "check": check, "holds": false, "what": wrong.what(), "hint": wrong.hint() }),
        }
    }
}

/// One ceremony, and everything that was found in it.
struct Verified {
    id: Name,
    stage: Option<Stage>,
    findings: Vec<Finding>,
    /// Times that cannot all be right. Nothing rests on what a clock said, and no record can be mended: they are told, and are no fault.
    odd: Vec<String>,
    /// What it was frozen with although the lint says otherwise, on the record.
    waived: BTreeSet<Waived>,
}

/// [`ExitStatus::Failed`] if anything differs from the record.
pub(crate) fn run(args: &VerifyArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let published = context.folder.published()?;
    let keyholders = context.folder.keyholders()?;
    let folders = match &args.id {
        Some(id) => vec![named(id, context)?],
        None => context.folder.ceremonies()?,
    };
    let verify = |folder| verify(folder, &published, &keyholders, context);
    let verified: Vec<Verified> = folders.into_iter().map(verify).collect();
    let mut transcripts = context.folder.transcripts()?;
    let mut all = Vec::new();
    match &args.id {
        Some(id) => transcripts.retain(|other, _| other == id),
        None => all.extend(origins::findings(&published, &transcripts)),
    }
    for head in &args.head {
        all.push(Finding { check: "kept head", result: kept_head::check(head, &transcripts, &keyholders) });
    }
    let all_hold = all.iter().all(|finding| finding.result.is_ok());
    let holds = all_hold && verified.iter().all(Verified::holds);
    let report = json!({
        "holds": holds,
        "checks": all.iter().map(Finding::to_json).collect::<Vec<_>>(),
        "ceremonies": verified.iter().map(Verified::to_json).collect::<Vec<_>>(),
    });
    context.report(&report, |line| {
        if !all.is_empty() {
            let verdict = if all_hold { "matches the record" } else { "does NOT match the record" };
            line(format_args!("the repository: {verdict}"));
            all.iter().flat_map(Finding::lines).for_each(|text| line(format_args!("{text}")));
        }
        for one in &verified {
            one.lines().iter().for_each(|text| line(format_args!("{text}")));
        }
        if verified.is_empty() {
            line(format_args!("no ceremony yet; start one: rootline-repo ceremony new ID"));
        }
    });
    Ok(if holds { ExitStatus::Done } else { ExitStatus::Failed })
}

impl Verified {
    fn holds(&self) -> bool {
        self.findings.iter().all(|finding| finding.result.is_ok())
    }

    fn lines(&self) -> Vec<String> {
        let stage = self.stage.map_or(UNKNOWN_STAGE, Stage::name);
        let verdict = if self.holds() { "everything matches the transcript" } else { "does NOT match the transcript" };
        let mut lines = vec![format!("{}: {stage}: {verdict}", self.id)];
        lines.extend(self.findings.iter().flat_map(Finding::lines));
        lines.extend(self.odd.iter().map(|odd| format!("  odd   times: {odd}")));
        lines.extend(self.waived.iter().map(|waived| format!("  waived {}", plain(&waived.to_string()))));
        lines
    }

    fn to_json(&self) -> Value {
        json!({
            "ceremony": self.id.as_str(),
            "stage": self.stage.map(Stage::name),
            "holds": self.holds(),
            "checks": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "odd": self.odd,
            "waived": self.waived.iter().map(waived_json).collect::<Vec<_>>(),
        })
    }
}

fn waived_json(waived: &Waived) -> Value {
    let Waived { rule, subject, severity, reason } = waived;
    json!({ "rule": rule, "subject": subject, "severity": severity, "reason": reason })
}

fn verify(folder: CeremonyFolder, published: &Published, keyholders: &Keyholders, context: &Context) -> Verified {
    let id = folder.id().clone();
    let record = match folder.load(published) {
        Ok(record) => record,
        Err(failure) => {
            let findings = vec![Finding { check: "transcript", result: Err(failure) }];
            return Verified { id, stage: None, findings, odd: Vec::new(), waived: BTreeSet::new() };
        }
    };
    let verification = Verification { record: &record, published, keyholders, folder: &context.folder };
    let mut findings = verification.findings();
    findings.extend(attestations(&record, published, keyholders, context));
    findings.extend(requests(&record));
    let odd: Vec<String> = record.transcript().odd_times().iter().map(|odd| plain(&odd.to_string())).collect();
    let found = if odd.is_empty() { "in order" } else { "odd, see below" };
    findings.push(Finding { check: "times", result: Ok(format!("by the clock of each writer, not signed; {found}")) });
    Verified { id, stage: record.stage().ok(), findings, odd, waived: record.transcript().waived() }
}

/// Every request that is kept asks for what was frozen as its revision; nothing where none is.
fn requests(record: &CeremonyRecord) -> Option<Finding> {
    let frozen: Vec<_> = record.transcript().entries().iter().filter_map(|entry| entry.event.frozen_record()).collect();
    let check = |request: &Request| {
        let fingerprint = request.frozen().fingerprint();
        let is_it =
            |frozen: &FrozenRecord| frozen.revision == request.revision() && frozen.fingerprint() == fingerprint;
        match frozen.iter().any(is_it) {
            true => Ok(()),
            false => Err(Failure::new(
                format!(
                    "a kept request asks for revision {} with the fingerprint {fingerprint}, which was never frozen",
                    request.revision()
                ),
                "find out who made it, and tell keyholders; then take it out of requests/",
            )),
        }
    };
    let result = record.folder().requests().and_then(|requests| {
        requests.iter().try_for_each(check)?;
        Ok(requests.len())
    });
    match result {
        Ok(0) => None,
        Ok(number) => {
            let found = format!("{number} kept, each for what was frozen");
            Some(Finding { check: "requests", result: Ok(found) })
        }
        Err(failure) => Some(Finding { check: "requests", result: Err(failure) }),
    }
}

/// The attestations of keyholders' tokens, as long as somebody may sign.
fn attestations(
    record: &CeremonyRecord,
    published: &Published,
    keyholders: &Keyholders,
    context: &Context,
) -> Option<Finding> {
    if !matches!(record.stage(), Ok(Stage::Frozen | Stage::Sealed)) {
        return None;
    }
    let verified =
        record.frozen().and_then(|files| attestations::of_ceremony(context, &files.frozen, published, keyholders));
    let result = verified.map(|_| "every kept attestation verifies".to_owned());
    Some(Finding { check: "hardware attestations", result })
}
