//! The order in which files become public, so that a verifier in between is served.

use chrono::{DateTime, Utc};
use rootline_ceremonies::PublishedFile;
use rootline_metadata::file_name;

use crate::publish::preflight::{self, Files};

/// A file that is to become public.
pub(crate) type New<'a> = (PublishedFile, &'a Vec<u8>);

/// New files in the order in which to write them, and whether a verifier who reads after any of them is served.
#[derive(Debug)]
pub(crate) struct PublishingOrder<'a> {
    /// The files.
    pub(crate) files: Vec<New<'a>>,
    /// Whether every verifier in between is served.
    pub(crate) is_gapless: bool,
}

impl<'a> PublishingOrder<'a> {
    /// Roots come right before the timestamp, unless that would refuse the files that are current until then: those that the old root's
    /// people have signed, and too few of the new root's. Then roots come after the timestamp, if the old root's people have
    /// signed enough of what it makes current. Where neither goes, verifiers are refused from the one to the other.
    pub(crate) fn of(new: Vec<New<'a>>, there: &Files, now: DateTime<Utc>) -> PublishingOrder<'a> {
        let mut usual = new;
        usual.sort_by_key(|(file, _)| file.publishing_order());
        // Without a timestamp, or where the current files are refused, publishing interrupts no verifier.
        if !there.contains_key(file_name::TIMESTAMP) || preflight::check(&Files::new(), there, now).is_err() {
            return PublishingOrder { files: usual, is_gapless: true };
        }
        if is_gapless(&usual, there, now) {
            return PublishingOrder { files: usual, is_gapless: true };
        }
        let (mut roots, mut roots_last): (Vec<New<'a>>, Vec<New<'a>>) =
            usual.iter().cloned().partition(|(file, _)| is_root(file));
        roots_last.append(&mut roots);
        match is_gapless(&roots_last, there, now) {
            true => PublishingOrder { files: roots_last, is_gapless: true },
            false => PublishingOrder { files: usual, is_gapless: false },
        }
    }
}

fn is_root(file: &PublishedFile) -> bool {
    matches!(file, PublishedFile::Root(_))
}

/// Whether the client reads what is there after each file that anything begins with: all others are not looked at before. The last state is
/// what is being published, and the preflight check has let that pass.
fn is_gapless(files: &[New<'_>], there: &Files, now: DateTime<Utc>) -> bool {
    let mut state = there.clone();
    let Some((_, before_the_last)) = files.split_last() else { return true };
    before_the_last.iter().all(|(file, bytes)| {
        state.insert(file.to_string(), (*bytes).clone());
        let is_looked_at = is_root(file) || *file == PublishedFile::Timestamp;
        !is_looked_at || preflight::check(there, &state, now).is_ok()
    })
}
