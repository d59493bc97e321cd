//! `rootline-repo ceremony sign`: one keyholder's signatures.

use std::ffi::OsString;

use clap::Args;
use rootline_ceremonies::{
    CeremonyRole, Frozen, Keyholder, Name, Refusal, RoleVersion, SignatureFiles, SignatureSource,
};
use rootline_metadata::KeyId;
use serde_json::json;

use super::review;
use super::tally::{tally_json, tally_lines};
use super::{IdArgs, load};
use crate::commands::confirmation::{Confirmation, Question, Subject};
use crate::commands::{bounds, clock, parse_name, parse_role};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::open_ceremony::OpenCeremony;
use crate::pins::{Identity, Pins, RootArgs};
use crate::signer::{OpenSigner, SignerArgs, SignerUri};
use crate::text::plain;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony sign first --key alice.pem
  rootline-repo ceremony sign first --key alice.pem --fingerprint \"1cc6 b394 62da …\"
  rootline-repo ceremony sign first --key alice.pem --yes
  rootline-repo ceremony sign first --key 'pkcs11:token=alice;object=root'
  rootline-repo ceremony sign first --as alice

Shows the review, the repository and its root 1, and who signs as whom, and asks for yes or the fingerprint, all of it as it was read out. \
A repository whose root 1 is not the one that you know is refused: see rootline-repo ceremony review --help. Signs every role of the ceremony that the key counts for, \
and verifies each signature before keeping it. Without --key, signs with the recorded key of --as, if you have named its place before: with \
--key, with keyholder add, or with --use-recorded-signer.")]
pub(crate) struct SignArgs {
    #[command(flatten)]
    id: IdArgs,

    /// The keyholder's private key: a file or URI [default: the recorded one of --as]
    #[arg(long, value_name = "URI", required_unless_present = "signing_as")]
    key: Option<OsString>,

    /// The keyholder who signs [default: the owner of the key]
    #[arg(long = "as", value_name = "NAME", value_parser = parse_name)]
    signing_as: Option<Name>,

    /// Sign only this role: root, targets or a delegated role
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,

    #[command(flatten)]
    root: RootArgs,

    /// Sign with the recorded key of --as, wherever it is: your word is remembered
    #[arg(long, hide_short_help = true, requires = "signing_as", conflicts_with = "key")]
    use_recorded_signer: bool,

    #[command(flatten)]
    confirmation: Confirmation,

    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &SignArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let mut open = load(&args.id, context)?;
    let identity = Identity::of_folder(&open.published, &args.root, context)?;
    clock::warn_of_plan(&open.plan()?, &open.published, context)?;
    bounds::check_open(&open, context)?;
    let attestations = open.attestations(context)?;
    let review = review::reviewed(&open, &attestations, context)?;
    let what = what_text(args.role.as_deref(), &open.frozen)?;
    let subject = Subject {
        fingerprint: open.frozen_record.fingerprint(),
        subject: "the frozen files have",
        read: "rootline-repo ceremony review",
        is_for_people: !context.json,
    };
    args.confirmation.check(&subject)?;
    if args.confirmation.shows(&subject, context) {
        review::print(&review, context);
    }
    identity.warn(context);
    let key = OpenSigner::open_uri(signer_uri(args, &open, context)?, &args.signer, &context.terminal)?;
    let keyholder = keyholder(args, &key, &open)?;
    let question = Question {
        what,
        repository: review.repository.as_deref(),
        first_root: review.first_root.as_deref(),
        keyholder: &keyholder,
        display_name: open.keyholders.get(&keyholder).map(Keyholder::display_name),
        key: key.public_key(),
        place: key.uri().place(),
    };
    args.confirmation.ask(&question, &subject, context)?;
    identity.remember(context);
    Pins::of(context).remember_signer(&key.uri().recorded(), context);
    let role = args.role.as_deref().map(parse_role).transpose()?;
    identity.remember_signed(&open.frozen, &parts_of(role.as_ref(), &open.frozen)?, context);
    let mut files = open.signature_files()?;
    let source = key.source(SignatureSource::HERE, subject.is_for_people);
    let signed = sign(args, &keyholder, (&key, &source), &open, &mut files, context);

    let tally = open.tally(&files)?;
    let has_noted = open.record.note_signatures(&files, &tally, &open.keyholders, &attestations)?;
    let signed = match signed {
        Ok(parts) => parts,
        // They were signed by a command that was ended before it could note that down.
        Err(Unsigned::Already(parts, _)) if has_noted => parts,
        Err(Unsigned::Already(_, refusal)) | Err(Unsigned::Refused(refusal)) => return Err(refusal),
    };
    let id = open.id();
    let parts: Vec<String> = signed.iter().map(RoleVersion::to_string).collect();
    let report = json!({
        "ceremony": id.as_str(),
        "repository": review.repository,
        "first_root": review.first_root,
        "keyholder": keyholder.as_str(),
        "keyid": KeyId::of(&key.public_key()).as_str(),
        "signed": parts,
        "tally": tally_json(&tally, &open.keyholders),
    });
    context.report(&report, |line| {
        line(format_args!("{keyholder} has signed {}", parts.join(" and ")));
        tally_lines(&tally, &open.keyholders, &[]).iter().for_each(|text| line(format_args!("{text}")));
        if tally.is_met() {
            context.next(format_args!("rootline-repo ceremony seal {id}"));
        }
    });
    Ok(())
}

