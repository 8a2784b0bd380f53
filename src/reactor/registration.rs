//! A socket's place in a reactor: how it tries, and how it waits.
//!
//! The OS is asked edge-triggered: it reports once that a socket has become ready. So "may be ready"
//! is stored in the [`Source`] until an operation finds the opposite. An operation tries first
//! and registers when it has to wait; registering reports what is ready already, so nothing that
//! happens between the try and the registration is missed. Events are collected between polls only,
//! so within a poll nothing can come between a try and the wait that follows it.
//!
//! Optimisation: an accepted stream registers before its first read, without a try. Most clients need
//! some time until they send something, so the try would nearly always return "would block".

use std::{
    cell::{Cell, OnceCell},
    io,
    panic::Location,
    rc::{Rc, Weak},
    task::{Poll, Waker},
};

use mio::Registry;

use super::{
    entered,
    shared::{Register, Shared},
    source::Source,
    waiters::WaiterId,
};
use crate::{
    current,
    id::{Direction, Readiness},
    trace::EventKind,
};

/// Optimisation: whether a read or write of less than was requested has drained the socket of a stream,
/// as the manual of epoll says. An urgent byte also ends a read early, so this holds only where the OS
/// reports urgent bytes. Elsewhere only "would block" says that a socket is drained.
const SHORT_MEANS_DRAINED: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// What kind of wait begins.
#[derive(Clone, Copy)]
pub(crate) enum Wait<'a> {
    /// That of a future, which keeps its id and ends it when it is dropped. The place is that of the
    /// call that made the future.
    Future(&'a Cell<WaiterId>, &'static Location<'static>),
    /// That of a poll without a future. All such polls share one slot.
    Polled,
}

/// What a socket keeps: nothing until it first has to wait, its place in a reactor from then on.
pub(crate) struct Registration {
    registered: OnceCell<Registered>,
    /// It belongs to a stream that was accepted, and is not registered yet.
    registers_first: Cell<bool>,
}

struct Registered {
    source: Rc<Source>,
    reactor: Weak<Shared>,
    /// Where the reactor is, to compare.
    reactor_ptr: *const Shared,
}

impl Registration {
    pub(crate) const fn new() -> Registration {
        Registration { registered: OnceCell::new(), registers_first: Cell::new(false) }
    }

    /// Notes that it belongs to a stream that was accepted just now.
    pub(crate) fn set_accepted(&self) {
        self.registers_first.set(true);
    }

