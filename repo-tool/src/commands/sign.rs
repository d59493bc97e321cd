//! `rootline-repo sign`: a keyholder's signatures, on a machine with nothing but this program and their key.

mod qr_code;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use chrono::Duration;
use clap::Args;
use rootline_ceremonies::documents::Judgement;
use rootline_ceremonies::review::{Material, Review, TRUSTED_ROOT, TrustHistory};
use rootline_ceremonies::{
    Caches, CompactSignature, Keyholder, Name, Refusal, Request, RoleVersion, SignatureSource, SigningResponse,
    TargetName,
};
use rootline_metadata::{KeyId, PublicKey, Role, TopLevelRole};
use serde_json::json;

use super::ceremony::review::print;
use super::ceremony::sign::{parts_of, what_text};
use super::confirmation::{Confirmation, Question, Subject};
use super::{parse_name, parse_role};
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file::{self, Access};
use crate::folder::input::{self, STANDARD};
use crate::pins::{Identity, RootArgs};
use crate::review::Shown;
use crate::signer::{OpenSigner, SignerArgs};

/// How long a timestamp holds where the root does not say.
const USUAL_TIMESTAMP_DAYS: i64 = 7;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo sign 2030-06.request.json --key bob.pem --root 7.root.json
  rootline-repo sign 2030-06.request.json --key bob.pem --qr
  rootline-repo sign - --key bob.pem --fingerprint \"1cc6 …\" --output - < 2030-06.request.json

Needs no repository and no network. Shows the review of the request, and asks for yes or the fingerprint. Signs every role that the key counts \
for, and writes a response of less than a kilobyte for rootline-repo ceremony accept. --root checks that the request is about your repository, \
with any root of it that you have kept; without it, compare the digest that is shown.")]
pub(crate) struct SignArgs {
    /// The file of rootline-repo ceremony request; - for standard input
    #[arg(value_parser = local_path(), value_name = "REQUEST")]
    request: PathBuf,

    /// The keyholder's private key: a file or URI
    #[arg(long, value_name = "URI")]
    key: OsString,

    /// The keyholder who signs [default: the owner of the key]
    #[arg(long = "as", value_name = "NAME", value_parser = parse_name)]
    signing_as: Option<Name>,

    /// Sign only this role: root, targets or a delegated role
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,

    #[command(flatten)]
    confirmation: Confirmation,

    #[command(flatten)]
    root: RootArgs,

    /// The file for the response; - for standard output [default: ID.NAME.response.json]
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Also show the response as a QR code
    #[arg(long)]
    qr: bool,

    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &SignArgs, context: &Context) -> Result<(), Failure> {
    let is_standard = args.output.as_deref() == Some(Path::new(STANDARD));
    if args.qr && is_standard {
        return Err(Failure::new(
            "the response and its QR code cannot both go to standard output",
            "name a file: --output FILE",
        ));
    }
    let request = Request::read(input::read(&args.request, Request::MAX_BYTES)?)?;
    let identity = Identity::of_request(&request, &args.root, context)?;
    let root = identity.kept_root.map(|version| version.to_string());
    let review = reviewed(&request);
    let subject = Subject {
        fingerprint: request.frozen().fingerprint(),
        subject: "the files to sign have",
        read: "the review at a terminal",
        // What goes to a program is one value, without a review before it.
        is_for_people: !context.json && !is_standard,
    };
    if args.confirmation.shows(&subject, context) {
        show(&request, &review, root.as_deref(), context);
    }
    if !request.has_own_explanation() {
        context.terminal.warning(format_args!(
            "the explanation in the request is not what this version writes: trust the review, not that text"
        ));
    }
    identity.warn(context);
    args.confirmation.check(&subject)?;

    let key = OpenSigner::open(&args.key, &args.signer, &context.terminal)?;
    let keyholder = keyholder(args, &key.public_key(), &request)?;
    let question = Question {
        what: what_text(args.role.as_deref(), request.frozen())?,
        repository: review.repository.as_deref(),
        first_root: review.first_root.as_deref(),
        keyholder: &keyholder,
        display_name: request.keyholders().get(&keyholder).map(Keyholder::display_name),
        key: key.public_key(),
        place: key.uri().place(),
    };
    args.confirmation.ask(&question, &subject, context)?;
    identity.remember(context);
    let role = args.role.as_deref().map(parse_role).transpose()?;
    identity.remember_signed(request.frozen(), &parts_of(role.as_ref(), request.frozen())?, context);
    let source = key.source(SignatureSource::REQUEST, subject.is_for_people);
    let response = sign(args, &keyholder, (&key, source), &request, context)?;
    let text = response.to_json();
    let picture = if args.qr { picture(&text, context)? } else { Vec::new() };
    let to = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.{keyholder}.response.json", response.ceremony)));
    if !is_standard {
        write_new(&to, &text)?;
    } else if !context.json {
        context.terminal.bytes(&text)?;
        return Ok(());
    }
    let signed: Vec<String> = response.signatures.keys().map(RoleVersion::to_string).collect();
    let report = json!({
        "ceremony": response.ceremony.as_str(),
        "revision": request.revision(),
        "keyholder": keyholder.as_str(),
        "signed": signed,
        "fingerprint": response.fingerprint.to_hex(),
        "repository": request.repository(),
        "first_root": request.first_root_digest(),
        "keyid": KeyId::of(&key.public_key()).as_str(),
        "root": root,
        "response": String::from_utf8_lossy(text.trim_ascii_end()),
        "file": (!is_standard).then_some(&to),
        "qr": args.qr.then_some(&picture),
        "review": review.to_json(),
    });
    context.report(&report, |line| {
        line(format_args!("{keyholder} has signed {}", signed.join(" and ")));
        line(format_args!("wrote {}: {} bytes", to.display(), text.len()));
        picture.iter().for_each(|row| line(format_args!("{}", context.terminal.white_on_black(row))));
        context.next(format_args!("bring it back and run: rootline-repo ceremony accept {}", to.display()));
    });
    Ok(())
}

