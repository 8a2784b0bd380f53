//! What several test files share.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

/// Only a hang takes so long.
const A_HANG: Duration = Duration::from_secs(60);

/// Runs a test on a thread of its own, so that a hang is a failure.
pub(crate) fn bounded(test: impl FnOnce() + Send + 'static) {
    let (done, end) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        // Dropped at the end of the test, and when it panics.
        let _done = done;
        test();
    });
    assert_ne!(end.recv_timeout(A_HANG), Err(RecvTimeoutError::Timeout), "the test hangs");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Runs an async test to its end.
pub(crate) fn run(test: impl AsyncFnOnce() -> io::Result<()> + Send + 'static) {
    bounded(move || pizzaiolo::block_on(test()).expect("the test's own I/O works"));
}

/// A waker that counts.
pub(crate) struct WakeCount(AtomicUsize);

impl WakeCount {
    pub(crate) fn new() -> (Arc<WakeCount>, Waker) {
        let count = Arc::new(WakeCount(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        (count, waker)
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for WakeCount {
    fn wake(self: Arc<WakeCount>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls a future once, inside the task that runs.
pub(crate) async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Polls a future once with another waker than the task's own.
pub(crate) fn poll_with<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// A future, and how often it was polled.
pub(crate) async fn count_polls<F: Future>(future: F) -> (F::Output, usize) {
    let mut future = std::pin::pin!(future);
    let mut polls = 0;
    let output = poll_fn(|cx| {
        polls += 1;
        future.as_mut().poll(cx)
    })
    .await;
    (output, polls)
}
