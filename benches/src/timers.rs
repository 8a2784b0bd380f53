//! The work of the timers' benches: timers that never fire, as nearly every timeout does not.

use std::{future::poll_fn, hint::black_box, task::Poll, time::Duration};

use crate::runtime::Runtime;

/// Makes `count` timers, each in a box, polls each once, and then drops all.
///
/// # Panics
///
/// If a timer is ready at its first poll.
pub async fn make_and_drop<R: Runtime>(count: usize) {
    let mut sleeps = Vec::with_capacity(count);
    poll_fn(|cx| {
        for after in durations().take(count) {
            let mut sleep = Box::pin(R::sleep(after));
            assert!(sleep.as_mut().poll(cx).is_pending(), "it takes 10 s");
            sleeps.push(sleep);
        }
        Poll::Ready(())
    })
    .await;
    drop(black_box(sleeps));
}

/// From 10 to 20 seconds in steps of a prime number, so that the deadlines come in no order.
pub fn durations() -> impl Iterator<Item = Duration> {
    (0..).map(|index| Duration::from_millis(10_000 + index * 7_919 % 10_000))
}
