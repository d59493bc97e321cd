//! `rootline-repo keyholder`: who holds which key.

mod attest;
mod check;

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use rootline_ceremonies::{Keyholder, Keyholders, Name};
use rootline_metadata::{KeyId, PublicKey};
use serde_json::json;

use super::{Context, own_text, parse_name, plain};
use crate::atomic_file;
use crate::evidence::{self, Evidence};
use crate::failure::Failure;
use crate::key_file::{self, PassphraseArgs};

#[derive(Subcommand, Debug)]
pub(crate) enum KeyholderCommand {
    /// Give a key to a keyholder
    Add(AddArgs),
    /// Keep what a hardware token says of a keyholder's key
    Attest(attest::AttestArgs),
    /// Verify again what is kept of hardware tokens
    Check(check::CheckArgs),
    /// Everybody, their keys and their tokens
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
        KeyholderCommand::Attest(args) => attest::run(args, context),
        KeyholderCommand::Check(args) => check::run(args, context),
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
    let there = keyholders.get(&args.name);
    let text = match there {
        Some(there) if args.new_key => {
            let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
            let is_last = there.keys().len() > 1 && there.key().material() == key.material();
            if is_last { text } else { text + &Keyholder::key_toml(&key) }
        }
        _ => {
            let display_name = args.display_name.as_deref().unwrap_or(args.name.as_str());
            Keyholder::new(args.name.clone(), display_name, key.clone())?.to_toml()
        }
    };
    // An earlier run may have got this far, and been ended before it could say so.
    if there.is_none() || fs::read_to_string(&path).ok().as_deref() != Some(&*text) {
        let keyholder = Keyholder::parse(args.name.clone(), &text);
        let keyholder = keyholder.map_err(|error| Failure::new(own_text(&error), format!("see {}", path.display())))?;
        let others = keyholders.iter().filter(|other| !args.new_key || *other.name() != args.name).cloned();
        Keyholders::new(others)?.add(keyholder)?;
        atomic_file::replace(&path, text.as_bytes())?;
    }
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
    let (policy, roots) = (context.folder.policy()?, evidence::vendor_roots(&context.folder)?);
    let evidence = Evidence::read(&context.folder, &keyholders, policy.attestation(), &roots, context.now)?;
    let key_json = |name: &Name, key: &PublicKey| {
        let key_id = KeyId::of(key);
        let refused = evidence.refused(name, &key_id).map(Failure::what);
        let evidence = evidence.json(Some(name), &key_id);
        json!({ "keyid": key_id.as_str(), "scheme": key.scheme().as_str(), "evidence": evidence, "evidence_refused": refused })
    };
    let holder_json = |holder: &Keyholder| {
        let keys: Vec<_> = holder.keys().iter().map(|key| key_json(holder.name(), key)).collect();
        json!({ "name": holder.name().as_str(), "display_name": holder.display_name(), "keys": keys })
    };
    let token = |name: &Name, key_id: &KeyId| match evidence.get(name, key_id) {
        Some(attestation) => format!("  {}, firmware {}", attestation.token_text(), attestation.firmware()),
        None if evidence.refused(name, key_id).is_some() => {
            "  attestation refused: rootline-repo keyholder check".to_owned()
        }
        None => String::new(),
    };
    context.report(&keyholders.iter().map(holder_json).collect(), |line| {
        for holder in keyholders.iter() {
            for key in holder.keys() {
                let (key_id, scheme) = (KeyId::of(key), key.scheme().as_str());
                let (name, token) = (holder.name().as_str(), token(holder.name(), &key_id));
                line(format_args!(
                    "{name:<16} {} {scheme:<20} {}{token}",
                    key_id.short(),
                    plain(holder.display_name())
                ));
            }
        }
    });
    Ok(())
}
