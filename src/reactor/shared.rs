//! What a reactor consists of: mio's poll, the sources, the timers and the clock.
//!
//! Sockets and timers reach it through the thread-local of [`entered`](super::entered), and keep a
//! weak reference.

use std::{
    cell::{Cell, RefCell},
    io, mem,
    rc::Rc,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Registry, Token};

use super::{
    source::{Source, readiness_of},
    timers::Timers,
    unparker::Unparker,
};
use crate::{
    clock::Clock,
    current,
    id::{Direction, Readiness, SourceId, TaskId},
    slab::{SecondaryMap, Slab},
    trace::{Cause, EventKind, Tracer},
    user_code,
};

/// How many events one poll of the OS brings at most. More than that come with the next one.
const EVENTS_A_POLL: usize = 1024;

/// The token of the unparker. No source has it: the highest index has no token.
const UNPARK: Token = Token(usize::MAX);

/// The longest sleep that the OS is asked for: some count in 32 bits of milliseconds.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// What every source is registered for. epoll reports an urgent byte only if it is asked to.
const INTEREST: Interest = if cfg!(any(target_os = "linux", target_os = "android")) {
    Interest::READABLE.add(Interest::WRITABLE).add(PRIORITY)
} else {
    Interest::READABLE.add(Interest::WRITABLE)
};
#[cfg(any(target_os = "linux", target_os = "android"))]
const PRIORITY: Interest = Interest::PRIORITY;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const PRIORITY: Interest = Interest::READABLE;

/// Makes mio's call that registers a source.
pub(crate) type Register<'a> = dyn FnMut(&Registry, Token, Interest) -> io::Result<()> + 'a;

pub(crate) struct Shared {
    poll: RefCell<Poll>,
    /// Where mio writes the events. Taken out while wakers are called.
    events: Cell<Option<Events>>,
    /// Events whose wakes may run code of the user. Empty but while that happens.
    batch: RefCell<Vec<(Rc<Source>, Readiness)>>,
    /// The tokens of the sources that were woken, and so may keep a waker that is idle; each once.
    woken: RefCell<Vec<usize>>,
    /// Counts the wakers that the sources keep and that are idle.
    idle_wakers: Rc<Cell<usize>>,
    sources: RefCell<Slab<Rc<Source>>>,
    /// For each task: the sources in whose slot for polls it waits. The slots are emptied when the task ends.
    polled: RefCell<SecondaryMap<Vec<(SourceId, Direction)>>>,
    pub(crate) timers: Rc<Timers>,
    pub(crate) clock: Rc<Clock>,
    pub(crate) tracer: Rc<Tracer>,
    unparker: Unparker,
    /// The reactor is gone, or going: nothing will be woken any more.
    is_closed: Cell<bool>,
}

impl Shared {
    pub(super) fn new(clock: Rc<Clock>, tracer: Rc<Tracer>) -> io::Result<Shared> {
        let poll = Poll::new()?;
        Ok(Shared {
            unparker: Unparker::new(poll.registry(), UNPARK)?,
            poll: RefCell::new(poll),
            events: Cell::new(Some(Events::with_capacity(EVENTS_A_POLL))),
            batch: RefCell::default(),
            woken: RefCell::default(),
            idle_wakers: Rc::default(),
            sources: RefCell::new(Slab::new()),
            polled: RefCell::new(SecondaryMap::new()),
            timers: Rc::new(Timers::new(Rc::clone(&tracer))),
            clock,
            tracer,
            is_closed: Cell::new(false),
        })
    }

