//! Running one future with a paused clock, so that nothing can hang.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use pizzaiolo::{Executor, time};

/// When the clock has come so far, nothing else can happen.
const END_OF_TIME: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Runs a future to its end on a new executor with a paused clock.
///
/// The executor itself panics only if it can prove a deadlock, and sleeps if something holds a waker.
/// Here it has a timer to wait for, so the clock advances to it. That timer is polled first: a future whose wake
/// was lost may be ready, and must not be polled because of the timer.
#[track_caller]
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let executor = match Executor::builder().paused_clock(true).build() {
        Ok(executor) => executor,
        Err(error) => panic!("the executor cannot be made: {error}"),
    };
    let output = executor.block_on(async {
        let (mut end, mut future) = (pin!(time::sleep(END_OF_TIME)), pin!(future));
        poll_fn(|cx| match end.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => future.as_mut().poll(cx).map(Some),
        })
        .await
    });
    output.unwrap_or_else(|| {
        let tasks = executor.tasks();
        panic!("the future waits for ever: no task is ready, and there is no timer:\n{tasks}")
    })
}
