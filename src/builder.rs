//! What can be chosen when an executor is made.

use std::io;

use crate::Executor;

/// Makes an [`Executor`] that differs from what [`Executor::new`] makes.
///
/// ```
/// let executor = pizzaiolo::Executor::builder().paused_clock(true).build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "it does nothing until `build`"]
pub struct Builder {
    pub(crate) paused_clock: bool,
}

impl Builder {
    /// Whether the executor's clock stands still. Then it is moved by
    /// [`time::advance`](crate::time::advance), and by the executor itself when nothing is ready
    /// and there are only timers to wait for: it jumps to the next one. While a task waits for a
    /// socket, the clock stands still until the socket is ready.
    ///
    /// For tests: time that is waited for does not pass, and what comes at which time is exact.
    pub fn paused_clock(mut self, paused: bool) -> Builder {
        self.paused_clock = paused;
        self
    }

    /// Makes the executor.
    ///
    /// # Errors
    ///
    /// As for [`Executor::new`].
    pub fn build(self) -> io::Result<Executor> {
        Executor::build(self)
    }
}
