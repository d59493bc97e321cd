//! The demo's steps: each is shown as what one would type, and done.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use rootline_ceremonies::Caches;
use rootline_client::store::read_regular_file;
use rootline_metadata::instant_text;

use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::max_file;
use crate::folder::read_files::read_files;
use crate::publish::server::Server;
use rootline::terminal::Terminal;

/// What the demo does next, and when it says it is.
pub(super) struct Script {
    at: DateTime<Utc>,
    terminal: Terminal,
}

impl Script {
    pub(super) fn new(at: DateTime<Utc>) -> Script {
        Script { at, terminal: Terminal::new() }
    }

    pub(super) fn say(&self, text: &str) {
        self.terminal.line(format_args!("{text}"));
    }

    pub(super) fn chapter(&self, title: &str) {
        self.terminal.line(format_args!("\n== {title}\n"));
    }

    /// The commands that follow are run a minute later, by the demo's own time.
    pub(super) fn wait_a_minute(&mut self) {
        self.at += Duration::minutes(1);
    }

    /// The commands that follow are run once no cache shows what was public before, as long as the policy says nothing else.
    pub(super) fn wait_for_caches(&mut self) {
        let caches = Caches::default();
        let wait = caches.longest_gap();
        self.say(&format!("{} minutes later, when no cache shows what was there before:\n", wait.num_minutes()));
        self.at += wait;
    }

    /// A command of this program, which has to succeed.
    pub(super) fn repo(&self, command: &str) -> Result<(), Failure> {
        self.expect(0, "rootline-repo", command, run_here)
    }

    /// A command of this program, which has to be refused.
    pub(super) fn refused(&self, command: &str) -> Result<(), Failure> {
        self.expect(1, "rootline-repo", command, run_here)
    }

    /// A command of the verifier's program, which has to succeed.
    pub(super) fn client(&self, command: &str) -> Result<(), Failure> {
        self.expect(0, "rootline", command, rootline::run)
    }

    /// A command of the verifier's program, which has to be refused.
    pub(super) fn client_refused(&self, command: &str) -> Result<(), Failure> {
        self.expect(1, "rootline", command, rootline::run)
    }

    /// Writes a file of one line.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.show(&format!("echo '{text}' > {name}"));
        atomic_file::create(Path::new(name), format!("{text}\n").as_bytes(), atomic_file::Access::Owner)
    }

    /// Puts a file there that the demo brings along.
    pub(super) fn bring(&self, name: &str, text: &str) -> Result<(), Failure> {
        atomic_file::create(Path::new(name), text.as_bytes(), atomic_file::Access::Umask)
    }

    /// Copies a file.
    pub(super) fn copy_file(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.show(&format!("cp {from} {to}"));
        let bytes = read_regular_file(Path::new(from), max_file());
        let bytes = bytes.map_err(|error| Failure::io("read", Path::new(from), &error))?;
        atomic_file::create(Path::new(to), &bytes, atomic_file::Access::Umask)
    }

    /// Copies a folder.
    pub(super) fn copy(&self, from: &str, to: &str) -> Result<PathBuf, Failure> {
        self.show(&format!("cp -r {from} {to}"));
        let to = PathBuf::from(to);
        for (name, bytes) in read_files(Path::new(from))? {
            atomic_file::create(&to.join(name), &bytes, atomic_file::Access::Umask)?;
        }
        Ok(to)
    }

    /// Puts one text of the same length in the place of another, in every target that has it.
    pub(super) fn tamper(&self, folder: &Path, from: &str, to: &str) -> Result<(), Failure> {
        self.show(&format!("sed -i 's/{from}/{to}/' {}/targets/*.trusted_root.json", folder.display()));
        for (name, bytes) in read_files(&folder.join("targets"))? {
            let text = String::from_utf8_lossy(&bytes);
            if text.contains(from) {
                atomic_file::replace(&folder.join("targets").join(name), text.replace(from, to).as_bytes())?;
            }
        }
        Ok(())
    }

    /// Serves a folder at that port; 0 takes any that is free.
    pub(super) fn serve(&self, folder: &Path, port: u16) -> Result<Server, Failure> {
        let server = Server::start(folder, port).map_err(|error| Failure::io("serve", folder, &error))?;
        let port = server.url().rsplit(':').next().unwrap_or_default().to_owned();
        self.show(&format!("rootline-repo serve {} --port {port} &", folder.display()));
        Ok(server)
    }

    fn show(&self, command: &str) {
        self.terminal.line(format_args!("$ {command}"));
    }

    fn expect(
        &self,
        status: u8,
        program: &str,
        command: &str,
        run: impl FnOnce(Vec<String>) -> u8,
    ) -> Result<(), Failure> {
        self.show(&format!("{program} {command}"));
        let mut arguments = vec![program.to_owned()];
        arguments.extend(words(command));
        arguments.extend(["--at".to_owned(), instant_text(self.at)]);
        let found = run(arguments);
        self.terminal.line(format_args!(""));
        if found == status {
            return Ok(());
        }
        Err(Failure::new(
            format!("{program} {command}: exit status {found} where {status} was expected"),
            "this is a defect of rootline: please report it with everything that the demo has printed",
        ))
    }
}

/// Runs this program with a configuration of the demo's own: what it signs is no repository that its user has to know.
fn run_here(mut arguments: Vec<String>) -> u8 {
    arguments.extend(["--config".to_owned(), "configuration".to_owned()]);
    crate::run(arguments)
}

/// The words of a command as a shell has them: single quotes hold one together.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in command.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.iter_mut().next_back().into_iter().for_each(|word| word.push(other)),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_taken_apart_as_a_shell_does() {
        assert_eq!(words("init . --name 'Demo trust root' --x"), ["init", ".", "--name", "Demo trust root", "--x"]);
    }
}
