//! What the tests share.

use std::{error::Error, sync::mpsc, thread, time::Duration};

/// Only a hang takes so long.
const A_HANG: Duration = Duration::from_secs(60);

/// Why a test ends early.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Runs an async test to its end, on a thread of its own, so that a hang is a failure.
pub(crate) fn run(test: impl AsyncFnOnce() -> Result + Send + 'static) {
    let (done, end) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        // Dropped at the end of the test, and when it panics.
        let _done = done;
        pizzaiolo::block_on(test()).expect("the test's own operations work");
    });
    assert_ne!(end.recv_timeout(A_HANG), Err(mpsc::RecvTimeoutError::Timeout), "the test hangs");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
