//! What shall be true once a ceremony is over: `plan.toml`, the policy that it begins with, and the roots that it takes.

pub(crate) mod beyond_bounds;
pub(crate) mod caches;
pub(crate) mod compromised;
pub(crate) mod delegated_periods;
pub(crate) mod delegated_roles;
pub(crate) mod delegation;
#[expect(clippy::module_inception, reason = "the room is called after the noun that is most of it")]
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod policy_template;
pub(crate) mod preflight_rules;
mod raw;
mod reach;
pub(crate) mod role_plan;
pub(crate) mod root_sequence;
pub(crate) mod shipment;
