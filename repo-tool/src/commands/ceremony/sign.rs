//! `rootline-repo ceremony sign`: one keyholder's signatures.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use clap::Args;
use rootline_ceremonies::{CeremonyRole, Fingerprint, Name, Refusal};
use rootline_metadata::KeyId;
use serde_json::json;

use super::review::Reviewed;
use super::standing::{standing_json, standing_lines};
use super::{IdArgs, Room};
use crate::commands::{Context, parse_name};
use crate::failure::Failure;
use crate::signer::{OpenSigner, SignerArgs, SignerUri};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony sign first --key alice.pem
  rootline-repo ceremony sign first --key alice.pem --fingerprint \"1cc6 b394 62da …\"     all of it, as it was read out
  rootline-repo ceremony sign first --key alice.pem --yes
  rootline-repo ceremony sign first --key 'pkcs11:token=alice;object=root'     a token
  rootline-repo ceremony sign first --as alice                                 with the signer that is noted down for her key

Shows the review and asks for a yes. Signs every role of the ceremony that the key counts for; each signature is verified \
before it is kept.")]
pub(crate) struct SignArgs {
    #[command(flatten)]
    id: IdArgs,

    /// The keyholder's private key: a file, or a signer's URI [default: what is noted down for the key of --as NAME]
    #[arg(long, value_name = "URI", required_unless_present = "signing_as")]
    key: Option<OsString>,

    /// Who signs [default: whose key it is]
    #[arg(long = "as", value_name = "NAME", value_parser = parse_name)]
    signing_as: Option<Name>,

    /// Sign only this role: root or targets
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,

    /// Sign only what has this fingerprint, and ask nothing
    #[arg(long, value_name = "TEXT")]
    fingerprint: Option<String>,

    /// Ask nothing: the review has been read
    #[arg(long, conflicts_with = "fingerprint")]
    yes: bool,

    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &SignArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.folder.lock()?;
    let room = Room::enter(&args.id, context)?;
    let review = Reviewed::new(&room, context)?;
    confirm(args, &review, room.record.fingerprint(), context)?;
    let key = OpenSigner::open_uri(signer_uri(args, &room)?, &args.signer, &context.terminal)?;
    let keyholder = keyholder(args, &key, &room)?;
    let signed = sign(args, &keyholder, &key, &room, context)?;

    let standing = room.tally(&room.folder.answers()?)?;
    room.folder.note_answers(&standing)?;
    let id = room.folder.id();
    let roles: Vec<&str> = signed.iter().map(|role| role.name()).collect();
    let report = json!({
        "ceremony": id.as_str(),
        "keyholder": keyholder.as_str(),
        "signed": roles,
        "standing": standing_json(&standing, &room.keyholders),
    });
    context.report(&report, |line| {
        line(format_args!("{keyholder} has signed {}", roles.join(" and ")));
        standing_lines(&standing, &room.keyholders).iter().for_each(|text| line(format_args!("{text}")));
        if standing.is_met() {
            line(format_args!("next: rootline-repo ceremony seal {id}"));
        }
    });
    Ok(())
}

/// Nobody signs what they have not been shown.
fn confirm(args: &SignArgs, review: &Reviewed, fingerprint: Fingerprint, context: &Context) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    if let Some(text) = &args.fingerprint {
        return match fingerprint.is_spelled(text) {
            true => Ok(()),
            false => Err(Failure::new(
                format!("the frozen files have another fingerprint: {fingerprint}"),
                "do not sign; find out which of the two is the one that was agreed on",
            )
            .breaking("what is signed is what the keyholders read to each other")),
        };
    }
    // What a program reads is one JSON value, without a review before it.
    if context.json || !io::stdin().is_terminal() {
        return Err(Failure::new(
            "there is no terminal to ask whether to sign",
            "read rootline-repo ceremony review, then add --fingerprint TEXT or --yes",
        ));
    }
    review.print(&|line| context.terminal.line(line));
    context.terminal.line(format_args!("sign this? Type yes:"));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::new("nothing was signed", "run this again when you are sure"))
}

/// The key that is named, or the one that is noted down for whoever signs.
fn signer_uri(args: &SignArgs, room: &Room) -> Result<SignerUri, Failure> {
    let (None, Some(name)) = (&args.key, &args.signing_as) else {
        return Ok(SignerUri::parse(args.key.as_deref().unwrap_or_default())?);
    };
    let holder = room.keyholders.get(name).ok_or_else(|| Refusal::NoSuchKeyholder { name: name.clone() })?;
    let recorded = holder.signer(holder.key()).ok_or_else(|| {
        Failure::new(format!("where the private key of {name} is has not been noted down"), "name it: --key URI")
    })?;
    Ok(SignerUri::from_record(recorded)?)
}

fn keyholder(args: &SignArgs, key: &OpenSigner, room: &Room) -> Result<Name, Failure> {
    let public = key.public_key();
    match (&args.signing_as, room.keyholders.owner(public.material())) {
        (Some(name), _) => Ok(name.clone()),
        (None, Some(owner)) => Ok(owner.name().clone()),
        (None, None) => Err(Refusal::NobodysKey { key_id: KeyId::of(&public) }.into()),
    }
}

/// Signs every role that was asked for, or that the key counts for. One that is signed already is a refusal only if there is nothing
/// else to sign.
fn sign(
    args: &SignArgs,
    keyholder: &Name,
    key: &OpenSigner,
    room: &Room,
    context: &Context,
) -> Result<Vec<CeremonyRole>, Failure> {
    let roles = match &args.role {
        None => room.frozen.roles(),
        Some(role) => vec![CeremonyRole::parse(role).ok_or_else(|| {
            Failure::new(format!("{role:?} is no role that a ceremony signs"), "name root or targets")
        })?],
    };
    let ceremony = room.ceremony()?;
    let answers = room.folder.answers()?;
    let public = key.public_key();
    let (mut signed, mut refused) = (Vec::new(), None);
    for role in roles {
        let earlier = answers.get(&(role, keyholder.clone()));
        match ceremony.ask(role, keyholder, &public, earlier) {
            Ok(message) => {
                let signature = key.sign(&message)?;
                let answer = ceremony.accept(role, keyholder, &public, signature, context.now, earlier)?;
                room.folder.write_answer(&answer)?;
                signed.push(role);
            }
            // What has been signed already is the more telling of the two.
            Err(refusal @ Refusal::AlreadySigned { .. }) => refused = Some(refusal),
            Err(refusal @ Refusal::NotAsked { .. }) => refused = refused.or(Some(refusal)),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    match refused {
        Some(refusal) if signed.is_empty() => Err(refusal.into()),
        _ => Ok(signed),
    }
}