/// What the request means, computed here from what it holds.
fn reviewed(request: &Request) -> Shown {
    let periods = request.published().online_periods(TopLevelRole::Timestamp);
    let days = periods.map_or(USUAL_TIMESTAMP_DAYS, |periods| i64::from(periods.expires.number()));
    // How long caches keep what they have is the repository's to say, and no matter of a request.
    let (lifetime, caches) = (Duration::days(days), Caches::default().total());
    Shown(Review::new(Material {
        repository: request.repository(),
        id: request.plan().id(),
        summary: request.plan().summary().unwrap_or_default(),
        at: request.plan().at(),
        frozen: request.frozen(),
        published: request.published(),
        keyholders: request.keyholders(),
        // What is known of tokens is the repository's, and no matter of a request.
        attestations: &BTreeMap::new(),
        targets: request.targets(),
        history: TrustHistory { timestamp_lifetime: lifetime, caches, ..TrustHistory::default() },
        judgement: &Judgement::recorded(request.waived(), request.notes()),
        waived: request.waived(),
        fingerprint: request.frozen().fingerprint(),
    }))
}

/// A request may carry any text, so every line is made harmless.
fn show(request: &Request, review: &Shown, root: Option<&str>, context: &Context) {
    print(review, context);
    let line = |text: String| context.terminal.line(format_args!("{text}"));
    if let Some(current) = request.published().current() {
        let (version, expiry) = (current.timestamp.version(), current.timestamp.expiry());
        let expired = match expiry.instant() <= context.now {
            true => "; that is over, so ask whether the request is still the newest",
            false => "",
        };
        line(format!("made when timestamp {version} was the newest, which holds until {expiry}{expired}"));
    }
    match (root, request.first_root_digest()) {
        (Some(version), _) => line(format!("the repository is the one of your root {version}")),
        (None, Some(digest)) => {
            line("root 1 of the repository, which everything above is compared with:".to_owned());
            line(format!("  sha256 {digest}"));
            line(
                "  compare it with what you know of the repository, or name a root that you have kept: --root FILE"
                    .to_owned(),
            );
        }
        (None, None) => line("nothing has been published before; this is a repository's first ceremony".to_owned()),
    }
    not_shown(request).iter().for_each(|text| line(text.clone()));
    line("the summary and who holds which key are what the request says; the fingerprint is what all keyholders have to agree on".to_owned());
}

