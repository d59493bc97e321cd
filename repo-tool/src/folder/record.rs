//! The record of a ceremony: its transcript, and the signatures of its heads.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use rootline_ceremonies::{
    Entry, Event, EventKind, Freezing, HeadSignature, Keyholders, Name, Published, Sealed, SealedError, SignatureFile,
    SignatureFiles, SignedFacts, Tally, Transcript, TranscriptError,
};
use rootline_client::store::read_regular_file;
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{KeyId, sha256};

use super::ceremony::{CeremonyFolder, FrozenFiles, Stage};
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::attestations::Attestations;
use crate::folder::input::read_own_text;
use crate::folder::merge_conflict;
use crate::folder::read_files::read_files;

/// The record of one ceremony, read once: its transcript and its stage. New events are appended, so it is written under the repository's
/// lock.
#[derive(Debug)]
pub(crate) struct CeremonyRecord {
    folder: CeremonyFolder,
    text: String,
    transcript: Transcript,
    /// What was sealed and has not been noted down as released, with the fault that keeps it from being published.
    sealed: Option<Result<Sealed, SealedError>>,
    /// A fault in the folder of sealed files stops those commands alone that have to know the stage.
    stage: Result<Stage, Failure>,
}

impl CeremonyFolder {
    /// Reads the record of the ceremony.
    pub(crate) fn load(self, published: &Published) -> Result<CeremonyRecord, Failure> {
        let text = self.transcript_text()?;
        let transcript = self.parse_transcript(&text)?;
        let (sealed, stage) = match self.sealed(&transcript, published) {
            Ok(sealed) => {
                let stage = stage(&transcript, sealed.as_ref(), published);
                (sealed, stage)
            }
            Err(failure) => (None, Err(failure)),
        };
        Ok(CeremonyRecord { folder: self, text, transcript, sealed, stage })
    }

    pub(crate) fn transcript_path(&self) -> PathBuf {
        self.path.join("transcript.jsonl")
    }

    fn parse_transcript(&self, text: &str) -> Result<Transcript, Failure> {
        Transcript::parse(text).map_err(|error| self.transcript_failure(&error))
    }

    /// What was sealed, where that tells the stage: a ceremony that is over needs it no more.
    fn sealed(
        &self,
        transcript: &Transcript,
        published: &Published,
    ) -> Result<Option<Result<Sealed, SealedError>>, Failure> {
        if [EventKind::Released, EventKind::Abandoned].iter().any(|end| transcript.last(end).is_some()) {
            return Ok(None);
        }
        Ok(self.sealed_files(transcript)?.map(|files| Sealed::read(files, published)))
    }

    /// The sealed files, if it has been sealed and not been frozen again since.
    fn sealed_files(&self, transcript: &Transcript) -> Result<Option<BTreeMap<String, Vec<u8>>>, Failure> {
        if transcript.sealing().is_none() {
            return Ok(None);
        }
        Ok(Some(read_files(&self.sealed_path())?).filter(|files| !files.is_empty()))
    }

    /// A fault of the transcript, with the place of its file.
    pub(crate) fn transcript_failure(&self, error: &TranscriptError) -> Failure {
        Failure::new(format!("{}: {error}", self.transcript_path().display()), error.hint())
    }

