//! # Exercise 6: an interval
//!
//! An interval rings at its start, and then every `period`: at the start plus whole periods,
//! however long your task is busy between two rings. A ring that was missed comes at once, and none
//! is left out.
//!
//! - Run: `cargo test --example exercises -- --ignored ex06`
//! - Hint: `sleep(period)` between two rings drifts. [`sleep_until`] does not.
//! - Hint: to drop the future of [`Interval::tick`] while it waits must not lose a ring. What has
//!   changed by the time that the future waits?
//! - In the crate: `src/time/interval.rs`, which leaves out the rings that were missed.

use std::time::{Duration, Instant};

use pizzaiolo::time::{now, sleep_until};

/// Rings every `period`, the first time at once.
pub(crate) fn interval(period: Duration) -> Interval {
    Interval { next: now(), period }
}

pub(crate) struct Interval {
    /// When it rings next.
    next: Instant,
    period: Duration,
}

impl Interval {
    /// Waits for the next ring, and returns when it was due.
    pub(crate) async fn tick(&mut self) -> Instant {
        todo!("exercise 6")
    }
}

#[cfg(test)]
#[path = "tests/ex06_interval.rs"]
mod tests;
