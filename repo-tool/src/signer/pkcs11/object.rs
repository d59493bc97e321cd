//! Keys and certificates on a token.

use cryptoki::error::Error;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use rootline_metadata::{PublicKey, hex};
use spki::der::asn1::{AnyRef, ObjectIdentifier};
use spki::der::{self, Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};

use super::error::code_text;
use super::module::Module;
use super::token::Token;
use crate::failure::Failure;
use crate::signer::ModuleArgs;
use crate::signer::pkcs11_uri::Pkcs11Uri;
use crate::text::plain;

/// Most objects of a kind that are read from one token.
const MAX_OBJECTS: usize = 1000;

/// Most bytes of a certificate.
const MAX_CERTIFICATE: usize = 64 << 10;

/// The kinds of key that sign here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    P256,
    Ed25519,
}

/// A private key on a token, after login.
#[derive(Clone, Debug)]
pub(super) struct PrivateKey {
    pub(super) handle: ObjectHandle,
    pub(super) id: Vec<u8>,
    pub(super) label: String,
    /// Its kind, or a description of an unsupported key.
    pub(super) kind: Result<Kind, String>,
    /// Whether it needs the PIN for every signature.
    pub(super) always_authenticate: bool,
}

/// A key on a token, as visible without a PIN.
#[derive(Clone, Debug)]
pub(crate) struct ListedKey {
    pub(crate) token: Token,
    pub(crate) uri: Pkcs11Uri,
    pub(crate) label: String,
    /// The public key, or the reason that it cannot be used.
    pub(crate) public: Result<PublicKey, String>,
}

/// RFC 5480, section 2.1.1.1.
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// RFC 8410, section 3.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Returns the one private key that a URI selects.
pub(super) fn choose(session: &Session, token: &Token, uri: &Pkcs11Uri) -> Result<PrivateKey, Failure> {
    let all = private_keys(session).map_err(|error| cannot_find(token, &error))?;
    let shown = |keys: &[PrivateKey]| {
        let uris: Vec<String> = keys.iter().map(|key| full_uri(token, key).to_string()).collect();
        if uris.is_empty() { "it has none".to_owned() } else { format!("it has: {}", uris.join(", ")) }
    };
    let fits = |key: &&PrivateKey| is_meant(uri, &key.id, &key.label);
    let mut meant: Vec<PrivateKey> = all.iter().filter(fits).cloned().collect();
    match (meant.pop(), meant.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Failure::new(
            format!("{token} has no private key that matches {}; {}", uri.place(), shown(&all)),
            "correct the id or the object in the URI",
        )),
        (Some(last), false) => {
            meant.push(last);
            Err(Failure::new(
                format!("{token} has several private keys that match {}; {}", uri.place(), shown(&meant)),
                "name one by id=%… or object=…",
            ))
        }
    }
}

/// The attributes that can tell two keys on one token apart.
fn full_uri(token: &Token, key: &PrivateKey) -> Pkcs11Uri {
    Pkcs11Uri {
        object: Some(key.label.clone()).filter(|label| !label.is_empty()),
        ..token.key_uri(&key.id, &key.label)
    }
}

fn is_meant(uri: &Pkcs11Uri, id: &[u8], label: &str) -> bool {
    uri.id.as_ref().is_none_or(|wanted| wanted == id) && uri.object.as_ref().is_none_or(|wanted| wanted == label)
}

/// Whether a token shows, without a PIN, an object that a URI could select.
pub(super) fn shows(module: &Module, token: &Token, uri: &Pkcs11Uri) -> bool {
    let Ok(session) = module.read_only_session(token) else { return false };
    [ObjectClass::PUBLIC_KEY, ObjectClass::CERTIFICATE, ObjectClass::PRIVATE_KEY].into_iter().any(|class| {
        let objects = find(&session, &[Attribute::Class(class)]).unwrap_or_default();
        objects.into_iter().any(|object| {
            let named = names(&session, object);
            named.is_ok_and(|(id, label)| is_meant(uri, &id, &label))
        })
    })
}

/// Whether a private key matches a URI.
pub(super) fn exists(session: &Session, uri: &Pkcs11Uri) -> Result<bool, Error> {
    Ok(private_keys(session)?.iter().any(|key| is_meant(uri, &key.id, &key.label)))
}

