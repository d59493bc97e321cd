//! A server of somebody else's, as a process of its own.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A process that listens on a port of 127.0.0.1. It is ended when this is dropped.
#[derive(Debug)]
pub struct Running {
    process: Child,
    port: u16,
}

/// How often another port is tried: between finding a free one and its being taken, somebody else may take it.
const MAX_PORTS: usize = 5;
const MAX_START: Duration = Duration::from_secs(20);

impl Running {
    /// Starts what `command` makes for a free port, and waits until it listens.
    ///
    /// # Panics
    /// If it does not, on any port.
    pub fn start(command: impl Fn(u16) -> Command) -> Running {
        Running::start_with(command, Stdio::null)
    }

    /// The same, for a program that ends when its standard input does: so it also ends if this process is killed, or never drops it.
    ///
    /// # Panics
    /// As [`Running::start`].
    pub fn start_attached(command: impl Fn(u16) -> Command) -> Running {
        Running::start_with(command, Stdio::piped)
    }

    fn start_with(command: impl Fn(u16) -> Command, stdin: impl Fn() -> Stdio) -> Running {
        for _ in 0..MAX_PORTS {
            let port = free_port();
            let mut command = command(port);
            command.stdin(stdin()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut running = Running { process: command.spawn().expect("a program that is installed runs"), port };
            if running.listens() {
                return running;
            }
        }
        panic!("it does not start on any of {MAX_PORTS} ports");
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it has ended by itself, as somebody has asked it to.
    ///
    /// # Panics
    /// If it cannot be waited for.
    pub fn wait(&mut self) {
        self.process.wait().expect("a child can be waited for");
    }

    fn listens(&mut self) -> bool {
        let until = Instant::now() + MAX_START;
        while Instant::now() < until && matches!(self.process.try_wait(), Ok(None)) {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

/// A port that nobody listens on, for now.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of this machine is free");
    socket.local_addr().expect("a bound socket has an address").port()
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
