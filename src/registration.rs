//! A socket's place in the reactor: whether it may be ready, and who waits for it.
//!
//! ```text
//!   unregistered ── the first wait ──▶ registered ── the executor is dropped ──▶ gone
//!
//!                       mio's event
//!       not ready ────────────────────▶ may be ready        for each direction
//!           ▲                                │
//!           └──── the OS said "would block" ─┘
//!                 or did less than it was asked for
//! ```
//!
//! The OS is asked edge-triggered: it tells once that a socket has become ready, so "may be ready"
//! is remembered here until an operation finds the opposite. An operation tries first and
//! registers when it has to wait; registering reports what is ready already, so nothing that
//! happens between the try and the registration is missed. Events are collected by the executor
//! between polls only, so within a poll nothing can come between a try and what it is
//! followed by.

use std::{
    cell::{Cell, OnceCell, RefCell},
    io,
    rc::{Rc, Weak},
    task::Waker,
};

use crate::{
    context, foreign,
    id::{Direction, Readiness, SourceId, TaskId},
    reactor::Reactor,
    trace::EventKind,
};

/// The platforms on which a read or write of less than was asked for has drained the socket, as
/// the manuals of epoll and kqueue say for streams. Elsewhere only "would block" says so.
const SHORT_MEANS_DRAINED: bool = cfg!(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "ios",
    target_os = "tvos",
    target_os = "visionos",
    target_os = "watchos",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
));

/// What the reactor knows of one socket.
pub(crate) struct Source {
    /// What it may be ready for.
    ready: Cell<Readiness>,
    /// Who waits to read, and who to write.
    readers: Waiters,
    writers: Waiters,
    /// Its executor was dropped: nobody will ever be woken again.
    gone: Cell<bool>,
}

impl Source {
    pub(crate) fn new() -> Source {
        Source {
            ready: Cell::new(Readiness::NONE),
            readers: Waiters::new(),
            writers: Waiters::new(),
            gone: Cell::new(false),
        }
    }

    pub(crate) fn waiters(&self, direction: Direction) -> &Waiters {
        match direction {
            Direction::Read => &self.readers,
            Direction::Write => &self.writers,
        }
    }

    /// Remembers what an event said.
    pub(crate) fn set_ready(&self, readiness: Readiness) {
        self.ready.set(self.ready.get().with(readiness));
    }

    /// Says that the executor is gone. Its waiters are woken by the caller, and find that out.
    pub(crate) fn set_gone(&self) {
        self.gone.set(true);
    }
}

/// Who waits for one direction of one socket. There may be several; all are woken.
pub(crate) struct Waiters {
    waiting: RefCell<Vec<Waiter>>,
    /// The number of the next waiter.
    next: Cell<u64>,
}

struct Waiter {
    number: u64,
    waker: Waker,
    /// The task that was running when the wait began, for who asks what it waits for.
    task: Option<TaskId>,
}

impl Waiters {
    fn new() -> Waiters {
        Waiters { waiting: RefCell::new(Vec::new()), next: Cell::new(0) }
    }

    /// Puts a waiter in, or renews it if it is still there.
    fn insert(&self, ticket: &Ticket, waker: &Waker, task: Option<TaskId>) {
        let known = ticket.0.get();
        {
            let waiting = self.waiting.borrow();
            if let Some(waiter) = waiting.iter().find(|waiter| Some(waiter.number) == known) {
                if waiter.waker.will_wake(waker) {
                    return;
                }
            }
        }
        // The clone, and the drop of an old waker, may be foreign code: nothing is borrowed.
        let waker = waker.clone();
        let old = self.remove(ticket);
        let number = self.next.get();
        self.next.set(number + 1);
        ticket.0.set(Some(number));
        let mut waiting = self.waiting.borrow_mut();
        if waiting.capacity() == 0 {
            // Mostly there is one waiter, and mostly there are many idle sockets.
            waiting.reserve_exact(1);
        }
        waiting.push(Waiter { number, waker, task });
        drop(waiting);
        drop(old);
    }

    /// Takes a waiter out, if it was not woken yet.
    fn remove(&self, ticket: &Ticket) -> Option<Waker> {
        let number = ticket.0.take()?;
        let mut waiting = self.waiting.borrow_mut();
        let place = waiting.iter().position(|waiter| waiter.number == number)?;
        Some(waiting.remove(place).waker)
    }

    /// Wakes all who wait now; not those who begin to wait while the others are woken.
    pub(crate) fn wake_all(&self) {
        let mut woken = self.waiting.take();
        for waiter in woken.drain(..) {
            foreign::wake(waiter.waker);
        }
        let mut waiting = self.waiting.borrow_mut();
        if waiting.capacity() == 0 {
            // The memory is used again, so that a wait allocates once a socket.
            *waiting = woken;
        }
    }

    /// The tasks that wait.
    pub(crate) fn tasks(&self) -> Vec<Option<TaskId>> {
        self.waiting.borrow().iter().map(|waiter| waiter.task).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }
}

/// Names a waiter in the list of its direction, once it waits. Whoever owns it takes the waiter
/// out with [`Registration::forget`] when it stops waiting.
#[derive(Default)]
pub(crate) struct Ticket(Cell<Option<u64>>);

impl Ticket {
    pub(crate) const fn new() -> Ticket {
        Ticket(Cell::new(None))
    }
}

/// What a socket keeps: nothing until it first has to wait, its place in a reactor from then on.
pub(crate) struct Registration {
    entry: OnceCell<Entry>,
}

struct Entry {
    id: SourceId,
    source: Rc<Source>,
    reactor: Weak<Reactor>,
}

impl Registration {
    pub(crate) const fn new() -> Registration {
        Registration { entry: OnceCell::new() }
    }

