//! `rootline-repo keyholder`: who holds which key.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use rootline_ceremonies::{Keyholder, Keyholders, Name};
use rootline_metadata::{KeyId, PublicKey};
use serde_json::json;

use super::{Context, own_text, parse_name, plain};
use crate::atomic_file;
use crate::failure::Failure;
use crate::key_file::{self, PassphraseArgs};

#[derive(Subcommand, Debug)]
pub(crate) enum KeyholderCommand {
    /// Give a key to a keyholder
    Add(AddArgs),
    /// Everybody and their keys
    #[command(after_help = "Examples:
  rootline-repo keyholder list
  rootline-repo keyholder list --json")]
    List,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo keyholder add alice --public-key alice.pem.pub --display-name \"Alice Example\"
  rootline-repo keyholder add alice --public-key alice-2.pem.pub --new-key     her next key; one ceremony asks for both

Nobody but the keyholder needs the private key: ask for the public one.")]
pub(crate) struct AddArgs {
    /// What ceremonies call them: lowercase letters, digits, `-`, `_` and `.`
    #[arg(value_parser = parse_name)]
    name: Name,

    /// Their public key, in PEM
    #[arg(long, value_name = "FILE", required_unless_present = "key", conflicts_with = "key")]
    public_key: Option<PathBuf>,

    /// Their private key, where it is at hand; only its public half is kept
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Their name as people write it
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,

    /// They are known, and this is their next key
    #[arg(long)]
    new_key: bool,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(crate) fn run(command: &KeyholderCommand, context: &Context) -> Result<(), Failure> {
    match command {
        KeyholderCommand::Add(args) => add(args, context),
        KeyholderCommand::List => list(context),
    }
}

fn add(args: &AddArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.folder.lock()?;
    let key = public_key(args, context)?;
    let keyholders = context.folder.keyholders()?;
    let path = context.folder.keyholder_path(&args.name);
    if args.new_key && keyholders.get(&args.name).is_none() {
        return Err(Failure::new(
            format!("there is no keyholder {}", args.name),
            "leave out --new-key for somebody new",
        ));
    }
    let text = if args.new_key {
        let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
        text + &Keyholder::key_toml(&key, None)
    } else {
        let display_name = args.display_name.as_deref().unwrap_or(args.name.as_str());
        Keyholder::new(args.name.clone(), display_name, key.clone())?.to_toml()
    };
    let keyholder = Keyholder::parse(args.name.clone(), &text);
    let keyholder = keyholder.map_err(|error| Failure::new(own_text(&error), format!("see {}", path.display())))?;
    let others = keyholders.iter().filter(|other| !args.new_key || *other.name() != args.name).cloned();
    Keyholders::new(others)?.add(keyholder)?;
    atomic_file::replace(&path, text.as_bytes())?;
    let (key_id, scheme) = (KeyId::of(&key), key.scheme().as_str());
    context.report(&json!({ "keyholder": args.name.as_str(), "keyid": key_id.as_str(), "scheme": scheme }), |line| {
        line(format_args!("{} holds key {} {scheme}", args.name, key_id.short()));
    });
    Ok(())
}

fn public_key(args: &AddArgs, context: &Context) -> Result<PublicKey, Failure> {
    if let Some(path) = &args.key {
        return Ok(key_file::read(path, &args.passphrase, &context.terminal)?.public_key());
    }
    let path = args.public_key.clone().unwrap_or_default();
    let pem = fs::read_to_string(&path).map_err(|error| Failure::io("read the public key", &path, &error))?;
    PublicKey::from_spki_pem(&pem).map_err(|error| {
        let hint = "name a public key in PEM (BEGIN PUBLIC KEY), as rootline-repo key generate writes it";
        Failure::new(format!("{}: {error}", path.display()), hint)
    })
}

fn list(context: &Context) -> Result<(), Failure> {
    let keyholders = context.folder.keyholders()?;
    let keys = |holder: &Keyholder| {
        let key = |key: &PublicKey| json!({ "keyid": KeyId::of(key).as_str(), "scheme": key.scheme().as_str() });
        holder.keys().iter().map(key).collect::<Vec<_>>()
    };
    let holder = |holder: &Keyholder| json!({ "name": holder.name().as_str(), "display_name": holder.display_name(), "keys": keys(holder) });
    context.report(&keyholders.iter().map(holder).collect(), |line| {
        for holder in keyholders.iter() {
            for key in holder.keys() {
                let (key_id, scheme) = (KeyId::of(key), key.scheme().as_str());
                let name = holder.name().as_str();
                line(format_args!("{name:<16} {} {scheme:<20} {}", key_id.short(), plain(holder.display_name())));
            }
        }
    });
    Ok(())
}
