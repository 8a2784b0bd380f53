//! Polling by hand, and counting polls and wakes.

use std::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use crate::paused;

/// Polls a future once, with a waker that does nothing.
///
/// ```
/// use std::pin::pin;
/// use pizzaiolo_testkit::poll_once;
///
/// let mut dough = pin!(async { 3 });
/// assert!(poll_once(&mut dough).is_ready());
/// ```
pub fn poll_once<F: Future + Unpin + ?Sized>(future: &mut F) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Polls a future once, with this waker.
pub fn poll_with<F: Future + Unpin + ?Sized>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Makes wakers, and counts how often they are called.
///
/// ```
/// use std::pin::pin;
/// use pizzaiolo_testkit::{CountingWaker, poll_with};
///
/// let counter = CountingWaker::new();
/// let mut future = pin!(pizzaiolo::yield_now());
/// assert!(poll_with(&mut future, &counter.waker()).is_pending());
/// assert_eq!((counter.wakes(), counter.wakers()), (1, 0));
/// ```
#[derive(Default)]
pub struct CountingWaker {
    wakes: Arc<Count>,
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Relaxed: it is a number, and orders nothing.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl CountingWaker {
    /// Creates a counter at 0.
    #[must_use]
    pub fn new() -> CountingWaker {
        CountingWaker::default()
    }

    /// Makes a waker that counts here.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.wakes))
    }

    /// Counts the wakes so far.
    #[must_use]
    pub fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::Relaxed)
    }

    /// Counts the wakers that are not dropped yet. If there is none, nothing can wake.
    #[must_use]
    pub fn wakers(&self) -> usize {
        Arc::strong_count(&self.wakes) - 1
    }
}

impl fmt::Debug for CountingWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountingWaker")
            .field("wakes", &self.wakes())
            .field("wakers", &self.wakers())
            .finish()
    }
}

/// Runs a future to its end on a new executor with a paused clock. Returns its output, and how often
/// it was polled. [`assert_polls!`](crate::assert_polls) asserts that number.
///
/// # Panics
///
/// If the future does, or waits for ever. And if the OS has no descriptors to give for an executor.
#[track_caller]
pub fn count_polls<F: Future>(future: F) -> (F::Output, usize) {
    let (mut future, mut polls) = (pin!(future), 0);
    let output = paused::run(poll_fn(|cx| {
        polls += 1;
        future.as_mut().poll(cx)
    }));
    (output, polls)
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
