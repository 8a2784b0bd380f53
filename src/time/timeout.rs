use std::{
    error, fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use super::{Sleep, sleep, sleep_until};

/// Awaits a future for `duration` at most. If it is not ready by then, the result is
/// [`Elapsed`], and the future is dropped with the `Timeout`.
///
/// The future is polled first: one that is ready when its time is over still counts. It is kept
/// in a box, which pins it without `unsafe`.
///
/// ```
/// use std::{future::pending, time::Duration};
/// use pizzaiolo::time::timeout;
///
/// pizzaiolo::block_on(async {
///     assert_eq!(timeout(Duration::from_secs(9), async { "pizza" }).await, Ok("pizza"));
///     assert!(timeout(Duration::from_millis(1), pending::<()>()).await.is_err());
/// });
/// ```
///
/// # Panics
///
/// When it is polled and no executor runs on this thread.
///
/// # Cancel safety
///
/// Dropping it drops the future and cancels the timer. To time out is to drop the future, so use
/// it around what is itself cancel safe.
#[track_caller]
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout { future: Box::pin(future), sleep: sleep(duration) }
}

/// Awaits a future until `deadline` at most, like [`timeout`].
///
/// # Panics
///
/// When it is polled and no executor runs on this thread.
///
/// # Cancel safety
///
/// As for [`timeout`].
#[track_caller]
pub fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<F> {
    Timeout { future: Box::pin(future), sleep: sleep_until(deadline) }
}

/// The future that [`timeout`] and [`timeout_at`] return.
#[must_use = "it does nothing unless it is awaited"]
pub struct Timeout<F> {
    future: Pin<Box<F>>,
    sleep: Sleep,
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = self.future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(&mut self.sleep).poll(cx).map(|()| Err(Elapsed(())))
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("sleep", &self.sleep).finish_non_exhaustive()
    }
}

/// The time was over before the future was ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time was over")
    }
}

impl error::Error for Elapsed {}

/// So that `?` makes it a [`TimedOut`](io::ErrorKind::TimedOut) in a function that returns
/// [`io::Result`].
impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
