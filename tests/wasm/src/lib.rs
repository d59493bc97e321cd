//! An update in memory, for a host that has nothing but WebAssembly.

use rootline_client::chrono::DateTime;
use rootline_client::store::MemoryStore;
use rootline_client::transport::{Place, Request, Transport, TransportError};
use rootline_client::metadata::Role as _;
use rootline_client::{Cache, Client, Instance};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

fn file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

struct InTheProgram;

impl Transport for InTheProgram {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let folder = if request.place == Place::Targets { "targets/" } else { "" };
        let name = format!("{folder}{}", request.name());
        file(&name).map(<[u8]>::to_vec).ok_or_else(|| TransportError::not_found(name))
    }
}

/// Verifies the trust root from the first root as of that second: the newest root's version times 1000, and how many transparency logs there are;
/// 0 when it is refused.
#[unsafe(no_mangle)]
pub extern "C" fn update(seconds: i64) -> i64 {
    let (Some(root), Some(now)) = (file("1.root.json"), DateTime::from_timestamp(seconds, 0)) else { return -1 };
    let mut client = Client::new(root.to_vec(), InTheProgram, MemoryStore::new());
    let Ok(trust_root) = client.trust_root(now) else { return 0 };
    let version = trust_root.metadata().root().version().number() as i64;
    version * 1000 + trust_root.trusted_root().transparency_logs().len() as i64
}

/// What a host without files has of a cache on disk: 1 when it is an error, and there is no default folder, and nothing traps.
#[unsafe(no_mangle)]
pub extern "C" fn no_disk() -> i64 {
    let instance = Instance::sigstore();
    i64::from(Cache::default_folder().is_none() && Cache::open("cache".as_ref(), &instance).is_err())
}
