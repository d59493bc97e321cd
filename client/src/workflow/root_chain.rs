//! From the pinned root to the newest (TUF 5.2 and 5.3).

use chrono::{DateTime, Utc};
use rootline_metadata::{Envelope, Role, Root, Thoroughness, TopLevelRole, Verified, Version};

use super::phases::{Rooted, parse, unexpired};
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// A chain of roots, each vouched for by the one before it.
#[derive(Clone, Debug)]
pub struct RootChain {
    newest: Verified<Root>,
    /// The one that the newest has replaced, as far as the chain has seen it.
    before: Option<Verified<Root>>,
    limits: Limits,
}

impl RootChain {
    /// 5.2: begins with the root that the caller pinned. It may have expired long ago; only the last root's expiry counts.
    ///
    /// # Errors
    /// If it is not a root, or not signed by itself.
    pub fn begin(pinned: Vec<u8>, limits: &Limits) -> Result<RootChain, Refusal> {
        let envelope: Envelope<Root> = parse(pinned, limits.root, File::Root(None))?;
        let file = File::Root(Some(envelope.unverified().version()));
        let newest = envelope.verify_self_signed().map_err(|unsigned| Refusal {
            file,
            check: Check::PinnedRoot,
            fault: Fault::Unsigned(Box::new(unsigned)),
        })?;
        Ok(RootChain { newest, before: None, limits: limits.clone() })
    }

    /// 5.3.2: the version that would come next.
    pub fn next_version(&self) -> Option<Version> {
        self.newest.version().next()
    }

    /// 5.3.4 to 5.3.7: takes the next root, if it is that.
    ///
    /// # Errors
    /// If it is malformed, not signed by both roots, or not exactly one version on.
    pub fn extend(&mut self, offered: Vec<u8>) -> Result<&Verified<Root>, Refusal> {
        let expected = self.newest.version().next();
        let file = File::Root(expected);
        let envelope: Envelope<Root> = parse(offered, self.limits.root, file.clone())?;
        // 5.3.4: both roots have signed. CVE-2020-15163: and nothing is kept before.
        let new = envelope.verify_after(&self.newest).map_err(|unsigned| Refusal {
            file: file.clone(),
            check: Check::RootSignatures,
            fault: Fault::Unsigned(Box::new(unsigned)),
        })?;
        // 5.3.5: exactly one version on.
        if Some(new.version()) != expected {
            let expected = expected.unwrap_or(Version::LAST);
            let fault = Fault::WrongVersion { expected, offered: new.version() };
            return Err(Refusal { file, check: Check::RootVersion, fault });
        }
        // 5.3.6: that it may have expired does not matter yet.
        self.before = Some(std::mem::replace(&mut self.newest, new));
        Ok(&self.newest)
    }

    /// Whether enough root keys of the newest root have signed `other` too, however far on it is.
    pub(super) fn vouches_for(&self, other: &Verified<Root>) -> bool {
        let authority = self.newest.authority(TopLevelRole::Root);
        other.envelope().tally(authority, Thoroughness::Enough).is_met()
    }

    /// The limits that apply.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The newest root so far.
    pub fn newest(&self) -> &Verified<Root> {
        &self.newest
    }

    /// 5.3.10: there is no newer root; the newest has to be unexpired.
    ///
    /// # Errors
    /// If it has expired.
    pub fn finish(self, now: DateTime<Utc>) -> Result<Rooted, Refusal> {
        let file = File::Root(Some(self.newest.version()));
        // 5.3.10: freeze.
        unexpired(self.newest.expiry(), now, file, Check::RootExpiry)?;
        Ok(Rooted::new(self.newest, self.before, self.limits, now))
    }
}