/// All keys on all tokens that can be seen without a PIN: those with a public half or a certificate.
pub(crate) fn list(args: &ModuleArgs) -> Result<(Vec<Token>, Vec<ListedKey>), Failure> {
    let module = Module::load(None, args)?;
    let tokens = module.tokens()?;
    let mut keys: Vec<ListedKey> = Vec::new();
    for token in &tokens {
        let session = token.session(&module)?;
        for class in [ObjectClass::PUBLIC_KEY, ObjectClass::CERTIFICATE] {
            for object in find(&session, &[Attribute::Class(class)]).map_err(|error| cannot_find(token, &error))? {
                let (id, label) = names(&session, object).map_err(|error| cannot_find(token, &error))?;
                let uri = token.key_uri(&id, &label);
                if keys.iter().any(|key| key.uri == uri) {
                    continue;
                }
                let public = read_public(&session, object, class);
                keys.push(ListedKey { token: token.clone(), uri, label, public });
            }
        }
    }
    Ok((tokens, keys))
}

/// The public half of a private key: from its public object, its certificate, or itself, whichever the token has.
pub(super) fn public_key(session: &Session, token: &Token, key: &PrivateKey, kind: Kind) -> Result<PublicKey, Failure> {
    let name = match &key.id[..] {
        [] => Attribute::Label(key.label.clone().into_bytes()),
        id => Attribute::Id(id.to_owned()),
    };
    let mut why = "it has neither a public key nor a certificate for it".to_owned();
    for class in [ObjectClass::PUBLIC_KEY, ObjectClass::CERTIFICATE] {
        let found =
            find(session, &[Attribute::Class(class), name.clone()]).map_err(|error| cannot_find(token, &error))?;
        for object in found {
            match read_public(session, object, class) {
                Ok(public) if Kind::of(&public) == Some(kind) => return Ok(public),
                Ok(_) => why = "what it stores under the same name belongs to another key".to_owned(),
                Err(problem) => why = problem,
            }
        }
    }
    // Some tokens tell the point of a private key as well.
    let own = attributes(session, key.handle, &[AttributeType::EcPoint]).ok();
    let own = own.and_then(|own| own.into_iter().find_map(as_point)).and_then(|point| from_point(kind, &point));
    own.ok_or_else(|| {
        Failure::new(
            format!("{token} does not show the public key of {}: {why}", token.key_uri(&key.id, &key.label)),
            "store its certificate or public key on the token, under the same id",
        )
    })
}

fn private_keys(session: &Session) -> Result<Vec<PrivateKey>, Error> {
    let objects = find(session, &[Attribute::Class(ObjectClass::PRIVATE_KEY)])?;
    objects.into_iter().map(|handle| private_key(session, handle)).collect()
}

fn private_key(session: &Session, handle: ObjectHandle) -> Result<PrivateKey, Error> {
    let (id, label) = names(session, handle)?;
    let asked = [AttributeType::KeyType, AttributeType::EcParams];
    let kind = kind(&attributes(session, handle, &asked)?);
    let always = attributes(session, handle, &[AttributeType::AlwaysAuthenticate]).unwrap_or_default();
    let always_authenticate = always.contains(&Attribute::AlwaysAuthenticate(true));
    Ok(PrivateKey { handle, id, label, kind, always_authenticate })
}

/// Reads a public key from its object or its certificate, or says why it cannot be used.
fn read_public(session: &Session, object: ObjectHandle, class: ObjectClass) -> Result<PublicKey, String> {
    if class == ObjectClass::CERTIFICATE {
        let found = attributes(session, object, &[AttributeType::Value]).map_err(|error| code_text(&error))?;
        let value = found.into_iter().find_map(|attribute| match attribute {
            Attribute::Value(value) if value.len() <= MAX_CERTIFICATE => Some(value),
            _ => None,
        });
        let key = value.as_deref().and_then(certified_key).ok_or("its certificate cannot be read")?;
        let key = PublicKey::from_spki_der(&key).map_err(|error| error.to_string())?;
        return match Kind::of(&key) {
            Some(_) => Ok(key),
            None => Err(format!("a key of scheme {}, which cannot sign metadata", key.scheme().as_str())),
        };
    }
    let asked = [AttributeType::KeyType, AttributeType::EcParams, AttributeType::EcPoint];
    let found = attributes(session, object, &asked).map_err(|error| code_text(&error))?;
    let kind = kind(&found).map_err(|found| format!("{found}, which cannot sign metadata"))?;
    let point = found.into_iter().find_map(as_point);
    point.and_then(|point| from_point(kind, &point)).ok_or_else(|| "its public key cannot be read".to_owned())
}

