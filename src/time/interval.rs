use std::{
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_core::Stream;

use super::{Sleep, now};

/// Ticks every `period`, the first time at once.
///
/// The ticks are at the start plus whole periods, and do not drift. A tick that comes late,
/// because the task or the thread was busy, comes as soon as it can; those that were missed
/// meanwhile are left out, and the next tick comes at its planned time. For another
/// choice, there is [`set_missed_tick_behavior`](Interval::set_missed_tick_behavior).
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
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    Interval { first: true, ..interval_at(now(), period) }
}

/// Ticks every `period`, the first time at `start`: otherwise as [`interval`].
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    let (sleep, missed) = (Sleep::new(Some(start)), MissedTickBehavior::default());
    Interval { sleep, period, first: false, missed }
}

/// What an [`Interval`] does with the ticks that were missed, because the task or the thread was busy.
/// The names are tokio's. The default is not: there it is `Burst`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum MissedTickBehavior {
    /// They come one after the other, without a wait between them, until none is missing.
    Burst,
    /// They are left out, and the next tick comes a period after the late one, as do those after it.
    /// A tick counts as late from 5 ms on.
    Delay,
    /// They are left out, and the next tick comes at its planned time.
    #[default]
    Skip,
}

/// So late is a tick that [`MissedTickBehavior::Delay`] does not count as late: a timer of the OS may
/// need that long.
const NOT_LATE: Duration = Duration::from_millis(5);

/// What [`interval`] returns: a source of ticks, and a stream of them that never ends.
#[must_use = "it does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Interval {
    /// Until the next tick.
    sleep: Sleep,
    period: Duration,
    /// The first tick has not come yet, and comes at once.
    first: bool,
    missed: MissedTickBehavior,
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
    #[track_caller]
    pub fn tick(&mut self) -> Tick<'_> {
        self.sleep.location = Location::caller();
        Tick { interval: self }
    }

    /// Returns the time between two ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Says what happens to ticks that were missed.
    #[must_use]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Sets what happens to ticks that were missed, from the next tick on.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// Makes the next tick come one period from now, and the others in periods after it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pizzaiolo::time;
    ///
    /// let executor = pizzaiolo::Executor::builder().paused_clock(true).build()?;
    /// executor.block_on(async {
    ///     let mut watchdog = time::interval(Duration::from_secs(10));
    ///     watchdog.tick().await;
    ///     time::advance(Duration::from_secs(9)).await;
    ///     watchdog.reset();
    ///     let fed = time::now();
    ///     assert_eq!(watchdog.tick().await, fed + Duration::from_secs(10));
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn reset(&mut self) {
        self.first = false;
        self.sleep.set(now().checked_add(self.period), Location::caller());
    }

    /// Makes the next tick come at `deadline`, and the others in periods after it.
    #[track_caller]
    pub fn reset_at(&mut self, deadline: Instant) {
        self.first = false;
        self.sleep.set(Some(deadline), Location::caller());
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
        self.sleep.set(self.after(due, now), self.sleep.location);
        Poll::Ready(due)
    }

    /// The tick after `due`; `None` if the clock can't count it.
    #[inline]
    fn after(&self, due: Instant, now: Instant) -> Option<Instant> {
        let next = due.checked_add(self.period)?;
        let late = now.saturating_duration_since(due);
        if self.missed == MissedTickBehavior::Delay && late >= NOT_LATE {
            return now.checked_add(self.period);
        }
        let is_burst = self.missed == MissedTickBehavior::Burst;
        if next > now || is_burst || self.period.is_zero() {
            return Some(next);
        }
        let late = late.as_nanos() % self.period.as_nanos();
        let late = Duration::from_nanos(u64::try_from(late).ok()?);
        now.checked_add(self.period.checked_sub(late)?)
    }
}

/// The same ticks as [`Interval::tick`]'s, as a stream that never ends.
///
/// # Panics
///
/// As for [`tick`](Interval::tick), when it is polled.
///
/// # Cancel safety
///
/// As for [`tick`](Interval::tick): a poll that is Pending takes no tick.
impl Stream for Interval {
    type Item = Instant;

    #[track_caller]
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
