//! The reactor: mio tells it which sockets are ready, and it wakes the tasks that wait for them.
//!
//! It runs on the executor's thread, between polls. So it queues a task that waits by its name
//! itself, and calls a waker only where one was left.
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
    foreign,
    home::Home,
    id::{Direction, Readiness, SourceId, TaskId},
    registration::Source,
    slots::Slots,
    sync::{Poll, Waker},
    table::WaitsFor,
    trace::{Cause, EventKind},
};

/// How many events one look at the OS brings at most. More than that come with the next look; at
/// 1,024 the look costs little beside the work that it brings.
const EVENTS_A_LOOK: usize = 1024;

/// How many accepted streams in a row register before they read, after one that read in vain.
/// Then one tries again: that costs a sixteenth of a call a stream, and tells soon enough that
/// clients have become faster than the server.
const SILENT_STREAMS: u32 = 16;

/// The token of mio's waker, which no socket ever has: the index in it is reserved.
const BELL: Token = Token(usize::MAX);

/// What every source is watched for.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);
/// epoll tells of an urgent byte only if it is asked to.
#[cfg(any(target_os = "linux", target_os = "android"))]
const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);

/// Makes mio's call that registers a socket.
pub(crate) type Register<'a> = dyn FnMut(&Registry, Token, Interest) -> io::Result<()> + 'a;

/// Makes the bell that ends a [`look`](Reactor::look) from another thread.
pub(crate) fn bell(poll: &Poll) -> io::Result<Waker> {
    Waker::new(poll.registry(), BELL)
}

pub(crate) struct Reactor {
    poll: RefCell<Poll>,
    /// Where mio writes the events. Taken out while they are handed out.
    events: Cell<Option<Events>>,
    sources: RefCell<Slots<Option<Rc<Source>>>>,
    /// How many accepted streams are still to register before they read.
    silent: Cell<u32>,
    /// The executor that it belongs to, whose tasks may wait.
    home: Rc<Home>,
}

impl Reactor {
    pub(crate) fn new(poll: Poll, home: Rc<Home>) -> Reactor {
        Reactor {
            poll: RefCell::new(poll),
            events: Cell::new(Some(Events::with_capacity(EVENTS_A_LOOK))),
            sources: RefCell::new(Slots::new()),
            silent: Cell::new(0),
            home,
        }
    }

