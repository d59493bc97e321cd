//! Attestations of keyholders' tokens: kept beside their keys, and verified again whenever they count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
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
use crate::folder::input;
use crate::folder::repository::{RepositoryFolder, VENDOR_ROOTS};

/// Attestations that have been verified, by keyholder and key.
#[derive(Debug, Default)]
pub(crate) struct Attestations {
    attestations: BTreeMap<(Name, KeyId), Attestation>,
    /// Invalid attestations, with the reason.
    refused: BTreeMap<(Name, KeyId), Failure>,
    /// The keys that count, in a ceremony.
    counting: CountingKeys,
}

/// Keys that count for root or targets, with the keyholder where there is one.
pub(crate) type CountingKeys = BTreeMap<KeyId, Option<Name>>;

/// Verifies the attestations that count in a ceremony, those of the keys that hold root or targets after it, and warns of weak ones. A
/// keyholder who leaves needs none, so that a missing attestation cannot keep them in.
pub(crate) fn of_ceremony(
    context: &Context,
    frozen: &Frozen,
    published: &Published,
    keyholders: &Keyholders,
) -> Result<Attestations, Failure> {
    let root = frozen.root().or(published.root().map(|root| &**root));
    let counting = root.map(|root| counting_keys(root, keyholders)).unwrap_or_default();
    let policy = context.folder.policy()?;
    let found = check(&context.folder, keyholders, policy.attestation(), counting, context.now)?;
    for ((name, _), attestation) in found.that_count() {
        for warning in attestation.warnings() {
            context.terminal.warning(format_args!("{name}'s {}: {warning}", attestation.token_text()));
        }
    }
    for ((name, _), why) in &found.refused {
        context.terminal.warning(format_args!(
            "ignoring an invalid attestation of a key that does not count here: {name}: {}",
            why.what()
        ));
    }
    Ok(found)
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

/// Verifies all attestations. An invalid one is a failure if its key counts, a missing one if the rules require it, and a token with two
/// owners always.
pub(crate) fn check(
    folder: &RepositoryFolder,
    keyholders: &Keyholders,
    rules: &AttestationRules,
    counting: CountingKeys,
    at: DateTime<Utc>,
) -> Result<Attestations, Failure> {
    let found = Attestations::read(folder, keyholders, rules, &vendor_roots(folder)?, at)?;
    found.token_owners()?;
    let Attestations { attestations, mut refused, .. } = found;
    for (key_id, owner) in &counting {
        let Some(name) = owner else {
            if rules.required {
                let what = format!("the key {} of root or targets belongs to no keyholder", key_id.short());
                let hint = "add its keyholder: rootline-repo keyholder add NAME --public-key FILE";
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

const REQUIRED: &str = "every key of root and targets is attested by a token ([attestation] in rootline.toml)";

/// The failure of a keyholder without a required attestation.
pub(crate) fn missing(name: &Name, key_id: &KeyId) -> Failure {
    let what = format!("{name} has no attestation for the key {}", key_id.short());
    let hint =
        format!("ask for it, then: rootline-repo keyholder attest {name} --certificate key.pem --device device.pem");
    Failure::new(what, hint).breaking(REQUIRED)
}

impl Attestations {
    /// Verifies all attestations, and separates valid and invalid ones.
    pub(crate) fn read(
        folder: &RepositoryFolder,
        keyholders: &Keyholders,
        rules: &AttestationRules,
        roots: &VendorRoots,
        at: DateTime<Utc>,
    ) -> Result<Attestations, Failure> {
        let mut found = Attestations::default();
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
                    Ok(attestation) => drop(found.attestations.insert(place, attestation)),
                    Err(why) => drop(found.refused.insert(place, why)),
                }
            }
            if let Some(stray) = files.first() {
                return Err(Failure::new(
                    format!("{} is not named after a key of {name}", stray.display()),
                    "move it out of this folder; rootline-repo keyholder attest adds attestations",
                ));
            }
        }
        Ok(found)
    }

    /// The owner of each token; a token with two owners is a failure.
    pub(crate) fn token_owners(&self) -> Result<TokenOwners, AttestationRefusal> {
        let mut token_owners = TokenOwners::default();
        self.attestations.iter().try_for_each(|((name, _), attestation)| token_owners.add(name, attestation))?;
        Ok(token_owners)
    }

    /// The valid attestations, by keyholder and key.
    pub(crate) fn all(&self) -> &BTreeMap<(Name, KeyId), Attestation> {
        &self.attestations
    }

    /// The valid attestation of a keyholder's key.
    pub(crate) fn get(&self, name: &Name, key_id: &KeyId) -> Option<&Attestation> {
        self.attestations.get(&(name.clone(), key_id.clone()))
    }

    /// The reason that the attestation of a keyholder's key is invalid.
    pub(crate) fn refused(&self, name: &Name, key_id: &KeyId) -> Option<&Failure> {
        self.refused.get(&(name.clone(), key_id.clone()))
    }

    fn that_count(&self) -> impl Iterator<Item = (&(Name, KeyId), &Attestation)> {
        self.attestations.iter().filter(|((_, key_id), _)| self.counting.contains_key(key_id))
    }

    /// The attestation of a keyholder's key as JSON; null without a valid one.
    pub(crate) fn json(&self, name: Option<&Name>, key_id: &KeyId) -> serde_json::Value {
        name.and_then(|name| self.get(name, key_id)).map_or(serde_json::Value::Null, attestation_json)
    }

    /// The attestation as a fact of an event.
    pub(crate) fn fact(&self, name: &Name, key_id: &KeyId) -> Option<Value> {
        self.get(name, key_id).map(fact)
    }

    /// The event with the attestations that count, by keyholder; unchanged without any.
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
        event.with("attestations", facts.into_iter().fold(ValueMembers::new(), by_name))
    }

    /// The token that a keyholder inserts to sign: `YubiKey serial 14470876`; `None` when no token of theirs is known.
    pub(crate) fn token_text(&self, name: &Name) -> Option<String> {
        let theirs = self.attestations.iter().filter(|((owner, _), _)| owner == name);
        let tokens: BTreeSet<String> = theirs.map(|(_, attestation)| attestation.token_text()).collect();
        if tokens.is_empty() { None } else { Some(tokens.into_iter().collect::<Vec<_>>().join(" or ")) }
    }
}

/// An attestation as JSON.
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

/// The vendor roots that the maintainer keeps; none without their folder.
pub(crate) fn vendor_roots(folder: &RepositoryFolder) -> Result<VendorRoots, Failure> {
    let mut roots = VendorRoots::default();
    for path in pem_files(&folder.without_links(VENDOR_ROOTS)?)? {
        let added = roots.add(&read_text(&path)?);
        added.map_err(|refusal| at_path(&path, &refusal, "restore it from version control, or remove it"))?;
    }
    Ok(roots)
}

/// The file of the attestation of a keyholder's key, named after the first 64 bits of the key's id.
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

/// Reads a text of certificates, and at most one byte more than allowed: their reader says what is allowed.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = input::read(path, AttestationCertificates::MAX_BYTES + 1)?;
    let hint = "name a certificate in PEM, as ykman writes it";
    String::from_utf8(bytes).map_err(|_| Failure::new(format!("{} is not text", path.display()), hint))
}

/// Lists the `.pem` files of a folder, in order; none without the folder. Other files, such as notes, are skipped.
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
