//! The URI of a private key.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rootline_client::transport::read_file_url;

use super::pkcs11_uri::Pkcs11Uri;
use crate::failure::Failure;
use crate::text::plain;

/// Most bytes of a URI.
const MAX_BYTES: usize = 4096;

/// The URI of a signer. [`Display`](fmt::Display) and [`Debug`](fmt::Debug) leave out its PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignerUri {
    /// `file:PATH`, or a path alone: PKCS#8 or SEC 1 in PEM.
    File(PathBuf),
    /// `pkcs11:…` (RFC 7512): a token or an HSM.
    Pkcs11(Box<Pkcs11Uri>),
    /// `awskms://[ENDPOINT]/KEY`: AWS KMS.
    AwsKms(AwsKmsUri),
    /// `plugin:NAME[://KEY]`: a program that speaks the Sigstore KMS plugin protocol.
    Plugin(PluginUri),
}

/// A key in AWS KMS, in the form that Sigstore's tools have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsKmsUri {
    /// `HOST[:PORT]`, where it is not the region's own.
    pub(crate) endpoint: Option<String>,
    /// An id, `alias/NAME`, or the ARN of either.
    pub(crate) key: String,
}

/// A key behind the program `sigstore-kms-NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PluginUri {
    pub(crate) name: String,
    /// The plugin's name for the key; may be empty.
    pub(crate) key: String,
}

/// A URI that names no signer. The text itself is left out, as it may hold a PIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadUri {
    #[error("the URI of a signer has at most {MAX_BYTES} bytes")]
    TooLong,
    #[error("the URI of a signer is empty")]
    Empty,
    #[error("{scheme:?} is not a known kind of signer")]
    UnknownScheme { scheme: String },
    #[error("a URI `{scheme}` names {expected}")]
    Form { scheme: &'static str, expected: &'static str },
    #[error("the `file:` URI of a signer cannot be used: {reason}")]
    File { reason: &'static str },
    #[error("bad percent-encoding in the `{scheme}:` URI: % needs two hex digits, and the bytes are UTF-8")]
    Encoding { scheme: &'static str },
    #[error("unknown attribute `{name}` in the `pkcs11:` URI")]
    UnknownAttribute { name: String },
    #[error("the attribute `{name}` appears twice in the `pkcs11:` URI")]
    Twice { name: &'static str },
    #[error("the attribute `{name}` of the `pkcs11:` URI is {expected}")]
    Attribute { name: &'static str, expected: &'static str },
}

impl BadUri {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            BadUri::UnknownScheme { .. } => {
                "name a file, pkcs11:…, awskms://… or plugin:NAME; write plugin:NAME://KEY for what other tools call NAME://KEY"
            }
            BadUri::UnknownAttribute { .. } | BadUri::Twice { .. } | BadUri::Attribute { .. } => {
                "such as pkcs11:token=alice;object=root or pkcs11:serial=1234;id=%02; list them: rootline-repo key list"
            }
            _ => "such as alice.pem, pkcs11:token=alice;object=root, awskms:///alias/root or plugin:NAME://KEY",
        }
    }
}

impl From<BadUri> for Failure {
    fn from(bad: BadUri) -> Self {
        Failure::new(bad.to_string(), bad.hint())
    }
}

impl SignerUri {
    /// Reads a URI, or the path of a file.
    pub(crate) fn parse(text: &OsStr) -> Result<SignerUri, BadUri> {
        if text.len() > MAX_BYTES {
            return Err(BadUri::TooLong);
        }
        // A path need not be Unicode; a URI is ASCII.
        let Some(uri) = text.to_str() else { return Ok(SignerUri::File(text.into())) };
        if uri.is_empty() {
            return Err(BadUri::Empty);
        }
        let Some((scheme, rest)) = uri.split_once(':') else { return Ok(SignerUri::File(uri.into())) };
        match scheme.to_ascii_lowercase().as_str() {
            "file" => read_file_url(uri).map(SignerUri::File).map_err(|reason| BadUri::File { reason }),
            "pkcs11" => Pkcs11Uri::parse(rest).map(|uri| SignerUri::Pkcs11(Box::new(uri))),
            "awskms" => read_aws_kms(rest),
            "plugin" => read_plugin(rest),
            _ if rest.starts_with("//") => {
                Err(BadUri::UnknownScheme { scheme: plain(scheme).chars().take(40).collect() })
            }
            _ => Ok(SignerUri::File(uri.into())),
        }
    }

    /// Parses a recorded URI. Others may have written it, so it can name neither a library to load nor a file to read a PIN from.
    pub(crate) fn from_record(recorded: &str) -> Result<SignerUri, BadUri> {
        SignerUri::parse(OsStr::new(recorded)).map(|uri| match uri {
            SignerUri::Pkcs11(uri) => SignerUri::Pkcs11(Box::new(uri.place())),
            other => other,
        })
    }

