//! Counting: calls, drops, wakes and polls.

use std::{
    fmt,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

use crate::paused;

/// Counts calls, drops, wakes or polls, on any thread. A clone counts in the same place.
///
/// ```
/// use std::pin::pin;
/// use pizzaiolo_testkit::{Counter, poll_with};
///
/// let (wakes, waker) = Counter::with_waker();
/// let mut future = pin!(pizzaiolo::yield_now());
/// assert!(poll_with(&mut future, &waker).is_pending());
/// assert_eq!((wakes.get(), wakes.wakers()), (1, 1));
/// ```
#[derive(Clone, Default)]
pub struct Counter(Arc<Count>);

#[derive(Default)]
struct Count {
    number: AtomicUsize,
    /// One clone is here, and one in each waker.
    wakes: Arc<Wakes>,
}

/// What a waker counts into. It is apart from the counter, so that its clones are those of wakers.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, ORDER);
    }
}

/// A test may read a number to know what another thread has done before it.
const ORDER: Ordering = Ordering::SeqCst;

impl Counter {
    /// Creates a counter at 0.
    #[must_use]
    pub fn new() -> Counter {
        Counter::default()
    }

    /// Creates a counter and a waker that counts its wakes there.
    #[must_use]
    pub fn with_waker() -> (Counter, Waker) {
        let counter = Counter::new();
        let waker = counter.waker();
        (counter, waker)
    }

    /// Counts one more.
    pub fn add(&self) {
        self.0.number.fetch_add(1, ORDER);
    }

    /// Returns the number so far.
    #[must_use]
    pub fn get(&self) -> usize {
        self.0.number.load(ORDER) + self.0.wakes.0.load(ORDER)
    }

    /// Makes a waker whose wakes are counted.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0.wakes))
    }

    /// Returns how many wakers of this counter are not dropped yet. If there is none, nothing can wake.
    #[must_use]
    pub fn wakers(&self) -> usize {
        Arc::strong_count(&self.0.wakes) - 1
    }

    /// Makes a value whose drop is counted.
    #[must_use]
    pub fn on_drop(&self) -> CountDrop {
        CountDrop(self.clone())
    }

    /// Wraps a future: each poll of it is counted.
    pub fn polls<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
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

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.get()).finish()
    }
}

/// Counts its drop. [`Counter::on_drop`] makes it.
#[derive(Debug)]
pub struct CountDrop(Counter);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.add();
    }
}

/// Returns the counter of a future's polls, and the future.
pub fn counted<F: Future>(future: F) -> (Counter, impl Future<Output = F::Output> + use<F>) {
    let polls = Counter::new();
    let future = polls.polls(future);
    (polls, future)
}

/// Runs a future to its end on a new executor with a paused clock. Returns its output, and how often
/// it was polled. [`assert_polls!`](crate::assert_polls) asserts that number.
///
/// # Panics
///
/// If the future does, or waits for ever. And if the OS has no descriptors for an executor.
#[track_caller]
pub fn count_polls<F: Future>(future: F) -> (F::Output, usize) {
    let (polls, future) = counted(future);
    (paused::run(future), polls.get())
}

/// Runs a future to its end on a new executor with a paused clock, and asserts how often it is polled.
/// Returns its output.
///
/// ```
/// use std::time::Duration;
/// use pizzaiolo_testkit::assert_polls;
///
/// assert_polls!(pizzaiolo::time::sleep(Duration::from_secs(1)), 2);
/// assert_eq!(assert_polls!(async { "pizza" }, 1), "pizza");
/// ```
#[macro_export]
macro_rules! assert_polls {
    ($future:expr, $polls:expr $(,)?) => {{
        let (output, polls) = $crate::count_polls($future);
        ::core::assert_eq!(polls, $polls, "`{}` was polled {polls} times", stringify!($future));
        output
    }};
}
