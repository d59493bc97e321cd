//! A terminal that is not there, for programs that ask their questions at one.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::peers;

/// What comes of a line of the shell in that folder, at a terminal of so many columns, where somebody types that. `None` where no such terminal
/// can be had.
pub fn at_a_terminal(folder: &Path, line: &str, columns: u16, typed: &str, is_coloured: bool) -> Option<Output> {
    let script = peers::of_the_system("script")?;
    let line = format!("stty cols {columns} rows 60; {line}");
    let mut command = Command::new(script);
    command.args(["--quiet", "--return", "--command", &line]).arg(Path::new("/dev/null"));
    command.current_dir(folder).env("SHELL", "/bin/sh");
    if is_coloured {
        command.env_remove("NO_COLOR").env("TERM", "xterm");
    } else {
        command.env("NO_COLOR", "1").env("TERM", "dumb");
    }
    let mut output = piped(command, typed.as_bytes());
    output.stdout.retain(|byte| *byte != b'\r');
    Some(output)
}

/// What comes of a command that has this on its standard input.
///
/// # Panics
/// If it cannot be run.
pub fn piped(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Whoever has heard enough stops listening.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}
