//! What several test files share.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

pub(crate) use self::common::bounded;

pub(crate) use crate::common;

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
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Poll<F::Output> {
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
