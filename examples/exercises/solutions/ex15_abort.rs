//! Exercise 15. The waker is stored before the mark is read. An abort after the store finds the waker,
//! and the read sees an abort before it.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// The state that the future and its handles share.
#[derive(Default)]
struct Shared {
    is_aborted: AtomicBool,
    /// Wakes the task.
    waker: Mutex<Option<Waker>>,
}

#[derive(Clone)]
pub(crate) struct AbortHandle {
    shared: Arc<Shared>,
}

impl AbortHandle {
    pub(crate) fn abort(&self) {
        self.shared.is_aborted.store(true, Ordering::SeqCst);
        let waker = self.shared.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

pub(crate) struct Abortable<F> {
    shared: Arc<Shared>,
    /// `None` after its end.
    future: Option<Pin<Box<F>>>,
}

pub(crate) fn abortable<F: Future>(future: F) -> (Abortable<F>, AbortHandle) {
    let shared = Arc::new(Shared::default());
    let handle = AbortHandle { shared: Arc::clone(&shared) };
    (Abortable { shared, future: Some(Box::pin(future)) }, handle)
}

impl<F: Future> Future for Abortable<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let waker = cx.waker().clone();
        let old = self.shared.waker.lock().unwrap().replace(waker);
        drop(old);
        if self.shared.is_aborted.load(Ordering::SeqCst) {
            self.future = None;
            return Poll::Ready(None);
        }
        let future = self.future.as_mut().expect("it is not over");
        let Poll::Ready(output) = future.as_mut().poll(cx) else { return Poll::Pending };
        self.future = None;
        Poll::Ready(Some(output))
    }
}

#[cfg(test)]
#[path = "../tests/ex15_abort.rs"]
mod tests;
