//! `rootline export`: the trust root for another program.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rootline_client::TrustRoot;
use rootline_client::bundle::Contents;
use rootline_client::export::{
    ClientUrl, ExportError, PemIndex, client_trust_config, cosign, pem, sigstore_js, sigstore_python, trust_root,
    trusted_root_line, write_all,
};
use rootline_client::mirror::LeftOut;
use rootline_client::store::{Access, write_file};
use serde_json::{Value, json};

use crate::contents::ContentsArgs;
use crate::failure::Failure;
use crate::freshness::{FreshnessArgs, freshness_json};
use crate::hint::words;
use crate::repository::{Repository, RepositoryArgs};
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline export --format trusted-root > trusted_root.json
  rootline export --format jsonl --instance github > trusted_root.jsonl
  rootline export --format pem --output certificates
  rootline export --format cosign --output ~/.sigstore/root
  rootline export --format sigstore-python --output ~ --offline

What is written is verified, and fresh or within what --offline allows. The same files give the same bytes. In the folder of \
another client only files of this repository are replaced, and none by an older one. For a site without a network, use \
rootline bundle create.")]
pub(crate) struct ExportArgs {
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Format,

    /// Write to this file, or to this folder of PEM files or of another client; - is standard output, where documents go
    /// without it
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    #[command(flatten)]
    include: ContentsArgs,

    /// Print the written files and their expiry as JSON
    #[arg(long, requires = "output")]
    json: bool,

    /// For PEM files: include certificates and keys whose window is past or yet to come
    #[arg(long, hide_short_help = true)]
    all: bool,

    /// The URL that the other client asks, by which it finds its folder [default: the repository's]
    #[arg(long, hide_short_help = true, value_name = "URL")]
    client_url: Option<String>,

    #[command(flatten)]
    freshness: FreshnessArgs,

    #[command(flatten)]
    repository: RepositoryArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// trusted_root.json as the repository ships it
    TrustedRoot,
    /// Trusted root and signing config in one document
    ClientTrustConfig,
    /// The trusted root on one line, as GitHub's `gh attestation verify` reads it
    Jsonl,
    /// A folder of PEM files, one for each certificate chain and log key, with an index.json of their windows
    Pem,
    /// The cache of cosign and sigstore-go: PATH is what TUF_ROOT names. cosign asks for a newer timestamp all the
    /// same; without a network give it the trusted root as a file
    Cosign,
    /// The cache of sigstore-python on Linux: PATH is a home folder
    SigstorePython,
    /// The cache of sigstore-js: PATH is its cachePath
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
    let (contents, left_out) = args.include.collect(&mut repository, &args.freshness, terminal)?;
    let Some(output) = args.place() else { return terminal.bytes(&args.document(&contents)?) };
    match args.format {
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
        false => terminal.report(format_args!("{}", output.display())),
        true => terminal.json(&written(&args.format.name(), output, &contents, &left_out, &repository)),
    }
    Ok(())
}

/// The written file or folder, and its expiry.
pub(crate) fn written(
    format: &str,
    output: &Path,
    contents: &Contents,
    left_out: &[LeftOut],
    repository: &Repository,
) -> Value {
    let targets = contents.updated().targets.iter().map(|(found, _)| found.path.as_str());
    json!({
        "instance": repository.instance.name,
        "export_format": format,
        "written_to": output.display().to_string(),
        "freshness": freshness_json(&contents.updated().freshness(), repository.now),
        "targets": targets.collect::<Vec<_>>(),
        "left_out": left_out.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

impl ExportArgs {
    /// The place to write to; `None` for standard output.
    fn place(&self) -> Option<&PathBuf> {
        self.output.as_ref().filter(|output| output.as_os_str() != "-")
    }

    /// Every option has to mean something for the format.
    fn check(&self) -> Result<(), Failure> {
        let format = self.format;
        let (include, is_folder) = (&self.include, format.is_folder_of_a_client());
        for (option, given, means_something) in [
            ("--target", !include.target.is_empty(), is_folder),
            ("--all-targets", include.all_targets, is_folder),
            ("--all-roots", include.all_roots, format == Format::SigstorePython),
            ("--all", self.all, format == Format::Pem),
            ("--client-url", self.client_url.is_some(), is_folder),
        ] {
            if given && !means_something {
                let what = format!("{option} does not apply to --format {}", format.name());
                return Err(Failure::new(what, "remove it; see rootline export --help"));
            }
        }
        let to_standard_output = self.place().is_none();
        if to_standard_output && self.json {
            let what = "the document and its report cannot both go to standard output";
            return Err(Failure::new(what, "write it with --output PATH, or omit --json"));
        }
        if to_standard_output && !format.is_document() {
            let what = format!("--format {} needs --output", format.name());
            return Err(Failure::new(what, "set --output PATH"));
        }
        Ok(())
    }

    fn document(&self, contents: &Contents) -> Result<Vec<u8>, Failure> {
        let trust_root = trust_root(contents)?;
        Ok(match self.format {
            Format::Jsonl => trusted_root_line(&trust_root).into_bytes(),
            Format::ClientTrustConfig => client_trust_config(&trust_root)?.into_bytes(),
            _ => contents.updated().target(TrustRoot::TRUSTED_ROOT).map(|bytes| bytes.to_vec()).unwrap_or_default(),
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
        let hint =
            error.hint().and_then(words).unwrap_or("check the path, its permissions and the free space on the disk");
        Failure::new(error.to_string(), hint)
    }
}
