//! `pkcs11:` URIs (RFC 7512): which key on which token.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rootline_client::transport::read_file_url;
use zeroize::Zeroizing;

use super::uri::{BadUri, decoded, decoded_bytes};
use crate::text::plain;

const SCHEME: &str = "pkcs11:";

/// The attributes that select a key and its token; one that is `None` matches every value.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Pkcs11Uri {
    /// The token's label.
    pub(crate) token: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) manufacturer: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) slot_id: Option<u64>,
    /// The key's label.
    pub(crate) object: Option<String>,
    /// The key's `CKA_ID`.
    pub(crate) id: Option<Vec<u8>>,
    /// The library that speaks to the token.
    pub(crate) module_path: Option<PathBuf>,
    /// The library by its name, without `lib` and `.so`.
    pub(crate) module_name: Option<String>,
    /// The file whose first line is the PIN.
    pub(crate) pin_source: Option<PathBuf>,
    pub(crate) pin_value: Option<Zeroizing<String>>,
}

impl Pkcs11Uri {
    /// Reads what follows `pkcs11:`.
    pub(super) fn parse(rest: &str) -> Result<Pkcs11Uri, BadUri> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Pkcs11Uri::default();
        for attribute in path.split(';').filter(|attribute| !attribute.is_empty()) {
            uri.read_path(attribute)?;
        }
        for attribute in query.split('&').filter(|attribute| !attribute.is_empty()) {
            uri.read_query(attribute)?;
        }
        Ok(uri)
    }

    fn read_path(&mut self, attribute: &str) -> Result<(), BadUri> {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let text = || decoded(value, SCHEME);
        match name {
            "token" => once("token", &mut self.token, text()?),
            "serial" => once("serial", &mut self.serial, text()?),
            "manufacturer" => once("manufacturer", &mut self.manufacturer, text()?),
            "model" => once("model", &mut self.model, text()?),
            "object" => once("object", &mut self.object, text()?),
            "id" => once("id", &mut self.id, decoded_bytes(value, SCHEME)?),
            "slot-id" => {
                let number = value.bytes().all(|digit| digit.is_ascii_digit()).then(|| value.parse().ok()).flatten();
                once("slot-id", &mut self.slot_id, number.ok_or(bad("slot-id", "a decimal number"))?)
            }
            "type" if value == "private" => Ok(()),
            "type" => Err(bad("type", "`private`, as only a private key signs")),
            name => Err(unknown(name)),
        }
    }

    fn read_query(&mut self, attribute: &str) -> Result<(), BadUri> {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        match name {
            "pin-value" => once("pin-value", &mut self.pin_value, Zeroizing::new(decoded(value, SCHEME)?)),
            "pin-source" => {
                let source = decoded(value, SCHEME)?;
                let is_url = source.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
                let path = if is_url { read_file_url(&source).ok() } else { Some(PathBuf::from(&source)) };
                let path = path.filter(|path| {
                    !path.as_os_str().is_empty() && !path.as_os_str().as_encoded_bytes().starts_with(b"|")
                });
                let form = bad("pin-source", "a file, such as file:/run/pin; a program is not run for it");
                once("pin-source", &mut self.pin_source, path.ok_or(form)?)
            }
            "module-path" => match decoded(value, SCHEME)? {
                path if path.is_empty() => Err(bad("module-path", "the path of a library")),
                path => once("module-path", &mut self.module_path, path.into()),
            },
            "module-name" => {
                let name = decoded(value, SCHEME)?;
                let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
                match !name.is_empty() && name.bytes().all(good) {
                    true => once("module-name", &mut self.module_name, name),
                    false => Err(bad("module-name", "the name of a library, without a folder")),
                }
            }
            name => Err(unknown(name)),
        }
    }

    /// The URI without what belongs to this machine alone.
    pub(crate) fn place(&self) -> Pkcs11Uri {
        Pkcs11Uri { module_path: None, module_name: None, pin_source: None, pin_value: None, ..self.clone() }
    }

    /// A short name of the token.
    pub(super) fn token_text(&self) -> String {
        match (&self.token, &self.serial, &self.object) {
            (Some(token), Some(serial), _) => format!("token {} (serial {})", plain(token), plain(serial)),
            (Some(token), None, _) => format!("token {}", plain(token)),
            (None, Some(serial), _) => format!("token with serial {}", plain(serial)),
            (None, None, Some(object)) => format!("the token with object {}", plain(object)),
            (None, None, None) => "a token".to_owned(),
        }
    }
}

fn once<T>(name: &'static str, place: &mut Option<T>, value: T) -> Result<(), BadUri> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(BadUri::Twice { name }),
    }
}

fn bad(name: &'static str, expected: &'static str) -> BadUri {
    BadUri::Attribute { name, expected }
}

/// An unknown name may be a misplaced secret, so it is shown only if it looks like a name.
fn unknown(name: &str) -> BadUri {
    let looks_like_one = name.len() <= 24 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    BadUri::UnknownAttribute { name: if looks_like_one { name.to_owned() } else { "…".to_owned() } }
}

