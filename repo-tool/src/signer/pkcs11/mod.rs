//! Keys in tokens and HSMs, by PKCS#11.

mod error;
mod generate;
mod module;
mod object;
mod one_part;
mod token;

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use rootline::terminal::Terminal;
use rootline_ceremonies::{Signer, SignerError};
use rootline_metadata::{PublicKey, sha256};
use spki::der::Encode;
use spki::der::asn1::UintRef;
use zeroize::Zeroizing;

use self::error::{Doing, failure};
pub(crate) use self::generate::generate;
use self::module::Module;
use self::object::{Kind, PrivateKey};
pub(crate) use self::object::{ListedKey, list};
use self::one_part::KeyName;
pub(crate) use self::token::Token;
use super::pkcs11_uri::Pkcs11Uri;
use super::{Details, ModuleArgs, TokenPinArgs};
use crate::failure::Failure;

/// Opens the one key that a URI selects. The PIN is tried once.
pub(super) fn open(
    uri: &Pkcs11Uri,
    pin: &TokenPinArgs,
    module: &ModuleArgs,
    terminal: &Terminal,
) -> Result<(TokenSigner, Details), Failure> {
    let module = Module::load(Some(uri), module)?;
    let token = choose_token(&module, uri)?;
    let session = token.session(&module)?;
    let pin = token.log_in(&module, &session, uri, pin, terminal)?;
    let key = object::choose(&session, &token, uri)?;
    let kind = key.kind.clone().map_err(|found| {
        Failure::new(
            format!("{} is {found}, which cannot sign metadata", token.key_uri(&key.id, &key.label)),
            "name an Ed25519 or ECDSA P-256 key: every client verifies those",
        )
    })?;
    let public = object::public_key(&session, &token, &key, kind)?;
    let details = token.details();
    let handle = key.handle;
    let again = LoginAgain::of(key, pin);
    Ok((TokenSigner { module, token, session, handle, kind, public, again }, details))
}

/// A key on a token, after login.
#[derive(Debug)]
pub(crate) struct TokenSigner {
    module: Module,
    token: Token,
    session: Session,
    handle: ObjectHandle,
    kind: Kind,
    public: PublicKey,
    /// For a key that wants the PIN for every signature.
    again: Option<LoginAgain>,
}

/// What a login for one signature takes.
#[derive(Debug)]
struct LoginAgain {
    /// The PIN; `None` for a token with a keypad.
    pin: Option<Zeroizing<String>>,
    key: KeyName,
}

impl LoginAgain {
    /// A key that wants the PIN for every signature is the only reason to keep it.
    fn of(key: PrivateKey, pin: Option<Zeroizing<String>>) -> Option<LoginAgain> {
        let PrivateKey { id, label, .. } = key;
        key.always_authenticate.then_some(LoginAgain { pin, key: KeyName { id, label } })
    }
}

impl Signer for TokenSigner {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Terminal::new().request(format_args!("signing with {}; touch it if it blinks", self.token));
        let signature = match &self.again {
            Some(again) => self.sign_after_login(message, again)?,
            None => match self.kind {
                Kind::P256 => self.session.sign(&Mechanism::Ecdsa, self.handle, &sha256(message)),
                Kind::Ed25519 => self.session.sign(&eddsa(), self.handle, message),
            }
            .map_err(|error| self.not_signed(&error))?,
        };
        match self.kind {
            Kind::Ed25519 => Ok(signature),
            Kind::P256 => to_der(&signature).ok_or_else(|| SignerError::NotSigned {
                what: format!("{} returned {} bytes, which are not a P-256 signature", self.token, signature.len()),
                hint: "use another token or PKCS#11 module: this one is defective".to_owned(),
            }),
        }
    }
}

impl TokenSigner {
    /// For a key with `CKA_ALWAYS_AUTHENTICATE`, such as that in a YubiKey's slot 9c: the PIN is wanted between the beginning of a signature and
    /// the rest. A module that signs in parts leaves room for it; with one that does not, the signature is made [in one part](one_part).
    fn sign_after_login(&self, message: &[u8], again: &LoginAgain) -> Result<Vec<u8>, SignerError> {
        let signed = self.sign_in_parts(message, again.pin.as_deref().map(String::as_str));
        match (signed, self.kind, &again.pin) {
            (Err(Error::Pkcs11(code, _)), Kind::P256, Some(pin)) if has_no_parts(&code) => {
                one_part::sign_digest(&sha256(message), &self.module, &self.token, &again.key, pin)
            }
            (signed, ..) => signed.map_err(|error| self.not_signed(&error)),
        }
    }

