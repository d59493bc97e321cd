//! From a ceremony's values to what a person is shown: the one place that knows both.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_ceremonies::review::{Content, Origin, TRUSTED_ROOT, TrustHistory, Warning, content_change, warnings};
use rootline_ceremonies::{
    AuthorityChange, Fingerprint, Frozen, Holding, Keyholders, ListedKey, Mark, Name, Periods, Published, Review,
    TargetChange, TargetName,
};

use crate::folder::attestations::{Evidence, attestation_json};

use super::sentence::sentences;
use super::{Holder, Reviewed, Signers, Token};

/// Everything that a review is made from.
#[derive(Debug)]
pub(crate) struct Material<'a> {
    pub(crate) id: &'a Name,
    /// As the plan has it; may be empty.
    pub(crate) summary: &'a str,
    /// The ceremony's date.
    pub(crate) at: DateTime<Utc>,
    pub(crate) frozen: &'a Frozen,
    pub(crate) published: &'a Published,
    pub(crate) keyholders: &'a Keyholders,
    /// What is verified of their tokens.
    pub(crate) evidence: &'a Evidence,
    /// What lies in `targets/`, checked against what is frozen.
    pub(crate) targets: &'a BTreeMap<TargetName, Vec<u8>>,
    /// The trust roots that verifiers may have; what this ceremony leaves there is filled in.
    pub(crate) history: TrustHistory,
    pub(crate) fingerprint: Fingerprint,
    /// Whether the plan is still the one that was frozen.
    pub(crate) is_as_planned: bool,
}

impl Reviewed {
    /// Puts together what a person is shown.
    pub(crate) fn new(material: Material<'_>) -> Reviewed {
        let Material { frozen, published, keyholders, at, .. } = material;
        let Review { files, authorities, delegations, targets } = Review::new(frozen, published, keyholders);
        let mut authorities: Vec<Signers> =
            authorities.iter().map(|change| signers(change, keyholders, material.evidence)).collect();
        // People before machines.
        authorities.sort_by_key(Signers::is_of_machines);

        let contents = Contents::read(&targets, material.targets, published);
        let mut history = material.history;
        history.next = contents.trusted_root(published);
        let mut found = plan_warning(material.is_as_planned);
        found.extend(authorities.iter().filter_map(quorum_warning));
        let mut content_changes = Vec::new();
        for (name, before, after) in &contents.0 {
            content_changes.push(content_change(name, before.as_ref(), after.as_ref(), Origin::ceremony(at)));
            found.extend(after.iter().flat_map(|after| warnings(name, before.as_ref(), after, &history, at)));
        }
        found.sort_by_key(|warning| !warning.is_new);
        content_changes.sort_by_key(|change| !change.is_changed());
        Reviewed {
            ceremony: material.id.to_string(),
            summary: material.summary.to_owned(),
            at,
            sentences: sentences(&authorities, &delegations, &content_changes, &targets, &files, at),
            warnings: found,
            files,
            authorities,
            delegations,
            shipped: targets,
            contents: content_changes,
            fingerprint: material.fingerprint.to_hex(),
        }
    }
}

fn signers(change: &AuthorityChange, keyholders: &Keyholders, evidence: &Evidence) -> Signers {
    let holder = |mark: Mark, key: &ListedKey| Holder {
        mark,
        owner: key.owner.as_ref().map(|name| {
            let display = keyholders.get(name).map(|keyholder| keyholder.display_name().to_owned());
            (name.to_string(), display.unwrap_or_default())
        }),
        key_id: key.key_id.as_str().to_owned(),
        scheme: key.scheme.to_owned(),
        token: key
            .owner
            .as_ref()
            .and_then(|name| evidence.get(name, &key.key_id))
            .map(|attestation| Token { text: attestation.to_string(), json: attestation_json(attestation) }),
    };
    let joins = change.joins.iter().map(|key| holder(Mark::Added, key));
    let leaves = change.leaves.iter().map(|key| holder(Mark::Removed, key));
    let stays = change.stays.iter().map(|key| holder(Mark::Stays, key));
    Signers {
        file: change.by.to_string(),
        role: change.role.clone(),
        threshold_before: change.threshold_before,
        threshold: change.threshold_after,
        holding: Holding { before: change.periods_before.map(holding), after: change.periods.map(holding) },
        holders: joins.chain(leaves).chain(stays).collect(),
    }
}

fn holding(periods: Periods) -> (u16, u16) {
    (periods.expires.number(), periods.signing.number())
}

fn plan_warning(is_as_planned: bool) -> Vec<Warning> {
    let text = "the plan was edited after it was frozen: what is signed is what was frozen, and what it is for and the date \
                that days are counted from are the plan's of now";
    let warning = Warning { is_new: true, about: "plan.toml".to_owned(), text: text.to_owned() };
    if is_as_planned { Vec::new() } else { vec![warning] }
}

/// A role of people that one lost key stops, or that one stolen key is enough for. Snapshot and timestamp are signed by machines.
fn quorum_warning(signers: &Signers) -> Option<Warning> {
    let Signers { threshold, .. } = signers;
    let people = signers.people();
    let text = match *threshold {
        _ if signers.is_of_machines() => return None,
        1 => "one signature is enough, so whoever gets hold of one key decides alone".to_owned(),
        threshold if usize::try_from(threshold).is_ok_and(|threshold| threshold >= people) => {
            format!("all {people} people are needed, so one lost key is enough for it never to be signed again")
        }
        _ => return None,
    };
    Some(Warning { is_new: signers.is_changed(), about: signers.role.clone(), text })
}

/// The contents of what is shipped, before and after, by name.
struct Contents(Vec<(String, Option<Content>, Option<Content>)>);

impl Contents {
    fn read(changes: &[TargetChange], targets: &BTreeMap<TargetName, Vec<u8>>, published: &Published) -> Contents {
        let read = |change: &TargetChange| {
            let name = change.name.parse::<TargetName>().ok();
            let of = |file: &Option<rootline_metadata::TargetFile>| {
                let (name, file) = (name.as_ref()?, file.as_ref()?);
                // What was published already need not lie in `targets/`.
                let given = targets.get(name).filter(|bytes| file.matches(bytes));
                let bytes = given.or_else(|| published.files().get(&name.published_as(file)))?;
                Some(Content::read(&change.name, bytes))
            };
            (change.name.clone(), of(&change.before), of(&change.after))
        };
        Contents(changes.iter().map(read).collect())
    }

    /// The trust root that verifiers have once this is published.
    fn trusted_root(&self, published: &Published) -> Option<rootline_metadata::sigstore::TrustedRoot> {
        if let Some((_, _, after)) = self.0.iter().find(|(name, ..)| name == TRUSTED_ROOT) {
            return after.as_ref()?.trusted_root().cloned();
        }
        let bytes = published.target(&TRUSTED_ROOT.parse().ok()?)?;
        Content::read(TRUSTED_ROOT, bytes).trusted_root().cloned()
    }
}
