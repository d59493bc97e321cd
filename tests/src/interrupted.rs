//! A program that is ended before any of its steps on the disk, or on a file system that refuses some of them, by `strace`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::peers;
use crate::skipped::skip_without;

/// The system calls that change what is on the disk, or make it last. A file that is opened to be written changes nothing that a call
/// after it does not show.
const STEPS: &str =
    "/^(mkdir|rename|link|symlink|unlink|rmdir|truncate|ftruncate|fallocate|write|pwrite64|fsync|fdatasync)";

/// Runs programs and ends them.
#[derive(Clone, Debug)]
pub struct Strace {
    program: PathBuf,
}

/// A system call that a program makes: the `number`th of that name, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name, such as `renameat2`.
    pub call: String,
    /// Which of that name.
    pub number: usize,
}

impl Strace {
    /// None where it is not installed, or may not trace.
    ///
    /// # Panics
    /// As that, if `CI=true`.
    pub fn new() -> Option<Strace> {
        let program = peers::of_the_system("strace")?;
        let tried = Command::new(&program).args(["-e", "trace=none", "true"]).stderr(Stdio::null()).status();
        if tried.is_ok_and(|status| status.success()) {
            return Some(Strace { program });
        }
        skip_without("strace may not trace programs here")
    }

    /// Runs a command to its end, and gives all its steps in order. It has to succeed.
    ///
    /// # Panics
    /// If it does not.
    pub fn steps(&self, command: &Command, record: &Path) -> Vec<Step> {
        let status = self.traced(command, record, None).status().expect("strace runs");
        assert!(status.success(), "{command:?}: {status}");
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let text = fs::read_to_string(record).expect("what strace has written");
        // PID CALL(ARGUMENTS) = RESULT
        let calls = text.lines().filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('));
        let calls = calls.filter(|(call, _)| call.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        let step = |(call, _): (&str, &str)| {
            let number = numbers.entry(call.to_owned()).or_default();
            *number += 1;
            Step { call: call.to_owned(), number: *number }
        };
        calls.map(step).collect()
    }

    /// Runs a command and kills it right before a step.
    ///
    /// # Panics
    /// If it came to its end.
    pub fn kill_before(&self, step: &Step, command: &Command, record: &Path) {
        let status = self.traced(command, record, Some(step)).status().expect("strace runs");
        // strace ends as the program did.
        assert_eq!(status.signal(), Some(9), "{command:?} at {step:?}: {status}");
    }

    /// The command on a file system that answers each of these system calls with that error, such as `("flock", "ENOLCK")`.
    pub fn refusing(&self, refusals: &[(&str, &str)], command: &Command, record: &Path) -> Command {
        let mut strace = self.recording(record);
        for (call, error) in refusals {
            strace.arg("-e").arg(format!("inject={call}:error={error}"));
        }
        let calls: Vec<&str> = refusals.iter().map(|(call, _)| *call).collect();
        strace.arg("-e").arg(format!("trace={}", calls.join(",")));
        of(strace, command)
    }

    fn recording(&self, record: &Path) -> Command {
        let mut strace = Command::new(&self.program);
        strace.arg("-f").arg("-qq").arg("-o").arg(record);
        strace
    }

    fn traced(&self, command: &Command, record: &Path, kill: Option<&Step>) -> Command {
        let mut strace = self.recording(record);
        match kill {
            None => strace.arg("-e").arg(format!("trace={STEPS}")),
            Some(Step { call, number }) => strace
                .arg("-e")
                .arg(format!("trace={call}"))
                .arg("-e")
                .arg(format!("inject={call}:signal=SIGKILL:when={number}")),
        };
        let mut strace = of(strace, command);
        strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        strace
    }
}

/// `strace` with the command behind its own options.
fn of(mut strace: Command, command: &Command) -> Command {
    strace.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        strace.current_dir(folder);
    }
    strace
}
