//! Manual pages, made from the description of a program that reads its command line.
//!
//! The text after a command's help becomes sections of its page: the paragraph of examples, the paragraph that begins with
//! `Exit status:`, and the others, which describe it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};
use rootline_client::store::{Access, write_file};

use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::help::is_examples;
use crate::terminal::Terminal;

/// The options of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Write the pages of the program and of all its commands to this folder, instead of the program's to standard output
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The parts of a program's manual besides its command line.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// The variables that no option is named after.
    pub environment: &'static [Entry],
    /// The files and folders.
    pub files: &'static [Entry],
    /// Further pages to see, with their section.
    pub see_also: &'static [&'static str],
}

/// A variable, a file or a folder, and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// The option, by its long name, of the commands that use it; `None` for all commands.
    pub used_with: Option<&'static str>,
}

impl Entry {
    fn is_for(&self, command: &Command) -> bool {
        let has = |name: &str| command.get_arguments().any(|arg| arg.get_long() == Some(name));
        // The page of the program itself lists all.
        !is_leaf(command) || self.used_with.is_none_or(has)
    }
}

impl ManArgs {
    /// Prints or writes the pages of `program`.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn run(&self, program: Command, manual: &Manual, terminal: &Terminal) -> Result<(), Failure> {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        let Some(folder) = &self.dir else {
            return terminal.bytes(&page(&program, None, manual).1);
        };
        let mut pages = Vec::new();
        collect(&program, None, manual, &mut pages);
        for (name, bytes) in pages {
            let path = folder.join(name);
            write_file(&path, &bytes, Access::Umask)?;
            terminal.line(format_args!("{}", path.display()));
        }
        Ok(())
    }
}

fn collect(command: &Command, parent: Option<&Command>, manual: &Manual, pages: &mut Vec<(String, Vec<u8>)>) {
    pages.push(page(command, parent, manual));
    for nested in command.get_subcommands().filter(|nested| !nested.is_hide_set()) {
        collect(nested, Some(command), manual, pages);
    }
}

fn is_leaf(command: &Command) -> bool {
    !command.has_subcommands()
}

fn is_program(command: &Command) -> bool {
    command.get_bin_name().is_none_or(|name| name == command.get_name())
}

fn page_name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// File name and content.
fn page(command: &Command, parent: Option<&Command>, manual: &Manual) -> (String, Vec<u8>) {
    let man = Man::new(command.clone());
    let notes = Notes::of(command);
    let mut page = Vec::new();
    let mut section = |render: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut bytes = Vec::new();
        render(&mut bytes).expect("writing to memory does not fail");
        // Each part brings the definition of an apostrophe, which one page needs once.
        let bytes = if page.is_empty() { bytes } else { without_preamble(bytes) };
        page.extend(bytes);
    };
    section(&|bytes| man.render_title(bytes));
    section(&|bytes| man.render_name_section(bytes));
    section(&|bytes| man.render_synopsis_section(bytes));
    section(&|bytes| man.render_description_section(bytes));
    section(&|bytes| notes.description().to_writer(bytes));
    section(&|bytes| man.render_options_section(bytes));
    if command.has_subcommands() {
        section(&|bytes| man.render_subcommands_section(bytes));
    }
    section(&|bytes| notes.exit_status().to_writer(bytes));
    section(&|bytes| entries("ENVIRONMENT", &environment(command, manual)).to_writer(bytes));
    section(&|bytes| entries("FILES", &listed(manual.files, command)).to_writer(bytes));
    section(&|bytes| notes.examples().to_writer(bytes));
    section(&|bytes| see_also(command, parent, manual).to_writer(bytes));
    (man.get_filename(), page)
}

fn without_preamble(page: Vec<u8>) -> Vec<u8> {
    let lines = page.split_inclusive(|byte| *byte == b'\n');
    let kept = lines.filter(|line| !line.starts_with(b".ie \\n(.g") && !line.starts_with(b".el .ds Aq"));
    kept.flatten().copied().collect()
}

