//! Shell completions and manual pages, made from the same description of a program that reads its command line.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man;
use rootline_client::store::{Access, write_file};

use crate::failure::Failure;
use crate::terminal::Terminal;

/// The options of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell that is to complete the command line
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the script for `program`.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn run(&self, mut program: clap::Command, terminal: &Terminal) -> Result<(), Failure> {
        let name = program.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, name, &mut script);
        terminal.bytes(&script)
    }
}

/// The options of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Write the pages of the program and of all its commands to this folder, instead of the program's to standard output
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl ManArgs {
    /// Prints or writes the pages of `program`.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn run(&self, program: clap::Command, terminal: &Terminal) -> Result<(), Failure> {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        let Some(folder) = &self.dir else { return terminal.bytes(&page(program).1) };
        let mut pages = Vec::new();
        collect(program, &mut pages);
        for (name, bytes) in pages {
            let path = folder.join(name);
            write_file(&path, &bytes, Access::Umask)?;
            terminal.line(format_args!("{}", path.display()));
        }
        Ok(())
    }
}

fn collect(command: clap::Command, pages: &mut Vec<(String, Vec<u8>)>) {
    let nested: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    pages.push(page(command));
    for command in nested {
        collect(command, pages);
    }
}

/// File name and content.
fn page(command: clap::Command) -> (String, Vec<u8>) {
    let man = Man::new(command);
    let mut bytes = Vec::new();
    man.render(&mut bytes).expect("writing to memory does not fail");
    (man.get_filename(), bytes)
}
