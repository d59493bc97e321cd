//! Shell completions, made from the description of a program that reads its command line, and of the names that only the program knows.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::Failure;
use crate::printable::printable;
use crate::terminal::Terminal;

/// The options of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell that is to complete the command line
    shell: Shell,
}

/// Names that are known only when the command line is completed, such as those of instances.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// What the value is called in help, such as `INSTANCE`: every option and argument that is called so is completed with these names.
    pub value_name: &'static str,
    /// What a script asks for. It stands in the generated script before it is replaced, so it is a word that help does not use,
    /// such as `@instances`.
    pub kind: &'static str,
    /// The names, as far as they can be found. A completion that fails offers nothing.
    pub list: fn(&Typed) -> Vec<String>,
}

/// The words of the command line that is being completed, as a shell knows them: they may still be quoted.
#[derive(Clone, Debug, Default)]
pub struct Typed(Vec<String>);

impl Typed {
    /// The value of an option such as `--repository`, wherever it stands; of several, the last.
    pub fn option(&self, name: &str) -> Option<PathBuf> {
        let value_after = |index: usize, word: &str| match word.strip_prefix(name)? {
            // bash makes three words of `--repository=DIR`.
            "" if self.0.get(index + 1).is_some_and(|word| word == "=") => self.0.get(index + 2).cloned(),
            "" => self.0.get(index + 1).cloned(),
            rest => rest.strip_prefix('=').map(str::to_owned),
        };
        let mut values = self.0.iter().enumerate().filter_map(|(index, word)| value_after(index, word));
        values.rfind(|value| !value.is_empty()).map(|value| unquoted(&value))
    }
}

/// A word as the shell hands it to a program, without variables: those of another shell are not known here.
fn unquoted(word: &str) -> PathBuf {
    let mut text = String::new();
    let mut quote = None;
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => text.extend(characters.next()),
            ('\'' | '"', None) => quote = Some(character),
            (_, Some(open)) if character == open => quote = None,
            _ => text.push(character),
        }
    }
    match (word.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(_), Some(home)) => PathBuf::from(home).join(text.trim_start_matches("~/")),
        _ => text.into(),
    }
}

/// What a script asks: `PROGRAM complete-names KIND WORD...`, with the words that have been typed.
const COMMAND: &str = "complete-names";

impl CompletionsArgs {
    /// Prints the script for `program`, which [answers](answer) with these names.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn run(&self, program: Command, names: &[Names], terminal: &Terminal) -> Result<(), Failure> {
        terminal.bytes(script(self.shell, program, names).as_bytes())
    }
}

/// Answers a script that asks for names, which no person types and help does not list; `false` if these arguments are something else.
pub fn answer(arguments: &[OsString], names: &[Names], terminal: &Terminal) -> bool {
    let [_, command, kind, typed @ ..] = arguments else { return false };
    if command != COMMAND {
        return false;
    }
    let typed = Typed(typed.iter().map(|word| word.to_string_lossy().into_owned()).collect());
    for names in names.iter().filter(|names| kind == names.kind) {
        for name in (names.list)(&typed).iter().map(|name| printable(name)) {
            terminal.line(format_args!("{name}"));
        }
    }
    true
}

fn script(shell: Shell, program: Command, names: &[Names]) -> String {
    let name = program.get_name().to_owned();
    let mut program = with_marks(program, names);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, &name, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    // The generator spells a program with a hyphen in two ways, so that bash would complete nothing below its commands.
    let script = match shell {
        Shell::Bash => script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__")),
        _ => script,
    };
    names.iter().fold(script, |script, names| asking(shell, &script, &name, names.kind))
}

fn with_marks(command: Command, names: &[Names]) -> Command {
    let called = |arg: &clap::Arg| {
        let kind = arg.get_value_names().and_then(|names| names.first());
        names.iter().find(|names| kind.is_some_and(|kind| kind.as_str() == names.value_name))
    };
    let command = command.mut_args(|arg| match called(&arg) {
        Some(names) => arg.value_parser(PossibleValuesParser::new([names.kind])),
        None => arg,
    });
    command.mut_subcommands(|command| with_marks(command, names))
}

/// The script with the word of this kind replaced by what asks the program, in the language of the shell. Shells whose scripts complete no
/// values do not have the word.
fn asking(shell: Shell, script: &str, program: &str, kind: &str) -> String {
    let ask = |typed: &str| format!("{program} {COMMAND} {kind} {typed} 2>/dev/null");
    match shell {
        // The list of words stands in double quotes.
        Shell::Bash => script.replace(kind, &format!("$({})", ask("\"${COMP_WORDS[@]}\""))),
        // The action of an option or argument stands in single quotes. `words` has lost what stands before the command.
        Shell::Zsh => {
            let ask = ask("${(Q)${(z)BUFFER}}");
            script.replace(&format!("({kind})"), &format!("{{compadd -- ${{(f)\"$({ask})\"}}}}"))
        }
        Shell::Fish => script.replace(&format!("{kind}\\t''"), &format!("({})", ask("(commandline -opc)"))),
        _ => script.replace(kind, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_found_in_every_way_to_write_it() {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        for (typed, folder) in [
            (&["p", "--repository", "tuf", "ceremony", ""][..], Some("tuf".into())),
            (&["p", "--repository=tuf", "ceremony"], Some("tuf".into())),
            (&["p", "ceremony", "--repository", "=", "tuf"], Some("tuf".into())),
            (&["p", "--repository", "one", "--repository", "two"], Some("two".into())),
            (&["p", "--repository", "'a b'/c\\ d\"e\""], Some("a b/c de".into())),
            (&["p", "--repository", "~/tuf"], Some(home.join("tuf"))),
            (&["p", "--repository", ""], None),
            (&["p", "--repository"], None),
            (&["p", "--repository-of", "tuf"], None),
        ] {
            let found = Typed(typed.iter().map(|&word| word.to_owned()).collect()).option("--repository");
            assert_eq!(found, folder, "{typed:?}");
        }
    }
}