    /// Takes a socket in.
    pub(crate) fn register(self: &Rc<Self>, register: &mut Register) -> io::Result<Rc<Source>> {
        let source = {
            let mut sources = self.sources.borrow_mut();
            let (key, place) = sources.claim(|_| None);
            let (reactor, home) = (Rc::downgrade(self), Rc::clone(&self.home));
            let source = Rc::new(Source::new(SourceId(key), reactor, home));
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
        deregister: &mut dyn FnMut(&Registry) -> io::Result<()>,
    ) -> io::Result<()> {
        let source = self.sources.borrow_mut().remove(id.0);
        drop(source);
        deregister(self.poll.borrow().registry())
    }

    /// Notes that an accepted stream was read in vain.
    pub(crate) fn expect_silence(&self) {
        self.silent.set(SILENT_STREAMS - 1);
    }

    /// Whether a stream that was accepted just now would be read in vain, as far as can be told
    /// from those before it. To be asked once for each.
    pub(crate) fn expects_silence(&self) -> bool {
        let left = self.silent.get();
        self.silent.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether any socket is registered.
    pub(crate) fn has_sources(&self) -> bool {
        self.sources.borrow().len() > 0
    }

    /// Whether anybody waits for a socket.
    pub(crate) fn has_waiters(&self) -> bool {
        for (_, source) in self.sources.borrow().iter() {
            let Some(source) = source else { continue };
            if !source.is_free(Direction::Read) || !source.is_free(Direction::Write) {
                return true;
            }
        }
        false
    }

    /// Tells which task waits for which direction of which socket.
    pub(crate) fn tell_waits(&self, tell: &mut dyn FnMut(TaskId, WaitsFor)) {
        for (key, source) in self.sources.borrow().iter() {
            let Some(source) = source else { continue };
            for direction in [Direction::Read, Direction::Write] {
                let wait = WaitsFor::Socket(SourceId(key), direction);
                source.waiters(direction).tell_tasks(&mut |task| tell(task, wait));
            }
        }
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
        if result.is_ok() {
            self.hand_out(&events);
        }
        self.events.set(Some(events));
        match result {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                // A bad descriptor, address or argument: a mistake of ours.
                panic!("the reactor cannot ask the OS for events: {error}")
            }
            _ => {}
        }
    }

    fn hand_out(&self, events: &Events) {
        let borrow = || (self.sources.borrow(), self.home.tasks.wake_by_names());
        let (mut sources, mut tasks) = borrow();
        let watched = self.home.tracer.is_on();
        for event in events {
            let readiness = readiness_of(event);
            let Some(Some(source)) = sources.find(event.token().0) else { continue };
            source.set_ready(readiness);
            if watched || source.has_wakers() {
                // That is foreign code, which may do anything: nothing is borrowed.
                let source = Rc::clone(source);
                drop((sources, tasks));
                self.tell_and_wake(source, readiness);
                (sources, tasks) = borrow();
                continue;
            }
            for direction in [Direction::Read, Direction::Write] {
                if readiness.is_ready(direction) {
                    if let Some(task) = source.waiters(direction).take_task() {
                        tasks.wake(task);
                    }
                }
            }
        }
    }

    /// Wakes who waits, and tells who watches.
    #[cold]
    fn tell_and_wake(&self, source: Rc<Source>, readiness: Readiness) {
        self.home.tracer.emit(None, || EventKind::OsEvent { source: source.id(), readiness });
        for direction in [Direction::Read, Direction::Write] {
            if readiness.is_ready(direction) {
                self.wake(&source, direction);
            }
        }
        source.look_for_wakers();
        // If the socket went meanwhile, whoever is left goes with it.
        foreign::drop("a waker that waits for a socket", source);
    }

    /// Wakes who waits for the direction.
    fn wake(&self, source: &Source, direction: Direction) {
        let waiters = source.waiters(direction);
        let by = Cause::Source(source.id(), direction);
        if let Some(task) = waiters.take_task() {
            if self.home.tasks.wake_by_names().wake(task) {
                self.home.tracer.emit(Some(task), || EventKind::Woken { by });
            }
        }
        if waiters.has_wakers() {
            let _running = self.home.turn.enter(by);
            waiters.take_wakers(foreign::wake);
        }
    }

    /// Tells every socket that its executor is gone, and wakes who waits for it.
    pub(crate) fn close(&self) {
        self.home.turn.set_gone();
        let mut sources = Vec::new();
        for (_, source) in self.sources.borrow().iter() {
            if let Some(source) = source {
                sources.push(Rc::clone(source));
            }
        }
        for source in &sources {
            self.wake(source, Direction::Read);
            self.wake(source, Direction::Write);
        }
    }
}

/// Translates mio's event.
fn readiness_of(event: &Event) -> Readiness {
    let mut readiness = Readiness::NONE;
    if event.is_readable() {
        readiness = readiness.with(Readiness::READ);
    }
    if event.is_writable() {
        readiness = readiness.with(Readiness::WRITE);
    }
    // In this order: what is asked first answers much of what is asked then.
    let more = event.is_error()
        || event.is_priority()
        || event.is_read_closed()
        || event.is_write_closed();
    if more { with_the_rarer(readiness, event) } else { readiness }
}

/// A half that is closed is ready: the next operation reports the end or the error. `RDHUP`, where
/// the peer has only ended its own half, says nothing about writing.
#[cold]
fn with_the_rarer(mut readiness: Readiness, event: &Event) -> Readiness {
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
