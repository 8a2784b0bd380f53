//! Where the parts of one executor tell what happens.

use std::{cell::Cell, rc::Rc};

use super::{Event, EventKind, Observer, Warning};
use crate::{clock::Clock, foreign, id::TaskId};

/// Passes events on to the log and to the observer.
pub(crate) struct Tracer {
    observer: Option<Box<dyn Observer>>,
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
        let looks_at_polls = observer.is_some() || lints;
        Tracer { observer, looks_at_polls, telling: Cell::new(false), clock }
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
        !cfg!(unwatched) && (self.observer.is_some() || is_logged())
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

/// Whether events are written to the log.
#[inline]
fn is_logged() -> bool {
    log::max_level() >= log::Level::Debug
}
