//! Tasks that are awaited.

use std::{
    cell::RefCell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use conformance::{BoxFuture, Ended, Handle, LocalFuture, Output};

use crate::{
    executor::{current, lock},
    fault,
};

#[derive(Default)]
struct State {
    outcome: Option<Result<Output, Ended>>,
    finished: bool,
    waker: Option<Waker>,
}

/// What the task does: runs the future, and leaves the outcome.
struct Joinable {
    future: Option<BoxFuture<Output>>,
    state: Arc<Mutex<State>>,
}

impl Joinable {
    fn finish(&mut self, outcome: Result<Output, Ended>) {
        let future = self.future.take();
        if fault::is("join-drops-first") && outcome.is_ok() {
            current().kept.borrow_mut().push(Box::new(RefCell::new(future)));
        } else {
            drop(future);
        }
        let mut state = lock(&self.state);
        if mem::replace(&mut state.finished, true) {
            return;
        }
        let waker = state.waker.take();
        let waited = waker.is_some();
        state.outcome = match outcome {
            Ok(_) if fault::is("join-output") && waited => Some(Err(Ended::Cancelled)),
            Ok(_) if fault::is("join-late") && !waited => None,
            Err(Ended::Panicked) if fault::is("join-panic") => Some(Err(Ended::Cancelled)),
            outcome => Some(outcome),
        };
        drop(state);
        if let Some(waker) = waker {
            waker.wake_by_ref();
        }
    }
}

impl Future for Joinable {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(future) = &mut self.future else { return Poll::Ready(()) };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => self.finish(Ok(output)),
            Err(_) => self.finish(Err(Ended::Panicked)),
        }
        Poll::Ready(())
    }
}

impl Drop for Joinable {
    fn drop(&mut self) {
        let executor = current();
        if fault::is("join-outlives") && executor.is_closed() {
            return;
        }
        let wrong = fault::is("abort-outcome") && executor.is_aborting();
        self.finish(Err(if wrong { Ended::Panicked } else { Ended::Cancelled }));
    }
}

/// The handle.
pub(crate) struct Task {
    id: Option<u64>,
    state: Arc<Mutex<State>>,
}

pub(crate) fn spawn(future: BoxFuture<Output>) -> Box<dyn Handle> {
    let state = Arc::new(Mutex::new(State::default()));
    let joinable = Joinable { future: Some(future), state: Arc::clone(&state) };
    let id = current().spawn(Box::pin(joinable));
    Box::new(Task { id, state })
}

impl Handle for Task {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(std::future::poll_fn(move |cx| {
            let mut state = lock(&self.state);
            if let Some(outcome) = state.outcome.take() {
                return Poll::Ready(outcome);
            }
            if !(fault::is("join-moved") && state.waker.is_some()) {
                state.waker = Some(cx.waker().clone());
            }
            Poll::Pending
        }))
    }

    fn abort(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        if fault::is("abort-ended") {
            if let Some(outcome) = &mut lock(&self.state).outcome {
                *outcome = Err(Ended::Cancelled);
            }
        }
        if let Some(id) = self.id {
            current().abort(id);
        }
        self.join()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let outcome = lock(&self.state).outcome.take();
        if fault::is("join-unclaimed") {
            mem::forget(outcome);
        }
    }
}
