//! What becomes of something, in one word.

/// What becomes of something. The sign and the word say the same; colour only repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// It is another one.
    Changed,
    /// Nothing.
    Stays,
}

impl Mark {
    /// Of something that may have been there, and may be there from now on.
    pub fn of<T: PartialEq>(before: Option<&T>, after: Option<&T>) -> Mark {
        match (before, after) {
            (None, Some(_)) => Mark::Added,
            (Some(_), None) => Mark::Removed,
            (before, after) if before == after => Mark::Stays,
            _ => Mark::Changed,
        }
    }

    /// For a terminal.
    pub fn sign(self) -> char {
        match self {
            Mark::Added => '+',
            Mark::Removed => '-',
            Mark::Changed => '~',
            Mark::Stays => ' ',
        }
    }

    /// For people and programs.
    pub fn word(self) -> &'static str {
        match self {
            Mark::Added => "new",
            Mark::Removed => "gone",
            Mark::Changed => "changed",
            Mark::Stays => "stays",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_what_becomes_of_something() {
        assert_eq!(Mark::of(None, Some(&1)), Mark::Added);
        assert_eq!(Mark::of(Some(&1), None), Mark::Removed);
        assert_eq!(Mark::of(Some(&1), Some(&2)), Mark::Changed);
        assert_eq!(Mark::of(Some(&1), Some(&1)), Mark::Stays);
    }
}
