//! Shell patterns over the names of targets (TUF 4.5, `PATHPATTERN`).

use alloc::string::String;
use alloc::vec::Vec;

/// A pattern such as `registry/*.json`. It matches a name part by part between slashes, with regard to case; `*` stands for any
/// characters and `?` for one, but never for a slash; `[abc]`, `[a-z]` and `[!a]` stand for one of these characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(String);

impl PathPattern {
    /// A pattern; every string is one.
    pub fn new(pattern: impl Into<String>) -> PathPattern {
        PathPattern(pattern.into())
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it matches the whole of `path`.
    pub fn matches(&self, path: &str) -> bool {
        self.0.split('/').count() == path.split('/').count()
            && self.0.split('/').zip(path.split('/')).all(|(pattern, part)| part_matches(pattern, part))
    }
}

/// One step of a pattern.
enum Step<'a> {
    Any,
    One,
    Literal(char),
    Set { negated: bool, ranges: &'a [char] },
}

/// Matches one part. On a mismatch it goes back to the last `*` only, so the time is at most the product of the two lengths.
fn part_matches(pattern: &str, part: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let part: Vec<char> = part.chars().collect();
    let (mut at, mut of) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    loop {
        let step = step(&pattern[at..]);
        let matched = match (&step, part.get(of)) {
            (Some((Step::Any, length)), _) => {
                at += length;
                last_star = Some((at, of));
                continue;
            }
            (None, None) => return true,
            (Some((Step::One, _)), Some(_)) => true,
            (Some((Step::Literal(literal), _)), Some(character)) => literal == character,
            (Some((Step::Set { negated, ranges }, _)), Some(character)) => set_holds(ranges, *character) != *negated,
            _ => false,
        };
        if let (true, Some((_, length))) = (matched, step) {
            at += length;
            of += 1;
        } else if let Some((after_star, taken)) = last_star.filter(|(_, taken)| *taken < part.len()) {
            last_star = Some((after_star, taken + 1));
            (at, of) = (after_star, taken + 1);
        } else {
            return false;
        }
    }
}

/// The first step of what is left of a pattern, and how many characters it takes.
fn step(pattern: &[char]) -> Option<(Step<'_>, usize)> {
    let first = *pattern.first()?;
    Some(match first {
        '*' => (Step::Any, 1),
        '?' => (Step::One, 1),
        '[' => set(pattern).unwrap_or((Step::Literal('['), 1)),
        literal => (Step::Literal(literal), 1),
    })
}

/// A `[…]` set; one that is never closed is a literal bracket. A `]` that comes first stands for itself.
fn set(pattern: &[char]) -> Option<(Step<'_>, usize)> {
    let negated = pattern.get(1) == Some(&'!');
    let start = if negated { 2 } else { 1 };
    let length = pattern.get(start + 1..)?.iter().position(|character| *character == ']')? + 1;
    Some((Step::Set { negated, ranges: &pattern[start..start + length] }, start + length + 1))
}

fn set_holds(ranges: &[char], character: char) -> bool {
    let mut rest = ranges;
    loop {
        match rest {
            [from, '-', to, after @ ..] => {
                if (*from..=*to).contains(&character) {
                    return true;
                }
                rest = after;
            }
            [one, after @ ..] => {
                if *one == character {
                    return true;
                }
                rest = after;
            }
            [] => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_part_by_part_and_with_regard_to_case() {
        let cases = [
            ("targets/*.tgz", "targets/foo.tgz", true),
            ("targets/*.tgz", "targets/foo.txt", false),
            ("targets/*.tgz", "targets/sub/foo.tgz", false),
            ("*.tgz", "targets/foo.tgz", false),
            ("foo-version-?.tgz", "foo-version-a.tgz", true),
            ("foo-version-?.tgz", "foo-version-alpha.tgz", false),
            ("foo.tgz", "foo.tgz", true),
            ("foo.tgz", "FOO.tgz", false),
            ("foo.tgz", "fooxtgz", false),
            ("*", "a", true),
            ("*", "", true),
            ("*", "a/b", false),
            ("?", "/", false),
            ("*/*", "a/b", true),
            ("a\\b", "a/b", false),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbxc", false),
            ("", "", true),
            ("", "a", false),
            ("/a", "a", false),
            ("é?", "éü", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(PathPattern::new(pattern).matches(path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn sets_stand_for_one_character() {
        let cases = [
            ("[abc]", "b", true),
            ("[abc]", "d", false),
            ("[a-c]x", "cx", true),
            ("[a-c]x", "dx", false),
            ("[!a]", "b", true),
            ("[!a]", "a", false),
            ("[]]", "]", true),
            ("[", "[", true),
            ("[a", "[a", true),
            ("[a-]", "-", true),
            ("[!]", "[!]", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(PathPattern::new(pattern).matches(path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_the_product_of_the_lengths() {
        let pattern = PathPattern::new("*a".repeat(200) + "b");
        assert!(!pattern.matches(&"a".repeat(2000)));
    }
}
