//! What a signature means: plain values, in the order in which a person reads them before they sign.
//!
//! A [`Review`] is made once, from what is frozen and what is published. A program that shows it decides nothing: what changes, what is to be looked
//! at, and how loud each of these is stand in it.

mod authority;
mod certificate;
mod comparison;
mod content;
mod delegation;
mod differences;
mod entry;
mod mark;
mod members;
mod moment;
mod periods;
mod sentence;
mod targets_folder;
mod warning;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::sigstore::TrustedRoot;
use rootline_metadata::{KeyId, Role, TargetFile, hex, sha256};

pub use authority::{AuthorityChange, ListedKey};
pub use certificate::{Certificate, Stated};
pub use comparison::{Comparison, DelegationChange, DelegationTerms, FileChange, TargetChange, TargetDiffers};
pub use content::{Content, MAX_BYTES, SIGNING_CONFIG, TRUSTED_ROOT};
pub use differences::{ContentChange, EntryChange, Happening, content_change};
pub use entry::{Entry, EntryKind, trusted_entries};
pub use mark::Mark;
pub use members::MemberChange;
pub use moment::{Origin, days_until, in_days, window_text};
pub use periods::{SigningDays, Validity};
pub use rootline_metadata::sigstore::lint::TrustHistory;
pub use sentence::Sentence;
pub use targets_folder::{is_leaving, no_longer_planned, unshipped};
pub use warning::{Warning, document_warnings};

use self::sentence::sentences;
use crate::attestation::Attestation;
use crate::ceremony::frozen::Frozen;
use crate::ceremony::given_up::GivenUp;
use crate::documents::{Judgement, Shipped, bytes_of, document_findings};
use crate::model::fingerprint::Fingerprint;
use crate::model::keyholder::Keyholders;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;
use crate::repository::published::Published;
use crate::transcript::Waived;

/// A ceremony as a keyholder reads it.
#[derive(Clone, Debug)]
pub struct Review {
    /// What the repository is called, where that is known.
    pub repository: Option<String>,
    /// The SHA-256 digest of its root 1 in hex, from which on everything that is published is verified; `None` before there is one.
    pub first_root: Option<String>,
    /// The ceremony's name.
    pub ceremony: String,
    /// What it is for, in the words of its plan; may be empty.
    pub summary: String,
    /// The ceremony's date. Days are counted from it.
    pub at: DateTime<Utc>,
    /// How it ended, of a ceremony that is over and is compared with what was published before it.
    pub outcome: Option<String>,
    /// What changes, one sentence each, the loudest first.
    pub sentences: Vec<Sentence>,
    /// What to look at before signing, new things first.
    pub warnings: Vec<Warning>,
    /// The files that are signed.
    pub files: Vec<FileChange>,
    /// Who signs what from now on.
    pub authorities: Vec<AuthorityChange>,
    /// To whom targets roles delegate, where that changes.
    pub delegations: Vec<DelegationChange>,
    /// What is shipped, also what stays as it is.
    pub targets: Vec<TargetChange>,
    /// What the files that are shipped say, where they are Sigstore's documents.
    pub contents: Vec<ContentChange>,
    /// One text over all that is signed: the 64 hex digits.
    pub fingerprint: String,
}

/// Everything that a review is made from.
#[derive(Debug)]
pub struct Material<'a> {
    /// What the repository is called, where that is known.
    pub repository: Option<&'a str>,
    /// The ceremony's name.
    pub id: &'a Name,
    /// As the plan has it; may be empty.
    pub summary: &'a str,
    /// The ceremony's date.
    pub at: DateTime<Utc>,
    /// What is to be signed.
    pub frozen: &'a Frozen,
    /// What it follows.
    pub published: &'a Published,
    /// Whose keys there are.
    pub keyholders: &'a Keyholders,
    /// What is verified of their tokens.
    pub attestations: &'a BTreeMap<(Name, KeyId), Attestation>,
    /// What lies in `targets/`, checked against what is frozen.
    pub targets: &'a BTreeMap<TargetName, Vec<u8>>,
    /// The trust roots that verifiers may have; what this ceremony leaves there is filled in.
    pub history: TrustHistory,
    /// How bad it is that a document breaks a rule, and what the entries of the trust root are called.
    pub judgement: &'a Judgement,
    /// What was let through when it was frozen.
    pub waived: &'a BTreeSet<Waived>,
    /// One text over all that is signed.
    pub fingerprint: Fingerprint,
}

impl Review {
    /// Puts together what a person is shown.
    pub fn new(material: Material<'_>) -> Review {
        let Material { frozen, published, keyholders, at, .. } = material;
        let Comparison { files, mut authorities, delegations, targets } =
            Comparison::new(frozen, published, keyholders);
        for authority in &mut authorities {
            for key in authority.joins.iter_mut().chain(&mut authority.leaves).chain(&mut authority.stays) {
                let of = key.owner.clone().map(|owner| (owner, key.key_id.clone()));
                key.attestation = of.and_then(|of| material.attestations.get(&of).cloned());
            }
        }
        // People before machines.
        authorities.sort_by_key(AuthorityChange::is_online);

        let contents = Contents::read(&targets, material.targets, published);
        let mut history = material.history;
        history.next = contents.trusted_root(published);
        let mut found: Vec<Warning> = authorities.iter().filter_map(quorum_warning).collect();
        found.extend(authorities.iter().filter_map(|authority| possession_warning(authority, keyholders)));
        found.extend(published.given_up().iter().filter_map(|version| given_up_warning(version, frozen, published)));
        let mut content_changes = Vec::new();
        for (name, before, after) in &contents.0 {
            let (before, after, notes) = (before.as_ref(), after.as_ref(), material.judgement.notes());
            content_changes.push(content_change(name, before, after, notes, Origin::ceremony(at)));
        }
        let (before, after) = Shipped::compared(&targets, published, material.targets);
        found.extend(document_warnings(document_findings(&before, &after, &history, at), material.judgement));
        found.sort_by_key(|warning| !warning.is_new);
        let mut warnings: Vec<Warning> = material.waived.iter().map(waived_warning).collect();
        warnings.extend(unshipped(material.targets, frozen, published));
        warnings.extend(found);
        content_changes.sort_by_key(|change| !change.is_changed());
        Review {
            repository: material.repository.map(str::to_owned),
            first_root: published.roots().first().map(|root| hex::encode(&sha256(root.bytes()))),
            ceremony: material.id.to_string(),
            summary: material.summary.to_owned(),
            at,
            outcome: None,
            sentences: sentences(&authorities, &delegations, &content_changes, &targets, &files, at),
            warnings,
            files,
            authorities,
            delegations,
            targets,
            contents: content_changes,
            fingerprint: material.fingerprint.to_hex(),
        }
    }
}

