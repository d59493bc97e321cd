//! `rootline-repo ceremony accept`: signatures that were made elsewhere.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::{
    Answers, CeremonyRole, CompactSignature, EventKind, FileError, Fingerprint, Intake, Keyholders, Name, Part, Reply,
    Standing,
};
use serde_json::{Value, json};

use super::tally::{standing_json, standing_lines};
use super::{IdArgs, Room, find};
use crate::commands::{parse_name, parse_role};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations::Evidence;
use crate::folder::ceremony::Stage;
use crate::folder::input::{self, STANDARD};
use crate::text::plain;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony accept alice.answer.json bob.answer.json
  rootline-repo ceremony accept *.answer.json bob.sig --ceremony 2030-06
  rootline-repo ceremony accept - < scanned.txt

Takes answers of rootline-repo sign, and plain signatures over what rootline-repo ceremony payload writes: DER or r and s of P-256, or Ed25519; \
as bytes, hex or base64. Any order, from anyone, and the same ones again: only what verifies is kept, and a file that is refused stops no other. An answer to an \
earlier revision is good for what has not changed since.")]
pub(crate) struct AcceptArgs {
    /// Answers and signatures; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The ceremony [default: the one that an answer names; for a plain signature the only one that is open]
    #[arg(long, value_name = "ID", value_parser = parse_name)]
    ceremony: Option<Name>,

    /// Whose a plain signature is [default: whose key verifies it]
    #[arg(long = "as", value_name = "NAME", value_parser = parse_name)]
    signed_by: Option<Name>,

    /// What a plain signature is over: root, targets, or a role that targets delegates to [default: what it verifies over]
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
}

/// A ceremony with its tally, and who there is.
type Counted<'a> = (&'a Name, Standing, &'a Keyholders);

/// A ceremony that signatures come in for.
struct Desk {
    room: Room,
    answers: Answers,
    evidence: Evidence,
}