    /// The text of the transcript, unchecked; empty without one.
    pub(crate) fn transcript_text(&self) -> Result<String, Failure> {
        self.refuse_links()?;
        let path = self.transcript_path();
        let text = match read_own_text(&path, Transcript::MAX_BYTES as u64) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                return Err(self.transcript_failure(&TranscriptError::TooLong));
            }
            other => other.map_err(|error| Failure::io("read", &path, &error))?,
        };
        merge_conflict::refuse(&path, text.as_bytes())?;
        Ok(text)
    }

    fn heads_path(&self) -> PathBuf {
        self.path.join("heads")
    }

    /// The signatures of heads of the transcript, by the names of their files. Nothing in them has been checked.
    pub(crate) fn head_signatures(&self) -> Result<BTreeMap<String, HeadSignature>, Failure> {
        let read = |(name, bytes): (String, Vec<u8>)| match HeadSignature::parse(&bytes) {
            Ok(signature) => Ok((name, signature)),
            Err(error) => Err(Failure::file(
                &self.heads_path().join(name),
                &error,
                "restore it from version control, or remove it and ask for the signature again",
            )),
        };
        read_files(&self.heads_path())?.into_iter().map(read).collect()
    }

    /// Writes a signature of the head, never over another, and returns the path of its file.
    pub(crate) fn write_head_signature(&self, signature: &HeadSignature) -> Result<PathBuf, Failure> {
        self.refuse_links()?;
        let path = self.heads_path().join(signature.file_name());
        let is_there = |bytes: Vec<u8>| HeadSignature::parse(&bytes).is_ok_and(|there| there == *signature);
        // An earlier version wrote the same without its format.
        if !read_regular_file(&path, HeadSignature::MAX_BYTES as u64).is_ok_and(is_there) {
            atomic_file::ensure(&path, &signature.to_json())?;
        }
        Ok(path)
    }
}

/// The stage of a ceremony.
///
/// # Errors
/// If the transcript says that it was released, and what is published does not bear that out.
fn stage(
    transcript: &Transcript,
    sealed: Option<&Result<Sealed, SealedError>>,
    published: &Published,
) -> Result<Stage, Failure> {
    // What is public stays so, though another clone gave the ceremony up without knowing.
    if let Some(entry) = transcript.last(&EventKind::Released) {
        check_released(transcript, entry, published)?;
        return Ok(Stage::Released);
    }
    if transcript.last(&EventKind::Abandoned).is_some() {
        return Ok(Stage::Abandoned);
    }
    if transcript.last(&EventKind::Imported).is_some() {
        return Ok(Stage::Imported);
    }
    Ok(match (sealed, transcript.freezing()) {
        // Killed before it was noted down.
        (Some(Ok(sealed)), _) if sealed.is_published(published) => Stage::Released,
        (Some(Ok(_)), _) => Stage::Sealed,
        (Some(Err(_)), _) => Stage::Superseded,
        (None, Freezing::Never) => Stage::Planned,
        (None, Freezing::Agreed(_)) => Stage::Frozen,
        (None, Freezing::Disputed(_)) => Stage::Disputed,
    })
}

/// That what is recorded as released was sealed in this ceremony, and is in what is published, byte for byte.
fn check_released(transcript: &Transcript, released: &Entry, published: &Published) -> Result<(), Failure> {
    let files = released.event.digests("files").unwrap_or_default();
    let mut sealings = transcript.entries().iter().filter(|entry| entry.event.kind == EventKind::Sealed);
    if files.is_empty() || !sealings.any(|sealing| sealing.event.digests("files").as_ref() == Some(&files)) {
        let hint = "restore transcript.jsonl from version control, and find out who changed it";
        return Err(Failure::new("the transcript records a release of files that it does not record as sealed", hint)
            .breaking(RELEASED));
    }
    let differs = |(name, digest): &(&String, &[u8; 32])| {
        published.files().get(*name).is_none_or(|bytes| sha256(bytes) != **digest)
    };
    match files.iter().find(differs) {
        None => Ok(()),
        Some((name, _)) => {
            let what = match published.files().contains_key(name) {
                true => format!("metadata/{name} differs from the file that the transcript records as released"),
                false => format!("metadata/{name}, which the transcript records as released, is missing"),
            };
            let hint = "restore metadata/ and transcript.jsonl from version control, and find out who changed them";
            Err(Failure::new(what, hint).breaking(RELEASED))
        }
    }
}

const RELEASED: &str = "a ceremony is finished when its files are published";

impl CeremonyRecord {
    pub(crate) fn id(&self) -> &Name {
        self.folder.id()
    }

    pub(crate) fn folder(&self) -> &CeremonyFolder {
        &self.folder
    }

    pub(crate) fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The stage of the ceremony when the record was read.
    pub(crate) fn stage(&self) -> Result<Stage, Failure> {
        self.stage.clone()
    }