    pub(super) fn unparker(&self) -> &Unparker {
        &self.unparker
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    #[cfg(unix)]
    pub(super) fn with_registry<R>(&self, f: impl FnOnce(&Registry) -> R) -> R {
        f(self.poll.borrow().registry())
    }

    // Sources.

    /// Registers a source.
    pub(super) fn register(&self, register: &mut Register) -> io::Result<Rc<Source>> {
        let make = |key| Rc::new(Source::new(SourceId(key), Rc::clone(&self.idle_wakers)));
        let key = self.sources.borrow_mut().insert_with(make);
        let mut undo = Unregister { shared: self, id: Some(SourceId(key)) };
        let Some(token) = key.to_token() else {
            return Err(io::Error::other("more sources than a token can name on this platform"));
        };
        // That may be user code: the slab is not borrowed.
        register(self.poll.borrow().registry(), Token(token), INTEREST)?;
        undo.id = None;
        let source = self.sources.borrow().get(key).map(Rc::clone);
        source.ok_or_else(|| io::Error::other("the reactor was closed meanwhile"))
    }

    /// Removes a source, with all that waits for it; `deregister` makes mio's call. The entry is
    /// free whatever that call returns.
    pub(super) fn deregister(
        &self,
        source: &Source,
        deregister: &mut dyn FnMut(&Registry) -> io::Result<()>,
    ) -> io::Result<()> {
        self.remove(source);
        let result = deregister(self.poll.borrow().registry());
        self.tracer.emit(current::task(), || EventKind::Deregistered { source: source.id() });
        result
    }

    fn remove(&self, source: &Source) {
        drop(self.sources.borrow_mut().remove(source.id().0));
        // The batch of events may keep the source alive, but nothing waits for it any more.
        source.clear();
    }

    pub(super) fn source_count(&self) -> usize {
        self.sources.borrow().len()
    }

    /// Says whether any source is registered, or the unparker was called: so a poll of the OS may
    /// find something.
    pub(super) fn may_have_events(&self) -> bool {
        self.sources.borrow().len() > 0 || self.unparker.is_set()
    }

    pub(super) fn has_waiting_sources(&self) -> bool {
        self.sources.borrow().iter().any(|(_, source)| source.has_waiters())
    }

    /// Calls the first function with each task that waits for a source, and the second with each
    /// task that waits for a timer.
    pub(crate) fn for_each_waiting(
        &self,
        of_source: &mut dyn FnMut(TaskId, SourceId, Direction),
        of_timer: &mut dyn FnMut(TaskId, Option<Instant>),
    ) {
        for (_, source) in self.sources.borrow().iter() {
            for direction in Direction::BOTH {
                source
                    .for_each_task(direction, &mut |task| of_source(task, source.id(), direction));
            }
        }
        self.timers.for_each_task(of_timer);
    }

    /// Notes that a task waits in the slot for polls of a source.
    pub(super) fn note_polled(&self, task: TaskId, source: SourceId, direction: Direction) {
        let mut polled = self.polled.borrow_mut();
        let slots = polled.get_or_insert_with(task.0, Vec::new);
        if slots.len() >= 8 && slots.len().is_power_of_two() {
            // Sources that are gone make room, so that a task may use any number, one after another.
            let sources = self.sources.borrow();
            slots.retain(|(source, _)| sources.get(source.0).is_some());
        }
        slots.push((source, direction));
    }

    /// Takes a task out of the slots for polls, because it has ended.
    #[inline]
    pub(super) fn task_ended(&self, task: TaskId) {
        if !self.polled.borrow().is_unused() {
            self.leave_slots(task);
        }
    }

    #[cold]
    fn leave_slots(&self, task: TaskId) {
        let slots = self.polled.borrow_mut().remove(task.0);
        for (id, direction) in slots.into_iter().flatten() {
            let source = self.sources.borrow().get(id.0).map(Rc::clone);
            let waker = source.and_then(|source| source.end_polled(direction, task));
            user_code::drop("a waker that waited for a socket", waker);
        }
    }

    // Sleeping and waking.

    /// Waits for an event, for so long at most (`None`: without a limit), then calls the wakers. True
    /// if there was any event. A signal ends the sleep early.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> io::Result<bool> {
        let Some(mut events) = self.events.take() else {
            panic!(
                "`Reactor::park` was called from inside a wake of the same reactor: \
                 a waker must only note that it was called, and the loop parks afterwards"
            )
        };
        let timeout = timeout.map(|timeout| timeout.min(LONGEST_SLEEP));
        let result = match self.poll.borrow_mut().poll(&mut events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            result => result,
        };
        let any = !events.is_empty();
        if any {
            self.dispatch(&events);
        }
        self.events.set(Some(events));
        result.map(|()| any)
    }

    /// Stores the readiness of each event, and calls the wakers of the tasks that wait for it.
    ///
    /// Optimisation: a waker of our own executor runs no code of the user, so it is called at once. The
    /// other events are collected in a batch, and their wakers are called with nothing borrowed.
    fn dispatch(&self, events: &Events) {
        self.forget_removed();
        let (mut batch, is_observed) = (self.batch.take(), self.tracer.is_on());
        {
            let (sources, mut woken) = (self.sources.borrow(), self.woken.borrow_mut());
            for event in events {
                let token = event.token();
                let Some(source) = sources.find(token.0) else {
                    if token == UNPARK {
                        self.unparker.take();
                    }
                    continue;
                };
                let readiness = readiness_of(event);
                source.set_ready(readiness);
                if is_observed || !source.has_own_wakers_only() {
                    batch.push((Rc::clone(source), readiness));
                    continue;
                }
                if source.set_listed() {
                    woken.push(token.0);
                }
                for direction in Direction::BOTH {
                    if readiness.is_ready(direction) {
                        source.wake_first(direction);
                    }
                }
            }
        }
        // The others with nothing borrowed.
        for (source, readiness) in batch.drain(..) {
            self.wake_all_of(&source, readiness);
        }
        self.batch.replace(batch);
    }