    /// Tries `op` once, unless the source is known not to be ready, or the budget of this poll is
    /// spent: then it is Pending without a try. It is also Pending if the OS says "would block".
    /// `is_short` says of the result whether it was all that there was.
    #[inline]
    pub(crate) fn attempt<R>(
        &self,
        direction: Direction,
        mut op: impl FnMut() -> io::Result<R>,
        is_short: impl Fn(&R) -> bool,
    ) -> Poll<io::Result<R>> {
        let Some(Registered { source, .. }) = self.registered.get() else {
            return self.attempt_unregistered(direction, &mut op);
        };
        if !source.readiness().is_ready(direction) || !current::spend() {
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

    /// The same for one that was never registered. Optimisation: not inlined, as it is two of a
    /// connection's many tries.
    #[cold]
    #[inline(never)]
    fn attempt_unregistered<R>(
        &self,
        direction: Direction,
        op: &mut impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        if direction == Direction::Read && self.registers_first() || !current::spend() {
            return Poll::Pending;
        }
        match until_uninterrupted(op) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            result => Poll::Ready(result),
        }
    }

    /// Says whether the stream is to be registered before it is read. Outside a reactor it cannot.
    fn registers_first(&self) -> bool {
        self.registers_first.get() && entered::entered().is_some()
    }

    /// Notes that an operation outside of [`attempt`](Registration::attempt) would have blocked.
    pub(crate) fn would_block(&self, direction: Direction) {
        if let Some(Registered { source, .. }) = self.registered.get() {
            source.would_block(direction);
        }
    }

    /// Returns what a registered source may be ready for.
    pub(crate) fn readiness(&self) -> Readiness {
        self.registered.get().map_or(Readiness::NONE, |registered| registered.source.readiness())
    }

    /// Says whether a report has come that is none of the two directions, and takes it.
    pub(crate) fn take_report(&self, report: Readiness) -> bool {
        self.registered.get().is_some_and(|registered| registered.source.take_report(report))
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.registered.get().is_some()
    }

    /// Optimisation: the task that waited here last waits again, with the waker that is still stored here.
    /// False if that is not the case; then [`wait`](Registration::wait) does the whole work. Most waits
    /// are of this kind, and it saves each of them 40 instructions.
    #[inline]
    pub(crate) fn wait_again(
        &self,
        direction: Direction,
        id: &Cell<WaiterId>,
        waker: &Waker,
    ) -> bool {
        let Some(Registered { source, reactor_ptr, .. }) = self.registered.get() else {
            return false;
        };
        entered::is_here_unobserved(*reactor_ptr)
            && !current::is_spent()
            && source.wait_again(direction, id, waker)
    }

    /// Waits for the direction to become ready. A socket that has no place in a reactor yet gets one
    /// in the reactor that is entered here.
    ///
    /// If the budget of this poll is spent and the socket may be ready, the waker is called when the
    /// poll has ended: the task goes to the end of the queue.
    ///
    /// # Errors
    ///
    /// The OS's; or if the socket is registered with another reactor, or with one that is gone.
    ///
    /// # Panics
    ///
    /// If no reactor is entered.
    #[track_caller]
    pub(crate) fn wait(
        &self,
        direction: Direction,
        wait: Wait<'_>,
        waker: &Waker,
        register: &mut Register,
        label: &dyn Fn() -> String,
    ) -> io::Result<()> {
        let Some(registered) = self.registered.get() else {
            if current::is_spent() {
                current::defer_wake(waker);
                return Ok(());
            }
            return self.register(register, label)?.wait(direction, wait, waker);
        };
        registered.wait(direction, wait, waker)
    }

    /// Registers a source with the reactor that is entered here.
    ///
    /// # Errors
    ///
    /// The OS's.
    ///
    /// # Panics
    ///
    /// If no reactor is entered.
    #[track_caller]
    #[cold]
    pub(crate) fn register_now(
        &self,
        register: &mut Register,
        label: &dyn Fn() -> String,
    ) -> io::Result<()> {
        self.register(register, label).map(drop)
    }

    #[track_caller]
    #[cold]
    fn register(
        &self,
        register: &mut Register,
        label: &dyn Fn() -> String,
    ) -> io::Result<&Registered> {
        let shared = entered::here();
        if shared.is_closed() {
            return Err(entered::refusal(&Weak::new()));
        }
        let source = shared.register(register)?;
        let id = source.id();
        let (reactor, reactor_ptr) = (Rc::downgrade(&shared), Rc::as_ptr(&shared));
        let registered =
            self.registered.get_or_init(|| Registered { source, reactor, reactor_ptr });
        let kind = || EventKind::Registered { source: id, label: label().into() };
        shared.tracer.emit(current::task(), kind);
        Ok(registered)
    }

    /// Ends a wait, and removes its waiter.
    #[inline]
    pub(crate) fn end_wait(&self, direction: Direction, id: WaiterId) {
        if id != 0 {
            self.remove_waiter(direction, id);
        }
    }

    #[cold]
    fn remove_waiter(&self, direction: Direction, id: WaiterId) {
        let Some(Registered { source, reactor, .. }) = self.registered.get() else { return };
        let Some((waker, task)) = source.end_wait(direction, id) else { return };
        if let Some(shared) = reactor.upgrade() {
            let kind = || EventKind::WaitEnded { source: source.id(), direction };
            shared.tracer.emit(task, kind);
        }
        // It may be user code: nothing is borrowed.
        drop(waker);
    }

    /// Takes the socket out of its reactor; `deregister` makes mio's call, if one is needed.
    pub(crate) fn remove(
        &mut self,
        deregister: &mut dyn FnMut(&Registry) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(Registered { source, reactor, .. }) = self.registered.take() else {
            return Ok(());
        };
        match reactor.upgrade() {
            Some(shared) => shared.deregister(&source, deregister),
            None => Ok(()),
        }
    }
}

/// Calls `op` until no signal has interrupted it.
#[inline]
fn until_uninterrupted<R>(op: &mut impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match op() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl Registered {
    #[track_caller]
    fn wait(&self, direction: Direction, wait: Wait<'_>, waker: &Waker) -> io::Result<()> {
        let Some(shared) = entered::if_here(&self.reactor) else {
            return Err(entered::refusal(&self.reactor));
        };
        if current::is_spent() && self.source.readiness().is_ready(direction) {
            current::defer_wake(waker);
            return Ok(());
        }
        let source = self.source.id();
        let other = match wait {
            Wait::Future(id, _) => self.source.wait(direction, id, waker),
            Wait::Polled => {
                let (is_new, other) = self.source.wait_polled(direction, waker);
                if let Some(task) = current::task().filter(|_| is_new) {
                    shared.note_polled(task, source, direction);
                }
                other
            }
        };
        if let Some(other) = other {
            shared.tracer.emit(Some(other), || EventKind::WaitEnded { source, direction });
        }
        let location = match wait {
            Wait::Future(_, location) => location,
            Wait::Polled => Location::caller(),
        };
        let kind = || EventKind::Waiting { source, direction, location };
        shared.tracer.emit(current::task(), kind);
        Ok(())
    }
}
