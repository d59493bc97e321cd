//! How a program's help is laid out: commands in groups, options under headings, a short form and a whole one.

use clap::Command;

use crate::wrap::wrapped;

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

/// The narrowest that help gets, in columns: in a narrower terminal its lines are torn.
pub const MIN_WIDTH: usize = 60;

/// The columns that help has: those of the terminal or of COLUMNS, within bounds.
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(columns).unwrap_or(MAX_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH)
}

/// The program with help of so many columns: its commands listed in these groups, and a short form (`-h`) beside the whole one (`--help`),
/// without limits and network, and of what follows the options with the examples alone.
pub fn laid_out(program: Command, groups: &[Group], width: usize) -> Command {
    let lists: Vec<String> = groups.iter().map(|group| list(&program, group, width)).collect();
    let lists = lists.join("\n\n");
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{lists}\n\n{GLOBAL}:\n{{options}}{{after-help}}"
    );
    with_short_form(program, width).term_width(width).help_template(template)
}

fn with_short_form(command: Command, width: usize) -> Command {
    let command = command.mut_args(|arg| {
        let is_hidden = matches!(arg.get_help_heading(), Some(LIMITS | NETWORK));
        if is_hidden { arg.hide_short_help(true) } else { arg }
    });
    let whole = command.get_after_help().map(|text| folded(&text.to_string(), width));
    let long = command.get_after_long_help().map(|text| folded(&text.to_string(), width));
    let command = match whole {
        Some(whole) if command.get_after_long_help().is_none() => {
            let examples = whole.split("\n\n").find(|paragraph| is_examples(paragraph)).unwrap_or_default().to_owned();
            command.after_help(examples).after_long_help(whole)
        }
        Some(short) => command.after_help(short).after_long_help(long.unwrap_or_default()),
        None => command,
    };
    command.mut_subcommands(|command| with_short_form(command, width))
}

/// The text with command lines that are too long for the width continued on the next line, so that they can still be copied; what stands
/// beside a command moves below it. Other text is wrapped by the parser of the command line.
fn folded(text: &str, width: usize) -> String {
    let fold = |line: &str| {
        if !line.starts_with("  ") || line.chars().count() <= width {
            return line.to_owned();
        }
        let (command, note) = line.trim_start().split_once("   ").unwrap_or((line.trim_start(), ""));
        let mut lines = vec![format!("  {command}")];
        // An option is broken off together with its value.
        while let Some(last) = lines.last().filter(|last| last.chars().count() > width) {
            let options = last.match_indices(" -").map(|(at, _)| at).filter(|at| !last[..*at].trim().is_empty());
            let options: Vec<usize> = options.collect();
            let fits = options.iter().rfind(|at| last[..**at].chars().count() + 2 <= width);
            let Some(&at) = fits.or(options.first()) else { break };
            let (kept, rest) = (format!("{} \\", &last[..at]), format!("     {}", &last[at..]));
            lines.pop();
            lines.extend([kept, rest]);
        }
        lines.extend((!note.is_empty()).then(|| format!("      {}", note.trim_start())));
        lines.join("\n")
    };
    text.split('\n').map(fold).collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_continued_on_the_next_line_and_text_is_left_alone() {
        let text = "Examples:\n  program init --holders alice,bob --threshold 2\n  program demo     see it\n\nA sentence that is longer than that.";
        assert_eq!(folded(text, 60), text);
        let expected = "Examples:\n  program init \\\n      --holders alice,bob \\\n      --threshold 2\n  program demo\n      see it\n\nA sentence that is longer than that.";
        assert_eq!(folded(text, 24), expected);
    }
}
