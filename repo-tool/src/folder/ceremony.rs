//! The folder of one ceremony: its files and its stage.

use std::fs;
use std::path::{Path, PathBuf};

use rootline_ceremonies::{
    Bounds, Freezing, Frozen, FrozenRecord, Keyholders, Name, Plan, RoleVersion, Sealed, SignatureFile, SignatureFiles,
};
use rootline_client::store::read_regular_file;

use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::{MAX_TEXT, read_own_text};
use crate::folder::links;
use crate::folder::merge_conflict;
use crate::folder::read_files::read_files;
use crate::journal;

/// `ceremonies/ID`.
#[derive(Clone, Debug)]
pub(crate) struct CeremonyFolder {
    pub(super) path: PathBuf,
    id: Name,
}

/// The files in `frozen/`, which match the record.
#[derive(Debug)]
pub(crate) struct FrozenFiles {
    pub(crate) frozen: Frozen,
    pub(crate) record: FrozenRecord,
    /// The plan that was kept with the files, unchecked.
    plan: Option<Vec<u8>>,
}

/// The frozen plan, which `plan.toml` may differ from.
#[derive(Debug)]
pub(crate) struct FrozenPlan {
    id: Name,
    path: PathBuf,
    text: String,
    /// A warning that `plan.toml` has been edited since.
    pub(crate) remark: Option<String>,
}

impl FrozenPlan {
    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Parses the plan. The current bounds of the policy do not apply to a frozen plan.
    pub(crate) fn parse(&self, keyholders: &Keyholders) -> Result<Plan, Failure> {
        let plan = Plan::parse(&self.text, keyholders, &Bounds::default()).map_err(|error| {
            let hint = format!(
                "the plan is unchanged, so keyholders/ has changed: restore it from version control, or run rootline-repo ceremony freeze {}",
                self.id
            );
            Failure::new(Failure::toml(&self.path, &error).what(), hint)
        })?;
        check_id(&self.path, &plan, &self.id)?;
        Ok(plan)
    }
}

fn check_id(path: &Path, plan: &Plan, id: &Name) -> Result<(), Failure> {
    if plan.id() == id {
        return Ok(());
    }
    let what = format!("{} names the ceremony {}", path.display(), plan.id());
    Err(Failure::new(what, "give the folder and the plan the same name"))
}

const AS_FROZEN: &str = "the signed bytes are the frozen bytes, whose fingerprint was read out";

/// The stage of a ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It has a plan.
    Planned,
    /// It has files to sign.
    Frozen,
    /// Two clones have frozen different files.
    Disputed,
    /// All signatures are in.
    Sealed,
    /// It is sealed, but can no longer be published: another release came first, or the files have changed.
    Superseded,
    /// Its files are published.
    Released,
    /// It was abandoned.
    Abandoned,
    /// It is not a ceremony: it records files that were taken over as they were.
    Imported,
}

/// What is said in place of a stage that the record does not tell.
pub(crate) const UNKNOWN_STAGE: &str = "its record does not hold";

impl Stage {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::Planned => "planned",
            Stage::Frozen => "to be signed",
            Stage::Disputed => "frozen differently in two clones",
            Stage::Sealed => "sealed",
            Stage::Superseded => "sealed, but superseded",
            Stage::Released => "done",
            Stage::Abandoned => "abandoned",
            Stage::Imported => "imported",
        }
    }

    /// Whether nothing is to come any more.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Stage::Released | Stage::Abandoned | Stage::Imported)
    }

    /// Whether the ceremony waits for a person. A sealed one waits for an online key alone.
    pub(crate) fn needs_person(self) -> bool {
        matches!(self, Stage::Planned | Stage::Frozen | Stage::Disputed | Stage::Superseded)
    }
}

impl CeremonyFolder {
    pub(crate) fn new(path: PathBuf, id: Name) -> CeremonyFolder {
        CeremonyFolder { path, id }
    }

