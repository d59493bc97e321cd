//! `rootline-repo trust`: the trust root that is shipped, from its first certificate to its last retired log.

pub(crate) mod add_authority;
pub(crate) mod add_log;
mod change;
pub(crate) mod content;
mod create;
mod diff;
mod endpoints;
mod export;
pub(crate) mod findings;
mod import;
mod instants;
pub(crate) mod legacy;
mod rotate;
mod show;
mod signing_config;
mod source;

use clap::Subcommand;
use rootline::exit_status::ExitStatus;

use add_authority::AddAuthorityArgs;
use add_log::AddLogArgs;
use change::{DistrustArgs, RemoveArgs, RenameArgs, RetireArgs, SetWindowArgs};
use create::{CreateArgs, PromoteArgs};
use diff::DiffArgs;
use export::ExportArgs;
use import::ImportArgs;
use rotate::RotateArgs;
use show::ShowArgs;
use signing_config::SigningConfigCommand;

use crate::commands::lint::{self, LintArgs};
use crate::context::Context;
use crate::failure::Failure;

#[derive(Subcommand, Debug)]
pub(crate) enum TrustCommand {
    /// Create targets/trusted_root.json
    Create(CreateArgs),
    /// Import what others have: a repository, documents, keys, a running instance
    Import(ImportArgs),
    /// List its logs and authorities by name, with what is odd about them
    Show(ShowArgs),
    /// Compare two trust roots, entry by entry
    Diff(DiffArgs),
    /// Look for what breaks clients in it and in the rest of the repository; as `rootline-repo lint`
    Lint(LintArgs),
    /// Add a certificate authority (Fulcio) by its chain
    #[command(after_help = add_authority::CA_EXAMPLES)]
    AddCa(AddAuthorityArgs),
    /// Add a timestamp authority by its chain
    #[command(after_help = add_authority::TSA_EXAMPLES)]
    AddTsa(AddAuthorityArgs),
    /// Add a log, trusted from an instant on
    AddLog(AddLogArgs),
    /// End the trust in an entry; it stays listed for what is older
    Retire(RetireArgs),
    /// Add the successor of an entry, and end the trust in the entry after an overlap
    Rotate(RotateArgs),
    /// Move the start or the end of an entry's window
    SetWindow(SetWindowArgs),
    /// Call an entry by another name
    Rename(RenameArgs),
    /// Take an entry out: nothing of it verifies any more
    Remove(RemoveArgs),
    /// End the trust in an entry in the past, where its key is compromised
    Distrust(DistrustArgs),
    /// Take over what another repository publishes, as from staging to production
    Promote(PromoteArgs),
    /// Manage the services to sign with: targets/signing_config.v0.2.json
    #[command(subcommand)]
    SigningConfig(SigningConfigCommand),
    /// Write the PEM targets that old clients read in the place of the trust root
    #[command(after_help = legacy::EXAMPLES)]
    Legacy,
    /// Write the content in another form that clients take
    Export(ExportArgs),
}

pub(crate) fn run(command: &TrustCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        TrustCommand::Lint(args) => return lint::run(args, context),
        TrustCommand::Create(args) => create::run(args, context),
        TrustCommand::Import(args) => import::run(args, context),
        TrustCommand::Show(args) => show::run(args, context),
        TrustCommand::Diff(args) => diff::run(args, context),
        TrustCommand::AddCa(args) => add_authority::run(args, add_authority::AuthorityKind::Ca, context),
        TrustCommand::AddTsa(args) => add_authority::run(args, add_authority::AuthorityKind::Tsa, context),
        TrustCommand::AddLog(args) => add_log::run(args, context),
        TrustCommand::Retire(args) => change::retire(args, context),
        TrustCommand::Rotate(args) => rotate::run(args, context),
        TrustCommand::SetWindow(args) => change::set_window(args, context),
        TrustCommand::Rename(args) => change::rename(args, context),
        TrustCommand::Remove(args) => change::remove(args, context),
        TrustCommand::Distrust(args) => change::distrust(args, context),
        TrustCommand::Promote(args) => create::promote(args, context),
        TrustCommand::SigningConfig(command) => signing_config::run(command, context),
        TrustCommand::Legacy => legacy::run(context),
        TrustCommand::Export(args) => export::run(args, context),
    }?;
    Ok(ExitStatus::Done)
}
