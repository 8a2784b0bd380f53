//! Lints: warnings of tasks that keep the others waiting.
//!
//! They are an [`Observer`] like any other. It is called before the user's observer, and passes on what it is
//! called with, and its own warnings.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

use crate::{
    executor::shared::Shared,
    id::TaskId,
    slab::SecondaryMap,
    trace::{Cause, Event, EventKind, Observer, Warning},
};

/// How long a poll may take before the lint warns, unless the builder says otherwise. It is what a
/// person notices.
const SLOW_POLL: Duration = Duration::from_millis(100);

/// A task counts as a busy loop only after this many polls.
const POLLS_TO_JUDGE: u32 = 64;

pub(super) struct Lints {
    observer: Option<Box<dyn Observer>>,
    slow_poll: Duration,
    /// When the current poll began.
    started: Cell<Option<Instant>>,
    /// The task of the current poll has woken itself.
    has_woken_itself: Cell<bool>,
    /// The tasks that have woken themselves at least once, until they end.
    tasks: RefCell<SecondaryMap<SelfWakes>>,
    /// Knows the names of the tasks.
    shared: OnceCell<Weak<Shared>>,
}

#[derive(Default)]
struct SelfWakes {
    polls: u32,
    /// How many of these polls have woken the task itself.
    woken: u32,
    is_reported: bool,
}

/// Puts the lints before an observer, if they are wanted: they are with an observer.
pub(super) fn around(
    observer: Option<Box<dyn Observer>>,
    lints: bool,
    slow_poll: Option<Duration>,
) -> (Option<Box<dyn Observer>>, Option<Rc<Lints>>) {
    if observer.is_none() && !lints && slow_poll.is_none() {
        return (None, None);
    }
    let lints = Rc::new(Lints {
        observer,
        slow_poll: slow_poll.unwrap_or(SLOW_POLL),
        started: Cell::new(None),
        has_woken_itself: Cell::new(false),
        tasks: RefCell::new(SecondaryMap::new()),
        shared: OnceCell::new(),
    });
    (Some(Box::new(Rc::clone(&lints))), Some(lints))
}

impl Lints {
    /// Says whose tasks they are: the executor is made after its observer.
    pub(super) fn set_tasks(&self, shared: &Rc<Shared>) {
        let _ = self.shared.set(Rc::downgrade(shared));
    }

    fn pass_on(&self, event: &Event) {
        if let Some(observer) = &self.observer {
            observer.on_event(event);
        }
    }

    fn warn(&self, event: &Event, id: TaskId, warning: Warning) {
        let shared = self.shared.get().and_then(Weak::upgrade);
        let about = shared.map(|shared| shared.tasks.describe(id)).unwrap_or_default();
        let kind = EventKind::Warned { warning, about: about.into() };
        let event = Event::new(event.when(), Some(id), kind);
        event.log();
        self.pass_on(&event);
    }

    fn poll_ended(&self, event: &Event, id: TaskId) {
        let took = self.started.take().map_or(Duration::ZERO, |started| started.elapsed());
        if took > self.slow_poll {
            self.warn(event, id, Warning::SlowPoll(took));
        }
        if self.is_busy_loop(id) {
            self.warn(event, id, Warning::WakesItself);
        }
    }

    /// Counts a poll. True if it is time to warn, which is once.
    fn is_busy_loop(&self, id: TaskId) -> bool {
        let (mut tasks, woken) = (self.tasks.borrow_mut(), self.has_woken_itself.take());
        if !woken && tasks.get(id.0).is_none() {
            return false;
        }
        let task = tasks.get_or_insert_with(id.0, SelfWakes::default);
        task.polls = task.polls.saturating_add(1);
        task.woken = task.woken.saturating_add(u32::from(woken));
        let often = task.polls >= POLLS_TO_JUDGE && task.woken > task.polls / 2;
        often && !std::mem::replace(&mut task.is_reported, true)
    }
}

impl Observer for Lints {
    fn on_event(&self, event: &Event) {
        match (event.kind(), event.task()) {
            (EventKind::PollStarted, _) => {
                self.pass_on(event);
                self.has_woken_itself.set(false);
                // Last, so that what the observer does is no part of the poll.
                self.started.set(Some(Instant::now()));
                return;
            }
            (EventKind::PollEnded { .. }, Some(id)) => self.poll_ended(event, id),
            (EventKind::Woken { by: Cause::Task(by) }, Some(id)) if *by == id => {
                self.has_woken_itself.set(true);
            }
            (EventKind::Finished | EventKind::Aborted | EventKind::Panicked, Some(id)) => {
                self.tasks.borrow_mut().remove(id.0);
            }
            _ => {}
        }
        self.pass_on(event);
    }
}