pub(crate) fn run(args: &AcceptArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.folder.lock()?;
    let mut reception =
        Reception { args, context, role: args.role.as_deref().map(parse_role).transpose()?, desks: BTreeMap::new() };
    let mut done = Vec::new();
    for file in &args.files {
        let is_standard = file == Path::new(STANDARD);
        let name = if is_standard { "standard input".to_owned() } else { file.display().to_string() };
        done.push((name, reception.take(file)));
    }
    let mut standings = Vec::new();
    for (id, desk) in &reception.desks {
        let standing = desk.room.tally(&desk.answers)?;
        desk.room.folder.note_answers(&standing, &desk.room.keyholders, &desk.evidence)?;
        standings.push((id, standing, &desk.room.keyholders));
    }
    let (mut lines, mut files, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (name, result) in done {
        match result {
            Ok(taken) => {
                lines.extend(taken.lines(&name));
                files.push(taken.to_json(&name));
                refused.extend(taken.failure().map(|failure| failure.about(&name)));
            }
            Err(failure) => {
                lines.push(format!("{name}: refused"));
                refused.push(failure.about(&name));
            }
        }
    }
    tell(&lines, &files, &standings, !refused.is_empty(), context);
    fail(refused, args.files.len())
}

/// One document with `--json`: of a failure, that of the failure.
fn tell(lines: &[String], files: &[Value], standings: &[Counted<'_>], is_failure: bool, context: &Context) {
    if context.json && is_failure {
        return;
    }
    let standing = |(id, standing, keyholders): &Counted<'_>| json!({ "ceremony": id.as_str(), "standing": standing_json(standing, keyholders) });
    let report = json!({ "files": files, "ceremonies": standings.iter().map(standing).collect::<Vec<_>>() });
    context.report(&report, |line| {
        lines.iter().for_each(|text| line(format_args!("{text}")));
        for (id, standing, keyholders) in standings {
            if standings.len() > 1 {
                line(format_args!("{id}:"));
            }
            standing_lines(standing, keyholders, &[]).iter().for_each(|text| line(format_args!("{text}")));
            if standing.is_met() {
                line(format_args!("next: rootline-repo ceremony seal {id}"));
            }
        }
    });
}

fn fail(mut refused: Vec<Failure>, of: usize) -> Result<(), Failure> {
    match refused.len() {
        0 => Ok(()),
        1 => Err(refused.remove(0)),
        many => {
            let each: Vec<&str> = refused.iter().map(Failure::what).collect();
            let what = format!("{many} of {of} files were refused; {}", each.join("; "));
            Err(Failure::new(what, "what verified was kept; accept each of these by itself to see what to do about it"))
        }
    }
}

struct Reception<'a> {
    args: &'a AcceptArgs,
    context: &'a Context,
    role: Option<CeremonyRole>,
    desks: BTreeMap<Name, Desk>,
}

/// What became of a file.
struct Taken {
    intake: Intake,
    /// The revision that was signed, if it is not the one to be signed now: its number, where it was frozen here.
    earlier: Option<(Fingerprint, Option<u64>)>,
}

impl Reception<'_> {
    fn take(&mut self, file: &Path) -> Result<Taken, Failure> {
        let bytes = input::read(file, Reply::MAX_BYTES)?;
        // Any 64 bytes may be a signature, and no answer is as short.
        let is_reply = bytes.len() > 64 && bytes.trim_ascii_start().starts_with(b"{");
        if is_reply { self.take_reply(&bytes) } else { self.take_detached(&bytes) }
    }

    fn take_reply(&mut self, bytes: &[u8]) -> Result<Taken, Failure> {
        let reply = Reply::parse(bytes).map_err(|error| match error {
            FileError::Newer(newer) => Failure::new(format!("the answer was {newer}"), newer.hint()),
            error => {
                let why = plain(&error.to_string());
                Failure::new(
                    format!("this is no answer to a signing request: {why}"),
                    "have it sent again, or scan it again",
                )
            }
        })?;
        if let Some(other) = self.args.ceremony.as_ref().filter(|id| **id != reply.ceremony) {
            let what = format!("this is an answer to the ceremony {}, and not to {other}", reply.ceremony);
            return Err(Failure::new(what, "leave --ceremony out to let each answer go where it belongs"));
        }
        let desk = self.desk(IdArgs { id: Some(reply.ceremony.clone()) })?;
        let intake = desk.room.ceremony()?.take_reply(&reply, &mut desk.answers)?;
        let earlier = match reply.fingerprint == desk.room.record.fingerprint() {
            true => None,
            false => Some((reply.fingerprint, revision_of(reply.fingerprint, &desk.room)?)),
        };
        let taken = Taken { intake, earlier };
        desk.keep(&taken.intake)?;
        match taken.intake.is_in_vain() && taken.intake.refused.is_empty() {
            true => Err(Failure::new(
                taken.void_text(),
                format!("send {} a new request: rootline-repo ceremony request {}", reply.keyholder, reply.ceremony),
            )
            .breaking("a signature counts for the bytes that it is over")),
            false => Ok(taken),
        }
    }

    fn take_detached(&mut self, bytes: &[u8]) -> Result<Taken, Failure> {
        let signatures = CompactSignature::read_detached(bytes);
        if signatures.is_empty() {
            return Err(Failure::new(
                "this is neither an answer nor a signature",
                "give an answer of rootline-repo sign, or a signature: DER or 64 bytes, as they are, in hex or in base64",
            ));
        }
        let (signed_by, role, now) = (self.args.signed_by.clone(), self.role.clone(), self.context.now);
        let desk = self.desk(IdArgs { id: self.args.ceremony.clone() })?;
        let ceremony = desk.room.ceremony()?;
        let intake = ceremony.take_detached(&signatures, signed_by.as_ref(), role.as_ref(), now, &mut desk.answers)?;
        desk.keep(&intake)?;
        Ok(Taken { intake, earlier: None })
    }

    fn desk(&mut self, id: IdArgs) -> Result<&mut Desk, Failure> {
        let published = self.context.folder.published()?;
        let id = find(&id, &published, self.context)?.id().clone();
        match self.desks.entry(id) {
            Entry::Occupied(desk) => Ok(desk.into_mut()),
            Entry::Vacant(place) => {
                let room = Room::enter(&IdArgs { id: Some(place.key().clone()) }, self.context)?;
                if room.folder.stage(&room.published)? == Stage::Sealed {
                    let what = format!("{} is sealed already: it needs no more signatures", place.key());
                    return Err(Failure::new(what, "make it current: rootline-repo online --key FILE"));
                }
                // What does not follow what is published is not worth a signature.
                room.ceremony()?;
                let evidence = room.evidence(self.context)?;
                let answers = room.folder.answers()?;
                Ok(place.insert(Desk { room, answers, evidence }))
            }
        }
    }
}

