//! What the tests share: the module `support` of each of the programs `core`, `io`, `observe`, `process` and
//! `programs`. It stands on `pizzaiolo-testkit`: what counts and polls is there.
#![allow(dead_code, unused_imports, reason = "each program uses a part of it")]

mod cancel;
mod events;
pub(crate) mod example;
mod logger;
mod net;
mod orders;
mod panics;
mod poll;

use std::{
    cell::RefCell,
    io::{self, Write},
    process,
    sync::mpsc,
    task::Waker,
    thread,
    time::Duration,
};

use pizzaiolo::{Builder, Executor};

pub(crate) use pizzaiolo_testkit::{Counter, counted, poll_here, poll_once, poll_with};

pub(crate) use self::{cancel::*, events::*, logger::*, net::*, orders::*, panics::*, poll::*};

/// What most tests use: this module, and of std and of the crate the names that mean one thing only.
pub(crate) mod prelude {
    pub(crate) use std::{
        cell::{Cell, RefCell},
        future::{pending, poll_fn},
        io::{self, ErrorKind, Read, Write},
        mem,
        pin::{Pin, pin},
        rc::Rc,
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, AtomicUsize, Ordering},
            mpsc,
        },
        task::{Context, Poll, Wake, Waker},
        thread,
        time::{Duration, Instant},
    };

    pub(crate) use pizzaiolo::{Executor, JoinHandle, spawn, time, yield_now};

    pub(crate) use super::*;
}

/// How long a test waits for what must happen. Only what hangs takes that long.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// Ends the process if the test of this thread still runs after [`BOUND`]. All that makes an executor here calls
/// it, so a test calls it only if it has no such executor and may hang.
pub(crate) fn bound() {
    thread_local! {
        /// Dropped with the thread of the test, or replaced by the thread's next test.
        static IS_OVER: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
    }
    let (over, is_over) = mpsc::channel();
    IS_OVER.set(Some(over));
    let test = thread::current().name().unwrap_or("a test").to_owned();
    thread::spawn(move || {
        if is_over.recv_timeout(BOUND) == Err(mpsc::RecvTimeoutError::Timeout) {
            // What is printed by `eprintln` would be kept for the end of the test.
            let _ = writeln!(io::stderr(), "{test} hangs");
            process::exit(101);
        }
    });
}

/// [`pizzaiolo::block_on`], bounded.
#[track_caller]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    bound();
    pizzaiolo::block_on(future)
}

/// Runs an async test to its end.
#[track_caller]
pub(crate) fn run(test: impl AsyncFnOnce() -> io::Result<()>) {
    block_on(test()).expect("the test's own I/O works");
}

/// Makes an executor, for a test that is bounded.
pub(crate) fn made(builder: Builder) -> Executor {
    bound();
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
