//! `rootline-repo ceremony witness`: a keyholder's signature of the transcript's head.

use std::ffi::OsString;

use clap::Args;
use rootline_ceremonies::{Event, EventKind, HeadSignature, Keyholders};
use rootline_metadata::KeyId;
use serde_json::json;

use super::{IdArgs, find};
use crate::commands::clock;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::record::CeremonyRecord;
use crate::folder::verification::Verification;
use crate::pins;
use crate::signer::{OpenSigner, SignerArgs};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony witness 2030-06 --key alice.pem
  rootline-repo ceremony witness 2030-06 --key 'pkcs11:token=alice;object=root'

Any keyholder can do this at any time. The signature goes to heads/ in the ceremony's folder, and is recorded. Read the transcript first: \
rootline-repo ceremony log.")]
pub(crate) struct WitnessArgs {
    #[command(flatten)]
    id: IdArgs,

    /// The keyholder's private key: a file or URI
    #[arg(long, value_name = "URI")]
    key: OsString,

    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &WitnessArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let published = context.folder.published()?;
    clock::warn(&published, context)?;
    let mut record = find(&args.id, &published, context)?;
    let keyholders = context.folder.keyholders()?;
    if record.transcript().entries().is_empty() {
        return Err(Failure::new(
            format!("{} has no transcript yet", record.id()),
            format!("freeze it first: rootline-repo ceremony freeze {}", record.id()),
        ));
    }
    pins::check_folder(&published, context)?;
    // The signature says that this is how it was.
    Verification { record: &record, published: &published, keyholders: &keyholders, folder: &context.folder }
        .require()?;
    let key = OpenSigner::open(&args.key, &args.signer, &context.terminal)?;
    let public = key.public_key();
    HeadSignature::owner(&public, &keyholders)?;
    let key_id = KeyId::of(&public);
    let (signature, is_noted) = match last_of(&key_id, &record, &keyholders)? {
        Some(found) => found,
        None => {
            let head = record.transcript().head();
            let bytes = key.sign(&head.message(record.id()))?;
            (HeadSignature::accept(record.id(), head, &public, bytes, context.now, &keyholders)?, false)
        }
    };
    let path = record.folder().write_head_signature(&signature)?;
    if !is_noted {
        record.note(context.now, Event::witnessed(&signature.file_name(), &signature))?;
    }
    let (id, name, head) = (record.id(), &signature.keyholder, &signature.head);
    let digests: Vec<String> = head.digests.iter().map(|digest| rootline_metadata::hex::encode(digest)).collect();
    let report = json!({
        "ceremony": id.as_str(),
        "keyholder": name.as_str(),
        "keyid": key_id.as_str(),
        "lines": head.lines,
        "head": digests,
        "written": path,
    });
    context.report(&report, |line| {
        line(format_args!("{name} has signed the head of {id}, after {} lines:", head.lines));
        line(format_args!("  {head}"));
        line(format_args!("kept in {}", path.display()));
    });
    Ok(())
}

/// The signature that this key has given of the transcript as it is, if there is one, and whether it is noted down. A transcript that has
/// only the note of that signature more says nothing new.
fn last_of(
    key_id: &KeyId,
    record: &CeremonyRecord,
    keyholders: &Keyholders,
) -> Result<Option<(HeadSignature, bool)>, Failure> {
    let transcript = record.transcript();
    let now = transcript.head();
    let noted = match (now.digests.first(), now.digests.len(), transcript.entries().last()) {
        (Some(only), 1, Some(last)) if last.digest == *only && last.event.kind == EventKind::Witnessed => {
            last.event.text("file").map(str::to_owned)
        }
        _ => None,
    };
    for (file, signature) in record.folder().head_signatures()? {
        let is_noted = noted.as_ref() == Some(&file);
        if signature.key_id != *key_id || !(is_noted || signature.head == now) {
            continue;
        }
        signature.check(record.id(), keyholders, transcript)?;
        return Ok(Some((signature, is_noted)));
    }
    Ok(None)
}
