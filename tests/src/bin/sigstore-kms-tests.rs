//! A plugin of the Sigstore KMS plugin protocol, well-behaved or not, as the key that it is asked for says.
//!
//! | key | what it does |
//! |---|---|
//! | `SEED` | signs with the P-256 key of that seed |
//! | `ed25519/SEED` | signs with the Ed25519 key of that seed |
//! | `wrong-signature/SEED` | signs something else |
//! | `other-key/SEED` | signs with another key |
//! | `p384` | has a public key of a kind that does not sign here |
//! | `no-key` | gives a public key that is none |
//! | `error` | says why it does not sign, and exits with 3 |
//! | `garbage` | gives no JSON |
//! | `failing` | gives nothing, and exits with 7 |
//! | `flood` | never stops to write |
//! | `hang` | does not answer |
//! | `alone/SEED` | signs, unless it sees the passphrases and PINs of other signers |
//! | `remove:FOLDER` | signs, after it has moved a folder away: what happens if somebody takes a token out |

use std::env;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootline_ceremonies::{KeyKind, SecretKey};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let question: Value = match &arguments[..] {
        [version, question] if version == "1" => serde_json::from_str(question).unwrap_or_default(),
        _ => Value::Null,
    };
    let options = &question["initOptions"];
    // What every plugin that is written with Sigstore's library wants to see.
    let complete = options["protocolVersion"] == "1" && options["hashFunc"] == 5 && options["rpcOptions"].is_object();
    let (Some(key), Some(method), true) =
        (options["keyResourceID"].as_str(), question["methodName"].as_str(), complete)
    else {
        return answer(&json!({ "errorMessage": "this is not version 1 of the protocol" }), 1);
    };
    match key.split_once(['/', ':']).unwrap_or((key, "")) {
        ("p384", _) => answer(&json!({ "publicKey": { "publicKeyPEM": STANDARD.encode(P384) } }), 0),
        ("no-key", _) => answer(&json!({ "publicKey": { "publicKeyPEM": STANDARD.encode("none") } }), 0),
        ("error", _) => {
            let _ = writeln!(io::stderr(), "looking for the key \u{1b}[2J");
            answer(&json!({ "errorMessage": "the key is\nnot there" }), 3)
        }
        ("garbage", _) => {
            let _ = write!(io::stdout(), "not JSON");
            ExitCode::SUCCESS
        }
        ("failing", _) => ExitCode::from(7),
        ("flood", _) => loop {
            if io::stdout().write_all(&[b'x'; 4096]).is_err() {
                return ExitCode::SUCCESS;
            }
        },
        ("hang", _) => loop {
            thread::park();
        },
        ("remove", folder) => {
            if method == "publicKey" && std::fs::rename(folder, format!("{folder}.gone")).is_err() {
                return answer(&json!({ "errorMessage": "the folder does not go away" }), 1);
            }
            sign(&question, method, &secret(KeyKind::EcdsaP256, "online"), |message| message)
        }
        ("alone", seed) => {
            if let Some(seen) =
                ["ROOTLINE_PASSPHRASE", "ROOTLINE_PIN"].into_iter().find(|name| env::var_os(name).is_some())
            {
                return answer(&json!({ "errorMessage": format!("{seen} is there to be seen") }), 1);
            }
            sign(&question, method, &secret(KeyKind::EcdsaP256, seed), |message| message)
        }
        ("ed25519", seed) => sign(&question, method, &secret(KeyKind::Ed25519, seed), |message| message),
        ("wrong-signature", seed) => {
            sign(&question, method, &secret(KeyKind::EcdsaP256, seed), |message| [message, vec![0]].concat())
        }
        ("other-key", seed) => {
            let signing = if method == "publicKey" { seed } else { "another" };
            sign(&question, method, &secret(KeyKind::EcdsaP256, signing), |message| message)
        }
        _ => sign(&question, method, &secret(KeyKind::EcdsaP256, key), |message| message),
    }
}

/// The key that the tests of `rootline-repo` have by that name.
fn secret(kind: KeyKind, name: &str) -> SecretKey {
    let mut seed = [7; 32];
    seed.iter_mut().zip(name.bytes()).for_each(|(byte, letter)| *byte = letter);
    SecretKey::from_seed(kind, &seed)
}

fn sign(question: &Value, method: &str, key: &SecretKey, change: impl Fn(Vec<u8>) -> Vec<u8>) -> ExitCode {
    match method {
        "publicKey" if question["publicKey"]["publicKeyOptions"]["rpcOptions"].is_object() => {
            answer(&json!({ "publicKey": { "publicKeyPEM": STANDARD.encode(key.public_key().to_spki_pem()) } }), 0)
        }
        "signMessage" if question["signMessage"]["signOptions"]["messageOptions"]["hashFunc"] == 5 => {
            let mut message = Vec::new();
            let _ = io::stdin().read_to_end(&mut message);
            answer(&json!({ "signMessage": { "signature": STANDARD.encode(key.sign(&change(message))) } }), 0)
        }
        _ => answer(&json!({ "errorMessage": format!("{method} is not answered here") }), 1),
    }
}

fn answer(answer: &Value, status: u8) -> ExitCode {
    let _ = write!(io::stdout(), "{answer}");
    ExitCode::from(status)
}

/// The P-384 key whose private half is 7.
const P384: &str = "\
-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEKDwdc2XOR4jyn46/I07f/q1v6Zf76l/6
LVjMnfp7HFCLBVJvVbnrsgQPBbSPttDhlHXJkGHkG4i6Uu/bjBaQRxph2GfteZcp
2cks0B29IlYw2E7eMqePnmRmTNrFEu+M
-----END PUBLIC KEY-----
";
