//! The TUF client workflow, each of its checks from both sides of its limit.

mod attacks;
mod cache;
mod delegations;
mod download;
mod form;
mod hash_bins;
mod recovery;
mod refresh;
mod root;
mod root_history;
mod snapshot;
mod targets;
mod timestamp;
