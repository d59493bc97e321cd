//! Long matrices. Every run of the tests tries a sample of their cases; `tests/long/run` tries all.

use std::env;

/// Whether this run is to try every case, by `ROOTLINE_LONG=1`.
pub fn is_whole() -> bool {
    env::var_os("ROOTLINE_LONG").is_some_and(|value| value == "1")
}

/// A sample has one case of so many: 4, or 1 in a long run.
pub fn stride() -> usize {
    if is_whole() { 1 } else { 4 }
}

/// The sample of these cases, beginning with one that differs from `name` to `name` and ending with the last; all of them in a long run.
pub fn sample<T>(name: &str, cases: impl IntoIterator<Item = T>) -> Vec<T> {
    pick(stride(), name, cases)
}

fn pick<T>(n: usize, name: &str, cases: impl IntoIterator<Item = T>) -> Vec<T> {
    let first = name.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % n;
    let mut cases = cases.into_iter().enumerate().peekable();
    let mut picked = Vec::new();
    while let Some((number, case)) = cases.next() {
        if number % n == first || cases.peek().is_none() {
            picked.push(case);
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::pick;

    #[test]
    fn a_sample_is_every_nth_case_and_the_last() {
        assert_eq!(pick(4, "", 0..10), [0, 4, 8, 9]);
        assert_eq!(pick(4, "", 0..9), [0, 4, 8]);
        assert_eq!(pick(4, "a", 0..10), [1, 5, 9]);
    }

    #[test]
    fn a_long_run_leaves_no_case_out_and_a_short_list_keeps_its_last() {
        assert_eq!(pick(1, "any", 0..10), (0..10).collect::<Vec<_>>());
        assert_eq!(pick(4, "b", 0..1), [0]);
        assert_eq!(pick(4, "b", 0..0), [0; 0]);
    }
}
