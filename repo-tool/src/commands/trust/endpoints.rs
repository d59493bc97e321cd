//! What a running instance answers about itself. TLS alone vouches for it, so somebody compares it.

use clap::Args;
use rootline::printable::printable_argument;
use rootline_ceremonies::trust::import::{
    Import, ImportError, Part, PartKind, StatedEnd, read_certificate_chains, read_trust_bundle,
};
use rootline_client::transport::{Http, HttpBlocking, HttpSettings, Request, Transport, TransportError};
use rootline_metadata::sigstore::{LogKey, Section};
use rootline_metadata::x509::{Certificate, Chain, MAX_CONTAINER_BYTES};
use rootline_metadata::{hex, sha256};
use serde_json::{Value, json};

use super::content::Told;
use super::import::failure;
use super::instants::Consent;
use super::source::{self, RepositoryArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::input::MAX_KEY;
use crate::text::visible;

/// Where a timestamp authority answers, below its base URL.
const TSA_PATH: &str = "/api/v1/timestamp";

/// The endpoints of an instance.
#[derive(Args, Debug)]
pub(super) struct EndpointArgs {
    /// A running Fulcio: its chains; repeatable
    #[arg(long, value_name = "URL", group = "what")]
    fulcio_url: Vec<String>,

    /// A running Rekor of version 1: its key; repeatable
    #[arg(long, value_name = "URL", group = "what")]
    rekor_url: Vec<String>,

    /// A running timestamp authority: its chain; repeatable
    #[arg(long, value_name = "URL", group = "what")]
    tsa_url: Vec<String>,
}

/// One answer: where it is from, what it is, and the digests to compare.
#[derive(Debug)]
struct Answer {
    url: String,
    what: String,
    digests: Vec<String>,
}

/// The answers of all endpoints.
#[derive(Debug, Default)]
pub(super) struct Fetched(Vec<Answer>);

impl EndpointArgs {
    /// Asks the endpoints, and adds what they answer. Headers that are meant for a repository, with a secret perhaps, are not sent to them.
    pub(super) fn add(
        &self,
        import: &mut Import,
        repository: &RepositoryArgs,
        has_repository: bool,
    ) -> Result<Fetched, Failure> {
        let mut fetched = Fetched::default();
        let mut settings = repository.settings()?;
        if has_repository {
            settings.headers.clear();
        }
        for url in &self.fulcio_url {
            let server = Server::of(url, "--fulcio-url", &settings)?;
            let bundle = server.fetch("api/v2/trustBundle", MAX_CONTAINER_BYTES as u64);
            let certificates = match bundle {
                Err(error) if error.is_not_found() => {
                    let chain = server.get("api/v1/rootCert", MAX_CONTAINER_BYTES as u64)?;
                    read_certificate_chains(&server.base, &chain)
                }
                bundle => read_trust_bundle(&server.base, &bundle.map_err(unreachable)?),
            };
            let certificates = certificates.map_err(failure)?;
            fetched.add_chains(import, &server.base, Section::CertificateAuthorities, certificates)?;
        }
        for url in &self.rekor_url {
            let server = Server::of(url, "--rekor-url", &settings)?;
            let bytes = server.get("api/v1/log/publicKey", MAX_KEY)?;
            fetched.add_key(import, &server.base, &bytes)?;
        }
        for url in &self.tsa_url {
            let base = url.trim_end_matches('/').trim_end_matches(TSA_PATH);
            let server = Server::of(base, "--tsa-url", &settings)?;
            let bytes = server.get("api/v1/timestamp/certchain", MAX_CONTAINER_BYTES as u64)?;
            let certificates = read_certificate_chains(&server.base, &bytes).map_err(failure)?;
            let whole = format!("{}{TSA_PATH}", server.base);
            fetched.add_chains(import, &whole, Section::TimestampAuthorities, certificates)?;
        }
        Ok(fetched)
    }
}

impl Fetched {
    fn add_chains(
        &mut self,
        import: &mut Import,
        url: &str,
        section: Section,
        certificates: Vec<Certificate>,
    ) -> Result<(), Failure> {
        let problem = |problem| ImportError::Chain { name: url.to_owned(), problem };
        for chain in Chain::split(certificates).map_err(|error| failure(problem(error)))? {
            self.0.push(Answer {
                url: url.to_owned(),
                what: format!("the chain of {}", chain.leaf().subject()),
                digests: chain.certificates().iter().map(|one| hex::encode(&sha256(one.der()))).collect(),
            });
            import.add_part(part(url, section, PartKind::Authority(chain)));
        }
        Ok(())
    }

    fn add_key(&mut self, import: &mut Import, url: &str, bytes: &[u8]) -> Result<(), Failure> {
        let key = LogKey::read_file(bytes).map_err(|problem| {
            let name = url.to_owned();
            failure(ImportError::Key { name, problem })
        })?;
        self.0.push(Answer {
            url: url.to_owned(),
            what: format!("a log's key, {}", key.details()),
            digests: vec![hex::encode(&sha256(&key.spki_der()))],
        });
        import.add_part(part(url, Section::TransparencyLogs, PartKind::Log { key: Box::new(key), id_kind: None }));
        Ok(())
    }

    /// Asks whether what was fetched is what the instance's operators know.
    pub(super) fn confirm(&self, consent: &Consent, context: &Context) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let answers: Vec<String> = self.0.iter().map(Answer::text).collect();
        let what = format!("TLS alone vouches for what endpoints answered: {}", answers.join("; "));
        let otherwise = "compare the digests with those that its operators have";
        consent.confirm(&visible(&what), otherwise, context)
    }

    pub(super) fn tell(&self, told: &mut Told) {
        if self.0.is_empty() {
            return;
        }
        told.lines.extend(self.0.iter().map(|answer| visible(&format!("fetched: {}", answer.text()))));
        told.lines.push(
            "no endpoint tells the keys of CT logs and of Rekor version 2: add them with --ctfe and --rekor".to_owned(),
        );
        told.members.insert("fetched".to_owned(), self.0.iter().map(Answer::to_json).collect());
    }
}

impl Answer {
    fn text(&self) -> String {
        format!("{}: {}, sha256 {}", self.url, self.what, self.digests.join(" "))
    }

    fn to_json(&self) -> Value {
        json!({ "url": self.url, "what": self.what, "sha256": self.digests })
    }
}

fn part(url: &str, section: Section, kind: PartKind) -> Part {
    Part {
        source: url.to_owned(),
        called: Vec::new(),
        section,
        kind,
        url: Some(url.to_owned()),
        start: None,
        end: StatedEnd::Open,
    }
}

/// A server that is reached over https.
struct Server {
    base: String,
    transport: HttpBlocking,
}

impl Server {
    fn of(url: &str, option: &str, settings: &HttpSettings) -> Result<Server, Failure> {
        let base = url.trim_end_matches('/').to_owned();
        if !base.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            let what = format!(
                "{option} {} is not an https URL, and nothing else vouches for an answer",
                printable_argument(url)
            );
            return Err(Failure::new(what, "fetch it where you trust the way, and import the file"));
        }
        let http = Http::new(&base, &base, settings.clone()).and_then(HttpBlocking::new);
        Ok(Server { transport: http.map_err(unreachable)?, base })
    }

    fn fetch(&self, path: &str, limit: u64) -> Result<Vec<u8>, TransportError> {
        self.transport.fetch(&Request::target(path, limit))
    }

    fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, Failure> {
        self.fetch(path, limit).map_err(unreachable)
    }
}

fn unreachable(error: TransportError) -> Failure {
    source::failure(error.into())
}
