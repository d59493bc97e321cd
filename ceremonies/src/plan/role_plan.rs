//! A role that people sign, as a plan has it.

use chrono::{DateTime, Utc};

use crate::model::holders::Holders;
use crate::model::period::Days;

/// What shall hold for a role that people sign.
#[derive(Clone, Debug)]
pub struct RolePlan {
    /// Who signs it.
    pub holders: Holders,
    /// How long a new version holds.
    pub expires: Days,
    /// How long before its expiry the next version is due. None: as the policy says.
    pub signing: Option<Days>,
    /// Whether there shall be a new version even if nothing else changes, for its expiry.
    pub renew: bool,
    /// From when its expiry counts, where that is not the plan's own instant.
    pub at: Option<DateTime<Utc>>,
}
