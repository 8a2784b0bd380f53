//! What the tests share: the module `support` of each of the programs `core`, `io`, `observe`, `process` and
//! `programs`. It stands on `pizzaiolo-testkit`: what counts and polls is there.
#![allow(dead_code, unused_imports, reason = "each program uses a part of it")]

mod events;
pub(crate) mod example;
mod logger;
mod net;
mod panics;
mod poll;

use std::{io, panic, sync::mpsc, task::Waker, thread, time::Duration};

use pizzaiolo::{Builder, Executor};

pub(crate) use pizzaiolo_testkit::{Counter, counted, poll_here, poll_once, poll_with};

pub(crate) use self::{events::*, logger::*, net::*, panics::*, poll::*};

/// How long a test waits for what must happen. Only what hangs takes that long.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// Runs the body of a test on a thread of its own, and fails if it hangs.
#[track_caller]
pub(crate) fn bounded<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, over) = mpsc::channel();
    let body = thread::spawn(move || {
        let value = body();
        // The receiver is gone if the test has failed meanwhile.
        let _ = done.send(());
        value
    });
    let hangs = over.recv_timeout(BOUND) == Err(mpsc::RecvTimeoutError::Timeout);
    assert!(!hangs, "it hangs");
    body.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
}

/// Runs an async test to its end.
#[track_caller]
pub(crate) fn run(test: impl AsyncFnOnce() -> io::Result<()> + Send + 'static) {
    bounded(move || pizzaiolo::block_on(test()).expect("the test's own I/O works"));
}

pub(crate) fn made(builder: Builder) -> Executor {
    builder.build().expect("the OS has descriptors")
}

pub(crate) fn executor() -> Executor {
    made(Executor::builder())
}

/// An executor whose clock stands still. A deadlock is proven at once there.
pub(crate) fn paused() -> Executor {
    made(Executor::builder().paused_clock(true))
}

/// Runs code on another thread, to its end.
pub(crate) fn on_another_thread<T: Send>(code: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(code).join()).expect("it does not panic")
}

/// Wakes from another thread.
pub(crate) fn wake_elsewhere(waker: &Waker) {
    on_another_thread(|| waker.wake_by_ref());
}
