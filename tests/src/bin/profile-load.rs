//! Where the time goes when the trust root of a filled cache is loaded and verified without a network: each kind of work done by itself, as
//! often as a load does it, and the whole beside their sum.
//!
//! usage: profile-load ROOT_JSON CACHE_DIR INSTANT REPEAT

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use chrono::{DateTime, Utc};
use rootline_client::store::{FileStore, LocalFile, Store};
use rootline_client::transport::CachedRepository;
use rootline_client::{Client, Freshness, TrustRoot};
use rootline_metadata::json::Document;
use rootline_metadata::sigstore::{SigningConfig, TrustedRoot};
use rootline_metadata::{
    Authority, Envelope, PublicKey, Role, Root, Snapshot, Targets, Thoroughness, Timestamp, TopLevelRole,
    parse_instant, sha256,
};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own, without a terminal module")]
fn main() -> ExitCode {
    match measure() {
        Ok(rows) => {
            println!("{:>9}  {:>6}  what", "µs", "times");
            for row in rows {
                println!("{:9.1}  {:6}  {}", row.median_us, row.times, row.what);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

/// One line: what is done, how often in one load, and the median time that it takes there altogether.
struct Row {
    what: &'static str,
    times: usize,
    median_us: f64,
}

/// What is loaded.
struct Given {
    pinned: Vec<u8>,
    cache: String,
    at: DateTime<Utc>,
    repeat: u32,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn measure() -> Result<Vec<Row>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, cache, at, repeat] = &arguments[..] else {
        return Err("usage: profile-load ROOT_JSON CACHE_DIR INSTANT REPEAT".into());
    };
    let at = parse_instant(at).ok_or("the instant is not RFC 3339")?;
    let given = Given { pinned: std::fs::read(root)?, cache: cache.clone(), at, repeat: repeat.parse()? };
    let loaded = load(&given)?;
    let metadata = loaded.metadata();
    let (pinned, root) = (Envelope::<Root>::parse(given.pinned.clone(), MOST)?, metadata.root());
    if pinned.unverified().version() != root.version() {
        return Err("pin the root that the cache ends with: a chain has more signatures than this table knows".into());
    }
    let store = FileStore::open(&given.cache)?;
    let target = |name: &str| store.load(&LocalFile::Target(name.to_owned()), MOST as u64);
    let trusted_root = target(TrustRoot::TRUSTED_ROOT)?.ok_or("there is no trusted_root.json")?;
    let signing_config = target(TrustRoot::SIGNING_CONFIG)?.ok_or("there is no signing_config.v0.2.json")?;
    let files: Vec<Vec<u8>> =
        [root.bytes(), metadata.timestamp().bytes(), metadata.snapshot().bytes(), metadata.targets().bytes()]
            .map(<[u8]>::to_vec)
            .into();
    let mut signatures = Vec::new();
    signatures_of(root.envelope(), root.authority(TopLevelRole::Root), &mut signatures);
    signatures_of(metadata.timestamp().envelope(), root.authority(TopLevelRole::Timestamp), &mut signatures);
    signatures_of(metadata.snapshot().envelope(), root.authority(TopLevelRole::Snapshot), &mut signatures);
    signatures_of(metadata.targets().envelope(), root.authority(TopLevelRole::Targets), &mut signatures);

    let median = |work: &mut dyn FnMut()| {
        work();
        let mut accepted: Vec<f64> = (0..given.repeat)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        accepted.sort_by(f64::total_cmp);
        accepted.get(accepted.len() / 2).copied().unwrap_or_default()
    };
    let names = [LocalFile::Timestamp, LocalFile::Snapshot, LocalFile::Targets]
        .into_iter()
        .chain([TrustRoot::TRUSTED_ROOT, TrustRoot::SIGNING_CONFIG].map(|name| LocalFile::Target(name.to_owned())));
    let names: Vec<LocalFile> = names.collect();
    let absent = LocalFile::RootHistory(root.version().number() + 1);
    let digested = [metadata.snapshot().bytes(), metadata.targets().bytes(), &trusted_root, &signing_config];
    let mut rows = vec![
        Row {
            what: "reading the files, each once",
            times: names.len(),
            median_us: median(&mut || names.iter().for_each(|name| drop(black_box(store.load(name, MOST as u64))))),
        },
        Row {
            what: "looking for the next root",
            times: 1,
            median_us: median(&mut || drop(black_box(store.load(&absent, MOST as u64)))),
        },
        Row {
            what: "metadata from text to tape",
            times: files.len(),
            median_us: median(&mut || {
                files.iter().for_each(|file| drop(black_box(Document::parse(file.clone(), MOST))))
            }),
        },
        Row {
            what: "metadata from tape to roles and keys",
            times: files.len(),
            median_us: median(&mut || {
                drop(black_box(Envelope::<Root>::parse(files[0].clone(), MOST)));
                drop(black_box(Envelope::<Timestamp>::parse(files[1].clone(), MOST)));
                drop(black_box(Envelope::<Snapshot>::parse(files[2].clone(), MOST)));
                drop(black_box(Envelope::<Targets>::parse(files[3].clone(), MOST)));
            }),
        },
        Row {
            what: "canonical forms",
            times: files.len(),
            median_us: median(&mut || {
                black_box(root.envelope().message());
                black_box(metadata.timestamp().envelope().message());
                black_box(metadata.snapshot().envelope().message());
                black_box(metadata.targets().envelope().message());
            }),
        },
        Row {
            what: "digests that one file gives of another",
            times: digested.len(),
            median_us: median(&mut || {
                for bytes in digested {
                    black_box(sha256(bytes));
                }
            }),
        },
        Row {
            what: "signatures",
            times: signatures.len(),
            median_us: median(&mut || {
                for (key, message, signature) in &signatures {
                    let _ = black_box(key.verify(message, signature));
                }
            }),
        },
        Row {
            what: "trusted_root.json",
            times: 1,
            median_us: median(&mut || drop(black_box(TrustedRoot::parse(&trusted_root, MOST)))),
        },
        Row {
            what: "signing_config.v0.2.json",
            times: 1,
            median_us: median(&mut || drop(black_box(SigningConfig::parse(&signing_config, MOST)))),
        },
    ];
    // What goes from text to roles went from text to tape first.
    let tape = rows[2].median_us;
    rows[3].median_us -= tape;
    let sum = rows.iter().map(|row| row.median_us).sum::<f64>();
    let whole = median(&mut || drop(black_box(load(&given))));
    rows.push(Row { what: "everything else", times: 1, median_us: whole - sum });
    rows.push(Row { what: "a whole load", times: 1, median_us: whole });
    Ok(rows)
}

fn load(given: &Given) -> Result<TrustRoot> {
    let store = FileStore::open(&given.cache)?;
    let mut client =
        Client::new(given.pinned.clone(), CachedRepository::new(&store), &store).with_freshness(Freshness::offline());
    Ok(client.trust_root(given.at)?)
}

type SignatureOf<'a> = (&'a PublicKey, Vec<u8>, &'a [u8]);

/// The signatures that are checked: as many as the threshold needs.
fn signatures_of<'a, R: Role>(
    envelope: &'a Envelope<R>,
    authority: Authority<'a>,
    signatures: &mut Vec<SignatureOf<'a>>,
) {
    let message = envelope.message().into_owned();
    for id in envelope.tally(authority, Thoroughness::Enough).counted {
        let key = authority.keys.get(&id).and_then(|key| key.usable().ok());
        let signature = envelope.signatures().iter().find(|signature| signature.key_id == id);
        if let (Some(key), Some(bytes)) = (key, signature.and_then(|signature| signature.bytes.as_deref())) {
            signatures.push((key, message.clone(), bytes));
        }
    }
}

/// More bytes than any of these files has.
const MOST: usize = 8 << 20;