impl Desk {
    fn keep(&self, intake: &Intake) -> Result<(), Failure> {
        let answers =
            intake.taken.iter().filter_map(|part| self.answers.get(&(part.clone(), intake.keyholder.clone())));
        answers.into_iter().try_for_each(|answer| self.room.folder.write_answer(answer))
    }
}

impl Taken {
    fn lines(&self, file: &str) -> Vec<String> {
        let Intake { keyholder, taken, known, void, refused } = &self.intake;
        let mut lines = Vec::new();
        if !taken.is_empty() {
            lines.push(format!("{file}: {keyholder} has signed {}", parts_text(taken)));
        }
        if !known.is_empty() {
            lines.push(format!("{file}: {keyholder} had signed {} already", parts_text(known)));
        }
        if !void.is_empty() {
            lines.push(format!("{file}: {}", self.void_text()));
        }
        lines.extend(refused.iter().map(|refusal| format!("{file}: refused: {refusal}")));
        lines
    }

    /// Whose signatures are void, and why.
    fn void_text(&self) -> String {
        let Intake { keyholder, void, .. } = &self.intake;
        let what = match &self.earlier {
            Some((_, Some(revision))) => format!("revision {revision}"),
            Some((fingerprint, None)) => format!("what was never frozen here, with the fingerprint {fingerprint}"),
            None => "something else".to_owned(),
        };
        match &void[..] {
            [] => format!("{keyholder} has signed nothing"),
            [part] => format!("{keyholder} signed {what}: {part} has changed since"),
            several => format!("{keyholder} signed {what}: {} have changed since", parts_text(several)),
        }
    }

    fn to_json(&self, file: &str) -> Value {
        let parts = |parts: &[Part]| -> Value { parts.iter().map(ToString::to_string).collect() };
        let Intake { keyholder, taken, known, void, refused: _ } = &self.intake;
        json!({ "file": file, "keyholder": keyholder.as_str(), "signed": parts(taken), "known": parts(known), "void": parts(void) })
    }

    /// What was refused of it.
    fn failure(&self) -> Option<Failure> {
        let mut refused = self.intake.refused.iter().cloned().map(Failure::from);
        let first = refused.next()?;
        match refused.len() {
            0 => Some(first),
            more => Some(first.with_what(|what| format!("{what}; and {more} more of its signatures"))),
        }
    }
}

fn parts_text(parts: &[Part]) -> String {
    let parts: Vec<String> = parts.iter().map(Part::to_string).collect();
    parts.join(" and ")
}

/// The number of the revision that had a fingerprint, if it was frozen here.
fn revision_of(fingerprint: Fingerprint, room: &Room) -> Result<Option<u64>, Failure> {
    let transcript = room.folder.transcript()?;
    let text = fingerprint.to_hex();
    let frozen = transcript.entries().iter().filter(|entry| entry.event.kind == EventKind::Frozen);
    let mut found = frozen.filter(|entry| entry.event.text("fingerprint") == Some(&text));
    Ok(found.next_back().and_then(|entry| entry.event.number("revision")))
}
