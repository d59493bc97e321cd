//! From when to when logs, authorities and services are trusted, drawn over the years.
//!
//! ```text
//! windows ─▶ scale ─┬▶ figure    in a page, with what changes
//!                   └▶ picture   by itself, as one SVG
//! ```

mod figure;
mod picture;
mod scale;

pub(crate) use figure::figure;
pub(crate) use picture::{Row, picture};
