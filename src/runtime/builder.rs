//! The options of an executor.

use std::{cell::Cell, fmt, time::Duration};

use crate::{executor::queue::Order, id::TaskId, trace::Observer};

/// Makes an [`Executor`](crate::Executor) with options.
///
/// ```
/// let executor = pizzaiolo::Executor::builder().paused_clock(true).build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
#[must_use = "it does nothing until `build`"]
pub struct Builder {
    pub(super) paused_clock: bool,
    pub(super) observer: Option<Box<dyn Observer>>,
    pub(super) order: Order,
    pub(super) lints: bool,
    pub(super) slow_poll: Option<Duration>,
}

impl Builder {
    /// Sets whether the executor's clock is paused. Then [`time::advance`](crate::time::advance)
    /// advances it, and so does the executor itself when no task is ready and there are only timers
    /// to wait for: it advances to the next deadline. While a task waits for a socket, the clock
    /// does not move until the socket is ready. The clock does not wait for a wake that another
    /// thread is about to call.
    ///
    /// For tests: a sleep ends at once and advances the clock, and the time of
    /// each event is exact.
    pub fn paused_clock(mut self, paused: bool) -> Builder {
        self.paused_clock = paused;
        self
    }

    /// Sets the observer, which is called with each step: see [`trace`](crate::trace). To use the
    /// observer later, pass an `Rc` of it; for two observers, pass a pair.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Builder {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Polls the ready tasks in a random order, the same each time for the same seed.
    ///
    /// For tests: code that is right only if tasks run in the order in which they were woken fails
    /// with some seed.
    pub fn ready_order(mut self, seed: u64) -> Builder {
        self.order = Order::Random(Cell::new(seed));
        self
    }

    /// Lets `choose` choose the task that is polled next. It is called with the tasks that are ready,
    /// if there are at least two, in the order in which they became ready, and returns an index; an
    /// index that is too high means the last task. It may wake tasks. If it panics, the call that runs the
    /// executor does; no task is lost, and from then on the first is taken. It replaces
    /// [`ready_order`](Builder::ready_order).
    ///
    /// For tests that run a program in every order:
    ///
    /// ```
    /// let executor = pizzaiolo::Executor::builder().chooser(|ready| ready.len() - 1).build()?;
    /// let (first, second) = (executor.spawn(async {}), executor.spawn(async {}));
    /// executor.tick();
    /// assert!(second.is_finished() && !first.is_finished());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn chooser(mut self, choose: impl FnMut(&[TaskId]) -> usize + 'static) -> Builder {
        self.order = Order::Chosen(Cell::new(Some((Box::new(choose), Vec::new()))));
        self
    }

    /// Sets whether to warn of tasks that slow the others down, with the task's name and location:
    /// of a poll that takes too long ([`slow_poll`](Builder::slow_poll)), and of a task that wakes
    /// itself in more than half of its polls. It costs two reads of the clock each poll. With an
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
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("paused_clock", &self.paused_clock)
            .field("observed", &self.observer.is_some())
            .field("lints", &self.lints)
            .field("slow_poll", &self.slow_poll)
            .finish_non_exhaustive()
    }
}
