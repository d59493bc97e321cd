//! Publishing a rotation so that no cache ever shows a verifier two files that refuse each other.
//!
//! Caches show each file at an age of its own: a replaced timestamp for as long as [`Caches::timestamp`](crate::Caches::timestamp), the absence of
//! a new root for as long as [`Caches::missing`](crate::Caches::missing), and one visit takes up to [`Caches::visit`](crate::Caches::visit). So a root
//! may become public only when every timestamp that can still be seen leads to files that satisfy it, and a timestamp only if what it leads to
//! satisfies every root that can still be a verifier's last.
//!
//! [`PlaceRecord`] says what a place has shown since when, [`Timetable`] what may become public there at which instant.

mod leads_to;
mod no_timetable;
mod place_record;
mod place_record_file;
mod roots_in_use;
mod stage;
#[cfg(test)]
mod tests;
mod timetable;

pub use no_timetable::{Lacking, NoTimetable};
pub use place_record::{PlaceContent, PlaceRecord, ShownTimestamp};
pub use roots_in_use::roots_in_use;
pub use stage::{Mixture, PublicStep, Stage};
pub use timetable::{Timetable, TimetableParts};
