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

#[cfg(test)]
mod tests {
    use rootline_metadata::Envelope;
    use serde_json::{Value, json};

    use super::*;

    fn compare(before: &Value, after: &Value) -> Vec<(Mark, String, Option<Vec<String>>)> {
        let targets = |delegations: &Value| {
            let signed = json!({
                "_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": "2030-01-01T00:00:00Z", "targets": {},
                "delegations": delegations,
            });
            let file = json!({ "signed": signed, "signatures": [] }).to_string().into_bytes();
            Envelope::<Targets>::parse(file, 1 << 20).unwrap()
        };
        let (before, after) = (targets(before), targets(after));
        let changes = DelegationTerms::compare("targets", Some(before.unverified()), after.unverified());
        changes.into_iter().map(|change| (change.mark(), change.name, change.after)).collect()
    }

    fn role(name: &str, paths: &[&str], terminating: bool) -> Value {
        json!({ "name": name, "keyids": ["ab"], "threshold": 1, "terminating": terminating, "paths": paths })
    }

    fn listed(roles: &[Value]) -> Value {
        json!({ "keys": {}, "roles": roles })
    }

    #[test]
    fn a_delegation_is_told_with_its_terms() {
        let before =
            listed(&[role("npm", &["npm/*"], true), role("old", &["old/*"], false), role("same", &["x"], false)]);
        let after = listed(&[
            role("npm", &["npm/*", "js/*"], true),
            role("same", &["x"], false),
            role("new", &["new/*"], false),
        ]);
        let changes = compare(&before, &after);
        let marks: Vec<(Mark, &str)> = changes.iter().map(|(mark, name, _)| (*mark, name.as_str())).collect();
        let expected = [(Mark::Changed, "npm"), (Mark::Stays, "same"), (Mark::Added, "new"), (Mark::Removed, "old")];
        assert_eq!(marks, expected);
        let terms = ["paths: npm/*, js/*", "terminating: for these names nothing after it is asked", "1 of 1 keys"];
        assert_eq!(changes[0].2.as_deref().unwrap(), terms);
    }

    #[test]
    fn hash_bins_are_told_of_as_one() {
        let bins = json!({ "keys": {}, "succinct_roles": { "keyids": ["ab"], "threshold": 1, "bit_length": 4, "name_prefix": "bin" } });
        let changes = compare(&listed(&[]), &bins);
        let terms = vec!["16 hash bins".to_owned(), "1 of 1 keys".to_owned()];
        assert_eq!(changes, [(Mark::Added, "bin-*".to_owned(), Some(terms))]);
    }
}
