//! What users come for: whose keys and certificates to trust at a given time.

use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::json::FormatError;
use rootline_metadata::limits::MAX_SIGSTORE_BYTES;
use rootline_metadata::sigstore::{SigningConfig, TrustedAt, TrustedRoot};
use rootline_metadata::{Expiry, TargetPath};

use crate::client::Client;
use crate::error::Error;
use crate::store::Store;
use crate::transport::{AsyncTransport, Transport};
use crate::workflow::check::Check;
use crate::workflow::freshness::{Freshness, FreshnessReport, is_within};
use crate::workflow::refusal::{Fault, File, Refusal};
use crate::workflow::{TargetQuery, Trusted, Updated};

/// A trust root that came through TUF: verified, and as fresh as [`freshness`](Self::freshness) says.
#[derive(Clone, Debug)]
pub struct TrustRoot {
    trusted_root: TrustedRoot,
    signing_config: Option<SigningConfig>,
    metadata: Trusted,
    freshness: FreshnessReport,
    /// When a search that found nothing last made us refresh.
    missed_at: Option<DateTime<Utc>>,
}

impl TrustRoot {
    /// The target in which a repository ships its trust root.
    pub const TRUSTED_ROOT: &str = "trusted_root.json";

    /// The target in which a repository ships which services to sign with.
    pub const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

    /// How long after one search in vain the next one may refresh again: who presents signatures by unknown logs must not decide
    /// how often a verifier asks the repository.
    pub const MISS_PAUSE: TimeDelta = TimeDelta::minutes(1);

    /// The targets that a trust root consists of. A repository need not say which services to sign with.
    pub fn queries() -> [TargetQuery; 2] {
        [
            TargetQuery::required(TargetPath::from_static(Self::TRUSTED_ROOT)),
            TargetQuery::if_listed(TargetPath::from_static(Self::SIGNING_CONFIG)),
        ]
    }

    /// The targets that a trust root consists of, for any repository: it need not have a trust root.
    pub fn queries_if_listed() -> [TargetQuery; 2] {
        [Self::TRUSTED_ROOT, Self::SIGNING_CONFIG].map(|name| TargetQuery::if_listed(TargetPath::from_static(name)))
    }

