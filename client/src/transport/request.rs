//! What a transport is asked for.

use rootline_metadata::file_name;

use crate::store::escape::percent_encode;

/// A request for one file of a repository: its name there, and the most bytes to accept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Request {
    /// Below which of the repository's two bases the file is.
    pub place: Place,
    /// The parts of its name, decoded. A metadata file is always one part, whatever characters the role's name has
    /// (`3.a/b.json` for the role `a/b`); a target's path has one part for each of its own.
    pub segments: Vec<String>,
    /// The most bytes to accept. Enforced while reading, before memory is spent.
    pub limit: u64,
    /// Whether caches on the way are to ask the server themselves, as a file that was refused may be one of theirs. Over HTTP it is
    /// `Cache-Control: no-cache` (RFC 9111, section 5.2.1.4); elsewhere it means nothing.
    pub past_caches: bool,
}

/// The two bases of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Where `timestamp.json` and the other roles' files are.
    Metadata,
    /// Where the targets are.
    Targets,
}

impl Request {
    /// The metadata file `name`, such as `timestamp.json` or `3.a/b.json`.
    pub fn metadata(name: impl Into<String>, limit: u64) -> Self {
        Self { place: Place::Metadata, segments: vec![name.into()], limit, past_caches: false }
    }

    /// The target file `path`, such as `dir/HASH.name`, which is split at its slashes.
    pub fn target(path: &str, limit: u64) -> Self {
        let segments = path.split('/').map(str::to_owned).collect();
        Self { place: Place::Targets, segments, limit, past_caches: false }
    }

    /// Sets the most bytes to accept.
    #[must_use]
    pub fn with_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// Sets whether caches on the way are [passed by](Self::past_caches).
    #[must_use]
    pub fn with_past_caches(self, past_caches: bool) -> Self {
        Self { past_caches, ..self }
    }

    /// Whether it is the timestamp, the one file that keeps its name when it changes.
    pub(crate) fn is_timestamp(&self) -> bool {
        self.place == Place::Metadata && self.segments == [file_name::TIMESTAMP]
    }

    /// The name for people: the parts as they are, joined by slashes.
    pub fn name(&self) -> String {
        self.segments.join("/")
    }

    /// The path in a static repository: metadata at the top, targets below `targets/`, the parts as they are.
    pub fn path(&self) -> String {
        match self.place {
            Place::Metadata => self.name(),
            Place::Targets => format!("targets/{}", self.name()),
        }
    }

    /// The part of the URL that comes after the base and its slash: each segment percent-encoded in full, joined by
    /// slashes.
    ///
    /// # Errors
    ///
    /// For a name that would climb out of the base: URLs resolve `.` and `..` even when their dots are encoded.
    pub fn url_path(&self) -> Result<String, &'static str> {
        if self.segments.iter().all(String::is_empty) {
            return Err("it is empty");
        }
        if self.segments.iter().any(|segment| segment == "." || segment == "..") {
            return Err("it has a part that is '.' or '..'");
        }
        Ok(self.segments.iter().map(|segment| percent_encode(segment)).collect::<Vec<_>>().join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metadata_name_is_one_segment_and_encoded_in_full() {
        for (name, path) in [
            ("timestamp.json", "timestamp.json"),
            ("3.a/b.json", "3.a%2Fb.json"),
            ("1.?.json", "1.%3F.json"),
            ("1.#.json", "1.%23.json"),
            ("1.../delegatedrole.json", "1...%2Fdelegatedrole.json"),
            ("../x.json", "..%2Fx.json"),
            ("1.a%2Fb.json", "1.a%252Fb.json"),
            ("1.größe \\.json", "1.gr%C3%B6%C3%9Fe%20%5C.json"),
        ] {
            assert_eq!(Request::metadata(name, 0).url_path().as_deref(), Ok(path), "{name:?}");
        }
    }

    #[test]
    fn a_target_keeps_its_slashes_and_nothing_else() {
        for (name, path) in [
            ("trusted_root.json", "trusted_root.json"),
            ("path/to/a/0a1b.file name", "path/to/a/0a1b.file%20name"),
            ("/abs", "/abs"),
            ("a//b", "a//b"),
            ("a:b@c", "a%3Ab%40c"),
        ] {
            assert_eq!(Request::target(name, 0).url_path().as_deref(), Ok(path), "{name:?}");
        }
    }

    #[test]
    fn names_that_climb_or_are_empty_have_no_url() {
        for name in ["", ".", "..", "a/../b", "../b", "a/.", "a/./b", "/"] {
            assert!(Request::target(name, 0).url_path().is_err(), "{name:?}");
        }
        assert!(Request::metadata("..", 0).url_path().is_err());
    }
}
