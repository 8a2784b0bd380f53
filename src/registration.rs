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
//!
//! Two tries are spared. A read or write that did less than it was asked for is the last one before
//! the socket is registered, for the next would be in vain. And a client mostly needs some time until
//! it says something, so that the first read of its stream, just accepted, finds nothing: when one
//! has, the next streams register first (see [`Reactor::expects_silence`]). On a busy machine the
//! client's words are there before its stream is accepted, and then each first read finds them.

use std::{
    cell::{Cell, OnceCell},
    io,
    rc::{Rc, Weak},
    task::{Poll, Waker},
};

use mio::{Interest, Registry, Token};

use crate::{
    context,
    home::Home,
    id::{Direction, Readiness, SourceId},
    reactor::{Reactor, Register},
    trace::EventKind,
    waiters::{Ticket, Waiters},
};

/// Whether a stream's read or write of less than was asked for has drained the socket, as the
/// manual of epoll says. An urgent byte ends a read early too, and only where the OS tells of it
/// the sign can be trusted. Elsewhere only "would block" says that a socket is drained.
const SHORT_MEANS_DRAINED: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// What the reactor and the socket both know.
pub(crate) struct Source {
    id: SourceId,
    /// What it may be ready for.
    ready: Cell<Readiness>,
    /// Who waits to read, and who to write.
    readers: Waiters,
    writers: Waiters,
    /// Somebody waits with a waker, or has done so lately.
    wakers: Cell<bool>,
    /// The reactor that it is registered with.
    reactor: Weak<Reactor>,
    /// The executor that it belongs to, whose tasks may wait for it.
    home: Rc<Home>,
}

impl Source {
    pub(crate) fn new(id: SourceId, reactor: Weak<Reactor>, home: Rc<Home>) -> Source {
        Source {
            id,
            ready: Cell::new(Readiness::NONE),
            readers: Waiters::new(),
            writers: Waiters::new(),
            wakers: Cell::new(false),
            reactor,
            home,
        }
    }

