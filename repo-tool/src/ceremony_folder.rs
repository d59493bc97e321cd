//! The folder of one ceremony: what is where, reading it, and what state it is in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rootline_ceremonies::{
    Answer, Answers, Bounds, Event, EventKind, Freezing, Frozen, FrozenRecord, HeadSignature, Keyholders, Name, Part,
    Plan, Published, Sealed, SignedFacts, Standing, Transcript, TranscriptError,
};
use rootline_metadata::KeyId;
use rootline_metadata::json::{Value, ValueMembers};

use crate::atomic_file;
use crate::evidence::Evidence;
use crate::failure::Failure;
use crate::merge_conflict;
use crate::repository_folder::read_files;

/// `ceremonies/ID`.
#[derive(Clone, Debug)]
pub(crate) struct CeremonyFolder {
    path: PathBuf,
    id: Name,
}

/// How far a ceremony has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// There is a plan.
    Planned,
    /// There are files to sign.
    Frozen,
    /// Clones that did not know of each other have frozen different files.
    Disputed,
    /// All signatures are in.
    Sealed,
    /// All signatures were in, and what was sealed cannot be published any more: something else was published meanwhile, or the files
    /// have been changed.
    Overtaken,
    /// It is part of what is published.
    Released,
    /// It was given up.
    Abandoned,
}

