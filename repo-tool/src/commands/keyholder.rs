//! `rootline-repo keyholder`: keyholders and their public keys.

mod attest;
mod check;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rootline::table::{Cell, Table};
use rootline_ceremonies::{Keyholder, Keyholders, Name, PossessionProof, ProvenKey};
use rootline_metadata::format::FileError;
use rootline_metadata::{KeyId, PublicKey};
use serde_json::json;

use super::{own_text, parse_name};
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::attestations::{self, Attestations};
use crate::folder::input::{self, MAX_KEY, MAX_TEXT, read_own_text, read_text};
use crate::pins::Pins;
use crate::signer::{OpenSigner, SignerArgs, SignerUri, recorded_place};
use crate::text::{plain, spki_sha256};

#[derive(Subcommand, Debug)]
pub(crate) enum KeyholderCommand {
    /// Add a keyholder, or a keyholder's next key
    Add(Box<AddArgs>),
    /// Verify and keep the attestation of a hardware token
    Attest(attest::AttestArgs),
    /// Verify all kept attestations
    Check(check::CheckArgs),
    /// List the keyholders, their keys and their tokens
    #[command(after_help = "Examples:
  rootline-repo keyholder list
  rootline-repo keyholder list --json")]
    List,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo keyholder add alice --public-key alice.pem.pub --display-name \"Alice Example\"
  rootline-repo keyholder add alice --public-key alice-2.pem.pub --new-key
  rootline-repo keyholder add alice --proof alice.proof.json
  rootline-repo keyholder add bob --key 'pkcs11:token=bob;object=root'
  rootline-repo keyholder add carol --public-key carol.pub --signer 'pkcs11:token=carol'

Ask keyholders for their public keys; the private key stays with them. With --proof or --key they have shown to hold it; a key that came as a \
public file alone has to sign the ceremony that lists it, once there is a root. With --signer or --key the place of the private key is recorded, and \
ceremonies say which token to insert; a PIN is never kept. After --new-key, one ceremony needs signatures by the old key and the next one.")]
pub(crate) struct AddArgs {
    /// Their name in ceremonies: lowercase letters, digits, `-`, `_` and `.`
    #[arg(value_parser = parse_name)]
    name: Name,

    /// Their public key, in PEM
    #[arg(value_parser = local_path(), long, value_name = "FILE", required_unless_present_any = ["key", "proof"], conflicts_with = "key")]
    public_key: Option<PathBuf>,

    /// Their public key with the proof that they hold it, as rootline-repo key prove writes it
    #[arg(value_parser = local_path(), long, value_name = "FILE", conflicts_with_all = ["key", "public_key"])]
    proof: Option<PathBuf>,

    /// Their private key, if it is at hand: a file or URI. It signs a challenge; its public half and its place are kept
    #[arg(long, value_name = "URI")]
    key: Option<OsString>,

    /// The place of their private key, recorded without a check
    #[arg(long, value_name = "URI", conflicts_with = "key")]
    signer: Option<OsString>,

    /// Their full name
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,

    /// Add the next key of a known keyholder
    #[arg(long)]
    new_key: bool,

