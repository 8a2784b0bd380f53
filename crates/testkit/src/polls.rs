//! Polling by hand.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Polls a future once, with a waker that does nothing. Pass a pinned reference to a future that is
/// needed again.
///
/// ```
/// use std::pin::pin;
/// use pizzaiolo_testkit::poll_once;
///
/// let mut dough = pin!(pizzaiolo::yield_now());
/// assert!(poll_once(&mut dough).is_pending());
/// assert!(poll_once(&mut dough).is_ready());
/// ```
pub fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Polls a future once, with this waker. As [`poll_once`] it takes a future, or a pinned reference to one.
pub fn poll_with<F: Future>(future: F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

/// Polls a future once, as a part of the task that awaits this, and so with its waker.
///
/// ```
/// use std::pin::pin;
/// use pizzaiolo_testkit::{assert_polls, poll_here};
///
/// let twice = async {
///     let mut yields = pin!(pizzaiolo::yield_now());
///     assert!(poll_here(&mut yields).await.is_pending());
///     yields.await
/// };
/// assert_polls!(twice, 1);
/// ```
///
/// # Cancel safety
///
/// It is ready at its first poll.
pub async fn poll_here<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
