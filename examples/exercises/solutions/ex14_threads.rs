//! Exercise 14. No wake is lost between the last check of the queue and the park: the unparker ends
//! also a park that begins after it was called.

use std::{
    io,
    sync::Arc,
    task::{Wake, Waker},
    thread::{self, ThreadId},
    time::Duration,
};

use pizzaiolo::Reactor;

use crate::ex12_spawn::Executor;

pub(crate) trait Park {
    fn enter(&self, f: &mut dyn FnMut());

    fn park(&self, timeout: Option<Duration>) -> io::Result<()>;

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

struct Alarm {
    thread: ThreadId,
    unparker: Waker,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        if thread::current().id() != self.thread {
            self.unparker.wake_by_ref();
        }
    }
}

pub(crate) fn executor(park: &impl Park) -> Executor {
    let alarm = Alarm { thread: thread::current().id(), unparker: park.unparker() };
    Executor::new(Waker::from(Arc::new(alarm)))
}

pub(crate) fn run(executor: &Executor, park: &impl Park) -> io::Result<()> {
    loop {
        park.enter(&mut || executor.run_ready());
        if executor.is_empty() {
            return Ok(());
        }
        let look = executor.is_ready().then_some(Duration::ZERO);
        park.park(look)?;
    }
}

#[cfg(test)]
#[path = "../tests/ex14_threads.rs"]
mod tests;