impl Stage {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::Planned => "planned",
            Stage::Frozen => "to be signed",
            Stage::Disputed => "frozen differently in two clones",
            Stage::Sealed => "sealed",
            Stage::Overtaken => "sealed, and cannot be published any more",
            Stage::Released => "done",
            Stage::Abandoned => "abandoned",
        }
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

    pub(crate) fn plan_path(&self) -> PathBuf {
        self.path.join("plan.toml")
    }

    pub(crate) fn exists(&self) -> bool {
        self.plan_path().exists()
    }

    pub(crate) fn plan_text(&self) -> Result<String, Failure> {
        let path = self.plan_path();
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Failure::new(
                format!("there is no ceremony {}", self.id),
                "see which there are: rootline-repo ceremony list",
            ),
            _ => Failure::io("read", &path, &error),
        })?;
        merge_conflict::refuse(&path, text.as_bytes())?;
        Ok(text)
    }

    pub(crate) fn plan(&self, keyholders: &Keyholders, bounds: &Bounds) -> Result<Plan, Failure> {
        let (path, text) = (self.plan_path(), self.plan_text()?);
        let plan = Plan::parse(&text, keyholders, bounds).map_err(|error| Failure::toml(&path, &error))?;
        if *plan.id() != self.id {
            let what = format!("{} says that it is the plan of {}", path.display(), plan.id());
            return Err(Failure::new(what, "give the folder and the plan one name"));
        }
        Ok(plan)
    }

    pub(crate) fn stage(&self, published: &Published) -> Result<Stage, Failure> {
        let transcript = self.transcript()?;
        // What is public stays so, though another clone gave the ceremony up without knowing.
        if transcript.last(&EventKind::Released).is_some() {
            return Ok(Stage::Released);
        }
        if transcript.last(&EventKind::Abandoned).is_some() {
            return Ok(Stage::Abandoned);
        }
        if let Some(files) = self.sealed_files()? {
            return Ok(match Sealed::read(files, published) {
                // Killed before it was noted down.
                Ok(sealed) if sealed.is_published(published) => Stage::Released,
                Ok(_) => Stage::Sealed,
                Err(_) => Stage::Overtaken,
            });
        }
        Ok(match transcript.freezing() {
            Freezing::Never => Stage::Planned,
            Freezing::Agreed(_) => Stage::Frozen,
            Freezing::Disputed(_) => Stage::Disputed,
        })
    }

    pub(crate) fn frozen_path(&self) -> PathBuf {
        self.path.join("frozen")
    }

    /// The frozen files with what was noted down about them, checked against it.
    pub(crate) fn frozen(&self) -> Result<(Frozen, FrozenRecord), Failure> {
        let hint = format!("freeze it: rootline-repo ceremony freeze {}", self.id);
        let record = match self.transcript()?.freezing() {
            Freezing::Agreed(record) => record,
            Freezing::Never => return Err(Failure::new(format!("{} has not been frozen", self.id), hint)),
            Freezing::Disputed(records) => {
                let what = format!(
                    "{} was frozen in {} different ways, in clones that have been merged since",
                    self.id,
                    records.len()
                );
                return Err(Failure::new(what, hint).breaking("all keyholders sign the same bytes"));
            }
        };
        let frozen = Frozen::open(&read_files(&self.frozen_path())?, &record);
        let frozen = frozen.map_err(|error| {
            Failure::from(error).breaking("what is signed is byte for byte what was frozen and read aloud")
        })?;
        Ok((frozen, record))
    }

    /// Puts frozen files in place of earlier ones.
    pub(crate) fn write_frozen(&self, frozen: &Frozen) -> Result<(), Failure> {
        let files = frozen.files();
        remove_others(&self.frozen_path(), |name| files.contains_key(name))?;
        files.iter().try_for_each(|(name, bytes)| atomic_file::replace(&self.frozen_path().join(name), bytes))
    }

    fn answers_path(&self) -> PathBuf {
        self.path.join("signatures")
    }

    fn answer_path(&self, part: &Part, keyholder: &Name) -> PathBuf {
        self.answers_path().join(part.folder_name()).join(format!("{keyholder}.json"))
    }

    pub(crate) fn answers(&self) -> Result<Answers, Failure> {
        let mut answers = Answers::new();
        for (file, bytes) in read_files(&self.answers_path())? {
            let path = self.answers_path().join(&file);
            let names = file.split_once('/').and_then(|(part, name)| {
                Some((Part::parse(part).filter(|read| read.folder_name() == part)?, name.strip_suffix(".json")?))
            });
            let place = names.and_then(|(part, name)| Some((part, name.parse().ok()?))).ok_or_else(|| {
                Failure::new(format!("{} is no answer", path.display()), "move it out of this folder")
            })?;
            let answer = Answer::parse(&bytes).map_err(|error| {
                Failure::new(
                    format!("{}: {error}", path.display()),
                    "bring it back from version control, or take it away and ask for the signature again",
                )
            })?;
            answers.insert(place, answer);
        }
        Ok(answers)
    }

    pub(crate) fn write_answer(&self, answer: &Answer) -> Result<(), Failure> {
        atomic_file::replace(&self.answer_path(&answer.part, &answer.keyholder), &answer.to_json())
    }

    pub(crate) fn sealed_path(&self) -> PathBuf {
        self.path.join("sealed")
    }

    /// The sealed files, if it has been sealed and not been frozen anew since.
    pub(crate) fn sealed_files(&self) -> Result<Option<BTreeMap<String, Vec<u8>>>, Failure> {
        if self.transcript()?.sealing().is_none() {
            return Ok(None);
        }
        Ok(Some(read_files(&self.sealed_path())?).filter(|files| !files.is_empty()))
    }

    /// What was sealed, if it can be published.
    pub(crate) fn sealed(&self, published: &Published) -> Result<Option<Sealed>, Failure> {
        Ok(self.sealed_files()?.map(|files| Sealed::read(files, published)).transpose()?)
    }

    /// Puts sealed files in place of earlier ones.
    pub(crate) fn write_sealed(&self, sealed: &Sealed) -> Result<(), Failure> {
        remove_others(&self.sealed_path(), |name| sealed.files().contains_key(name))?;
        sealed.files().iter().try_for_each(|(name, bytes)| atomic_file::replace(&self.sealed_path().join(name), bytes))
    }

    pub(crate) fn transcript_path(&self) -> PathBuf {
        self.path.join("transcript.jsonl")
    }

    pub(crate) fn transcript(&self) -> Result<Transcript, Failure> {
        self.parse_transcript(&self.transcript_text()?)
    }

    fn parse_transcript(&self, text: &str) -> Result<Transcript, Failure> {
        Transcript::parse(text).map_err(|error| self.transcript_failure(&error))
    }

    /// A fault of the transcript, with the place of its file.
    pub(crate) fn transcript_failure(&self, error: &TranscriptError) -> Failure {
        Failure::new(format!("{}: {error}", self.transcript_path().display()), error.hint())
    }

    /// The text of the transcript, whatever it says; of none, if there is none yet.
    pub(crate) fn transcript_text(&self) -> Result<String, Failure> {
        let path = self.transcript_path();
        let is_too_long = |file: fs::Metadata| file.len() > Transcript::MOST_BYTES as u64;
        if fs::metadata(&path).is_ok_and(is_too_long) {
            return Err(self.transcript_failure(&TranscriptError::TooLong));
        }
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => other.map_err(|error| Failure::io("read", &path, &error))?,
        };
        merge_conflict::refuse(&path, text.as_bytes())?;
        Ok(text)
    }

    /// Notes something down.
    pub(crate) fn note(&self, at: DateTime<Utc>, event: Event) -> Result<(), Failure> {
        self.note_all([(at, event)])
    }

    /// Notes several things down, all or none of them. The file is written whole, so that no line is ever there in part.
    pub(crate) fn note_all(&self, events: impl IntoIterator<Item = (DateTime<Utc>, Event)>) -> Result<(), Failure> {
        let mut text = self.transcript_text()?;
        let mut transcript = self.parse_transcript(&text)?;
        let before = transcript.head();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for (at, event) in events {
            text.push_str(&transcript.append(at, event));
            text.push('\n');
        }
        if transcript.head() == before {
            return Ok(());
        }
        // A line that is too long, or one too many, is never written.
        self.parse_transcript(&text)?;
        atomic_file::replace(&self.transcript_path(), text.as_bytes())
    }

    /// That what was sealed is part of what is published, if it is and has not been noted down: then the command that made it so was ended
    /// before it could. Nothing otherwise.
    pub(crate) fn missing_release(&self, published: &Published) -> Result<Option<Event>, Failure> {
        if self.stage(published)? != Stage::Released || self.transcript()?.last(&EventKind::Released).is_some() {
            return Ok(None);
        }
        Ok(self.sealed_files()?.map(|files| released(&files)))
    }

    fn heads_path(&self) -> PathBuf {
        self.path.join("heads")
    }

    /// The signatures of heads of the transcript, by the names of their files. Nothing in them has been checked.
    pub(crate) fn head_signatures(&self) -> Result<BTreeMap<String, HeadSignature>, Failure> {
        let read = |(name, bytes): (String, Vec<u8>)| match HeadSignature::parse(&bytes) {
            Ok(signature) => Ok((name, signature)),
            Err(error) => Err(Failure::new(
                format!("{}: {error}", self.heads_path().join(name).display()),
                "bring it back from version control, or take it away and ask for the signature again",
            )),
        };
        read_files(&self.heads_path())?.into_iter().map(read).collect()
    }

    /// Keeps a signature of the head; one that is there is never written over. Gives the path of its file.
    pub(crate) fn write_head_signature(&self, signature: &HeadSignature) -> Result<PathBuf, Failure> {
        let path = self.heads_path().join(signature.file_name());
        atomic_file::ensure(&path, &signature.to_json())?;
        Ok(path)
    }

    /// Notes down every signature that counts and is not noted yet: one that was given just before a crash, or that came from another
    /// clone. Each with what is known of the token that made it. Gives whether there were any.
    pub(crate) fn note_answers(
        &self,
        standing: &Standing,
        keyholders: &Keyholders,
        evidence: &Evidence,
    ) -> Result<bool, Failure> {
        let transcript = self.transcript()?;
        let noted = |answer: &Answer, key_id: &str| {
            transcript.entries().iter().any(|entry| {
                let fact = |name| entry.event.text(name);
                entry.event.kind == EventKind::Signed
                    && fact("role") == Some(answer.part.role.name())
                    && fact("keyid") == Some(key_id)
                    && fact("payload") == Some(&answer.payload)
            })
        };
        let counts = |answer: &Answer| {
            let part = standing.parts.iter().find(|part| part.part == answer.part);
            part.is_some_and(|part| {
                let rejected = part.rejected.iter().map(|(name, _)| name);
                !part.void.iter().chain(rejected).any(|name| *name == answer.keyholder)
            })
        };
        let scheme = |id: &KeyId| {
            let keys = keyholders.iter().flat_map(|holder| holder.keys());
            keys.filter(|key| KeyId::of(key) == *id).map(|key| key.scheme().as_str()).next()
        };
        let mut events = Vec::new();
        for answer in self.answers()?.values().filter(|answer| counts(answer)) {
            for signature in answer.signatures.iter().filter(|signature| !noted(answer, signature.key_id.as_str())) {
                let evidence = evidence.fact(&answer.keyholder, &signature.key_id);
                let event = Event::signed(SignedFacts {
                    part: &answer.part,
                    keyholder: answer.keyholder.as_str(),
                    key_id: signature.key_id.as_str(),
                    scheme: scheme(&signature.key_id),
                    payload: &answer.payload,
                    evidence: evidence.as_ref(),
                });
                events.push((signature.at, event));
            }
        }
        let any = !events.is_empty();
        self.note_all(events)?;
        Ok(any)
    }
}

/// Takes away what an earlier revision has left in a folder.
fn remove_others(folder: &Path, is_kept: impl Fn(&str) -> bool) -> Result<(), Failure> {
    for name in read_files(folder)?.into_keys().filter(|name| !is_kept(name)) {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
    }
    Ok(())
}

/// Files by name, as facts of an event.
pub(crate) fn digests(files: &BTreeMap<String, Vec<u8>>) -> Value {
    let digest = |bytes: &[u8]| rootline_metadata::hex::encode(&rootline_metadata::sha256(bytes));
    files.iter().fold(ValueMembers::new(), |members, (name, bytes)| members.with(name, digest(bytes))).into()
}

/// That sealed files are current.
pub(crate) fn released(files: &BTreeMap<String, Vec<u8>>) -> Event {
    Event::new(EventKind::Released).with("files", digests(files))
}
