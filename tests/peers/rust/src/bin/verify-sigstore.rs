//! Lets `sigstore-verify` judge trust roots and signing configs, given as files or by a repository. Command line and answer are
//! those of every driver of `tests/peers/verify`, see README.md there.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use rootline_peers::{block_on, reason};
use serde_json::json;
use sigstore_trust_root::tuf::fetch_trust_material;
use sigstore_trust_root::{SigningConfig, TrustedRoot, TufBootstrap, TufConfig};
use sigstore_verify::types::Bundle;
use sigstore_verify::{verify, VerificationPolicy};

type Error = Box<dyn std::error::Error>;
type Outcome = Result<Option<Vec<String>>, Error>;

#[derive(Default)]
struct Request {
    trusted_roots: Vec<String>,
    signing_configs: Vec<String>,
    url: Option<String>,
    root: String,
    cache: String,
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
    if let Some(url) = &request.url {
        // Both or none: this is how the library fetches them.
        let taken = || block_on(take(url, &request));
        for bundle in &request.bundles {
            let outcome = taken().and_then(|(root, _)| accept(&root, bundle.as_ref(), &request));
            tell("trusted_root.json", outcome);
        }
        tell("signing_config.v0.2.json", taken().and_then(|(_, config)| select(&config)));
    }
    for (path, bundle) in request.trusted_roots.iter().zip(&request.bundles) {
        let root = TrustedRoot::from_file(path).map_err(Error::from);
        tell(path, root.and_then(|root| accept(&root, bundle.as_ref(), &request)));
    }
    for path in &request.signing_configs {
        tell(path, SigningConfig::from_file(path).map_err(Error::from).and_then(|config| select(&config)));
    }
    if all_accepted {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn take(url: &str, request: &Request) -> Result<(TrustedRoot, SigningConfig), Error> {
    let config = TufConfig::custom(url, TufBootstrap::trusted(fs::read(&request.root)?));
    Ok(fetch_trust_material(config.with_cache_dir(request.cache.clone().into())).await?)
}

fn accept(trusted_root: &TrustedRoot, bundle: &Path, request: &Request) -> Outcome {
    let bundle = Bundle::from_json(&fs::read_to_string(bundle)?)?;
    let policy = VerificationPolicy::new(request.identity.as_str(), request.issuer.as_str());
    verify(fs::read(&request.artifact)?.as_slice(), &bundle, &policy, trusted_root)?;
    Ok(None)
}

fn select(config: &SigningConfig) -> Outcome {
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
            "--url" => request.url = Some(value),
            "--root" => request.root = value,
            "--cache" => request.cache = value,
            "--bundle" => request.bundles.push(value),
            "--artifact" => request.artifact = value,
            "--identity" => request.identity = value,
            "--issuer" => request.issuer = value,
            _ => return Err(format!("{flag} is not known")),
        }
    }
    Ok(request)
}