    #[command(flatten)]
    signing: SignerArgs,
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
    let _lock = context.lock()?;
    let Given { key, signer, proof } = given(args, context)?;
    if let Some(signer) = &signer {
        Pins::of(context).remember_signer(signer, context);
    }
    let keyholders = context.folder.keyholders()?;
    let path = context.folder.keyholder_path(&args.name);
    if args.new_key && keyholders.get(&args.name).is_none() {
        return Err(Failure::new(
            format!("there is no keyholder {}", args.name),
            "leave out --new-key to add a new keyholder",
        ));
    }
    let there = keyholders.get(&args.name);
    let text = match there {
        Some(there) if args.new_key => {
            let text = read_own_text(&path, MAX_TEXT).map_err(|error| Failure::io("read", &path, &error))?;
            let is_last = there.keys().len() > 1 && there.key().material() == key.material();
            let mut added = match &signer {
                Some(signer) => Keyholder::key_toml_with_signer(&key, signer),
                None => Keyholder::key_toml(&key),
            };
            added.extend(proof.iter().map(Keyholder::proof_toml));
            if is_last { text } else { text + &added }
        }
        // The proof of a key that came as a public file before.
        Some(there) if proof.is_some() && there.key().material() == key.material() => {
            let text = read_own_text(&path, MAX_TEXT).map_err(|error| Failure::io("read", &path, &error))?;
            let proven = there.is_proven(&KeyId::of(&key));
            let added = proof.iter().filter(|_| !proven).map(Keyholder::proof_toml);
            // Its table is the last one.
            std::iter::once(text).chain(added).collect()
        }
        _ => {
            let display_name = args.display_name.as_deref().unwrap_or(args.name.as_str());
            let keyholder = Keyholder::new(args.name.clone(), display_name, key.clone())?;
            let keyholder = proof.iter().fold(keyholder, |keyholder, proof| keyholder.with_proof(*proof));
            match &signer {
                Some(signer) => keyholder.with_signer(signer).to_toml(),
                None => keyholder.to_toml(),
            }
        }
    };
    // An earlier run may have got this far, and been ended before it could say so.
    if there.is_none() || read_own_text(&path, MAX_TEXT).ok().as_deref() != Some(&*text) {
        let keyholder = Keyholder::parse(args.name.clone(), &text);
        let keyholder = keyholder.map_err(|error| Failure::new(own_text(&error), format!("see {}", path.display())))?;
        let is_changed = args.new_key || there.is_some_and(|there| there.key().material() == key.material());
        let others = keyholders.iter().filter(|other| !is_changed || *other.name() != args.name).cloned();
        Keyholders::new(others)?.add(keyholder)?;
        atomic_file::replace(&path, text.as_bytes())?;
    }
    let (key_id, scheme) = (KeyId::of(&key), key.scheme().as_str());
    let (checked, proven) = (args.key.is_some(), proof.is_some());
    let report = json!({
        "keyholder": args.name.as_str(),
        "keyid": key_id.as_str(),
        "spki_sha256": spki_sha256(&key),
        "scheme": scheme,
        "signer": signer,
        "checked": checked,
        "proven": proven,
    });
    context.report(&report, |line| {
        line(format_args!("{} holds key {} {scheme}", args.name, key_id.short()));
        line(format_args!("  SPKI sha256 {}", spki_sha256(&key)));
        if let Some(signer) = &signer {
            let how = if checked { "it has signed a challenge" } else { "not checked" };
            line(format_args!("private key: {signer} ({how})"));
        }
        if !proven {
            line(format_args!(
                "not shown yet that {} holds it: rootline-repo key prove {}, or a signature",
                args.name, args.name
            ));
        }
    });
    Ok(())
}

/// What is given of a key.
struct Given {
    key: PublicKey,
    /// Where its private half is, if that is said.
    signer: Option<String>,
    /// That its holder has it.
    proof: Option<PossessionProof>,
}

fn given(args: &AddArgs, context: &Context) -> Result<Given, Failure> {
    if let Some(uri) = &args.key {
        let signer = OpenSigner::open(uri, &args.signing, &context.terminal)?;
        signer.check()?;
        let proof = PossessionProof::make(&args.name, signer.as_signer())?;
        return Ok(Given { key: signer.public_key(), signer: Some(signer.uri().recorded()), proof: Some(proof) });
    }
    let signer = args.signer.as_deref().map(SignerUri::parse).transpose()?;
    let signer = signer.map(|signer| signer.recorded());
    if let Some(path) = &args.proof {
        let proven = proven_key(path, &args.name)?;
        return Ok(Given { key: proven.key, signer, proof: Some(proven.proof) });
    }
    let path = args.public_key.clone().unwrap_or_default();
    Ok(Given { key: public_key(&path)?, signer, proof: None })
}

/// The key in a file of that keyholder's: their public key, or the proof that they hold it.
pub(super) fn key_of_file(path: &Path, name: &Name) -> Result<(PublicKey, Option<PossessionProof>), Failure> {
    let is_proof = input::read(path, MAX_KEY as usize)?.trim_ascii_start().starts_with(b"{");
    if is_proof {
        let proven = proven_key(path, name)?;
        return Ok((proven.key, Some(proven.proof)));
    }
    Ok((public_key(path)?, None))
}

fn proven_key(path: &Path, name: &Name) -> Result<ProvenKey, Failure> {
    let proven = ProvenKey::parse(&input::read(path, ProvenKey::MAX_BYTES)?).map_err(|error| match error {
        FileError::Newer(newer) => Failure::new(format!("{} was {newer}", path.display()), newer.hint()),
        error => {
            let what = format!("{} does not prove who holds a key: {}", path.display(), plain(&error.to_string()));
            Failure::new(what, "have it written again: rootline-repo key prove NAME --key KEY")
        }
    })?;
    if proven.keyholder != *name {
        let what = format!("{} proves that {} holds the key, not {name}", path.display(), proven.keyholder);
        return Err(Failure::new(what, "have it written for that name: rootline-repo key prove NAME --key KEY"));
    }
    Ok(proven)
}

fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let pem = read_text("read the public key", path, MAX_KEY)?;
    PublicKey::from_spki_pem(&pem).map_err(|error| {
        let hint = "name a public key in PEM (BEGIN PUBLIC KEY), as rootline-repo key generate writes it";
        Failure::new(format!("{}: {error}", path.display()), hint)
    })
}

