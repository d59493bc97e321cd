//! What a token's refusals mean.

use cryptoki::error::{Error, RvError};
use rootline_ceremonies::SignerError;

use super::module::Module;
use super::token::Token;

/// What a token was asked for.
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
            Doing::LogIn => "does not let anybody log in",
            Doing::Sign => "does not sign",
            Doing::Generate => "does not make a key",
        }
    }
}

/// What a refusal means, and what to do about it. Whatever the refusal is called, a token that is no longer there is told as such.
pub(super) fn failure(doing: &Doing, token: &Token, module: &Module, error: &Error) -> SignerError {
    let not_signed = |what: String, hint: &str| SignerError::NotSigned { what, hint: hint.to_owned() };
    let code = match error {
        Error::Pkcs11(code, _) => Some(code),
        _ => None,
    };
    match code {
        Some(RvError::PinLocked) => not_signed(
            format!("the PIN of {token} is locked, after too many wrong ones"),
            "unlock it with the security officer's PIN or PUK; the tools of the token do that",
        ),
        Some(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) => not_signed(
            format!("the PIN of {token} is wrong; it was tried once{}", module.tries_left(token)),
            "make sure of the PIN before you run this again: tokens lock after a few wrong ones",
        ),
        Some(RvError::PinExpired) => {
            not_signed(format!("the PIN of {token} has to be changed first"), "change it with the tools of the token")
        }
        Some(RvError::UserPinNotInitialized) => {
            not_signed(format!("{token} has no PIN yet"), "set one with the tools of the token")
        }
        Some(RvError::FunctionCanceled | RvError::FunctionRejected) => not_signed(
            format!("{token} {}: it was cancelled, or nobody touched it in time", doing.text()),
            "run this again, and touch the token when it blinks",
        ),
        Some(RvError::UserNotLoggedIn | RvError::OperationNotInitialized | RvError::FunctionNotSupported)
            if matches!(doing, Doing::Sign) =>
        {
            not_signed(
                format!("{token} asks for its PIN for every signature, in a way that its module has no room for"),
                "use a key without CKA_ALWAYS_AUTHENTICATE, or another PKCS#11 module",
            )
        }
        code => match code.is_some_and(is_gone) || !module.has(token) {
            true => SignerError::Unreachable {
                what: format!("{token} is gone: it was taken out, or its connection was closed"),
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
