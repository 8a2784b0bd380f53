//! Ending the sleep of a reactor from another thread.

use std::{
    fmt, io,
    sync::Arc,
    task::{Wake, Waker},
};

use mio::{Registry, Token};

#[cfg(not(loom))]
use mio::Waker as OsWaker;

#[cfg(loom)]
use super::model::OsWaker;
use crate::sync::{AtomicBool, Ordering};

/// Ends a [`park`](crate::Reactor::park) of its reactor, from any thread.
///
/// It can also be made a [`Waker`], for a task whose executor sleeps in the reactor:
///
/// ```
/// use std::{pin::pin, task::{Context, Poll, Waker}};
///
/// fn block_on<F: Future>(reactor: &pizzaiolo::Reactor, future: F) -> std::io::Result<F::Output> {
///     let (mut future, waker) = (pin!(future), Waker::from(reactor.unparker()));
///     loop {
///         let mut cx = Context::from_waker(&waker);
///         if let Poll::Ready(output) = reactor.enter(|| future.as_mut().poll(&mut cx)) {
///             return Ok(output);
///         }
///         reactor.park(None)?;
///     }
/// }
///
/// let reactor = pizzaiolo::Reactor::new()?;
/// let nap = pizzaiolo::time::sleep(std::time::Duration::from_millis(1));
/// block_on(&reactor, nap)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Once the reactor is gone, it does nothing.
#[derive(Clone)]
pub struct Unparker(Arc<Signal>);

/// What the clones share.
struct Signal {
    /// `unpark` was called, and no park has seen it yet: no second system call is needed.
    is_set: AtomicBool,
    os: OsWaker,
}

impl Unparker {
    /// # Errors
    ///
    /// The OS's, if it has no descriptor to give.
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Unparker> {
        Ok(Unparker::with(OsWaker::new(registry, token)?))
    }

    pub(super) fn with(os: OsWaker) -> Unparker {
        Unparker(Arc::new(Signal { is_set: AtomicBool::new(false), os }))
    }

    /// Ends the park that is going on, or the next one. Several calls end one park. What was
    /// written before the call is visible to the thread whose park it ends.
    pub fn unpark(&self) {
        // Release: what was written before is visible to the park that takes the signal, also if
        // it was set already. Acquire: the system call stays behind it.
        if !self.0.is_set.swap(true, Ordering::AcqRel) {
            if let Err(error) = self.0.os.wake() {
                log::error!(target: "pizzaiolo", "unparking the reactor failed: {error}");
            }
        }
    }

    /// Says whether `unpark` was called since the last park that it ended.
    pub(super) fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::Relaxed)
    }

    /// Takes the signal, because its event has come.
    pub(super) fn take(&self) {
        // Acquire, and a read-modify-write: it reads the last of the calls that set it, and so sees
        // what each of them wrote before.
        self.0.is_set.swap(false, Ordering::AcqRel);
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        Unparker(self).unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        Unparker(Arc::clone(self)).unpark();
    }
}

/// A waker that unparks.
impl From<Unparker> for Waker {
    fn from(unparker: Unparker) -> Waker {
        Waker::from(unparker.0)
    }
}

impl fmt::Debug for Unparker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unparker").field("is_set", &self.is_set()).finish_non_exhaustive()
    }
}
