//! The repositories that this user knows, each pinned by its first root, outside of every repository's folder.
//!
//! What is reviewed is compared with what is published, and what is published is verified from its first root on. That root lies in the folder
//! with everything else, so anybody who can write there can put another chain in its place; the digest that is kept here is out of their reach.

mod file;
mod known;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::{Frozen, Published, Request, RoleVersion};
use rootline_client::store::{self, Access};
use rootline_metadata::{Envelope, Role, Root, Version, hex, limits, sha256};

use self::file::PinFile;
use self::known::{Known, Seen};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::input;
use crate::text::visible;

/// The option that says which repository it has to be.
#[derive(Args, Clone, Debug)]
pub(crate) struct RootArgs {
    /// The repository that it has to be: the SHA-256 digest of its root 1, or any root of it that you have kept; `none` before the first
    #[arg(long, value_name = "DIGEST|FILE")]
    root: Option<OsString>,
}

/// What `--root` names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RootArg {
    Digest(String),
    File(PathBuf),
    /// The repository has no root yet.
    None,
}

impl RootArgs {
    fn parse(&self) -> Option<RootArg> {
        self.root.as_deref().map(RootArg::parse)
    }
}

impl RootArg {
    fn parse(text: &OsStr) -> RootArg {
        let digest = text.to_str().map(|text| text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase());
        match digest {
            Some(none) if none == "none" => RootArg::None,
            Some(digest) if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                RootArg::Digest(digest)
            }
            _ => RootArg::File(text.into()),
        }
    }
}

/// The first root of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FirstRoot {
    /// The SHA-256 digest of its file, in hex.
    pub(crate) digest: String,
    /// The SHA-256 digest of what is signed in it, in hex.
    signed: String,
}

impl FirstRoot {
    fn of(published: &Published) -> Option<FirstRoot> {
        let root = published.roots().first()?;
        let hex = |bytes: &[u8]| hex::encode(&sha256(bytes));
        Some(FirstRoot { digest: hex(root.bytes()), signed: hex(&root.envelope().message()) })
    }
}

/// A repository that has been held against the pins.
#[derive(Debug)]
pub(crate) struct Identity {
    pins: Pins,
    name: Option<String>,
    folder: Option<String>,
    root: Option<FirstRoot>,
    known: Known,
    /// The version of the kept root that it was compared with.
    pub(crate) kept_root: Option<Version>,
}

impl Identity {
    /// Holds the repository in the folder against the pins, and refuses another one than this user knows.
    pub(crate) fn of_folder(published: &Published, root: &RootArgs, context: &Context) -> Result<Identity, Failure> {
        let name = context.folder.policy()?.name().to_owned();
        let path = context.folder.path();
        // What cannot be resolved is not there, which was noticed before.
        let folder = path.canonicalize().unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned();
        let given = root.parse();
        let kept_root = match &given {
            Some(RootArg::File(file)) => Some(check_kept(published, file)?),
            _ => None,
        };
        Identity::hold(published, Some(name), Some(folder), given, kept_root, context)
    }

    /// Holds the repository that a request is about against the pins.
    pub(crate) fn of_request(request: &Request, root: &RootArgs, context: &Context) -> Result<Identity, Failure> {
        let given = root.parse();
        let kept_root = match &given {
            Some(RootArg::File(file)) => {
                let own = input::read(file, limits::MAX_ROOT_BYTES)?;
                let checked = request.check_root(&own);
                Some(checked.map_err(|error| Failure::from(error).about(&file.display().to_string()))?)
            }
            _ => None,
        };
        Identity::hold(request.published(), request.repository().map(str::to_owned), None, given, kept_root, context)
    }

    fn hold(
        published: &Published,
        name: Option<String>,
        folder: Option<String>,
        given: Option<RootArg>,
        kept_root: Option<Version>,
        context: &Context,
    ) -> Result<Identity, Failure> {
        let root = FirstRoot::of(published);
        match (&given, &root) {
            (Some(RootArg::Digest(digest)), Some(root)) if *digest != root.digest => {
                return Err(other_root(
                    format!("root 1 is not the one that --root names: it has the digest sha256 {}", root.digest),
                    "do not sign: this is another repository, or one whose roots were replaced",
                ));
            }
            (Some(RootArg::Digest(_)), None) => {
                return Err(other_root(
                    "--root names a root 1, and the repository has none yet".to_owned(),
                    "do not sign: its roots were removed, or this is another repository",
                ));
            }
            (Some(RootArg::None), Some(root)) => {
                return Err(other_root(
                    format!(
                        "--root says that the repository has no root yet, and its root 1 is sha256 {}",
                        root.digest
                    ),
                    "name the digest instead of none, if it is the one that you know",
                ));
            }
            _ => {}
        }
        let pins = Pins::of(context);
        let known = {
            let seen = Seen {
                name: name.as_deref(),
                folder: folder.as_deref(),
                root: root.as_ref(),
                is_given: given.is_some(),
            };
            known::find(&pins.read()?.repositories, &seen)?
        };
        Ok(Identity { pins, name, folder, root, known, kept_root })
    }

    /// Warns of a repository that is seen for the first time, and of a name that is another one's.
    pub(crate) fn warn(&self, context: &Context) {
        let name =
            self.name.as_deref().map_or_else(|| "the repository".to_owned(), |name| format!("{:?}", visible(name)));
        match (&self.known, &self.root) {
            (Known::First { signed_another }, Some(root)) => {
                if *signed_another {
                    context.terminal.warning(format_args!("root 1 of {name} is not one that you have signed"));
                }
                context.terminal.warning(format_args!(
                    "{name} is seen here for the first time, so nothing vouches for its root 1: sha256 {}",
                    root.digest
                ));
                context.terminal.hint(format_args!(
                    "compare this digest with what its maintainers have told you in another way; it is remembered from now on"
                ));
            }
            (Known::Pinned { as_name: Some(before) }, _) => context
                .terminal
                .warning(format_args!("{name} was called {:?} when you last signed for it", visible(before))),
            (Known::NoRoot { name_of: Some(other) }, _) => {
                context.terminal.warning(format_args!(
                    "you know another repository that is called {name}, with the root 1 sha256 {other}; this one has no root yet"
                ));
            }
            _ => {}
        }
    }