    /// Reports the event, and wakes with it as the cause.
    #[cold]
    fn wake_all_of(&self, source: &Source, readiness: Readiness) {
        self.tracer.emit(None, || EventKind::OsEvent { source: source.id(), readiness });
        for direction in Direction::BOTH {
            if readiness.is_ready(direction) {
                let _cause = current::with_cause(Cause::Source(source.id(), direction));
                source.wake_all(direction);
            }
        }
    }

    /// Optimisation: forgets the woken sources that are gone. They are removed when they are at least
    /// half, so that each event pays a constant share.
    fn forget_removed(&self) {
        let (mut woken, sources) = (self.woken.borrow_mut(), self.sources.borrow());
        if woken.len() > EVENTS_A_POLL + 2 * sources.len() {
            woken.retain(|token| sources.find(*token).is_some());
        }
    }

    /// Drops the wakers that are kept and idle, and calls `f` with the task of each, which may have
    /// nothing left to wake it.
    pub(super) fn drop_idle(&self, f: &mut dyn FnMut(TaskId)) {
        if self.idle_wakers.get() == 0 {
            return;
        }
        let mut woken = self.woken.take();
        for token in woken.drain(..) {
            // `f` may be user code: nothing is borrowed.
            let tasks = self.sources.borrow().find(token).map(|source| source.drop_idle());
            tasks.into_iter().flatten().flatten().for_each(&mut *f);
        }
        // The memory is used again.
        woken.shrink_to(EVENTS_A_POLL);
        woken.append(&mut self.woken.borrow_mut());
        self.woken.replace(woken);
    }

    /// Reads the clock, fires the timers whose deadline has come, and gives the memory of a crowd of timers or
    /// sources back.
    pub(crate) fn tick(&self) {
        let now = self.clock.tick();
        if !self.timers.is_empty() {
            self.timers.fire(now);
        }
        self.timers.shrink();
        self.sources.borrow_mut().shrink();
    }

    /// Marks the reactor as closed: from here on, a wait that begins fails.
    pub(super) fn set_closed(&self) {
        self.is_closed.set(true);
    }

    /// Wakes all that wait, and drops their wakers. Call it again if that has begun new waits.
    pub(super) fn wake_all(&self) {
        let sources: Vec<_> = self.sources.borrow().iter().map(|(_, it)| Rc::clone(it)).collect();
        for source in sources {
            for direction in Direction::BOTH {
                let _cause = current::with_cause(Cause::Source(source.id(), direction));
                source.wake_all(direction);
            }
            source.drop_idle();
        }
        self.timers.close();
        drop(mem::replace(&mut *self.polled.borrow_mut(), SecondaryMap::new()));
    }
}

/// Removes a source that could not be registered, also if that has panicked.
struct Unregister<'a> {
    shared: &'a Shared,
    id: Option<SourceId>,
}

impl Drop for Unregister<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            drop(self.shared.sources.borrow_mut().remove(id.0));
        }
    }
}

#[cfg(all(test, not(loom), target_pointer_width = "32"))]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// A token of 32 bits has 20 for the index.
    #[test]
    fn a_source_that_no_token_can_name_is_an_error_and_collides_with_none() {
        let clock = Rc::new(Clock::new(false));
        let tracer = Rc::new(Tracer::new(None, Rc::clone(&clock)));
        let shared = Shared::new(clock, tracer).expect("a reactor");
        let mut tokens = HashSet::from([UNPARK]);
        let mut register = |_: &Registry, token, _| {
            assert!(tokens.insert(token), "{token:?} names two sources");
            Ok(())
        };
        let most = (1 << 20) - 1;
        let sources: Vec<_> =
            (0..most).map(|_| shared.register(&mut register).expect("a token")).collect();
        assert!(shared.register(&mut register).is_err());
        assert_eq!(shared.source_count(), most);

        // When one goes, there is a token again.
        shared.deregister(&sources[7], &mut |_| Ok(())).expect("nothing fails");
        assert!(shared.register(&mut register).is_ok());
    }
}
