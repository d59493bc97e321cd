//! To whom a targets role delegates, in lines that a person reads.

use rootline_metadata::{DelegatedRoles, Delegation, HashBins, PathPattern, Scope, Targets};

use super::Mark;

/// What becomes of one delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DelegationTerms {
    /// The role that delegates.
    pub(crate) by: String,
    /// The role that is delegated to.
    pub(crate) name: String,
    /// Its terms so far, a line each: which names it may speak about, and whether a search ends with it.
    pub(crate) before: Option<Vec<String>>,
    /// Its terms from now on.
    pub(crate) after: Option<Vec<String>>,
}

impl DelegationTerms {
    /// What becomes of it.
    pub(crate) fn mark(&self) -> Mark {
        Mark::of(self.before.as_ref(), self.after.as_ref())
    }

    /// The delegations of one role before and after, those that stay included, in the order in which they are searched.
    pub(crate) fn compare(by: &str, before: Option<&Targets>, after: &Targets) -> Vec<DelegationTerms> {
        let mut old = before.map(terms).unwrap_or_default();
        let mut changes: Vec<DelegationTerms> = Vec::new();
        for (name, lines) in terms(after) {
            let before = old.iter().position(|(known, _)| *known == name).map(|at| old.remove(at).1);
            changes.push(DelegationTerms { by: by.to_owned(), name, before, after: Some(lines) });
        }
        let gone = old.into_iter().map(|(name, lines)| DelegationTerms {
            by: by.to_owned(),
            name,
            before: Some(lines),
            after: None,
        });
        changes.extend(gone);
        changes
    }
}

fn terms(targets: &Targets) -> Vec<(String, Vec<String>)> {
    match targets.delegations().map(rootline_metadata::Delegations::roles) {
        None => Vec::new(),
        Some(DelegatedRoles::Listed(roles)) => roles.iter().map(listed).collect(),
        Some(DelegatedRoles::HashBins(bins)) => vec![hash_bins(bins)],
    }
}

fn listed(delegation: Delegation) -> (String, Vec<String>) {
    let scope = match delegation.scope() {
        Scope::Patterns(patterns) => {
            let patterns: Vec<&str> = patterns.iter().map(PathPattern::as_str).collect();
            format!("paths: {}", patterns.join(", "))
        }
        Scope::HashPrefixes(prefixes) => format!("names whose SHA-256 begins with: {}", prefixes.join(", ")),
    };
    let end = match delegation.is_terminating() {
        true => "terminating: for these names nothing after it is asked",
        false => "not terminating: where it says nothing, the search goes on",
    };
    let quorum = format!("{} of {} keys", delegation.keys().threshold(), delegation.keys().key_ids().len());
    (delegation.name().as_str().to_owned(), vec![scope, end.to_owned(), quorum])
}

fn hash_bins(bins: &HashBins) -> (String, Vec<String>) {
    let quorum = format!("{} of {} keys", bins.keys().threshold(), bins.keys().key_ids().len());
    (format!("{}-*", bins.name_prefix()), vec![format!("{} hash bins", bins.count()), quorum])
}