    /// Remembers the repository. Where that cannot be done, says so and goes on.
    pub(crate) fn remember(&self, context: &Context) {
        let Some(root) = &self.root else { return };
        let (name, folder) = (self.name.as_deref(), self.folder.as_deref());
        self.pins.change(context, |file| known::pin(&mut file.repositories, name, folder, root));
    }

    /// Remembers what this user has signed as root 1, by which it is known once it is complete.
    pub(crate) fn remember_signed(&self, frozen: &Frozen, parts: &[RoleVersion], context: &Context) {
        let is_first_root = |part: &&RoleVersion| part.role.name() == Root::TYPE && part.version == Version::FIRST;
        let message = parts.iter().find(is_first_root).and_then(|part| frozen.message(part));
        let Some(signed) = message.map(|message| hex::encode(&sha256(&message))) else { return };
        let (name, folder) = (self.name.as_deref(), self.folder.as_deref());
        self.pins.change(context, |file| known::note_signed(&mut file.repositories, name, folder, signed));
    }
}

/// Holds the repository in the folder against the pins for a command that shows no review: warns of one that is seen for the first time, and
/// remembers it.
pub(crate) fn check_folder(published: &Published, context: &Context) -> Result<(), Failure> {
    let identity = Identity::of_folder(published, &RootArgs { root: None }, context)?;
    identity.warn(context);
    identity.remember(context);
    Ok(())
}

/// The version of a kept root, which has to be among those that are published.
fn check_kept(published: &Published, file: &Path) -> Result<Version, Failure> {
    let own = input::read(file, limits::MAX_ROOT_BYTES)?;
    let root = Envelope::<Root>::parse(own.clone(), limits::MAX_ROOT_BYTES).map_err(|error| {
        Failure::new(
            format!("{} is not a root: {error}", file.display()),
            "name a root of the repository that you have kept, or the digest of its root 1",
        )
    })?;
    let version = root.unverified().version();
    let hint = "do not sign: this is another repository, or one whose roots were replaced";
    match published.roots().iter().find(|root| root.version() == version) {
        Some(same) if same.bytes() == own => Ok(version),
        Some(_) => Err(other_root(format!("the repository has another root {version} than {}", file.display()), hint)),
        None => {
            Err(other_root(format!("the repository does not have root {version}, which {} is", file.display()), hint))
        }
    }
}

fn other_root(what: String, hint: &str) -> Failure {
    Failure::new(what, hint).breaking(PINNED)
}

/// What a refusal breaks.
const PINNED: &str = "a repository is known by its root 1";

/// Most places of private keys that are remembered; the newest ones.
const MAX_SIGNERS: usize = 256;

/// Where the pins of this user are.
#[derive(Clone, Debug)]
pub(crate) struct Pins {
    /// `None` when this user has no configuration folder.
    folder: Option<PathBuf>,
}

impl Pins {
    const FILE: &str = "pins.toml";
    const LOCK: &str = "pins.lock";

    pub(crate) fn of(context: &Context) -> Pins {
        Pins { folder: context.configuration.clone() }
    }

    fn read(&self) -> Result<PinFile, Failure> {
        match &self.folder {
            Some(folder) => PinFile::read(&folder.join(Pins::FILE)),
            None => Ok(PinFile::default()),
        }
    }

    /// Whether this user has named this place of a private key, by its recorded URI.
    pub(crate) fn has_signer(&self, uri: &str) -> Result<bool, Failure> {
        Ok(self.read()?.signers.iter().any(|known| known == uri))
    }

    /// Remembers the place of a private key that this user has named.
    pub(crate) fn remember_signer(&self, uri: &str, context: &Context) {
        self.change(context, |file| {
            if !file.signers.iter().any(|known| known == uri) {
                file.signers.push(uri.to_owned());
                let older = file.signers.len().saturating_sub(MAX_SIGNERS);
                file.signers.drain(..older);
            }
        });
    }

    /// Changes what is remembered. Where it cannot be kept, a warning says so: what is signed was held against what is remembered already.
    fn change(&self, context: &Context, change: impl FnOnce(&mut PinFile)) {
        if let Err(failure) = self.try_change(change) {
            context.terminal.warning(format_args!("not remembered for the next time: {}", failure.what()));
            if let Some(hint) = failure.hint() {
                context.terminal.hint(format_args!("{hint}"));
            }
        }
    }

    fn try_change(&self, change: impl FnOnce(&mut PinFile)) -> Result<(), Failure> {
        let Some(folder) = &self.folder else {
            return Err(Failure::new(
                "this user has no configuration folder",
                "name one with --config DIR or ROOTLINE_CONFIG",
            ));
        };
        let path = folder.join(Pins::FILE);
        let mut changed = PinFile::read(&path)?;
        let before = changed.clone();
        change(&mut changed);
        if changed == before {
            return Ok(());
        }
        store::make_folder(folder, Access::Owner)?;
        // Read again under the lock: another command may have written meanwhile.
        let _lock = store::try_lock_file(folder.join(Pins::LOCK), Access::Owner)?;
        let now = PinFile::read(&path)?;
        if now != before {
            return Err(Failure::new("another rootline-repo has just changed the pins", "run this again"));
        }
        changed.write(&path)
    }
}
