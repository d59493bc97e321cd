//! A service that verifies in many threads: one trust root for all of them, renewed once when it is older than it may be, and asked
//! for once more when somebody presents a signature by a log that nobody knows yet.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;

use std::error::Error;
use std::thread;

use chrono::TimeDelta;
use rootline_client::{Client, SharedTrustRoot};

fn main() -> Result<(), Box<dyn Error>> {
    let (instance, now) = arguments::read()?;
    let shared = SharedTrustRoot::new(Client::open(&instance)?, TimeDelta::hours(6));

    // What is to be verified: each names a log, as a bundle does.
    let known = shared.get(now)?.at(now).transparency_logs().find_map(|log| log.log_id().cloned());
    let known = known.ok_or("the trust root has no log")?.as_bytes().to_vec();
    let requests = [known.clone(), vec![0; 32], known, vec![0; 32]];

    thread::scope(|scope| {
        let threads: Vec<_> = requests
            .iter()
            .enumerate()
            .map(|(number, log_id)| {
                let shared = &shared;
                scope.spawn(move || {
                    // Threads that come while one of them is renewing it wait for that. A log that is unknown after the renewal
                    // too forces no other for a minute, however many ask for it.
                    let found = shared.find(now, |trust_root| {
                        trust_root.at(now).transparency_log(log_id).map(|log| log.base_url().to_owned())
                    });
                    (number, found)
                })
            })
            .collect();
        for thread in threads {
            match thread.join() {
                Ok((number, Ok(Some(log)))) => println!("request {number}: {log}"),
                Ok((number, Ok(None))) => println!("request {number}: no log that is trusted"),
                Ok((number, Err(error))) => println!("request {number}: {error}"),
                Err(_) => println!("a thread has panicked"),
            }
        }
    });
    Ok(())
}
