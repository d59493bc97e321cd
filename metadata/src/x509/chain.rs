//! Certificates in the order in which each is signed by the next.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::certificate::{Certificate, LinkError};
use super::container::MAX_CERTIFICATES;
use crate::sigstore::Window;

/// A chain, leaf to root: each certificate but the last is signed by the next, and every signature is verified. The last one may lack
/// the root above it, see [`Chain::is_complete`]. Kinds, extensions and dates are not judged here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<Certificate>);

/// Why certificates do not make one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainError {
    /// There is no certificate.
    Empty,
    /// There are more certificates than [`MAX_CERTIFICATES`].
    TooMany,
    /// A certificate has the name of another one's issuer and has not signed it: a renewed authority of the same name, most often.
    BadLink {
        /// The subject of the one below.
        subject: String,
        /// The subject of the one above.
        issuer: String,
        /// Why it does not count as signed.
        problem: LinkError,
    },
    /// A certificate has no link to the others.
    Unrelated {
        /// Its subject.
        subject: String,
    },
    /// A certificate is signed by two of the others, so that there are two chains.
    TwoIssuers {
        /// The subject of the one below.
        subject: String,
        /// The subject of both above.
        issuer: String,
    },
    /// The certificates sign each other in a circle.
    Circle,
}

impl Chain {
    /// Puts certificates, in any order, from leaf to root. One that is there twice counts once.
    ///
    /// # Errors
    /// If a signature does not verify, one of them is not part of the chain, or there is more than one chain.
    pub fn of(certificates: Vec<Certificate>) -> Result<Chain, ChainError> {
        let all = distinct(certificates)?;
        let links = links(&all)?;
        let leaf = leaves(&links).next().ok_or(ChainError::Circle)?;
        let path = path(leaf, &links);
        if let Some(other) = (0..all.len()).find(|at| !path.contains(at)) {
            let name = |at: usize| all.get(at).map(Certificate::subject).unwrap_or_default();
            // The longer of two chains is the one that was meant.
            let unrelated = if path.len() == 1 { leaf } else { other };
            return Err(ChainError::Unrelated { subject: name(unrelated) });
        }
        Ok(chain_of(&path, &all))
    }

    /// Puts certificates, in any order, into as many chains as there are: one for each certificate that is no other one's issuer, in the order
    /// of these. Chains may share the certificates above.
    ///
    /// # Errors
    /// If there is none, there are more than [`MAX_CERTIFICATES`], a signature does not verify, or a certificate has two issuers or is its
    /// own by way of others.
    pub fn split(certificates: Vec<Certificate>) -> Result<Vec<Chain>, ChainError> {
        let all = distinct(certificates)?;
        let links = links(&all)?;
        let paths: Vec<Vec<usize>> = leaves(&links).map(|leaf| path(leaf, &links)).collect();
        let is_in_one = |at: usize| paths.iter().any(|path| path.contains(&at));
        match (0..all.len()).all(is_in_one) {
            true => Ok(paths.iter().map(|path| chain_of(path, &all)).collect()),
            false => Err(ChainError::Circle),
        }
    }

    /// The certificates, leaf to root; at least one.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// The first one: what issues or signs.
    pub fn leaf(&self) -> &Certificate {
        self.0.first().expect("a chain has at least one certificate")
    }

    /// The last one: what verifiers anchor at.
    pub fn anchor(&self) -> &Certificate {
        self.0.last().expect("a chain has at least one certificate")
    }

    /// Whether the last one has signed itself, so that no certificate is missing above it.
    pub fn is_complete(&self) -> bool {
        self.anchor().check_signed_by(self.anchor()).is_ok()
    }

    /// From when to when all of its certificates hold, both included. `None` when a date is one that cannot be told.
    pub fn validity(&self) -> Option<Window> {
        common_validity(&self.0)
    }
}

