//! Watching an executor: everything that happens, as one stream of events.
//!
//! Which code calls wake, and when? What does my task wait for? Why does nothing happen? An
//! [`Observer`] that is given to [`Builder::observer`](crate::Builder::observer) is called with an
//! [`Event`] for each step of the executor and its reactor.
//!
//! The same events go to the `log` crate, one line each: at debug level the beginning and the end
//! of each task, at trace level all of them. Without an observer and with the log turned off, an
//! event costs two loads and a branch.

mod tracer;

use std::{
    fmt,
    panic::Location,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

pub(crate) use self::tracer::{Tracer, is_logged};
pub use crate::id::{Direction, Readiness, SourceId, TaskId};

/// Is called with everything that happens in an executor.
///
/// Nothing is borrowed while it is called: it may log, spawn, wake and abort. Its own actions are not
/// reported to it. If it panics, the panic is logged as an error,
/// and the executor continues. It must not block: every task waits for it.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use pizzaiolo::trace::{Event, EventKind, Observer};
///
/// #[derive(Default)]
/// struct CountPolls(Cell<u32>);
///
/// impl Observer for CountPolls {
///     fn on_event(&self, event: &Event) {
///         if matches!(event.kind(), EventKind::PollStarted) {
///             self.0.set(self.0.get() + 1);
///         }
///     }
/// }
///
/// let polls = Rc::new(CountPolls::default());
/// let executor = pizzaiolo::Executor::builder().observer(Rc::clone(&polls)).build()?;
/// executor.block_on(pizzaiolo::yield_now());
/// assert_eq!(polls.0.get(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Observer {
    /// Is called for each event, in the order in which they happen.
    fn on_event(&self, event: &Event);
}

impl<O: Observer + ?Sized> Observer for Rc<O> {
    fn on_event(&self, event: &Event) {
        (**self).on_event(event);
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn on_event(&self, event: &Event) {
        (**self).on_event(event);
    }
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn on_event(&self, event: &Event) {
        (**self).on_event(event);
    }
}

/// Calls both, the first one first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn on_event(&self, event: &Event) {
        self.0.on_event(event);
        self.1.on_event(event);
    }
}

/// Something that happened: when, to which task, and what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    when: Instant,
    task: Option<TaskId>,
    kind: EventKind,
}

impl Event {
    pub(crate) fn new(when: Instant, task: Option<TaskId>, kind: EventKind) -> Event {
        Event { when, task, kind }
    }

    /// Returns when it happened, by the clock of the executor, which may be paused.
    #[must_use]
    pub fn when(&self) -> Instant {
        self.when
    }

    /// Returns the task that it happened to; `None` if it happened to the executor itself.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        self.task
    }

    /// Returns what happened.
    #[must_use]
    pub fn kind(&self) -> &EventKind {
        &self.kind
    }

    pub(crate) fn log(&self) {
        log::log!(target: "pizzaiolo", self.kind.level(), "{self}");
    }
}

/// The line that the log shows: the task, and what happened, in fixed words.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.task {
            Some(task) => write!(f, "{task}: {}", self.kind),
            None => write!(f, "executor: {}", self.kind),
        }
    }
}

/// What happened. It prints as the words of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// A task was made.
    #[non_exhaustive]
    Spawned {
        /// What [`task::Builder::name`](crate::task::Builder::name) called it.
        name: Option<Rc<str>>,
        /// The call that made it.
        location: &'static Location<'static>,
    },
    /// A poll of a task began.
    PollStarted,
    /// A poll of a task ended.
    #[non_exhaustive]
    PollEnded {
        /// Its future has returned its output.
        ready: bool,
    },
    /// A socket was registered with the OS, because a task has to wait for it.
    #[non_exhaustive]
    Registered {
        /// The id of the socket.
        source: SourceId,
        /// What it is, for example `tcp with 127.0.0.1:50312`.
        label: Rc<str>,
    },
    /// A socket was deregistered: it was dropped, or taken out of its `Async`. Its id is not used
    /// again.
    #[non_exhaustive]
    Deregistered {
        /// The socket.
        source: SourceId,
    },
    /// The task has to wait for a socket.
    #[non_exhaustive]
    Waiting {
        /// The socket.
        source: SourceId,
        /// The direction that it waits for.
        direction: Direction,
        /// The call that made the operation; for a poll-style function, the call of that.
        location: &'static Location<'static>,
    },
    /// The task's wait for a socket was given up: its future was dropped, or another task polls the
    /// operation now. (A wait that the socket ends has no such event: an
    /// [`OsEvent`](EventKind::OsEvent) ends all waits for the directions that may be ready,
    /// and a [`Deregistered`](EventKind::Deregistered) all waits for the socket.)
    #[non_exhaustive]
    WaitEnded {
        /// The socket.
        source: SourceId,
        /// The direction that it waited for.
        direction: Direction,
    },
    /// The task has to wait for the end of another task: its waker is at that task's join handle.
    /// (One that waits for a [`JoinSet`](crate::task::JoinSet) has its waker at one task of the set.
    /// The wait for a [`RemoteJoinHandle`](crate::RemoteJoinHandle) is no event: it may begin before its
    /// task has an id, and end on any thread.)
    #[non_exhaustive]
    Joining {
        /// The other task.
        task: TaskId,
        /// Where the handle was polled: its `.await`, if it is awaited by itself; where the task was
        /// spawned, if the handle is all of its future.
        location: &'static Location<'static>,
    },
    /// The wait for the end of another task is over: that task has ended, or its handle is gone or is
    /// polled by another task, or the waker of a [`JoinSet`](crate::task::JoinSet) was called or has
    /// moved to another task of the set.
    #[non_exhaustive]
    JoinEnded {
        /// The other task.
        task: TaskId,
    },
    /// The task was put into the ready queue. (A wake of a task that is in it already changes
    /// nothing, and is no event.)
    #[non_exhaustive]
    Woken {
        /// What called the waker.
        by: Cause,
    },
    /// No task is ready: the thread goes to sleep in the reactor.
    #[non_exhaustive]
    Parked {
        /// How long it sleeps at most. `None`: without a limit.
        timeout: Option<Duration>,
    },
    /// The thread no longer sleeps.
    Unparked,
    /// The OS reported the readiness of a socket.
    #[non_exhaustive]
    OsEvent {
        /// The socket.
        source: SourceId,
        /// What it may be ready for.
        readiness: Readiness,
    },
    /// The task has to wait for a timer.
    #[non_exhaustive]
    TimerSet {
        /// When it fires. `None`: never.
        deadline: Option<Instant>,
        /// The call that made the timer, or that set it anew.
        location: &'static Location<'static>,
    },
    /// A timer that the task waits for fired: the one with the earliest deadline.
    TimerFired,
    /// A timer that the task waits for will not fire: it was dropped, or another task polls it now, or
    /// it was set anew, which the next [`TimerSet`](EventKind::TimerSet) reports.
    #[non_exhaustive]
    TimerDropped {
        /// When it would have fired. `None`: never.
        deadline: Option<Instant>,
    },
    /// A task's future returned its output, and was dropped.
    Finished,
    /// A task's future was dropped before it was ready.
    Aborted,
    /// A task's future panicked, and was dropped.
    Panicked,
    /// Something is wrong with the task, or slows the others down. The log shows it as a warning.
    #[non_exhaustive]
    Warned {
        /// The kind of the problem.
        warning: Warning,
        /// The task's name, if it has one, and where it was spawned.
        about: Rc<str>,
    },
}

