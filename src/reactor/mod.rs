//! The reactor: mio reports which sockets are ready, and the reactor calls the wakers of the tasks
//! that wait for them.
//!
//! It is the original's `select` with its two dictionaries, `_read_waiting` and `_write_waiting`. It knows
//! no task and no executor: what it keeps of a task that waits is a [`Waker`](std::task::Waker). So it
//! works under our executor as under any other, one of your own included.
//!
//! In reading order: this file has what can be done with a reactor; [`shared`] the sleep and the
//! wakes; [`source`] the state of a socket, [`waiters`] the tasks that wait for it, [`registration`] how a
//! socket tries and waits; [`timers`] deadlines; [`unparker`] the end of a sleep from another
//! thread; [`entered`] which reactor is the current one.

pub(crate) mod entered;
#[cfg(loom)]
mod model;
pub(crate) mod registration;
pub(crate) mod shared;
mod source;
pub(crate) mod timers;
mod unparker;
pub(crate) mod waiters;

#[cfg(unix)]
use std::{
    cell::OnceCell,
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
};
use std::{
    fmt, io,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
    time::{Duration, Instant},
};

use self::shared::Shared;
pub use self::unparker::Unparker;
use crate::{clock::Clock, current, id::TaskId, trace::Tracer};

/// Waits for sockets and timers, and calls the wakers of the tasks that wait for them.
///
/// An [`Executor`](crate::Executor) has one of its own. Make one yourself to write an executor: poll
/// your futures inside [`enter`](Reactor::enter), and sleep in [`park`](Reactor::park) when none of
/// them was woken. Everything in [`net`](crate::net) and [`time`](crate::time), and
/// [`Async`](crate::Async), then works under it. A whole executor with a queue:
///
/// ```
/// use std::{
///     cell::RefCell, io, pin::Pin, rc::Rc, time::Duration,
///     sync::{Arc, Mutex, mpsc},
///     task::{Context, Poll, Wake, Waker},
/// };
/// use pizzaiolo::{Reactor, Unparker, net::{TcpListener, TcpStream}, time};
///
/// struct Task {
///     id: usize,
///     ready: mpsc::Sender<usize>,
///     unparker: Unparker,
/// }
///
/// impl Wake for Task {
///     fn wake(self: Arc<Self>) {
///         let _ = self.ready.send(self.id);
///         self.unparker.unpark();
///     }
/// }
///
/// fn run(reactor: &Reactor, futures: Vec<Pin<Box<dyn Future<Output = ()>>>>) -> io::Result<()> {
///     let (ready, woken) = mpsc::channel();
///     let mut tasks: Vec<_> = futures.into_iter().enumerate().map(|(id, future)| {
///         let task = Task { id, ready: ready.clone(), unparker: reactor.unparker() };
///         ready.send(id).unwrap();
///         (Some(future), Waker::from(Arc::new(task)))
///     }).collect();
///     while tasks.iter().any(|(future, _)| future.is_some()) {
///         while let Ok(id) = woken.try_recv() {
///             let (task, waker) = &mut tasks[id];
///             let Some(future) = task else { continue };
///             let mut cx = Context::from_waker(waker);
///             if reactor.enter(|| future.as_mut().poll(&mut cx)).is_ready() {
///                 *task = None;
///             }
///         }
///         reactor.park(None)?;
///     }
///     Ok(())
/// }
///
/// # fn main() -> io::Result<()> {
/// let reactor = Reactor::new()?;
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let addr = listener.local_addr()?;
/// let server = async move {
///     let (order, _) = listener.accept().await.unwrap();
///     time::sleep(Duration::from_millis(1)).await;
///     order.write_all(b"Thank you!").await.unwrap();
/// };
/// let client = async move {
///     let table = TcpStream::connect(addr).await.unwrap();
///     table.read_exact(&mut [0; 10]).await.unwrap();
/// };
/// # let unparker = reactor.unparker();
/// # std::thread::spawn(move || loop { std::thread::sleep(Duration::from_millis(5)); unparker.unpark() });
/// run(&reactor, vec![Box::pin(server), Box::pin(client)])
/// # }
/// ```
///
/// A socket or a timer may be made anywhere. It belongs to the reactor in which it first has to
/// wait, and to wait in another one is an error. An executor on a `Reactor` need not ask for futures
/// that are `Send`; one that does (most thread pools) can `block_on` such a future on one thread.
///
/// It belongs to the thread that made it. A clone is the same reactor again. When the last clone is
/// dropped, or the executor whose reactor it is, it closes: what waits in it is woken, and fails.
#[derive(Clone)]
pub struct Reactor {
    owner: Rc<Owner>,
}