    /// Whether an operation is worth a try.
    pub(crate) fn may_be_ready(&self, direction: Direction) -> bool {
        // One that was never registered was never asked: only the try can tell.
        self.entry.get().is_none_or(|entry| entry.source.ready.get().has(Readiness::of(direction)))
    }

    /// Tries `op` once, unless the source is known not to be ready, or the poll that runs now has
    /// used up its budget: then it is "would block" without a try.
    pub(crate) fn attempt<R>(
        &self,
        direction: Direction,
        mut op: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        if !self.may_be_ready(direction) || !spend() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        loop {
            match op() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.would_block(direction);
                    return Err(error);
                }
                result => return result,
            }
        }
    }

    /// Whether it has a place in a reactor.
    pub(crate) fn is_registered(&self) -> bool {
        self.entry.get().is_some()
    }

    /// Whether a transfer may stop short though the socket has more to say: the end, an error, or
    /// what comes after an urgent byte.
    fn may_stop_short(&self, direction: Direction) -> bool {
        self.entry.get().is_some_and(|entry| {
            let ready = entry.source.ready.get();
            ready.is_closed(direction)
                || direction == Direction::Read && ready.has(Readiness::URGENT)
        })
    }

    /// Says that the OS answered "would block". That is about now, so it counts against an end
    /// that was announced too.
    pub(crate) fn would_block(&self, direction: Direction) {
        if let Some(Entry { source, .. }) = self.entry.get() {
            let mut over = Readiness::of(direction).with(Readiness::closed(direction));
            if direction == Direction::Read {
                over = over.with(Readiness::URGENT);
            }
            source.ready.set(source.ready.get().without(over));
        }
    }

    /// Says that a stream read or wrote `done` of the `asked` bytes. Less than all has drained it,
    /// unless it may stop short for another reason.
    pub(crate) fn transferred(&self, direction: Direction, done: usize, asked: usize) {
        if SHORT_MEANS_DRAINED && 0 < done && done < asked && !self.may_stop_short(direction) {
            self.would_block(direction);
        }
    }

    /// Registers the socket with the executor that runs here, unless it is registered already.
    ///
    /// `register` makes mio's call; `label` says what it is, for people who watch.
    ///
    /// # Errors
    ///
    /// The OS's; or if the socket is registered with another executor, or with one that is gone.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    #[track_caller]
    pub(crate) fn ensure(
        &self,
        register: impl FnOnce(&mio::Registry, mio::Token, mio::Interest) -> io::Result<()>,
        label: impl FnOnce() -> String,
    ) -> io::Result<()> {
        if self.entry.get().is_some_and(|entry| entry.source.gone.get()) {
            // Before the panic below: an operation that waited when its executor went away may
            // have been woken, and polled again, by who runs none of ours.
            return Err(io::Error::other(GONE));
        }
        let Some(context) = context::current() else { panic!("{OUTSIDE}") };
        if let Some(entry) = self.entry.get() {
            return if Weak::as_ptr(&entry.reactor) == Rc::as_ptr(&context.reactor) {
                Ok(())
            } else {
                Err(io::Error::other(ELSEWHERE))
            };
        }
        let (id, source) = context.reactor.register(register)?;
        let entry = Entry { id, source, reactor: Rc::downgrade(&context.reactor) };
        assert!(self.entry.set(entry).is_ok(), "a socket was registered while it was registered");
        let kind = || EventKind::Registered { source: id, label: label().into() };
        context.tracer.emit(context.tracer.running_task(), kind);
        Ok(())
    }

    /// Waits for the direction to become ready: the waker is kept until it does. Call it after
    /// [`ensure`](Registration::ensure).
    pub(crate) fn wait(&self, direction: Direction, ticket: &Ticket, waker: &Waker) {
        let entry = self.entry.get().expect("a socket is registered before it waits");
        let context = context::current().expect("a socket waits inside an executor");
        let task = context.tracer.running_task();
        entry.source.waiters(direction).insert(ticket, waker, task);
        context.tracer.emit(task, || EventKind::Waiting { source: entry.id, direction });
    }

    /// Stops waiting: nothing of the waiter is left.
    pub(crate) fn forget(&self, direction: Direction, ticket: &Ticket) {
        if ticket.0.get().is_some() {
            if let Some(entry) = self.entry.get() {
                drop(entry.source.waiters(direction).remove(ticket));
            }
        }
    }

    /// Takes the socket out of its reactor; `deregister` makes mio's call, if one is needed.
    pub(crate) fn remove(
        &mut self,
        deregister: impl FnOnce(&mio::Registry) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(entry) = self.entry.take() else {
            return Ok(());
        };
        match entry.reactor.upgrade() {
            Some(reactor) => reactor.deregister(entry.id, deregister),
            None => Ok(()),
        }
    }
}

/// Takes one operation's share of the budget of the poll that runs now. False if there is none
/// left: then the operation is not tried, and the task ends its turn.
pub(crate) fn spend() -> bool {
    context::with(|context| {
        let left = context.budget.get();
        context.budget.set(left.saturating_sub(1));
        left > 0
    })
    // Outside an executor there is nobody to be fair to.
    .unwrap_or(true)
}

/// Whether the budget of the poll that runs now is used up.
pub(crate) fn is_spent() -> bool {
    context::with(|context| context.budget.get() == 0).unwrap_or(false)
}

const OUTSIDE: &str = "a socket has to wait, but no pizzaiolo executor runs on this thread: \
    call this inside `pizzaiolo::block_on` or a task that `pizzaiolo::spawn` made";
const GONE: &str = "the socket's executor is gone: \
    a socket can only wait under the executor that it first had to wait under";
const ELSEWHERE: &str = "the socket is registered with another executor: \
    a socket can only wait under the executor that it first had to wait under";
