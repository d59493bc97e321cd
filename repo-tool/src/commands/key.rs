//! `rootline-repo key`: private keys, in files and elsewhere.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use rootline::terminal::Terminal;
use rootline_ceremonies::{KeyKind, Name, PossessionProof, ProvenKey, SecretKey};
use rootline_client::store::keeps_private;
use rootline_metadata::KeyId;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::parse_name;
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file::{self, Access};
use crate::signer::pkcs11::{self, ListedKey, Token};
use crate::signer::{ModuleArgs, OpenSigner, PassphraseArgs, Pkcs11Uri, SignerArgs, SignerUri, TokenPinArgs};
use crate::text::{plain, spki_sha256};

#[derive(Subcommand, Debug)]
pub(crate) enum KeyCommand {
    /// Generate a private key, in a file or on a token
    Generate(GenerateArgs),
    /// Check that keys can sign, with a random challenge
    Check(CheckArgs),
    /// Prove that a key is yours, for the one who lists it
    Prove(ProveArgs),
    /// List the tokens and their keys
    List(ListArgs),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo key generate --out alice.pem
  rootline-repo key generate --out online.pem --kind ed25519 --passphrase-file online.passphrase
  rootline-repo key generate --out 'pkcs11:token=alice;object=root' --public-key-out alice.pub

Writes alice.pem (PKCS#8, encrypted, readable by its owner alone) and alice.pem.pub, and never overwrites a file. \
With --plain the key is not encrypted: anyone who can read the file, or a backup of it, can sign in its holder's name. \
A key that is generated on a token never leaves it.")]
pub(crate) struct GenerateArgs {
    /// The file for the private key, or a pkcs11: URI that names a token and the new key. The public key goes to FILE.pub
    #[arg(long, value_name = "URI")]
    out: OsString,

    /// The file for the public key [default: the one of the private key, with .pub]
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    public_key_out: Option<PathBuf>,

    /// The kind of key
    #[arg(long, value_enum, default_value_t = Kind::P256)]
    kind: Kind,

    /// Do not encrypt the key
    #[arg(long, conflicts_with = "passphrase_file")]
    plain: bool,

    #[command(flatten)]
    passphrase: PassphraseArgs,

    #[command(flatten)]
    pin: TokenPinArgs,

    #[command(flatten)]
    module: ModuleArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo key check alice.pem
  rootline-repo key check 'pkcs11:token=alice;object=root' --pkcs11-module libsofthsm2.so
  rootline-repo key check 'pkcs11:serial=12345678;id=%02' --pkcs11-module libykcs11.so
  rootline-repo key check awskms:///alias/online plugin:my-hsm://online
  rootline-repo key check alice.pem --public-key-out alice.pem.pub

The id %02 is slot 9c of a YubiKey. The challenge can never be metadata, so its signature is of no use elsewhere.")]
pub(crate) struct CheckArgs {
    /// Key files or URIs
    #[arg(value_name = "URI", required = true)]
    keys: Vec<OsString>,

    /// Write the public key to this file; for one key
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    public_key_out: Option<PathBuf>,

    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo key prove alice --key alice.pem
  rootline-repo key prove alice --key 'pkcs11:token=alice;object=root' --output alice.proof.json

Writes the public key and a signature over whose it is, which can never be metadata: rootline-repo keyholder add NAME --proof FILE. Needs no \
repository. A key that came as a public file alone counts in a later root only once its holder has signed that ceremony.")]
pub(crate) struct ProveArgs {
    /// Your name in ceremonies
    #[arg(value_parser = parse_name)]
    name: Name,

    /// Your private key: a file or URI
    #[arg(long, value_name = "URI")]
    key: OsString,

    /// The file to write [default: NAME.proof.json]
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo key list --pkcs11-module /usr/lib/libsofthsm2.so
  ROOTLINE_PKCS11_MODULE=libykcs11.so rootline-repo key list --json

Needs no PIN, and lists the keys whose public half or certificate is on the token.")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    module: ModuleArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// ECDSA over P-256, which every client and every token supports
    P256,
    /// Ed25519
    Ed25519,
}

impl From<Kind> for KeyKind {
    fn from(kind: Kind) -> KeyKind {
        match kind {
            Kind::P256 => KeyKind::EcdsaP256,
            Kind::Ed25519 => KeyKind::Ed25519,
        }
    }
}

pub(crate) fn run(command: &KeyCommand, context: &Context) -> Result<(), Failure> {
    match command {
        KeyCommand::Generate(args) => match SignerUri::parse(&args.out)? {
            SignerUri::File(path) => generate_in_file(&path, args, context),
            SignerUri::Pkcs11(uri) => generate_on_token(&uri, args, context),
            uri => Err(Failure::new(
                format!("cannot generate a key at {uri}"),
                "generate it with the service's own tools, then: rootline-repo keyholder add NAME --key URI",
            )),
        },
        KeyCommand::Check(args) => check(args, context),
        KeyCommand::Prove(args) => prove(args, context),
        KeyCommand::List(args) => list(args, context),
    }
}

fn generate_in_file(out: &Path, args: &GenerateArgs, context: &Context) -> Result<(), Failure> {
    let public_path = args.public_key_out.clone().unwrap_or_else(|| {
        let mut path = out.as_os_str().to_owned();
        path.push(".pub");
        path.into()
    });
    refuse_existing(out).map_err(|failure| match public_path.exists() {
        true => failure,
        // As when this was ended between the two.
        false => Failure::new(
            format!("{} exists, and {} does not", out.display(), public_path.display()),
            "name another file; or write the public key of this one: rootline-repo key check FILE --public-key-out FILE",
        ),
    })?;
    refuse_existing(&public_path)?;
    private_place(out, args.plain, &context.terminal)?;
    // The operating system's randomness fails only where there is none at all; then there is no key to be had.
    let mut rng = UnwrapErr(SysRng);
    let key = SecretKey::generate(args.kind.into(), &mut rng);
    let private = if args.plain {
        context.terminal.warning(format_args!(
            "the key is not encrypted: anyone who can read the file can sign in its holder's name"
        ));
        key.to_pkcs8_pem()
    } else {
        let passphrase = args.passphrase.new_one(out)?;
        Zeroizing::new(key.to_encrypted_pkcs8_pem(passphrase.as_bytes(), &mut rng))
    };
    let public = key.public_key();
    atomic_file::create(out, private.as_bytes(), Access::Owner)?;
    atomic_file::create(&public_path, public.to_spki_pem().as_bytes(), Access::Umask)?;
    let (key_id, scheme) = (KeyId::of(&public), public.scheme().as_str());
    let report = json!({
        "private_key": out,
        "public_key": public_path,
        "encrypted": !args.plain,
        "keyid": key_id.as_str(),
        "spki_sha256": spki_sha256(&public),
        "scheme": scheme,
    });
    context.report(&report, |line| {
        let how = if args.plain { "not encrypted" } else { "encrypted" };
        line(format_args!("wrote {} ({how}) and {}", out.display(), public_path.display()));
        line(format_args!("key {} {scheme}", key_id.short()));
        line(format_args!("  SPKI sha256 {}", spki_sha256(&public)));
    });
    Ok(())
}

/// Refuses, or warns of, a place where others can read a private key whatever permissions it is made with.
fn private_place(out: &Path, plain: bool, terminal: &Terminal) -> Result<(), Failure> {
    let above = out.ancestors().skip(1);
    let mut above = above.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let Some(folder) = above.find(|folder| folder.is_dir()) else { return Ok(()) };
    // What cannot be made there fails with the key itself.
    if keeps_private(folder).unwrap_or(true) {
        return Ok(());
    }
    match risk(folder, plain, cfg!(unix)) {
        Some(Err(failure)) => return Err(failure),
        Some(Ok((warning, hint))) => {
            terminal.warning(format_args!("{warning}"));
            terminal.hint(format_args!("{hint}"));
        }
        None => {}
    }
    Ok(())
}

/// What is to be said of a key in a folder that does not keep it private. Where the system has `permissions`, that is certain; elsewhere the folder
/// is only not within the user's own.
fn risk(folder: &Path, plain: bool, permissions: bool) -> Option<Result<(String, &'static str), Failure>> {
    const HINT: &str = "name a file on a disk that keeps permissions, such as in your home folder";
    let folder = folder.display();
    match (permissions, plain) {
        (true, true) => Some(Err(Failure::new(
            format!("{folder} keeps no permissions, so others could read the key, which is not to be encrypted"),
            format!("{HINT}; or leave out --plain"),
        ))),
        (true, false) => {
            Some(Ok((format!("{folder} keeps no permissions, so others can read the encrypted key"), HINT)))
        }
        (false, true) => Some(Ok((
            format!("{folder} is not in your own folder, so other users of this machine may be able to read the key"),
            "name a file in your own folder, or leave out --plain",
        ))),
        (false, false) => None,
    }
}

fn generate_on_token(token: &Pkcs11Uri, args: &GenerateArgs, context: &Context) -> Result<(), Failure> {
    if args.plain || args.passphrase.passphrase_file.is_some() {
        let what = "--plain and --passphrase-file do not apply to a key on a token";
        return Err(Failure::new(what, "remove them; the token's PIN is set with --pin-file FILE"));
    }
    let Some(public_path) = &args.public_key_out else {
        let what = "--public-key-out is missing";
        return Err(Failure::new(what, "name it: --public-key-out FILE"));
    };
    refuse_existing(public_path)?;
    let made = pkcs11::generate(token, args.kind.into(), &args.pin, &args.module, &context.terminal);
    let (public, uri) = made?;
    atomic_file::create(public_path, public.to_spki_pem().as_bytes(), Access::Umask)?;
    let (key_id, scheme) = (KeyId::of(&public), public.scheme().as_str());
    let report = json!({ "signer": uri.to_string(), "public_key": public_path, "keyid": key_id.as_str(), "spki_sha256": spki_sha256(&public), "scheme": scheme });
    context.report(&report, |line| {
        line(format_args!("generated {uri}, and wrote {}", public_path.display()));
        line(format_args!("key {} {scheme}", key_id.short()));
        line(format_args!("  SPKI sha256 {}", spki_sha256(&public)));
    });
    Ok(())
}

/// Before anybody is asked for a passphrase or a PIN; creating the file checks it once more.
fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        let what = format!("{} already exists", path.display());
        return Err(Failure::new(what, "name another file; a key is never overwritten"));
    }
    Ok(())
}

fn check(args: &CheckArgs, context: &Context) -> Result<(), Failure> {
    if args.public_key_out.is_some() && args.keys.len() > 1 {
        let what = format!("--public-key-out takes one key, but {} are given", args.keys.len());
        return Err(Failure::new(what, "check one key at a time"));
    }
    let mut checked = Vec::new();
    for uri in &args.keys {
        let signer = OpenSigner::open(uri, &args.signer, &context.terminal)?;
        signer.check()?;
        checked.push(signer);
    }
    if let (Some(path), [signer]) = (&args.public_key_out, &checked[..]) {
        atomic_file::ensure(path, signer.public_key().to_spki_pem().as_bytes())?;
    }
    let to_json = |signer: &OpenSigner| {
        let public = signer.public_key();
        let mut key = json!({
            "signer": signer.uri().to_string(),
            "keyid": KeyId::of(&public).as_str(),
            "spki_sha256": spki_sha256(&public),
            "scheme": public.scheme().as_str(),
        });
        signer.details().iter().for_each(|(name, value)| key[*name] = json!(value));
        if let Some(path) = &args.public_key_out {
            key["public_key"] = json!(path);
        }
        key
    };
    let report = json!({ "keys": checked.iter().map(to_json).collect::<Vec<_>>() });
    context.report(&report, |line| {
        for signer in &checked {
            let public = signer.public_key();
            let (key_id, scheme) = (KeyId::of(&public), public.scheme().as_str());
            line(format_args!("{} signs: key {} {scheme}", plain(&signer.uri().to_string()), key_id.short()));
            line(format_args!("  SPKI sha256 {}", spki_sha256(&public)));
            let details: Vec<String> = signer.details().iter().map(|(name, value)| format!("{name} {value}")).collect();
            if !details.is_empty() {
                line(format_args!("  {}", details.join(", ")));
            }
        }
        if let Some(path) = &args.public_key_out {
            line(format_args!("wrote {}", path.display()));
        }
    });
    Ok(())
}

fn prove(args: &ProveArgs, context: &Context) -> Result<(), Failure> {
    let signer = OpenSigner::open(&args.key, &args.signer, &context.terminal)?;
    let (key, proof) = (signer.public_key(), PossessionProof::make(&args.name, signer.as_signer())?);
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.proof.json", args.name)));
    let key_id = KeyId::of(&key);
    let report = json!({
        "keyholder": args.name.as_str(),
        "keyid": key_id.as_str(),
        "spki_sha256": spki_sha256(&key),
        "scheme": key.scheme().as_str(),
        "proof": path,
    });
    let scheme = key.scheme().as_str();
    let spki = spki_sha256(&key);
    atomic_file::create(&path, &ProvenKey { keyholder: args.name.clone(), key, proof }.to_json(), Access::Umask)?;
    context.report(&report, |line| {
        line(format_args!("wrote {}", path.display()));
        line(format_args!("key {} {scheme}", key_id.short()));
        line(format_args!("  SPKI sha256 {spki}"));
        context.next(format_args!("send it to the maintainer: rootline-repo keyholder add {} --proof FILE", args.name));
    });
    Ok(())
}

fn list(args: &ListArgs, context: &Context) -> Result<(), Failure> {
    let (tokens, keys) = pkcs11::list(&args.module)?;
    let key_json = |key: &&ListedKey| {
        let mut report = json!({ "signer": key.uri.to_string(), "label": key.label });
        match &key.public {
            Ok(public) => {
                report["keyid"] = json!(KeyId::of(public).as_str());
                report["spki_sha256"] = json!(spki_sha256(public));
                report["scheme"] = json!(public.scheme().as_str());
            }
            Err(why) => report["unusable"] = json!(why),
        }
        report
    };
    let token_json = |token: &Token| {
        let details = token.details();
        let mut report: Value = details.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        report["uri"] = json!(token.uri().to_string());
        report["keys"] = keys.iter().filter(|key| key.token == *token).map(|key| key_json(&key)).collect();
        report
    };
    let report = json!({ "tokens": tokens.iter().map(token_json).collect::<Vec<_>>() });
    context.report(&report, |line| {
        if tokens.is_empty() {
            line(format_args!("no token found"));
        }
        for token in &tokens {
            let details: Vec<String> = token.details().iter().map(|(name, value)| format!("{name} {value}")).collect();
            line(format_args!("{}", details.join(", ")));
            for key in keys.iter().filter(|key| key.token == *token) {
                let what = match &key.public {
                    Ok(public) => format!("key {} {}", KeyId::of(public).short(), public.scheme().as_str()),
                    Err(why) => why.clone(),
                };
                line(format_args!("  {}  {}  {what}", key.uri, plain(&key.label)));
            }
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_could_read_as_it_is_is_refused_and_an_encrypted_one_is_warned_of() {
        let folder = Path::new("/mnt/stick");
        assert!(matches!(risk(folder, true, true), Some(Err(_))));
        assert!(matches!(risk(folder, false, true), Some(Ok(_))));
        assert!(matches!(risk(folder, true, false), Some(Ok(_))));
        assert!(risk(folder, false, false).is_none());
    }

    #[test]
    fn a_folder_that_keeps_permissions_is_nothing_to_speak_of_also_before_it_is_made() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["key.pem", "new/folder/key.pem"] {
            private_place(&folder.path().join(name), true, &Terminal::default()).unwrap();
        }
        #[cfg(unix)]
        assert!(keeps_private(folder.path()).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
