//! Running one future with a paused clock, so that nothing can hang.

use std::time::Duration;

use pizzaiolo::{Executor, time};

/// When the clock has come so far, nothing else can happen.
const END_OF_TIME: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Runs a future to its end on a new executor with a paused clock.
///
/// The executor itself panics only if it can prove a deadlock, and sleeps if something holds a waker.
/// Here it has a timer to wait for, so the clock advances to it.
#[track_caller]
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let executor = match Executor::builder().paused_clock(true).build() {
        Ok(executor) => executor,
        Err(error) => panic!("the executor cannot be made: {error}"),
    };
    let output = executor.block_on(time::timeout(END_OF_TIME, future));
    output.unwrap_or_else(|_| {
        let tasks = executor.tasks();
        panic!("the future waits for ever: no task is ready, and there is no timer:\n{tasks}")
    })
}
