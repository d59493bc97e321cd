//! Errors of every room, each brought about from outside: an error and its causes say one thing each.

use std::error::Error;
use std::io;
use std::path::Path;

use rootline_client::bundle::{BundleLimits, Contents, UnverifiedBundle};
use rootline_client::chrono::{DateTime, TimeDelta, Utc};
use rootline_client::export::ClientUrl;
use rootline_client::metadata::TargetPath;
use rootline_client::mirror::{Mirror, MirrorLimits};
use rootline_client::store::{FileStore, Layout, TargetPlace};
use rootline_client::transport::{Folder, Request, Transport};
use rootline_client::workflow::TargetQuery;
use rootline_client::{Client, Limits, TrustRoot};

use crate::repository::{Broken, Failed, Published};
use crate::table::{ReadOnly, Table};

/// Brings each error about, walks its chain, and says how many there were.
pub fn say_each_thing_once(folder: &Path, published: &Published, now: DateTime<Utc>) -> Result<(), Box<dyn Error>> {
    let errors = errors(folder, published, now)?;
    let mut causes = 0;
    for (what, error) in &errors {
        let sentences = chain(&**error);
        causes += sentences.len() - 1;
        for (position, sentence) in sentences.iter().enumerate() {
            assert!(!sentence.is_empty(), "{what}: nothing is said: {sentences:?}");
            for cause in &sentences[position + 1..] {
                assert!(!sentence.contains(cause) && !cause.contains(sentence), "{what}: twice: {sentences:?}");
            }
        }
    }
    println!("{} errors with {causes} causes: no sentence twice", errors.len());
    Ok(())
}

fn chain(error: &dyn Error) -> Vec<String> {
    let mut sentences = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        sentences.push(error.to_string());
        cause = error.source();
    }
    sentences
}

type Brought = (&'static str, Box<dyn Error>);

fn errors(folder: &Path, published: &Published, now: DateTime<Utc>) -> Result<Vec<Brought>, Box<dyn Error>> {
    let root = published.pinned_root();
    let limits = Limits::default();
    let unknown = TargetQuery::required(TargetPath::new("unknown").ok_or("a target has a name")?);
    let client = |published: Published| Client::new(root.clone(), published, Table::new());
    let trust_root = |published: Published| client(published).trust_root(now);
    let timestamp = folder.join("metadata").join("timestamp.json");
    let in_folder = Folder::new(folder.join("metadata"), folder.join("targets"));
    let mut updated = client(published.clone()).update(now, &TrustRoot::queries())?;
    updated.targets.clear();
    Ok(vec![
        // The workflow refuses.
        failed("no root", Client::new("{", published.clone(), Table::new()).refresh(now))?,
        failed("no timestamp", trust_root(published.clone().without("timestamp.json")))?,
        failed("an altered timestamp", trust_root(published.clone().replacing("timestamp", "2030", "2031")))?,
        failed("a malformed timestamp", trust_root(published.clone().replacing("timestamp", "{", "[")))?,
        failed("an altered snapshot", trust_root(published.clone().replacing("snapshot", "2030", "2031")))?,
        failed("an altered target", trust_root(published.clone().replacing("targets/", "old", "new")))?,
        failed("an expired role", client(published.clone()).refresh(now + TimeDelta::days(10_000)))?,
        failed("an unknown target", client(published.clone()).update(now, &[unknown]))?,
        failed("no trust root", TrustRoot::assemble(updated))?,
        // A file does not arrive.
        failed("a transport's own", Client::new(root.clone(), Broken, Table::new()).refresh(now))?,
        failed("too long", client(published.clone()).with_limits(limits.clone().with_timestamp(1)).refresh(now))?,
        failed("not found", in_folder.fetch(&Request::metadata("nothing.json", 1)))?,
        failed("no file", in_folder.fetch(&Request::target("../timestamp.json", 1)))?,
        // A file cannot be kept.
        failed("a store's own", Client::new(root.clone(), published.clone(), ReadOnly).refresh(now))?,
        failed("no folder", FileStore::open(timestamp.clone()))?,
        failed("an unsafe name", TargetPlace::new(folder, "../up", Layout::Nested))?,
        // What goes to other places.
        failed("no bundle", UnverifiedBundle::read(&[1_u8; 1024][..], BundleLimits::default()))?,
        failed("a bundle too long", UnverifiedBundle::read(&[0; 9][..], BundleLimits::default().with_bytes(1)))?,
        failed("a bundle's reader", UnverifiedBundle::read(Unreadable, BundleLimits::default()))?,
        failed("an empty copy", Contents::of_cache(&root, &Table::new(), now, &[], &limits))?,
        failed("no client's URL", ClientUrl::new("ftp://tuf.example"))?,
        failed("a mirror's transport", Mirror::new(root.clone(), Broken, folder.join("mirror")).update(now, &mut ()))?,
        failed("a large mirror", {
            let mirror = Mirror::new(root.clone(), published.clone(), folder.join("mirror"));
            mirror.with_mirror_limits(MirrorLimits::default().with_target_bytes(1)).update(now, &mut ())
        })?,
    ])
}

/// The error of something that has to fail.
fn failed<T, E: Error + 'static>(what: &'static str, outcome: Result<T, E>) -> Result<Brought, String> {
    match outcome {
        Ok(_) => Err(format!("{what} is no error")),
        Err(error) => Ok((what, Box::new(error))),
    }
}

struct Unreadable;

impl io::Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(Failed { what: "the reader stands still", cause: io::Error::other("its tape is torn") }))
    }
}
