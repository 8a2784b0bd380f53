//! What can be chosen when an executor is made.

use std::{fmt, io, time::Duration};

use crate::{Executor, trace::Observer};

/// Makes an [`Executor`] that differs from what [`Executor::new`] makes.
///
/// ```
/// let executor = pizzaiolo::Executor::builder().paused_clock(true).build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
#[must_use = "it does nothing until `build`"]
pub struct Builder {
    pub(crate) paused_clock: bool,
    pub(crate) observer: Option<Box<dyn Observer>>,
    pub(crate) ready_order: Option<u64>,
    pub(crate) lints: bool,
    pub(crate) slow_poll: Option<Duration>,
}

impl Builder {
    /// Sets whether the executor's clock stands still. Then it is moved by
    /// [`time::advance`](crate::time::advance), and by the executor itself when nothing is ready
    /// and there are only timers to wait for: it jumps to the next one. While a task waits for a
    /// socket, the clock stands still until the socket is ready. What other threads are at is not
    /// seen: the clock does not wait for a wake that is still to come from one.
    ///
    /// For tests: time that is waited for does not pass, and what comes at which time is exact.
    pub fn paused_clock(mut self, paused: bool) -> Builder {
        self.paused_clock = paused;
        self
    }

    /// Sets who is told what happens, step by step: see [`trace`](crate::trace). To look at the
    /// observer later, give an `Rc` of it.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Builder {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Takes the ready tasks in an order of chance, the same each time for the same seed.
    ///
    /// For tests: code that is right only if tasks run in the order in which they were woken
    /// leans on luck, and some seed finds that out.
    pub fn ready_order(mut self, seed: u64) -> Builder {
        self.ready_order = Some(seed);
        self
    }

    /// Sets whether to warn of tasks that slow the others down, with the task's name and place: of
    /// a poll that takes too long ([`slow_poll`](Builder::slow_poll)), and of a task that wakes
    /// itself in more than half of its polls. It costs two looks at the clock each poll. With an
    /// observer it is on.
    pub fn lints(mut self, lints: bool) -> Builder {
        self.lints = lints;
        self
    }

    /// Sets how long a poll may take before the lint warns; 100 ms unless this is called. Turns the
    /// lints on.
    pub fn slow_poll(mut self, limit: Duration) -> Builder {
        self.slow_poll = Some(limit);
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

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("paused_clock", &self.paused_clock)
            .field("observed", &self.observer.is_some())
            .field("ready_order", &self.ready_order)
            .field("lints", &self.lints)
            .field("slow_poll", &self.slow_poll)
            .finish()
    }
}