    /// The token hashes if it can.
    fn sign_in_parts(&self, message: &[u8], pin: Option<&str>) -> cryptoki::error::Result<Vec<u8>> {
        let mechanisms = self.module.mechanisms(&self.token);
        let digest = sha256(message);
        let (mechanism, data) = match self.kind {
            Kind::Ed25519 => (eddsa(), message),
            Kind::P256 if mechanisms.contains(&MechanismType::ECDSA_SHA256) => (Mechanism::EcdsaSha256, message),
            Kind::P256 => (Mechanism::Ecdsa, &digest[..]),
        };
        self.session.sign_init(&mechanism, self.handle)?;
        if pin.is_none() {
            Terminal::new().request(format_args!("enter the PIN once more at the keypad of {}", self.token));
        }
        self.session.login(UserType::ContextSpecific, pin.map(AuthPin::from).as_ref())?;
        self.session.sign_update(data)?;
        self.session.sign_final()
    }

    fn not_signed(&self, error: &Error) -> SignerError {
        failure(&Doing::Sign, &self.token, &self.module, error)
    }
}

/// Whether a module has refused to sign in parts, and not to sign.
fn has_no_parts(code: &RvError) -> bool {
    matches!(code, RvError::OperationNotInitialized | RvError::FunctionNotSupported)
}

fn eddsa() -> Mechanism<'static> {
    Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519))
}

/// From PKCS#11's form of an ECDSA signature, r and s one after the other, to that of RFC 3279, section 2.2.3.
fn to_der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(32).filter(|(_, s)| s.len() == 32)?;
    let mut body = UintRef::new(r).ok()?.to_der().ok()?;
    body.extend(UintRef::new(s).ok()?.to_der().ok()?);
    // Two integers of at most 35 bytes each, so that one byte holds their length.
    let length = u8::try_from(body.len()).ok().filter(|length| *length < 0x80)?;
    Some([&[0x30, length][..], &body].concat())
}

/// Returns the one token that a URI selects, by its own attributes or else by a key on it that is visible without a PIN.
fn choose_token(module: &Module, uri: &Pkcs11Uri) -> Result<Token, Failure> {
    let mut matching = matching_tokens(module, uri)?;
    if matching.len() > 1 {
        let with_key: Vec<Token> = matching.iter().filter(|token| object::shows(module, token, uri)).cloned().collect();
        matching = if with_key.is_empty() { matching } else { with_key };
    }
    only(matching, uri)
}

/// Returns the one token that a URI selects by its own attributes.
fn choose_token_alone(module: &Module, uri: &Pkcs11Uri) -> Result<Token, Failure> {
    only(matching_tokens(module, uri)?, uri)
}

/// At least one.
fn matching_tokens(module: &Module, uri: &Pkcs11Uri) -> Result<Vec<Token>, Failure> {
    let (matching, others): (Vec<Token>, Vec<Token>) =
        module.tokens()?.into_iter().partition(|token| token.matches(uri));
    if matching.is_empty() {
        return Err(Failure::new(
            format!("no token is {}; {}", uri.place(), what_is_there(&others)),
            "insert the token, or correct the URI; list them: rootline-repo key list",
        )
        .unreachable());
    }
    Ok(matching)
}

fn only(mut tokens: Vec<Token>, uri: &Pkcs11Uri) -> Result<Token, Failure> {
    match (tokens.pop(), tokens.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            tokens.extend(last);
            Err(Failure::new(
                format!("several tokens match {}; {}", uri.place(), what_is_there(&tokens)),
                "name one by its label or serial: pkcs11:token=LABEL;… or pkcs11:serial=NUMBER;…",
            ))
        }
    }
}

fn what_is_there(tokens: &[Token]) -> String {
    let uris: Vec<String> = tokens.iter().map(|token| token.uri().to_string()).collect();
    if uris.is_empty() { "no token found".to_owned() } else { format!("there is: {}", uris.join(", ")) }
}

#[cfg(test)]
mod tests {
    use rootline_ceremonies::{KeyKind, SecretKey};

    use super::*;

    #[test]
    fn a_raw_signature_becomes_der_whatever_its_leading_bytes_are() {
        // The signature of RFC 6979, appendix A.2.5, for SHA-256 and "sample"; and one with short numbers.
        let der = rootline_metadata::hex::decode(
            "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff406\
             4dc4ab2f843acda8",
        )
        .unwrap();
        assert_eq!(to_der(&[&der[5..37], &der[40..72]].concat()), Some(der));
        let mut short = [0; 64];
        (short[31], short[63]) = (0x80, 1);
        assert_eq!(to_der(&short), Some(vec![0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]));
        for length in [0, 63, 65, 128] {
            assert_eq!(to_der(&vec![1; length]), None);
        }
    }

    #[test]
    fn our_own_signatures_survive_the_way_there_and_back() {
        let key = SecretKey::from_seed(KeyKind::EcdsaP256, &[1; 32]);
        for n in 0..50_u8 {
            let der = key.sign(&[n]);
            let numbers = |der: &[u8]| -> Vec<u8> {
                let (r, rest) = (&der[4..4 + usize::from(der[3])], &der[4 + usize::from(der[3])..]);
                let pad = |number: &[u8]| {
                    let number: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
                    [vec![0; 32 - number.len()], number].concat()
                };
                [pad(r), pad(&rest[2..])].concat()
            };
            assert_eq!(to_der(&numbers(&der)), Some(der));
        }
    }
}
