//! The executor's idea of now: the OS's clock, or one that stands still until it is moved.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// The clock of one executor.
pub(crate) struct Clock {
    /// When the executor was made.
    start: Instant,
    /// How far a paused clock was moved; `None` for one that runs.
    moved: Option<Cell<Duration>>,
}

impl Clock {
    pub(crate) fn new(paused: bool) -> Clock {
        Clock { start: Instant::now(), moved: paused.then(|| Cell::new(Duration::ZERO)) }
    }

    /// When the executor was made.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// The time of the executor.
    pub(crate) fn now(&self) -> Instant {
        match &self.moved {
            // It was moved by steps that fit.
            Some(moved) => self.start + moved.get(),
            None => Instant::now(),
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.moved.is_some()
    }

    /// Moves a paused clock on, unless that is further than an `Instant` can count.
    pub(crate) fn advance(&self, by: Duration) {
        if let Some(moved) = &self.moved {
            let to = moved.get().saturating_add(by);
            if self.start.checked_add(to).is_some() {
                moved.set(to);
            }
        }
    }
}
