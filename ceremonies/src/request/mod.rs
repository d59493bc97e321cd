//! A signing request: everything that a keyholder needs to judge and to sign, in one file.

pub(crate) mod accept;
mod error;
mod form;
pub(crate) mod response;

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::limits::MAX_ROOT_BYTES;
use rootline_metadata::{Envelope, Role, Root, Version, hex, sha256};

pub use error::RequestError;

use crate::ceremony::ceremony::Ceremony;
use crate::ceremony::frozen::Frozen;
use crate::ceremony::refusal::Refusal;
use crate::model::bounds::Bounds;
use crate::model::file_name::PublishedFile;
use crate::model::keyholder::{Keyholder, Keyholders};
use crate::model::target_name::TargetName;
use crate::plan::plan::Plan;
use crate::repository::published::Published;
use crate::transcript::Waived;
use crate::trust::TrustNotes;
use form::Form;

/// A ceremony as it is taken to a machine that has neither the repository nor a network.
///
/// Its bearer could have written anything into it, so nothing in it is believed that can be found out: what is published is verified
/// from its first root on, and the files to be signed are rendered from the plan again and have to be the same to the byte. So there is nothing in
/// them that a plan cannot say and a [`Review`](crate::review::Review) does not show. What cannot be found out from the file alone is whether its first
/// root is the one that the keyholder knows ([`Request::check_root`]), and whether this is what all have agreed on (the fingerprint).
#[derive(Clone, Debug)]
pub struct Request {
    repository: Option<String>,
    plan: Plan,
    revision: u64,
    frozen: Frozen,
    published: Published,
    keyholders: Keyholders,
    /// Everything that the plan ships.
    targets: BTreeMap<TargetName, Vec<u8>>,
    notes: TrustNotes,
    waived: BTreeSet<Waived>,
    has_own_explanation: bool,
}

/// What a request is made from.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// What the repository is called, as its policy says.
    pub repository: &'a str,
    /// The plan that was frozen.
    pub plan: &'a Plan,
    /// Which revision is to be signed, from 1.
    pub revision: u64,
    /// What is to be signed.
    pub frozen: &'a Frozen,
    /// What has been published: as much of it as is needed goes into the request.
    pub published: &'a Published,
    /// Who there is.
    pub keyholders: &'a Keyholders,
    /// The files to be shipped; those that have been published already need not be among them.
    pub targets: &'a BTreeMap<TargetName, Vec<u8>>,
    /// What is noted of the trust root's entries.
    pub notes: &'a TrustNotes,
    /// What was let through when it was frozen.
    pub waived: &'a BTreeSet<Waived>,
}

impl Request {
    /// Most bytes of one.
    pub const MAX_BYTES: usize = 64 << 20;

    /// Most roots times versions of snapshot and targets. A request has each of these once, but where an old version alone tells who signed
    /// another.
    pub const MAX_PAIRS: usize = 16_384;

    /// Makes a request, and reads it as a keyholder will.
    ///
    /// # Errors
    /// If a keyholder would refuse it, as the plan, a keyholder or a file to be shipped has been changed since it was frozen; or if it is longer
    /// than [`Request::MAX_BYTES`].
    pub fn make(parts: &RequestParts<'_>) -> Result<Request, RequestError> {
        let outdated = |error: RequestError| RequestError::Outdated(Box::new(error));
        let RequestParts { repository, plan, revision, frozen, published, keyholders, targets, notes, waived } = *parts;
        frozen.check_targets(targets, published)?;
        if plan.digest() != frozen.record(revision).plan {
            return Err(RequestError::PlanEdited);
        }
        let excerpt = published.excerpt();
        let shipped = excerpt.shipped();
        let mut carried = BTreeMap::new();
        for name in shipped_by(plan) {
            if let Some(bytes) = bytes_to_ship(name, parts).filter(|bytes| shipped.get(name) != Some(bytes)) {
                carried.insert(name.clone(), bytes.to_vec());
            }
        }
        let form = Form {
            explanation: Vec::new(),
            repository: Some(repository.to_owned()),
            ceremony: plan.id().clone(),
            revision,
            plan: plan.text().to_owned(),
            keyholders: keyholders.iter().map(|keyholder| (keyholder.name().clone(), keyholder.to_toml())).collect(),
            frozen: frozen.files().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect(),
            targets: carried,
            published: excerpt.files().clone(),
            given_up: excerpt.given_up().to_vec(),
            notes: notes_text(notes),
            waived: waived.clone(),
            roots_in_use: frozen.bridge_terms().roots.clone(),
        };
        let request = Request::assemble(form).map_err(outdated)?;
        let bytes = request.to_json().len();
        if bytes > Request::MAX_BYTES {
            return Err(RequestError::TooLong { bytes });
        }
        Ok(request)
    }