/// What stands after a command's help, by the section that it belongs to.
struct Notes {
    description: Vec<String>,
    exit_status: Option<String>,
    examples: Vec<String>,
}

impl Notes {
    fn of(command: &Command) -> Notes {
        let text = command.get_after_long_help().or_else(|| command.get_after_help());
        let text = text.map(ToString::to_string).unwrap_or_default();
        let mut notes = Notes { description: Vec::new(), exit_status: None, examples: Vec::new() };
        for paragraph in text.split("\n\n") {
            if let Some(status) = paragraph.strip_prefix("Exit status: ") {
                notes.exit_status = Some(status.to_owned());
            } else if is_examples(paragraph) {
                notes
                    .examples
                    .extend(paragraph.lines().skip(1).map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned()));
            } else if !paragraph.is_empty() {
                notes.description.push(paragraph.to_owned());
            }
        }
        notes
    }

    fn description(&self) -> Roff {
        let mut roff = Roff::new();
        for paragraph in &self.description {
            roff.control("PP", []).text([roman(paragraph)]);
        }
        roff
    }

    /// The command's own words, or the table of the program.
    fn exit_status(&self) -> Roff {
        let mut roff = Roff::new();
        roff.control("SH", ["EXIT STATUS"]);
        if let Some(own) = &self.exit_status {
            roff.text([roman(own)]);
            return roff;
        }
        for status in ExitStatus::ALL {
            roff.control("TP", ["4"]).text([bold(status.code().to_string())]).text([roman(status.meaning())]);
        }
        roff
    }

    fn examples(&self) -> Roff {
        let mut roff = Roff::new();
        if self.examples.is_empty() {
            return roff;
        }
        roff.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in &self.examples {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
        roff
    }
}

type Listed = Vec<(String, String)>;

fn listed(entries: &[Entry], command: &Command) -> Listed {
    let entries = entries.iter().filter(|entry| entry.is_for(command));
    entries.map(|entry| (entry.name.to_owned(), entry.text.to_owned())).collect()
}

/// The variables that stand for options, and the others.
fn environment(command: &Command, manual: &Manual) -> Listed {
    let mut variables = BTreeMap::new();
    collect_variables(command, &mut variables);
    variables.into_iter().chain(listed(manual.environment, command)).collect()
}

fn collect_variables(command: &Command, variables: &mut BTreeMap<String, String>) {
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        if let (Some(name), Some(option)) = (arg.get_env(), arg.get_long()) {
            let text = format!("Used where --{option} is not given.");
            variables.insert(name.to_string_lossy().into_owned(), text);
        }
    }
    for nested in command.get_subcommands() {
        collect_variables(nested, variables);
    }
}

fn entries(heading: &str, entries: &Listed) -> Roff {
    let mut roff = Roff::new();
    if entries.is_empty() {
        return roff;
    }
    roff.control("SH", [heading]);
    for (name, text) in entries {
        roff.control("TP", []).text([italic(name)]).text([roman(text)]);
    }
    roff
}

/// The page above, those beside, and those of other programs.
fn see_also(command: &Command, parent: Option<&Command>, manual: &Manual) -> Roff {
    let nested = |command: &Command| -> Vec<String> {
        let nested = command.get_subcommands().filter(|nested| !nested.is_hide_set());
        nested.map(|nested| format!("{}(1)", page_name(nested))).collect()
    };
    let own = format!("{}(1)", page_name(command));
    let mut pages: Vec<String> = parent.map(|parent| format!("{}(1)", page_name(parent))).into_iter().collect();
    pages.extend(match parent {
        Some(parent) if is_leaf(command) && !is_program(parent) => nested(parent),
        // Beside the commands of a program there are too many to be of use.
        _ => nested(command),
    });
    pages.retain(|page| *page != own);
    pages.extend(manual.see_also.iter().map(|page| (*page).to_owned()));
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]).text([roman(pages.join(", "))]);
    roff
}