/// What called a waker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The task that was polled: perhaps the woken one itself.
    Task(TaskId),
    /// The reactor, because this socket may be ready for this direction.
    Source(SourceId, Direction),
    /// The reactor, because a timer fired.
    Timer,
    /// The executor, after a poll that spent its budget of I/O operations: the task goes to the end
    /// of the queue, so that the others run too.
    Budget,
    /// The executor's thread, while no task was polled.
    Executor,
    /// Another thread; or this one, while the executor did not run.
    OtherThread,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Task(task) => task.fmt(f),
            Cause::Source(source, direction) => write!(f, "{source} ({direction})"),
            Cause::Timer => f.write_str("a timer"),
            Cause::Budget => f.write_str("its spent budget"),
            Cause::Executor => f.write_str("the executor"),
            Cause::OtherThread => f.write_str("another thread"),
        }
    }
}

/// What may be wrong with a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Warning {
    /// It returned Pending, but nothing holds its waker: it can never run again.
    LostWaker,
    /// A poll took this long. No other task ran meanwhile.
    SlowPoll(Duration),
    /// It wakes itself in more than half of its polls: it may be a busy loop.
    WakesItself,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::LostWaker => f.write_str(
                "it returned Pending, but nothing holds its waker: it can never run again",
            ),
            Warning::SlowPoll(took) => {
                write!(f, "a poll took {took:?}, and no other task ran meanwhile")
            }
            Warning::WakesItself => {
                f.write_str("it wakes itself in more than half of its polls: it may be a busy loop")
            }
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventKind::Spawned { name: Some(name), location } => {
                write!(f, "spawned as {name:?} at {location}")
            }
            EventKind::Spawned { name: None, location } => write!(f, "spawned at {location}"),
            EventKind::PollStarted => f.write_str("polled"),
            EventKind::PollEnded { ready: true } => f.write_str("ready"),
            EventKind::PollEnded { ready: false } => f.write_str("pending"),
            EventKind::Registered { source, label } => write!(f, "registered {source} ({label})"),
            EventKind::Deregistered { source } => write!(f, "deregistered {source}"),
            EventKind::Waiting { source, direction, .. } => {
                write!(f, "pending on {source} ({direction})")
            }
            EventKind::WaitEnded { source, direction } => {
                write!(f, "no longer pending on {source} ({direction})")
            }
            EventKind::Joining { task, .. } => write!(f, "pending on the end of {task}"),
            EventKind::JoinEnded { task } => write!(f, "no longer pending on the end of {task}"),
            EventKind::Woken { by } => write!(f, "woken by {by}"),
            EventKind::Parked { timeout: None } => f.write_str("parked"),
            EventKind::Parked { timeout: Some(timeout) } => {
                write!(f, "parked for at most {timeout:?}")
            }
            EventKind::Unparked => f.write_str("unparked"),
            EventKind::OsEvent { source, readiness } => write!(f, "{source} is {readiness}"),
            EventKind::TimerSet { deadline: Some(_), .. } => f.write_str("pending on a timer"),
            EventKind::TimerSet { deadline: None, .. } => {
                f.write_str("pending on a timer, for ever")
            }
            EventKind::TimerFired => f.write_str("its timer has fired"),
            EventKind::TimerDropped { .. } => f.write_str("its timer is dropped"),
            EventKind::Finished => f.write_str("finished"),
            EventKind::Aborted => f.write_str("aborted"),
            EventKind::Panicked => f.write_str("panicked"),
            EventKind::Warned { warning, about } => write!(f, "warning, {about}: {warning}"),
        }
    }
}

impl EventKind {
    /// At which level the log shows it.
    fn level(&self) -> log::Level {
        match self {
            EventKind::Spawned { .. }
            | EventKind::Finished
            | EventKind::Aborted
            | EventKind::Panicked => log::Level::Debug,
            EventKind::Warned { .. } => log::Level::Warn,
            _ => log::Level::Trace,
        }
    }
}