/// The key that is named, or the recorded key of the keyholder who signs. Anybody who can write to the folder chooses what is recorded, and with it
/// which server, program or token is asked, so that this user has to have named that place before.
fn signer_uri(args: &SignArgs, open: &OpenCeremony, context: &Context) -> Result<SignerUri, Failure> {
    let (None, Some(name)) = (&args.key, &args.signing_as) else {
        return Ok(SignerUri::parse(args.key.as_deref().unwrap_or_default())?);
    };
    let holder = open.keyholders.get(name).ok_or_else(|| Refusal::NoSuchKeyholder { name: name.clone() })?;
    let recorded = holder
        .signer(holder.key())
        .ok_or_else(|| Failure::new(format!("no private key is recorded for {name}"), "name it: --key URI"))?;
    let uri = SignerUri::from_record(recorded)?;
    let place = uri.recorded();
    if args.use_recorded_signer || Pins::of(context).has_signer(&place)? {
        return Ok(uri);
    }
    Err(Failure::new(
        format!("the recorded key of {name} is {}, and you have not named that place yet", plain(&place)),
        "if it is where your key is: --use-recorded-signer, once; otherwise name it: --key URI",
    )
    .breaking("what others have recorded is not followed unasked"))
}

fn keyholder(args: &SignArgs, key: &OpenSigner, open: &OpenCeremony) -> Result<Name, Failure> {
    let public = key.public_key();
    match (&args.signing_as, open.keyholders.owner(public.material())) {
        (Some(name), _) => Ok(name.clone()),
        (None, Some(owner)) => Ok(owner.name().clone()),
        (None, None) => Err(Refusal::NobodysKey { key_id: KeyId::of(&public) }.into()),
    }
}

/// What a keyholder is asked to sign: `root 4 and targets 3`.
pub(crate) fn what_text(role: Option<&str>, frozen: &Frozen) -> Result<String, Failure> {
    const MAX_ONE_BY_ONE: usize = 4;
    let role = role.map(parse_role).transpose()?;
    let parts: Vec<String> = parts_of(role.as_ref(), frozen)?.iter().map(ToString::to_string).collect();
    Ok(if parts.len() > MAX_ONE_BY_ONE { format!("{} files", parts.len()) } else { parts.join(" and ") })
}

/// What is to be signed, of one role or of all.
pub(crate) fn parts_of(role: Option<&CeremonyRole>, frozen: &Frozen) -> Result<Vec<RoleVersion>, Failure> {
    let parts: Vec<RoleVersion> =
        frozen.parts().filter(|part| role.is_none_or(|role| part.role == *role)).cloned().collect();
    match (role, parts.is_empty()) {
        (Some(role), true) => Err(Failure::new(
            format!("this ceremony does not sign {role}"),
            "list its files: rootline-repo ceremony status",
        )),
        _ => Ok(parts),
    }
}

/// Why nothing was signed.
enum Unsigned {
    /// These were signed before.
    Already(Vec<RoleVersion>, Failure),
    /// It is refused.
    Refused(Failure),
}

impl<E: Into<Failure>> From<E> for Unsigned {
    fn from(error: E) -> Self {
        Unsigned::Refused(error.into())
    }
}

/// Signs every part that was asked for, or that the key counts for. One that is signed already is a refusal only if there is nothing
/// else to sign.
fn sign(
    args: &SignArgs,
    keyholder: &Name,
    (key, source): (&OpenSigner, &SignatureSource),
    open: &OpenCeremony,
    files: &mut SignatureFiles,
    context: &Context,
) -> Result<Vec<RoleVersion>, Unsigned> {
    let role = args.role.as_deref().map(parse_role).transpose()?;
    let parts = parts_of(role.as_ref(), &open.frozen)?;
    let ceremony = open.ceremony()?;
    let public = key.public_key();
    let (mut signed, mut already, mut refused) = (Vec::new(), Vec::new(), None);
    for part in parts {
        let place = (part.clone(), keyholder.clone());
        let earlier = files.get(&place);
        match ceremony.ask(&part, keyholder, &public, earlier) {
            Ok(message) => {
                let signature = key.sign(&message)?;
                let file = ceremony.accept(&part, keyholder, &public, signature, context.now, earlier)?;
                let file = file.with_source(&KeyId::of(&public), source);
                open.record.folder().write_signature_file(&file)?;
                files.insert(place, file);
                signed.push(part);
            }
            // What has been signed already is the more telling of the two.
            Err(refusal @ Refusal::AlreadySigned { .. }) => {
                already.push(part);
                refused = Some(refusal);
            }
            Err(refusal @ Refusal::NotAsked { .. }) => refused = refused.or(Some(refusal)),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    match refused {
        Some(refusal) if signed.is_empty() && already.is_empty() => Err(refusal.into()),
        Some(refusal) if signed.is_empty() => Err(Unsigned::Already(already, refusal.into())),
        _ => Ok(signed),
    }
}
