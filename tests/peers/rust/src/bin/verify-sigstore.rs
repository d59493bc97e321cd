//! Lets `sigstore-verify` judge trust roots and signing configs. Command line and answer are those of every driver of
//! `tests/peers/verify`, see README.md there.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use rootline_peers::reason;
use serde_json::json;
use sigstore_trust_root::{SigningConfig, TrustedRoot};
use sigstore_verify::types::Bundle;
use sigstore_verify::{verify, VerificationPolicy};

type Outcome = Result<Option<Vec<String>>, Box<dyn std::error::Error>>;

#[derive(Default)]
struct Request {
    trusted_roots: Vec<String>,
    signing_configs: Vec<String>,
    bundles: Vec<String>,
    artifact: String,
    identity: String,
    issuer: String,
}

fn main() -> ExitCode {
    let request = match parse(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::from(2);
        }
    };
    let mut all_accepted = true;
    let mut tell = |path: &str, outcome: Outcome| {
        let mut line = json!({"document": path, "accepted": outcome.is_ok()});
        match outcome {
            Ok(Some(selected)) => line["selected"] = selected.into(),
            Ok(None) => {}
            Err(error) => line["reason"] = reason(&*error).into(),
        }
        all_accepted &= line["accepted"] == true;
        println!("{line}");
    };
    for (path, bundle) in request.trusted_roots.iter().zip(&request.bundles) {
        tell(path, accept(path.as_ref(), bundle.as_ref(), &request));
    }
    for path in &request.signing_configs {
        tell(path, select(path.as_ref()));
    }
    if all_accepted {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn accept(trusted_root: &Path, bundle: &Path, request: &Request) -> Outcome {
    let trusted_root = TrustedRoot::from_file(trusted_root)?;
    let bundle = Bundle::from_json(&fs::read_to_string(bundle)?)?;
    let policy = VerificationPolicy::new(request.identity.as_str(), request.issuer.as_str());
    verify(fs::read(&request.artifact)?.as_slice(), &bundle, &policy, &trusted_root)?;
    Ok(None)
}

fn select(signing_config: &Path) -> Outcome {
    let config = SigningConfig::from_file(signing_config)?;
    let services = [config.fulcio_url(), config.rekor_url(None), config.tsa_url()];
    Ok(Some(services.into_iter().flatten().map(|service| service.url.to_string()).collect()))
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Request, String> {
    let mut request = Request::default();
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--trusted-root" => request.trusted_roots.push(value),
            "--signing-config" => request.signing_configs.push(value),
            "--bundle" => request.bundles.push(value),
            "--artifact" => request.artifact = value,
            "--identity" => request.identity = value,
            "--issuer" => request.issuer = value,
            _ => return Err(format!("{flag} is not known")),
        }
    }
    Ok(request)
}
