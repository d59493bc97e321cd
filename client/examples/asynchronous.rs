//! The same within a tokio runtime, without blocking it.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;

use std::error::Error;

use rootline_client::Client;
use rootline_client::transport::HttpSettings;
use rootline_metadata::Role as _;

fn main() -> Result<(), Box<dyn Error>> {
    let (instance, now) = arguments::read()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut client = Client::open_async(&instance, &HttpSettings::default())?;
        // Everything that will probably be needed is asked for at the same time. Dropping the future ends all of it, and nothing is
        // left half done.
        let trust_root = client.trust_root_async(now).await?;
        println!("root {}, fresh until {}", trust_root.metadata().root().version().number(), trust_root.expiry());
        Ok(())
    })
}
