//! `rootline-repo key`: private keys in files.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use rootline_ceremonies::secret_key::{KeyKind, SecretKey};
use rootline_metadata::KeyId;
use serde_json::json;
use zeroize::Zeroizing;

use super::Context;
use crate::atomic_file::{self, Access};
use crate::failure::Failure;
use crate::key_file::PassphraseArgs;

#[derive(Subcommand, Debug)]
pub(crate) enum KeyCommand {
    /// Make a private key, encrypted unless --plain
    Generate(GenerateArgs),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo key generate --out alice.pem
  rootline-repo key generate --out online.pem --kind ed25519 --passphrase-file online.passphrase

Writes alice.pem (PKCS#8, readable by its owner alone) and alice.pem.pub, and never over a file that is there. \
--plain leaves the key unencrypted: whoever can read the file, or a backup of it, can sign in its holder's name.")]
pub(crate) struct GenerateArgs {
    /// The file for the private key; the public one goes beside it, with .pub at the end
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// The kind of key
    #[arg(long, value_enum, default_value_t = Kind::P256)]
    kind: Kind,

    /// Do not encrypt it: whoever can read the file can sign in its holder's name
    #[arg(long, conflicts_with = "passphrase_file")]
    plain: bool,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// ECDSA over P-256, which every client and every token knows
    P256,
    /// Ed25519
    Ed25519,
}

pub(crate) fn run(command: &KeyCommand, context: &Context) -> Result<(), Failure> {
    match command {
        KeyCommand::Generate(args) => generate(args, context),
    }
}

fn generate(args: &GenerateArgs, context: &Context) -> Result<(), Failure> {
    let mut public_path = args.out.clone().into_os_string();
    public_path.push(".pub");
    let public_path = PathBuf::from(public_path);
    for path in [&args.out, &public_path] {
        // Before anybody is asked for a passphrase; creating the file checks it once more.
        if path.exists() {
            let what = format!("{} is there already", path.display());
            return Err(Failure::new(what, "name another file; a key is never overwritten"));
        }
    }
    let kind = match args.kind {
        Kind::P256 => KeyKind::EcdsaP256,
        Kind::Ed25519 => KeyKind::Ed25519,
    };
    // The operating system's randomness fails only where there is none at all; then there is no key to be had.
    let mut rng = UnwrapErr(SysRng);
    let key = SecretKey::generate(kind, &mut rng);
    let private = if args.plain {
        context
            .terminal
            .warning(format_args!("the key is not encrypted: whoever can read the file can sign in its holder's name"));
        key.to_pkcs8_pem()
    } else {
        let passphrase = args.passphrase.new_one(&args.out)?;
        Zeroizing::new(key.to_encrypted_pkcs8_pem(passphrase.as_bytes(), &mut rng))
    };
    let public = key.public_key();
    atomic_file::create(&args.out, private.as_bytes(), Access::Owner)?;
    atomic_file::create(&public_path, public.to_spki_pem().as_bytes(), Access::Umask)?;
    let (key_id, scheme) = (KeyId::of(&public), public.scheme().as_str());
    let report = json!({
        "private_key": args.out,
        "public_key": public_path,
        "encrypted": !args.plain,
        "keyid": key_id.as_str(),
        "scheme": scheme,
    });
    context.report(&report, |line| {
        let how = if args.plain { "not encrypted" } else { "encrypted" };
        line(format_args!("wrote {} ({how}) and {}", args.out.display(), public_path.display()));
        line(format_args!("key {} {scheme}", key_id.short()));
    });
    Ok(())
}
