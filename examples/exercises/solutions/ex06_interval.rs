//! Exercise 6. While the future waits it has changed nothing, so to drop it then loses nothing.

use std::time::{Duration, Instant};

use pizzaiolo::time::{now, sleep_until};

pub(crate) fn interval(period: Duration) -> Interval {
    Interval { next: now(), period }
}

pub(crate) struct Interval {
    /// The time of the next tick.
    next: Instant,
    period: Duration,
}

impl Interval {
    pub(crate) async fn tick(&mut self) -> Instant {
        let due = self.next;
        sleep_until(due).await;
        self.next = due + self.period;
        due
    }
}

#[cfg(test)]
#[path = "../tests/ex06_interval.rs"]
mod tests;
