//! The errors of tokens, as failures with hints.

use cryptoki::error::{Error, RvError};
use rootline_ceremonies::SignerError;

use super::module::Module;
use super::token::Token;

/// The operation that a token refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doing {
    Open,
    LogIn,
    Sign,
    Generate,
}

impl Doing {
    fn text(self) -> &'static str {
        match self {
            Doing::Open => "cannot be opened",
            Doing::LogIn => "does not allow a login",
            Doing::Sign => "does not sign",
            Doing::Generate => "does not generate a key",
        }
    }
}

/// Maps a refusal to a failure with a hint. A token that was removed is reported as removed, under any error code.
pub(super) fn failure(doing: &Doing, token: &Token, module: &Module, error: &Error) -> SignerError {
    let not_signed = |what: String, hint: &str| SignerError::NotSigned { what, hint: hint.to_owned() };
    let code = match error {
        Error::Pkcs11(code, _) => Some(code),
        _ => None,
    };
    match code {
        Some(RvError::PinLocked) => not_signed(
            format!("the PIN of {token} is locked after too many wrong attempts"),
            "unlock it with the token's tools, and the security officer's PIN or the PUK",
        ),
        Some(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) => not_signed(
            format!("the PIN of {token} is wrong; it was tried once{}", module.tries_left(token)),
            "check the PIN before you run this again: tokens lock after a few wrong attempts",
        ),
        Some(RvError::PinExpired) => {
            not_signed(format!("the PIN of {token} must be changed first"), "change it with the token's tools")
        }
        Some(RvError::UserPinNotInitialized) => {
            not_signed(format!("{token} has no PIN yet"), "set one with the token's tools")
        }
        Some(RvError::FunctionCanceled | RvError::FunctionRejected) => not_signed(
            format!("{token} {}: it was cancelled, or not touched in time", doing.text()),
            "run this again, and touch the token when it blinks",
        ),
        Some(RvError::UserNotLoggedIn | RvError::OperationNotInitialized | RvError::FunctionNotSupported)
            if matches!(doing, Doing::Sign) =>
        {
            not_signed(
                format!("{token} wants its PIN for every signature, which its PKCS#11 module does not support"),
                "use a key without CKA_ALWAYS_AUTHENTICATE, or another PKCS#11 module",
            )
        }
        code => match code.is_some_and(is_gone) || !module.has(token) {
            true => SignerError::Unreachable {
                what: format!("{token} was removed, or its connection was closed"),
                hint: "insert it and run this again; earlier signatures are kept".to_owned(),
            },
            false => not_signed(
                format!("{token} {}: {}", doing.text(), code_text(error)),
                "see the documentation of the token's PKCS#11 module for this error",
            ),
        },
    }
}

fn is_gone(code: &RvError) -> bool {
    use RvError::{
        DeviceRemoved, SessionClosed, SessionHandleInvalid, SlotIdInvalid, TokenNotPresent, TokenNotRecognized,
    };
    matches!(
        code,
        DeviceRemoved | TokenNotPresent | TokenNotRecognized | SessionHandleInvalid | SessionClosed | SlotIdInvalid
    )
}

/// The name of a code of PKCS#11 and of the function that gave it: the library's own text is a paragraph of the specification.
pub(super) fn code_text(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("{code:?} from C_{function:?}"),
        other => other.to_string(),
    }
}
