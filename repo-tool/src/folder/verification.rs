//! Everything about one ceremony that can be checked at any time: its record, replayed against the repository.

use std::collections::{BTreeMap, BTreeSet};

use rootline_ceremonies::review::TargetDiffers;
use rootline_ceremonies::{
    Entry, EventKind, Freezing, Frozen, Keyholders, KeyholdersSince, Name, Published, RoleVersion, Sealed,
    SignatureFile, SignatureFiles, TargetName, check_response, check_sealed, check_signature_files,
};
use rootline_metadata::{hex, sha256};

use crate::failure::Failure;
use crate::folder::ceremony::{FrozenFiles, Stage};
use crate::folder::record::CeremonyRecord;
use crate::folder::repository::RepositoryFolder;
use crate::text::{plain, visible};

const SIGNATURES: &str = "signatures";
const SEALED: &str = "sealed files";

/// What was looked at, and what came of it.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) check: &'static str,
    /// What was found, or what is wrong and what to do about it.
    pub(crate) result: Result<String, Failure>,
}

/// Whether edits of the plan of a finished ceremony matter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edits {
    Matter,
    DoNot,
}

/// The record of one ceremony, with what it is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verification<'a> {
    pub(crate) record: &'a CeremonyRecord,
    pub(crate) published: &'a Published,
    pub(crate) keyholders: &'a Keyholders,
    pub(crate) folder: &'a RepositoryFolder,
}

