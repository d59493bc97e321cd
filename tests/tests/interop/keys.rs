//! Keys and signatures made by others: every root of Sigstore's, every scheme as PyPI's securesystemslib writes it; and ours, read by
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::process::Command;

use rand_core::{TryCryptoRng, TryRng};
use rootline_ceremonies::{KeyKind, SecretKey};
use rootline_metadata::KeyId;
use rootline_metadata::backend::{Ring, RustCrypto};
use rootline_metadata::hex;
use rootline_metadata::{BadSignature, PublicKey, Scheme};
use rootline_tests::{peers, real_data};
use serde_json::Value;

/// Sigstore's published roots, 1 to 15, as they are; none where the real data is not there.
fn sigstore_roots() -> Option<Vec<Value>> {
    let repository = real_data::sigstore_prod()?;
    let root = |n| std::fs::read(repository.join(format!("metadata/{n}.root.json"))).unwrap();
    Some((1..=15).map(|n| serde_json::from_slice(&root(n)).unwrap()).collect())
}

/// One key and a signature by it of each scheme, made by securesystemslib 1.6.0 with cryptography 50.0.2.
fn securesystemslib() -> Value {
    serde_json::from_str(include_str!("keys/securesystemslib.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn key(object: &Value, public: &Value) -> PublicKey {
    PublicKey::from_tuf(text(&object["keytype"]), text(&object["scheme"]), text(public)).unwrap()
}

/// The verdict that both backends share.
fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let verdict = key.verify_with::<Ring>(message, signature);
    assert_eq!(verdict, key.verify_with::<RustCrypto>(message, signature));
    verdict
}

/// OLPC's canonical JSON, written a second time, so that what is signed here does not rest on the reader that is tested elsewhere.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) => write!(out, "{value}").unwrap(),
        Value::Number(number) => write!(out, "{}", number.as_i64().unwrap()).unwrap(),
        Value::String(text) => write!(out, "\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")).unwrap(),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                out.push(if i == 0 { '[' } else { ',' });
                canonical(item, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (i, (name, member)) in sorted.into_iter().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                canonical(&Value::from(name.as_str()), out);
                out.push(':');
                canonical(member, out);
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
}

#[test]
fn every_signature_on_every_root_of_sigstore_verifies() {
    let Some(roots) = sigstore_roots() else { return };
    let mut keys = BTreeMap::new();
    let (mut good, mut empty) = (0, 0);
    for root in &roots {
        for (id, object) in root["signed"]["keys"].as_object().unwrap() {
            keys.insert(id.clone(), key(object, &object["keyval"]["public"]));
        }
        let mut signed = String::new();
        canonical(&root["signed"], &mut signed);
        for signature in root["signatures"].as_array().unwrap() {
            let key = &keys[text(&signature["keyid"])];
            let signature = hex::decode(text(&signature["sig"])).unwrap();
            match verify(key, signed.as_bytes(), &signature) {
                Ok(()) => good += 1,
                Err(BadSignature) => {
                    assert_eq!(signature, b"");
                    empty += 1;
                }
            }
            assert_eq!(verify(key, &signed.as_bytes()[1..], &signature), Err(BadSignature));
        }
    }
    assert_eq!((good, empty), (81, 4));
}

#[test]
fn the_keys_of_sigstore_stay_the_same_whatever_they_are_called() {
    let Some(roots) = sigstore_roots() else { return };
    // Hex under a legacy keytype up to root 4, PEM from root 5 on, today's keytype from root 9 on; the ids changed each time.
    let mut names: BTreeMap<_, BTreeSet<(String, String)>> = BTreeMap::new();
    for root in &roots {
        for (id, object) in root["signed"]["keys"].as_object().unwrap() {
            let key = key(object, &object["keyval"]["public"]);
            assert_eq!(key.scheme(), Scheme::EcdsaP256Sha256);
            names.entry(key.material().clone()).or_default().insert((id.clone(), text(&object["keytype"]).into()));
        }
    }
    let ids: BTreeSet<_> = names.values().flatten().collect();
    assert_eq!((names.len(), ids.len()), (11, 30));
    assert_eq!(names.values().map(BTreeSet::len).max(), Some(4));
}