/// RFC 3986's unreserved characters stand for themselves.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |text: &str| percent_encode(text.as_bytes(), ATTRIBUTE).to_string();
        let mut path = Vec::new();
        let texts = [
            ("token", &self.token),
            ("manufacturer", &self.manufacturer),
            ("model", &self.model),
            ("serial", &self.serial),
        ];
        path.extend(texts.iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_deref()?)))));
        path.extend(self.slot_id.map(|slot| format!("slot-id={slot}")));
        path.extend(self.id.as_ref().map(|id| id.iter().fold("id=".to_owned(), |id, byte| format!("{id}%{byte:02X}"))));
        path.extend(self.object.as_deref().map(|object| format!("object={}", encoded(object))));
        let mut query = Vec::new();
        let shown = |path: &PathBuf| encoded(&path.to_string_lossy()).replace("%2F", "/");
        query.extend(self.module_path.as_ref().map(|path| format!("module-path={}", shown(path))));
        query.extend(self.module_name.as_deref().map(|name| format!("module-name={name}")));
        // Encoded as a URL, and that as an attribute.
        let source = |path: &PathBuf| format!("pin-source=file:{}", shown(&shown(path).into()));
        query.extend(self.pin_source.as_ref().map(source));
        write!(f, "{SCHEME}{}", path.join(";"))?;
        if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
    }
}

impl fmt::Debug for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkcs11Uri({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rest: &str) -> Result<Pkcs11Uri, BadUri> {
        Pkcs11Uri::parse(rest)
    }

    #[test]
    fn every_attribute_is_read_and_shown_but_the_pin() {
        let uri = parse(
            "token=The%20token;manufacturer=Snake%20Oil;model=1.0;serial=DECC0401;slot-id=327;id=%01a;object=my%3bkey;type=private\
             ?module-path=/usr/lib/p11.so&module-name=p11&pin-source=file:/run/pin&pin-value=12%3334",
        )
        .unwrap();
        assert_eq!(uri.token.as_deref(), Some("The token"));
        assert_eq!(uri.id.as_deref(), Some(&b"\x01a"[..]));
        assert_eq!(uri.object.as_deref(), Some("my;key"));
        assert_eq!(uri.slot_id, Some(327));
        assert_eq!(uri.pin_source, Some("/run/pin".into()));
        assert_eq!(uri.pin_value.as_deref().map(String::as_str), Some("12334"));
        let shown = "pkcs11:token=The%20token;manufacturer=Snake%20Oil;model=1.0;serial=DECC0401;slot-id=327;id=%01%61;\
                     object=my%3Bkey?module-path=/usr/lib/p11.so&module-name=p11&pin-source=file:/run/pin";
        assert_eq!(uri.to_string(), shown);
        assert!(!format!("{uri:?}").contains("12334"));
        let again = parse(shown.strip_prefix("pkcs11:").unwrap()).unwrap();
        assert_eq!(again, Pkcs11Uri { pin_value: None, ..uri.clone() });
        assert_eq!(uri.place().to_string(), shown.split('?').next().unwrap());
        assert_eq!(parse(""), Ok(Pkcs11Uri::default()));
    }

    #[test]
    fn a_pin_may_be_in_a_file_by_its_path_or_uri() {
        for source in [
            "file:/run/pin",
            "file:///run/pin",
            "FILE://localhost/run/pin",
            "/run/pin",
            "file:%2Frun%2Fpin",
            "file:/run/%2570in",
        ] {
            assert_eq!(
                parse(&format!("?pin-source={source}")).unwrap().pin_source,
                Some("/run/pin".into()),
                "{source}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_an_attribute_is_said_without_its_value() {
        let named = |text: &str| match parse(text) {
            Err(BadUri::Attribute { name, .. }) => name,
            other => panic!("{text}: {other:?}"),
        };
        for text in ["slot-id=", "slot-id=x", "slot-id=+1", "slot-id=99999999999999999999"] {
            assert_eq!(named(text), "slot-id");
        }
        for (text, name) in [
            ("type=public", "type"),
            ("?pin-source=", "pin-source"),
            ("?pin-source=%7Cprogram", "pin-source"),
            ("?module-path=", "module-path"),
            ("?module-name=../x", "module-name"),
        ] {
            assert_eq!(named(text), name);
        }
        for text in ["token=%", "id=%1", "object=%ff", "?pin-value=%zz"] {
            assert_eq!(parse(text), Err(BadUri::Encoding { scheme: SCHEME }), "{text}");
        }
        for name in ["token", "serial", "manufacturer", "model", "object", "id", "slot-id"] {
            assert_eq!(parse(&format!("{name}=1;{name}=2")), Err(BadUri::Twice { name }));
        }
        for name in ["pin-value", "pin-source", "module-path", "module-name"] {
            assert_eq!(parse(&format!("?{name}=1&{name}=2")), Err(BadUri::Twice { name }));
        }
        // Query attributes belong after the question mark.
        for (text, name) in [
            ("lable=x", "lable"),
            ("pin-value=1234", "pin-value"),
            ("?object=x", "object"),
            ("1234", "…"),
            ("?p!n=1", "…"),
        ] {
            assert_eq!(parse(text), Err(BadUri::UnknownAttribute { name: name.to_owned() }), "{text}");
        }
    }
}