impl Kind {
    fn of(key: &PublicKey) -> Option<Kind> {
        use rootline_metadata::Scheme;
        match key.scheme() {
            Scheme::EcdsaP256Sha256 => Some(Kind::P256),
            Scheme::Ed25519 => Some(Kind::Ed25519),
            _ => None,
        }
    }
}

/// Returns the kind of a key, or a description of an unsupported one.
fn kind(attributes: &[Attribute]) -> Result<Kind, String> {
    let of_type = attributes.iter().find_map(|attribute| match attribute {
        Attribute::KeyType(of_type) => Some(*of_type),
        _ => None,
    });
    let curve = attributes.iter().find_map(|attribute| match attribute {
        Attribute::EcParams(curve) => Some(&curve[..]),
        _ => None,
    });
    let oid = curve.and_then(|curve| ObjectIdentifier::from_der(curve).ok());
    match (of_type, oid) {
        (Some(KeyType::EC), Some(P256)) => Ok(Kind::P256),
        (Some(KeyType::EC), Some(P384)) => Err("an ECDSA key on the curve P-384".to_owned()),
        (Some(KeyType::EC), Some(other)) => Err(format!("an ECDSA key on the curve {other}")),
        (Some(KeyType::EC_EDWARDS), Some(ED25519)) => Ok(Kind::Ed25519),
        // PKCS#11 3.0 also lets a curve be named in letters.
        (Some(KeyType::EC_EDWARDS), None) if curve == Some(b"\x13\x0cedwards25519") => Ok(Kind::Ed25519),
        (Some(KeyType::RSA), _) => Err("an RSA key".to_owned()),
        _ => Err("a key of another kind".to_owned()),
    }
}

fn as_point(attribute: Attribute) -> Option<Vec<u8>> {
    match attribute {
        Attribute::EcPoint(point) => Some(point),
        _ => None,
    }
}

/// A point as tokens give it: in a DER OCTET STRING, as PKCS#11 wants it, or bare, as some do it. A point that is none is refused where it
/// becomes a key.
fn from_point(kind: Kind, point: &[u8]) -> Option<PublicKey> {
    let (length, keytype, scheme) = match kind {
        Kind::P256 => (65, "ecdsa", "ecdsa-sha2-nistp256"),
        Kind::Ed25519 => (32, "ed25519", "ed25519"),
    };
    let bare = match point {
        bare if bare.len() == length => bare,
        [0x04, inner, rest @ ..] if usize::from(*inner) == length && rest.len() == length => rest,
        _ => return None,
    };
    PublicKey::from_tuf(keytype, scheme, &hex::encode(bare)).ok()
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280, section 4.1). Nothing else of it is looked at, as nothing rests on it: whether the
/// token has the private half is seen when it signs.
fn certified_key(certificate: &[u8]) -> Option<Vec<u8>> {
    fn read(reader: &mut SliceReader<'_>) -> der::Result<Vec<u8>> {
        reader.sequence(|reader| {
            let key = reader.sequence(|reader| {
                let version = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
                let first = AnyRef::decode(reader)?;
                // serialNumber, signature, issuer, validity, subject
                let before = if first.tag() == version { 5 } else { 4 };
                for _ in 0..before {
                    AnyRef::decode(reader)?;
                }
                let key = AnyRef::decode(reader)?.to_der()?;
                while !reader.is_finished() {
                    AnyRef::decode(reader)?;
                }
                Ok::<_, der::Error>(key)
            })?;
            AnyRef::decode(reader)?;
            AnyRef::decode(reader)?;
            Ok(key)
        })
    }
    let mut reader = SliceReader::new(certificate).ok()?;
    read(&mut reader).ok().filter(|_| reader.is_finished())
}

