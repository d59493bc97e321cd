//! Which published roots a verifier can have as its last.

use chrono::{DateTime, Utc};
use rootline_metadata::{Role, Root, Verified, Version};

use super::place_record::PlaceRecord;
use crate::plan::caches::Caches;
use crate::repository::published::Published;

/// The published roots that a verifier can have as its last from `at` on, ascending: the newest one, those that live at one of the places, and those
/// that are not public yet at one of them. A place whose timestamp has expired serves nobody, so that one that was given up does not count for ever.
pub fn roots_in_use<'p>(
    published: &'p Published,
    places: &[PlaceRecord],
    caches: &Caches,
    at: DateTime<Utc>,
) -> Vec<&'p Verified<Root>> {
    let newest = published.root().map(|root| root.version());
    let is_used_at = |place: &PlaceRecord, version: Version| {
        let is_to_come = place.newest_root().is_some_and(|newest| version > newest);
        is_to_come || place.living_roots(caches, at).contains(&version)
    };
    let places: Vec<&PlaceRecord> = places.iter().filter(|place| place.serves(at)).collect();
    let is_used = |version: Version| Some(version) == newest || places.iter().any(|place| is_used_at(place, version));
    published.roots().iter().filter(|root| is_used(root.version())).collect()
}
