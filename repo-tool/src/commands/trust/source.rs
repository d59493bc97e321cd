//! Where the content of a trust root comes from: a file, or another repository, verified from its pinned root.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline::network::{Network, NetworkArgs};
use rootline_ceremonies::SIGSTORE_TRUSTED_ROOT;
use rootline_ceremonies::review::{Content, MAX_BYTES, SIGNING_CONFIG, TRUSTED_ROOT};
use rootline_client::store::MemoryStore;
use rootline_client::transport::{HttpSettings, OpenTransport};
use rootline_client::workflow::{Check, Trusted};
use rootline_client::{Client, Error, Instance};
use rootline_metadata::TargetPath;
use rootline_metadata::json::Value;
use rootline_metadata::sigstore::lint::LegacyTarget;
use rootline_metadata::sigstore::{TrustedRoot, TrustedRootFormat};

use crate::commands::{is_url, local_path};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::input::{self, max_file};

/// The checks that a repository fails which was not renewed, as private ones often are not.
const EXPIRIES: [Check; 4] = [Check::RootExpiry, Check::TimestampExpiry, Check::SnapshotExpiry, Check::TargetsExpiry];

/// Most targets that old clients read: all of them are downloaded. Sigstore's repository has seven.
const MAX_LEGACY_TARGETS: usize = 64;

/// The documents of one instance, byte for byte as they came where they came as files.
pub(super) struct Documents {
    pub(super) trusted_root: Vec<u8>,
    pub(super) signing_config: Option<Vec<u8>>,
}

/// How another repository is verified and reached.
#[derive(Args, Debug)]
pub(super) struct RepositoryArgs {
    /// The root of that repository that you trust, for a URL or a folder
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    root: Option<PathBuf>,

    #[command(flatten)]
    network: NetworkArgs,
}

impl Documents {
    /// Nothing to trust yet.
    pub(super) fn empty() -> Documents {
        let trusted_root = TrustedRoot::empty(TrustedRootFormat::V01).to_json().into_bytes();
        Documents { trusted_root, signing_config: None }
    }

    /// Sigstore's public-good instance, as it is built in.
    pub(super) fn sigstore() -> Documents {
        Documents { trusted_root: SIGSTORE_TRUSTED_ROOT.to_vec(), signing_config: None }
    }

    /// A trust root in a file, or a client trust config, which has both.
    pub(super) fn of_file(path: &Path) -> Result<Documents, Failure> {
        let bytes = input::read(path, MAX_BYTES)?;
        match Content::read(TRUSTED_ROOT, &bytes) {
            Content::ClientTrustConfig(both) => Ok(Documents {
                trusted_root: both.trusted_root().to_json().into_bytes(),
                signing_config: Some(both.signing_config().to_json().into_bytes()),
            }),
            Content::TrustedRoot(_) => Ok(Documents { trusted_root: bytes, signing_config: None }),
            Content::Unreadable { why, .. } => Err(Failure::new(
                format!("{}: {why}", path.display()),
                "name a trusted_root.json or a client trust config",
            )),
            other => Err(Failure::new(
                format!("{} is not a trust root: it is {}", path.display(), other.kind()),
                "name a trusted_root.json or a client trust config",
            )),
        }
    }

    /// What a repository publishes, at a URL or in a folder, verified as every verifier does.
    pub(super) fn of_repository(place: &str, args: &RepositoryArgs, context: &Context) -> Result<Documents, Failure> {
        let mut repository = OpenRepository::open(place, args, context)?;
        let trusted_root = repository.target(TRUSTED_ROOT)?.ok_or_else(|| {
            let what = format!("{} publishes no {TRUSTED_ROOT}", rootline::printable::printable(place));
            Failure::new(what, "name a repository that carries a Sigstore trust root")
        })?;
        Ok(Documents { trusted_root, signing_config: repository.target(SIGNING_CONFIG)? })
    }

