//! A thread for what may block, so that no `async fn` does: waiting for a lock, syncing files, checking signatures.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, SendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

use crate::store::{Store, StoreError};

type Job = Box<dyn FnOnce() + Send>;

/// One thread that does one job after the other, from the beginning of an operation to its end. It belongs to no runtime, so that callers
/// may use any; and to no pool, so that a job which waits for a minute holds up nothing else.
#[derive(Debug)]
pub(crate) struct Worker {
    /// `None` where nothing blocks, and jobs are done in place.
    jobs: Option<mpsc::Sender<Job>>,
}

impl Worker {
    /// Starts the thread for the jobs of `store`, if they [may block](Store::may_block). It ends once the worker is dropped and the last job
    /// is done.
    ///
    /// # Errors
    /// If the system has no more threads.
    pub(crate) fn of(store: &impl Store) -> Result<Worker, StoreError> {
        if store.may_block() { Worker::start() } else { Ok(Worker { jobs: None }) }
    }

    fn start() -> Result<Worker, StoreError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let thread = thread::Builder::new().name("rootline".to_owned());
        match thread.spawn(move || queue.into_iter().for_each(|job| job())) {
            Ok(_) => Ok(Worker { jobs: Some(jobs) }),
            Err(error) => Err(StoreError::other(format!("cannot start a thread for the cache: {error}"))),
        }
    }

    /// Does `job` on the thread and returns its result; a panic there goes on here. A job that was begun is done to its end, also when
    /// this future is dropped.
    pub(crate) async fn run<R: Send + 'static>(&self, job: impl FnOnce() -> R + Send + 'static) -> R {
        let Some(jobs) = &self.jobs else { return job() };
        let result = Arc::new(Mutex::new(Slot { done: None, waiting: None }));
        let slot = Arc::clone(&result);
        let job: Job = Box::new(move || {
            let done = catch_unwind(AssertUnwindSafe(job));
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.done = Some(done);
            if let Some(waker) = slot.waiting.take() {
                waker.wake();
            }
        });
        // The thread lasts as long as this sender, and no job's panic ends it.
        if let Err(SendError(job)) = jobs.send(job) {
            job();
        }
        let done = poll_fn(|context| {
            let mut slot = result.lock().unwrap_or_else(PoisonError::into_inner);
            match slot.done.take() {
                Some(done) => Poll::Ready(done),
                None => {
                    slot.waiting = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        });
        done.await.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Where a result is handed over. Its lock is held for no longer than that takes.
struct Slot<R> {
    done: Option<thread::Result<R>>,
    waiting: Option<Waker>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use std::pin::pin;
    use std::task::{Context, Wake};

    struct Unpark(thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = Arc::new(Unpark(thread::current())).into();
        loop {
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return done;
            }
            thread::park();
        }
    }

    #[test]
    fn jobs_of_a_store_in_memory_are_done_in_place() {
        let worker = Worker::of(&MemoryStore::new()).unwrap();
        assert_eq!(block_on(worker.run(|| thread::current().id())), thread::current().id());
    }

    #[test]
    fn jobs_are_done_one_after_the_other_on_another_thread() {
        let worker = Worker::start().unwrap();
        let first = block_on(worker.run(|| thread::current().id()));
        assert_ne!(first, thread::current().id());
        assert_eq!(block_on(worker.run(|| thread::current().id())), first);
    }

    #[test]
    fn a_panic_of_a_job_goes_on_where_it_was_awaited_and_the_next_job_is_done() {
        let worker = Worker::start().unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| block_on(worker.run(|| -> u32 { unreachable!("a defect") }))));
        assert!(panicked.is_err());
        assert_eq!(block_on(worker.run(|| 7)), 7);
    }

    #[test]
    fn a_job_that_was_begun_is_done_although_nobody_waits_for_it() {
        let worker = Worker::start().unwrap();
        let (done, is_done) = mpsc::channel();
        {
            let mut dropped = pin!(worker.run(move || done.send(()).unwrap()));
            let waker = Arc::new(Unpark(thread::current())).into();
            let _ = dropped.as_mut().poll(&mut Context::from_waker(&waker));
        }
        is_done.recv().unwrap();
    }
}
