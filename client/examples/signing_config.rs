//! Which services to sign with now, by the whole rule: windows, versions, operators, and how many of each.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;

use std::error::Error;

use rootline_client::Client;

fn main() -> Result<(), Box<dyn Error>> {
    let (instance, now) = arguments::read()?;
    let trust_root = Client::open(&instance)?.trust_root(now)?;
    let config = trust_root.signing_config().ok_or("this repository does not say which services to sign with")?;

    // The major API versions that this program speaks.
    println!("certificates from {}", config.select_ca(now, &[1])?.url());
    println!("identities from {}", config.select_oidc(now, &[1])?.url());
    for log in config.select_rekor(now, &[1, 2])? {
        println!("entries into {} (version {})", log.url(), log.major_api_version());
    }
    // Timestamps are needed where the log gives no time of its own; a repository need not name an authority.
    match config.select_tsa(now, &[1]) {
        Ok(authorities) => authorities.iter().for_each(|authority| println!("timestamps from {}", authority.url())),
        Err(none) => println!("{none}"),
    }
    Ok(())
}