/// Each certificate once, in their order.
fn distinct(certificates: Vec<Certificate>) -> Result<Vec<Certificate>, ChainError> {
    let mut all: Vec<Certificate> = Vec::new();
    for certificate in certificates {
        if all.contains(&certificate) {
            continue;
        }
        if all.len() == MAX_CERTIFICATES {
            return Err(ChainError::TooMany);
        }
        all.push(certificate);
    }
    if all.is_empty() { Err(ChainError::Empty) } else { Ok(all) }
}

/// Those that are nobody's issuer.
fn leaves(links: &[Option<usize>]) -> impl Iterator<Item = usize> {
    (0..links.len()).filter(|at| !links.contains(&Some(*at)))
}

/// From a leaf up. Nothing comes back to what was passed: each has one issuer, and the leaf is nobody's.
fn path(leaf: usize, links: &[Option<usize>]) -> Vec<usize> {
    let mut path = Vec::new();
    let mut next = Some(leaf);
    while let Some(at) = next.filter(|at| !path.contains(at)) {
        path.push(at);
        next = links.get(at).copied().flatten();
    }
    path
}

fn chain_of(path: &[usize], all: &[Certificate]) -> Chain {
    Chain(path.iter().filter_map(|at| all.get(*at).cloned()).collect())
}

/// From when to when all of these certificates hold.
pub(crate) fn common_validity(certificates: &[Certificate]) -> Option<Window> {
    let mut common = Window::ALWAYS;
    for certificate in certificates {
        let own = certificate.validity()?;
        let end = common.end().into_iter().chain(own.end()).min();
        common = Window::new(common.start().max(own.start()), end);
    }
    Some(common)
}

/// For each certificate the one that has signed it, if it is there and is not the same.
fn links(all: &[Certificate]) -> Result<Vec<Option<usize>>, ChainError> {
    let mut links = Vec::with_capacity(all.len());
    for (at, certificate) in all.iter().enumerate() {
        let is_self_signed = certificate.check_signed_by(certificate).is_ok();
        let mut link = None;
        let mut bad = None;
        for (above, issuer) in all.iter().enumerate().filter(|(above, _)| *above != at && !is_self_signed) {
            match certificate.check_signed_by(issuer) {
                Ok(()) if link.is_some() => {
                    let (subject, issuer) = (certificate.subject(), issuer.subject());
                    return Err(ChainError::TwoIssuers { subject, issuer });
                }
                Ok(()) => link = Some(above),
                Err(LinkError::OtherIssuer) => {}
                Err(problem) => {
                    let (subject, issuer) = (certificate.subject(), issuer.subject());
                    bad = Some(ChainError::BadLink { subject, issuer, problem });
                }
            }
        }
        match (link, bad) {
            (None, Some(bad)) => return Err(bad),
            _ => links.push(link),
        }
    }
    Ok(links)
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChainError::Empty => f.write_str("there is no certificate"),
            ChainError::TooMany => write!(f, "there are more than {MAX_CERTIFICATES} certificates"),
            ChainError::BadLink { subject, issuer, problem } => {
                write!(f, "the certificate of {subject} is not signed by the one of {issuer}: {problem}")
            }
            ChainError::Unrelated { subject } => {
                write!(f, "the certificate of {subject} is not part of the chain: neither signs the other")
            }
            ChainError::TwoIssuers { subject, issuer } => {
                write!(
                    f,
                    "the certificate of {subject} is signed by two certificates of {issuer}; leave one of them out"
                )
            }
            ChainError::Circle => f.write_str("the certificates sign each other in a circle, so there is no leaf"),
        }
    }
}

