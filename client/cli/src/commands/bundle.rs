//! `rootline bundle`: the trust root in one file, for a site without a network.

mod create;
mod import;
mod inspect;
mod verify;

use clap::Subcommand;

use crate::failure::Failure;
use crate::terminal::Terminal;

#[derive(Subcommand, Debug)]
pub(crate) enum BundleCommand {
    /// Write a trust bundle, verified and fresh
    Create(Box<create::CreateArgs>),
    /// Verify a trust bundle against the pinned root, offline
    Verify(verify::VerifyArgs),
    /// Verify a trust bundle and bring it into the cache, offline
    Import(import::ImportArgs),
    /// Print the claims of a trust bundle, unverified
    Inspect(inspect::InspectArgs),
}

pub(crate) fn run(command: &BundleCommand, terminal: &Terminal) -> Result<(), Failure> {
    match command {
        BundleCommand::Create(args) => create::run(args, terminal),
        BundleCommand::Verify(args) => verify::run(args, terminal),
        BundleCommand::Import(args) => import::run(args, terminal),
        BundleCommand::Inspect(args) => inspect::run(args, terminal),
    }
}
