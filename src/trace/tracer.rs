//! Where the executor and the reactor report what happens.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::{Event, EventKind, Observer, Warning};
use crate::{clock::Clock, id::TaskId, user_code};

/// Passes events on to the log and to the observer.
pub(crate) struct Tracer {
    /// It goes with the executor, though sockets and join handles may live on.
    observer: RefCell<Option<Rc<dyn Observer>>>,
    is_observed: Cell<bool>,
    /// An event is being passed on. What the observer does meanwhile is not reported, or there
    /// would be no end.
    is_busy: Cell<bool>,
    /// The clock that gives an event its time.
    clock: Rc<Clock>,
}

impl Tracer {
    pub(crate) fn new(observer: Option<Box<dyn Observer>>, clock: Rc<Clock>) -> Tracer {
        Tracer {
            is_observed: Cell::new(observer.is_some()),
            observer: RefCell::new(observer.map(Rc::from)),
            is_busy: Cell::new(false),
            clock,
        }
    }

    pub(crate) fn clock(&self) -> &Rc<Clock> {
        &self.clock
    }

    /// Says whether events go anywhere.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_observed.get() || is_logged()
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.is_observed.get()
    }

    /// Reports what happened to `task`, or to the executor itself if it is `None`. Nothing may be
    /// borrowed: an observer is user code.
    #[inline]
    pub(crate) fn emit(&self, task: Option<TaskId>, kind: impl FnOnce() -> EventKind) {
        if self.is_on() {
            self.report(task, kind());
        }
    }

    /// Warns of a task, also if the other events go nowhere.
    pub(crate) fn warn(&self, task: TaskId, warning: Warning, about: &str) {
        self.report(Some(task), EventKind::Warned { warning, about: about.into() });
    }

    #[cold]
    fn report(&self, task: Option<TaskId>, kind: EventKind) {
        if self.is_busy.replace(true) {
            return;
        }
        let event = Event { when: self.clock.now(), task, kind };
        let observer = self.observer.borrow().clone();
        let result = user_code::call(|| {
            event.log();
            if let Some(observer) = observer {
                observer.on_event(&event);
            }
        });
        if let Err(payload) = result {
            user_code::report("an observer", payload);
        }
        self.is_busy.set(false);
    }

    /// Drops the observer: its executor is gone, and nothing more will happen.
    pub(crate) fn close(&self) {
        self.is_observed.set(false);
        let observer = self.observer.take();
        user_code::drop("an observer", observer);
    }
}

/// Says whether events are written to the log.
#[inline]
pub(crate) fn is_logged() -> bool {
    log::max_level() >= log::Level::Debug
}
