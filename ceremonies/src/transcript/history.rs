//! Which lines follow which.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::{Entry, LineDigest};

/// Entries, each after all that it follows. Those that know nothing of each other stand in the order of their times, and at one time in
/// that of their digests, so that the order of a file's lines makes no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    entries: Vec<Entry>,
    places: BTreeMap<LineDigest, usize>,
    /// The entries that nothing follows.
    heads: BTreeSet<LineDigest>,
}

impl History {
    /// All of these, each of which follows only others of them, and none twice.
    pub(super) fn new(entries: Vec<Entry>) -> History {
        let mut followers: BTreeMap<LineDigest, Vec<usize>> = BTreeMap::new();
        let mut open: Vec<usize> = Vec::new();
        let mut ready = BinaryHeap::new();
        for (place, entry) in entries.iter().enumerate() {
            entry.follows.iter().for_each(|digest| followers.entry(*digest).or_default().push(place));
            open.push(entry.follows.len());
            if entry.follows.is_empty() {
                ready.push(Reverse((entry.at, entry.digest, place)));
            }
        }
        let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
        let mut history = History::default();
        while let Some(Reverse((_, digest, place))) = ready.pop() {
            for &follower in followers.get(&digest).into_iter().flatten() {
                open[follower] -= 1;
                if let (0, Some(entry)) = (open[follower], &entries[follower]) {
                    ready.push(Reverse((entry.at, entry.digest, follower)));
                }
            }
            if let Some(entry) = entries[place].take() {
                history.push(entry);
            }
        }
        history
    }

    /// One more, which follows only entries that are there.
    pub(super) fn push(&mut self, entry: Entry) {
        entry.follows.iter().for_each(|digest| {
            self.heads.remove(digest);
        });
        self.heads.insert(entry.digest);
        self.places.insert(entry.digest, self.entries.len());
        self.entries.push(entry);
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn heads(&self) -> &BTreeSet<LineDigest> {
        &self.heads
    }

    pub(super) fn holds(&self, digest: &LineDigest) -> bool {
        self.places.contains_key(digest)
    }

    /// These entries and all that they follow, over any number of steps.
    pub(super) fn up_to(&self, digests: impl IntoIterator<Item = LineDigest>) -> BTreeSet<LineDigest> {
        let mut found = BTreeSet::new();
        self.add_up_to(digests, &mut found);
        found
    }

    /// The entries of a sort that no other of that sort follows, over any number of steps; in order.
    pub(super) fn last_ones(&self, is_meant: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        let mut followed = BTreeSet::new();
        let mut last = Vec::new();
        for entry in self.entries.iter().rev().filter(|entry| is_meant(entry)) {
            if !followed.contains(&entry.digest) {
                last.push(entry);
                self.add_up_to([entry.digest], &mut followed);
            }
        }
        last.reverse();
        last
    }

    /// What is found already is not gone through again.
    fn add_up_to(&self, digests: impl IntoIterator<Item = LineDigest>, found: &mut BTreeSet<LineDigest>) {
        let mut to_visit: Vec<LineDigest> = digests.into_iter().collect();
        while let Some(digest) = to_visit.pop() {
            if found.insert(digest)
                && let Some(entry) = self.places.get(&digest).and_then(|place| self.entries.get(*place))
            {
                to_visit.extend(&entry.follows);
            }
        }
    }
}