    /// The Fulcio chains, logs and timestamp authorities to trust for something that was signed at `instant`.
    pub fn at(&self, instant: DateTime<Utc>) -> TrustedAt<'_> {
        self.trusted_root.at(instant)
    }

    /// The whole document that the repository ships.
    pub fn trusted_root(&self) -> &TrustedRoot {
        &self.trusted_root
    }

    /// Which services to sign with, if the repository says so.
    pub fn signing_config(&self) -> Option<&SigningConfig> {
        self.signing_config.as_ref()
    }

    /// The metadata that vouches for it.
    pub fn metadata(&self) -> &Trusted {
        &self.metadata
    }

    /// When it was checked, when each role expires, and whether it is stale.
    pub fn freshness(&self) -> &FreshnessReport {
        &self.freshness
    }

    /// From when on it is no longer fresh: the first of the four roles' expiries.
    pub fn expiry(&self) -> Expiry {
        self.metadata.expiry()
    }

    /// Returns what `find` finds here; when that is nothing, what it finds after one refresh: a log or an authority may be newer than this
    /// trust root. It refreshes at most once in [`MISS_PAUSE`](Self::MISS_PAUSE), and never where the client works offline.
    ///
    /// # Errors
    /// As [`Client::trust_root`]. This trust root stays as it is then.
    pub fn refresh_on_miss<T: Transport, S: Store, R>(
        &mut self,
        client: &mut Client<T, S>,
        now: DateTime<Utc>,
        find: impl Fn(&TrustRoot) -> Option<R>,
    ) -> Result<Option<R>, Error> {
        let found = find(self);
        if found.is_some() || !self.may_refresh_after_miss(client.freshness(), now) {
            return Ok(found);
        }
        let renewed = client.update_online(now, &TrustRoot::queries())?;
        *self = TrustRoot::assemble(renewed)?.missed(now);
        Ok(find(self))
    }

    /// As [`TrustRoot::refresh_on_miss`], without blocking the thread.
    ///
    /// # Errors
    /// As [`TrustRoot::refresh_on_miss`].
    pub async fn refresh_on_miss_async<T: AsyncTransport, S: Store + Send + Sync + 'static, R>(
        &mut self,
        client: &mut Client<T, S>,
        now: DateTime<Utc>,
        find: impl Fn(&TrustRoot) -> Option<R>,
    ) -> Result<Option<R>, Error> {
        let found = find(self);
        if found.is_some() || !self.may_refresh_after_miss(client.freshness(), now) {
            return Ok(found);
        }
        let renewed = client.update_online_async(now, &TrustRoot::queries()).await?;
        *self = TrustRoot::assemble(renewed)?.missed(now);
        Ok(find(self))
    }

    /// Also notes that it is about to, so that a refresh which fails is not tried again at once.
    fn may_refresh_after_miss(&mut self, freshness: Freshness, now: DateTime<Utc>) -> bool {
        let recently = self.missed_at.is_some_and(|missed| is_within(missed, Self::MISS_PAUSE, now));
        if freshness.is_offline() || recently {
            return false;
        }
        self.missed_at = Some(now);
        true
    }

    /// Sets how fresh it is, where more than the roles on the way to it count.
    #[cfg(feature = "bundle")]
    pub(crate) fn with_freshness(self, freshness: FreshnessReport) -> TrustRoot {
        TrustRoot { freshness, ..self }
    }

    fn missed(self, now: DateTime<Utc>) -> TrustRoot {
        TrustRoot { missed_at: Some(now), ..self }
    }

    /// Takes the trust root from the targets of an update.
    ///
    /// # Errors
    /// If it is not among them, or malformed.
    pub fn assemble(updated: Updated) -> Result<TrustRoot, Error> {
        let bytes = |name| updated.target(name).map(|bytes| &bytes[..]);
        let trusted_root = bytes(Self::TRUSTED_ROOT).ok_or_else(|| Refusal {
            file: File::Target(TargetPath::from_static(Self::TRUSTED_ROOT)),
            check: Check::TargetKnown,
            fault: Fault::Absent,
        })?;
        let trusted_root = TrustedRoot::parse(trusted_root, MAX_SIGSTORE_BYTES)
            .map_err(|error| malformed(Self::TRUSTED_ROOT, error))?;
        let signing_config = bytes(Self::SIGNING_CONFIG)
            .map(|bytes| {
                SigningConfig::parse(bytes, MAX_SIGSTORE_BYTES).map_err(|error| malformed(Self::SIGNING_CONFIG, error))
            })
            .transpose()?;
        let freshness = updated.freshness();
        Ok(TrustRoot { trusted_root, signing_config, metadata: updated.trusted, freshness, missed_at: None })
    }
}

impl<T: Transport, S: Store> Client<T, S> {
    /// Refreshes, and returns the trust root that the repository ships, from the store where it has not changed.
    ///
    /// # Errors
    /// As [`Client::update`]; also if what is shipped is not a trust root.
    pub fn trust_root(&mut self, now: DateTime<Utc>) -> Result<TrustRoot, Error> {
        TrustRoot::assemble(self.update(now, &TrustRoot::queries())?)
    }
}

impl<T: AsyncTransport, S: Store + Send + Sync + 'static> Client<T, S> {
    /// As [`Client::trust_root`], without blocking the thread.
    ///
    /// # Errors
    /// As [`Client::trust_root`].
    pub async fn trust_root_async(&mut self, now: DateTime<Utc>) -> Result<TrustRoot, Error> {
        TrustRoot::assemble(self.update_async(now, &TrustRoot::queries()).await?)
    }
}

fn malformed(name: &'static str, error: FormatError) -> Error {
    let file = File::Target(TargetPath::from_static(name));
    Error::Refused(Refusal { file, check: Check::Form, fault: Fault::Malformed(Box::new(error)) })
}
