//! The ceremony itself: the frozen files, the signatures that keyholders give for them, the tally, and why one is refused.

#[expect(clippy::module_inception, reason = "the room is called after the noun that is most of it")]
pub(crate) mod ceremony;
mod demand;
pub(crate) mod frozen;
pub(crate) mod given_up;
pub(crate) mod quorum;
pub(crate) mod refusal;
pub(crate) mod replay;
mod shown_keys;
pub(crate) mod signature_file;
pub(crate) mod tally;