    /// The URI to record beside a keyholder's key: the place of the key without a PIN, its source, or a module, which others would load.
    pub(crate) fn recorded(&self) -> String {
        match self {
            SignerUri::Pkcs11(uri) => uri.place().to_string(),
            other => other.to_string(),
        }
    }

    /// A short name of the place: `token alice (serial 1234)`.
    pub(crate) fn place(&self) -> String {
        match self {
            SignerUri::File(path) => format!("file {}", plain(&path.display().to_string())),
            SignerUri::Pkcs11(uri) => uri.token_text(),
            SignerUri::AwsKms(uri) => format!("AWS KMS {}", uri.key),
            SignerUri::Plugin(uri) => format!("plugin {}", uri.name),
        }
    }
}

/// Returns the [`SignerUri::place`] of a recorded signer; `None` when it is not a valid URI.
pub(crate) fn recorded_place(recorded: &str) -> Option<String> {
    SignerUri::parse(OsStr::new(recorded)).ok().map(|uri| uri.place())
}

impl fmt::Display for SignerUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignerUri::File(path) => write!(f, "file:{}", encoded(&path.to_string_lossy())),
            SignerUri::Pkcs11(uri) => write!(f, "{uri}"),
            SignerUri::AwsKms(AwsKmsUri { endpoint, key }) => {
                write!(f, "awskms://{}/{key}", endpoint.as_deref().unwrap_or_default())
            }
            SignerUri::Plugin(PluginUri { name, key }) if key.is_empty() => write!(f, "plugin:{name}"),
            SignerUri::Plugin(PluginUri { name, key }) => write!(f, "plugin:{name}://{key}"),
        }
    }
}

/// RFC 3986's unreserved characters, and the slash, stand for themselves.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

fn encoded(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// Decodes `%XX`, as UTF-8.
pub(super) fn decoded(text: &str, scheme: &'static str) -> Result<String, BadUri> {
    String::from_utf8(decoded_bytes(text, scheme)?).map_err(|_| BadUri::Encoding { scheme })
}

/// Decodes `%XX`.
pub(super) fn decoded_bytes(text: &str, scheme: &'static str) -> Result<Vec<u8>, BadUri> {
    let is_hex = |digit: Option<&u8>| digit.is_some_and(u8::is_ascii_hexdigit);
    let bytes = text.as_bytes();
    let good = bytes
        .iter()
        .enumerate()
        .all(|(at, byte)| *byte != b'%' || (is_hex(bytes.get(at + 1)) && is_hex(bytes.get(at + 2))));
    if good { Ok(percent_decode_str(text).collect()) } else { Err(BadUri::Encoding { scheme }) }
}

fn read_aws_kms(rest: &str) -> Result<SignerUri, BadUri> {
    let form = BadUri::Form {
        scheme: "awskms:",
        expected: "a key by its id, alias or ARN, such as awskms:///alias/root; a host may stand before the third slash",
    };
    let Some((endpoint, key)) = rest.strip_prefix("//").and_then(|rest| rest.split_once('/')) else { return Err(form) };
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    // What KMS allows in aliases (1 to 256 of them) and ids, and what ARNs are made of.
    let in_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b':');
    let is_key = match key.strip_prefix("arn:") {
        Some(rest) => rest.split(':').count() == 5 && (rest.contains(":key/") || rest.contains(":alias/")),
        None => key.strip_prefix("alias/").map_or(!key.contains(['/', ':']), |alias| !alias.is_empty()),
    };
    if key.is_empty() || key.len() > 512 || !is_key || !key.bytes().all(in_key) || !endpoint.bytes().all(in_host) {
        return Err(form);
    }
    let endpoint = Some(endpoint).filter(|endpoint| !endpoint.is_empty()).map(str::to_owned);
    Ok(SignerUri::AwsKms(AwsKmsUri { endpoint, key: key.to_owned() }))
}