/// Closes the reactor when the last clone of it goes.
struct Owner {
    shared: Rc<Shared>,
    /// Made when the descriptor is first borrowed: mio's own is in a cell.
    #[cfg(unix)]
    registry: OnceCell<mio::Registry>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        if !self.shared.is_closed() {
            self.shared.set_closed();
            self.shared.wake_all();
        }
    }
}

impl Reactor {
    /// Creates a reactor.
    ///
    /// # Errors
    ///
    /// The OS's, if it has no descriptors to give: a reactor takes two (epoll and eventfd, on Linux).
    pub fn new() -> io::Result<Reactor> {
        let clock = Rc::new(Clock::new(false));
        let tracer = Rc::new(Tracer::new(None, Rc::clone(&clock)));
        Reactor::with(clock, tracer)
    }

    /// Creates one with this clock, which reports what happens to this tracer.
    pub(crate) fn with(clock: Rc<Clock>, tracer: Rc<Tracer>) -> io::Result<Reactor> {
        let shared = Rc::new(Shared::new(clock, tracer)?);
        let owner = Owner {
            shared,
            #[cfg(unix)]
            registry: OnceCell::new(),
        };
        Ok(Reactor { owner: Rc::new(owner) })
    }

    /// Calls `f` with this reactor as the current one: sockets and timers that have to wait inside
    /// it register here. For one poll, or many.
    ///
    /// Calls can be nested: the innermost reactor is the current one. When `f` returns or panics, the
    /// reactor before it is the current one again.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        // A wait in here does not belong to a task that may be polled around it: if the executor of that
        // task has another reactor, the two use the same ids for different tasks.
        let (_suspended, _entered) = (current::suspend(), entered::enter(&self.owner.shared));
        f()
    }

    /// Makes it the current one for its own executor, until the guard is dropped.
    pub(crate) fn enter_guard(&self) -> entered::Entered {
        entered::enter(&self.owner.shared)
    }

    /// Blocks until an event of a source, a deadline, [`unpark`](Unparker::unpark) or the timeout,
    /// then calls the wakers of what has happened. `None` is no timeout; zero does not block. It may
    /// also return early, after a signal or a day: call it in a loop.
    ///
    /// # Errors
    ///
    /// The OS's. A signal is no error.
    ///
    /// # Panics
    ///
    /// If it is called from inside a wake of the same reactor.
    pub fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        let shared = &*self.owner.shared;
        if timeout == Some(Duration::ZERO) {
            shared.wait(timeout)?;
        } else if !shared.clock.is_paused() {
            shared.wait(timeout.into_iter().chain(self.time_left()).min())?;
        } else if self.auto_advance()? {
            return Ok(());
        } else {
            shared.wait(timeout)?;
        }
        shared.tick();
        Ok(())
    }

    /// Returns how long there is until the next deadline.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let deadline = self.next_deadline()?;
        Some(deadline.saturating_duration_since(self.clock().now()))
    }

    /// With a paused clock: if there is nothing to wait for but timers, advances the clock to the
    /// next deadline. True if there may be something to do now.
    pub(crate) fn auto_advance(&self) -> io::Result<bool> {
        let shared = &*self.owner.shared;
        if shared.wait(Some(Duration::ZERO))? {
            shared.tick();
            return Ok(true);
        }
        let Some(deadline) = shared.timers.next_deadline() else { return Ok(false) };
        if shared.has_waiting_sources() {
            return Ok(false);
        }
        shared.clock.advance(deadline.saturating_duration_since(shared.clock.now()));
        shared.tick();
        Ok(true)
    }

    /// Does what a [`park`](Reactor::park) with a timeout of zero does, and asks the OS only if it
    /// may have events.
    pub(crate) fn poll_events(&self) -> io::Result<()> {
        let shared = &*self.owner.shared;
        if shared.may_have_events() {
            shared.wait(Some(Duration::ZERO))?;
        }
        shared.tick();
        Ok(())
    }

    /// Returns a way to end a [`park`](Reactor::park) from any thread.
    #[must_use]
    pub fn unparker(&self) -> Unparker {
        self.owner.shared.unparker().clone()
    }

    /// Returns the next deadline of the timers; `None` if there is none. It may have passed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.owner.shared.timers.next_deadline()
    }

    /// Says whether a task waits for a source or a timer.
    #[must_use]
    pub fn has_waiters(&self) -> bool {
        !self.owner.shared.timers.is_empty() || self.has_waiting_sources()
    }

    pub(crate) fn has_waiting_sources(&self) -> bool {
        self.owner.shared.has_waiting_sources()
    }

    /// Returns how many sources are registered, and how many timers have fired.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.owner.shared.source_count(), self.owner.shared.timers.fired())
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.owner.shared.clock
    }

    /// Drops the wakers that sources keep for the next wait, and calls `f` with their tasks.
    pub(crate) fn drop_idle_wakers(&self, f: &mut dyn FnMut(TaskId)) {
        self.owner.shared.drop_idle(f);
    }

    /// Removes what an ended task has left behind.
    #[inline]
    pub(crate) fn task_ended(&self, task: TaskId) {
        self.owner.shared.task_ended(task);
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.owner.shared
    }

    /// Returns the task and the [`Waker::data`](std::task::Waker::data) of each timer that never
    /// fires.
    pub(crate) fn never_timers(&self) -> Vec<(Option<TaskId>, *const ())> {
        self.owner.shared.timers.never()
    }

    /// Wakes all that wait. Call it again if that has begun new waits.
    pub(crate) fn close(&self) {
        self.owner.shared.set_closed();
        entered::refresh();
        self.owner.shared.wake_all();
    }
}