#[test]
fn keys_and_signatures_of_securesystemslib_are_read() {
    let made = securesystemslib();
    let message = text(&made["message"]).as_bytes();
    let mut schemes = BTreeSet::new();
    for object in made["keys"].as_array().unwrap() {
        let key = key(object, &object["public"]);
        let signature = hex::decode(text(&object["signature"])).unwrap();
        assert_eq!(verify(&key, message, &signature), Ok(()), "{}", key.scheme());
        assert_eq!(verify(&key, b"", &signature), Err(BadSignature), "{}", key.scheme());
        schemes.insert(key.scheme());
    }
    assert_eq!(schemes, Scheme::ALL.into());
}

#[test]
fn an_rsa_signature_is_good_under_its_own_hash_only() {
    let made = securesystemslib();
    let message = text(&made["message"]).as_bytes();
    let rsa: Vec<&Value> = made["keys"].as_array().unwrap().iter().filter(|key| key["keytype"] == "rsa").collect();
    for a in &rsa {
        for b in &rsa {
            let signature = hex::decode(text(&b["signature"])).unwrap();
            assert_eq!(verify(&key(a, &a["public"]), message, &signature).is_ok(), a["scheme"] == b["scheme"]);
        }
    }
}

#[test]
fn we_write_keys_as_securesystemslib_does_and_name_them_alike() {
    for object in securesystemslib()["keys"].as_array().unwrap() {
        let key = key(object, &object["public"]);
        let written = key.to_tuf();
        assert_eq!(object["keytype"], written.keytype);
        assert_eq!(object["scheme"], written.scheme);
        assert_eq!(object["public"], written.public);
        assert_eq!(object["keyid"], KeyId::of(&key).as_str());
    }
}

/// Prints the public half of the private key in a file, whose passphrase is "horse" if it has one.
const NODE: &str = r#"
    const { createPrivateKey, createPublicKey } = require("crypto");
    const key = createPrivateKey({ key: require("fs").readFileSync(process.argv[1]), passphrase: "horse" });
    process.stdout.write(createPublicKey(key).export({ type: "spki", format: "pem" }));
"#;
const PYTHON: &str = r#"
import sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
pem = open(sys.argv[1], "rb").read()
key = load_pem_private_key(pem, b"horse" if b"ENCRYPTED" in pem else None)
sys.stdout.write(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
"#;

#[test]
fn openssl_node_and_python_read_the_private_keys_that_we_write() {
    if !peers::installed() {
        return;
    }
    let python = peers::python();
    let python = python.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for kind in [KeyKind::Ed25519, KeyKind::EcdsaP256] {
        let key = SecretKey::from_seed(kind, &[7; 32]);
        let encrypted = key.to_encrypted_pkcs8_pem(b"horse", &mut NotRandom);
        for (name, pem) in [("plain", key.to_pkcs8_pem().as_str()), ("encrypted", &encrypted)] {
            let path = folder.path().join(name);
            std::fs::write(&path, pem).unwrap();
            let path = path.to_str().unwrap();
            for (program, arguments) in [
                ("openssl", &["pkey", "-pubout", "-passin", "pass:horse", "-in", path][..]),
                ("node", &["-e", NODE, path]),
                (python, &["-c", PYTHON, path]),
            ] {
                let output = Command::new(program).args(arguments).output().unwrap();
                let printed = String::from_utf8(output.stdout).unwrap();
                assert_eq!(printed, key.public_key().to_spki_pem(), "{program} {kind:?} {name}");
            }
        }
    }
}

/// For salts only.
struct NotRandom;

impl TryRng for NotRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(7);
        Ok(())
    }
}

impl TryCryptoRng for NotRandom {}
