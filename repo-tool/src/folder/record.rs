//! The record of a ceremony: its transcript, and the signatures of its heads.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use rootline_ceremonies::{
    Answer, Event, EventKind, HeadSignature, Keyholders, Published, SignedFacts, Standing, Transcript, TranscriptError,
};
use rootline_metadata::KeyId;
use rootline_metadata::json::{Value, ValueMembers};

use super::ceremony::{CeremonyFolder, Stage};
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::attestations::Evidence;
use crate::folder::merge_conflict;
use crate::folder::read_files::read_files;

impl CeremonyFolder {
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
        let is_too_long = |file: fs::Metadata| file.len() > Transcript::MAX_BYTES as u64;
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
            Err(error) => Err(Failure::file(
                &self.heads_path().join(name),
                &error,
                "bring it back from version control, or take it away and ask for the signature again",
            )),
        };
        read_files(&self.heads_path())?.into_iter().map(read).collect()
    }

    /// Keeps a signature of the head; one that is there is never written over. Gives the path of its file.
    pub(crate) fn write_head_signature(&self, signature: &HeadSignature) -> Result<PathBuf, Failure> {
        let path = self.heads_path().join(signature.file_name());
        let is_there = |bytes: Vec<u8>| HeadSignature::parse(&bytes).is_ok_and(|there| there == *signature);
        // An earlier version wrote the same without its format.
        if !fs::read(&path).is_ok_and(is_there) {
            atomic_file::ensure(&path, &signature.to_json())?;
        }
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

/// Files by name, as facts of an event.
pub(crate) fn digests(files: &BTreeMap<String, Vec<u8>>) -> Value {
    let digest = |bytes: &[u8]| rootline_metadata::hex::encode(&rootline_metadata::sha256(bytes));
    files.iter().fold(ValueMembers::new(), |members, (name, bytes)| members.with(name, digest(bytes))).into()
}

/// That sealed files are current.
pub(crate) fn released(files: &BTreeMap<String, Vec<u8>>) -> Event {
    Event::new(EventKind::Released).with("files", digests(files))
}
