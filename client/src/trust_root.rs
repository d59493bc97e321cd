//! What users come for: whose keys and certificates to trust at a given time.

use chrono::{DateTime, Utc};
use rootline_metadata::json::FormatError;
use rootline_metadata::sigstore::{SigningConfig, TrustedAt, TrustedRoot};
use rootline_metadata::{Expiry, Role, TargetPath};

use crate::client::Client;
use crate::error::Error;
use crate::refusal::{Fault, File, Refusal};
use crate::spec::Check;
use crate::store::Store;
use crate::transport::{AsyncTransport, Transport};
use crate::workflow::Trusted;

/// The name under which a repository ships its trust root.
pub const TRUSTED_ROOT: &str = "trusted_root.json";
/// The name under which a repository ships which services to sign with.
pub const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// Most bytes of either document.
const LIMIT: usize = 8 << 20;

/// A trust root that came through TUF: verified, and fresh at the instant of the refresh.
#[derive(Clone, Debug)]
pub struct TrustRoot {
    trusted_root: TrustedRoot,
    signing_config: Option<SigningConfig>,
    metadata: Trusted,
}

impl TrustRoot {
    /// The Fulcio chains, logs and timestamp authorities to trust for something that was signed at `instant`.
    pub fn at(&self, instant: DateTime<Utc>) -> TrustedAt<'_> {
        self.trusted_root.at(instant)
    }

    /// The whole document.
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

    /// From when on it is no longer fresh: the first of the four roles' expiries.
    pub fn expiry(&self) -> Expiry {
        let of_roles =
            [self.metadata.root().expiry(), self.metadata.timestamp().expiry(), self.metadata.snapshot().expiry()];
        of_roles.into_iter().fold(self.metadata.targets().expiry(), Expiry::min)
    }

    fn assemble(metadata: Trusted, trusted_root: &[u8], signing_config: Option<Vec<u8>>) -> Result<TrustRoot, Error> {
        let trusted_root = TrustedRoot::parse(trusted_root, LIMIT).map_err(|error| malformed(TRUSTED_ROOT, error))?;
        let signing_config = signing_config
            .map(|bytes| SigningConfig::parse(&bytes, LIMIT).map_err(|error| malformed(SIGNING_CONFIG, error)))
            .transpose()?;
        Ok(TrustRoot { trusted_root, signing_config, metadata })
    }
}

impl<T: Transport, S: Store> Client<T, S> {
    /// Refreshes, and gives the trust root that the repository ships, from the store where it has not changed.
    ///
    /// # Errors
    /// As [`Client::refresh`] and [`Client::target`]; also if what is shipped is no trust root.
    pub fn trust_root(&mut self, now: DateTime<Utc>) -> Result<TrustRoot, Error> {
        let metadata = self.refresh(now)?;
        let trusted_root = self.target(&metadata, &TargetPath::from_static(TRUSTED_ROOT))?;
        let signing_config = if_listed(self.target(&metadata, &TargetPath::from_static(SIGNING_CONFIG)))?;
        TrustRoot::assemble(metadata, &trusted_root, signing_config)
    }
}

impl<T: AsyncTransport, S: Store> Client<T, S> {
    /// As [`Client::trust_root`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::trust_root`].
    pub async fn trust_root_async(&mut self, now: DateTime<Utc>) -> Result<TrustRoot, Error> {
        let metadata = self.refresh_async(now).await?;
        let trusted_root = self.target_async(&metadata, &TargetPath::from_static(TRUSTED_ROOT)).await?;
        let signing_config = if_listed(self.target_async(&metadata, &TargetPath::from_static(SIGNING_CONFIG)).await)?;
        TrustRoot::assemble(metadata, &trusted_root, signing_config)
    }
}

/// A target that the repository need not have.
fn if_listed(target: Result<Vec<u8>, Error>) -> Result<Option<Vec<u8>>, Error> {
    match target {
        Err(Error::Refused(Refusal { fault: Fault::NotListed { .. }, .. })) => Ok(None),
        other => other.map(Some),
    }
}

fn malformed(name: &'static str, error: FormatError) -> Error {
    let file = File::Target(TargetPath::from_static(name));
    Error::Refused(Refusal { file, check: Check::Form, fault: Fault::Malformed(Box::new(error)) })
}