/// As many digits as an id has where people read it: 80 bits.
const SHORT: usize = 20;

fn list(context: &Context) -> Result<(), Failure> {
    let keyholders = context.folder.keyholders()?;
    let (policy, roots) = (context.folder.policy()?, attestations::vendor_roots(&context.folder)?);
    let attestations = Attestations::read(&context.folder, &keyholders, policy.attestation(), &roots, context.now)?;
    let key_json = |holder: &Keyholder, key: &PublicKey| {
        let (name, key_id) = (holder.name(), KeyId::of(key));
        let refused = attestations.refused(name, &key_id).map(Failure::what);
        let attestation = attestations.json(Some(name), &key_id);
        json!({
            "keyid": key_id.as_str(),
            "spki_sha256": spki_sha256(key),
            "scheme": key.scheme().as_str(),
            "signer": holder.signer(key),
            "proven": holder.is_proven(&key_id),
            "attestation": attestation,
            "attestation_refused": refused,
        })
    };
    let holder_json = |holder: &Keyholder| {
        let keys: Vec<_> = holder.keys().iter().map(|key| key_json(holder, key)).collect();
        json!({ "name": holder.name().as_str(), "display_name": holder.display_name(), "keys": keys })
    };
    let token = |name: &Name, key_id: &KeyId| match attestations.get(name, key_id) {
        Some(attestation) => format!("{}, firmware {}", attestation.token_text(), attestation.firmware()),
        None if attestations.refused(name, key_id).is_some() => {
            "attestation refused: rootline-repo keyholder check".to_owned()
        }
        None => String::new(),
    };
    let report = json!({ "keyholders": keyholders.iter().map(holder_json).collect::<Vec<_>>() });
    context.report(&report, |line| {
        // The digest that other tools print begins like it does there, and is whole in JSON.
        let mut table = Table::new(["name", "key", "SPKI sha256", "scheme", "full name", "private key", "token"]);
        for (holder, key) in keyholders.iter().flat_map(|holder| holder.keys().iter().map(move |key| (holder, key))) {
            let key_id = KeyId::of(key);
            table.row([
                Cell::text(holder.name().as_str()),
                Cell::text(key_id.short()),
                Cell::text(&spki_sha256(key)[..SHORT]),
                Cell::text(key.scheme().as_str()),
                Cell::text(plain(holder.display_name())),
                Cell::text(holder.signer(key).and_then(recorded_place).unwrap_or_default()),
                Cell::text(token(holder.name(), &key_id)),
            ]);
        }
        line(format_args!("{}", table.render(&context.terminal)));
    });
    Ok(())
}
