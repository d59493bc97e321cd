//! A token that is present.

use std::fmt;

use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use rootline::terminal::Terminal;
use zeroize::Zeroizing;

use super::error::{Doing, failure};
use super::module::Module;
use crate::failure::Failure;
use crate::signer::pkcs11_uri::Pkcs11Uri;
use crate::signer::{Details, TokenPinArgs};
use crate::text::plain;

/// The description of a token, without what changes in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(super) slot: Slot,
    label: String,
    serial: String,
    manufacturer: String,
    model: String,
    firmware: String,
    login_required: bool,
    has_keypad: bool,
}

impl Token {
    pub(super) fn new(slot: Slot, info: &TokenInfo) -> Token {
        Token {
            slot,
            label: info.label().to_owned(),
            serial: info.serial_number().to_owned(),
            manufacturer: info.manufacturer_id().to_owned(),
            model: info.model().to_owned(),
            firmware: info.firmware_version().to_string(),
            login_required: info.login_required(),
            has_keypad: info.protected_authentication_path(),
        }
    }

    /// Whether it matches the URI.
    pub(super) fn matches(&self, uri: &Pkcs11Uri) -> bool {
        let fits = |wanted: &Option<String>, own: &String| wanted.as_ref().is_none_or(|wanted| wanted == own);
        fits(&uri.token, &self.label)
            && fits(&uri.serial, &self.serial)
            && fits(&uri.manufacturer, &self.manufacturer)
            && fits(&uri.model, &self.model)
            && uri.slot_id.is_none_or(|slot| slot == self.slot.id())
    }

    /// A URI that selects this token alone.
    pub(crate) fn uri(&self) -> Pkcs11Uri {
        Pkcs11Uri { token: Some(self.label.clone()), serial: Some(self.serial.clone()), ..Pkcs11Uri::default() }
    }

    /// A URI that selects a key on it: by its id, which is the same for the private half, the public half and the certificate, or by its label
    /// if it has no id.
    pub(super) fn key_uri(&self, id: &[u8], label: &str) -> Pkcs11Uri {
        match id {
            [] => Pkcs11Uri { object: Some(label.to_owned()), ..self.uri() },
            id => Pkcs11Uri { id: Some(id.to_owned()), ..self.uri() },
        }
    }

    pub(crate) fn details(&self) -> Details {
        vec![
            ("token", plain(&self.label)),
            ("serial", plain(&self.serial)),
            ("manufacturer", plain(&self.manufacturer)),
            ("model", plain(&self.model)),
            ("firmware", self.firmware.clone()),
        ]
    }

    pub(super) fn session(&self, module: &Module) -> Result<Session, Failure> {
        Ok(module.read_only_session(self).map_err(|error| failure(&Doing::Open, self, module, &error))?)
    }

    /// Logs in, with the PIN or at the token's own keypad. A wrong PIN is never tried again. Returns the PIN, as some keys need it again.
    pub(super) fn log_in(
        &self,
        module: &Module,
        session: &Session,
        uri: &Pkcs11Uri,
        pin: &TokenPinArgs,
        terminal: &Terminal,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        if !self.login_required {
            return Ok(None);
        }
        if uri.pin_value.is_some() {
            terminal.warning(format_args!(
                "every user of this machine can see a PIN on the command line: write it to a file, and name the file in pin-source"
            ));
        }
        let pin = match pin.given(uri)? {
            None if self.has_keypad => {
                terminal.request(format_args!("enter the PIN at the keypad of {self}"));
                None
            }
            None => Some(pin.pin(uri, &self.to_string())?),
            given => given,
        };
        let auth_pin = pin.as_deref().map(|pin| AuthPin::from(pin.as_str()));
        match session.login(UserType::User, auth_pin.as_ref()) {
            // Another URI of this run has the same token.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(pin),
            Err(error) => Err(failure(&Doing::LogIn, self, module, &error).into()),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token {} (serial {})", plain(&self.label), plain(&self.serial))
    }
}