fn names(session: &Session, object: ObjectHandle) -> Result<(Vec<u8>, String), Error> {
    let (mut id, mut label) = (Vec::new(), String::new());
    for attribute in attributes(session, object, &[AttributeType::Id, AttributeType::Label])? {
        match attribute {
            Attribute::Id(bytes) => id = bytes,
            Attribute::Label(bytes) => label = String::from_utf8_lossy(&bytes).into_owned(),
            _ => {}
        }
    }
    Ok((id, label))
}

fn find(session: &Session, template: &[Attribute]) -> Result<Vec<ObjectHandle>, Error> {
    session.iter_objects(template)?.take(MAX_OBJECTS).collect()
}

fn attributes(session: &Session, object: ObjectHandle, asked: &[AttributeType]) -> Result<Vec<Attribute>, Error> {
    session.get_attributes(object, asked)
}

fn cannot_find(token: &Token, error: &Error) -> Failure {
    Failure::new(
        format!("{token} does not list its objects: {}", plain(&code_text(error))),
        "reinsert it and run this again",
    )
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
    use rootline_ceremonies::{KeyKind, SecretKey};

    use super::*;

    #[test]
    fn a_certificates_key_is_found_and_a_damaged_certificate_has_none() {
        for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
            let pair = KeyPair::generate_for(algorithm).unwrap();
            let certificate = CertificateParams::new(["token".to_owned()]).unwrap().self_signed(&pair).unwrap();
            let der = certificate.der();
            let key = certified_key(der).unwrap();
            assert_eq!(PublicKey::from_spki_der(&key), PublicKey::from_spki_pem(&pair.public_key_pem()));
            assert_eq!(certified_key(&der[..der.len() - 1]), None);
            assert_eq!(certified_key(&[der, &[0][..]].concat()), None);
        }
        assert_eq!(certified_key(&[]), None);
        assert_eq!(certified_key(&[0x30, 0]), None);
    }

    #[test]
    fn a_point_is_read_in_its_octet_string_or_bare() {
        for (kind, of) in [(Kind::P256, KeyKind::EcdsaP256), (Kind::Ed25519, KeyKind::Ed25519)] {
            let key = SecretKey::from_seed(of, &[1; 32]).public_key();
            let der = key.to_spki_der();
            let length = if kind == Kind::P256 { 65 } else { 32 };
            let bare = &der[der.len() - length..];
            let wrapped = [&[0x04, length as u8], bare].concat();
            assert_eq!(from_point(kind, bare), Some(key.clone()));
            assert_eq!(from_point(kind, &wrapped), Some(key));
            for bad in [&bare[1..], &wrapped[1..], &[&wrapped[..], &[0]].concat(), &[]] {
                assert_eq!(from_point(kind, bad).filter(|_| bad.len() != length), None);
            }
            // Not on the curve, or not a point at all.
            assert_eq!(from_point(kind, &vec![0xff; length]), None);
        }
    }

    #[test]
    fn a_key_is_of_a_kind_that_signs_or_is_told_as_what_it_is() {
        let of = |key_type, curve: &[u8]| kind(&[Attribute::KeyType(key_type), Attribute::EcParams(curve.to_owned())]);
        let oid = |oid: ObjectIdentifier| oid.to_der().unwrap();
        assert_eq!(of(KeyType::EC, &oid(P256)), Ok(Kind::P256));
        assert_eq!(of(KeyType::EC_EDWARDS, &oid(ED25519)), Ok(Kind::Ed25519));
        assert_eq!(of(KeyType::EC_EDWARDS, b"\x13\x0cedwards25519"), Ok(Kind::Ed25519));
        let other = |found: Result<Kind, String>| found.unwrap_err();
        assert_eq!(other(of(KeyType::EC, &oid(P384))), "an ECDSA key on the curve P-384");
        assert_eq!(other(of(KeyType::EC, &oid(ED25519))), "an ECDSA key on the curve 1.3.101.112");
        assert_eq!(other(of(KeyType::RSA, &[])), "an RSA key");
        assert_eq!(other(of(KeyType::EC, &[])), "a key of another kind");
        assert_eq!(other(kind(&[])), "a key of another kind");
    }
}
