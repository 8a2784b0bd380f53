//! What time it is: the OS's clock, or a paused one that moves only when it is advanced.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// The clock of one reactor.
pub(crate) struct Clock {
    /// When the clock was made.
    start: Instant,
    /// The time of a paused clock; `None` if the clock runs.
    paused_at: Cell<Option<Instant>>,
    /// The time when it was last read by [`Clock::tick`].
    coarse: Cell<CoarseTime>,
}

/// A time of coarse resolution: hundredths of a second since the executor was made. 32 bits last
/// for 497 days.
#[derive(Clone, Copy, Default)]
pub(crate) struct CoarseTime(u32);

impl CoarseTime {
    fn new(since_start: Duration) -> CoarseTime {
        CoarseTime(u32::try_from(since_start.as_millis() / 10).unwrap_or(u32::MAX))
    }

    pub(crate) fn since(self, earlier: CoarseTime) -> Duration {
        Duration::from_millis(u64::from(self.0.saturating_sub(earlier.0)) * 10)
    }
}

impl Clock {
    pub(crate) fn new(paused: bool) -> Clock {
        let start = Instant::now();
        let paused_at = Cell::new(paused.then_some(start));
        Clock { start, paused_at, coarse: Cell::default() }
    }

    /// Reads the clock, also for those to whom the coarse time is enough.
    pub(crate) fn tick(&self) -> Instant {
        let now = self.now();
        self.coarse.set(CoarseTime::new(now.saturating_duration_since(self.start)));
        now
    }

    /// Returns the time of the last tick, which was after the last sleep or 64 polls ago.
    pub(crate) fn coarse(&self) -> CoarseTime {
        self.coarse.get()
    }

    pub(crate) fn now(&self) -> Instant {
        self.paused_at.get().unwrap_or_else(Instant::now)
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused_at.get().is_some()
    }

    /// Advances a paused clock, unless that is further than an `Instant` can count.
    pub(crate) fn advance(&self, by: Duration) {
        if let Some(to) = self.paused_at.get().and_then(|now| now.checked_add(by)) {
            self.paused_at.set(Some(to));
        }
    }
}
