//! The reactor that is entered on this thread.
//!
//! Sockets and timers that have to wait register with it. An executor enters its own reactor while
//! it runs; any other code calls [`Reactor::enter`](crate::Reactor::enter).

use std::{
    cell::{Cell, RefCell},
    io,
    mem::ManuallyDrop,
    ptr,
    rc::{Rc, Weak},
};

use super::shared::Shared;
use crate::{sync::thread_local_cell, trace};

struct Current {
    /// It is never dropped, for each reactor that is entered is left again. So the thread-local
    /// needs no destructor, and an access need not check whether it has run.
    shared: RefCell<ManuallyDrop<Option<Rc<Shared>>>>,
    /// The reactor's address, if it is open and has no observer. Most waits compare only this.
    quiet: Cell<*const Shared>,
}

thread_local_cell! {
    static ENTERED: Current = Current {
        shared: RefCell::new(ManuallyDrop::new(None)),
        quiet: Cell::new(ptr::null()),
    };
}

/// Returns the reactor that is entered on this thread.
pub(crate) fn entered() -> Option<Rc<Shared>> {
    ENTERED.with(|entered| entered.shared.borrow().as_ref().cloned())
}

/// Returns the reactor that is entered on this thread, and panics if there is none.
///
/// # Panics
///
/// If no reactor is entered.
#[track_caller]
pub(crate) fn here() -> Rc<Shared> {
    let Some(shared) = entered() else { panic!("{OUTSIDE}") };
    shared
}

/// Says whether the reactor is entered here, and open, and its events go nowhere. The pointer is
/// [`Weak::as_ptr`], kept because that has to ask whether there is anything.
#[inline]
pub(super) fn is_here_unobserved(reactor: *const Shared) -> bool {
    ENTERED.with(|entered| ptr::eq(entered.quiet.get(), reactor)) && !trace::is_logged()
}

/// Returns the reactor if it is entered here, and open.
pub(super) fn if_here(reactor: &Weak<Shared>) -> Option<Rc<Shared>> {
    entered().filter(|shared| ptr::eq(Rc::as_ptr(shared), reactor.as_ptr()) && !shared.is_closed())
}

/// Looks again whether the reactor that is entered here is open and has an observer.
pub(super) fn refresh() {
    ENTERED.with(|entered| {
        let shared = entered.shared.borrow();
        let is_quiet = |shared: &&Rc<Shared>| !shared.is_closed() && !shared.tracer.is_observed();
        entered.quiet.set(shared.as_ref().filter(is_quiet).map_or(ptr::null(), Rc::as_ptr));
    });
}

/// Why a socket of this reactor cannot wait here.
///
/// # Panics
///
/// If no reactor is entered.
#[cold]
#[track_caller]
pub(super) fn refusal(reactor: &Weak<Shared>) -> io::Error {
    if reactor.upgrade().is_none_or(|shared| shared.is_closed()) {
        return io::Error::other(GONE);
    }
    here();
    io::Error::other(ELSEWHERE)
}

/// Makes the reactor the entered one, until the guard is dropped.
pub(crate) fn enter(shared: &Rc<Shared>) -> Entered {
    Entered { outer: replace(Some(Rc::clone(shared))) }
}

fn replace(shared: Option<Rc<Shared>>) -> Option<Rc<Shared>> {
    let outer = ENTERED.with(|entered| entered.shared.replace(ManuallyDrop::new(shared)));
    refresh();
    ManuallyDrop::into_inner(outer)
}

/// While it lives, its reactor is the entered one.
pub(crate) struct Entered {
    outer: Option<Rc<Shared>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // What is replaced is dropped here, with nothing borrowed.
        drop(replace(self.outer.take()));
    }
}

const OUTSIDE: &str = "a socket or timer has to wait, but no pizzaiolo executor runs on this thread, \
    and no reactor is entered: await it inside `pizzaiolo::block_on` or a task that \
    `pizzaiolo::spawn` made, or poll it inside `Reactor::enter`";
const GONE: &str = "the socket's executor is gone, or its reactor: \
    a socket can only wait in the reactor in which it first had to wait";
pub(crate) const ELSEWHERE: &str = "it belongs to another executor, or reactor: a socket or \
    timer can only wait in the reactor in which it first had to wait";
