//! The one place where a program of this workspace writes to the terminal.

use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use clap::Args;
use indicatif::ProgressDrawTarget;
use rootline_client::Note;
use rootline_client::transport::{Answer, Exchange, Observer};
use serde_json::{Map, Value};

use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::help::GLOBAL;
use crate::hint;
use crate::printable::{json, lines, message};
use crate::progress::ProgressLine;
use crate::usage_error::without_secrets;
use crate::wrap::wrapped;

/// The version of the JSON documents.
const FORMAT: u64 = 1;

/// Standard output for results, standard error for everything else. Colours only on a terminal, and never where `NO_COLOR` is set.
#[derive(Debug, Default)]
pub struct Terminal {
    colours: bool,
    colours_in_results: bool,
    verbosity: Verbosity,
    width: Option<usize>,
    /// Why a result could not be written.
    unwritten: Mutex<Option<io::Error>>,
}

/// The amount of output besides results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Results, warnings and failures alone.
    Quiet,
    /// Also progress, and what was done.
    #[default]
    Normal,
    /// Also every request.
    Verbose,
}

/// The options of a whole program for its verbosity.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct VerbosityArgs {
    /// Print results, warnings and errors only
    #[arg(long, short, global = true, help_heading = GLOBAL, display_order = 900, conflicts_with = "verbose")]
    quiet: bool,

    /// Print each request with its status, bytes and time to standard error
    #[arg(long, short, global = true, help_heading = GLOBAL, display_order = 901)]
    verbose: bool,
}

impl VerbosityArgs {
    /// The verbosity that they ask for.
    pub fn verbosity(self) -> Verbosity {
        match self {
            VerbosityArgs { verbose: true, .. } => Verbosity::Verbose,
            VerbosityArgs { quiet: true, .. } => Verbosity::Quiet,
            VerbosityArgs { .. } => Verbosity::Normal,
        }
    }
}

/// The urgency of a part of a result. The text always states it in words too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing is to be done.
    Plain,
    /// Something is to be done soon.
    Warning,
    /// Something is to be done now.
    Failure,
}

