//! The program `rootline`, for people and for programs that verify: its command line, output and exit statuses, over [`rootline_client`].
//!
//! It is a library too, so that a program can [run] its commands in process, as the repository tool's demo does. That tool also shares
//! its [`clock`], its [`terminal`], its [`failure`]s and [exit statuses](exit_status), its [`configuration`] folder, its [`network`]
//! options, the [`destination`]s that it publishes to, and how it tells of itself: [`help`], [`completions`], [`manual`].

mod bundle_args;
pub mod clock;
mod commands;
pub mod completions;
pub mod configuration;
mod contents;
mod copies;
pub mod destination;
mod document_findings;
mod entries;
pub mod exit_status;
pub mod failure;
pub mod finding;
mod freshness;
pub mod help;
pub mod hint;
mod instance_status;
mod instances;
mod limits;
pub mod manual;
pub mod network;
pub mod printable;
mod progress;
mod prometheus;
mod repository;
mod roles;
mod services;
mod signals;
pub mod table;
pub mod terminal;
mod usage_error;
mod wrap;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use clock::At;
use completions::{CompletionsArgs, Names};
use exit_status::ExitStatus;
use failure::Failure;
use help::Group;
use instances::Instances;
use manual::{Entry, ManArgs, Manual};
use terminal::{Terminal, VerbosityArgs};

/// Safely update and cache a local Sigstore trust root.
#[derive(Parser, Debug)]
#[command(
    name = "rootline",
    version,
    after_help = "Examples:
  rootline update                          verify Sigstore's trust root and keep it
  rootline show --instance github          print what GitHub's instance trusts now
  rootline status --all --warn 7d          print what the cache holds, and when it expires
  rootline instance add --name example --url https://tuf.example.org --root 1.root.json
  rootline export --format trusted-root > trusted_root.json
  rootline bundle create --output sigstore.bundle
  rootline cache list

Exit status: 0 done; 1 refused or failed; 2 wrong usage; 3 could not be reached; 4 done, and something needs a person. rootline tuf \
has only 0 and 1; rootline status can be told to use others.

With --json, standard output has one JSON document also when a command fails: {\"format\": 1, \"error\": {\"what\", \"role\", \"check\", \"section\", \
\"attack\", \"trusted\", \"offered\", \"repository\", \"cache\", \"hint\"}}. Standard error is for people."
)]
struct Cli {
    #[command(flatten)]
    verbosity: VerbosityArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Update the cache of a trust root
    Update(commands::update::UpdateArgs),
    /// Print what is trusted at a time: certificate authorities, logs, timestamp authorities
    Show(commands::show::ShowArgs),
    /// Verify one target and print or write it
    Get(commands::get::GetArgs),
    /// Print what the cache holds, and when it expires
    Status(commands::status::StatusArgs),
    /// Write the trust root for another program
    Export(commands::export::ExportArgs),
    /// Create, verify, import or inspect a trust bundle, for a site without a network
    #[command(subcommand)]
    Bundle(commands::bundle::BundleCommand),
    /// Mirror a repository into a folder that any TUF client can read
    Mirror(commands::mirror::MirrorArgs),
    /// Register repositories under names, with their trusted roots
    #[command(subcommand)]
    Instance(commands::instance::InstanceCommand),
    /// Inspect or clear the cache
    #[command(subcommand)]
    Cache(commands::cache::CacheCommand),
    /// Run a plain TUF client, with the command line of the official conformance suite
    Tuf(commands::tuf::TufArgs),
    /// Print a completion script for a shell
    #[command(after_help = "Examples:
  rootline completions bash > ~/.local/share/bash-completion/completions/rootline
  rootline completions zsh > ~/.zfunc/_rootline
  rootline completions fish > ~/.config/fish/completions/rootline.fish")]
    Completions(CompletionsArgs),
    /// Print or write the manual pages
    #[command(after_help = "Examples:
  rootline man | man -l -
  rootline man --dir ~/.local/share/man/man1")]
    Man(ManArgs),
}

/// The commands as help lists them.
const GROUPS: [Group; 2] = [
    Group {
        heading: "Commands",
        commands: &["update", "show", "get", "status", "export", "bundle", "mirror", "instance", "cache", "tuf"],
    },
    Group { heading: "Setup", commands: &["completions", "man"] },
];

/// The names that a shell completes.
const NAMES: [Names; 1] = [Names {
    value_name: "INSTANCE",
    kind: "@instances",
    list: |typed| Instances::of_this_user(typed.option("--config")).all_names(),
}];

