//! `rootline-repo ceremony accept`: signatures that were made elsewhere.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;
use rootline_ceremonies::{
    AcceptOutcome, CeremonyRole, CompactSignature, EventKind, Fingerprint, Keyholders, Name, Published, RoleVersion,
    SignatureFiles, SigningResponse, Tally, Transcript,
};
use rootline_metadata::format::FileError;
use serde_json::{Value, json};

use super::tally::{tally_json, tally_lines};
use super::{IdArgs, find, refuse_closed};
use crate::commands::local_path;
use crate::commands::{parse_name, parse_role};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations::Attestations;
use crate::folder::ceremony::Stage;
use crate::folder::input::{self, STANDARD};
use crate::folder::open_ceremony::OpenCeremony;
use crate::folder::record::CeremonyRecord;
use crate::pins;
use crate::text::plain;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony accept alice.response.json bob.response.json
  rootline-repo ceremony accept *.response.json bob.sig --ceremony 2030-06
  rootline-repo ceremony accept - < scanned.txt

Accepts responses of rootline-repo sign, and plain signatures over the bytes of rootline-repo ceremony payload: P-256 in DER or as r and s, or \
Ed25519; raw, in hex or in base64. The order does not matter, and files may be accepted twice. Keeps only signatures that verify; a refused \
file does not stop the others. A response to an earlier revision counts for every file that has not changed since.")]
pub(crate) struct AcceptArgs {
    /// Responses and signatures; - for standard input
    #[arg(value_parser = local_path(), required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The ceremony [default: the one that a response names, or the only open one]
    #[arg(long, value_name = "ID", value_parser = parse_name)]
    ceremony: Option<Name>,

    /// The keyholder of a plain signature [default: the owner of the key that verifies it]
    #[arg(long = "as", value_name = "NAME", value_parser = parse_name)]
    signed_by: Option<Name>,

    /// The role of a plain signature: root, targets or a delegated role [default: the one that verifies]
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
}

/// A ceremony with its tally, and who there is.
type Counted<'a> = (&'a Name, Tally, &'a Keyholders);

/// A ceremony that signatures come in for.
struct Receiving {
    open: OpenCeremony,
    files: SignatureFiles,
    attestations: Attestations,
}

