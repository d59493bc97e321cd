//! Loads and verifies the trust root of a filled cache, without a network, again and again, and prints the mean time: the figure that
//! `tests/bench/compare` sets beside another client's.
//!
//! usage: load-trust-root ROOT_JSON CACHE_DIR INSTANT REPEAT

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use rootline_client::store::FileStore;
use rootline_client::transport::CachedRepository;
use rootline_client::{Client, Freshness};
use rootline_metadata::parse_instant;

#[allow(clippy::print_stdout, clippy::print_stderr)] // a program of its own, without a terminal module
fn main() -> ExitCode {
    match measure() {
        Ok(mean) => {
            println!("{{\"mode\": \"offline\", \"mean_us\": {mean:.1}}}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

fn measure() -> Result<f64, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, cache, at, repeat] = &arguments[..] else {
        return Err("usage: load-trust-root ROOT_JSON CACHE_DIR INSTANT REPEAT".into());
    };
    let pinned = std::fs::read(root)?;
    let at = parse_instant(at).ok_or("the instant is not RFC 3339")?;
    let repeat: u32 = repeat.parse()?;
    let start = Instant::now();
    for _ in 0..repeat {
        let store = FileStore::open(cache)?;
        let mut client =
            Client::new(pinned.clone(), CachedRepository::new(&store), &store).with_freshness(Freshness::offline());
        let trust_root = client.trust_root(at)?;
        if trust_root.at(at).transparency_logs().count() == 0 {
            return Err("the trust root has no log".into());
        }
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(repeat))
}
