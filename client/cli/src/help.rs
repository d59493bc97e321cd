//! The list of a program's commands, in groups.

use clap::Command;

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

/// The program with its commands listed in these groups.
pub fn with_groups(program: Command, groups: &[Group]) -> Command {
    let width = terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0)).min(MAX_WIDTH);
    let lists: Vec<String> = groups.iter().map(|group| list(&program, group, width)).collect();
    let lists = lists.join("\n\n");
    program.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{lists}\n\n{{options}}{{after-help}}"
    ))
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