/// The descriptor that the reactor sleeps in (epoll or kqueue). It is readable while an event or an
/// unpark waits to be taken by [`park`](Reactor::park). A timer does not make it readable: wait
/// until [`next_deadline`](Reactor::next_deadline) too.
///
/// On Windows there is no such descriptor. Call [`park`](Reactor::park) on a thread of its own, or
/// with a timeout of zero as often as the host's loop turns.
#[cfg(unix)]
impl AsRawFd for Reactor {
    fn as_raw_fd(&self) -> RawFd {
        self.owner.shared.with_registry(AsRawFd::as_raw_fd)
    }
}

/// # Panics
///
/// If the OS has no descriptor to give: the first call makes a duplicate that can be borrowed.
#[cfg(unix)]
impl AsFd for Reactor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let duplicate = || match self.owner.shared.with_registry(mio::Registry::try_clone) {
            Ok(registry) => registry,
            Err(error) => panic!("the reactor's descriptor cannot be duplicated: {error}"),
        };
        self.owner.registry.get_or_init(duplicate).as_fd()
    }
}

/// Nothing in it is borrowed while code of the user runs.
impl UnwindSafe for Reactor {}
impl RefUnwindSafe for Reactor {}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("has_waiters", &self.has_waiters())
            .field("next_deadline", &self.next_deadline())
            .finish_non_exhaustive()
    }
}
