//! Lets `sigstore-tuf` read a repository. Command line and answer are described in the library of this package.
//!
//! Two modes measure instead of answering, with the time taken by the library's calls alone, so that a benchmark
//! can leave out what it takes to start a process:
//!
//! - `--warm`: the refresh of a client that has a cache, with the targets named, over HTTP.
//! - `--offline`: the trusted root of Sigstore, verified and parsed from the cache, without a network.
//!
//! Each wants a cache that an ordinary run has filled, `--offline` one that fetched `trusted_root.json`.
//! With `--repeat N` the work is done N times, every time from nothing but the cache, and the mean is printed:
//! `{"mode": "--warm", "repeat": N, "mean_us": F}`.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use rootline_peers::{block_on, finish, Answer, Request};
use sigstore_trust_root::{TrustedRoot, TufBootstrap, TufConfig};
use sigstore_tuf::{FileStore, HttpRepository, Updater, UpdaterConfig};

fn main() -> ExitCode {
    let request = Request::from_args(&["--warm", "--offline"]);
    let outcome = block_on(async {
        match request.mode.as_deref() {
            None => read(&request).await.map(Some),
            Some(mode) => measure(&request, mode).await.map(|()| None),
        }
    });
    match outcome {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(answer)) => finish(Ok(answer)),
        Err(error) => finish(Err(error)),
    }
}

async fn read(request: &Request) -> Result<Answer, Box<dyn Error>> {
    // One instant for everything: the library takes the time from its caller.
    let at = request.at.unwrap_or_else(jiff::Timestamp::now);
    let mut updater = refreshed(request, at).await?;

    let trusted = updater.trusted();
    let mut answer = Answer {
        root: trusted.root().version,
        timestamp: trusted.timestamp().map_or(0, |t| t.version),
        snapshot: trusted.snapshot().map_or(0, |s| s.version),
        targets: trusted.targets_role("targets").map_or(0, |t| t.version),
        ..Answer::default()
    };
    for name in &request.targets {
        let content = match updater.get_target(name, at).await {
            Err(sigstore_tuf::Error::TargetNotFound(name)) => Err(format!("not found: {name}"))?,
            other => other?,
        };
        answer.add(name, &content);
    }
    Ok(answer)
}

async fn refreshed(request: &Request, at: jiff::Timestamp) -> Result<Updater, sigstore_tuf::Error> {
    // Enough for the large repositories of the benchmarks; the usual limits are 2 and 5 MB.
    let mut config = UpdaterConfig::default();
    config.snapshot_max_length = 64 << 20;
    config.targets_max_length = 64 << 20;
    let mut updater = Updater::new(HttpRepository::new(&request.url)?, &request.root)?
        .with_config(config)
        .with_store(FileStore::new(&request.cache));
    updater.refresh(at).await?;
    Ok(updater)
}

async fn measure(request: &Request, mode: &str) -> Result<(), Box<dyn Error>> {
    let at = request.at.unwrap_or_else(jiff::Timestamp::now);
    let start = Instant::now();
    for _ in 0..request.repeat {
        if mode == "--offline" {
            let config = TufConfig::custom(&request.url, TufBootstrap::trusted(&request.root))
                .with_cache_dir(request.cache.clone())
                .offline();
            TrustedRoot::from_tuf_at(config, at).await?;
        } else {
            let mut updater = refreshed(request, at).await?;
            for name in &request.targets {
                updater.get_target(name, at).await?;
            }
        }
    }
    let mean_us = start.elapsed().as_secs_f64() * 1e6 / f64::from(request.repeat.max(1));
    println!("{}", serde_json::json!({"mode": mode, "repeat": request.repeat, "mean_us": mean_us}));
    Ok(())
}
