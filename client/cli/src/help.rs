//! How a program's help is laid out: commands in groups, options under headings, a short form and a whole one.

use clap::Command;

/// The heading of the options that say which repository.
pub const REPOSITORY: &str = "Repository";
/// The heading of the options that say how fresh.
pub const FRESHNESS: &str = "Freshness";
/// The heading of the options that say how large. The short form leaves them out.
pub const LIMITS: &str = "Limits";
/// The heading of the options that say how to fetch. The short form leaves them out.
pub const NETWORK: &str = "Network";
/// The heading of the options of a whole program, which stand last.
pub const GLOBAL: &str = "Global options";

/// A group of commands under its heading.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The heading.
    pub heading: &'static str,
    /// The names of the commands, in the order in which they are listed.
    pub commands: &'static [&'static str],
}

/// The widest that help gets, in columns.
pub const MAX_WIDTH: usize = 100;

/// The columns that help has where no terminal says otherwise.
const USUAL_WIDTH: usize = MAX_WIDTH;

/// The program with its commands listed in these groups, and with a short form of help (`-h`) beside the whole one (`--help`): without
/// limits and network, and of what follows the options with the examples alone.
pub fn laid_out(program: Command, groups: &[Group]) -> Command {
    let width = terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0)).min(MAX_WIDTH);
    let lists: Vec<String> = groups.iter().map(|group| list(&program, group, width)).collect();
    let lists = lists.join("\n\n");
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{lists}\n\n{GLOBAL}:\n{{options}}{{after-help}}"
    );
    with_short_form(program).help_template(template)
}

fn with_short_form(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let is_hidden = matches!(arg.get_help_heading(), Some(LIMITS | NETWORK));
        if is_hidden { arg.hide_short_help(true) } else { arg }
    });
    let whole = command.get_after_help().map(ToString::to_string);
    let command = match whole {
        Some(whole) if command.get_after_long_help().is_none() => {
            let examples = whole.split("\n\n").find(|paragraph| is_examples(paragraph)).unwrap_or_default().to_owned();
            command.after_help(examples).after_long_help(whole)
        }
        _ => command,
    };
    command.mut_subcommands(with_short_form)
}

/// Whether a paragraph after the options is a heading with command lines below it.
pub(crate) fn is_examples(paragraph: &str) -> bool {
    paragraph.contains(":\n  ")
}

fn list(program: &Command, group: &Group, width: usize) -> String {
    let longest = program.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let commands = group.commands.iter().filter_map(|name| program.find_subcommand(name));
    let entries = commands.map(|command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let text = wrapped(&about, width.saturating_sub(longest + 4));
        format!("  {:<longest$}  {}", command.get_name(), text.join(&format!("\n{:1$}", "", longest + 4)))
    });
    let entries: Vec<String> = entries.collect();
    format!("{}:\n{}", group.heading, entries.join("\n"))
}

/// The text in lines of at most so many columns, or of one word.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
