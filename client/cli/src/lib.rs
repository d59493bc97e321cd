//! The program `rootline`, for people and for programs that verify: what it does is [`rootline_client`]'s business, and how it asks, tells
//! and exits is decided here.
//!
//! It is a library too, so that a program can [run] its commands in process, as the repository tool's demo does. That tool also shares
//! its [`clock`], its [`terminal`], its [`failure`]s, its [`duration`]s and its [`manual`].

mod bundle_args;
pub mod clock;
mod commands;
mod copies;
pub mod duration;
mod entries;
pub mod failure;
mod freshness;
mod instance_status;
mod instances;
mod limits;
pub mod manual;
mod network;
mod progress;
mod prometheus;
mod repository;
mod roles;
mod services;
mod signals;
pub mod terminal;

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use clock::At;
use failure::Failure;
use terminal::Terminal;

/// Safely update and cache a local Sigstore trust root.
#[derive(Parser, Debug)]
#[command(
    name = "rootline",
    version,
    max_term_width = 100,
    after_help = "Examples:
  rootline update                          verify and keep Sigstore's trust root
  rootline show --instance github          whom GitHub's instance trusts now
  rootline status --all --warn 7d          what the local copies hold, and until when
  rootline init --name example --url https://tuf.example.org --root 1.root.json
  rootline cache list

Exit status: 0 done; 1 refused or failed; 2 wrong usage. `rootline tuf` has only 0 and 1.

With --json, standard output has one JSON document also when a command fails: {\"error\": {\"what\", \"role\", \"check\", \"section\", \
\"attack\", \"trusted\", \"offered\", \"repository\", \"local_copy\", \"hint\"}}. Standard error is for people."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Bring the local copy of a trust root up to date
    Update(commands::update::UpdateArgs),
    /// What is trusted at a given time: certificate authorities, logs, timestamp authorities
    Show(commands::show::ShowArgs),
    /// Print or write one target, verified
    Get(commands::get::GetArgs),
    /// One file for a site without a network, or the trust root for another program
    Export(commands::export::ExportArgs),
    /// Bring the local copy up to date from a bundle, without a network
    Import(commands::import::ImportArgs),
    /// Prove a bundle from the pinned root, without a network
    Verify(commands::verify::VerifyArgs),
    /// What the local copies hold, and until when they may be used
    Status(commands::status::StatusArgs),
    /// Keep a static mirror of a repository in a folder, from which any TUF client can begin
    Mirror(commands::mirror::MirrorArgs),
    /// Know a repository by name, with the root that you trust for it
    Init(commands::init::InitArgs),
    /// The repositories that are known by name
    #[command(subcommand)]
    Instance(commands::instance::InstanceCommand),
    /// The local copies: where they are, what they hold, and how to take them away
    #[command(subcommand)]
    Cache(commands::cache::CacheCommand),
    /// A plain TUF client for any repository, in the command line of the official conformance suite
    Tuf(commands::tuf::TufArgs),
    /// Print a script that lets a shell complete the command line
    #[command(after_help = "Examples:
  rootline completions bash > ~/.local/share/bash-completion/completions/rootline
  rootline completions zsh > ~/.zfunc/_rootline
  rootline completions fish > ~/.config/fish/completions/rootline.fish")]
    Completions(manual::CompletionsArgs),
    /// Print or write the manual pages
    #[command(after_help = "Examples:
  rootline man | man -l -
  rootline man --dir ~/.local/share/man/man1")]
    Man(manual::ManArgs),
}

/// Runs `rootline` with these arguments, the first of which is the program's name, and gives its exit status: 0 done, 1 refused or
/// failed, 2 wrong usage. Writes to standard output and standard error.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let terminal = Terminal::new();
    let parsed = Cli::command().try_get_matches_from(&arguments);
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, wants_json(&matches))));
    let (cli, json) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = error.print();
            // `rootline tuf` knows only 0 and 1.
            let plain_client = arguments.get(1).is_some_and(|command| command == "tuf");
            return match error.use_stderr() {
                false => 0,
                true if plain_client => 1,
                true => 2,
            };
        }
    };
    match run_command(cli.command, &terminal) {
        Ok(status) => status,
        Err(failure) => {
            if json {
                terminal.json(&failure.to_json());
            }
            terminal.failure(&failure);
            1
        }
    }
}

fn run_command(command: Command, terminal: &Terminal) -> Result<u8, Failure> {
    let done = match command {
        Command::Update(args) => commands::update::run(&args, terminal),
        Command::Show(args) => commands::show::run(&args, terminal),
        Command::Get(args) => commands::get::run(&args, terminal),
        Command::Export(args) => commands::export::run(&args, terminal),
        Command::Import(args) => commands::import::run(&args, terminal),
        Command::Verify(args) => commands::verify::run(&args, terminal),
        Command::Status(args) => return commands::status::run(&args, terminal),
        Command::Mirror(args) => commands::mirror::run(&args, terminal),
        Command::Init(args) => commands::init::run(&args, terminal),
        Command::Instance(command) => commands::instance::run(&command, terminal),
        Command::Cache(command) => commands::cache::run(&command, terminal),
        Command::Tuf(args) => commands::tuf::run(&args, At::new(None).instant(), terminal),
        Command::Completions(args) => args.run(Cli::command(), terminal),
        Command::Man(args) => args.run(Cli::command(), terminal),
    };
    done.map(|()| 0)
}

/// Whether the command that was given was also given `--json`.
fn wants_json(matches: &ArgMatches) -> bool {
    let here = matches.try_get_one::<bool>("json").ok().flatten().copied().unwrap_or(false);
    here || matches.subcommand().is_some_and(|(_, matches)| wants_json(matches))
}