/// What the manual pages say besides the command line.
const MANUAL: Manual = Manual {
    environment: &[
        Entry { name: "NO_COLOR", text: "Where it is set, nothing is coloured.", used_with: None },
        Entry {
            name: "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
            text: "The proxies to go through, and the hosts that are reached directly. Lower case counts too.",
            used_with: Some("proxy"),
        },
        Entry {
            name: "XDG_CACHE_HOME, XDG_CONFIG_HOME",
            text: "On Linux, where the folders for caches and for configuration are.",
            used_with: Some("config"),
        },
    ],
    files: &[
        Entry {
            name: "$XDG_CACHE_HOME/rootline/",
            text: "The cache: a folder for each repository, with its verified metadata and targets. ~/.cache/rootline/ on Linux, \
                   ~/Library/Caches/rootline/ on macOS. --cache names another.",
            used_with: Some("cache"),
        },
        Entry {
            name: "$XDG_CONFIG_HOME/rootline/instances/",
            text: "A folder for each instance that was added: instance.toml with its URLs, and the trusted root.json. \
                   --config names another folder in place of rootline/.",
            used_with: Some("config"),
        },
    ],
    see_also: &["rootline-repo(1)"],
};

fn program(width: usize) -> clap::Command {
    help::laid_out(Cli::command(), &GROUPS, width)
}

/// Runs `rootline` with these arguments, the first of which is the program's name, and returns its exit status: a code of [`ExitStatus`], or
/// the one that `status` was told to use. Writes to standard output and standard error.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let terminal = Terminal::new();
    if completions::answer(&arguments, &NAMES, &terminal) {
        return terminal.finish(ExitStatus::Done.code());
    }
    let parsed = program(help::width()).try_get_matches_from(&arguments);
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, wants_json(&matches))));
    let (cli, json) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            terminal.parser(&error);
            if let Some(hint) = moved(&arguments, &error) {
                terminal.hint(format_args!("use {hint}"));
            }
            let is_plain_client = arguments.get(1).is_some_and(|command| command == "tuf");
            let status = if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Done };
            return terminal.finish(code(status, is_plain_client));
        }
    };
    let terminal = terminal.with_verbosity(cli.verbosity.verbosity());
    let is_plain_client = matches!(cli.command, Command::Tuf(_));
    let status = match run_command(cli.command, &terminal) {
        Ok(status) => status,
        Err(failure) => {
            if json {
                terminal.json(&failure.to_json());
            }
            terminal.failure(&failure);
            code(failure.exit_status(), is_plain_client)
        }
    };
    terminal.finish(status)
}

/// The command to use instead of one that is looked for at the top level.
fn moved(arguments: &[OsString], error: &clap::Error) -> Option<&'static str> {
    let command = arguments.get(1)?.to_str()?;
    match (command, error.kind()) {
        ("init", ErrorKind::InvalidSubcommand) => Some("rootline instance add"),
        ("verify", ErrorKind::InvalidSubcommand) => Some("rootline bundle verify"),
        ("import", ErrorKind::InvalidSubcommand) => Some("rootline bundle import"),
        ("inspect", ErrorKind::InvalidSubcommand) => Some("rootline bundle inspect"),
        ("export", ErrorKind::MissingRequiredArgument) => Some("rootline bundle create for a trust bundle"),
        _ => None,
    }
}

/// The number that the process exits with. The conformance suite's client knows only 0 and 1.
fn code(status: ExitStatus, is_plain_client: bool) -> u8 {
    if is_plain_client { status.code().min(1) } else { status.code() }
}

fn run_command(command: Command, terminal: &Terminal) -> Result<u8, Failure> {
    let done = match command {
        Command::Update(args) => commands::update::run(&args, terminal),
        Command::Show(args) => commands::show::run(&args, terminal),
        Command::Get(args) => commands::get::run(&args, terminal),
        Command::Export(args) => commands::export::run(&args, terminal),
        Command::Bundle(command) => commands::bundle::run(&command, terminal),
        Command::Status(args) => return commands::status::run(&args, terminal),
        Command::Mirror(args) => commands::mirror::run(&args, terminal),
        Command::Instance(command) => commands::instance::run(&command, terminal),
        Command::Cache(command) => commands::cache::run(&command, terminal),
        Command::Tuf(args) => commands::tuf::run(&args, At::new(None).instant(), terminal),
        Command::Completions(args) => args.run(program(help::MAX_WIDTH), &NAMES, terminal),
        Command::Man(args) => args.run(program(help::MAX_WIDTH), &MANUAL, terminal),
    };
    done.map(|()| ExitStatus::Done.code())
}

/// Whether the command that was given was also given `--json`.
fn wants_json(matches: &ArgMatches) -> bool {
    let here = matches.try_get_one::<bool>("json").ok().flatten().copied().unwrap_or(false);
    here || matches.subcommand().is_some_and(|(_, matches)| wants_json(matches))
}
