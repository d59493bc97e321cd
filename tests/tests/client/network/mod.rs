//! The network as it is in the field: tags, HTTP/2, deadlines, proxies, private authorities, other people's servers.

mod conditional;
mod deadlines;
mod http2;
mod nginx;
mod program;
mod proxy;
mod rewrites;

use std::io::Write;
use std::time::Duration;

use rootline_client::Client;
use rootline_client::store::MemoryStore;
use rootline_client::transport::{Http, HttpBlocking, HttpSettings, ProxyChoice};

/// No pause between tries, straight to the server, and otherwise as it comes.
fn settings() -> HttpSettings {
    HttpSettings::default().with_backoff(Duration::ZERO).with_proxy(ProxyChoice::Never)
}

/// Settings that trust one more certificate authority, and the file it stands in.
fn trusting(pem: &str) -> (tempfile::NamedTempFile, HttpSettings) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    let settings = settings().with_extra_ca_file(file.path());
    (file, settings)
}

/// The repository below a URL, with metadata/ and targets/.
fn repository(url: &str, settings: HttpSettings) -> HttpBlocking {
    HttpBlocking::new(Http::new(&format!("{url}/metadata"), &format!("{url}/targets"), settings).unwrap()).unwrap()
}

/// A client of that repository that keeps its files in `store`.
fn client<'a>(
    pinned: Vec<u8>,
    url: &str,
    settings: HttpSettings,
    store: &'a MemoryStore,
) -> Client<HttpBlocking, &'a MemoryStore> {
    Client::new(pinned, repository(url, settings), store).recording_checks()
}
