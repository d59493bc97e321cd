//! `rootline export`: the trust root for a site without a network, or for another program.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rootline_client::bundle::{Bundle, BundleLimits, Contents, every_target, fetch_earlier_roots};
use rootline_client::client::trust_root::{TRUSTED_ROOT, wanted_if_listed};
use rootline_client::export::{
    ClientUrl, ExportError, PemIndex, client_trust_config, cosign, pem, sigstore_js, sigstore_python, trust_root,
    trusted_root_line, write_all,
};
use rootline_client::store::{Access, write_file};
use rootline_client::workflow::TargetQuery;
use rootline_metadata::TargetPath;
use serde_json::json;

use crate::failure::Failure;
use crate::freshness::{FreshnessArgs, failure, freshness_json, freshness_line};
use crate::repository::{Repository, RepositoryArgs};
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline export --output sigstore.bundle          for a site without a network, to be imported
  rootline export --output sigstore.bundle --target artifact.pub --all-roots
  rootline export --format trusted-root > trusted_root.json
  rootline export --format jsonl --instance github > trusted_root.jsonl
  rootline export --format pem --output certificates
  rootline export --format cosign --output ~/.sigstore/root
  rootline export --format sigstore-python --output ~ --offline

What is written is verified, and fresh or within what --offline allows. The same files give the \
same bytes. A bundle is a tar; unpacked, it is a mirror for any TUF client. In the folder of \
another client only files of this repository are replaced, and none by an older one.")]
pub(crate) struct ExportArgs {
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Bundle)]
    format: Format,

    /// Where to write it: a file, or the folder of PEM files or of another client; - is standard output, where documents go
    /// without it
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Take this target along; the trust root always comes along. May be given several times. For bundles and the
    /// folders of other clients
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,

    /// Take every target of the repository along. For bundles and the folders of other clients
    #[arg(long, conflicts_with = "target")]
    all_targets: bool,

    /// Take every root along from the first one, for verifiers who pin an older one than you do. For bundles and sigstore-python
    #[arg(long, conflicts_with = "offline")]
    all_roots: bool,

    /// Print what was written, and until when it may be used, as JSON
    #[arg(long, requires = "output")]
    json: bool,

    /// Write every certificate and key, also those whose window is past or yet to come. For PEM files
    #[arg(long)]
    all: bool,

    /// The URL that the other client asks, by which it finds its folder [default: the repository's]
    #[arg(long, value_name = "URL")]
    client_url: Option<String>,

    #[command(flatten)]
    repository: RepositoryArgs,

    #[command(flatten)]
    freshness: FreshnessArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One file for a site without a network
    Bundle,
    /// trusted_root.json as the repository ships it
    TrustedRoot,
    /// Trusted root and signing config in one document
    ClientTrustConfig,
    /// The trusted root on one line, as GitHub's `gh attestation verify` reads it
    Jsonl,
    /// A folder of PEM files, one for each certificate chain and log key, with an index.json of their windows
    Pem,
    /// The local copy of cosign and sigstore-go: PATH is what TUF_ROOT names. cosign asks for a newer timestamp all the
    /// same; without a network give it the trusted root as a file
    Cosign,
    /// The local copy of sigstore-python on Linux: PATH is a home folder
    SigstorePython,
    /// The local copy of sigstore-js: PATH is its cachePath
    SigstoreJs,
}

impl Format {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn is_folder_of_a_client(self) -> bool {
        matches!(self, Format::Cosign | Format::SigstorePython | Format::SigstoreJs)
    }

    fn is_document(self) -> bool {
        matches!(self, Format::TrustedRoot | Format::ClientTrustConfig | Format::Jsonl)
    }
}

pub(crate) fn run(args: &ExportArgs, terminal: &Terminal) -> Result<(), Failure> {
    args.check()?;
    let mut repository = args.repository.open_to_use(args.freshness.freshness(), terminal)?;
    let contents = args.contents(&mut repository, terminal)?;
    let report = contents.updated().freshness();
    let targets: Vec<String> =
        contents.updated().targets.iter().map(|(found, _)| found.path.as_str().to_owned()).collect();
    if report.is_stale(repository.now) {
        terminal.warning(format_args!("{}", freshness_line(&report, repository.now)));
    }
    let Some(output) = args.place() else {
        let bytes = match args.format {
            Format::Bundle => Bundle::of(contents, &repository.instance.name).to_bytes()?,
            _ => args.document(&contents)?,
        };
        return terminal.bytes(&bytes);
    };
    match args.format {
        Format::Bundle => {
            let bundle = Bundle::of(contents, &repository.instance.name);
            write_file(output, &bundle.to_bytes()?, Access::Umask)?;
        }
        Format::Pem => {
            let trust_root = trust_root(&contents)?;
            let before = PemIndex::read(output)?;
            let files = pem(trust_root.trusted_root(), (!args.all).then_some(repository.now));
            write_all(output, &files)?;
            before.remove_all_but(&files)?;
        }
        Format::Cosign | Format::SigstorePython | Format::SigstoreJs => {
            args.fill_folder(output, &contents, &repository)?
        }
        Format::TrustedRoot | Format::ClientTrustConfig | Format::Jsonl => {
            write_file(output, &args.document(&contents)?, Access::Umask)?;
        }
    }
    match args.json {
        false => terminal.line(format_args!("{}", output.display())),
        true => terminal.json(&json!({
            "instance": repository.instance.name,
            "format": args.format.name(),
            "written_to": output.display().to_string(),
            "freshness": freshness_json(&report, repository.now),
            "targets": targets,
        })),
    }
    Ok(())
}

