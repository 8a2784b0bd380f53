//! # Exercise 6: an interval
//!
//! An interval ticks at its start, and then every `period`: at the start plus whole periods, no
//! matter how long your task is busy between two ticks. A missed tick comes at once, and no tick is
//! left out.
//!
//! - Run: `cargo test --example exercises -- --ignored ex06`
//! - Hint: `sleep(period)` between two ticks drifts. [`sleep_until`] does not.
//! - Hint: if the future of [`Interval::tick`] is dropped while it waits, no tick may be lost.
//!   Which field has changed when the future waits?
//! - In the crate: `src/time/interval.rs`, which leaves out the missed ticks.

use std::time::{Duration, Instant};

use pizzaiolo::time::{now, sleep_until};

/// Ticks every `period`, the first time at once.
pub(crate) fn interval(period: Duration) -> Interval {
    Interval { next: now(), period }
}

pub(crate) struct Interval {
    /// The time of the next tick.
    next: Instant,
    period: Duration,
}

impl Interval {
    /// Waits for the next tick, and returns the time for which it was planned.
    pub(crate) async fn tick(&mut self) -> Instant {
        todo!("exercise 6")
    }
}

#[cfg(test)]
#[path = "tests/ex06_interval.rs"]
mod tests;
