//! Where the parts of one executor tell what happens.

use std::{cell::Cell, rc::Rc};

use super::{Event, EventKind, Observer, Warning};
use crate::{clock::Clock, foreign, id::TaskId};

/// Passes events on to the log and to the observer.
pub(crate) struct Tracer {
    observer: Option<Box<dyn Observer>>,
    /// Somebody is being told: what they do meanwhile is not reported, or there would be no end.
    telling: Cell<bool>,
    /// What an event's time is read from.
    clock: Rc<Clock>,
}

impl Tracer {
    pub(crate) fn new(observer: Option<Box<dyn Observer>>, clock: Rc<Clock>) -> Tracer {
        Tracer { observer, telling: Cell::new(false), clock }
    }

    /// Whether anybody listens. (A build under `--cfg unwatched` never asks: it is there to measure
    /// what asking costs, see `benches/README.md`.)
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        !cfg!(unwatched) && (self.observer.is_some() || log::max_level() >= log::Level::Debug)
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
        let told = foreign::call(|| {
            log::log!(target: "pizzaiolo", event.kind.level(), "{event}");
            if let Some(observer) = &self.observer {
                observer.on_event(&event);
            }
        });
        if let Err(payload) = told {
            foreign::report("an observer", payload);
        }
        self.telling.set(false);
    }
}
