//! One out of three: what is now, and what two make of it.

use std::fmt::Debug;

use super::{MergeError, conflict};

/// What the one who changes it makes of it, or both.
pub(super) fn one_of<T: Clone + PartialEq + Debug>(
    what: &str,
    now: &T,
    first: &T,
    second: &T,
) -> Result<T, MergeError> {
    match (first == now, second == now) {
        (_, true) => Ok(first.clone()),
        (true, false) => Ok(second.clone()),
        (false, false) if first == second => Ok(first.clone()),
        _ => Err(conflict(what, &format!("{first:?}"), &format!("{second:?}"))),
    }
}

/// What both leave in, and what either puts in: in the order of the first, then of the second.
pub(super) fn lists<T: Clone + PartialEq>(now: &[T], first: &[T], second: &[T]) -> Vec<T> {
    let stays = |one: &&T| !now.contains(one) || (first.contains(one) && second.contains(one));
    let more = second.iter().filter(|one| !first.contains(one));
    first.iter().chain(more).filter(stays).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_changes_is_taken_and_what_both_change_has_to_be_the_same() {
        assert_eq!(one_of("x", &1, &1, &1), Ok(1));
        assert_eq!(one_of("x", &1, &2, &1), Ok(2));
        assert_eq!(one_of("x", &1, &1, &2), Ok(2));
        assert_eq!(one_of("x", &1, &2, &2), Ok(2));
        assert_eq!(one_of("x", &1, &2, &3).unwrap_err().to_string(), "both change x: to 2 and to 3");
    }

    #[test]
    fn of_a_list_everybodys_additions_and_removals_are_taken() {
        assert_eq!(lists(&["a", "b", "c"], &["a", "b", "c"], &["a", "b", "c"]), ["a", "b", "c"]);
        assert_eq!(lists(&["a", "b", "c"], &["a", "c", "d"], &["a", "b", "e"]), ["a", "d", "e"]);
        assert_eq!(lists(&["a"], &["a", "d"], &["a", "d"]), ["a", "d"]);
        assert_eq!(lists(&["a", "b"], &["b"], &["b"]), ["b"]);
    }
}