impl Review {
    /// The review, as one of a ceremony that ended so.
    #[must_use]
    pub fn of_a_past_ceremony(self, outcome: impl Into<String>) -> Review {
        Review { outcome: Some(outcome.into()), ..self }
    }

    /// What kind of file something that is shipped is.
    pub fn kind_of(&self, file: &TargetChange) -> &str {
        let content = self.contents.iter().find(|content| content.name == file.name);
        let kind = content.and_then(|content| content.kind.as_ref().or(content.kind_before.as_ref()));
        kind.map_or("", String::as_str)
    }
}

/// A role of people that one lost key stops, or that one compromised key is enough for. Snapshot and timestamp are signed by machines.
fn quorum_warning(signers: &AuthorityChange) -> Option<Warning> {
    let people = signers.people();
    let text = match signers.threshold_after {
        _ if signers.is_online() => return None,
        1 => "one signature is enough: a single compromised key decides alone".to_owned(),
        threshold if usize::try_from(threshold).is_ok_and(|threshold| threshold >= people) => {
            format!("all {people} people are needed, so one lost key is enough for it never to be signed again")
        }
        _ => return None,
    };
    Some(Warning::new(signers.is_changed(), &*signers.role, text))
}

/// Keys that join a role of people, of which no proof says that their holders have them. A signature in the ceremony would show it too.
fn possession_warning(signers: &AuthorityChange, keyholders: &Keyholders) -> Option<Warning> {
    let is_proven = |key: &ListedKey| {
        key.owner.as_ref().and_then(|name| keyholders.get(name)).is_some_and(|owner| owner.is_proven(&key.key_id))
    };
    let unproven = signers.joins.iter().filter(|key| !signers.is_online() && !is_proven(key));
    let people: Vec<String> = unproven.map(ListedKey::person).collect();
    let text = match &people[..] {
        [] => return None,
        [one] => format!("{one} has not proved to hold the key that joins, which came as a public file"),
        several => format!(
            "these have not proved to hold the keys that join, which came as public files: {}",
            several.join(", ")
        ),
    };
    Some(Warning::new(true, &*signers.role, text))
}

/// What was signed before and given up, where it could be served in the place of what is signed now, or before it.
fn given_up_warning(version: &GivenUp, frozen: &Frozen, published: &Published) -> Option<Warning> {
    let GivenUp { part, ceremony, .. } = version;
    let made = frozen.part(&part.role).filter(|_| !version.is_in(frozen))?;
    let (signed, identity) = (version.signers(), version.identity());
    let so_far = match &part.role {
        CeremonyRole::Root => published.root().map(|root| root.version()),
        role => published.current().and_then(|current| current.targets_of(role)).map(|file| file.version()),
    };
    if so_far.is_some_and(|so_far| part.version <= so_far) {
        return None;
    }
    let what = format!("{signed} signed another {part} in {ceremony}, which was given up and stays valid ({identity})");
    let text = match &part.role {
        CeremonyRole::Root => format!(
            "{what}. No root can skip a version: verifiers accept that file in the place of this one, so it must never be served"
        ),
        _ => format!(
            "{what}. It must never be served; this ceremony makes {made} instead, which a verifier never goes back from"
        ),
    };
    Some(Warning::new(true, part.to_string(), text))
}

/// What was let through at freezing.
fn waived_warning(waived: &Waived) -> Warning {
    Warning::new(true, "the lint", waived.to_string())
}

/// The contents of what is shipped, before and after, by name.
struct Contents(Vec<(String, Option<Content>, Option<Content>)>);

impl Contents {
    fn read(changes: &[TargetChange], targets: &BTreeMap<TargetName, Vec<u8>>, published: &Published) -> Contents {
        let read = |change: &TargetChange| {
            let name = change.name.parse::<TargetName>().ok();
            let of = |file: &Option<TargetFile>| {
                let (name, file) = (name.as_ref()?, file.as_ref()?);
                Some(Content::read(&change.name, bytes_of(name, file, published, targets)?))
            };
            (change.name.clone(), of(&change.before), of(&change.after))
        };
        Contents(changes.iter().map(read).collect())
    }

    /// The trust root that verifiers have once this is published.
    fn trusted_root(&self, published: &Published) -> Option<TrustedRoot> {
        if let Some((_, _, after)) = self.0.iter().find(|(name, ..)| name == TRUSTED_ROOT) {
            return after.as_ref()?.trusted_root().cloned();
        }
        let bytes = published.target(&TRUSTED_ROOT.parse().ok()?)?;
        Content::read(TRUSTED_ROOT, bytes).trusted_root().cloned()
    }
}