    /// The frozen files with their record, checked against it.
    pub(crate) fn frozen(&self) -> Result<FrozenFiles, Failure> {
        self.folder.frozen(self.transcript.freezing())
    }

    /// What was sealed and waits to be published, or why it cannot be; `None` when nothing does.
    pub(crate) fn sealed(&self) -> Result<Option<&Sealed>, Failure> {
        match &self.sealed {
            Some(Err(error)) => Err(error.clone().into()),
            Some(Ok(sealed)) => Ok(Some(sealed)),
            None => Ok(None),
        }
    }

    /// The sealed files as they are now, whether or not they can be published.
    pub(crate) fn sealed_files(&self) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        Ok(self.folder.sealed_files(&self.transcript)?.unwrap_or_default())
    }

    /// Records an event.
    pub(crate) fn note(&mut self, at: DateTime<Utc>, event: Event) -> Result<(), Failure> {
        self.note_all([(at, event)])
    }

    /// Records several events, all or none. The file is written whole, so that no line is ever incomplete.
    pub(crate) fn note_all(&mut self, events: impl IntoIterator<Item = (DateTime<Utc>, Event)>) -> Result<(), Failure> {
        let (mut text, mut transcript) = (self.text.clone(), self.transcript.clone());
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for (at, event) in events {
            text.push_str(&transcript.append(at, event));
            text.push('\n');
        }
        if transcript.head() == self.transcript.head() {
            return Ok(());
        }
        // A line that is too long, or one too many, is never written.
        self.transcript = self.folder.parse_transcript(&text)?;
        atomic_file::replace(&self.folder.transcript_path(), text.as_bytes())?;
        self.text = text;
        Ok(())
    }

    /// That what was sealed is part of what is published, if it is and has not been noted down: then the command that made it so was ended
    /// before it could. Nothing otherwise.
    pub(crate) fn missing_release(&self) -> Result<Option<Event>, Failure> {
        match (self.stage()?, &self.sealed) {
            (Stage::Released, Some(Ok(sealed))) => Ok(Some(released(sealed.files()))),
            _ => Ok(None),
        }
    }

    /// Notes down every signature that counts and is not noted yet: one that was given just before a crash, or that came from another
    /// clone. Each with what is known of the token that made it. Returns whether there were any.
    pub(crate) fn note_signatures(
        &mut self,
        files: &SignatureFiles,
        tally: &Tally,
        keyholders: &Keyholders,
        attestations: &Attestations,
    ) -> Result<bool, Failure> {
        let noted = |file: &SignatureFile, key_id: &str| {
            self.transcript.entries().iter().any(|entry| {
                let fact = |name| entry.event.text(name);
                entry.event.kind == EventKind::Signed
                    && fact("role") == Some(file.part.role.name())
                    && fact("keyid") == Some(key_id)
                    && fact("payload") == Some(&file.payload)
            })
        };
        let counts = |file: &SignatureFile| {
            let part = tally.parts.iter().find(|part| part.part == file.part);
            part.is_some_and(|part| {
                let rejected = part.rejected.iter().map(|(name, _)| name);
                !part.voided.iter().chain(rejected).any(|name| *name == file.keyholder)
            })
        };
        let scheme = |id: &KeyId| {
            let keys = keyholders.iter().flat_map(|holder| holder.keys());
            keys.filter(|key| KeyId::of(key) == *id).map(|key| key.scheme().as_str()).next()
        };
        let mut events = Vec::new();
        for file in files.values().filter(|file| counts(file)) {
            for signature in file.signatures.iter().filter(|signature| !noted(file, signature.key_id.as_str())) {
                let attestation = attestations.fact(&file.keyholder, &signature.key_id);
                let event = Event::signed(SignedFacts {
                    part: &file.part,
                    keyholder: file.keyholder.as_str(),
                    key_id: signature.key_id.as_str(),
                    scheme: scheme(&signature.key_id),
                    payload: &file.payload,
                    attestation: attestation.as_ref(),
                    source: signature.source.as_ref(),
                });
                events.push((signature.at, event));
            }
        }
        let any = !events.is_empty();
        self.note_all(events)?;
        Ok(any)
    }
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