impl ExportArgs {
    /// Where to write it; none is standard output.
    fn place(&self) -> Option<&PathBuf> {
        self.output.as_ref().filter(|output| output.as_os_str() != "-")
    }

    /// Every option has to mean something for the format.
    fn check(&self) -> Result<(), Failure> {
        let format = self.format;
        let with_targets = format == Format::Bundle || format.is_folder_of_a_client();
        for (option, given, means_something) in [
            ("--target", !self.target.is_empty(), with_targets),
            ("--all-targets", self.all_targets, with_targets),
            ("--all-roots", self.all_roots, matches!(format, Format::Bundle | Format::SigstorePython)),
            ("--all", self.all, format == Format::Pem),
            ("--client-url", self.client_url.is_some(), format.is_folder_of_a_client()),
        ] {
            if given && !means_something {
                let what = format!("{option} means nothing for --format {}", format.name());
                return Err(Failure::new(what, "leave it out; `rootline export --help` says what it is for"));
            }
        }
        let to_standard_output = self.place().is_none();
        if to_standard_output && self.json {
            let what = "standard output has the document, and cannot have a report about it as well";
            return Err(Failure::new(what, "name a place with --output PATH, or leave --json out"));
        }
        // A bundle is nothing to look at, so it goes to standard output only if it is sent there.
        let is_sent_there = self.output.is_some() && format == Format::Bundle;
        if to_standard_output && !format.is_document() && !is_sent_there {
            let what = format!("--format {} needs a place to be written to", format.name());
            return Err(Failure::new(what, "name one with --output PATH"));
        }
        Ok(())
    }

    /// Everything that is wanted, verified: first brought into the local copy, then taken from there.
    fn contents(&self, repository: &mut Repository, terminal: &Terminal) -> Result<Contents, Failure> {
        // A repository need not have a trust root.
        let mut targets: Vec<TargetQuery> = wanted_if_listed().into();
        for name in &self.target {
            let path = TargetPath::new(name.as_str()).ok_or_else(|| {
                Failure::new("a target's name is not empty", "rootline export --output FILE --target trusted_root.json")
            })?;
            targets.retain(|target| target.path != path);
            targets.push(TargetQuery { path, if_listed: false });
        }
        let located = |repository: &Repository, error| repository.located(failure(error, self.freshness.freshness()));
        let updated = repository.update(&targets, terminal);
        let mut updated = updated.map_err(|error| located(repository, error))?;
        if self.all_targets {
            let limits = BundleLimits::default();
            let walked = repository.client.all_delegated_roles(&updated.trusted, limits.files);
            targets = every_target(&walked.map_err(|error| located(repository, error))?, &limits)?;
            let all = repository.update(&targets, terminal);
            updated = all.map_err(|error| located(repository, error))?;
        }
        let instant = updated.trusted.checked_at();
        let (pinned, client) = (&repository.instance.pinned_root, &repository.client);
        let (store, limits) = (client.store(), client.limits());
        let contents = match Contents::of_local_copy(pinned, store, instant, &targets, limits) {
            // Where the copy could not be kept, as was said, the repository still has all of it.
            Err(_) if !self.freshness.freshness().is_offline() => {
                Contents::of_repository(pinned, store, client.transport(), instant, &targets, limits)
            }
            contents => contents,
        };
        let contents = contents.map_err(|error| repository.located(error))?;
        if !self.all_roots {
            return Ok(contents);
        }
        let earlier = fetch_earlier_roots(client.transport(), pinned, client.limits())?;
        Ok(contents.with_earlier_roots(earlier)?)
    }

    fn document(&self, contents: &Contents) -> Result<Vec<u8>, Failure> {
        let trust_root = trust_root(contents)?;
        Ok(match self.format {
            Format::Jsonl => trusted_root_line(&trust_root).into_bytes(),
            Format::ClientTrustConfig => client_trust_config(&trust_root)?.into_bytes(),
            _ => contents.updated().target(TRUSTED_ROOT).map(|bytes| bytes.to_vec()).unwrap_or_default(),
        })
    }

    fn fill_folder(&self, folder: &Path, contents: &Contents, repository: &Repository) -> Result<(), Failure> {
        let url = ClientUrl::new(self.client_url.as_deref().unwrap_or(&repository.instance.metadata_url))?;
        let files = match self.format {
            Format::SigstorePython => sigstore_python(contents, &url)?,
            Format::SigstoreJs => sigstore_js(contents, &url)?,
            _ => cosign(contents, &url)?,
        };
        Ok(write_all(folder, &files)?)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        if let ExportError::TrustRoot(error) = error {
            return error.into();
        }
        let hint = error.hint().unwrap_or("check the path, its permissions and the space on the disk");
        Failure::new(error.to_string(), hint)
    }
}
