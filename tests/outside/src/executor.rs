//! An executor of one's own: one thread, and no runtime.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};

/// Runs tasks on this thread, each whenever it is woken, until all of them have ended.
pub fn run<'t, const N: usize>(tasks: [Pin<Box<dyn Future<Output = ()> + 't>>; N]) {
    let (queue, woken) = channel();
    let mut tasks = tasks.map(Some);
    for task in 0..N {
        queue.send(task).expect("the receiver is below");
    }
    while tasks.iter().any(Option::is_some) {
        let task = woken.recv().expect("a sender is above");
        let waker = Waker::from(Arc::new(Woken { task, queue: queue.clone() }));
        if let Some(running) = &mut tasks[task]
            && running.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        {
            tasks[task] = None;
        }
    }
}

struct Woken {
    task: usize,
    queue: Sender<usize>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        // Who wakes a task after all have ended wakes nobody.
        let _ = self.queue.send(self.task);
    }
}

/// Leaves the thread to the other tasks for one turn.
pub async fn turn() {
    let mut waited = false;
    std::future::poll_fn(|context| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}
