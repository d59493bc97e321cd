//! Whom to trust for something that was signed at a given time: the last argument, or else a year before now.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;

use std::error::Error;

use chrono::TimeDelta;
use rootline_client::Client;
use rootline_metadata::instant_text;

fn main() -> Result<(), Box<dyn Error>> {
    let (instance, now) = arguments::read()?;
    let trust_root = Client::open(&instance)?.trust_root(now)?;

    // The time of the signature has to come from a source that was itself verified: a timestamp authority, or the log. Keys
    // that are retired now count for what was signed while they were in use.
    let signed = now - TimeDelta::days(365);
    println!("at {}:", instant_text(signed));
    let trusted = trust_root.at(signed);

    for authority in trusted.certificate_authorities() {
        let lengths: Vec<usize> = authority.chain().map(<[u8]>::len).collect();
        println!("certificates by {}: DER of {lengths:?} bytes, leaf first", authority.uri());
    }
    for log in trusted.certificate_transparency_logs() {
        println!("certificates are listed in {}", log.base_url());
    }
    for authority in trusted.timestamp_authorities() {
        println!("timestamps by {}", authority.uri());
    }
    for log in trusted.transparency_logs() {
        println!("entries in {}", log.base_url());
    }

    // A bundle names its log by an id, a checkpoint by four bytes of one.
    if let Some(id) = trusted.transparency_logs().find_map(|log| log.log_id()) {
        let log = trusted.transparency_log(id.as_bytes());
        println!("{id} is {}", log.map_or("unknown", |log| log.base_url()));
        let key_id = id.as_bytes().first_chunk().copied().unwrap_or_default();
        println!("checkpoints by its first bytes: {}", trusted.transparency_logs_by_checkpoint_key_id(key_id).count());
    }
    Ok(())
}
