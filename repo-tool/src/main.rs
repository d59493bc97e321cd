//! The program `rootline-repo`: signing ceremonies and publishing, for the maintainers of a trust root.

mod commands;
mod context;
mod failure;
mod folder;
mod journal;
mod lint;
mod markup;
mod names;
mod pins;
mod preflight;
mod publish;
mod review;
mod signer;
mod text;
mod timeline;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use rootline::clock::{At, parse_at};
use rootline::completions::{self, CompletionsArgs};
use rootline::exit_status::ExitStatus;
use rootline::help::{self, GLOBAL, Group};
use rootline::manual::{Entry, ManArgs, Manual};

use context::{Context, whole_second};
use failure::Failure;
use folder::repository::RepositoryFolder;
use rootline::terminal::{Terminal, VerbosityArgs};

/// Hold signing ceremonies for a trust root, and publish it
#[derive(Parser, Debug)]
#[command(
    name = "rootline-repo",
    version,
    after_help = "Examples:
  rootline-repo demo

The way from nothing to a published repository: rootline-repo --help",
    after_long_help = "Examples:
  rootline-repo demo                                    see all of it once
  rootline-repo quickstart                              a private instance, up to its plan
  rootline-repo init tuf --holders alice,bob,carol --threshold 2 --online online
  cd tuf
  rootline-repo key generate --out ../alice.pem         each keyholder, on their own machine
  rootline-repo keyholder add alice --public-key ../alice.pem.pub
  rootline-repo trust create --from sigstore            the file to ship: see targets/
  rootline-repo ceremony new first                      write a plan; edit it
  rootline-repo ceremony freeze first                   render the bytes to sign
  rootline-repo ceremony review first                   read what a signature means
  rootline-repo ceremony sign first --key ../alice.pem  one keyholder after the other
  rootline-repo ceremony seal first                     once enough have signed
  rootline-repo online --key ../online.pem              sign snapshot and timestamp
  rootline-repo publish --to public                     checked from every root first

Keys are files or URIs: pkcs11:token=alice;object=root, awskms:///alias/online, plugin:NAME://KEY. To sign on another machine: ceremony \
request, sign, ceremony accept. What happened: ceremony log, ceremony verify. When keys are lost: doctor.

With --json, standard output has one JSON document also when a command fails: {\"format\": 1, \"error\": {\"what\", \"check\", \"hint\", ...}}. \
Standard error is for people.

Exit status: 0 done; 1 refused or failed; 2 wrong usage; 3 could not be reached; 4 done, and something needs a person."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// The folder of the repository
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "ROOTLINE_REPOSITORY", help_heading = GLOBAL)]
    repository: PathBuf,

    /// The folder of your configuration, with the pins of the repositories that you know [default: rootline/ in the platform's configuration folder]
    #[arg(long, global = true, value_name = "DIR", env = "ROOTLINE_CONFIG", hide_short_help = true, help_heading = GLOBAL)]
    config: Option<PathBuf>,

    /// Work at this instant instead of now, such as 2030-01-31T12:00:00Z
    #[arg(long, global = true, value_name = "INSTANT", value_parser = parse_at, hide_short_help = true, help_heading = GLOBAL)]
    at: Option<DateTime<Utc>>,

    /// Print the result as JSON
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,

    #[command(flatten)]
    verbosity: VerbosityArgs,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create the repository of a private Sigstore instance, up to its first plan
    Quickstart(Box<commands::quickstart::QuickstartArgs>),
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
    /// Plan, freeze and request the renewal of what is due, up to the signing
    Renew(commands::renew::RenewArgs),
    /// Sign a signing request, without network, repository or git
    Sign(commands::sign::SignArgs),
    /// Sign snapshot and timestamp with an online key
    Online(commands::online::OnlineArgs),
    /// Try what would be published before every client
    Preflight(commands::preflight::PreflightArgs),
    /// Publish the repository to a folder
    Publish(commands::publish::PublishArgs),
    /// Show the published roles, their keyholders and expiries
    Status(commands::status::StatusArgs),
    /// Check every threshold, and list the steps of a repair
    Doctor(commands::doctor::DoctorArgs),
    /// Write the page for your users: what each client is told
    Guide(commands::guide::GuideArgs),
    /// Look for what breaks clients in a repository or a document
    Lint(commands::lint::LintArgs),
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

/// The commands as help lists them.
const GROUPS: [Group; 2] = [
    Group {
        heading: "Commands",
        commands: &[
            "quickstart",
            "init",
            "key",
            "keyholder",
            "trust",
            "ceremony",
            "renew",
            "sign",
            "online",
            "preflight",
            "publish",
            "status",
            "doctor",
            "guide",
            "lint",
            "serve",
            "demo",
        ],
    },
    Group { heading: "Setup", commands: &["completions", "man"] },
];

