//! The client workflow of the TUF specification (sections 5.1 to 5.7), as values without IO.
//!
//! ```text
//! pinned root ─▶ RootChain ⟲ N → N+1 ─▶ Rooted ─▶ Timestamped ─▶ Snapshotted ─▶ Trusted ─▶ Search ─▶ target bytes
//! caches ─▶ Floor: what must not go down
//! ```
//!
//! The phases ([`Rooted`], [`Timestamped`], [`Snapshotted`]) hold the checks, and each is made from the finished phase before it. Four state machines run them: [`Refresh`]
//! brings the four top-level roles up to date, [`Search`] finds a target through delegations, [`Update`] does both and brings the targets
//! too; [`AllDelegatedRoles`] goes to every delegated role. A [`StateMachine`] asks for a cache or for a
//! file of the repository, is given bytes, and says what to store; the clients, the bundle reader, the preflight and the tests all
//! drive the same machines.

mod all_roles;
pub(crate) mod check;
pub(crate) mod freshness;
pub(crate) mod limits;
mod machine;
mod phases;
mod prefetch;
mod refresh;
pub(crate) mod refusal;
mod rollback_floor;
mod root_chain;
mod root_history;
mod search;
mod seen;
mod target;
mod update;
mod visit;

pub use all_roles::{AllDelegatedRoles, ReachedRoles};
pub use check::Check;
pub use machine::{Action, Content, Input, Prefetched, StateMachine};
pub use phases::{Rooted, Snapshotted, TimestampDecision, Timestamped, Trusted};
pub use refresh::Refresh;
pub use refusal::{Fault, File, Refusal};
pub use rollback_floor::Floor;
pub use root_chain::RootChain;
#[cfg(feature = "bundle")]
pub(crate) use root_history::lead_up_to;
pub use root_history::{EarlierRoots, FoundRoots, RootHistory, RootsLeftOut, WhyLeftOut};
pub use search::{Search, TargetInfo};
pub use seen::Seen;
pub(crate) use target::target_absent;
pub use update::{TargetQuery, Update, Updated};
