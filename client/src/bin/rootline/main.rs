//! `rootline`: keeps a local trust root up to date, for people and for programs that verify.

mod clock;
mod commands;
mod failure;
mod repository;
mod roles;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::At;
use crate::terminal::Terminal;

/// Safely update and cache a local Sigstore trust root.
#[derive(Parser, Debug)]
#[command(name = "rootline", version, max_term_width = 100, after_help = "Exit status: 0 done; 1 refused or failed; 2 wrong usage.
`rootline tuf` has only 0 and 1.")]
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
    /// What the local copy holds, and until when it may be used
    Status(commands::status::StatusArgs),
    /// A plain TUF client for any repository
    Tuf(commands::tuf::TufArgs),
}

fn main() -> ExitCode {
    let terminal = Terminal::new();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // `rootline tuf` knows only 0 and 1.
            let plain_client = std::env::args_os().nth(1).is_some_and(|command| command == "tuf");
            return ExitCode::from(match error.use_stderr() {
                false => 0,
                true if plain_client => 1,
                true => 2,
            });
        }
    };
    let done = match cli.command {
        Command::Update(args) => commands::update::run(&args, &terminal),
        Command::Show(args) => commands::show::run(&args, &terminal),
        Command::Get(args) => commands::get::run(&args, &terminal),
        Command::Status(args) => commands::status::run(&args, &terminal),
        Command::Tuf(args) => commands::tuf::run(args, At::new(None).instant(), &terminal),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal.failure(&failure);
            ExitCode::from(1)
        }
    }
}
