//! Signals that end the process.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// Interrupt (Ctrl-C) and, where there is such a thing, SIGTERM: the first one does not end the process, but is noted here; the second one
/// ends it at once, with exit status 1.
#[derive(Debug)]
pub(crate) struct Signals {
    asked: Arc<AtomicBool>,
    asked_now: Receiver<()>,
}

impl Signals {
    /// From now on for as long as the process lives.
    ///
    /// # Errors
    /// If the system does not let us.
    pub(crate) fn note() -> io::Result<Signals> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let asked = Arc::new(AtomicBool::new(false));
        let (ask_now, asked_now) = mpsc::channel();
        let noted = Arc::clone(&asked);
        // Before the thread runs, so that none is missed.
        let mut signals = {
            let _entered = runtime.enter();
            Listening::begin()?
        };
        thread::spawn(move || {
            runtime.block_on(signals.next());
            noted.store(true, Ordering::Relaxed);
            // Whoever waited may be gone.
            let _ = ask_now.send(());
            // Whoever asks twice does not want to wait for the end of a step.
            runtime.block_on(signals.next());
            std::process::exit(1);
        });
        Ok(Signals { asked, asked_now })
    }

    /// Whether one has come.
    pub(crate) fn has_come(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Waits for as long as that, or until one comes.
    pub(crate) fn wait(&self, pause: Duration) -> ControlFlow<()> {
        if self.has_come() || self.asked_now.recv_timeout(pause).is_ok() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[cfg(unix)]
struct Listening {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listening {
    fn begin() -> io::Result<Listening> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Listening { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let asked = self.interrupt.poll_recv(context).is_ready() || self.terminate.poll_recv(context).is_ready();
            if asked { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

#[cfg(not(unix))]
struct Listening(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Listening {
    fn begin() -> io::Result<Listening> {
        tokio::signal::windows::ctrl_c().map(Listening)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
