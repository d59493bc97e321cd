//! A new key on a token, which never leaves it.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType};
use getrandom::SysRng;
use getrandom::rand_core::{Rng, UnwrapErr};
use rootline::terminal::Terminal;
use rootline_ceremonies::KeyKind;
use rootline_metadata::PublicKey;
use spki::der::Encode;
use spki::der::asn1::ObjectIdentifier;

use super::error::{Doing, failure};
use super::module::Module;
use super::object::{self, ED25519, Kind, P256};
use super::{LoginAgain, TokenSigner, choose_token_alone};
use crate::failure::Failure;
use crate::signer::pkcs11_uri::Pkcs11Uri;
use crate::signer::{ModuleArgs, SignerUri, TokenPinArgs, challenge};

/// Generates a key on the token that a URI selects, with the label and the id of the URI, or a random id. The private key cannot be exported.
/// Returns the public key and the URI of the key.
pub(crate) fn generate(
    uri: &Pkcs11Uri,
    kind: KeyKind,
    pin: &TokenPinArgs,
    module: &ModuleArgs,
    terminal: &Terminal,
) -> Result<(PublicKey, SignerUri), Failure> {
    let label = uri
        .object
        .clone()
        .filter(|label| !label.is_empty())
        .ok_or_else(|| Failure::new("the new key has no label", "give it one: pkcs11:token=LABEL;object=NAME"))?;
    let on_token = Pkcs11Uri { object: None, id: None, ..uri.clone() };
    let module = Module::load(Some(uri), module)?;
    let token = choose_token_alone(&module, &on_token)?;
    let refused = |error| Failure::from(failure(&Doing::Generate, &token, &module, &error));
    let session = module.read_write_session(&token).map_err(refused)?;
    let pin = token.log_in(&module, &session, uri, pin, terminal)?;

    let id = uri.id.clone().unwrap_or_else(|| {
        let mut id = vec![0; 8];
        // The operating system's randomness fails only where there is none at all.
        UnwrapErr(SysRng).fill_bytes(&mut id);
        id
    });
    let named = |uri: Pkcs11Uri| object::exists(&session, &uri).map_err(refused);
    if named(Pkcs11Uri { object: Some(label.clone()), ..Pkcs11Uri::default() })?
        || named(Pkcs11Uri { id: Some(id.clone()), ..Pkcs11Uri::default() })?
    {
        return Err(Failure::new(
            format!("{token} already has a key with this label or id"),
            "choose another; a key is never overwritten",
        ));
    }
    let (mechanism, curve, of_type, kind): (_, ObjectIdentifier, _, _) = match kind {
        KeyKind::EcdsaP256 => (Mechanism::EccKeyPairGen, P256, KeyType::EC, Kind::P256),
        KeyKind::Ed25519 => (Mechanism::EccEdwardsKeyPairGen, ED25519, KeyType::EC_EDWARDS, Kind::Ed25519),
        _ => return Err(Failure::new("tokens are not asked for keys of this kind", "choose another --kind")),
    };
    let curve = curve.to_der().map_err(|_| Failure::new("the curve cannot be encoded", "choose another --kind"))?;
    let both = [
        Attribute::Token(true),
        Attribute::KeyType(of_type),
        Attribute::Id(id.clone()),
        Attribute::Label(label.clone().into_bytes()),
    ];
    let public =
        [&both[..], &[Attribute::Private(false), Attribute::Verify(true), Attribute::EcParams(curve)]].concat();
    let private = [
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
    ];
    let private = [&both[..], &private].concat();
    session.generate_key_pair(&mechanism, &public, &private).map_err(refused)?;

    let place = Pkcs11Uri { id: Some(id), object: Some(label), ..token.uri() };
    let key = object::choose(&session, &token, &place)?;
    let public = object::public_key(&session, &token, &key, kind)?;
    let handle = key.handle;
    // Some tokens make every key one that wants its PIN for every signature.
    let again = LoginAgain::of(key, pin);
    let signer = TokenSigner { module, token, session, handle, kind, public: public.clone(), again };
    challenge::check(&signer)?;
    Ok((public, SignerUri::Pkcs11(Box::new(place))))
}
