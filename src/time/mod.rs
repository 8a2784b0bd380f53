//! Waiting for a time: [`sleep()`], [`timeout()`] and [`interval()`].
//!
//! A timer never fires early. It fires on the first turn of the executor's loop after its time
//! has come; on Linux the thread sleeps in steps of a millisecond, so it can be a millisecond
//! late, more if a task keeps the thread busy. An executor without timers looks at the clock only
//! after a sleep and every 64 polls, to know since when its tasks wait.
//!
//! In tests, time need not pass: with [`Builder::paused_clock`](crate::Builder::paused_clock) the
//! executor's clock stands still, and moves when [`advance`] moves it, or when there is nothing
//! to wait for but timers: then it jumps to the next one.
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

/// Returns the time of the executor that runs here, which a paused clock holds; outside an
/// executor, the OS's.
#[must_use]
pub fn now() -> Instant {
    match entered() {
        Some(reactor) => reactor.clock.now(),
        None => Instant::now(),
    }
}

/// Moves the paused clock of the executor that runs here on by `duration`, at once, and fires
/// what is due by then, in the order of the deadlines. A duration that is more than the clock can
/// be moved by does not move it.
///
/// To await it lets the tasks that were woken run first.
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

/// Pauses the clock of the executor that runs here, where it stands: from then on it moves as with
/// [`Builder::paused_clock`](crate::Builder::paused_clock). A clock that is paused stays so. For tests.
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

/// Lets the paused clock of the executor that runs here run on, from the time at which it stands. A
/// clock that runs does so already.
///
/// # Panics
///
/// If no executor runs on this thread.
#[track_caller]
pub fn resume() {
    here().clock.resume();
}

/// The future that [`advance`] returns. The clock is moved already.
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