    /// Reads a request and verifies everything in it that can be.
    ///
    /// # Errors
    /// If it does not have the form of one, something in it does not verify, or what is to be signed is not what its plan makes.
    pub fn read(bytes: Vec<u8>) -> Result<Request, RequestError> {
        Request::assemble(Form::read(bytes)?)
    }

    fn assemble(form: Form) -> Result<Request, RequestError> {
        check_pairs(&form.published)?;
        let published = Published::read(form.published)?.with_given_up(form.given_up);
        let mut keyholders = Keyholders::default();
        for (name, text) in form.keyholders {
            let fault = |source| RequestError::Keyholder { name: name.clone(), source };
            keyholders.add(Keyholder::parse(name.clone(), &text).map_err(fault)?)?;
        }
        let plan = Plan::parse(&form.plan, &keyholders, &Bounds::default())?;
        if *plan.id() != form.ceremony {
            return Err(RequestError::OtherPlan { request: form.ceremony, plan: plan.id().clone() });
        }
        let mut targets = form.targets;
        if let Some(name) = targets.keys().find(|name| !plan.ships(name)) {
            return Err(RequestError::NotShipped { name: name.clone() });
        }
        let shipped = published.shipped();
        for name in shipped_by(&plan) {
            if let Some(bytes) = shipped.get(name).filter(|_| !targets.contains_key(name)) {
                targets.insert(name.clone(), bytes.to_vec());
            }
        }
        let frozen = Frozen::freeze_for(&plan, &published, &targets, &form.roots_in_use)?;
        let made = frozen.files();
        let differs = |name: &&String| form.frozen.get(*name).map(Vec::as_slice) != made.get(*name).copied();
        if let Some(file) = made.keys().chain(form.frozen.keys()).find(differs) {
            return Err(RequestError::NotThePlans { file: file.clone() });
        }
        let notes = form.notes.as_deref().map(TrustNotes::parse).transpose().map_err(RequestError::Notes)?;
        let mut request = Request {
            repository: form.repository,
            plan,
            revision: form.revision,
            frozen,
            published,
            keyholders,
            targets,
            notes: notes.unwrap_or_default(),
            waived: form.waived,
            has_own_explanation: false,
        };
        request.has_own_explanation = request.explanation() == form.explanation;
        Ok(request)
    }

    /// The text of its file: always the same for the same parts.
    pub fn to_json(&self) -> Vec<u8> {
        let shipped = self.published.shipped();
        let carried = self.targets.iter().filter(|(name, bytes)| shipped.get(name) != Some(&bytes.as_slice()));
        let keyholders = self.keyholders.iter();
        let form = Form {
            explanation: self.explanation(),
            repository: self.repository.clone(),
            ceremony: self.plan.id().clone(),
            revision: self.revision,
            plan: self.plan.text().to_owned(),
            keyholders: keyholders.map(|keyholder| (keyholder.name().clone(), keyholder.to_toml())).collect(),
            frozen: self.frozen.files().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect(),
            targets: carried.map(|(name, bytes)| (name.clone(), bytes.clone())).collect(),
            published: self.published.files().clone(),
            given_up: self.published.given_up().to_vec(),
            notes: notes_text(&self.notes),
            waived: self.waived.clone(),
            roots_in_use: self.frozen.bridge_terms().roots.clone(),
        };
        form.to_json()
    }

