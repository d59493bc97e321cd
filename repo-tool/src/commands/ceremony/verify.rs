//! `rootline-repo ceremony verify`: the origin of what is published, and the record of each ceremony, replayed against the repository.

mod kept_head;
mod origins;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::{
    Entry, EventKind, Freezing, Frozen, Keyholders, Name, Published, RoleVersion, Sealed, SignatureFiles, TargetName,
    check_sealed, check_signature_files,
};
use rootline_metadata::{hex, sha256};
use serde_json::{Value, json};

use super::named;
use crate::commands::parse_name;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations;
use crate::folder::ceremony::{CeremonyFolder, FrozenFiles, Stage};
use crate::folder::record::CeremonyRecord;

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

Exit status: 0 if everything matches the record; 1 if not.")]
pub(crate) struct VerifyArgs {
    /// The ceremony [default: all, and what is published]
    #[arg(value_parser = parse_name)]
    id: Option<Name>,

    /// A head that somebody kept: its digest as ceremony log prints it, or a file with the digest or a signed head
    #[arg(long, value_name = "DIGEST|FILE")]
    head: Vec<OsString>,
}

/// What was looked at, and what came of it.
struct Finding {
    check: &'static str,
    /// What was found, or what is wrong and what to do about it.
    result: Result<String, Failure>,
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
        let stage = self.stage.map_or("its record is unreadable", Stage::name);
        let verdict = if self.holds() { "everything matches the transcript" } else { "does NOT match the transcript" };
        let mut lines = vec![format!("{}: {stage}: {verdict}", self.id)];
        lines.extend(self.findings.iter().flat_map(Finding::lines));
        lines
    }

    fn to_json(&self) -> Value {
        json!({
            "ceremony": self.id.as_str(),
            "stage": self.stage.map(Stage::name),
            "holds": self.holds(),
            "checks": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
        })
    }
}

fn verify(folder: CeremonyFolder, published: &Published, keyholders: &Keyholders, context: &Context) -> Verified {
    let mut verified = Verified { id: folder.id().clone(), stage: None, findings: Vec::new() };
    let record = match folder.load(published) {
        Ok(record) => record,
        Err(failure) => {
            verified.findings.push(Finding { check: "transcript", result: Err(failure) });
            return verified;
        }
    };
    verified.stage = record.stage().ok();
    let replay = Replay { record: &record, stage: verified.stage, published, keyholders, context };
    let mut add = |check, result| verified.findings.push(Finding { check, result });
    add("transcript", replay.transcript());
    add("signed heads", replay.heads());
    let is_open = matches!(verified.stage, Some(Stage::Frozen | Stage::Sealed));
    let mut attestations = None;
    match record.transcript().freezing() {
        Freezing::Never => {}
        _ => match record.frozen() {
            Err(failure) => {
                attestations = is_open.then(|| Err(failure.clone()));
                add("frozen files", Err(failure));
            }
            Ok(files) => {
                let FrozenFiles { frozen, record: frozen_record, .. } = &files;
                add(
                    "frozen files",
                    Ok(format!(
                        "{} of revision {}, fingerprint {}",
                        frozen_record.files.len(),
                        frozen_record.revision,
                        frozen_record.fingerprint()
                    )),
                );
                add("plan", replay.plan(&files));
                add("signatures", replay.signatures(frozen));
                if record.transcript().sealing().is_some() {
                    add("sealed files", replay.sealed(frozen));
                }
                attestations = is_open.then(|| replay.attestations(frozen));
            }
        },
    }
    if verified.stage == Some(Stage::Released) {
        verified.findings.push(Finding { check: "published files", result: replay.released() });
    }
    verified.findings.extend(attestations.map(|result| Finding { check: "hardware attestations", result }));
    verified
}

/// The record of one ceremony, with what it is held against.
struct Replay<'a> {
    record: &'a CeremonyRecord,
    stage: Option<Stage>,
    published: &'a Published,
    keyholders: &'a Keyholders,
    context: &'a Context,
}

