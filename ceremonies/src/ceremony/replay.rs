//! What can be checked of a ceremony's files at any time, whatever was published since.

use std::collections::BTreeMap;

use rootline_metadata::{KeyId, PublicKey};

use crate::ceremony::ceremony::{SignatureFiles, digest};
use crate::ceremony::frozen::{Frozen, FrozenChanged};
use crate::ceremony::refusal::Refusal;
use crate::model::keyholder::Keyholders;
use crate::model::name::Name;
use crate::model::role_version::RoleVersion;
use crate::request::response::SigningResponse;

/// What signature files are worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedSignatureFiles {
    /// Signatures over what is frozen: by part and keyholder, one for each key.
    pub good: Vec<(RoleVersion, Name)>,
    /// Signature files for an earlier revision.
    pub voided: Vec<(RoleVersion, Name)>,
}

/// Verifies every signature file over what is frozen: it lies where it belongs, each of its keys is its keyholder's, and each signature is good.
/// Whether there are enough of them is no matter here.
///
/// # Errors
/// With the first one that is not.
pub fn check_signature_files(
    id: &Name,
    frozen: &Frozen,
    signature_files: &SignatureFiles,
    keyholders: &Keyholders,
) -> Result<CheckedSignatureFiles, Refusal> {
    let mut checked = CheckedSignatureFiles::default();
    for ((part, name), signature_file) in signature_files {
        signature_file.check_place(id, part, name)?;
        let message = frozen.message(part).filter(|message| digest(message) == signature_file.payload);
        let Some(message) = message else {
            checked.voided.push((part.clone(), name.clone()));
            continue;
        };
        let holder = keyholders.get(name).ok_or_else(|| Refusal::NoSuchKeyholder { name: name.clone() })?;
        for signature in &signature_file.signatures {
            let key_id = signature.key_id.clone();
            let key = holder.keys().iter().find(|key| KeyId::of(key) == key_id);
            let key = key.ok_or(Refusal::NobodysKey { key_id })?;
            signature_file.check_signature(signature, key, &message)?;
            checked.good.push((part.clone(), name.clone()));
        }
    }
    Ok(checked)
}

/// That a response that was kept is one to this ceremony, and that each of its signatures over what is frozen is by its keyholder. One to an earlier
/// revision is over files that are there no more.
///
/// # Errors
/// With the first signature that is not.
pub fn check_response(
    id: &Name,
    frozen: &Frozen,
    response: &SigningResponse,
    keyholders: &Keyholders,
) -> Result<(), Refusal> {
    if response.ceremony != *id {
        return Err(Refusal::OtherCeremony { ceremony: response.ceremony.clone() });
    }
    if response.fingerprint != frozen.fingerprint() {
        return Ok(());
    }
    let name = &response.keyholder;
    let holder = keyholders.get(name).ok_or_else(|| Refusal::NoSuchKeyholder { name: name.clone() })?;
    for (part, signature) in &response.signatures {
        let message = frozen.message(part).ok_or_else(|| Refusal::NothingToSign { part: part.clone() })?;
        let is_by = |key: &PublicKey| signature.for_key(key).is_some_and(|bytes| key.verify(&message, &bytes).is_ok());
        if !holder.keys().iter().any(is_by) {
            return Err(Refusal::Unrecognised { keyholder: Some(name.clone()), part: Some(part.clone()) });
        }
    }
    Ok(())
}

/// That files are the frozen ones with signatures put in, and nothing else. Whether these suffice is not looked at.
///
/// # Errors
/// With the first that is another file, is missing, or is not one of them.
pub fn check_sealed(frozen: &Frozen, sealed: &BTreeMap<String, Vec<u8>>) -> Result<(), FrozenChanged> {
    for part in frozen.parts() {
        let file = part.file_name();
        let bytes = sealed.get(&file).ok_or_else(|| FrozenChanged::Missing { file: file.clone() })?;
        let signed = Frozen::message_in(part, bytes)
            .map_err(|source| FrozenChanged::Unreadable { file: file.clone(), source })?;
        let message = frozen.message(part).unwrap_or_default();
        if signed != message {
            let (frozen, found) = (digest(&message), digest(&signed));
            return Err(FrozenChanged::Changed { file, frozen, found });
        }
    }
    let is_frozen = |name: &String| frozen.parts().any(|part| part.file_name() == *name);
    match sealed.keys().find(|name| !is_frozen(name)) {
        Some(file) => Err(FrozenChanged::Unknown { file: file.clone() }),
        None => Ok(()),
    }
}