/// What the manual pages say besides the command line.
const MANUAL: Manual = Manual {
    environment: &[
        Entry { name: "NO_COLOR", text: "Where it is set, nothing is coloured.", used_with: None },
        Entry {
            name: "ROOTLINE_PASSPHRASE",
            text: "The passphrase of a private key in a file, unless --passphrase-file names a file.",
            used_with: Some("passphrase-file"),
        },
        Entry {
            name: "ROOTLINE_PIN",
            text: "The PIN of a token, unless its URI or --pin-file has it.",
            used_with: Some("pin-file"),
        },
        Entry {
            name: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE, AWS_REGION",
            text: "The credentials and the region for keys in AWS KMS, as for the program aws.",
            used_with: Some("signer-timeout"),
        },
        Entry {
            name: "PATH",
            text: "Where the programs of plugins are: sigstore-kms-NAME for plugin:NAME://KEY.",
            used_with: Some("signer-timeout"),
        },
    ],
    files: &[
        Entry {
            name: "rootline.toml",
            text: "The policy: the repository's name, its keyholders and thresholds, periods and bounds. The other files stand beside it.",
            used_with: None,
        },
        Entry {
            name: "keyholders/NAME/",
            text: "A keyholder: their public keys, where the private halves are, and the attestations of their tokens.",
            used_with: None,
        },
        Entry {
            name: "for-users.md",
            text: "The page for the users of what is published: what each of their clients is told.",
            used_with: None,
        },
        Entry { name: "targets/", text: "The files to ship, such as trusted_root.json.", used_with: None },
        Entry { name: "metadata/", text: "Every file ever released, as verifiers see it.", used_with: None },
        Entry {
            name: "ceremonies/ID/",
            text: "A ceremony: plan.toml, frozen/, the signatures, sealed/, heads/ and transcript.jsonl.",
            used_with: None,
        },
        Entry {
            name: "pins.toml",
            text: "In the folder of your configuration: the repositories that you know, each by its root 1, and the places of keys that you have named.",
            used_with: None,
        },
        Entry { name: "vendor-roots/", text: "The root certificates of the vendors of tokens.", used_with: None },
    ],
    see_also: &["rootline(1)"],
};

fn program(width: usize) -> clap::Command {
    let verbose = "Print each file written and each request to a signer, with its time, to standard error";
    help::laid_out(Cli::command().mut_arg("verbose", |arg| arg.help(verbose)), &GROUPS, width)
}

fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os()))
}

/// Runs the program with these arguments, the first of which is its name, and returns its exit status.
fn run(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let terminal = Terminal::new();
    if completions::answer(&arguments, &names::NAMES, &terminal) {
        return terminal.finish(ExitStatus::Done.code());
    }
    let parsed =
        program(help::width()).try_get_matches_from(&arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            terminal.parser(&error);
            let status = if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Done };
            return terminal.finish(status.code());
        }
    };
    let context = Context {
        folder: RepositoryFolder::new(cli.repository),
        configuration: rootline::configuration::folder(cli.config),
        // Everything that is written has whole seconds.
        now: whole_second(At::new(cli.at).instant()),
        clock: At::new(cli.at),
        json: cli.json,
        terminal: terminal.with_verbosity(cli.verbosity.verbosity()),
    };
    let done = run_command(cli.command, &context);
    for line in journal::take() {
        context.terminal.detail(format_args!("{line}"));
    }
    let status = done.unwrap_or_else(|failure| {
        let failure = failure.into_inner();
        if context.json {
            context.terminal.json(&failure.to_json());
        }
        context.terminal.failure(&failure);
        failure.exit_status()
    });
    context.terminal.finish(status.code())
}

fn run_command(command: Command, context: &Context) -> Result<ExitStatus, Failure> {
    let done = match command {
        Command::Quickstart(args) => return commands::quickstart::run(&args, context),
        Command::Init(args) => commands::init::run(&args, context),
        Command::Key(command) => commands::key::run(&command, context),
        Command::Keyholder(command) => commands::keyholder::run(&command, context),
        Command::Trust(command) => return commands::trust::run(&command, context),
        Command::Ceremony(command) => return commands::ceremony::run(&command, context),
        Command::Renew(args) => commands::renew::run(&args, context),
        Command::Sign(args) => commands::sign::run(&args, context),
        Command::Online(args) => return commands::online::run(&args, context),
        Command::Preflight(args) => return commands::preflight::run(&args, context),
        Command::Publish(args) => return commands::publish::run(&args, context),
        Command::Status(args) => return commands::status::run(&args, context),
        Command::Doctor(args) => return commands::doctor::run(&args, context),
        Command::Guide(args) => commands::guide::run(&args, context),
        Command::Lint(args) => return commands::lint::run(&args, context),
        Command::Serve(args) => commands::serve::run(&args, context),
        Command::Demo(args) => commands::demo::run(&args, context),
        Command::Completions(args) => {
            args.run(program(help::MAX_WIDTH), &names::NAMES, &context.terminal).map_err(Failure::from)
        }
        Command::Man(args) => args.run(program(help::MAX_WIDTH), &MANUAL, &context.terminal).map_err(Failure::from),
    };
    done.map(|()| ExitStatus::Done)
}
