//! `rootline-repo trust add-ca` and `add-tsa`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline::clock::parse_at;
use rootline_ceremonies::Name;
use rootline_metadata::sigstore::{NewCertificateAuthority, Section, Subject, Window};
use rootline_metadata::x509::{Chain, MAX_CONTAINER_BYTES, read_certificates};

use super::content::TrustContent;
use super::instants::{self, Consent};
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::input;

pub(super) const CA_EXAMPLES: &str = "Examples:
  rootline-repo trust add-ca --url https://fulcio.example.org --chain fulcio.pem
  rootline-repo trust add-ca --url https://fulcio.example.org --chain issuing.der \\
    --chain root.der --name fulcio-2031 --start 2031-01-31T12:00:00Z";

pub(super) const TSA_EXAMPLES: &str = "Examples:
  rootline-repo trust add-tsa --url https://tsa.example.org/api/v1/timestamp \\
    --chain tsa.certchain.pem
  rootline-repo trust add-tsa --url https://tsa.example.org/api/v1/timestamp \\
    --chain tsa.p7b --name tsa-2031";

/// Which list it goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthorityKind {
    Ca,
    Tsa,
}

#[derive(Args, Debug)]
pub(crate) struct AddAuthorityArgs {
    /// Its URL, as clients know it: of a timestamp authority the whole one
    #[arg(long)]
    url: String,

    #[command(flatten)]
    chain: ChainArgs,

    /// The name by which later commands call it [default: made of its kind and year]
    #[arg(long)]
    name: Option<Name>,

    /// The instant from which it is trusted [default: when its certificates hold, but not before every verifier can have it]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    start: Option<DateTime<Utc>>,

    /// The instant until which it is trusted [default: none, as for all that is in use]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    end: Option<DateTime<Utc>>,

    #[command(flatten)]
    consent: Consent,
}

/// The certificates of an authority.
#[derive(Args, Debug)]
pub(crate) struct ChainArgs {
    /// A file with certificates of its chain, in any order: PEM, DER or PKCS#7; repeatable
    #[arg(long, value_name = "FILE", required = true, value_parser = local_path())]
    pub(crate) chain: Vec<PathBuf>,

    /// The organization to list it under [default: the one in its root certificate]
    #[arg(long, value_name = "TEXT")]
    pub(crate) organization: Option<String>,

    /// The name to list it under [default: the common name in its root certificate]
    #[arg(long, value_name = "TEXT")]
    pub(crate) common_name: Option<String>,
}

pub(super) fn run(args: &AddAuthorityArgs, kind: AuthorityKind, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let chain = args.chain.read(kind)?;
    let start = opening(&chain, args.start, &content, context)?;
    args.consent.ask(&format!("the {} would open", kind.word()), start, &content, context)?;
    let authority = args.chain.authority(&args.url, &chain, Window::new(Some(start), args.end))?;
    let mut root = content.root.clone();
    match kind {
        AuthorityKind::Ca => root.add_certificate_authority(&authority)?,
        AuthorityKind::Tsa => root.add_timestamp_authority(&authority)?,
    }
    content.write_named(&root, args.name.as_ref(), context)
}

impl AuthorityKind {
    pub(super) fn of(section: Section) -> Option<AuthorityKind> {
        match section {
            Section::CertificateAuthorities => Some(AuthorityKind::Ca),
            Section::TimestampAuthorities => Some(AuthorityKind::Tsa),
            Section::TransparencyLogs | Section::CertificateTransparencyLogs => None,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            AuthorityKind::Ca => "certificate authority",
            AuthorityKind::Tsa => "timestamp authority",
        }
    }
}

/// When an authority opens: when its certificates hold; but one that comes beside what is published not before every verifier can have it.
pub(super) fn opening(
    chain: &Chain,
    stated: Option<DateTime<Utc>>,
    content: &TrustContent,
    context: &Context,
) -> Result<DateTime<Utc>, Failure> {
    if let Some(stated) = stated {
        return Ok(stated);
    }
    let holds = chain.validity().and_then(Window::start);
    let holds = holds.ok_or_else(|| {
        Failure::new("its certificates state dates that cannot be told", "state the instant: --start INSTANT")
    })?;
    Ok(if content.is_published { holds.max(instants::earliest(content, context)) } else { holds })
}

impl ChainArgs {
    /// The chain, leaf to root, every signature verified.
    pub(crate) fn read(&self, kind: AuthorityKind) -> Result<Chain, Failure> {
        let mut certificates = Vec::new();
        for path in &self.chain {
            let bytes = input::read(path, MAX_CONTAINER_BYTES)?;
            let read = read_certificates(&bytes).map_err(|error| {
                let hint = "name files with the certificates of the chain, in PEM, DER or PKCS#7";
                Failure::new(format!("{}: {error}", path.display()), hint)
            })?;
            certificates.extend(read);
        }
        let files = self.chain.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let hint = match kind {
            AuthorityKind::Ca => "name the certificates of one chain alone: those that issue, up to the root",
            AuthorityKind::Tsa => "name the certificates of one chain alone: the one that signs, up to the root",
        };
        Chain::of(certificates).map_err(|error| {
            let error = rootline::printable::printable(&error.to_string());
            Failure::new(format!("{files}: {error}"), hint)
                .breaking("each certificate of a chain is signed by the next")
        })
    }

    /// What is listed.
    pub(crate) fn authority(
        &self,
        url: &str,
        chain: &Chain,
        valid_for: Window,
    ) -> Result<NewCertificateAuthority, Failure> {
        // As cosign does: the root's, which outlives what is below it.
        let stated = |given: &Option<String>, found: Option<String>, option: &str| {
            given.clone().or(found).filter(|text| !text.is_empty()).ok_or_else(|| {
                let what = format!("the root certificate {} does not say it", chain.anchor().subject());
                Failure::new(what, format!("say what to list it under: {option} TEXT"))
            })
        };
        Ok(NewCertificateAuthority {
            subject: Subject {
                organization: stated(&self.organization, chain.anchor().organization(), "--organization")?,
                common_name: stated(&self.common_name, chain.anchor().common_name(), "--common-name")?,
            },
            uri: url.to_owned(),
            chain: chain.certificates().iter().map(|certificate| certificate.der().to_vec()).collect(),
            valid_for,
            operator: None,
        })
    }
}
