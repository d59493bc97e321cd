//! The client workflow of the TUF specification (sections 5.1 to 5.7), as values without IO.
//!
//! ```text
//! pinned root ─▶ RootChain ⟲ N → N+1 ─▶ Rooted ─▶ Timestamped ─▶ Snapshotted ─▶ Trusted ─▶ Search ─▶ target bytes
//! local copies ─▶ Floor: what must not go down
//! ```
//!
//! The phases ([`phases`]) hold the checks, and each is made from the finished phase before it. Four cranks turn them: [`Refresh`]
//! brings the four top-level roles up to date, [`Search`] finds a target through delegations, [`Update`] does both and brings the targets
//! too; [`Walk`] goes to every delegated role. A [`Crank`] asks for a local copy or for a
//! file of the repository, is given bytes, and says what to store; the drivers, the bundle reader, the publish gate and the tests all
//! turn the same cranks.

mod crank;
mod floor;
mod guess;
mod old_roots;
pub mod phases;
mod refresh;
mod root_chain;
mod search;
mod target;
mod update;
mod walk;

pub use crank::{Answer, Content, Crank, Seen, Step};
pub use floor::Floor;
pub use old_roots::OldRoots;
pub use phases::Trusted;
pub use refresh::Refresh;
pub use root_chain::RootChain;
pub use search::{Found, Search};
pub(crate) use target::target_absent;
pub use target::{TargetRequest, check_target};
pub use update::{Update, Updated, Wanted};
pub use walk::{Walk, Walked};
