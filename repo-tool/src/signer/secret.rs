//! Sources of passphrases and PINs.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use rootline::terminal::Terminal;
use zeroize::Zeroizing;

use super::KEY_ACCESS;
use super::file::is_open_to_others;
use super::pkcs11_uri::Pkcs11Uri;
use crate::commands::local_path;
use crate::failure::Failure;
use crate::folder::input::{MAX_KEY, read_text};

/// The source of a passphrase.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PassphraseArgs {
    /// Read the passphrase from the first line of this file [default: ROOTLINE_PASSPHRASE, or a prompt]
    #[arg(value_parser = local_path(), long, help_heading = KEY_ACCESS, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// The source of a token's PIN.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TokenPinArgs {
    /// Read the token's PIN from the first line of this file [default: the URI's, ROOTLINE_PIN, or a prompt]
    #[arg(value_parser = local_path(), long, help_heading = KEY_ACCESS, value_name = "FILE")]
    pub(crate) pin_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// Returns the passphrase of an existing key.
    pub(crate) fn existing(&self, path: &Path) -> Result<Zeroizing<String>, Failure> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => not_empty(PASSPHRASE, prompt(PASSPHRASE, &format!("passphrase for {}: ", path.display()))?),
        }
    }

    /// Returns the passphrase for a new key; a prompt asks for it twice.
    pub(crate) fn new_one(&self, path: &Path) -> Result<Zeroizing<String>, Failure> {
        if let Some(passphrase) = self.given()? {
            return Ok(passphrase);
        }
        let first = prompt(PASSPHRASE, &format!("new passphrase for {}: ", path.display()))?;
        let first = not_empty(PASSPHRASE, first)?;
        let second = prompt(PASSPHRASE, "repeat it: ")?;
        if first != second {
            return Err(Failure::new("the two passphrases differ", "run this again"));
        }
        Ok(first)
    }

    fn given(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        given(PASSPHRASE, self.passphrase_file.as_deref())
    }
}

impl TokenPinArgs {
    /// Returns the PIN of a token: a source for this token comes before one for all tokens.
    pub(crate) fn pin(&self, uri: &Pkcs11Uri, token: &str) -> Result<Zeroizing<String>, Failure> {
        match self.given(uri)? {
            Some(pin) => Ok(pin),
            None => not_empty(PIN, prompt(PIN, &format!("PIN of {token}: "))?),
        }
    }

    /// Returns the PIN without a prompt; `None` when no source has it.
    pub(crate) fn given(&self, uri: &Pkcs11Uri) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(pin) = &uri.pin_value {
            return not_empty(PIN, pin.clone()).map(Some);
        }
        match &uri.pin_source {
            Some(path) => given(PIN, Some(path)),
            None => given(PIN, self.pin_file.as_deref()),
        }
    }
}

/// A kind of secret, with its words in messages.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    variable: &'static str,
    option: &'static str,
    if_empty: &'static str,
}

/// The variables of the environment that hold secrets.
pub(super) const SECRET_VARIABLES: [&str; 2] = [PASSPHRASE.variable, PIN.variable];

const PASSPHRASE: Kind = Kind {
    name: "passphrase",
    variable: "ROOTLINE_PASSPHRASE",
    option: "--passphrase-file FILE",
    if_empty: "choose one, or leave the key unencrypted with --plain",
};

const PIN: Kind = Kind {
    name: "PIN",
    variable: "ROOTLINE_PIN",
    option: "--pin-file FILE",
    if_empty: "check the source of the PIN: --pin-file, ROOTLINE_PIN, or pin-source in the URI",
};

/// Editors of Windows put a byte order mark before it, which nobody types.
fn first_line(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).lines().next().unwrap_or_default()
}

fn given(kind: Kind, path: Option<&Path>) -> Result<Option<Zeroizing<String>>, Failure> {
    if let Some(path) = path {
        if is_open_to_others(path).unwrap_or(false) {
            let terminal = Terminal::new();
            terminal.warning(format_args!("the {} file {} can be read by others", kind.name, path.display()));
            terminal.hint(format_args!("chmod 600 {}", path.display()));
        }
        let text = Zeroizing::new(read_text(&format!("read the {} file", kind.name), path, MAX_KEY)?);
        return not_empty(kind, Zeroizing::new(first_line(&text).to_owned())).map(Some);
    }
    match std::env::var(kind.variable) {
        Ok(secret) => not_empty(kind, Zeroizing::new(secret)).map(Some),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::new(
            format!("{} is not Unicode", kind.variable),
            format!("give the {} in a file: {}", kind.name, kind.option),
        )),
    }
}

fn prompt(kind: Kind, question: &str) -> Result<Zeroizing<String>, Failure> {
    let no_terminal = || {
        Failure::new(
            format!("a {} is needed, and there is no terminal to ask at", kind.name),
            format!("give it with {} or in {}", kind.option, kind.variable),
        )
    };
    if !io::stdin().is_terminal() {
        return Err(no_terminal());
    }
    rpassword::prompt_password(question).map(Zeroizing::new).map_err(|_| no_terminal())
}

fn not_empty(kind: Kind, secret: Zeroizing<String>) -> Result<Zeroizing<String>, Failure> {
    if secret.is_empty() {
        return Err(Failure::new(format!("the {} is empty", kind.name), kind.if_empty));
    }
    Ok(secret)
}