    pub(crate) fn id(&self) -> &Name {
        &self.id
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The repository's folder, which is reached as its user says.
    pub(super) fn top(&self) -> &Path {
        self.path.parent().and_then(Path::parent).unwrap_or(&self.path)
    }

    /// Refuses a link in the place of this folder, of the one of all ceremonies, or anywhere below: each command that reads or writes something
    /// here asks before.
    pub(super) fn refuse_links(&self) -> Result<(), Failure> {
        self.path.parent().map_or(Ok(()), links::refuse_at)?;
        links::refuse_below(&self.path)
    }

    pub(crate) fn plan_path(&self) -> PathBuf {
        self.path.join("plan.toml")
    }

    pub(crate) fn exists(&self) -> bool {
        [self.plan_path(), self.frozen_plan_path(), self.transcript_path()].iter().any(|path| path.exists())
    }

    pub(crate) fn plan_text(&self) -> Result<String, Failure> {
        self.refuse_links()?;
        let path = self.plan_path();
        let text = read_own_text(&path, MAX_TEXT).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Failure::new(format!("there is no ceremony {}", self.id), "list them: rootline-repo ceremony list")
            }
            _ => Failure::io("read", &path, &error),
        })?;
        merge_conflict::refuse(&path, text.as_bytes())?;
        Ok(text)
    }

    pub(crate) fn plan(&self, keyholders: &Keyholders, bounds: &Bounds) -> Result<Plan, Failure> {
        let (path, text) = (self.plan_path(), self.plan_text()?);
        let plan = Plan::parse(&text, keyholders, bounds).map_err(|error| Failure::toml(&path, &error))?;
        check_id(&path, &plan, &self.id)?;
        Ok(plan)
    }

    pub(crate) fn frozen_path(&self) -> PathBuf {
        self.path.join("frozen")
    }

    fn frozen_plan_path(&self) -> PathBuf {
        self.frozen_path().join(FrozenRecord::PLAN_FILE)
    }

    /// The frozen files with their record, checked against it.
    pub(super) fn frozen(&self, freezing: Freezing) -> Result<FrozenFiles, Failure> {
        let hint = format!("freeze it: rootline-repo ceremony freeze {}", self.id);
        let record = match freezing {
            Freezing::Agreed(record) => record,
            Freezing::Never => return Err(Failure::new(format!("{} has not been frozen", self.id), hint)),
            Freezing::Disputed(records) => {
                let what = format!(
                    "{} was frozen in {} different ways in clones that have since been merged",
                    self.id,
                    records.len()
                );
                return Err(Failure::new(what, hint).breaking("all keyholders sign the same bytes"));
            }
        };
        self.refuse_links()?;
        let mut files = read_files(&self.frozen_path())?;
        let plan = files.remove(FrozenRecord::PLAN_FILE);
        let frozen = Frozen::open(&files, &record).map_err(|error| Failure::from(error).breaking(AS_FROZEN))?;
        Ok(FrozenFiles { frozen, record, plan })
    }

    /// The plan of the frozen files. Older ceremonies did not keep it with the files, and have it in `plan.toml` alone.
    pub(crate) fn frozen_plan(&self, files: &FrozenFiles) -> Result<FrozenPlan, Failure> {
        let path = self.plan_path();
        let now = match read_regular_file(&path, MAX_TEXT) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            other => Some(other.map_err(|error| Failure::io("read", &path, &error))?),
        };
        let (kept, remark) = match &files.plan {
            Some(kept) => {
                files.record.check_plan(kept).map_err(|error| Failure::from(error).breaking(AS_FROZEN))?;
                let remark = match &now {
                    Some(now) if now == kept => None,
                    Some(_) => Some(format!(
                        "{} was edited after the ceremony was frozen: freeze again to sign the edit",
                        path.display()
                    )),
                    None => Some(format!(
                        "{} is missing: the frozen plan is {}",
                        path.display(),
                        self.frozen_plan_path().display()
                    )),
                };
                (kept.clone(), remark)
            }
            None => match now.filter(|now| files.record.check_plan(now).is_ok()) {
                Some(now) => (now, None),
                None => return Err(self.edited_plan().breaking(AS_FROZEN)),
            },
        };
        let path = if files.plan.is_some() { self.frozen_plan_path() } else { path };
        let text = String::from_utf8(kept)
            .map_err(|_| Failure::new(format!("{} is not text", path.display()), "make it text, and freeze again"))?;
        Ok(FrozenPlan { id: self.id.clone(), path, text, remark })
    }

    /// The failure of a `plan.toml` that differs from the record.
    pub(crate) fn edited_plan(&self) -> Failure {
        Failure::new(
            "plan.toml differs from the frozen plan: it was edited",
            format!("restore it from version control, or freeze the edit: rootline-repo ceremony freeze {}", self.id),
        )
    }

    /// Replaces the frozen files and their plan.
    pub(crate) fn write_frozen(&self, frozen: &Frozen, plan: &Plan) -> Result<(), Failure> {
        self.refuse_links()?;
        let mut files = frozen.files();
        files.insert(FrozenRecord::PLAN_FILE.to_owned(), plan.text().as_bytes());
        remove_others(&self.frozen_path(), |name| files.contains_key(name))?;
        files.iter().try_for_each(|(name, bytes)| atomic_file::replace(&self.frozen_path().join(name), bytes))
    }

    fn signatures_path(&self) -> PathBuf {
        self.path.join("signatures")
    }

    fn signature_path(&self, part: &RoleVersion, keyholder: &Name) -> PathBuf {
        self.signatures_path().join(part.folder_name()).join(format!("{keyholder}.json"))
    }

    pub(crate) fn signature_files(&self) -> Result<SignatureFiles, Failure> {
        self.refuse_links()?;
        let mut files = SignatureFiles::new();
        for (file, bytes) in read_files(&self.signatures_path())? {
            let path = self.signatures_path().join(&file);
            let names = file.split_once('/').and_then(|(part, name)| {
                Some((RoleVersion::parse(part).filter(|read| read.folder_name() == part)?, name.strip_suffix(".json")?))
            });
            let place = names.and_then(|(part, name)| Some((part, name.parse().ok()?))).ok_or_else(|| {
                Failure::new(format!("{} is not a signature file", path.display()), "move it out of this folder")
            })?;
            let file = SignatureFile::parse(&bytes).map_err(|error| {
                Failure::file(
                    &path,
                    &error,
                    "restore it from version control, or remove it and ask for the signature again",
                )
            })?;
            files.insert(place, file);
        }
        Ok(files)
    }

    pub(crate) fn write_signature_file(&self, file: &SignatureFile) -> Result<(), Failure> {
        // One of many: what is beside it was looked at when the others were read.
        let path = self.signature_path(&file.part, &file.keyholder);
        links::refuse_on_the_way(self.top(), &path)?;
        // Of other bytes: what was signed stays signed, and its file stays with the record.
        if let Ok(earlier) = read_regular_file(&path, SignatureFile::MAX_BYTES as u64)
            && SignatureFile::parse(&earlier).is_ok_and(|earlier| earlier.payload != file.payload)
        {
            self.keep_voided(file, &earlier)?;
        }
        atomic_file::replace(&path, &file.to_json())
    }

    pub(crate) fn sealed_path(&self) -> PathBuf {
        self.path.join("sealed")
    }

    /// Replaces the sealed files.
    pub(crate) fn write_sealed(&self, sealed: &Sealed) -> Result<(), Failure> {
        self.refuse_links()?;
        remove_others(&self.sealed_path(), |name| sealed.files().contains_key(name))?;
        sealed.files().iter().try_for_each(|(name, bytes)| atomic_file::replace(&self.sealed_path().join(name), bytes))
    }
}

/// Removes the files of an earlier revision from a folder.
fn remove_others(folder: &Path, is_kept: impl Fn(&str) -> bool) -> Result<(), Failure> {
    for name in read_files(folder)?.into_keys().filter(|name| !is_kept(name)) {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
        journal::note(format_args!("removed {}", path.display()));
    }
    Ok(())
}