/// What a review in the repository's folder shows beyond this one, a line for each: who is not told takes what is missing for what is not there.
fn not_shown(request: &Request) -> Vec<String> {
    let review = format!("where the repository is: rootline-repo ceremony review {}", request.plan().id());
    let mut lines =
        vec![format!("not in a request, so not shown: which token holds each key, as its vendor attests; {review}")];
    let trusted_root = TRUSTED_ROOT.parse::<TargetName>();
    if trusted_root.is_ok_and(|name| request.targets().contains_key(&name)) {
        lines.push(format!(
            "not in a request, so not checked: since when a new key has been in published trust roots, for all verifiers to know it; {review}"
        ));
    }
    lines
}

fn keyholder(args: &SignArgs, key: &PublicKey, request: &Request) -> Result<Name, Failure> {
    match (&args.signing_as, request.keyholders().owner(key.material())) {
        (Some(name), Some(_)) => Ok(name.clone()),
        (None, Some(owner)) => Ok(owner.name().clone()),
        (_, None) => {
            let refusal = Refusal::NobodysKey { key_id: KeyId::of(key) };
            let hint = "do not sign with another key: the request says that yours is nobody's. If this is the key you were asked to use, the \
                        request was not made by those who know you";
            Err(Failure::new(refusal.to_string(), hint).breaking(refusal.check()))
        }
    }
}

/// Signs every part that was asked for and that the key counts for; each signature is verified.
fn sign(
    args: &SignArgs,
    keyholder: &Name,
    (key, source): (&OpenSigner, SignatureSource),
    request: &Request,
    context: &Context,
) -> Result<SigningResponse, Failure> {
    let (ceremony, public) = (request.ceremony()?, key.public_key());
    let role = args.role.as_deref().map(parse_role).transpose()?;
    let (mut signatures, mut refused) = (BTreeMap::new(), None);
    for part in parts_of(role.as_ref(), request.frozen())? {
        let message = match ceremony.ask(&part, keyholder, &public, None) {
            Ok(message) => message,
            Err(refusal @ Refusal::NotAsked { .. }) => {
                refused = refused.or(Some(refusal));
                continue;
            }
            Err(refusal) => return Err(refusal.into()),
        };
        let signature = key.sign(&message)?;
        let wrong =
            || Refusal::WrongSignature { keyholder: keyholder.clone(), key_id: KeyId::of(&public), part: part.clone() };
        let compact = CompactSignature::of(&public, &signature).ok_or_else(wrong)?;
        ceremony.accept(&part, keyholder, &public, signature, context.now, None)?;
        signatures.insert(part, compact);
    }
    match refused {
        Some(refusal) if signatures.is_empty() => Err(refusal.into()),
        _ => Ok(SigningResponse {
            ceremony: request.plan().id().clone(),
            fingerprint: request.frozen().fingerprint(),
            keyholder: keyholder.clone(),
            at: context.now,
            signatures,
            source,
        }),
    }
}

/// Before anything is written: what cannot be shown.
fn picture(text: &[u8], context: &Context) -> Result<Vec<String>, Failure> {
    let Some(lines) = qr_code::lines(text) else {
        let what =
            format!("the response has {} bytes, and a QR code holds {} at the most", text.len(), qr_code::MAX_BYTES);
        return Err(Failure::new(
            what,
            "bring the response back as a file: leave --qr out; or sign one role after the other: --role ROLE",
        ));
    };
    let needed = qr_code::columns(&lines);
    if context.json || !io::stdout().is_terminal() {
        return Ok(lines);
    }
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((width, _)) if usize::from(width.0) < needed => Err(Failure::new(
            format!("the QR code is {needed} columns wide, and this terminal has {}", width.0),
            "make the terminal wider or its letters smaller, and run this again; or leave --qr out",
        )),
        _ => Ok(lines),
    }
}

/// A response that is there already stays, and the same one again is no failure.
fn write_new(path: &Path, text: &[u8]) -> Result<(), Failure> {
    if input::read(path, SigningResponse::MAX_BYTES).is_ok_and(|there| there == text) {
        return Ok(());
    }
    atomic_file::create(path, text, Access::Umask).map_err(|failure| match path.exists() {
        true => Failure::new(
            format!("{} already exists", path.display()),
            "name another file: --output FILE; or move that one away",
        ),
        false => failure,
    })
}
