//! A review as it is shown: [`text`] for a terminal, [`json`] for programs, and one page of [`html`]. All three say the same, and nothing
//! in them depends on anything but the review.

mod html;
mod json;
#[cfg(test)]
mod shows_everything;
mod steps;
mod text;

use std::ops::Deref;

use rootline_ceremonies::review::Review;
use rootline_metadata::json::Value;

pub(crate) use json::{content_json, entry_change_json};
pub(crate) use steps::{Step, steps};
pub(crate) use text::{content_lines, entry_change_lines, warning_lines};

/// A review that is to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown(pub(crate) Review);

impl Deref for Shown {
    type Target = Review;

    fn deref(&self) -> &Review {
        &self.0
    }
}

/// A value as JSON: on one line where it is short, otherwise one member or element a line, two spaces a level.
pub(crate) fn said(value: &Value) -> Vec<String> {
    /// What fits on one line beside the words before it.
    const SHORT: usize = 80;
    let compact = value.compact();
    if compact.chars().count() <= SHORT {
        return vec![compact];
    }
    value.pretty(2).lines().map(str::to_owned).collect()
}

/// The fingerprint as people read it out: groups of four digits.
pub(crate) fn groups(fingerprint: &str) -> Vec<String> {
    let digits: Vec<char> = fingerprint.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_out_in_groups_of_four() {
        assert_eq!(groups("0123456789"), ["0123", "4567", "89"]);
    }
}
