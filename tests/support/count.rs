//! Counting: calls, drops, wakes and polls.

use std::{
    future::{pending, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

/// Counts, on any thread.
#[derive(Clone, Default, Debug)]
pub(crate) struct Counter(Arc<Count>);

#[derive(Default, Debug)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counter {
    pub(crate) fn new() -> Counter {
        Counter::default()
    }

    pub(crate) fn add(&self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }

    /// Something that counts its own drop.
    pub(crate) fn on_drop(&self) -> CountDrop {
        CountDrop(self.clone())
    }

    /// A waker that counts its wakes.
    pub(crate) fn on_wake(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    /// A counter, and a waker that counts its wakes.
    pub(crate) fn with_waker() -> (Counter, Waker) {
        let count = Counter::new();
        let waker = count.on_wake();
        (count, waker)
    }

    /// How many wakers count here, the test's own and those that something has kept.
    pub(crate) fn wakers(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }

    /// The future; each poll of it is counted.
    pub(crate) fn polls<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let counter = self.clone();
        async move {
            let mut future = pin!(future);
            poll_fn(|cx| {
                counter.add();
                future.as_mut().poll(cx)
            })
            .await
        }
    }
}

#[derive(Debug)]
pub(crate) struct CountDrop(Counter);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.add();
    }
}

/// A future that waits for ever, and counts its drop.
pub(crate) fn holds(drops: &Counter) -> impl Future<Output = ()> + use<> {
    let held = drops.on_drop();
    async move {
        let _held = held;
        pending::<()>().await;
    }
}

/// A future, and how often it was polled.
pub(crate) async fn count_polls<F: Future>(future: F) -> (F::Output, usize) {
    let (polls, future) = counted(future);
    let output = future.await;
    (output, polls.get())
}

/// The future, and the counter of its polls.
pub(crate) fn counted<F: Future>(future: F) -> (Counter, impl Future<Output = F::Output> + use<F>) {
    let polls = Counter::new();
    let future = polls.polls(future);
    (polls, future)
}
