//! A step: an event as plain data, which may go to another thread.

use std::{
    collections::HashSet,
    panic::Location,
    time::{Duration, Instant},
};

use pizzaiolo::trace::{Cause, Direction, Event, EventKind, Readiness, SourceId, TaskId, Warning};

use super::state::State;

/// The call with which a wait began.
pub(crate) type Place = &'static Location<'static>;

/// Something that happened: when, to which task, and what.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) when: Instant,
    pub(crate) task: Option<TaskId>,
    pub(crate) what: What,
}

/// What happened. It mirrors [`EventKind`], without what belongs to one thread.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Spawned {
        name: Option<Box<str>>,
        place: &'static Location<'static>,
    },
    PollStarted,
    PollEnded {
        ready: bool,
    },
    Registered {
        source: SourceId,
        label: Box<str>,
    },
    Deregistered(SourceId),
    Waiting(SourceId, Direction, Place),
    WaitEnded(SourceId, Direction),
    Joining(TaskId, Place),
    JoinEnded(TaskId),
    Woken(Cause),
    Parked(Option<Duration>),
    Unparked,
    OsEvent(SourceId, Readiness),
    TimerSet(Option<Instant>, Place),
    TimerFired,
    TimerDropped(Option<Instant>),
    Finished,
    Aborted,
    Panicked,
    Warned(Warning),
    /// Events are missing here. The state behind them, if that is known.
    Gap {
        missing: u64,
        state: Option<Box<State>>,
    },
    /// An event of a kind that did not exist when this was written.
    Other,
}

impl Step {
    /// It begins or ends a task or a source, or warns: a task that misses one of these is shown wrongly for
    /// as long as it lives.
    pub(crate) fn begins_or_ends(&self) -> bool {
        matches!(
            self.what,
            What::Spawned { .. }
                | What::Finished
                | What::Aborted
                | What::Panicked
                | What::Registered { .. }
                | What::Deregistered(_)
                | What::Warned(_)
        )
    }

    /// Adds the tasks and the sockets that it mentions.
    pub(crate) fn mentions(&self, tasks: &mut HashSet<TaskId>, sources: &mut HashSet<SourceId>) {
        tasks.extend(self.task);
        match &self.what {
            What::Woken(Cause::Task(other)) | What::Joining(other, _) | What::JoinEnded(other) => {
                tasks.insert(*other);
            }
            What::Registered { source, .. }
            | What::Deregistered(source)
            | What::Waiting(source, ..)
            | What::WaitEnded(source, _)
            | What::OsEvent(source, _)
            | What::Woken(Cause::Source(source, _)) => {
                sources.insert(*source);
            }
            _ => {}
        }
    }
}

impl From<&Event> for Step {
    fn from(event: &Event) -> Step {
        Step { when: event.when(), task: event.task(), what: What::from(event.kind()) }
    }
}

impl From<&EventKind> for What {
    fn from(kind: &EventKind) -> What {
        match kind {
            EventKind::Spawned { name, location, .. } => {
                What::Spawned { name: name.as_deref().map(Box::from), place: location }
            }
            EventKind::PollStarted => What::PollStarted,
            EventKind::PollEnded { ready, .. } => What::PollEnded { ready: *ready },
            EventKind::Registered { source, label, .. } => {
                What::Registered { source: *source, label: Box::from(&**label) }
            }
            EventKind::Deregistered { source, .. } => What::Deregistered(*source),
            EventKind::Waiting { source, direction, location, .. } => {
                What::Waiting(*source, *direction, location)
            }
            EventKind::WaitEnded { source, direction, .. } => What::WaitEnded(*source, *direction),
            EventKind::Joining { task, location, .. } => What::Joining(*task, location),
            EventKind::JoinEnded { task, .. } => What::JoinEnded(*task),
            EventKind::Woken { by, .. } => What::Woken(*by),
            EventKind::Parked { timeout, .. } => What::Parked(*timeout),
            EventKind::Unparked => What::Unparked,
            EventKind::OsEvent { source, readiness, .. } => What::OsEvent(*source, *readiness),
            EventKind::TimerSet { deadline, location, .. } => What::TimerSet(*deadline, location),
            EventKind::TimerFired => What::TimerFired,
            EventKind::TimerDropped { deadline, .. } => What::TimerDropped(*deadline),
            EventKind::Finished => What::Finished,
            EventKind::Aborted => What::Aborted,
            EventKind::Panicked => What::Panicked,
            EventKind::Warned { warning, .. } => What::Warned(*warning),
            _ => What::Other,
        }
    }
}

/// A step with names takes no more room than one without: it is copied into a channel.
const _: () = assert!(size_of::<Step>() <= 64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_may_go_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Step>();
    }
}
