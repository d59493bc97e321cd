//! A signed file: what arrived, and what it becomes once its signatures have been counted.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use crate::json::{Document, FormatError, Node};
use crate::roles::header::{Header, Role, TopLevelRole};
use crate::roles::root::Root;
use crate::signed::quorum::{Authority, KeyTally, SignatureSet, Thoroughness};
use crate::signed::signature::Signature;

/// The member that the signatures are over.
const SIGNED: &str = "signed";

/// A metadata file that has the right form, and that nobody has vouched for yet.
#[derive(Clone, Debug)]
pub struct Envelope<R> {
    document: Arc<Document>,
    signatures: Vec<Signature>,
    signed: R,
}

impl<R: Role> Envelope<R> {
    /// Reads a file of at most `limit` bytes.
    ///
    /// # Errors
    /// If it is not JSON as the [reader](crate::json) wants it, or not this role's form.
    pub fn parse(bytes: Vec<u8>, limit: usize) -> Result<Envelope<R>, FormatError> {
        let document = Arc::new(Document::parse(bytes, limit)?);
        let envelope = document.top().object()?;
        let signatures = Signature::read_all(envelope.required("signatures")?)?;
        let signed = envelope.required(SIGNED)?.object()?;
        let header = Header::read(signed, R::TYPE)?;
        let signed = R::read(header, signed, &document)?;
        Ok(Envelope { signatures, signed, document })
    }

    /// The bytes as they arrived.
    pub fn bytes(&self) -> &[u8] {
        self.document.bytes()
    }

    /// The signatures as the file lists them, good or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// What the file says, without anybody vouching for it: for messages and for those who are about to sign it.
    pub fn unverified(&self) -> &R {
        &self.signed
    }

    /// The canonical form of the signed part: the bytes that signatures are over. Borrowed where it arrived in that form, so that a
    /// large file is not held twice.
    pub fn message(&self) -> Cow<'_, [u8]> {
        self.document.top().get(SIGNED).map(Node::canonical).unwrap_or_default()
    }

    /// A member of the signed part, which may be one that the specification does not know.
    pub fn member(&self, name: &str) -> Option<Node<'_>> {
        self.document.top().get(SIGNED)?.get(name)
    }

    /// Who of an authority has signed.
    pub fn tally(&self, authority: Authority<'_>, thoroughness: Thoroughness) -> KeyTally {
        SignatureSet::new(&self.message(), &self.signatures).tally(authority, thoroughness)
    }

    /// Vouched for by an authority, if enough of it have signed.
    ///
    /// # Errors
    /// If not: who has, who has not, and why signatures did not count.
    pub fn verify(self, authority: Authority<'_>) -> Result<Verified<R>, Unsigned> {
        self.verify_by_all(&[(Signatory::Delegator, authority)])
    }

    /// The one place where a [`Verified`] is made.
    fn verify_by_all(self, authorities: &[(Signatory, Authority<'_>)]) -> Result<Verified<R>, Unsigned> {
        let message = self.message();
        let mut signatures = SignatureSet::new(&message, &self.signatures);
        for (signatory, authority) in authorities {
            let tally = signatures.tally(*authority, Thoroughness::Enough);
            if !tally.is_met() {
                return Err(Unsigned { by: *signatory, tally });
            }
        }
        Ok(Verified { envelope: Arc::new(self) })
    }
}

impl Envelope<Root> {
    /// Vouched for by itself: the form of the first root that a client is given.
    ///
    /// # Errors
    /// If it does not carry enough signatures by its own root keys.
    pub fn verify_self_signed(self) -> Result<Verified<Root>, Unsigned> {
        let root = self.signed.clone();
        self.verify_by_all(&[(Signatory::NewRoot, root_authority(&root))])
    }

    /// Vouched for by the root before it and by itself (TUF 5.3.4). The old root comes first, so that a stranger's file with very many
    /// keys of its own costs nothing.
    ///
    /// # Errors
    /// If either has not signed enough.
    pub fn verify_after(self, old: &Verified<Root>) -> Result<Verified<Root>, Unsigned> {
        let new = self.signed.clone();
        self.verify_by_all(&[(Signatory::OldRoot, root_authority(old)), (Signatory::NewRoot, root_authority(&new))])
    }
}

/// Whose signatures a root needs.
fn root_authority(root: &Root) -> Authority<'_> {
    root.authority(TopLevelRole::Root)
}

impl Root {
    /// Whose signatures a top-level role needs, with the keys to check them.
    pub fn authority(&self, role: TopLevelRole) -> Authority<'_> {
        Authority { keys: self.keys(), role: self.role(role) }
    }
}

/// Whose signatures were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatory {
    /// The role that delegates to this one: for the top-level roles, root.
    Delegator,
    /// The root before this one.
    OldRoot,
    /// The root itself.
    NewRoot,
}

/// Not enough signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// Whose are missing.
    pub by: Signatory,
    /// Who has signed, and who has not.
    pub tally: KeyTally,
}

impl fmt::Display for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            Signatory::Delegator => "the keys of its role",
            Signatory::OldRoot => "the root before it",
            Signatory::NewRoot => "its own root keys",
        };
        write!(f, "not signed by enough of {by}: {}", self.tally)
    }
}

impl core::error::Error for Unsigned {}

/// A metadata file that enough of the keys it needs have signed. There is no other way to make one than to count. Copying it is
/// cheap.
#[derive(Debug)]
pub struct Verified<R> {
    envelope: Arc<Envelope<R>>,
}

impl<R> Clone for Verified<R> {
    fn clone(&self) -> Self {
        Verified { envelope: Arc::clone(&self.envelope) }
    }
}

impl<R: Role> Verified<R> {
    /// The bytes as they arrived.
    pub fn bytes(&self) -> &[u8] {
        self.envelope.bytes()
    }

    /// The file as it arrived, to keep it without copying.
    pub fn document(&self) -> Arc<Document> {
        Arc::clone(&self.envelope.document)
    }

    /// The file as it arrived, with its signatures.
    pub fn envelope(&self) -> &Envelope<R> {
        &self.envelope
    }
}

impl<R> Deref for Verified<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.envelope.signed
    }
}
