//! Waiting for a time: [`sleep()`], [`timeout()`] and [`interval()`].
//!
//! A timer never fires early. It fires in the first round of the executor's loop after its
//! deadline. On Linux the thread sleeps in steps of a millisecond, so a timer can be a millisecond
//! late, or more if a task keeps the thread busy. An executor without timers reads the clock only
//! after a sleep and every 64 polls, to know since when its tasks wait.
//!
//! For tests, [`Builder::paused_clock`](crate::Builder::paused_clock) pauses the clock of the executor.
//! Then [`advance`] advances it. When all tasks wait for timers only, the executor advances it to the
//! next deadline.
//!
//! ```
//! use std::time::Duration;
//! use pizzaiolo::time;
//!
//! let executor = pizzaiolo::Executor::builder().paused_clock(true).build()?;
//! executor.block_on(async {
//!     let start = time::now();
//!     time::sleep(Duration::from_secs(3600)).await; // no hour passes here
//!     assert_eq!(time::now() - start, Duration::from_secs(3600));
//! });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A function that is `#[inline]` here is compiled in the crate that uses it, and not in each crate that
//! depends on this one.

mod interval;
mod sleep;
mod timeout;

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

pub use self::{
    interval::{Interval, MissedTickBehavior, Tick, interval, interval_at},
    sleep::{Sleep, sleep, sleep_until},
    timeout::{Elapsed, Timeout, timeout, timeout_at},
};
use crate::{
    reactor::entered::{entered, here},
    yield_now::YieldNow,
};

/// Returns the time of the executor that runs here, whose clock may be paused; outside an executor,
/// the time of the OS.
#[must_use]
pub fn now() -> Instant {
    match entered() {
        Some(reactor) => reactor.clock.now(),
        None => Instant::now(),
    }
}

/// Advances the paused clock of the executor that runs here by `duration`, at once, and fires the timers
/// whose deadline has passed, in the order of the deadlines. If the clock cannot represent the result, it
/// is not advanced.
///
/// If you await it, the woken tasks run first.
///
/// ```
/// use std::time::Duration;
/// use pizzaiolo::time;
///
/// let executor = pizzaiolo::Executor::builder().paused_clock(true).build()?;
/// executor.block_on(async {
///     let oven = pizzaiolo::spawn(time::sleep(Duration::from_secs(90)));
///     pizzaiolo::yield_now().await;
///     time::advance(Duration::from_secs(89)).await;
///     assert!(!oven.is_finished());
///     time::advance(Duration::from_secs(1)).await;
///     assert!(oven.is_finished());
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
///
/// If no executor runs on this thread, or its clock is not paused.
#[track_caller]
#[expect(clippy::must_use_candidate, reason = "the clock is moved also if it is not awaited")]
pub fn advance(duration: Duration) -> Advance {
    let reactor = here();
    assert!(
        reactor.clock.is_paused(),
        "`time::advance` moves a paused clock only: \
         make the executor with `Executor::builder().paused_clock(true)`, or call `time::pause`"
    );
    reactor.clock.advance(duration);
    reactor.tick();
    Advance { others: crate::yield_now() }
}

/// Pauses the clock of the executor that runs here. From then on it advances as with
/// [`Builder::paused_clock`](crate::Builder::paused_clock). A paused clock stays paused. For tests.
///
/// ```
/// use std::time::Duration;
/// use pizzaiolo::time;
///
/// pizzaiolo::block_on(async {
///     time::pause();
///     let start = time::now();
///     time::sleep(Duration::from_secs(3600)).await; // no hour passes here
///     assert_eq!(time::now() - start, Duration::from_secs(3600));
///     time::resume();
///     assert!(time::now() - start >= Duration::from_secs(3600));
/// });
/// ```
///
/// # Panics
///
/// If no executor runs on this thread.
#[track_caller]
pub fn pause() {
    here().clock.pause();
}

/// Resumes the paused clock of the executor that runs here, from its current time. Does nothing if it is
/// not paused.
///
/// # Panics
///
/// If no executor runs on this thread.
#[track_caller]
pub fn resume() {
    here().clock.resume();
}

/// The future that [`advance`] returns. The clock is advanced already.
#[derive(Debug)]
pub struct Advance {
    others: YieldNow,
}

impl Future for Advance {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.others).poll(cx)
    }
}
