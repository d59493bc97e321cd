//! A Sigstore instance that signs in two ways.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use rootline_client::TrustRoot;
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::sigstore::documents::{self, Window};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Identity, Rekor, Services, Tsa};
use serde_json::Value;

pub(super) const ORGANIZATION: &str = "acme.example";
pub(super) const SIGNER: Identity<'static> =
    Identity { name: "alice@acme.example", issuer: "https://login.acme.example" };
pub(super) const ARTIFACT: &[u8] = b"an artifact\n";

/// When it began. Something is signed with it thirty days later.
pub(super) fn start() -> DateTime<Utc> {
    parse_instant("2024-01-01T00:00:00Z").unwrap()
}

/// An instance with one of each kind, but two logs of signatures and of certificates.
pub(super) struct Instance {
    organization: String,
    start: DateTime<Utc>,
    pub(super) fulcio: Fulcio,
    pub(super) ct_log: CtLog,
    pub(super) rsa_ct_log: CtLog,
    pub(super) rekor: Rekor,
    pub(super) rekor_v2: Rekor,
    pub(super) tsa: Tsa,
}

impl Instance {
    pub(super) fn new() -> Instance {
        Instance::of(ORGANIZATION, start())
    }

    /// The instance of a domain. All keys are its own but the RSA one.
    pub(super) fn of(organization: &str, start: DateTime<Utc>) -> Instance {
        Instance {
            organization: organization.into(),
            start,
            fulcio: Fulcio::with_intermediate(organization, start),
            ct_log: CtLog::new(&format!("https://ct.{organization}/first")),
            rsa_ct_log: CtLog::rsa(&format!("https://ct.{organization}/second")),
            rekor: Rekor::v1(&format!("rekor.{organization}")),
            rekor_v2: Rekor::v2(&format!("rekor2.{organization}")),
            tsa: Tsa::with_intermediate(organization, start),
        }
    }

    /// Writes what a repository ships, and the artifact with a bundle (`artifact.txt`, `artifact.sigstore.json`).
    pub(super) fn write_to(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(TrustRoot::TRUSTED_ROOT), self.trusted_root().to_string()).unwrap();
        fs::write(folder.join(TrustRoot::SIGNING_CONFIG), self.signing_config().to_string()).unwrap();
        fs::write(folder.join("artifact.txt"), ARTIFACT).unwrap();
        fs::write(folder.join("artifact.sigstore.json"), self.promised().to_string()).unwrap();
    }

    /// A bundle whose time the first log of signatures promises; its certificate is in the first log.
    pub(super) fn promised(&self) -> Value {
        self.bundle(&self.ct_log, &self.rekor, None)
    }

    /// A bundle whose time the timestamp authority says, and which is in the second logs.
    pub(super) fn timestamped(&self) -> Value {
        self.bundle(&self.rsa_ct_log, &self.rekor_v2, Some(&self.tsa))
    }

    /// A bundle whose time both say, and which is in the first logs.
    pub(super) fn promised_and_timestamped(&self) -> Value {
        self.bundle(&self.ct_log, &self.rekor, Some(&self.tsa))
    }

    /// A bundle that is in the second logs, whose time nobody says.
    pub(super) fn without_time(&self) -> Value {
        self.bundle(&self.rsa_ct_log, &self.rekor_v2, None)
    }

    fn bundle(&self, ct_log: &CtLog, rekor: &Rekor, tsa: Option<&Tsa>) -> Value {
        Services { fulcio: &self.fulcio, ct_log, rekor, tsa }.sign(ARTIFACT, &SIGNER, self.start + Duration::days(30))
    }

    pub(super) fn trusted_root(&self) -> Value {
        let window = Window(self.start, None);
        documents::trusted_root(
            &[documents::tlog(&self.rekor, window), documents::tlog(&self.rekor_v2, window)],
            &[documents::certificate_authority(&self.fulcio, window)],
            &[documents::ctlog(&self.ct_log, window), documents::ctlog(&self.rsa_ct_log, window)],
            &[documents::timestamp_authority(&self.tsa, window)],
        )
    }

    pub(super) fn signing_config(&self) -> Value {
        let (domain, window) = (&self.organization, Window(self.start, None));
        let service = |url: &str| documents::service(url, 1, domain, window);
        documents::signing_config(
            &[service(&format!("https://fulcio.{domain}"))],
            &[service(SIGNER.issuer)],
            &[service(&self.rekor.url())],
            &[service(&format!("https://tsa.{domain}/api/v1/timestamp"))],
        )
    }
}
