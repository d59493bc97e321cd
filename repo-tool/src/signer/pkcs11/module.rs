//! The library that speaks to tokens.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::PathBuf;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::session::Session;

use super::error::code_text;
use super::token::Token;
use crate::failure::Failure;
use crate::signer::ModuleArgs;
use crate::signer::pkcs11_uri::Pkcs11Uri;

/// A PKCS#11 library that has been loaded.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) context: Pkcs11,
    /// The library's file, or its name for the system's loader.
    pub(super) path: PathBuf,
}

/// Most tokens that are read.
const MAX_TOKENS: usize = 64;

impl Module {
    /// Loads the library that the URI names, or else the one for all tokens.
    pub(super) fn load(uri: Option<&Pkcs11Uri>, args: &ModuleArgs) -> Result<Module, Failure> {
        let by_name = |name: &String| PathBuf::from(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"));
        let named = uri.and_then(|uri| uri.module_path.clone().or(uri.module_name.as_ref().map(by_name)));
        let path = named.or_else(|| args.pkcs11_module.clone()).ok_or_else(|| {
            Failure::new(
                "no PKCS#11 library is set for the token",
                "set it with --pkcs11-module FILE, ROOTLINE_PKCS11_MODULE, or ?module-path=FILE in the URI; for a YubiKey: libykcs11.so",
            )
        })?;
        let shown = path.display();
        let context = Pkcs11::new(&path).map_err(|error| {
            let hint = match cfg!(all(target_env = "musl", target_feature = "crt-static")) {
                // The dynamic loader is what such a build leaves out.
                true => "this program is linked statically and loads no libraries: use a build for glibc with tokens",
                false => "check the path, and that this is the token's PKCS#11 library, built for this machine",
            };
            Failure::new(format!("the PKCS#11 library {shown} cannot be loaded: {}", load_text(&error)), hint)
        })?;
        match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // Another URI of this run has the same library.
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(Module { context, path }),
            Err(error) => Err(Failure::new(
                format!("the PKCS#11 library {shown} cannot be initialised: {}", code_text(&error)),
                "see its documentation; SoftHSM reads its configuration from SOFTHSM2_CONF",
            )),
        }
    }

    /// Lists the tokens that are present and initialised.
    pub(super) fn tokens(&self) -> Result<Vec<Token>, Failure> {
        let slots = self.context.get_slots_with_token().map_err(|error| {
            Failure::new(
                format!("the tokens cannot be listed: {}", code_text(&error)),
                "insert the token, and check that the smart card service, such as pcscd, is running",
            )
        })?;
        // One that is taken out at this moment is none that is there.
        let tokens = slots.into_iter().take(MAX_TOKENS).filter_map(|slot| {
            let info = self.context.get_token_info(slot).ok()?;
            info.token_initialized().then(|| Token::new(slot, &info))
        });
        Ok(tokens.collect())
    }

    /// Whether a token is still present, and the same one.
    pub(super) fn has(&self, token: &Token) -> bool {
        self.context.get_token_info(token.slot).is_ok_and(|info| Token::new(token.slot, &info) == *token)
    }

    /// The state of the token's PIN counter, for the end of a sentence.
    pub(super) fn tries_left(&self, token: &Token) -> &'static str {
        match self.context.get_token_info(token.slot) {
            Ok(info) if info.user_pin_locked() => ", and the token is now locked",
            Ok(info) if info.user_pin_final_try() => ", and the next wrong attempt locks the token",
            Ok(info) if info.user_pin_count_low() => ", and the token counts wrong attempts",
            _ => "",
        }
    }

    /// Lists the mechanisms of a token; none when it does not tell.
    pub(super) fn mechanisms(&self, token: &Token) -> Vec<MechanismType> {
        self.context.get_mechanism_list(token.slot).unwrap_or_default()
    }

    pub(super) fn read_write_session(&self, token: &Token) -> Result<Session, Error> {
        self.context.open_rw_session(token.slot)
    }

    pub(super) fn read_only_session(&self, token: &Token) -> Result<Session, Error> {
        self.context.open_ro_session(token.slot)
    }
}

fn load_text(error: &Error) -> String {
    match error {
        Error::LibraryLoading(error) => error.to_string(),
        other => code_text(other),
    }
}
