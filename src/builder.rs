//! What can be chosen when an executor is made.

use std::{fmt, io};

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

    /// Who is told what happens, step by step: see [`trace`](crate::trace). To look at the
    /// observer later, give an `Rc` of it.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Builder {
        self.observer = Some(Box::new(observer));
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
            .finish_non_exhaustive()
    }
}