    /// The ceremony that is to be signed.
    ///
    /// # Errors
    /// If it does not follow what is published.
    pub fn ceremony(&self) -> Result<Ceremony<'_>, Refusal> {
        Ceremony::new(self.plan.id(), &self.frozen, &self.published, &self.keyholders)
    }

    /// What the repository is called, as the request says; requests of earlier versions do not.
    pub fn repository(&self) -> Option<&str> {
        self.repository.as_deref()
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Which revision it is, as the request says.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What is to be signed.
    pub fn frozen(&self) -> &Frozen {
        &self.frozen
    }

    /// What has been published, as far as it is needed: verified, from a first root that is only what the request says.
    pub fn published(&self) -> &Published {
        &self.published
    }

    /// Who there is, as the request says.
    pub fn keyholders(&self) -> &Keyholders {
        &self.keyholders
    }

    /// Everything that the plan ships.
    pub fn targets(&self) -> &BTreeMap<TargetName, Vec<u8>> {
        &self.targets
    }

    /// What is noted of the trust root's entries, as the request says: their names, and the findings that were waived.
    pub fn notes(&self) -> &TrustNotes {
        &self.notes
    }

    /// What was let through when it was frozen, as the request says.
    pub fn waived(&self) -> &BTreeSet<Waived> {
        &self.waived
    }

    /// Whether the explanation at its top is the one that this version writes. Nothing rests on it but what people who read it believe.
    pub fn has_own_explanation(&self) -> bool {
        self.has_own_explanation
    }

    /// The SHA-256 digest of the first root, in hex, for people to compare with what they know: everything else that is published is verified
    /// from it. None if nothing has been published.
    pub fn first_root_digest(&self) -> Option<String> {
        self.published.roots().first().map(|root| hex::encode(&sha256(root.bytes())))
    }

    /// Checks that the request is about the repository that a keyholder knows: `own` is a root of it that they have kept, of whichever
    /// version. Says which.
    ///
    /// # Errors
    /// If it is no root, the request has another one of that version, or ends before it.
    pub fn check_root(&self, own: &[u8]) -> Result<Version, RequestError> {
        let limit = MAX_ROOT_BYTES;
        let root = Envelope::<Root>::parse(own.to_vec(), limit).map_err(RequestError::NoRoot)?;
        let version = root.unverified().version();
        match self.published.roots().iter().find(|root| root.version() == version) {
            Some(same) if same.bytes() == own => Ok(version),
            Some(_) => Err(RequestError::OtherRoot { version }),
            None => {
                let newest = self.published.root().map(|root| root.version());
                Err(RequestError::OlderThanRoot { version, newest })
            }
        }
    }

    fn explanation(&self) -> Vec<String> {
        let parts: Vec<String> = self.frozen.parts().map(ToString::to_string).collect();
        let mut lines = vec![
            format!("A signing request: ceremony {}, revision {}.", self.plan.id(), self.revision),
            format!("To be signed: {}.", parts.join(", ")),
            format!("Fingerprint: {}", self.frozen.fingerprint()),
        ];
        if let Some(digest) = self.first_root_digest() {
            lines.push(format!(
                "The repository is the one whose {} has the SHA-256 digest {digest}",
                PublishedFile::Root(Version::FIRST)
            ));
        }
        lines.extend([
            "Each keyholder signs it on a machine of their own, with rootline-repo and without a network:".to_owned(),
            "  rootline-repo sign THIS_FILE --key KEY --root A_ROOT_OF_THE_REPOSITORY_THAT_YOU_HAVE_KEPT".to_owned(),
            "That command computes from this file what would change and shows it. This text is not checked: go by what you are shown.".to_owned(),
        ]);
        lines
    }
}

/// The notes as a file, where there is something in it.
fn notes_text(notes: &TrustNotes) -> Option<String> {
    (*notes != TrustNotes::default()).then(|| notes.to_toml())
}

/// Signatures are counted under every root until one has enough, so that the work is bounded before it begins.
fn check_pairs(published: &BTreeMap<String, Vec<u8>>) -> Result<(), RequestError> {
    let files = || published.keys().filter_map(|name| PublishedFile::parse(name));
    let roots = files().filter(|file| matches!(file, PublishedFile::Root(_))).count();
    let signed = |file: &PublishedFile| matches!(file, PublishedFile::Snapshot(_) | PublishedFile::Targets(_));
    let files = files().filter(signed).count();
    match roots.saturating_mul(files) <= Request::MAX_PAIRS {
        true => Ok(()),
        false => Err(RequestError::TooManyPairs { roots, files }),
    }
}

/// The names of everything that a plan ships, whichever role does.
fn shipped_by(plan: &Plan) -> impl Iterator<Item = &TargetName> {
    plan.ship().iter().chain(plan.delegations().iter().flat_map(|delegation| delegation.shipment.names()))
}

/// What is frozen, where its role is; otherwise what is published, whatever lies among the targets now.
fn bytes_to_ship<'a>(name: &TargetName, parts: &RequestParts<'a>) -> Option<&'a [u8]> {
    let Some(file) = parts.frozen.all_targets().find_map(|(_, targets)| targets.target(name.path())) else {
        return parts.published.target(name);
    };
    let given = parts.targets.get(name).filter(|bytes| file.matches(bytes));
    given.or_else(|| parts.published.files().get(&name.published_as(&file))).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_roots_and_files_are_read_and_no_more() {
        let files = |roots: usize, targets: usize| -> BTreeMap<String, Vec<u8>> {
            let roots = (1..=roots).map(|version| format!("{version}.root.json"));
            let names = roots.chain((1..=targets).map(|version| format!("{version}.targets.json")));
            names.map(|name| (name, Vec::new())).collect()
        };
        check_pairs(&files(256, 64)).unwrap();
        let refused = check_pairs(&files(256, 65)).unwrap_err();
        assert_eq!(refused, RequestError::TooManyPairs { roots: 256, files: 65 });
        check_pairs(&files(20_000, 0)).unwrap();
    }
}
