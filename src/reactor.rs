//! The reactor: mio tells it which sockets are ready, and it wakes the tasks that wait for them.
//!
//! It is the original's `select` with its two dictionaries, `_read_waiting` and `_write_waiting`.
//! A socket is registered once, for both directions, edge-triggered, until it is dropped. mio's
//! token is the [`Key`](crate::slots::Key) of the socket's place, with a generation: an event that
//! comes for a socket that is gone meanwhile touches nobody.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    time::Duration,
};

use mio::{Events, Interest, Registry, Token, event::Event};

use crate::{
    id::{Direction, Readiness, SourceId, TaskId},
    registration::Source,
    slots::Slots,
    sync::{Poll, Waker},
    trace::{Cause, EventKind, Tracer},
    turn::Turn,
    waiters::Woken,
};

/// How many events one look at the OS brings at most. More than that come with the next look; at
/// 1,024 the look costs little beside the work that it brings.
const EVENTS_A_LOOK: usize = 1024;

/// The token of mio's waker, which no socket ever has: the index in it is reserved.
const BELL: Token = Token(usize::MAX);

/// What every source is watched for.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);
/// epoll tells of an urgent byte only if it is asked to.
#[cfg(any(target_os = "linux", target_os = "android"))]
const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);

pub(crate) struct Reactor {
    poll: RefCell<Poll>,
    /// Where mio writes the events. Taken out while they are handed out.
    events: Cell<Option<Events>>,
    sources: RefCell<Slots<Option<Rc<Source>>>>,
    /// The executor is going away: nobody is woken any more.
    closed: Cell<bool>,
    tracer: Rc<Tracer>,
    turn: Rc<Turn>,
}

impl Reactor {
    /// # Errors
    ///
    /// The OS's, when it has no more descriptors to give.
    pub(crate) fn new(tracer: Rc<Tracer>, turn: Rc<Turn>) -> io::Result<Reactor> {
        Ok(Reactor {
            poll: RefCell::new(Poll::new()?),
            events: Cell::new(Some(Events::with_capacity(EVENTS_A_LOOK))),
            sources: RefCell::new(Slots::new()),
            closed: Cell::new(false),
            tracer,
            turn,
        })
    }

    /// Makes the bell that ends a [`look`](Reactor::look) from another thread.
    pub(crate) fn bell(&self) -> io::Result<Waker> {
        Waker::new(self.poll.borrow().registry(), BELL)
    }

    /// Takes a socket in; `register` makes mio's call for it.
    pub(crate) fn register(
        self: &Rc<Self>,
        register: impl FnOnce(&Registry, Token, Interest) -> io::Result<()>,
    ) -> io::Result<Rc<Source>> {
        let source = {
            let mut sources = self.sources.borrow_mut();
            let (key, place) = sources.claim();
            let (turn, tracer) = (Rc::clone(&self.turn), Rc::clone(&self.tracer));
            let source = Source::new(SourceId(key), Rc::downgrade(self), turn, tracer);
            let source = Rc::new(source);
            *place = Some(Rc::clone(&source));
            source
        };
        let key = source.id().0;
        match register(self.poll.borrow().registry(), Token(key.to_token()), INTEREST) {
            Ok(()) => Ok(source),
            Err(error) => {
                self.sources.borrow_mut().remove(key);
                Err(error)
            }
        }
    }

    /// Lets a socket go; `deregister` makes mio's call for it. The place is free whatever that
    /// call returns.
    pub(crate) fn deregister(
        &self,
        id: SourceId,
        deregister: impl FnOnce(&Registry) -> io::Result<()>,
    ) -> io::Result<()> {
        let source = self.sources.borrow_mut().remove(id.0);
        drop(source);
        deregister(self.poll.borrow().registry())
    }

    /// Whether the executor is going away.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether any socket is registered.
    pub(crate) fn has_sources(&self) -> bool {
        self.sources.borrow().len() > 0
    }

    /// Whether anybody waits for a socket.
    pub(crate) fn has_waiters(&self) -> bool {
        let has = |source: &Source| {
            !source.waiters(Direction::Read).is_empty()
                || !source.waiters(Direction::Write).is_empty()
        };
        self.sources.borrow().iter().any(|(_, source)| source.as_deref().is_some_and(has))
    }

