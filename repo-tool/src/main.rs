//! The program `rootline-repo`: signing ceremonies and publishing, for the maintainers of a trust root.

mod commands;
mod context;
mod failure;
mod folder;
mod publish;
mod review;
mod signer;
mod text;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{CommandFactory, Parser, Subcommand};
use rootline::clock::{At, parse_at};
use rootline::completions::CompletionsArgs;
use rootline::manual::{ManArgs, Manual};

use context::Context;
use folder::repository::RepositoryFolder;
use rootline::terminal::Terminal;

/// Hold signing ceremonies for a trust root, and publish it
#[derive(Parser, Debug)]
#[command(
    name = "rootline-repo",
    version,
    max_term_width = 100,
    after_help = "Examples:
  rootline-repo demo
  rootline-repo init tuf --holders alice,bob,carol --threshold 2 --online online
  rootline-repo ceremony sign first --key alice.pem
  rootline-repo status

The way from nothing to a published repository: rootline-repo --help",
    after_long_help = "Examples:
  rootline-repo demo                                    see all of it once
  rootline-repo init tuf --holders alice,bob,carol --threshold 2 --online online
  cd tuf
  rootline-repo key generate --out ../alice.pem         each keyholder, on their own machine
  rootline-repo keyholder add alice --public-key ../alice.pem.pub
  rootline-repo trust create --from sigstore            what is shipped: targets/trusted_root.json
  rootline-repo ceremony new first                      write a plan; edit it
  rootline-repo ceremony freeze first                   render the bytes to sign
  rootline-repo ceremony review first                   read what a signature means
  rootline-repo ceremony sign first --key ../alice.pem  one keyholder after the other
  rootline-repo ceremony seal first                     once enough have signed
  rootline-repo online --key ../online.pem              sign snapshot and timestamp
  rootline-repo publish --to public                     first tried with a verifier from every root

Keys are files or URIs: pkcs11:token=alice;object=root, awskms:///alias/online, plugin:NAME://KEY. To sign on another machine: ceremony \
request, sign, ceremony accept. What happened: ceremony log, ceremony verify. When keys are lost: doctor.

With --json, standard output has one JSON document also when a command fails: {\"error\": {\"what\", \"check\", \"hint\", ...}}. \
Standard error is for people.

Exit status: 0 done; 1 refused or failed; 2 wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// The folder of the repository
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "ROOTLINE_REPOSITORY", help_heading = GLOBAL)]
    repository: PathBuf,

    /// Work at this instant instead of now, such as 2030-01-31T12:00:00Z
    #[arg(long, global = true, value_name = "INSTANT", value_parser = parse_at, hide_short_help = true, help_heading = GLOBAL)]
    at: Option<DateTime<Utc>>,

    /// Print the result as JSON
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
}

/// The heading of the options that every command has, which stand last.
const GLOBAL: &str = "Global options";

#[derive(Subcommand, Debug)]
enum Command {
    /// Create the folder of a new repository
    Init(commands::init::InitArgs),
    /// Generate, check and list private keys
    #[command(subcommand)]
    Key(commands::key::KeyCommand),
    /// Manage keyholders and their public keys
    #[command(subcommand)]
    Keyholder(commands::keyholder::KeyholderCommand),
    /// Edit the trust root to ship: targets/trusted_root.json
    #[command(subcommand)]
    Trust(commands::trust::TrustCommand),
    /// Plan, freeze, review, sign and seal
    #[command(subcommand)]
    Ceremony(commands::ceremony::CeremonyCommand),
    /// Sign a signing request, without network, repository or git
    Sign(commands::sign::SignArgs),
    /// Sign snapshot and timestamp with an online key
    Online(commands::online::OnlineArgs),
    /// Publish the repository to a folder
    Publish(commands::publish::PublishArgs),
    /// Show the published roles, their keyholders and expiries
    Status(commands::status::StatusArgs),
    /// Check every threshold, and list the steps of a repair
    Doctor(commands::doctor::DoctorArgs),
    /// Serve a folder on this machine, for trying
    Serve(commands::serve::ServeArgs),
    /// Run a first ceremony and a rotation in an empty folder, with a verifier
    Demo(commands::demo::DemoArgs),
    /// Print a shell completion script
    #[command(after_help = "Examples:
  rootline-repo completions bash > ~/.local/share/bash-completion/completions/rootline-repo
  rootline-repo completions zsh > ~/.zfunc/_rootline-repo
  rootline-repo completions fish > ~/.config/fish/completions/rootline-repo.fish")]
    Completions(CompletionsArgs),
    /// Print or write the manual pages
    #[command(after_help = "Examples:
  rootline-repo man | man -l -
  rootline-repo man --dir ~/.local/share/man/man1")]
    Man(ManArgs),
}

/// What the manual pages say besides the command line.
const MANUAL: Manual = Manual { environment: &[], files: &[], see_also: &["rootline(1)"] };

fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os()))
}

/// Runs the program with these arguments, the first of which is its name, and gives its exit status.
fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    let terminal = Terminal::new();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    let context = Context {
        folder: RepositoryFolder::new(cli.repository),
        // Everything that is written has whole seconds.
        now: whole_second(At::new(cli.at).instant()),
        json: cli.json,
        terminal,
    };
    let done = match cli.command {
        Command::Init(args) => commands::init::run(&args, &context),
        Command::Key(command) => commands::key::run(&command, &context),
        Command::Keyholder(command) => commands::keyholder::run(&command, &context),
        Command::Trust(command) => commands::trust::run(&command, &context),
        Command::Ceremony(command) => match commands::ceremony::run(&command, &context) {
            Ok(status) => return status,
            Err(failure) => Err(failure),
        },
        Command::Sign(args) => commands::sign::run(&args, &context),
        Command::Online(args) => commands::online::run(&args, &context),
        Command::Publish(args) => commands::publish::run(&args, &context),
        Command::Status(args) => commands::status::run(&args, &context),
        Command::Doctor(args) => match commands::doctor::run(&args, &context) {
            // A diagnosis is a result, and no failure, whatever it says.
            Ok(status) => return status,
            Err(failure) => Err(failure),
        },
        Command::Serve(args) => commands::serve::run(&args, &context),
        Command::Demo(args) => commands::demo::run(&args, &context),
        Command::Completions(args) => args.run(Cli::command(), &[], &context.terminal).map_err(Into::into),
        Command::Man(args) => args.run(Cli::command(), &MANUAL, &context.terminal).map_err(Into::into),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => {
            let failure = failure.shown();
            if context.json {
                context.terminal.json(&failure.to_json());
            }
            context.terminal.failure(&failure);
            1
        }
    }
}

fn whole_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.timestamp(), 0).unwrap_or(instant)
}
