//! The time: the OS's clock, or a paused clock that changes only when it is advanced. A clock that was
//! paused and resumed continues from the time at which it was paused.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// The clock of one reactor.
pub(crate) struct Clock {
    /// When the clock was made.
    start: Instant,
    mode: Cell<Mode>,
    /// The time when it was last read by [`Clock::tick`].
    coarse: Cell<CoarseTime>,
}

#[derive(Clone, Copy)]
enum Mode {
    /// The time is the OS's.
    Running,
    /// It runs again: the time is the OS's plus `ahead` minus `behind`, of which one is zero.
    Resumed { ahead: Duration, behind: Duration },
    /// The time is this.
    Paused(Instant),
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
        let mode = if paused { Mode::Paused(start) } else { Mode::Running };
        Clock { start, mode: Cell::new(mode), coarse: Cell::default() }
    }

    /// Reads the clock, and updates the coarse time.
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
        match self.mode.get() {
            Mode::Running => Instant::now(),
            Mode::Paused(at) => at,
            Mode::Resumed { ahead, behind } => {
                let now = Instant::now();
                now.checked_add(ahead).and_then(|now| now.checked_sub(behind)).unwrap_or(now)
            }
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        matches!(self.mode.get(), Mode::Paused(_))
    }

    /// Pauses the clock at its current time.
    pub(crate) fn pause(&self) {
        self.mode.set(Mode::Paused(self.now()));
    }

    /// Resumes a paused clock from its current time.
    pub(crate) fn resume(&self) {
        if let Mode::Paused(at) = self.mode.get() {
            let now = Instant::now();
            let (ahead, behind) =
                (at.saturating_duration_since(now), now.saturating_duration_since(at));
            self.mode.set(Mode::Resumed { ahead, behind });
        }
    }

    /// Advances a paused clock, unless that is further than an `Instant` can count.
    pub(crate) fn advance(&self, by: Duration) {
        if let Mode::Paused(at) = self.mode.get() {
            self.mode.set(Mode::Paused(at.checked_add(by).unwrap_or(at)));
        }
    }
}
