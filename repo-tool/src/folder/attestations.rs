//! Hardware evidence: what is kept of keyholders' tokens, beside their keys and never in them, and verified again whenever it counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rootline_ceremonies::attestation::{
    Attestation, AttestationCertificates, AttestationRefusal, AttestationRules, TokenOwners, VendorRoots,
};
use rootline_ceremonies::{Event, Frozen, Keyholders, Name, Published};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{KeyId, PublicKey, Root, TopLevelRole};
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::repository::{RepositoryFolder, VENDOR_ROOTS};

/// Attestations that have been verified, by keyholder and key.
#[derive(Debug, Default)]
pub(crate) struct Attestations {
    attestations: BTreeMap<(Name, KeyId), Attestation>,
    /// Whose files do not hold, and why.
    refused: BTreeMap<(Name, KeyId), Failure>,
    /// The keys that count, in a ceremony.
    counting: CountingKeys,
}

/// Keys that count for root or targets, with the keyholder where there is one.
pub(crate) type CountingKeys = BTreeMap<KeyId, Option<Name>>;

/// Verifies everything that counts in a ceremony, and warns of what is weak: the keys that hold root or targets once it is over. Whoever
/// leaves is not asked for anything, so that nobody's evidence can keep them in.
pub(crate) fn of_ceremony(
    context: &Context,
    frozen: &Frozen,
    published: &Published,
    keyholders: &Keyholders,
) -> Result<Attestations, Failure> {
    let root = frozen.root().or(published.root().map(|root| &**root));
    let counting = root.map(|root| counting_keys(root, keyholders)).unwrap_or_default();
    let policy = context.folder.policy()?;
    let evidence = check(&context.folder, keyholders, policy.attestation(), counting, context.now)?;
    for ((name, _), attestation) in evidence.that_count() {
        for warning in attestation.warnings() {
            context.terminal.warning(format_args!("{name}'s {}: {warning}", attestation.token_text()));
        }
    }
    for ((name, _), why) in &evidence.refused {
        context
            .terminal
            .warning(format_args!("evidence that does not count here does not hold: {name}: {}", why.what()));
    }
    Ok(evidence)
}

/// The keys that hold root or targets under a root.
pub(crate) fn counting_keys(root: &Root, keyholders: &Keyholders) -> CountingKeys {
    let authorities = [TopLevelRole::Root, TopLevelRole::Targets].map(|role| root.authority(role));
    let mut counting = CountingKeys::new();
    for authority in &authorities {
        counting.extend(authority.usable_keys().map(|key| {
            let owner = keyholders.owner(key.material()).map(|owner| owner.name().clone());
            (KeyId::of(key), owner)
        }));
    }
    counting
}

/// Verifies all that is kept. What does not hold is refused if its key counts; a missing attestation is, if the rules require one; and a
/// token in two people's hands is in any case.
pub(crate) fn check(
    folder: &RepositoryFolder,
    keyholders: &Keyholders,
    rules: &AttestationRules,
    counting: CountingKeys,
    at: DateTime<Utc>,
) -> Result<Attestations, Failure> {
    let evidence = Attestations::read(folder, keyholders, rules, &vendor_roots(folder)?, at)?;
    evidence.token_owners()?;
    let Attestations { attestations, mut refused, .. } = evidence;
    for (key_id, owner) in &counting {
        let Some(name) = owner else {
            if rules.required {
                let what = format!("the key {} holds root or targets and is nobody's here", key_id.short());
                let hint = "give it to its keyholder: rootline-repo keyholder add NAME --public-key FILE";
                return Err(Failure::new(what, hint).breaking(REQUIRED));
            }
            continue;
        };
        let place = (name.clone(), key_id.clone());
        if let Some(why) = refused.remove(&place) {
            return Err(why);
        }
        if rules.required && !attestations.contains_key(&place) {
            return Err(missing(name, key_id));
        }
    }
    Ok(Attestations { attestations, refused, counting })
}