    /// Who waits for which direction of which socket.
    pub(crate) fn waiting(&self) -> Vec<(Option<TaskId>, SourceId, Direction)> {
        let mut waiting = Vec::new();
        for (key, source) in self.sources.borrow().iter() {
            let Some(source) = source else { continue };
            for direction in [Direction::Read, Direction::Write] {
                let tasks = source.waiters(direction).tasks().into_iter();
                waiting.extend(tasks.map(|task| (task, SourceId(key), direction)));
            }
        }
        waiting
    }

    /// Asks the OS who is ready, sleeping for `timeout` at most (`None`: until something comes),
    /// and wakes who waits for that. A signal ends the sleep early; the caller comes back with
    /// what is then left of its time.
    pub(crate) fn look(&self, timeout: Option<Duration>) {
        let Some(mut events) = self.events.take() else {
            // Only a waker that runs the executor from inside a wake gets here.
            return;
        };
        let result = self.poll.borrow_mut().poll(&mut events, timeout);
        match result {
            Ok(()) => self.hand_out(&events),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What is left are a bad descriptor, address or argument: mistakes of ours.
            Err(error) => panic!("the reactor cannot ask the OS for events: {error}"),
        }
        self.events.set(Some(events));
    }

    fn hand_out(&self, events: &Events) {
        for event in events {
            let readiness = readiness_of(event);
            if self.tracer.is_on() {
                self.tell(event.token(), readiness);
            }
            // What is found is taken out before anybody is woken: a wake may be foreign code, and
            // drop the socket.
            let (id, readers, writers) = {
                let sources = self.sources.borrow();
                let Some((_, Some(source))) = sources.find(event.token().0) else { continue };
                source.set_ready(readiness);
                let take = |direction| {
                    readiness.is_ready(direction).then(|| source.waiters(direction).take())
                };
                (source.id(), take(Direction::Read), take(Direction::Write))
            };
            self.wake(Cause::Source(id, Direction::Read), readers);
            self.wake(Cause::Source(id, Direction::Write), writers);
        }
    }

    #[cold]
    fn tell(&self, token: Token, readiness: Readiness) {
        let found = self.sources.borrow().find(token.0).map(|(key, _)| SourceId(key));
        if let Some(source) = found {
            self.tracer.emit(None, || EventKind::OsEvent { source, readiness });
        }
    }

    fn wake(&self, cause: Cause, woken: Option<Woken>) {
        if let Some(woken) = woken.filter(|woken| !woken.is_empty()) {
            let _running = self.turn.enter(cause);
            woken.wake();
        }
    }

    /// Tells every socket that its executor is gone, and wakes who waits for it.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let sources: Vec<Rc<Source>> =
            self.sources.borrow().iter().filter_map(|(_, source)| source.clone()).collect();
        for source in sources {
            source.set_gone();
            for direction in [Direction::Read, Direction::Write] {
                let waiters = Some(source.waiters(direction).take());
                self.wake(Cause::Source(source.id(), direction), waiters);
            }
        }
    }
}

/// Translates mio's event. A half that is closed is ready: the next operation reports the end or
/// the error. `RDHUP`, where the peer has only ended its own half, says nothing about writing.
fn readiness_of(event: &Event) -> Readiness {
    let mut readiness = Readiness::NONE;
    if event.is_readable() {
        readiness = readiness.with(Readiness::READ);
    }
    if event.is_writable() {
        readiness = readiness.with(Readiness::WRITE);
    }
    if event.is_read_closed() {
        readiness = readiness.with(Readiness::READ).with(Readiness::READ_CLOSED);
    }
    if event.is_write_closed() {
        readiness = readiness.with(Readiness::WRITE).with(Readiness::WRITE_CLOSED);
    }
    if event.is_priority() {
        readiness = readiness.with(Readiness::READ).with(Readiness::URGENT);
    }
    if event.is_error() {
        readiness = readiness.with(Readiness::READ).with(Readiness::WRITE);
    }
    readiness
}
