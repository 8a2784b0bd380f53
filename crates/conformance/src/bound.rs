//! A future that is bound to the thread that made it, though its type is `Send`.
//!
//! Probes are plain code with `Rc` and `Cell`. Many executors take futures that are `Send` only. So
//! the future itself stays in a table of its thread, and what the runtime gets is the key. Polled or
//! dropped on another thread, it ends the probe, with just that as the reason.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    collections::HashMap,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    thread::{self, ThreadId},
};

use crate::{LocalFuture, child};

thread_local! {
    static FUTURES: RefCell<HashMap<u64, Box<dyn Any>>> = RefCell::default();
    static KEYS: Cell<u64> = const { Cell::new(0) };
}

/// See the module.
pub(crate) struct Bound<T: 'static> {
    key: u64,
    thread: ThreadId,
    /// Whether it has returned Ready: from then on it is ready without a value to give.
    ended: bool,
    output: PhantomData<fn() -> T>,
}

impl<T: 'static> Bound<T> {
    pub(crate) fn new(future: impl Future<Output = T> + 'static) -> Bound<T> {
        let key = KEYS.replace(KEYS.get() + 1);
        let future: LocalFuture<'static, T> = Box::pin(future);
        FUTURES.with_borrow_mut(|futures| futures.insert(key, Box::new(future)));
        Bound { key, thread: thread::current().id(), ended: false, output: PhantomData }
    }

    fn check_thread(&self, verb: &str) {
        if thread::current().id() != self.thread {
            child::fail(
                "a future is polled and dropped on the thread of its executor alone",
                format!("it was {verb} on another one"),
            );
        }
    }
}

/// Puts the future back when its poll is over, also by a panic: to drop it is the runtime's part.
struct Taken<'a, T: 'static> {
    bound: &'a Bound<T>,
    future: Option<Box<LocalFuture<'static, T>>>,
}

impl<T> Taken<'_, T> {
    fn future(&mut self) -> Pin<&mut (dyn Future<Output = T> + 'static)> {
        (**self.future.as_mut().expect("it is there until the drop")).as_mut()
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        if let Some(future) = self.future.take() {
            FUTURES.with_borrow_mut(|futures| futures.insert(self.bound.key, future));
        }
    }
}

impl<T> Future for Bound<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.check_thread("polled");
        if self.ended {
            child::polled_after_ready();
            return Poll::Pending;
        }
        let future = FUTURES.with_borrow_mut(|futures| futures.remove(&self.key));
        let Some(future) = future.and_then(|future| future.downcast().ok()) else {
            child::fail("a future is polled by one at a time", "it was polled inside its own poll")
        };
        let mut taken = Taken::<T> { bound: &self, future: Some(future) };
        let polled = taken.future().poll(cx);
        drop(taken);
        self.ended = polled.is_ready();
        polled
    }
}

impl<T> Drop for Bound<T> {
    fn drop(&mut self) {
        self.check_thread("dropped");
        // The table itself is gone if the thread ends first: then the future is, too.
        let future = FUTURES.try_with(|futures| futures.borrow_mut().remove(&self.key));
        drop(future);
    }
}
