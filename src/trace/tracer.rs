//! Where the parts of one executor tell what happens.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::{Event, EventKind, Observer, Warning};
use crate::{clock::Clock, foreign, id::TaskId};

/// Passes events on to the log and to the observer.
pub(crate) struct Tracer {
    /// Gone with the executor, though what shares this with it may live on.
    observer: RefCell<Option<Rc<dyn Observer>>>,
    /// There is an observer.
    is_observed: Cell<bool>,
    /// Each poll is looked at: by the observer, or by the lints.
    looks_at_polls: bool,
    /// Somebody is being told: what they do meanwhile is not reported, or there would be no end.
    telling: Cell<bool>,
    /// What an event's time is read from.
    clock: Rc<Clock>,
}

impl Tracer {
    pub(crate) fn new(
        observer: Option<Box<dyn Observer>>,
        lints: bool,
        clock: Rc<Clock>,
    ) -> Tracer {
        let is_observed = observer.is_some();
        Tracer {
            observer: RefCell::new(observer.map(Rc::from)),
            is_observed: Cell::new(is_observed),
            looks_at_polls: is_observed || lints,
            telling: Cell::new(false),
            clock,
        }
    }

    /// Whether anybody looks at each poll.
    #[inline]
    pub(crate) fn looks_at_polls(&self) -> bool {
        !cfg!(unwatched) && (self.looks_at_polls || is_logged())
    }

    /// Whether anybody listens. (A build under `--cfg unwatched` never asks: it is there to measure
    /// what asking costs, see `benches/README.md`.)
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        !cfg!(unwatched) && (self.is_observed.get() || is_logged())
    }

    /// Tells what happened to `task`, or to the executor itself if it is `None`. Nothing may be
    /// borrowed: who listens is foreign code.
    #[inline]
    pub(crate) fn emit(&self, task: Option<TaskId>, kind: impl FnOnce() -> EventKind) {
        if self.is_on() {
            self.tell(task, kind());
        }
    }

    /// Warns of a task, whether anybody listens to the other events or not.
    pub(crate) fn warn(&self, task: TaskId, warning: Warning, about: &str) {
        self.tell(Some(task), EventKind::Warned { warning, about: about.into() });
    }

    #[cold]
    fn tell(&self, task: Option<TaskId>, kind: EventKind) {
        if self.telling.replace(true) {
            return;
        }
        let event = Event { when: self.clock.now(), task, kind };
        let observer = self.observer.borrow().clone();
        let told = foreign::call(|| {
            log::log!(target: "pizzaiolo", event.kind.level(), "{event}");
            if let Some(observer) = observer {
                observer.on_event(&event);
            }
        });
        if let Err(payload) = told {
            foreign::report("an observer", payload);
        }
        self.telling.set(false);
    }

    /// Lets the observer go: its executor is gone, and there is nothing more to tell.
    pub(crate) fn close(&self) {
        self.is_observed.set(false);
        let observer = self.observer.take();
        foreign::drop("an observer", observer);
    }
}

/// Whether events are written to the log.
#[inline]
fn is_logged() -> bool {
    log::max_level() >= log::Level::Debug
}
