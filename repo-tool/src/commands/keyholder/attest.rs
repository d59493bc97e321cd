//! `rootline-repo keyholder attest`: what a token says of a keyholder's key is verified and kept.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::attestation::VendorRoot;
use rootline_ceremonies::attestation::{Attestation, AttestationCertificates, AttestationRefusal, VendorRoots};
use rootline_ceremonies::{Keyholder, Name, Refusal};
use rootline_metadata::KeyId;
use serde_json::json;

use crate::commands::local_path;
use crate::commands::parse_name;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::attestations::{self, Attestations};
use crate::folder::ignored;
use crate::folder::repository::VENDOR_ROOTS;
use crate::text::plain;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo keyholder attest alice --certificate key.pem --device device.pem
  rootline-repo keyholder attest alice --certificate key.pem --device device.pem --vendor-root ca.pem
  rootline-repo keyholder attest bob --certificate key.pem --device device.pem --intermediates all.pem

The keyholder exports both certificates from the YubiKey and sends them; neither is secret:
  ykman piv keys attest 9c key.pem               attests the key in slot 9c
  ykman piv certificates export f9 device.pem    the token's own certificate

Verifies, before anything is kept, the chain to the vendor's root, that the attested key is one of the keyholder's keys, and the rules in \
[attestation] of rootline.toml: slot, PIN, touch, firmware. A token belongs to one keyholder. Tokens with firmware 5.7.4 or later also need \
the vendor's intermediates. Every ceremony verifies all of it again, and so does rootline-repo keyholder check.")]
pub(crate) struct AttestArgs {
    /// The holder of the key
    #[arg(value_parser = parse_name)]
    name: Name,

    /// The certificate that the token issued for the key, in PEM
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    certificate: PathBuf,

    /// The token's own certificate, in PEM; the vendor's intermediates may follow in it, each behind the one that it issued
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    device: PathBuf,

    /// The vendor's published intermediates, in PEM; those of the chain are kept
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    intermediates: Option<PathBuf>,

    /// The vendor's root, in PEM, to keep in vendor-roots/; needed for the first token of a vendor
    #[arg(value_parser = local_path(), long, value_name = "FILE")]
    vendor_root: Option<PathBuf>,
}

pub(crate) fn run(args: &AttestArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let policy = context.folder.policy()?;
    let keyholders = context.folder.keyholders()?;
    let holder = keyholders.get(&args.name).ok_or_else(|| Refusal::NoSuchKeyholder { name: args.name.clone() })?;
    let mut roots = attestations::vendor_roots(&context.folder)?;
    let offered = add_root(args, &mut roots)?;
    let certificates = gather(args)?;
    let key = attested_key(&certificates, holder)?;
    let rules = policy.attestation();
    let attestation = Attestation::verify(&certificates, key, &roots, rules, context.now)?;
    let key_id = KeyId::of(key);
    // Everybody else's is looked at too: a token is in one person's hands.
    let kept = Attestations::read(&context.folder, &keyholders, rules, &roots, context.now)?;
    kept.token_owners()?.add(&args.name, &attestation)?;

    // First the root, so that what is kept leads to something wherever this is interrupted.
    let root = keep_root(&attestation, &offered, context)?;
    let path = attestations::attestation_path(&context.folder, &args.name, &key_id);
    atomic_file::replace(&path, certificates.to_pem().as_bytes())?;
    ignored::warn(context, "the attestation", &ignored::FOR_ATTESTATIONS);
    report(args, &key_id, &attestation, &path, root.as_deref(), context);
    Ok(())
}

fn add_root(args: &AttestArgs, roots: &mut VendorRoots) -> Result<Vec<(VendorRoot, String)>, Failure> {
    let Some(path) = &args.vendor_root else { return Ok(Vec::new()) };
    roots.add(&attestations::read_text(path)?).map_err(|refusal| in_file(path, &refusal))
}

fn gather(args: &AttestArgs) -> Result<AttestationCertificates, Failure> {
    let key = attestations::read_text(&args.certificate)?;
    let device = attestations::read_text(&args.device)?;
    let bundle = args.intermediates.as_deref().map(attestations::read_text).transpose()?;
    Ok(AttestationCertificates::gather(&key, &device, bundle.as_deref())?)
}

/// The one of the keyholder's keys that is attested; the current one, if none of them is, to be refused for it.
fn attested_key<'a>(
    certificates: &AttestationCertificates,
    holder: &'a Keyholder,
) -> Result<&'a rootline_metadata::PublicKey, AttestationRefusal> {
    let attested = certificates.attested_key()?;
    let found = holder.keys().iter().find(|key| key.material() == attested.material());
    Ok(found.unwrap_or(holder.key()))
}

/// Keeps the root that it led to, of those that were given with it, unless it is kept already. Gives the path of the new file.
fn keep_root(
    attestation: &Attestation,
    offered: &[(VendorRoot, String)],
    context: &Context,
) -> Result<Option<PathBuf>, Failure> {
    let used = attestation.vendor_root();
    let known = attestations::vendor_roots(&context.folder)?;
    if known.iter().any(|root| root == *used) {
        return Ok(None);
    }
    let Some((_, pem)) = offered.iter().find(|(root, _)| root == used) else { return Ok(None) };
    let path = context.folder.join(VENDOR_ROOTS).join(used.file_name());
    context.terminal.warning(format_args!(
        "added a vendor root; compare its digest with another source: {}",
        plain(&used.to_string())
    ));
    atomic_file::replace(&path, pem.as_bytes())?;
    Ok(Some(path))
}

fn report(
    args: &AttestArgs,
    key_id: &KeyId,
    attestation: &Attestation,
    path: &Path,
    new_root: Option<&Path>,
    context: &Context,
) {
    for warning in attestation.warnings() {
        context.terminal.warning(format_args!("{warning}"));
    }
    let json = json!({
        "keyholder": args.name.as_str(),
        "keyid": key_id.as_str(),
        "attestation": attestations::attestation_json(attestation),
        "kept": path,
        "new_vendor_root": new_root,
    });
    context.report(&json, |line| {
        line(format_args!("{}'s key {}: {attestation}", args.name, key_id.short()));
        line(format_args!("  kept in {}", path.display()));
        if let Some(new_root) = new_root {
            line(format_args!("vendor's root {}", plain(&attestation.vendor_root().to_string())));
            line(format_args!("  kept in {}", new_root.display()));
        }
    });
}

fn in_file(path: &Path, refusal: &AttestationRefusal) -> Failure {
    let hint = "name the root certificate that the vendor publishes for attestations, in PEM";
    Failure::new(format!("{}: {refusal}", path.display()), hint).breaking(refusal.check())
}