    /// The files in which they are shipped.
    pub(super) fn files(&self, context: &Context) -> Result<Vec<(PathBuf, &[u8])>, Failure> {
        let mut files = vec![(context.folder.target_path(TRUSTED_ROOT)?, self.trusted_root.as_slice())];
        if let Some(bytes) = &self.signing_config {
            files.push((context.folder.target_path(SIGNING_CONFIG)?, bytes));
        }
        Ok(files)
    }

    /// What is named: `empty`, `sigstore`, a file, or a repository by its URL or folder.
    pub(super) fn of(named: &str, args: &RepositoryArgs, context: &Context) -> Result<Documents, Failure> {
        match named {
            "empty" => Ok(Documents::empty()),
            "sigstore" => Ok(Documents::sigstore()),
            place if is_url(Path::new(place)) || Path::new(place).is_dir() => {
                Documents::of_repository(place, args, context)
            }
            file => Documents::of_file(Path::new(file)),
        }
    }
}

/// A repository that is verified from its pinned root.
pub(super) struct OpenRepository {
    client: Client<OpenTransport, MemoryStore>,
    trusted: Trusted,
}

/// A target that old clients read: its name, what is said of it, and the file.
pub(super) type LegacyFile = (String, Option<Value>, Vec<u8>);

impl OpenRepository {
    pub(super) fn open(place: &str, args: &RepositoryArgs, context: &Context) -> Result<OpenRepository, Failure> {
        let root = args.root.as_deref().ok_or_else(|| {
            let shown = rootline::printable::printable(place);
            let what = format!("{shown} is verified from a root that you trust, and none is named");
            Failure::new(what, "name the one that its verifiers are given: --root FILE")
        })?;
        let root = input::read(root, max_file() as usize)?;
        let instance = Instance::at(place, root.clone());
        let transport = instance.transport(&args.settings()?).map_err(|error| failure(error.into()))?;
        let mut client = Client::new(root, transport, MemoryStore::new());
        let trusted = client.refresh(context.now).map_err(|error| match &error {
            Error::Refused(refusal) if EXPIRIES.contains(&refusal.check) => failure(error).with_hint(
                "to take what it was before that: --at INSTANT; or name its files one by one, where you trust them",
            ),
            _ => failure(error),
        })?;
        Ok(OpenRepository { client, trusted })
    }

    /// A target, if it is listed.
    pub(super) fn target(&mut self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self.client.target(&self.trusted, &path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::Refused(refusal)) if refusal.check == Check::TargetKnown => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// The targets that old clients read.
    pub(super) fn legacy_targets(&mut self) -> Result<Vec<LegacyFile>, Failure> {
        let mut listed = Vec::new();
        for (name, file) in self.trusted.targets().targets() {
            let custom = file.and_then(|file| file.custom);
            if LegacyTarget::read(&name, custom.as_ref(), &[]).is_some() {
                listed.push((name.into_owned(), custom));
            }
        }
        if listed.len() > MAX_LEGACY_TARGETS {
            let what = format!("the repository lists {} targets with a usage of Sigstore's", listed.len());
            return Err(Failure::new(what, format!("at most {MAX_LEGACY_TARGETS} are read: name files one by one")));
        }
        let mut files = Vec::with_capacity(listed.len());
        for (name, custom) in listed {
            let target = TargetPath::new(&*name).ok_or_else(|| {
                let shown = rootline::printable::printable(&name);
                Failure::new(format!("{shown} is not a path"), "name the files one by one")
            })?;
            let bytes = self.client.target(&self.trusted, &target).map_err(failure)?;
            files.push((name, custom, bytes));
        }
        Ok(files)
    }
}

impl RepositoryArgs {
    /// How the network is used.
    pub(super) fn settings(&self) -> Result<HttpSettings, Failure> {
        Ok(self.network.settings()?)
    }
}

fn path(name: &str) -> TargetPath {
    TargetPath::new(name).expect("the names of Sigstore's documents are paths")
}

pub(super) fn failure(error: Error) -> Failure {
    rootline::failure::Failure::from(error).into()
}
