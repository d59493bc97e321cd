//! Places in a mirror's folder.

use crate::store::UNFINISHED;
use crate::store::escape::check_component;

/// What file systems take as one part of a name, less what is put before an unfinished file's.
const MAX_COMPONENT: usize = 255;

/// Whether each part of it can be the name of a file or of a folder.
pub(super) fn is_place(place: &str) -> Result<(), &'static str> {
    for component in place.split('/') {
        check_component(component)?;
        if component.len() > MAX_COMPONENT {
            return Err("a part of it is too long for a file's name");
        }
        if component.starts_with(UNFINISHED) {
            return Err("a part of it is how unfinished files are named here");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_255_bytes_is_a_place_and_one_more_is_not() {
        assert_eq!(is_place(&"n".repeat(255)), Ok(()));
        assert!(is_place(&"n".repeat(256)).is_err());
        assert!(is_place("a/.unfinished-1").is_err());
    }
}
