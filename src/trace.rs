//! What happens in an executor, as events in fixed words.
//!
//! Each step that a learner would want to see is one [`EventKind`]. With the level of the `log`
//! crate at trace, every event is one line; at debug, only the beginning and the end of each task.

use std::{cell::Cell, fmt, panic::Location, time::Duration};

use crate::id::{Direction, SourceId, TaskId};

/// Who called wake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// The task that was running, or the root future.
    Task(TaskId),
    /// The reactor, because of this socket and direction.
    Source(SourceId, Direction),
    /// A timer whose time has come.
    Timer,
    /// Code on the executor's thread that is no task: its creation, or its end.
    Executor,
    /// Another thread.
    OtherThread,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Task(task) => task.fmt(f),
            Cause::Source(source, direction) => write!(f, "{source} ({direction})"),
            Cause::Timer => f.write_str("a timer"),
            Cause::Executor => f.write_str("the executor"),
            Cause::OtherThread => f.write_str("another thread"),
        }
    }
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EventKind {
    /// A task was made, by the call at this place.
    Spawned(&'static Location<'static>),
    /// A task's turn began.
    PollStarted,
    /// A task's turn ended.
    PollEnded { ready: bool },
    /// A socket was registered with mio.
    Registered(SourceId),
    /// The task has to wait for a socket.
    Waiting(SourceId, Direction),
    /// The task was put into the queue of those that are ready.
    Woken { by: Cause },
    /// Nothing is ready: the thread sleeps, for this long at most.
    Parked { timeout: Option<Duration> },
    /// The thread does not sleep any more.
    Unparked,
    /// The OS said that a socket is ready.
    OsEvent { source: SourceId, read: bool, write: bool },
    /// The task has to wait for a timer.
    TimerSet,
    /// A timer's time has come.
    TimerFired,
    /// A task's future has returned its output.
    Finished,
    /// A task's future was dropped before it was ready.
    Aborted,
    /// A task's future has panicked.
    Panicked,
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventKind::Spawned(place) => write!(f, "spawned at {place}"),
            EventKind::PollStarted => f.write_str("polled"),
            EventKind::PollEnded { ready: true } => f.write_str("ready"),
            EventKind::PollEnded { ready: false } => f.write_str("pending"),
            EventKind::Registered(source) => write!(f, "registered {source}"),
            EventKind::Waiting(source, direction) => {
                write!(f, "pending on {source} ({direction})")
            }
            EventKind::Woken { by } => write!(f, "woken by {by}"),
            EventKind::Parked { timeout: None } => f.write_str("parked"),
            EventKind::Parked { timeout: Some(timeout) } => {
                write!(f, "parked for at most {timeout:?}")
            }
            EventKind::Unparked => f.write_str("unparked"),
            EventKind::OsEvent { source, read, write } => {
                let ready = match (read, write) {
                    (true, true) => "readable and writable",
                    (true, false) => "readable",
                    (false, true) => "writable",
                    (false, false) => "nothing",
                };
                write!(f, "{source} is {ready}")
            }
            EventKind::TimerSet => f.write_str("pending on a timer"),
            EventKind::TimerFired => f.write_str("its timer has fired"),
            EventKind::Finished => f.write_str("finished"),
            EventKind::Aborted => f.write_str("aborted"),
            EventKind::Panicked => f.write_str("panicked"),
        }
    }
}

impl EventKind {
    fn level(self) -> log::Level {
        match self {
            EventKind::Spawned(_)
            | EventKind::Finished
            | EventKind::Aborted
            | EventKind::Panicked => log::Level::Debug,
            _ => log::Level::Trace,
        }
    }
}

/// Where the parts of one executor tell what happens.
pub(crate) struct Tracer {
    /// The code that runs now, and so the cause of a wake that comes now.
    running: Cell<Cause>,
}

impl Tracer {
    pub(crate) const fn new() -> Tracer {
        Tracer { running: Cell::new(Cause::Executor) }
    }

    /// Whether anybody listens.
    #[inline]
    #[expect(clippy::unused_self, reason = "an observer will be asked here too")]
    pub(crate) fn is_on(&self) -> bool {
        log::max_level() >= log::Level::Debug
    }

    /// Tells what happened to `task`, or to the executor itself if it is `None`.
    #[inline]
    pub(crate) fn emit(&self, task: Option<TaskId>, kind: EventKind) {
        if self.is_on() {
            Tracer::write(task, kind);
        }
    }

    #[cold]
    fn write(task: Option<TaskId>, kind: EventKind) {
        match task {
            Some(task) => log::log!(target: "pizzaiolo", kind.level(), "{task}: {kind}"),
            None => log::log!(target: "pizzaiolo", kind.level(), "executor: {kind}"),
        }
    }

    /// Who runs now.
    pub(crate) fn running(&self) -> Cause {
        self.running.get()
    }

    /// Says who runs, until the guard is dropped.
    pub(crate) fn enter(&self, cause: Cause) -> Running<'_> {
        Running { tracer: self, before: self.running.replace(cause) }
    }

    /// The task that runs now.
    pub(crate) fn running_task(&self) -> Option<TaskId> {
        match self.running.get() {
            Cause::Task(task) => Some(task),
            _ => None,
        }
    }
}

/// As long as it lives, what happens is its cause's doing. Then, also after a panic, it is that of
/// whoever ran before.
pub(crate) struct Running<'a> {
    tracer: &'a Tracer,
    before: Cause,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.tracer.running.set(self.before);
    }
}