const REQUIRED: &str = "whoever holds root or targets has a key that a token attests ([attestation] of rootline.toml)";

/// That a keyholder has no attestation and has to have one.
pub(crate) fn missing(name: &Name, key_id: &KeyId) -> Failure {
    let what = format!("{name} has no attestation for the key {}", key_id.short());
    let hint = format!(
        "ask for it, and keep it: rootline-repo keyholder attest {name} --certificate key.pem --device device.pem"
    );
    Failure::new(what, hint).breaking(REQUIRED)
}

impl Attestations {
    /// Verifies all that is kept, and tells apart what holds and what does not.
    pub(crate) fn read(
        folder: &RepositoryFolder,
        keyholders: &Keyholders,
        rules: &AttestationRules,
        roots: &VendorRoots,
        at: DateTime<Utc>,
    ) -> Result<Attestations, Failure> {
        let mut evidence = Attestations::default();
        for holder in keyholders.iter() {
            let name = holder.name();
            let mut files = pem_files(&attestations(folder, name))?;
            for key in holder.keys() {
                let key_id = KeyId::of(key);
                let path = attestation_path(folder, name, &key_id);
                if !files.contains(&path) {
                    continue;
                }
                files.retain(|file| *file != path);
                let place = (name.clone(), key_id);
                match verify(&path, key, roots, rules, at) {
                    Ok(attestation) => drop(evidence.attestations.insert(place, attestation)),
                    Err(why) => drop(evidence.refused.insert(place, why)),
                }
            }
            if let Some(stray) = files.first() {
                return Err(Failure::new(
                    format!("{} is named after no key of {name}'s", stray.display()),
                    "move it out of this folder; attestations are put here by rootline-repo keyholder attest",
                ));
            }
        }
        Ok(evidence)
    }

    /// Who has which token, each in one person's hands.
    pub(crate) fn token_owners(&self) -> Result<TokenOwners, AttestationRefusal> {
        let mut token_owners = TokenOwners::default();
        self.attestations.iter().try_for_each(|((name, _), attestation)| token_owners.add(name, attestation))?;
        Ok(token_owners)
    }

    /// All that hold, by keyholder and key.
    pub(crate) fn all(&self) -> &BTreeMap<(Name, KeyId), Attestation> {
        &self.attestations
    }

    /// What holds for a keyholder's key.
    pub(crate) fn get(&self, name: &Name, key_id: &KeyId) -> Option<&Attestation> {
        self.attestations.get(&(name.clone(), key_id.clone()))
    }

    /// Why what is kept for a keyholder's key does not hold.
    pub(crate) fn refused(&self, name: &Name, key_id: &KeyId) -> Option<&Failure> {
        self.refused.get(&(name.clone(), key_id.clone()))
    }

    fn that_count(&self) -> impl Iterator<Item = (&(Name, KeyId), &Attestation)> {
        self.attestations.iter().filter(|((_, key_id), _)| self.counting.contains_key(key_id))
    }

    /// Everything for a keyholder's key, for programs; null if there is nothing that holds.
    pub(crate) fn json(&self, name: Option<&Name>, key_id: &KeyId) -> serde_json::Value {
        name.and_then(|name| self.get(name, key_id)).map_or(serde_json::Value::Null, attestation_json)
    }

    /// The same as a fact of an event.
    pub(crate) fn fact(&self, name: &Name, key_id: &KeyId) -> Option<Value> {
        self.get(name, key_id).map(fact)
    }

    /// A freezing with the evidence that counts in it, by keyholder; without any, it says nothing about it.
    pub(crate) fn noted_in(&self, event: Event) -> Event {
        let mut facts: BTreeMap<&Name, Vec<Value>> = BTreeMap::new();
        for ((name, key_id), attestation) in self.that_count() {
            let known = ValueMembers::new().with("keyid", key_id.as_str()).with("token", fact(attestation));
            facts.entry(name).or_default().push(known.into());
        }
        if facts.is_empty() {
            return event;
        }
        let by_name = |members: ValueMembers, (name, facts): (&Name, Vec<Value>)| members.with(name.as_str(), facts);
        event.with("evidence", facts.into_iter().fold(ValueMembers::new(), by_name))
    }

