//! # Exercise 14: wakes from other threads
//!
//! Now the executor sleeps when no task is ready, in a reactor. A wake on its own thread need not
//! end that sleep: it comes during a poll, or from inside the park itself, and in both cases the
//! executor looks at its queue before it sleeps again. A wake on another thread must end it. To
//! know which is which saves a system call for each local wake.
//!
//! [`Park`] is all that the executor asks of a reactor. The crate's has it, and in exercise 17
//! yours.
//!
//! - Run: `cargo test --example exercises -- --ignored ex14`
//! - Judge: `cargo run --example exercises -- judge 14`
//! - Hint: [`Alarm`] is what the executor of exercise 12 calls as `unpark`.
//! - Hint: while tasks are ready, `park` with a timeout of zero after each pass: a task that always
//!   wakes itself must not keep the sockets from being looked at.
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
    /// Calls `f` so that what has to wait inside of it can.
    fn enter(&self, f: &mut dyn FnMut());

    /// Blocks until something has happened, or the timeout, and calls the wakers of what has
    /// happened. `None` is no timeout; zero does not block.
    fn park(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Ends a park, from any thread. If none is going on, it ends the next.
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
