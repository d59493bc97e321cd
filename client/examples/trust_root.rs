//! Three lines to a verified trust root.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;

use std::error::Error;

use rootline_client::Client;

fn main() -> Result<(), Box<dyn Error>> {
    let (instance, now) = arguments::read()?;

    let mut client = Client::open(&instance)?;
    let trust_root = client.trust_root(now)?;
    let trusted = trust_root.at(now);

    for authority in trusted.certificate_authorities() {
        println!("certificates by {}, {}", authority.uri(), authority.valid_for());
    }
    for log in trusted.transparency_logs() {
        println!("entries in {}, {}", log.base_url(), log.key().details());
    }

    // Nothing of this was a failure: a cache that cannot be written, a mirror that was left for another.
    for note in client.take_notes() {
        println!("note: {note}");
    }
    println!("fresh until {}", trust_root.expiry());
    Ok(())
}