pub(crate) fn run(args: &AcceptArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let role = args.role.as_deref().map(parse_role).transpose()?;
    let published = Rc::new(context.folder.published()?);
    pins::check_folder(&published, context)?;
    let mut inbox = Inbox { args, context, role, published, only: None, ceremonies: BTreeMap::new() };
    let mut done = Vec::new();
    for file in &args.files {
        let is_standard = file == Path::new(STANDARD);
        let name = if is_standard { "standard input".to_owned() } else { file.display().to_string() };
        done.push((name, inbox.accept(file)));
    }
    let mut tallies = Vec::new();
    for (id, Receiving { open, files, attestations }) in &mut inbox.ceremonies {
        let tally = open.tally(files)?;
        open.record.note_signatures(files, &tally, &open.keyholders, attestations)?;
        tallies.push((id, tally, &open.keyholders));
    }
    let (mut lines, mut files, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (name, result) in done {
        match result {
            Ok(accepted) => {
                lines.extend(accepted.lines(&name));
                files.push(accepted.to_json(&name));
                refused.extend(accepted.failure().map(|failure| failure.about(&name)));
            }
            Err(failure) => {
                lines.push(format!("{name}: refused"));
                refused.push(failure.about(&name));
            }
        }
    }
    report(&lines, &files, &tallies, !refused.is_empty(), context);
    fail(refused, args.files.len())
}

/// One document with `--json`: of a failure, that of the failure.
fn report(lines: &[String], files: &[Value], tallies: &[Counted<'_>], is_failure: bool, context: &Context) {
    if context.json && is_failure {
        return;
    }
    let tally = |(id, tally, keyholders): &Counted<'_>| json!({ "ceremony": id.as_str(), "tally": tally_json(tally, keyholders) });
    let document = json!({ "files": files, "ceremonies": tallies.iter().map(tally).collect::<Vec<_>>() });
    context.report(&document, |line| {
        lines.iter().for_each(|text| line(format_args!("{text}")));
        for (id, tally, keyholders) in tallies {
            if tallies.len() > 1 {
                line(format_args!("{id}:"));
            }
            tally_lines(tally, keyholders, &[]).iter().for_each(|text| line(format_args!("{text}")));
            if tally.is_met() {
                context.next(format_args!("rootline-repo ceremony seal {id}"));
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
            let what = format!("refused {many} of {of} files: {}", each.join("; "));
            Err(Failure::new(what, "the other signatures were kept; accept each refused file by itself for its hint"))
        }
    }
}

/// The ceremonies that files have come in for, each loaded once.
struct Inbox<'a> {
    args: &'a AcceptArgs,
    context: &'a Context,
    role: Option<CeremonyRole>,
    published: Rc<Published>,
    /// The one that is meant where nothing names it, once that was asked.
    only: Option<Name>,
    ceremonies: BTreeMap<Name, Receiving>,
}

/// What became of a file.
struct Accepted {
    outcome: AcceptOutcome,
    /// The revision that was signed, if it is not the one to be signed now: its number, where it was frozen here.
    earlier: Option<(Fingerprint, Option<u64>)>,
}

impl Inbox<'_> {
    fn accept(&mut self, file: &Path) -> Result<Accepted, Failure> {
        let bytes = input::read(file, SigningResponse::MAX_BYTES)?;
        // Any 64 bytes may be a signature, and no response is as short.
        let is_reply = bytes.len() > 64 && bytes.trim_ascii_start().starts_with(b"{");
        if is_reply { self.accept_response(&bytes) } else { self.accept_detached(&bytes) }
    }

    fn accept_response(&mut self, bytes: &[u8]) -> Result<Accepted, Failure> {
        let response = SigningResponse::parse(bytes).map_err(|error| match error {
            FileError::Newer(newer) => Failure::new(format!("the response was {newer}"), newer.hint()),
            error => {
                let why = plain(&error.to_string());
                Failure::new(format!("not a response to a signing request: {why}"), "have it sent or scanned again")
            }
        })?;
        if let Some(other) = self.args.ceremony.as_ref().filter(|id| **id != response.ceremony) {
            let what = format!("this response is for ceremony {}, not {other}", response.ceremony);
            return Err(Failure::new(what, "omit --ceremony: each response names its ceremony"));
        }
        let receiving = self.receiving(Some(&response.ceremony))?;
        let Receiving { open, files, .. } = receiving;
        let outcome = open.ceremony()?.accept_response(&response, files)?;
        let earlier = match response.fingerprint == open.frozen_record.fingerprint() {
            true => None,
            false => Some((response.fingerprint, revision_of(response.fingerprint, open.record.transcript()))),
        };
        let accepted = Accepted { outcome, earlier };
        receiving.keep(&accepted.outcome)?;
        // One that was taken as a whole belongs to the record.
        if !accepted.outcome.is_in_vain() && accepted.outcome.refused.is_empty() {
            receiving.open.record.folder().keep_response(&response, bytes)?;
        }
        match accepted.outcome.is_in_vain() && accepted.outcome.refused.is_empty() {
            true => Err(Failure::new(
                accepted.voided_text(),
                format!(
                    "send {} a new request: rootline-repo ceremony request {}",
                    response.keyholder, response.ceremony
                ),
            )
            .breaking("a signature counts for the bytes that it is over")),
            false => Ok(accepted),
        }
    }

    fn accept_detached(&mut self, bytes: &[u8]) -> Result<Accepted, Failure> {
        let signatures = CompactSignature::read_detached(bytes);
        if signatures.is_empty() {
            return Err(Failure::new(
                "not a signing response, and not a signature",
                "pass a response of rootline-repo sign, or a signature: DER or 64 bytes, binary, in hex or in base64",
            ));
        }
        let (signed_by, role, now) = (self.args.signed_by.clone(), self.role.clone(), self.context.now);
        let receiving = self.receiving(self.args.ceremony.as_ref())?;
        let Receiving { open, files, .. } = receiving;
        let outcome = open.ceremony()?.accept_detached(&signatures, signed_by.as_ref(), role.as_ref(), now, files)?;
        receiving.keep(&outcome)?;
        Ok(Accepted { outcome, earlier: None })
    }

    /// The ceremony of that name, or the only one that is open.
    fn receiving(&mut self, id: Option<&Name>) -> Result<&mut Receiving, Failure> {
        let id = match id.or(self.only.as_ref()).filter(|id| self.ceremonies.contains_key(id)) {
            Some(loaded) => loaded.clone(),
            None => {
                let record = find(&IdArgs { id: id.cloned() }, &self.published, self.context)?;
                refuse_closed(&record)?;
                let found = record.id().clone();
                if id.is_none() {
                    self.only = Some(found.clone());
                }
                if let Entry::Vacant(place) = self.ceremonies.entry(found.clone()) {
                    place.insert(Receiving::load(record, Rc::clone(&self.published), self.context)?);
                }
                found
            }
        };
        // It was there, or has been put there just now.
        self.ceremonies.get_mut(&id).ok_or_else(|| Failure::new(format!("there is no ceremony {id}"), "name another"))
    }
}

impl Receiving {
    fn load(record: CeremonyRecord, published: Rc<Published>, context: &Context) -> Result<Receiving, Failure> {
        if record.stage()? == Stage::Sealed {
            let what = format!("{} is sealed and needs no more signatures", record.id());
            return Err(Failure::new(what, "make it current: rootline-repo online --key FILE"));
        }
        let open = OpenCeremony::load(record, published, context)?.verified(context)?;
        // What does not follow what is published is not worth a signature.
        open.ceremony()?;
        let attestations = open.attestations(context)?;
        let files = open.signature_files()?;
        Ok(Receiving { open, files, attestations })
    }

    fn keep(&self, outcome: &AcceptOutcome) -> Result<(), Failure> {
        let files =
            outcome.accepted.iter().filter_map(|part| self.files.get(&(part.clone(), outcome.keyholder.clone())));
        files.into_iter().try_for_each(|file| self.open.record.folder().write_signature_file(file))
    }
}

impl Accepted {
    fn lines(&self, file: &str) -> Vec<String> {
        let AcceptOutcome { keyholder, accepted, known, voided, refused } = &self.outcome;
        let mut lines = Vec::new();
        if !accepted.is_empty() {
            lines.push(format!("{file}: {keyholder} has signed {}", parts_text(accepted)));
        }
        if !known.is_empty() {
            lines.push(format!("{file}: {keyholder} had signed {} already", parts_text(known)));
        }
        if !voided.is_empty() {
            lines.push(format!("{file}: {}", self.voided_text()));
        }
        lines.extend(refused.iter().map(|refusal| format!("{file}: refused: {refusal}")));
        lines
    }

    /// Whose signatures are void, and why.
    fn voided_text(&self) -> String {
        let AcceptOutcome { keyholder, voided, .. } = &self.outcome;
        let what = match &self.earlier {
            Some((_, Some(revision))) => format!("revision {revision}"),
            Some((fingerprint, None)) => {
                format!("files that were never frozen here, with the fingerprint {fingerprint}")
            }
            None => "something else".to_owned(),
        };
        match &voided[..] {
            [] => format!("{keyholder} has signed nothing"),
            [part] => format!("{keyholder} signed {what}: {part} has changed since"),
            several => format!("{keyholder} signed {what}: {} have changed since", parts_text(several)),
        }
    }

    fn to_json(&self, file: &str) -> Value {
        let parts = |parts: &[RoleVersion]| -> Value { parts.iter().map(ToString::to_string).collect() };
        let AcceptOutcome { keyholder, accepted, known, voided, refused: _ } = &self.outcome;
        json!({ "file": file, "keyholder": keyholder.as_str(), "signed": parts(accepted), "known": parts(known), "voided": parts(voided) })
    }

    /// What was refused of it.
    fn failure(&self) -> Option<Failure> {
        let mut refused = self.outcome.refused.iter().cloned().map(Failure::from);
        let first = refused.next()?;
        match refused.len() {
            0 => Some(first),
            more => Some(first.with_what(|what| format!("{what}; and {more} more of its signatures"))),
        }
    }
}

fn parts_text(parts: &[RoleVersion]) -> String {
    let parts: Vec<String> = parts.iter().map(RoleVersion::to_string).collect();
    parts.join(" and ")
}

/// The number of the revision that had a fingerprint, if it was frozen here.
fn revision_of(fingerprint: Fingerprint, transcript: &Transcript) -> Option<u64> {
    let text = fingerprint.to_hex();
    let frozen = transcript.entries().iter().filter(|entry| entry.event.kind == EventKind::Frozen);
    let mut found = frozen.filter(|entry| entry.event.text("fingerprint") == Some(&text));
    found.next_back().and_then(|entry| entry.event.number("revision"))
}
