//! Two maintainers in two clones who merge with git: a clean merge or one clear conflict, and never a lost signature.

mod clones;
mod conflicts;
mod histories;
mod merges;
