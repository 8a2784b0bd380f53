//! # Exercise 14: wakes from other threads
//!
//! When no task is ready, the executor now sleeps in a reactor. A wake on the executor's own thread
//! need not end that sleep: it comes during a poll, or inside the park itself, and in both cases
//! the executor checks its queue before it sleeps again. A wake on another thread must end the
//! sleep. Telling the two apart saves a system call for each wake on the own thread.
//!
//! [`Park`] is all that the executor needs from a reactor. The reactor of the crate implements it,
//! and in exercise 17 yours does.
//!
//! - Run: `cargo test --example exercises -- --ignored ex14`
//! - Judge: `cargo run --example exercises -- judge 14`
//! - Hint: the executor of exercise 12 calls [`Alarm`] as its `unpark`.
//! - Hint: while tasks are ready, `park` with a timeout of zero after each pass. Otherwise a task
//!   that always wakes itself prevents the check of the sockets.
//! - In the crate: `src/executor/mod.rs`, `src/executor/remote.rs`

use std::{
    io,
    sync::Arc,
    task::{Wake, Waker},
    thread::{self, ThreadId},
    time::Duration,
};

use pizzaiolo::Reactor;

use crate::ex12_spawn::Executor;

/// What an executor sleeps in.
pub(crate) trait Park {
    /// Calls `f` with this as the reactor in which sockets and timers wait.
    fn enter(&self, f: &mut dyn FnMut());

    /// Blocks until an event or the timeout, then calls the wakers of the events. `None` is no
    /// timeout; zero does not block.
    fn park(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Returns a waker that ends a park, from any thread. If no park runs, it ends the next one.
    fn unparker(&self) -> Waker;
}

impl Park for Reactor {
    fn enter(&self, f: &mut dyn FnMut()) {
        Reactor::enter(self, f);
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        Reactor::park(self, timeout)
    }

    fn unparker(&self) -> Waker {
        Waker::from(Reactor::unparker(self))
    }
}

/// Ends the park of the thread that made it, when another thread calls it.
struct Alarm {
    thread: ThreadId,
    unparker: Waker,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        todo!("exercise 14")
    }
}

/// Creates an executor for this thread, which sleeps in `park`.
pub(crate) fn executor(park: &impl Park) -> Executor {
    let alarm = Alarm { thread: thread::current().id(), unparker: park.unparker() };
    Executor::new(Waker::from(Arc::new(alarm)))
}

/// Runs the tasks until none is left.
pub(crate) fn run(executor: &Executor, park: &impl Park) -> io::Result<()> {
    todo!("exercise 14")
}

#[cfg(test)]
#[path = "tests/ex14_threads.rs"]
mod tests;
