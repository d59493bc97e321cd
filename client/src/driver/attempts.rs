//! Which attempt follows one that failed: the same once more without prefetching and past caches, one at the next mirror, or none.

use crate::driver::{Fetching, Prefetch};
use crate::error::{Error, Note};

/// The attempts of one session, by the policy that every session has: refusals are looked at again with plain requests past caches before they count,
/// and a mirror that fails or serves what is not trusted is left for the next one.
#[derive(Debug)]
pub(crate) struct Attempts {
    fetching: Fetching,
    conditional: bool,
    left: Vec<Note>,
}

impl Attempts {
    /// Begins a session that prefetches or not, and where the server may answer that a file is unchanged.
    pub(crate) fn new(prefetch: Prefetch) -> Attempts {
        Attempts { fetching: prefetch.into(), conditional: true, left: Vec::new() }
    }

    /// How the files of the next attempt are fetched.
    pub(crate) fn fetching(&self) -> Fetching {
        self.fetching
    }

    /// Whether the next attempt may be answered that a file is unchanged.
    pub(crate) fn conditional(&self) -> bool {
        self.conditional
    }

    /// Whether there is another attempt to make after `error`; `was_unchanged` says whether the server called a file unchanged, and
    /// `leave_mirror` leaves the mirror in use, as [`Transport::leave_mirror`](crate::transport::Transport::leave_mirror) does.
    pub(crate) fn again_after(
        &mut self,
        error: &Error,
        was_unchanged: bool,
        leave_mirror: impl FnOnce() -> Option<String>,
    ) -> bool {
        let refused = matches!(error, Error::Refused(_));
        // Files that were fetched concurrently may belong to two publications, caches may keep one of them, and a server may be wrong about
        // what is unchanged. Requested one after the other, and past caches, they decide.
        if refused && (self.fetching == Fetching::Ahead || (self.conditional && was_unchanged)) {
            (self.fetching, self.conditional) = (Fetching::PastCaches, false);
            return true;
        }
        if !error.is_from_repository() {
            return false;
        }
        let Some(location) = leave_mirror() else { return false };
        // An entity tag means nothing to another server.
        self.conditional = false;
        self.left.push(Note::MirrorLeft { location, reason: error.to_string() });
        true
    }

    /// Drains the notes about mirrors that were left since the last call.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportError;
    use crate::workflow::check::Check;
    use crate::workflow::refusal::{Fault, File, Refusal};

    fn refused() -> Error {
        Refusal { file: File::Timestamp, check: Check::TimestampSignatures, fault: Fault::Absent }.into()
    }

    fn missing() -> Error {
        TransportError::NotFound { location: "https://one.example/timestamp.json".into(), forbidden: false }.into()
    }

    fn none() -> Option<String> {
        None
    }

    fn next() -> Option<String> {
        Some("https://one.example".into())
    }

    #[test]
    fn a_refusal_while_prefetching_is_looked_at_once_more_at_the_same_mirror() {
        let mut attempts = Attempts::new(Prefetch::On);
        assert!(attempts.again_after(&refused(), false, || unreachable!("the mirror stays")));
        assert_eq!((attempts.fetching(), attempts.conditional()), (Fetching::PastCaches, false));
        assert!(!attempts.again_after(&refused(), false, none), "plain requests decide");
        assert!(attempts.take_notes().is_empty());
    }

    #[test]
    fn a_refusal_after_an_unchanged_file_is_looked_at_once_more() {
        let mut attempts = Attempts::new(Prefetch::Off);
        assert!(attempts.again_after(&refused(), true, none));
        assert!(!attempts.again_after(&refused(), true, none));
        assert!(!Attempts::new(Prefetch::Off).again_after(&refused(), false, none));
    }

    #[test]
    fn a_mirror_that_fails_is_left_for_the_next_one_with_a_note() {
        let mut attempts = Attempts::new(Prefetch::On);
        assert!(attempts.again_after(&missing(), false, next));
        assert_eq!((attempts.fetching(), attempts.conditional()), (Fetching::Ahead, false));
        assert!(
            matches!(&attempts.take_notes()[..], [Note::MirrorLeft { location, .. }] if location == "https://one.example")
        );
        assert!(!attempts.again_after(&missing(), false, none), "there is no other mirror");
    }

    #[test]
    fn no_mirror_is_left_for_a_fault_of_the_caller() {
        let setup = TransportError::Setup { reason: "no such proxy".into() }.into();
        assert!(!Attempts::new(Prefetch::On).again_after(&setup, false, || unreachable!("no mirror is to blame")));
    }
}