    /// What a keyholder is to insert, to sign: `YubiKey serial 14470876`. Nothing if nothing is known of a token of theirs.
    pub(crate) fn token_text(&self, name: &Name) -> Option<String> {
        let theirs = self.attestations.iter().filter(|((owner, _), _)| owner == name);
        let tokens: BTreeSet<String> = theirs.map(|(_, attestation)| attestation.token_text()).collect();
        if tokens.is_empty() { None } else { Some(tokens.into_iter().collect::<Vec<_>>().join(" or ")) }
    }
}

/// An attestation, for programs.
pub(crate) fn attestation_json(attestation: &Attestation) -> serde_json::Value {
    let root = attestation.vendor_root();
    json!({
        "serial": attestation.serial().number(),
        "firmware": attestation.firmware().to_string(),
        "slot": attestation.slot().to_string(),
        "pin": attestation.pin_policy().name(),
        "touch": attestation.touch_policy().name(),
        "form": attestation.form_factor().map(|form| form.to_string()),
        "certificate": attestation.certificate_digest(),
        "vendor_root": { "subject": root.subject(), "sha256": root.digest() },
        "warnings": attestation.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn fact(attestation: &Attestation) -> Value {
    ValueMembers::new()
        .with("serial", u64::from(attestation.serial().number()))
        .with("firmware", attestation.firmware().to_string())
        .with("certificate", attestation.certificate_digest())
        .into()
}

/// The roots that the maintainer keeps; none, if there is no folder of them.
pub(crate) fn vendor_roots(folder: &RepositoryFolder) -> Result<VendorRoots, Failure> {
    let mut roots = VendorRoots::default();
    for path in pem_files(&folder.join(VENDOR_ROOTS))? {
        let added = roots.add(&read_text(&path)?);
        added.map_err(|refusal| at_path(&path, &refusal, "restore it from version control, or remove it"))?;
    }
    Ok(roots)
}

/// Where the attestation of a keyholder's key is kept: named after the beginning of the key's id, 64 bits of it.
pub(crate) fn attestation_path(folder: &RepositoryFolder, name: &Name, key_id: &KeyId) -> PathBuf {
    let id = key_id.as_str();
    attestations(folder, name).join(format!("{}.pem", id.get(..16).unwrap_or(id)))
}

fn attestations(folder: &RepositoryFolder, name: &Name) -> PathBuf {
    folder.join("keyholders").join(name.as_str()).join("attestations")
}

fn verify(
    path: &Path,
    key: &PublicKey,
    roots: &VendorRoots,
    rules: &AttestationRules,
    at: DateTime<Utc>,
) -> Result<Attestation, Failure> {
    let text = read_text(path)?;
    let verified = AttestationCertificates::parse(&text)
        .and_then(|certificates| Attestation::verify(&certificates, key, roots, rules, at));
    verified.map_err(|refusal| at_path(path, &refusal, &refusal.hint()))
}

fn at_path(path: &Path, refusal: &AttestationRefusal, hint: &str) -> Failure {
    Failure::new(format!("{}: {refusal}", path.display()), hint).breaking(refusal.check())
}

/// A text of certificates. No more of it is read than any real one has, and the one byte more by which it is refused.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            Failure::new(format!("{} is no text", path.display()), "name a certificate in PEM, as ykman writes it")
        }
        _ => Failure::io("read", path, &error),
    };
    let mut text = String::new();
    let most = AttestationCertificates::MAX_BYTES as u64;
    let file = File::open(path).map_err(unreadable)?;
    file.take(most + 1).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// The files in a folder whose names end in `.pem`, in order; no folder is no files. Others, such as notes, are passed over.
fn pem_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| Failure::io("read the folder", folder, &error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(unreadable)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.extension().is_some_and(|extension| extension == "pem") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