impl Verification<'_> {
    /// Everything that can be checked, and what came of it.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.look(Edits::Matter)
    }

    fn look(&self, edits: Edits) -> Vec<Finding> {
        // Under the names that they had: keys decide, and a person who is called otherwise now has signed all the same.
        let (keyholders, since) = self.keyholders.as_in(self.record.transcript());
        let mut findings = Verification { keyholders: &keyholders, ..*self }.look_as_named(edits);
        if since.named > 0 {
            findings.push(Finding { check: "keyholders", result: self.named(&since) });
        }
        findings
    }

    fn look_as_named(&self, edits: Edits) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |check, result| findings.push(Finding { check, result });
        add("transcript", self.transcript());
        add("signed heads", self.heads());
        match self.record.transcript().freezing() {
            Freezing::Never => {}
            _ => match self.record.frozen() {
                Err(failure) => add("frozen files", Err(failure)),
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
                    add("plan", self.plan(&files, edits));
                    add(SIGNATURES, self.signatures(frozen));
                    if let Some(result) = self.responses(frozen).transpose() {
                        add("responses", result);
                    }
                    if self.record.transcript().sealing().is_some() {
                        add(SEALED, self.sealed(frozen));
                    }
                }
            },
        }
        match self.record.stage() {
            Ok(Stage::Released) => add("published files", self.released()),
            Ok(_) => {}
            Err(failure) => add("stage", Err(failure)),
        }
        findings
    }

    /// Refuses a ceremony in which anything is wrong: what acts on it stands on what `ceremony verify` finds to hold.
    pub(crate) fn require(&self) -> Result<(), Failure> {
        self.findings().into_iter().try_for_each(|finding| finding.result.map(drop))
    }

    /// As [`Verification::require`], for what seals: a fault in `sealed/`, such as the files of two clones together, is mended by sealing again.
    pub(crate) fn require_but_sealed_files(&self) -> Result<(), Failure> {
        let others = self.findings().into_iter().filter(|finding| finding.check != SEALED);
        others.into_iter().try_for_each(|finding| finding.result.map(drop))
    }

    /// As [`Verification::require`], once it is over. That `plan.toml` was edited is no matter: the plan stands in `frozen/`.
    pub(crate) fn require_over(&self) -> Result<(), Failure> {
        self.look(Edits::DoNot).into_iter().try_for_each(|finding| finding.result.map(drop))
    }

    /// As [`Verification::require`], for what collects signatures: a signature that is missing or does not count can still be given, so that its
    /// fault is returned as a remark.
    pub(crate) fn require_but_signatures(&self) -> Result<Option<Failure>, Failure> {
        let mut remark = None;
        for Finding { check, result } in self.findings() {
            match result {
                Err(failure) if check == SIGNATURES => remark = Some(failure),
                other => drop(other?),
            }
        }
        Ok(remark)
    }

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

    /// The keys that were shown as someone's are theirs, under the same name as long as somebody may still sign.
    fn named(&self, since: &KeyholdersSince) -> Result<String, Failure> {
        let KeyholdersSince { named, renamed, shown_otherwise, gone: keys_gone } = since;
        if let Some((name, key_id)) = keys_gone.first() {
            let key_id = plain(key_id.short());
            return Err(gone(format!(
                "no keyholder has the key {key_id} any more, which was {name}'s when it was frozen"
            )));
        }
        let renamed = renamed.iter().map(|(then, now)| format!("{then} is now {now}"));
        let shown = shown_otherwise
            .iter()
            .map(|(name, then, now)| format!("{name} was shown as {} and is now {}", visible(then), visible(now)));
        let changes: Vec<String> = renamed.chain(shown).collect();
        let found = format!("{named} shown with the keys that they have");
        match (changes.is_empty(), self.is_over()) {
            (true, _) => Ok(found),
            (false, true) => Ok(format!("{found}; since then {}", changes.join("; "))),
            (false, false) => Err(Failure::new(
                format!("keyholders/ was edited after it was frozen: {}", changes.join("; ")),
                format!(
                    "restore it from version control, or freeze again: rootline-repo ceremony freeze {}",
                    self.record.id()
                ),
            )),
        }
    }

    /// The plan that was frozen gives these files and no others. An edit of `plan.toml` is the maintainer's business as long as the files may be
    /// frozen again; once the ceremony is over, it is a change of what was.
    fn plan(&self, files: &FrozenFiles, edits: Edits) -> Result<String, Failure> {
        let kept = self.record.folder().frozen_plan(files)?;
        let plan = kept.parse(self.keyholders)?;
        files.frozen.check_rebuilt(&plan, self.published, &self.shipped(&files.frozen)?)?;
        let found = "renders exactly the frozen files";
        match kept.remark {
            None => Ok(found.to_owned()),
            Some(remark) if !self.is_over() || edits == Edits::DoNot => Ok(format!("{found}; {remark}")),
            Some(_) => Err(Failure::new(
                "plan.toml differs from the frozen plan: it was edited",
                "restore it from version control, or copy frozen/plan.toml over it",
            )
            .breaking(RULE)),
        }
    }

    /// The bytes of every file that the frozen ones list: by their digests, from what was published, or from `targets/`. As long as the ceremony
    /// is open, what is in `targets/` under such a name is what was frozen.
    fn shipped(&self, frozen: &Frozen) -> Result<BTreeMap<TargetName, Vec<u8>>, Failure> {
        let is_over = self.is_over();
        let mut shipped = BTreeMap::new();
        for (name, file) in frozen.all_targets().flat_map(|(_, targets)| targets.targets()) {
            let Some((name, file)) = name.parse::<TargetName>().ok().zip(file) else { continue };
            let kept = self.published.files().get(&name.published_as(&file)).filter(|bytes| file.matches(bytes));
            let given = if is_over && kept.is_some() { None } else { self.folder.target(&name)? };
            let bytes = match given {
                Some(given) if file.matches(&given) => given,
                Some(_) if !is_over => return Err(TargetDiffers { name: name.to_string() }.into()),
                _ => match kept {
                    Some(kept) => kept.clone(),
                    None if !is_over => return Err(TargetDiffers { name: name.to_string() }.into()),
                    None => {
                        let what = format!("{name} as frozen is neither in targets/ nor published");
                        return Err(Failure::new(what, "restore the file from version control"));
                    }
                },
            };
            shipped.insert(name, bytes);
        }
        Ok(shipped)
    }

    fn is_over(&self) -> bool {
        self.record.stage().is_ok_and(Stage::is_over)
    }

    /// Every signature that is filed verifies, or is over an earlier revision; and none that the transcript tells of is gone.
    fn signatures(&self, frozen: &Frozen) -> Result<String, Failure> {
        let files = self.record.folder().signature_files()?;
        let checked = check_signature_files(self.record.id(), frozen, &files, self.keyholders)?;
        let kept = self.record.folder().voided_files()?;
        let noted: Vec<&Entry> = self.of_kind(&EventKind::Signed).collect();
        for entry in &noted {
            self.check_noted(entry, frozen, &files, &kept)?;
        }
        let (good, voided) = (checked.good.len(), checked.voided.len() + kept.len());
        Ok(format!("{good} valid, {voided} over an earlier revision, {} recorded", noted.len()))
    }

    /// A signature over what is still to be signed has to be there, and one over an earlier revision has to be kept. Versions that did not note
    /// how a signature came did not keep those.
    fn check_noted(
        &self,
        entry: &Entry,
        frozen: &Frozen,
        files: &SignatureFiles,
        kept: &[SignatureFile],
    ) -> Result<(), Failure> {
        let fact = |name| entry.event.text(name).unwrap_or_default();
        let has_it = |file: &SignatureFile| {
            file.signatures.iter().any(|one| one.key_id.as_str() == fact("keyid") && one.at == entry.at)
        };
        let is_payload = |part: &&RoleVersion| {
            frozen.message(part).is_some_and(|message| hex::encode(&sha256(&message)) == fact("payload"))
        };
        let name = fact("keyholder");
        let Some(part) = frozen.parts().find(is_payload) else {
            let mut earlier = files.values().chain(kept).filter(|file| file.payload == fact("payload"));
            return match entry.event.facts.get("source").is_none() || earlier.any(has_it) {
                true => Ok(()),
                false => {
                    let (name, role) = (plain(name), plain(fact("role")));
                    Err(gone(format!("{name}'s recorded signature of an earlier {role} is missing or differs")))
                }
            };
        };
        let file = name.parse::<Name>().ok().and_then(|name| files.get(&(part.clone(), name)));
        if file.is_some_and(has_it) {
            return Ok(());
        }
        Err(gone(format!("{name}'s recorded signature of {part} is missing or differs")))
    }

    /// Every response that was kept brought the signatures that it has; `None` without any.
    fn responses(&self, frozen: &Frozen) -> Result<Option<String>, Failure> {
        let responses = self.record.folder().responses()?;
        for response in &responses {
            check_response(self.record.id(), frozen, response, self.keyholders)?;
        }
        Ok((!responses.is_empty()).then(|| format!("{} kept as they came", responses.len())))
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
        let is_at_once = self.record.transcript().sealing().is_some_and(|entry| entry.event.is_at_once());
        let at_once = if is_at_once { "; sealed at once, without what older roots ask for" } else { "" };
        Ok(format!("{names}: as frozen, with every threshold met{at_once}"))
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
pub(crate) fn gone(what: String) -> Failure {
    Failure::new(what, "restore it from version control; if it was changed there, find out who changed it")
        .breaking(RULE)
}

const RULE: &str = "a ceremony's record never changes";