impl Replay<'_> {
    fn transcript(&self) -> Result<String, Failure> {
        if self.record.transcript().entries().is_empty() {
            let hint = "restore transcript.jsonl from version control, or freeze the plan again";
            return Err(Failure::new("the transcript is empty: not even the plan is recorded", hint));
        }
        let head = self.record.transcript().head();
        Ok(format!("{} lines, each with the digest of what it follows; head {head}", head.lines))
    }

    /// Every signed head is still there, with all that it followed; and every note of one has its signature.
    fn heads(&self) -> Result<String, Failure> {
        let signatures = self.record.folder().head_signatures()?;
        let mut names = BTreeSet::new();
        for (file, signature) in &signatures {
            signature.check(self.record.id(), self.keyholders, self.record.transcript())?;
            if *file != signature.file_name() {
                return Err(Failure::new(
                    format!("heads/{file} holds the signature that belongs in {}", signature.file_name()),
                    "rename the file",
                ));
            }
            names.insert(signature.keyholder.as_str());
        }
        for entry in self.of_kind(&EventKind::Witnessed) {
            let file = entry.event.text("file").unwrap_or_default();
            if !signatures.contains_key(file) {
                return Err(gone(format!("heads/{file}, a signed head in the transcript, is missing")));
            }
        }
        match names.is_empty() {
            true => Ok("not signed yet: lines removed from the end would not be found".to_owned()),
            false => Ok(format!("by {}", names.into_iter().collect::<Vec<_>>().join(", "))),
        }
    }

    /// The plan that was frozen gives these files and no others. An edit of `plan.toml` is the maintainer's business as long as the files may be
    /// frozen again; once the ceremony is over, it is a change of what was.
    fn plan(&self, files: &FrozenFiles) -> Result<String, Failure> {
        let kept = self.record.folder().frozen_plan(files)?;
        let plan = kept.parse(self.keyholders)?;
        files.frozen.check_rebuilt(&plan, self.published, &self.shipped(&files.frozen)?)?;
        let is_over = self.stage.is_some_and(Stage::is_over);
        let found = "renders exactly the frozen files";
        match kept.remark {
            None => Ok(found.to_owned()),
            Some(remark) if !is_over => Ok(format!("{found}; {remark}")),
            Some(_) => Err(Failure::new(
                "plan.toml differs from the frozen plan: it was edited",
                "restore it from version control, or copy frozen/plan.toml over it",
            )
            .breaking(RULE)),
        }
    }

    /// The bytes of every file that the frozen ones list: by their digests, from what was published, or from `targets/`.
    fn shipped(&self, frozen: &Frozen) -> Result<BTreeMap<TargetName, Vec<u8>>, Failure> {
        let given = self.context.folder.targets()?;
        let mut shipped = BTreeMap::new();
        for (name, file) in frozen.all_targets().flat_map(|(_, targets)| targets.targets()) {
            let Some((name, file)) = name.parse::<TargetName>().ok().zip(file) else { continue };
            let kept = self.published.files().get(&name.published_as(&file)).filter(|bytes| file.matches(bytes));
            let bytes = kept.or_else(|| given.get(&name).filter(|bytes| file.matches(bytes)));
            let bytes = bytes.ok_or_else(|| {
                let what = format!("{name} as frozen is neither in targets/ nor published");
                Failure::new(what, "restore the file from version control")
            })?;
            shipped.insert(name, bytes.clone());
        }
        Ok(shipped)
    }

    /// Every signature that is filed verifies, or is over an earlier revision; and none that the transcript tells of is gone.
    fn signatures(&self, frozen: &Frozen) -> Result<String, Failure> {
        let files = self.record.folder().signature_files()?;
        let checked = check_signature_files(self.record.id(), frozen, &files, self.keyholders)?;
        let noted: Vec<&Entry> = self.of_kind(&EventKind::Signed).collect();
        for entry in &noted {
            self.check_noted(entry, frozen, &files)?;
        }
        let (good, voided) = (checked.good.len(), checked.voided.len());
        Ok(format!("{good} valid, {voided} over an earlier revision, {} recorded", noted.len()))
    }

    /// A signature over what is still to be signed has to be there; one over an earlier revision may have been replaced.
    fn check_noted(&self, entry: &Entry, frozen: &Frozen, files: &SignatureFiles) -> Result<(), Failure> {
        let fact = |name| entry.event.text(name).unwrap_or_default();
        let is_payload = |part: &&RoleVersion| {
            frozen.message(part).is_some_and(|message| hex::encode(&sha256(&message)) == fact("payload"))
        };
        let Some(part) = frozen.parts().find(is_payload) else { return Ok(()) };
        let file = fact("keyholder").parse::<Name>().ok().and_then(|name| files.get(&(part.clone(), name)));
        let is_there = file.is_some_and(|file| {
            file.signatures.iter().any(|one| one.key_id.as_str() == fact("keyid") && one.at == entry.at)
        });
        if is_there {
            return Ok(());
        }
        let name = fact("keyholder");
        Err(gone(format!("{name}'s recorded signature of {part} is missing or differs")))
    }

    /// What was sealed is what was frozen and what the record says, and has enough signatures.
    fn sealed(&self, frozen: &Frozen) -> Result<String, Failure> {
        let sealed = self.record.sealed_files()?;
        let noted =
            self.record.transcript().sealing().and_then(|entry| entry.event.digests("files")).unwrap_or_default();
        for (name, digest) in &noted {
            match sealed.get(name) {
                None => return Err(gone(format!("sealed/{name}, which is recorded, is missing"))),
                Some(bytes) if sha256(bytes) != *digest => {
                    return Err(gone(format!("sealed/{name} differs from the sealed file")));
                }
                Some(_) => {}
            }
        }
        if let Some(name) = sealed.keys().find(|name| !noted.contains_key(*name)) {
            return Err(Failure::new(format!("sealed/{name} is not recorded as sealed"), "move it out of this folder"));
        }
        check_sealed(frozen, &sealed)?;
        let names = names_text(&noted.into_keys().collect::<Vec<_>>());
        match self.record.stage()? {
            // They are part of what was published, all of which was verified when it was read.
            Stage::Released => {}
            Stage::Superseded => {
                return Ok(format!("{names}: as frozen, and superseded by a newer release"));
            }
            _ => drop(Sealed::read(sealed, self.published)?),
        }
        Ok(format!("{names}: as frozen, with every threshold met"))
    }

    /// What was sealed is what the repository has.
    fn released(&self) -> Result<String, Failure> {
        let sealed = self.record.sealed_files()?;
        for (name, bytes) in &sealed {
            if self.published.files().get(name) != Some(bytes) {
                return Err(gone(format!("metadata/{name} differs from the file that this ceremony sealed")));
            }
        }
        Ok("the published files are the sealed files".to_owned())
    }

    fn attestations(&self, frozen: &Frozen) -> Result<String, Failure> {
        attestations::of_ceremony(self.context, frozen, self.published, self.keyholders)?;
        Ok("every kept attestation verifies".to_owned())
    }

    fn of_kind<'k>(&'k self, kind: &'k EventKind) -> impl Iterator<Item = &'k Entry> {
        self.record.transcript().entries().iter().filter(move |entry| entry.event.kind == *kind)
    }
}

/// Names for a sentence; of very many, how many.
fn names_text(names: &[String]) -> String {
    const MOST: usize = 8;
    if names.len() > MOST { format!("{} files", names.len()) } else { names.join(", ") }
}

/// Something that was there is not any more.
fn gone(what: String) -> Failure {
    Failure::new(what, "restore it from version control; if it was changed there, find out who changed it")
        .breaking(RULE)
}

const RULE: &str = "a ceremony's record never changes";
