//! Counters of an executor: what it has done since it was made.

use std::time::Duration;

/// What an executor has done since it was made: what [`Executor::stats`](crate::Executor::stats)
/// returns.
///
/// The counters are always on. Most are derived from what the loop counts anyway, so a poll and a wake
/// cost nothing more; a sleep costs two more reads of the clock.
///
/// ```
/// let executor = pizzaiolo::Executor::new()?;
/// executor.block_on(pizzaiolo::yield_now());
/// let stats = executor.stats();
/// assert_eq!((stats.polls, stats.wakes_local), (2, 1));
/// assert!(stats.busy() <= stats.uptime);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Polls of tasks, and of the futures given to `block_on`.
    pub polls: u64,
    /// Tasks that were spawned.
    pub spawned: u64,
    /// Wakes that have queued a task, on the executor's own thread while it ran.
    pub wakes_local: u64,
    /// Wakes that have queued a task from other threads, or while the executor did not run.
    pub wakes_remote: u64,
    /// Sleeps in the OS, until an event, a deadline or another thread.
    pub parks: u64,
    /// Sources (sockets, mostly) that are registered now.
    pub sources: usize,
    /// Timers that have fired.
    pub timers_fired: u64,
    /// Time that the thread has slept in the OS.
    pub idle: Duration,
    /// Time since the executor was made, by the OS's clock.
    pub uptime: Duration,
}

impl Stats {
    /// Returns the time that the thread has not slept: in polls, in the executor itself, and, if another
    /// loop drives the executor, in that loop.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.uptime.saturating_sub(self.idle)
    }
}