fn read_plugin(rest: &str) -> Result<SignerUri, BadUri> {
    let form = BadUri::Form {
        scheme: "plugin:",
        expected: "a program sigstore-kms-NAME and one of its keys, such as plugin:my-hsm://root; NAME has letters, digits, `-`, `_` and `.`",
    };
    let (name, key) = rest.split_once("://").unwrap_or((rest, ""));
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(in_name) || key.chars().any(char::is_control) {
        return Err(form);
    }
    Ok(SignerUri::Plugin(PluginUri { name: name.to_owned(), key: key.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SignerUri, BadUri> {
        SignerUri::parse(OsStr::new(text))
    }

    #[test]
    fn a_path_is_a_file_with_or_without_the_scheme() {
        for (text, path) in [
            ("alice.pem", "alice.pem"),
            ("keys/a b:c.pem", "keys/a b:c.pem"),
            ("file:alice.pem", "alice.pem"),
            ("file:keys/a%20b.pem", "keys/a b.pem"),
            ("file:///keys/alice.pem", "/keys/alice.pem"),
            ("file://localhost/keys/alice.pem", "/keys/alice.pem"),
            ("FILE:alice.pem", "alice.pem"),
        ] {
            assert_eq!(parse(text), Ok(SignerUri::File(path.into())), "{text}");
        }
        let shown = parse("keys/a b%.pem").unwrap().to_string();
        assert_eq!(shown, "file:keys/a%20b%25.pem");
        assert_eq!(parse(&shown), parse("keys/a b%.pem"));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_unicode() {
        use std::os::unix::ffi::OsStrExt;
        let path = OsStr::from_bytes(b"k\xff.pem");
        assert_eq!(SignerUri::parse(path), Ok(SignerUri::File(path.into())));
    }

    #[test]
    fn keys_in_aws_kms_are_named_as_sigstores_tools_name_them() {
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        for (text, endpoint, key) in [
            (format!("awskms:///{id}"), None, id.to_owned()),
            (format!("awskms://localhost:4566/{id}"), Some("localhost:4566"), id.to_owned()),
            ("awskms:///alias/Root_key/1".to_owned(), None, "alias/Root_key/1".to_owned()),
            (
                format!("awskms:///arn:aws:kms:us-east-2:111122223333:key/{id}"),
                None,
                format!("arn:aws:kms:us-east-2:111122223333:key/{id}"),
            ),
            (
                "awskms://[::1]:4566/arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/a".to_owned(),
                Some("[::1]:4566"),
                "arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/a".to_owned(),
            ),
        ] {
            let uri = AwsKmsUri { endpoint: endpoint.map(str::to_owned), key };
            assert_eq!(parse(&text), Ok(SignerUri::AwsKms(uri)), "{text}");
            assert_eq!(parse(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_plugin_is_a_name_and_what_it_calls_the_key() {
        for (text, name, key) in [
            ("plugin:hsm", "hsm", ""),
            ("plugin:my-hsm://a/b?c#d", "my-hsm", "a/b?c#d"),
            ("plugin:a://b://c", "a", "b://c"),
        ] {
            let uri = PluginUri { name: name.to_owned(), key: key.to_owned() };
            assert_eq!(parse(text), Ok(SignerUri::Plugin(uri)), "{text}");
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_other_text_is_refused_with_what_was_expected() {
        let form = |text: &str| match parse(text) {
            Err(BadUri::Form { scheme, .. }) => scheme,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(parse(""), Err(BadUri::Empty));
        assert_eq!(parse("gcpkms://x"), Err(BadUri::UnknownScheme { scheme: "gcpkms".to_owned() }));
        assert_eq!(parse(&"x".repeat(4097)), Err(BadUri::TooLong));
        assert!(parse(&"x".repeat(4096)).is_ok());
        for text in [
            "file:",
            "file://",
            "file://host/alice.pem",
            "file:a.pem?b",
            "file:a.pem#b",
            "file:%",
            "file:%4",
            "file:%zz",
            "file:%ff",
        ] {
            assert!(matches!(parse(text), Err(BadUri::File { .. })), "{text}");
        }
        for text in [
            "awskms:",
            "awskms://",
            "awskms:///",
            "awskms://host",
            "awskms:alias/a",
            "awskms:///alias/",
            "awskms:///a/b",
            "awskms:///a:b",
            "awskms:///arn:aws:kms:key/1",
            "awskms:///a b",
            "awskms://user@host/a",
            "awskms:///a?b",
        ] {
            assert_eq!(form(text), "awskms:");
        }
        for text in ["plugin:", "plugin:://key", "plugin:a/b", "plugin:../a", "plugin:a b", "plugin:a://\u{7}"] {
            assert_eq!(form(text), "plugin:");
        }
    }

    #[test]
    fn what_to_reach_for_is_said_in_a_few_words() {
        for (text, place) in [
            ("alice.pem", "file alice.pem"),
            ("pkcs11:token=alice;serial=1234;object=root", "token alice (serial 1234)"),
            ("pkcs11:serial=1234", "token with serial 1234"),
            ("pkcs11:object=root", "the token with object root"),
            ("awskms:///alias/root", "AWS KMS alias/root"),
            ("plugin:hsm://x", "plugin hsm"),
        ] {
            assert_eq!(recorded_place(text).as_deref(), Some(place));
        }
        assert_eq!(recorded_place("gcpkms://x"), None);
    }
}