impl Terminal {
    /// The terminal of this process.
    pub fn new() -> Terminal {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && understands_colours();
        Terminal {
            colours: wanted && io::stderr().is_terminal(),
            colours_in_results: wanted && io::stdout().is_terminal(),
            verbosity: Verbosity::Normal,
            width: terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)),
            unwritten: Mutex::default(),
        }
    }

    /// Sets the verbosity.
    #[must_use]
    pub fn with_verbosity(self, verbosity: Verbosity) -> Terminal {
        Terminal { verbosity, ..self }
    }

    /// The verbosity.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// The columns of the terminal that results go to; `None` if they go elsewhere.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Sets the columns for results.
    #[must_use]
    pub fn with_width(self, columns: usize) -> Terminal {
        Terminal { width: Some(columns), ..self }
    }

    /// A text of a result, indented by so many columns and wrapped to the terminal's; lines but the first are indented by two more.
    pub fn prose(&self, indent: usize, text: &str) -> String {
        let columns = self.width.unwrap_or(usize::MAX).saturating_sub(indent + 2);
        let lines = if text.chars().count() > columns { wrapped(text, columns) } else { vec![text.to_owned()] };
        format!("{:indent$}{}", "", lines.join(&format!("\n{:1$}", "", indent + 2)))
    }

    /// The observer for the settings of a transport, which prints each request to standard error; `None` without `--verbose`.
    pub fn observer(&self) -> Option<Observer> {
        (self.verbosity == Verbosity::Verbose).then(|| {
            Observer::new(|exchange| {
                let _ = writeln!(io::stderr().lock(), "{}", message(&request_line(exchange)));
            })
        })
    }

    /// Prints one line of a result, or several. What a reader would not see in it is escaped; but a name in it has to be
    /// [`printable`](crate::printable::printable) where it must not end the line. Where standard output cannot be written, [`finish`](Self::finish) says so.
    pub fn line(&self, line: Arguments<'_>) {
        self.result(&lines(&format!("{line}\n"), self.colours_in_results));
    }

    fn result(&self, text: &str) {
        if let Err(error) = io::stdout().lock().write_all(text.as_bytes()) {
            self.note_unwritten(error);
        }
    }

    /// A reader that closes standard output has read enough, which is no failure.
    fn note_unwritten(&self, error: io::Error) {
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// Ends the output of a command that has this exit status: returns the status to end with, which is that of a failure where a result
    /// could not be written.
    pub fn finish(&self, status: u8) -> u8 {
        if let Err(error) = io::stdout().lock().flush() {
            self.note_unwritten(error);
        }
        let unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).take();
        match unwritten {
            Some(error) => {
                self.failure(&unwritable(&error));
                if status == ExitStatus::Done.code() || status == ExitStatus::NeedsPerson.code() {
                    ExitStatus::Failed.code()
                } else {
                    status
                }
            }
            None => status,
        }
    }

    /// Prints what the parser of the command line has to say: help, the version, or what is wrong with it.
    pub fn parser(&self, error: &clap::Error) {
        if let Some(message) = without_secrets(error) {
            let _ = write!(io::stderr().lock(), "{message}");
            return;
        }
        if let Err(unwritten) = error.print()
            && !error.use_stderr()
        {
            self.note_unwritten(unwritten);
        }
    }

    /// Whether no more is to be said than what was asked for: `--quiet`.
    pub fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Prints one line about what was done, if the result is on disk; nothing with `--quiet`.
    pub fn report(&self, line: Arguments<'_>) {
        if self.verbosity != Verbosity::Quiet {
            self.line(line);
        }
    }

    /// Prints one line of detail to standard error with `--verbose`.
    pub fn detail(&self, line: Arguments<'_>) {
        if self.verbosity == Verbosity::Verbose {
            self.aside(line);
        }
    }

    /// Colours a part of a result by its tone.
    pub fn toned(&self, tone: Tone, text: Arguments<'_>) -> String {
        let colour = match tone {
            Tone::Warning if self.colours_in_results => "33",
            Tone::Failure if self.colours_in_results => "31",
            _ => return text.to_string(),
        };
        format!("\u{1b}[1;{colour}m{text}\u{1b}[0m")
    }

    /// Prints a result as JSON.
    pub fn json(&self, document: &Value) {
        self.result(&json(&format!("{:#}\n", with_format(document))));
    }

    /// Prints one of several results as JSON, on one line.
    pub(crate) fn json_line(&self, document: &Value) {
        self.result(&json(&format!("{}\n", with_format(document))));
    }

    /// Prints a result that is a file.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.map_err(|error| unwritable(&error))
    }

    /// Sets a text in white on black where there are colours: a picture of characters must not appear inverted.
    pub fn white_on_black(&self, text: &str) -> String {
        if self.colours_in_results { format!("\u{1b}[97;40m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Prints one line about a result to standard error, apart from the result.
    pub fn aside(&self, line: Arguments<'_>) {
        let _ = writeln!(io::stderr().lock(), "{}", lines(&line.to_string(), false));
    }

    /// Prints a warning.
    pub fn warning(&self, warning: Arguments<'_>) {
        let _ = writeln!(io::stderr().lock(), "{} {}", self.paint("33", "warning:"), message(&warning.to_string()));
    }

    /// Asks a person to do something that the program waits for; on a terminal alone.
    pub fn request(&self, request: Arguments<'_>) {
        let mut stderr = io::stderr().lock();
        if stderr.is_terminal() {
            let _ = writeln!(stderr, "{}", lines(&request.to_string(), false));
        }
    }

    /// Prints several warnings.
    pub fn notes(&self, notes: impl IntoIterator<Item = impl Display>) {
        for note in notes {
            self.warning(format_args!("{note}"));
        }
    }

    /// Prints the notes of a client as warnings, each with its hint.
    pub fn client_notes<'n>(&self, notes: impl IntoIterator<Item = &'n Note>) {
        for note in notes {
            self.warning(format_args!("{note}"));
            if let Some(words) = note.hint().and_then(hint::words) {
                self.hint(format_args!("{words}"));
            }
        }
    }

    /// Prints a failure: what happened, one detail, and the hint.
    pub fn failure(&self, failure: &Failure) {
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "{} {}", self.paint("31", "error:"), message(failure.what()));
        if let Some((label, detail)) = failure.detail() {
            let _ = writeln!(stderr, "  {label}: {}", message(&detail));
        }
        if let Some(hint) = failure.hint() {
            let _ = writeln!(stderr, "  {} {}", self.paint("36", "hint:"), message(hint));
        }
    }

    /// Prints a hint below a failure that was printed before.
    pub fn hint(&self, hint: Arguments<'_>) {
        let _ = writeln!(io::stderr().lock(), "  {} {}", self.paint("36", "hint:"), message(&hint.to_string()));
    }

    /// Starts a progress line, on a terminal alone.
    pub(crate) fn progress(&self) -> ProgressLine {
        ProgressLine::on(self.progress_target())
    }

    /// Starts a spinner for requests to a repository, on a terminal alone.
    pub(crate) fn asking(&self, repository: &str) -> ProgressLine {
        ProgressLine::asking(self.progress_target(), repository)
    }

    /// A redrawn line would tear the lines of `--verbose`.
    fn progress_target(&self) -> ProgressDrawTarget {
        match self.verbosity {
            Verbosity::Normal => ProgressDrawTarget::stderr(),
            Verbosity::Quiet | Verbosity::Verbose => ProgressDrawTarget::hidden(),
        }
    }

    fn paint(&self, colour: &str, word: &str) -> String {
        if self.colours { format!("\u{1b}[1;{colour}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}

/// Has a console of Windows take escape sequences for colours, which older ones do only when asked to. Terminals elsewhere do without.
fn understands_colours() -> bool {
    #[cfg(windows)]
    return anstyle_query::windows::enable_ansi_colors().unwrap_or(true);
    #[cfg(not(windows))]
    true
}

fn request_line(exchange: &Exchange) -> String {
    let (verb, answer) = match exchange.answer {
        Answer::Status(status) => ("GET", status.to_string()),
        Answer::Nothing => ("GET", "no answer".to_owned()),
        Answer::Found => ("READ", "found".to_owned()),
        Answer::NotFound => ("READ", "not found".to_owned()),
        _ => ("READ", "unreadable".to_owned()),
    };
    let location = &exchange.location;
    format!("{verb} {location} {answer} {} bytes {} ms", exchange.bytes, exchange.time.as_millis())
}

/// The document with the version of its format first.
fn with_format(document: &Value) -> Value {
    let mut all = Map::from_iter([("format".to_owned(), FORMAT.into())]);
    let Value::Object(members) = document else { return document.clone() };
    all.extend(members.clone());
    Value::Object(all)
}

fn unwritable(error: &io::Error) -> Failure {
    Failure::new(format!("cannot write to standard output: {error}"), "write to a file or a folder with room for it")
}