    pub(crate) fn id(&self) -> SourceId {
        self.id
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

    /// Notes that the OS answered "would block". That is about now, so it counts against an end
    /// that was announced too.
    #[cold]
    fn would_block(&self, direction: Direction) {
        let over = Readiness::of(direction).with(Readiness::stops_short(direction));
        self.ready.set(self.ready.get().without(over));
    }

    /// Notes that a stream did less than it was asked for, which has drained it, unless it may have
    /// stopped short for another reason.
    fn drained(&self, direction: Direction) {
        let ready = self.ready.get();
        if !ready.has_any(Readiness::stops_short(direction)) {
            self.ready.set(ready.without(Readiness::of(direction)));
        }
    }

    /// Whether nobody waits for the direction.
    pub(crate) fn is_free(&self, direction: Direction) -> bool {
        self.waiters(direction).is_empty()
    }

    /// Whether anybody waits with a waker. It may say so without need, once.
    pub(crate) fn has_wakers(&self) -> bool {
        self.wakers.get()
    }

    /// Looks who is left, after some were woken.
    pub(crate) fn look_for_wakers(&self) {
        self.wakers.set(self.readers.has_wakers() || self.writers.has_wakers());
    }

    /// Waits for the direction, as [`Registration::wait`] says.
    #[track_caller]
    fn wait(&self, direction: Direction, ticket: &Ticket, waker: &Waker) -> io::Result<()> {
        let turn = &self.home.turn;
        let by_name = turn.is_own(waker)
            && !turn.is_spent()
            && self.waiters(direction).insert_task(ticket, turn);
        if !by_name {
            return self.wait_otherwise(direction, ticket, waker);
        }
        if self.home.tracer.is_on() {
            self.tell_of_wait(direction);
        }
        Ok(())
    }

    /// Every wait but the first one of a task by its name.
    #[track_caller]
    #[cold]
    fn wait_otherwise(
        &self,
        direction: Direction,
        ticket: &Ticket,
        waker: &Waker,
    ) -> io::Result<()> {
        let turn = &self.home.turn;
        if !turn.can_wait() {
            return Err(self.refusal());
        }
        if turn.is_spent() && self.ready.get().is_ready(direction) {
            waker.wake_by_ref();
            return Ok(());
        }
        self.waiters(direction).insert(ticket, waker, &self.home);
        self.look_for_wakers();
        self.tell_of_wait(direction);
        Ok(())
    }

    #[cold]
    fn tell_of_wait(&self, direction: Direction) {
        let kind = || EventKind::Waiting { source: self.id, direction };
        self.home.tracer.emit(self.home.turn.running_task(), kind);
    }

    /// Why nobody can wait here and now.
    #[track_caller]
    fn refusal(&self) -> io::Error {
        if self.home.turn.is_gone() {
            // Before all else. While the executor is being dropped it is active, but whoever began
            // to wait then would wait for ever. And an operation that waited when its executor
            // went away may have been woken, and polled again, by who runs none of ours.
            io::Error::other(GONE)
        } else if context::current().is_none() {
            panic!("{OUTSIDE}")
        } else {
            io::Error::other(ELSEWHERE)
        }
    }
}

/// Calls `op` until no signal has interrupted it.
fn until_uninterrupted<R>(op: &mut impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match op() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// What can be registered when it first has to wait.
pub(crate) trait Entrant {
    /// Makes mio's call.
    fn register(&self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()>;

    /// Says what it is, for people who watch.
    fn label(&self) -> String;
}

/// What a socket keeps: nothing until it first has to wait, its place in a reactor from then on.
pub(crate) struct Registration {
    source: OnceCell<Rc<Source>>,
    /// It belongs to a stream that was accepted and is not read yet.
    unread: Cell<bool>,
    /// The directions that were drained before it had a place.
    drained: Cell<Readiness>,
}

impl Registration {
    pub(crate) const fn new() -> Registration {
        Registration {
            source: OnceCell::new(),
            unread: Cell::new(false),
            drained: Cell::new(Readiness::NONE),
        }
    }

    /// Says that it belongs to a stream that was accepted just now.
    pub(crate) fn set_unread(&self) {
        self.unread.set(true);
    }

    /// Tries `op` once, unless the source is known not to be ready, or is taken for a stream that
    /// nobody has written to yet, or the poll that runs now has used up its budget: then it is
    /// Pending without a try. It is if the OS says "would block", too. `is_short` says of what `op`
    /// returned whether it was all that there was.
    #[inline]
    pub(crate) fn attempt<R>(
        &self,
        direction: Direction,
        mut op: impl FnMut() -> io::Result<R>,
        is_short: impl Fn(&R) -> bool,
    ) -> Poll<io::Result<R>> {
        let Some(source) = self.source.get() else {
            return self.attempt_unregistered(direction, &mut op, &is_short);
        };
        if !source.ready.get().is_ready(direction) || !source.home.turn.spend() {
            return Poll::Pending;
        }
        match until_uninterrupted(&mut op) {
            Ok(done) => {
                if SHORT_MEANS_DRAINED && is_short(&done) {
                    source.drained(direction);
                }
                Poll::Ready(Ok(done))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                source.would_block(direction);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// The same for one that was never registered: nobody will tell when it is ready, so what is
    /// drained waits at once, which registers it. Not inlined: it is two tries of a connection's many.
    #[cold]
    #[inline(never)]
    fn attempt_unregistered<R>(
        &self,
        direction: Direction,
        op: &mut impl FnMut() -> io::Result<R>,
        is_short: &impl Fn(&R) -> bool,
    ) -> Poll<io::Result<R>> {
        if !self.may_go_unregistered(direction) {
            return Poll::Pending;
        }
        let result = until_uninterrupted(op);
        let was_unread = direction == Direction::Read && self.unread.take();
        match result {
            Ok(done) => {
                if SHORT_MEANS_DRAINED && is_short(&done) {
                    self.drained.set(self.drained.get().with(Readiness::of(direction)));
                }
                Poll::Ready(Ok(done))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if was_unread {
                    context::with(|context| context.reactor.expect_silence());
                }
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Whether to try what never had a place in a reactor, with a share of the budget of the
    /// executor that runs here. Outside an executor there is nobody to be fair to, and nothing to
    /// wait for.
    #[inline(never)]
    fn may_go_unregistered(&self, direction: Direction) -> bool {
        let first = direction == Direction::Read && self.unread.get();
        let drained = self.drained.get().is_ready(direction);
        let may_go = context::with(|context| {
            let turn = &context.home.turn;
            let in_vain = drained || first && !turn.is_spent() && context.reactor.expects_silence();
            !in_vain && turn.spend()
        });
        may_go.unwrap_or(true)
    }

    /// Whether a source that was registered may be ready; it takes a share of the budget to say
    /// yes.
    pub(crate) fn is_known_ready(&self, direction: Direction) -> bool {
        let source = self.source.get();
        source.is_some_and(|it| it.ready.get().is_ready(direction) && it.home.turn.spend())
    }

    /// Whether it has a place in a reactor.
    pub(crate) fn is_registered(&self) -> bool {
        self.source.get().is_some()
    }

    /// Whether the peer is known to have ended its half.
    pub(crate) fn is_closed(&self, direction: Direction) -> bool {
        self.source.get().is_some_and(|source| source.ready.get().is_closed(direction))
    }

    /// Waits for the direction to become ready: the task's name is kept until it does, or the waker,
    /// if it is not the task's own (see [`Waiters`]). A socket that has no place in a reactor yet
    /// gets one in that of the executor that runs here.
    ///
    /// If the budget of this poll is used up and the socket may be ready, the waker is woken
    /// instead: the task goes to the end of the queue.
    ///
    /// # Errors
    ///
    /// The OS's; or if the socket is registered with another executor, or with one that is gone.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    #[track_caller]
    #[inline]
    pub(crate) fn wait(
        &self,
        direction: Direction,
        ticket: &Ticket,
        waker: &Waker,
        entrant: &dyn Entrant,
    ) -> io::Result<()> {
        match self.source.get() {
            Some(source) => source.wait(direction, ticket, waker),
            None => self.wait_first(direction, ticket, waker, entrant),
        }
    }

    #[track_caller]
    #[cold]
    fn wait_first(
        &self,
        direction: Direction,
        ticket: &Ticket,
        waker: &Waker,
        entrant: &dyn Entrant,
    ) -> io::Result<()> {
        let Some(context) = context::current() else { panic!("{OUTSIDE}") };
        if context.home.turn.is_spent() {
            waker.wake_by_ref();
            return Ok(());
        }
        let mut register =
            |registry: &_, token, interest| entrant.register(registry, token, interest);
        let source = self.register(&context, &mut register, &|| entrant.label())?;
        source.wait(direction, ticket, waker)
    }

    /// Registers a source with the executor that runs here, before it has to wait. `label` says what
    /// it is, for people who watch.
    ///
    /// # Errors
    ///
    /// The OS's.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    #[track_caller]
    pub(crate) fn register_now(
        &self,
        register: &mut Register,
        label: &dyn Fn() -> String,
    ) -> io::Result<()> {
        let Some(context) = context::current() else { panic!("{OUTSIDE}") };
        self.register(&context, register, label).map(drop)
    }

    fn register(
        &self,
        context: &context::Context,
        register: &mut Register,
        label: &dyn Fn() -> String,
    ) -> io::Result<&Source> {
        if context.home.turn.is_gone() {
            return Err(io::Error::other(GONE));
        }
        let source = context.reactor.register(register)?;
        let source = self.source.get_or_init(|| source);
        let kind = || EventKind::Registered { source: source.id, label: label().into() };
        context.home.tracer.emit(context.home.turn.running_task(), kind);
        Ok(source)
    }

    /// Stops waiting: nothing of the waiter is left.
    #[inline]
    pub(crate) fn forget(&self, direction: Direction, ticket: &Ticket) {
        if ticket.is_set() {
            self.take_out(direction, ticket);
        }
    }

    #[cold]
    fn take_out(&self, direction: Direction, ticket: &Ticket) {
        if let Some(source) = self.source.get() {
            drop(source.waiters(direction).remove(ticket, &source.home));
        }
    }

    /// Takes the socket out of its reactor; `deregister` makes mio's call, if one is needed.
    pub(crate) fn remove(
        &mut self,
        deregister: &mut dyn FnMut(&Registry) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(source) = self.source.take() else {
            return Ok(());
        };
        let Some(reactor) = source.reactor.upgrade() else {
            return Ok(());
        };
        let result = reactor.deregister(source.id, deregister);
        let kind = || EventKind::Deregistered { source: source.id };
        source.home.tracer.emit(source.home.turn.running_task(), kind);
        result
    }
}

const OUTSIDE: &str = "a socket has to wait, but no pizzaiolo executor runs on this thread: \
    call this inside `pizzaiolo::block_on` or a task that `pizzaiolo::spawn` made";
const GONE: &str = "the socket's executor is gone: \
    a socket can only wait under the executor that it first had to wait under";
const ELSEWHERE: &str = "the socket is registered with another executor: \
    a socket can only wait under the executor that it first had to wait under";
