//! Yielding to other tasks.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Lets every other task that is ready go first, once.
///
/// A task that computes for long calls it now and then: no other task runs until it does.
///
/// ```
/// pizzaiolo::block_on(async {
///     let other = pizzaiolo::spawn(async { "baked" });
///     assert!(!other.is_finished());
///     pizzaiolo::yield_now().await;
///     assert!(other.is_finished());
/// });
/// ```
///
/// # Cancel safety
///
/// Dropping the future loses nothing.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future that [`yield_now`] returns.
#[must_use = "it does nothing unless it is awaited"]
#[derive(Debug)]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
