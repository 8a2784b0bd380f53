use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_core::Stream;

use super::{Sleep, now};

/// Ticks every `period`, the first time at once.
///
/// The ticks stand at the start plus whole periods, and do not drift. A tick that comes late,
/// because the task or the thread was busy, comes as soon as it can; those that were missed
/// meanwhile are left out, and the next one stands where it always would have.
///
/// A period of zero ticks once a turn; one that is longer than the clock can count, only once.
///
/// ```
/// use std::time::Duration;
///
/// pizzaiolo::block_on(async {
///     let mut bell = pizzaiolo::time::interval(Duration::from_millis(1));
///     let first = bell.tick().await;
///     let second = bell.tick().await;
///     assert!(second >= first + Duration::from_millis(1));
/// });
/// ```
pub fn interval(period: Duration) -> Interval {
    Interval { sleep: Sleep::new(Some(now())), period, first: true }
}

/// What [`interval`] returns: a source of ticks, and a stream of them that never ends.
#[must_use = "it does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Interval {
    /// Until the next tick.
    sleep: Sleep,
    period: Duration,
    /// No tick has come yet.
    first: bool,
}

impl Interval {
    /// Waits for the next tick, and returns the time that it was due.
    ///
    /// # Panics
    ///
    /// When it is polled and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, no tick is lost: the next call waits for the
    /// same one.
    pub fn tick(&mut self) -> Tick<'_> {
        Tick { interval: self }
    }

    /// Returns the time between two ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    #[track_caller]
    #[inline]
    fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let due = self.sleep.deadline();
        if !mem::take(&mut self.first) && Pin::new(&mut self.sleep).poll(cx).is_pending() {
            return Poll::Pending;
        }
        let now = now();
        let due = due.unwrap_or(now);
        self.sleep.set(self.after(due, now));
        Poll::Ready(due)
    }

    /// The first tick after `due` that has not passed yet; `None` if the clock can't count it.
    #[inline]
    fn after(&self, due: Instant, now: Instant) -> Option<Instant> {
        let next = due.checked_add(self.period)?;
        if next > now || self.period.is_zero() {
            return Some(next);
        }
        let late = now.saturating_duration_since(due).as_nanos() % self.period.as_nanos();
        let late = Duration::from_nanos(u64::try_from(late).ok()?);
        now.checked_add(self.period.checked_sub(late)?)
    }
}

/// The same ticks as [`Interval::tick`]'s, as a stream that never ends.
impl Stream for Interval {
    type Item = Instant;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }
}

/// The future that [`Interval::tick`] returns.
#[must_use = "it does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Tick<'a> {
    interval: &'a mut Interval,
}

impl Future for Tick<'_> {
    type Output = Instant;

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.interval.poll_tick(cx)
    }
}
