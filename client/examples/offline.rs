//! A machine that is often without a network: it asks when it can, and uses what it has for as long as it says.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;

use std::error::Error;

use chrono::TimeDelta;
use rootline_client::{Client, Freshness};
use rootline_metadata::instant_text;

fn main() -> Result<(), Box<dyn Error>> {
    let (instance, now) = arguments::read()?;

    // While there is a network.
    Client::open(&instance)?.trust_root(now)?;

    // A month later there is none. No request is made, and everything is verified again from the pinned root; only expiry is
    // forgiven, for as long as the caller says and not a second longer.
    let later = now + TimeDelta::days(30);
    let grace = Freshness::OfflineWithGrace(TimeDelta::days(45));
    let trust_root = Client::open(&instance)?.with_freshness(grace).trust_root(later)?;
    let freshness = trust_root.freshness();
    if let (true, Some((role, expiry))) = (freshness.is_stale(later), freshness.first_expiry()) {
        println!("stale: {role} expired at {expiry}");
    }
    if let Some(checked) = freshness.checked_at {
        println!("last compared with the repository at {}", instant_text(checked));
    }

    // Without grace it is refused, and the refusal has a hint for what to do.
    match Client::open(&instance)?.with_freshness(Freshness::offline()).trust_root(later) {
        Ok(_) => println!("still fresh"),
        Err(error) => {
            println!("refused: {error}");
            if let Some(refusal) = error.refusal() {
                println!("{}: {:?}", refusal.check, refusal.check.hint());
            }
        }
    }
    Ok(())
}