impl core::error::Error for ChainError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::super::fixtures::{Made, authority, names, timestamping};
    use super::*;

    fn said(certificates: &[&Made]) -> String {
        Chain::of(certificates.iter().map(|made| made.certificate.clone()).collect()).unwrap_err().to_string()
    }

    #[test]
    fn certificates_of_several_chains_are_put_into_as_many() {
        let (old, root) = (Made::root("root"), Made::root("root"));
        let [first, second] = ["first", "second"].map(|name| root.issue(authority(name)));
        let all = [&root, &second, &old, &first, &second].map(|made| made.certificate.clone());
        let chains = Chain::split(all.into()).unwrap();
        let found: Vec<_> = chains.iter().map(|chain| names(chain.certificates())).collect();
        assert_eq!(found, [vec!["second", "root"], vec!["root"], vec!["first", "root"]]);
        assert_eq!(chains[0].anchor(), &root.certificate);
        assert_eq!(chains[1].anchor(), &old.certificate);
        // An issuer of the right name that has not signed is none.
        let wrong = [&first, &old].map(|made| made.certificate.clone());
        assert!(matches!(Chain::split(wrong.into()), Err(ChainError::BadLink { .. })));
        assert_eq!(Chain::split(vec![]), Err(ChainError::Empty));
    }

    #[test]
    fn certificates_in_any_order_are_put_from_leaf_to_root() {
        let root = Made::root("root");
        let middle = root.issue(authority("middle"));
        let leaf = middle.issue(timestamping("leaf"));
        let [root, middle, leaf] = [&root, &middle, &leaf].map(|made| &made.certificate);
        for order in [[leaf, middle, root], [root, middle, leaf], [middle, leaf, root], [root, leaf, middle]] {
            let chain = Chain::of(order.into_iter().cloned().collect()).unwrap();
            assert_eq!(names(chain.certificates()), ["leaf", "middle", "root"]);
            assert_eq!((chain.leaf(), chain.anchor()), (leaf, root));
            assert!(chain.is_complete());
        }
        let twice = Chain::of(vec![leaf.clone(), root.clone(), middle.clone(), leaf.clone()]).unwrap();
        assert_eq!(twice.certificates().len(), 3);
        let incomplete = Chain::of(vec![middle.clone(), leaf.clone()]).unwrap();
        assert_eq!(names(incomplete.certificates()), ["leaf", "middle"]);
        assert!(!incomplete.is_complete());
        assert!(Chain::of(vec![root.clone()]).unwrap().is_complete());
    }

    #[test]
    fn a_chain_holds_while_all_of_its_certificates_do() {
        let root = Made::root("root");
        let leaf = root.issue(timestamping("leaf"));
        let chain = Chain::of(vec![root.certificate, leaf.certificate]).unwrap();
        let validity = chain.validity().unwrap();
        assert_eq!(validity.to_string(), "from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z");
    }

    #[test]
    fn a_renewed_root_of_the_same_name_is_not_taken_for_the_issuer() {
        let (old, new) = (Made::root("root"), Made::root("root"));
        let leaf = old.issue(timestamping("leaf"));
        assert_eq!(
            said(&[&leaf, &new]),
            "the certificate of CN=leaf,O=example.com is not signed by the one of CN=root,O=example.com: its signature is not by that \
             issuer's key"
        );
        // Both are there: the right one is found, and the other one is too many.
        assert!(
            said(&[&leaf, &new, &old]).starts_with("the certificate of CN=root,O=example.com is not part of the chain")
        );
    }

    #[test]
    fn what_is_not_one_chain_is_refused() {
        let root = Made::root("root");
        let (leaf, other) = (root.issue(timestamping("leaf")), Made::root("other"));
        let sibling = root.issue(timestamping("sibling"));
        assert_eq!(
            said(&[&leaf, &other, &root]),
            "the certificate of CN=other,O=example.com is not part of the chain: neither signs the other"
        );
        assert!(said(&[&leaf, &sibling, &root]).contains("is not part of the chain"));
        let again = Made::self_signed_with(
            {
                let mut params = authority("root");
                params.not_after = rcgen::date_time_ymd(2040, 1, 1);
                params
            },
            rcgen::KeyPair::try_from(root.key.serialize_der()).unwrap(),
        );
        assert_eq!(
            said(&[&leaf, &root, &again]),
            "the certificate of CN=leaf,O=example.com is signed by two certificates of CN=root,O=example.com; leave one of them out"
        );
        assert_eq!(Chain::of(vec![]).unwrap_err(), ChainError::Empty);
    }
}
