//! Private keys in files, on tokens, in key management services and behind plugins.

#[cfg(feature = "awskms")]
mod aws_kms;
mod challenge;
mod file;
pub(crate) mod pkcs11;
mod pkcs11_uri;
mod plugin;
mod secret;
mod uri;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Instant;

use chrono::TimeDelta;
use clap::Args;
use rootline::terminal::Terminal;
use rootline_ceremonies::{SignatureSource, Signer, SignerError, sign_verified};
use rootline_metadata::PublicKey;
use rootline_metadata::parse_duration;

pub(crate) use self::pkcs11_uri::Pkcs11Uri;
pub(crate) use self::secret::{PassphraseArgs, TokenPinArgs};
pub(crate) use self::uri::{SignerUri, recorded_place};
use crate::commands::local_path;
use crate::failure::Failure;
use crate::journal;

/// The heading of the options that open a key.
pub(crate) const KEY_ACCESS: &str = "Key access";

/// The options that open a signer, beside its URI.
#[derive(Args, Clone, Debug)]
pub(crate) struct SignerArgs {
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArgs,

    #[command(flatten)]
    pub(crate) pin: TokenPinArgs,

    #[command(flatten)]
    pub(crate) module: ModuleArgs,

    /// Use a private key in a file that others can read
    #[arg(long, hide_short_help = true, help_heading = KEY_ACCESS)]
    pub(crate) allow_readable_key: bool,

    /// The time limit of one request to a plugin or key management service
    #[arg(long, hide_short_help = true, help_heading = KEY_ACCESS, value_name = "TIME", default_value = "2m", value_parser = parse_duration)]
    pub(crate) signer_timeout: TimeDelta,
}

/// The PKCS#11 library for tokens.
#[derive(Args, Clone, Debug)]
pub(crate) struct ModuleArgs {
    /// The PKCS#11 library for tokens, unless the URI has a module-path
    #[arg(value_parser = local_path(), long, hide_short_help = true, help_heading = KEY_ACCESS, value_name = "FILE", env = "ROOTLINE_PKCS11_MODULE")]
    pub(crate) pkcs11_module: Option<PathBuf>,
}

/// A private key that is ready to sign.
#[derive(Debug)]
pub(crate) struct OpenSigner {
    uri: SignerUri,
    signer: Box<dyn Signer>,
    details: Details,
}

/// Details of the place of a key, under names that are the same in text and in JSON.
pub(crate) type Details = Vec<(&'static str, String)>;

impl OpenSigner {
    /// Opens the signer that a URI names, and asks for a passphrase or a PIN if one is needed.
    pub(crate) fn open(uri: &OsStr, args: &SignerArgs, terminal: &Terminal) -> Result<OpenSigner, Failure> {
        OpenSigner::open_uri(SignerUri::parse(uri)?, args, terminal)
    }

    pub(crate) fn open_uri(uri: SignerUri, args: &SignerArgs, terminal: &Terminal) -> Result<OpenSigner, Failure> {
        let begun = Instant::now();
        let (signer, details): (Box<dyn Signer>, Details) = match &uri {
            SignerUri::File(path) => {
                let key = file::read(path, &args.passphrase, args.allow_readable_key)?;
                (Box::new(key), Details::new())
            }
            SignerUri::Pkcs11(uri) => {
                let (signer, details) = pkcs11::open(uri, &args.pin, &args.module, terminal)?;
                (Box::new(signer), details)
            }
            #[cfg(feature = "awskms")]
            SignerUri::AwsKms(uri) => {
                let (signer, details) = aws_kms::open(uri, args.signer_timeout)?;
                (Box::new(signer), details)
            }
            #[cfg(not(feature = "awskms"))]
            SignerUri::AwsKms(_) => {
                return Err(Failure::new(
                    "this rootline-repo was built without AWS KMS",
                    "build it with: cargo install --path repo-tool --features awskms",
                ));
            }
            SignerUri::Plugin(uri) => (Box::new(plugin::open(uri, args.signer_timeout)?), Details::new()),
        };
        let time = begun.elapsed().as_millis();
        journal::note(format_args!("asked {} for its public key, {time} ms", uri.recorded()));
        Ok(OpenSigner { uri, signer, details })
    }

    /// The kind of signer, without anything of where it is.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.uri {
            SignerUri::File(_) => "file",
            SignerUri::Pkcs11(_) => "pkcs11",
            SignerUri::AwsKms(_) => "awskms",
            SignerUri::Plugin(_) => "plugin",
        }
    }

    /// How it signed just now.
    pub(crate) fn source(&self, way: &str, is_review_shown: bool) -> SignatureSource {
        SignatureSource {
            way: way.to_owned(),
            signer: Some(self.kind().to_owned()),
            review: Some(is_review_shown),
            tool: Some(concat!("rootline-repo ", env!("CARGO_PKG_VERSION")).to_owned()),
        }
    }

    /// Opens several signers, in their order.
    pub(crate) fn open_all(
        uris: &[OsString],
        args: &SignerArgs,
        terminal: &Terminal,
    ) -> Result<Vec<OpenSigner>, Failure> {
        uris.iter().map(|uri| OpenSigner::open(uri, args, terminal)).collect()
    }

    /// The URI that it was opened by.
    pub(crate) fn uri(&self) -> &SignerUri {
        &self.uri
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.signer.public_key()
    }

    /// The details of its place.
    pub(crate) fn details(&self) -> &[(&'static str, String)] {
        &self.details
    }

    pub(crate) fn as_signer(&self) -> &dyn Signer {
        &*self.signer
    }

    /// Signs, and verifies the signature.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let begun = Instant::now();
        let signature = sign_verified(&*self.signer, message);
        let time = begun.elapsed().as_millis();
        journal::note(format_args!("asked {} to sign {} bytes, {time} ms", self.uri.recorded(), message.len()));
        signature
    }

    /// Has it sign an unpredictable challenge that can never pass for metadata.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let begun = Instant::now();
        let checked = challenge::check(&*self.signer);
        let time = begun.elapsed().as_millis();
        journal::note(format_args!("asked {} to sign a challenge, {time} ms", self.uri.recorded()));
        Ok(checked?)
    }
}
