//! The limits on what a repository may send, on the command line.

use clap::Args;
use clap::builder::RangedU64ValueParser;
use rootline_client::Limits;
use rootline_metadata::json::MAX_BYTES;

use crate::help::LIMITS;

/// The options that raise or lower the usual limits.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LimitArgs {
    /// The largest root.json to accept [default: 512000]
    #[arg(long, help_heading = LIMITS, value_name = "BYTES", value_parser = bytes_of_metadata())]
    max_root_bytes: Option<u64>,

    /// The largest timestamp.json to accept [default: 16384]
    #[arg(long, help_heading = LIMITS, value_name = "BYTES", value_parser = bytes_of_metadata())]
    max_timestamp_bytes: Option<u64>,

    /// The largest snapshot.json to accept; one with 15000 delegated roles has 2 MB [default: 2000000]
    #[arg(long, help_heading = LIMITS, value_name = "BYTES", value_parser = bytes_of_metadata())]
    max_snapshot_bytes: Option<u64>,

    /// The largest targets.json or delegated role to accept; one that lists 100000 targets has 13 MB
    /// [default: 5000000]
    #[arg(long, help_heading = LIMITS, value_name = "BYTES", value_parser = bytes_of_metadata())]
    max_targets_bytes: Option<u64>,

    /// The largest target to accept [default: 268435456]
    #[arg(long, help_heading = LIMITS, value_name = "BYTES")]
    max_target_bytes: Option<u64>,

    /// The most new roots to follow in one refresh; the next one continues from there [default: 256]
    #[arg(long, help_heading = LIMITS, value_name = "NUMBER")]
    max_root_rotations: Option<u32>,

    /// The most delegated roles to visit for one target [default: 32]
    #[arg(long, help_heading = LIMITS, value_name = "NUMBER")]
    max_delegations: Option<u32>,
}

impl LimitArgs {
    /// The usual limits, with those that were given.
    pub(crate) fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits::default()
            .with_root(self.max_root_bytes.unwrap_or(usual.root))
            .with_timestamp(self.max_timestamp_bytes.unwrap_or(usual.timestamp))
            .with_snapshot(self.max_snapshot_bytes.unwrap_or(usual.snapshot))
            .with_targets(self.max_targets_bytes.unwrap_or(usual.targets))
            .with_target(self.max_target_bytes.unwrap_or(usual.target))
            .with_root_rotations(self.max_root_rotations.unwrap_or(usual.root_rotations))
            .with_delegations(self.max_delegations.map_or(usual.delegations, |most| most as usize))
    }
}

/// At most what the reader of metadata can take.
fn bytes_of_metadata() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=MAX_BYTES as u64)
}
